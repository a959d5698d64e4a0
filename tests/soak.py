"""Generating, killed again and again; datasets harmed anywhere: afterwards every byte is as it was. ``make soak``.

A smaller version runs with the tests (test_soak.py). All that is random comes from a seed, but what a kill meets does not.
"""

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil

import simcore as sc

ROOT = Path(__file__).parents[1]
RECIPE = """
format: simcore-recipe/1
define:
  particle:   MieSphere(x=uniform(4, 12), y=uniform(4, 12), z=normal(0, 1.0), radius=uniform(0.5, 1.0), refractive_index=1.5)
  microscope: Brightfield(numerical_aperture=0.2, wavelength=0.6, pixel_size=0.2, refractive_index_medium=1.33, shape=(16, 18))
outputs:
  image:      particle >> microscope >> PoissonNoise(snr=10, background=1)
  position:   positions(particle)
  z:          particle.z
"""
KINDS = ("writer", "a worker", "all workers", "both")


class Soak:
    """A folder with a recipe, and what is done to datasets in it."""

    def __init__(self, folder: Path, seed: int, minutes: float = 10) -> None:
        self.folder, self.end, self.rng = (
            folder,
            time.monotonic() + 60 * minutes,
            np.random.Generator(np.random.Philox(key=seed)),
        )
        (folder / "recipe.yaml").write_text(RECIPE)
        self.recipe = sc.loads(RECIPE)

    def command(self, *arguments: object) -> list[str]:
        return [sys.executable, "-m", "simcore.cli", *map(str, arguments)]

    def generate(self, path: Path, count: int, unit: int, *options: object) -> list[str]:
        given = ("--count", count, "--seed", 1, "--unit", unit, "--chunk", 16, "--quiet", *options)
        return self.command("generate", self.folder / "recipe.yaml", path, *given)

    def undisturbed(self, name: str, count: int, unit: int) -> Path:
        path = self.folder / name
        self.recipe.generate(path, count, 1, unit=unit, chunk=16, workers=2, progress=False)
        return path

    # -- kills -----------------------------------------------------------------------------------------------------

    def killed(self, command: list[str], path: Path, kills: int, again: "Again") -> dict[str, int]:
        """Run a command again and again until it was killed so often, or time is over, then once in peace."""
        counts = dict.fromkeys((*KINDS, "finished", "ended by itself"), 0)
        process = start(command)
        while sum(counts[kind] for kind in KINDS) < kills and time.monotonic() < self.end:
            self._wait(process, path, committed(path))
            kind = KINDS[self.rng.integers(len(KINDS))] if workers_of(process) else "writer"
            if process.poll() is None and kill(process, kind):
                counts[kind] += 1
                if kind == "a worker":  # the other goes on
                    continue
            code = process.wait()
            if code == 0:
                counts["finished"] += 1
                again(path)
            elif code > 0:
                counts["ended by itself"] += 1
            process = start(command)
        process.kill()
        process.wait()
        subprocess.run(command, check=True, env=environment())
        return counts

    def _wait(self, process: subprocess.Popen[bytes], path: Path, rows: int) -> None:
        """Some kills come while it starts, most while it writes."""
        end = time.monotonic() + (self.rng.uniform(0, 3) if self.rng.uniform() < 0.3 else 60)
        while time.monotonic() < end and process.poll() is None and committed(path) <= rows:
            time.sleep(0.005)
        time.sleep(self.rng.exponential(0.2))

    # -- harm ------------------------------------------------------------------------------------------------------

    def flip(self, path: Path) -> tuple[str, int]:
        """Flip a bit of a shard, a row or a document; where."""
        kind = ("*/c.*", "shard_checksum/c.*", "**/zarr.json")[self.rng.integers(3)]
        files = sorted(file for file in path.glob(kind) if file.is_file())
        file = files[self.rng.integers(len(files))]
        place = int(self.rng.integers(8 * file.stat().st_size))
        turn(file, place)
        return str(file.relative_to(path)), place

    def flips(self, path: Path, number: int) -> tuple[list[str], int]:
        """Flip bits one by one: those that `verify` does not name; then all together, found and repaired."""
        unseen, places = [], set()
        while len(places) < number:
            key, place = self.flip(path)
            if key not in {fault.key for fault in sc.verify(path).faults}:
                unseen.append(f"{key} bit {place}")
            turn(path / key, place)
            places.add((key, place))
        for key, place in sorted(places):
            turn(path / key, place)
        assert not sc.verify(path, workers=2).good
        given = {"count": 1000, "unit": 32, "chunk": 16}  # perhaps no document is left that tells them
        assert sc.repair(path, self.recipe, seed=1, workers=2, **given).good
        return unseen, len({key for key, _ in places})

    def lose(self, path: Path, pattern: str, **given: int) -> None:
        """Delete documents, and have them made again."""
        for file in path.glob(pattern):
            file.unlink()
        assert sc.repair(path, self.recipe, seed=1, **given).good


