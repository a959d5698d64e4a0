"""Speed against tolerance: images per second of every case on one core, from the tightest tolerance of use to the loosest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.alone import EVERY
from benchmarks.timing import processor_seconds

TOLERANCES = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
WITHOUT = ("a",)  # cases whose recipes take no tolerance
AIM = 0.15  # seconds of one measurement, of which there are as many as rounds


def curve(name: str, rounds: int) -> list[list[float]]:
    """Return [tolerance, images per second] of a case."""
    return [] if name in WITHOUT else [[tolerance, _rate(name, tolerance, rounds)] for tolerance in TOLERANCES]


def _rate(name: str, tolerance: float, rounds: int) -> float:
    recipe = EVERY[name].recipe(tolerance)
    recipe.render(count=2, seed=1)
    once = processor_seconds(lambda: recipe.render(count=4, seed=1)) / 4
    count = int(np.clip(AIM / once, 2, EVERY[name].counts[0]))
    first, times = 0, []
    for _ in range(rounds):
        examples = np.arange(first, first + count)
        times.append(processor_seconds(lambda examples=examples: recipe.render(indices=examples, seed=1)))
        first += count
    return count / float(np.median(times))


def draw(cases: dict[str, dict[str, Any]], path: Path) -> None:
    """Plot the curves of all cases that have one."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for i, row in enumerate(row for row in cases.values() if row.get("curve")):
        tolerance, rate = np.array(row["curve"]).T
        axes.loglog(tolerance, rate, "os^v"[i // 10 % 4] + "-", color=f"C{i % 10}", label=row["title"], markersize=4)
    axes.set(xlabel="tolerance", ylabel="images per second, one core")
    axes.grid(alpha=0.3)
    figure.legend(loc="outside right upper", fontsize=7)
    figure.savefig(path, dpi=110)
