"""What an engine adds to a unit, and what a unit, a part and sealing ask of the file system: ``python -m benchmarks.engines``."""

from __future__ import annotations

import collections
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

import simcore
from benchmarks.cases import CASES, DEFAULT
from simcore import datasets
from simcore.datasets.layout import choose_sizes
from simcore.engines.cluster import on_cluster, silent_logs
from simcore.engines.processes import local_cluster
from simcore.engines.progress import Report
from simcore.engines.threads import on_threads
from simcore.engines.unit import Job, make_unit, render_version

Run = Callable[[Job, list[int], Report], Any]
# One number an example, one example a unit: next to nothing to render and to store.
NOTHING = "format: simcore-recipe/1\noutputs:\n  z: uniform(0, 1)\n"
# What leaves or changes an entry of a folder, what waits for the disk, what reads a folder.
CALLS = ("openat", "rename", "link", "unlink", "mkdir", "fsync", "newfstatat", "statx", "getdents64")


def main(
    units: Annotated[int, typer.Option(help="of the dataset", min=1)] = 1000,
    rounds: Annotated[int, typer.Option(help="turns that the engines take", min=1)] = 3,
    folder: Annotated[Path, typer.Option(help="where datasets lie; in memory, the disk does not matter")] = Path(
        "/dev/shm"
    ),
    json_file: Annotated[Path | None, typer.Option("--json", help="keep the numbers in this file too")] = None,
) -> None:
    """Milliseconds that each engine takes for a unit of which there is nothing to do, and calls of the file system."""
    result: dict[str, Any] = {"units": units, "engines": engines(units, rounds, folder)}
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(_engine_table(result["engines"]))
    result["tasks"] = tasks()
    console.print(_task_table(result["tasks"]))
    if shutil.which("strace"):
        result["calls"] = calls(folder)
        console.print(_call_table(result["calls"]))
    else:
        console.print("calls of the file system: needs strace")
    if json_file:
        json_file.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def engines(units: int, rounds: int, folder: Path) -> dict[str, dict[str, float]]:
    """Milliseconds per unit, medians: a plain loop, threads, a scheduler with one worker process and with two."""
    with silent_logs(), local_cluster(1) as (one, _), local_cluster(2) as (two, _):
        ways: dict[str, tuple[Run, Any]] = {
            "a loop": (lambda job, todo, report: [make_unit(job, unit) for unit in todo], None),
            "threads, 1 worker": (lambda job, todo, report: on_threads(job, todo, report, 1), None),
            "scheduler, 1 worker process": (lambda job, todo, report: on_cluster(one, job, todo, report), one),
            "scheduler, 2 worker processes": (lambda job, todo, report: on_cluster(two, job, todo, report), two),
        }
        for run, client in ways.values():  # workers start, recipes are read
            _measure(run, client, 8, folder)
        found = {name: [_measure(*way, units, folder)] for name, way in ways.items()}
        for _ in range(rounds - 1):
            for name, way in ways.items():
                found[name].append(_measure(*way, units, folder))
    return {name: {key: statistics.median(m[key] for m in runs) for key in runs[0]} for name, runs in found.items()}


def _measure(run: Run, client: Any, units: int, folder: Path) -> dict[str, float]:
    """Milliseconds per unit: by the clock, and of processors, in this process (with the scheduler) and in the workers."""
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        path, recipe = Path(scratch) / "train.zarr", simcore.loads(NOTHING)
        dataset, layout = datasets.create(recipe, path, units, 1, render_version=render_version(), unit=1)
        job, report = Job(dataset.path, layout.metadata), Report(units, 0, show=False)
        workers, started, ours = _worker_seconds(client), time.perf_counter(), time.process_time()
        run(job, list(range(units)), report)
        clock, ours = time.perf_counter() - started, time.process_time() - ours
        theirs = _worker_seconds(client) - workers
        started = time.process_time()
        datasets.finish(path)
        found = {"clock": clock, "here": ours, "workers": theirs, "finish": time.process_time() - started}
    return {key: 1e3 * value / units for key, value in found.items()}


def _worker_seconds(client: Any) -> float:
    return sum(client.run(time.process_time).values()) if client else 0.0


