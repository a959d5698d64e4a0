"""Plans against what happens: ``python -m benchmarks.planning [CASE ...]`` plans a dataset, makes it, and prints both.

Plan and dataset take turns in several rounds, of which the medians stand in the table: other work of the machine meets both.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

CASES = ("hologram64", "b", "c", "d", "e128")
SECONDS = 8.0  # of each dataset, about
ROUNDS = 5
PLAN = """
import json, sys, attrs
from benchmarks.alone import EVERY
found = EVERY[sys.argv[1]].recipe(5e-4).plan(int(sys.argv[3]), sys.argv[2], workers=int(sys.argv[4]))
print(json.dumps(attrs.asdict(found)))
"""
MAKE = """
import json, os, resource, sys, time
from pathlib import Path
from benchmarks.alone import EVERY
import simcore.run
recipe = EVERY[sys.argv[1]].recipe(5e-4)
recipe.render(1, seed=1)
started = time.perf_counter()
recipe.generate(sys.argv[2], int(sys.argv[3]), 1, workers=int(sys.argv[4]), progress=False)
seconds = time.perf_counter() - started
files = [file.stat().st_size for file in Path(sys.argv[2]).rglob("*") if file.is_file()]
peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"seconds": seconds, "bytes": sum(files), "files": len(files), "memory": peak}))
"""
FIELDS = ("bytes", "files", "seconds", "memory")


def compare(case: str, workers: int) -> tuple[int, dict[str, float], dict[str, float]]:
    """The count, what the plan said and what happened, each in processes of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "train.zarr"
        rough = _run(PLAN, case, path, 10**6, workers)
        units = max(4 * workers, round(SECONDS * rough["examples_per_second"] / rough["unit"]))
        count = int(units * rough["unit"])
        planned, made = [], []
        for _ in range(ROUNDS):
            planned.append(_run(PLAN, case, path, count, workers))
            made.append(_run(MAKE, case, path, count, workers))
            shutil.rmtree(path)
    return count, *({field: median(turn[field] for turn in turns) for field in FIELDS} for turns in (planned, made))


def _run(code: str, *arguments: object) -> dict[str, float]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    found: dict[str, float] = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    return found


def main() -> None:
    """Print a table in Markdown: what was planned, what happened."""
    print("| case | workers | examples | " + " | ".join(FIELDS) + " |\n" + "| --- " * (3 + len(FIELDS)) + "|")
    for case in sys.argv[1:] or CASES:
        for workers in (1, 2):
            count, planned, made = compare(case, workers)
            cells = (f"{planned[f]:,.4g} / {made[f]:,.4g} ({planned[f] / made[f] - 1:+.0%})" for f in FIELDS)
            print(f"| {case} | {workers} | {count:,} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