class Again:
    """A dataset that was finished before all kills were done is compared and begun anew."""

    def __init__(self, expected: Path, begin: "Path | None" = None) -> None:
        self.expected, self.begin = contents(expected), begin

    def __call__(self, path: Path) -> None:
        assert contents(path) == self.expected
        shutil.rmtree(path)
        if self.begin:
            shutil.copytree(self.begin, path)


def start(command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def workers_of(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    try:
        return psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def kill(process: subprocess.Popen[bytes], kind: str) -> bool:
    """Kill the writer, its worker processes, or both; whether there was anything to kill."""
    workers = workers_of(process)
    choice = {"writer": [process], "a worker": workers[:1], "all workers": workers, "both": [*workers, process]}
    for victim in choice[kind]:
        with contextlib.suppress(psutil.NoSuchProcess):
            victim.kill()
    return bool(choice[kind])


def committed(path: Path) -> int:
    return len(list(path.glob("shard_checksum/c.*")))


def turn(file: Path, place: int) -> None:
    data = bytearray(file.read_bytes())
    data[place // 8] ^= 1 << place % 8
    file.write_bytes(data)


def contents(path: Path) -> dict[str, object]:
    """Every byte of a dataset, but of what is told of its making."""
    files: dict[str, object] = {str(f.relative_to(path)): f.read_bytes() for f in path.rglob("*") if f.is_file()}
    group = json.loads(str(files["zarr.json"], "utf-8"))  # type: ignore[arg-type]
    group["attributes"]["simcore"].pop("about")
    return {**files, "zarr.json": group}


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


def soak(soak: Soak, kills: int, flips: int) -> None:
    """Do it all, and say what was seen."""
    began = time.monotonic()
    parts = [
        (kill_generating, kills, 40_000, 128, "--processes", "--workers", 2),
        (kill_extending, kills // 5),
        (harm, flips),
    ]
    for part, number, *options in parts:
        for line in part(soak, number, *options) if number else ():
            print(f"{time.monotonic() - began:6.1f} s  {line}", flush=True)


def kill_generating(soak: Soak, kills: int, count: int, unit: int, *options: object) -> Iterator[str]:
    whole, path = soak.undisturbed("whole.zarr", count, unit), soak.folder / "killed.zarr"
    yield f"undisturbed: {count:,} examples in {committed(whole)} units, {len(contents(whole))} files"
    counts = soak.killed(soak.generate(path, count, unit, *options), path, kills, Again(whole))
    assert contents(path) == contents(whole)
    assert sc.verify(path, fraction=0.01).good
    yield f"generate, {told(counts)}, then one quiet run: every byte as undisturbed"


def kill_extending(soak: Soak, kills: int) -> Iterator[str]:
    short, longer = soak.undisturbed("short.zarr", 1000, 32), soak.undisturbed("longer.zarr", 5000, 32)
    path = soak.folder / "extended.zarr"
    shutil.copytree(short, path)
    command = soak.command("extend", path, "--count", 5000, "--workers", 2, "--quiet")
    counts = soak.killed(command, path, kills, Again(longer, short))
    assert contents(path) == contents(longer)
    yield f"extend, {told(counts)}, then one quiet run: every byte as made at once"


def harm(soak: Soak, flips: int) -> Iterator[str]:
    whole, path = soak.undisturbed("small.zarr", 1000, 32), soak.folder / "harmed.zarr"
    shutil.copytree(whole, path)
    unseen, files = soak.flips(path, flips)
    assert not unseen, unseen
    assert contents(path) == contents(whole)
    yield f"{flips} flipped bits in {files} files: each found and its file named, all repaired, every byte as before"
    for pattern in ("zarr.json", "*/zarr.json", "shard_checksum/*"):
        soak.lose(path, pattern)
        assert contents(path) == contents(whole), pattern
    soak.lose(path, "**/zarr.json", count=1000, unit=32, chunk=16)
    assert contents(path) == contents(whole)
    assert sc.verify(path, fraction=0.1).good
    yield "metadata lost in four ways: made again, every byte as before"


def told(counts: dict[str, int]) -> str:
    kills = sum(counts[kind] for kind in KINDS)
    return f"{kills} kills ({', '.join(f'{what} {number}' for what, number in counts.items())})"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--flips", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=10, help="after which no more is killed")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak-") as scratch:
        soak(Soak(Path(scratch), given.seed, given.minutes), given.kills, given.flips)