def tasks(names: tuple[str, ...] = ("b", "c", "d", "e128", "e256", "f_few", "hologram64", "psf_scalar")) -> list[dict]:
    """The units that a dataset of a million examples has by default: examples, bytes, seconds of one core to render."""
    rows = []
    for name in names:
        case = CASES[name]
        recipe, count = case.recipe(DEFAULT), case.counts[0]
        unit, _ = choose_sizes(tuple(recipe.outputs.values()), 1_000_000, None, None)
        arrays = recipe.render(count, seed=1)
        size = sum(array.nbytes for array in arrays.values()) / count
        started = time.process_time()
        recipe.render(count, seed=2)
        each = (time.process_time() - started) / count
        rows.append({"case": case.title, "unit": unit, "mebibytes": unit * size / 2**20, "seconds": unit * each})
    return rows


def calls(folder: Path, outputs: int = 3, few: int = 4, many: int = 44) -> dict[str, dict[str, float]]:
    """Calls of the file system within a dataset of so many outputs: for each unit and beside units, rendering and sealing."""
    found = {}
    for count in (few, many):
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            recipe = "format: simcore-recipe/1\noutputs:\n" + "".join(
                f"  z{n}: uniform(0, 1)\n" for n in range(outputs)
            )
            (Path(scratch) / "recipe.yaml").write_text(recipe)
            generate = ("generate", "recipe.yaml", "train.zarr", "--count", count, "--seed", 1, "--unit", 1)
            found[count] = {
                "part": _traced(scratch, *generate, "--part", "1/1", "--quiet"),
                "part again": _traced(scratch, *generate, "--part", "1/1", "--quiet"),
                "finish": _traced(scratch, "finish", "train.zarr"),
            }
    table = {}
    for name in found[few]:
        per_unit = {call: (found[many][name][call] - found[few][name][call]) / (many - few) for call in CALLS}
        table[f"{name}: each unit"] = per_unit
        table[f"{name}: beside units"] = {call: found[few][name][call] - few * per_unit[call] for call in CALLS}
    return table


def _traced(folder: str, *arguments: Any) -> collections.Counter[str]:
    log = Path(folder) / "calls.log"
    trace = ["strace", "-f", "-qq", "-y", "-e", f"trace={','.join(CALLS)}", "-o", str(log)]
    command = [*trace, sys.executable, "-m", "simcore.cli", *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(Path(simcore.__file__).parents[1]), "OMP_NUM_THREADS": "1"}
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    return collections.Counter(_names(log.read_text(encoding="utf-8", errors="replace").splitlines()))


def _names(lines: list[str]) -> Iterator[str]:
    """The calls that name something in the dataset; a call that is interrupted in the log counts once."""
    for line in lines:
        match = re.match(r"\d+ +(\w+)\(", line)
        if match and "train.zarr" in line:
            yield match[1]


def _engine_table(found: dict[str, dict[str, float]]) -> Table:
    table = Table("ms per unit of which there is nothing to do", box=None, pad_edge=False)
    for column in ("clock", "processor here", "in workers", "more than on threads: clock", "processor", "finish"):
        table.add_column(column, justify="right")
    threads = found["threads, 1 worker"]
    for name, row in found.items():
        processor = row["here"] + row["workers"] - threads["here"]
        values = (row["clock"], row["here"], row["workers"], row["clock"] - threads["clock"], processor, row["finish"])
        table.add_row(name, *(f"{value:.2f}" for value in values))
    return table


def _task_table(found: list[dict]) -> Table:
    table = Table("units by default", "examples", "MiB", "seconds of a core", box=None, pad_edge=False)
    for row in found:
        table.add_row(row["case"], f"{row['unit']:,}", f"{row['mebibytes']:.0f}", f"{row['seconds']:.2f}")
    return table


def _call_table(found: dict[str, dict[str, float]]) -> Table:
    table = Table("calls within the dataset, three outputs", box=None, pad_edge=False)
    for call in CALLS:
        table.add_column(call, justify="right")
    for name, row in found.items():
        table.add_row(name, *(f"{row[call]:.1f}" for call in CALLS))
    return table


if __name__ == "__main__":
    typer.run(main)
