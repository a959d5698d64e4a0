"""Render a case when told to, one line after the other: each asks for something and gets a number.

==============================  ==========================================================================================
``COUNT``                       processor seconds of rendering the next examples on one core
``render COUNT THREADS``        seconds by the clock of rendering the next examples
``generate COUNT WORKERS``      seconds by the clock of rendering them into a dataset in a temporary folder
``memory``                      MiB, the most that the process has held so far
==============================  ==========================================================================================
"""

import resource
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

import simcore as sc
from benchmarks.alone import EVERY
from benchmarks.timing import processor_seconds, wall_seconds


class Renderer:
    """Renders ever new examples of a recipe."""

    def __init__(self, recipe: sc.Recipe) -> None:
        self.recipe, self.done = recipe, 0

    def render(self, count: int, threads: int) -> None:
        arrays = self.recipe.render(indices=np.arange(self.done, self.done + count), seed=1, threads=threads)
        assert all(len(array) == count for array in arrays.values())
        self.done += count

    def generate(self, count: int, workers: int) -> float:
        with tempfile.TemporaryDirectory(prefix="simcore-bench-") as folder:
            make: Callable[[], object] = partial(
                self.recipe.generate, Path(folder) / "bench.zarr", count, seed=1, workers=workers, progress=False
            )
            return wall_seconds(make)

    def answer(self, words: list[str]) -> float:
        if words[0] == "memory":
            return peak_memory()
        if words[0] == "render":
            return wall_seconds(lambda: self.render(int(words[1]), int(words[2])))
        if words[0] == "generate":
            return self.generate(int(words[1]), int(words[2]))
        return processor_seconds(lambda: self.render(int(words[0]), 1))


def peak_memory() -> float:
    """MiB that this process has held at most; Linux counts the parent's into what `getrusage` says of a new process."""
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1024 if sys.platform != "darwin" else 1024**2)


def main() -> None:
    renderer = Renderer(EVERY[sys.argv[1]].recipe(float(sys.argv[2])))
    renderer.recipe.render(count=2, seed=1)
    print("ready", flush=True)
    for line in sys.stdin:
        print(renderer.answer(line.split()), flush=True)


if __name__ == "__main__":
    main()
