"""Speed against tolerance: images per second of every case on one core, from the tightest tolerance of use to the loosest."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import simcore as sc
from benchmarks.alone import EVERY
from benchmarks.timing import medians, processor_seconds

TOLERANCES = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
WITHOUT = ("a",)  # cases whose recipes take no tolerance
AIM = 0.15  # seconds of one measurement, of which there are as many as rounds
FEWEST = 2  # images in one


def curve(name: str, rounds: int) -> list[list[float]]:
    """Return [tolerance, images per second] of a case; tolerances take turns at the same images."""
    if name in WITHOUT:
        return []
    recipes = {tolerance: EVERY[name].recipe(tolerance) for tolerance in TOLERANCES}
    counts = {tolerance: _count(name, recipe) for tolerance, recipe in recipes.items()}
    calls = {
        str(tolerance): partial(recipe.render, count=counts[tolerance], seed=1) for tolerance, recipe in recipes.items()
    }
    times = medians(calls, rounds)
    return [[tolerance, counts[tolerance] / times[str(tolerance)]] for tolerance in TOLERANCES]


def _count(name: str, recipe: sc.Recipe) -> int:
    """Return the images of one measurement."""
    recipe.render(count=FEWEST, seed=1)
    once = processor_seconds(lambda: recipe.render(count=FEWEST, seed=1)) / FEWEST
    return int(np.clip(AIM / once, FEWEST, EVERY[name].counts[0]))


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
