"""What storing costs beside rendering, and two workers beside two processes: ``python -m benchmarks.storing [CASE ...]``.

By the clock, in turns: the same examples rendered by one thread, made into a dataset by one worker, by two workers, and by two
processes of one worker each, half of them each. A dataset has as many units as take about two seconds, eight at least: the first
waits for none, and the last one's writing has nothing beside it.
"""

from __future__ import annotations

import os
from math import ceil
from statistics import median
from typing import Annotated

import typer

from benchmarks.alone import EVERY
from benchmarks.cases import DEFAULT
from benchmarks.workers import Worker, simcore_worker
from simcore.datasets.layout import choose_sizes

SECONDS, LEAST = 2.0, 8  # of a dataset, units
STORED = 1_000_000  # examples of the dataset that gives the units their size


def storing(name: str, rounds: int) -> dict[str, float]:
    """Images per second in each way (medians), and how many are in a dataset."""
    tolerance: float = getattr(EVERY[name], "tolerance", DEFAULT)
    unit = choose_sizes(tuple(EVERY[name].recipe(tolerance).outputs.values()), STORED, None, None)[0]
    with simcore_worker(name, tolerance) as one, simcore_worker(name, tolerance) as other:
        for worker in (one, other):
            worker.ask("generate", 2, 1)  # what is imported and compiled first
        rate = 256 / one.ask("render", 256, 1)
        count = 2 * unit * max(LEAST // 2, ceil(SECONDS * rate / unit / 2))
        found = [_round(one, other, count, unit) for _ in range(rounds)]
    return {"count": count} | {way: count / median(turn[way] for turn in found) for way in found[0]}


def _round(one: Worker, other: Worker, count: int, unit: int) -> dict[str, float]:
    rendered = min(count, 4 * unit)
    turns = {"render": one.ask("render", rendered, 1) * count / rendered}
    turns |= {"worker": one.ask("generate", count, 1), "workers": one.ask("generate", count, 2)}
    for process in (one, other):
        process.tell("generate", count // 2, 1)
    return turns | {"processes": max(process.hear() for process in (one, other))}


def main(
    cases: Annotated[list[str] | None, typer.Argument(help="of the cases; all if none is named")] = None,
    rounds: Annotated[int, typer.Option(help="turns", min=1)] = 3,
    folder: Annotated[str, typer.Option(help="where datasets lie")] = "/tmp",
) -> None:
    """Images per second, rendered and stored, in Markdown."""
    os.environ["TMPDIR"] = folder
    print("| case | rendered/s | 1 worker | of it | 2 workers | 2 processes | of them |\n" + "| --- " * 7 + "|")
    for name in cases or EVERY:
        row = storing(name, rounds)
        cells = [f"{row['render']:,.0f}", f"{row['worker']:,.0f}", f"{row['worker'] / row['render']:.0%}"]
        cells += [f"{row['workers']:,.0f}", f"{row['processes']:,.0f}", f"{row['workers'] / row['processes']:.0%}"]
        print("| " + " | ".join([name, *cells]) + " |", flush=True)


if __name__ == "__main__":
    typer.run(main)
