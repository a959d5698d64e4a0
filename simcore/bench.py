"""How fast a recipe renders on one core, and where the time goes."""

from __future__ import annotations

import os
import platform
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from simcore import datasets
from simcore.datasets.layout import choose_sizes
from simcore.plan import plan
from simcore.render import RENDER_VERSION, block_size, render_plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from simcore.features import Flow
    from simcore.recipe import Recipe

SECONDS = 10.0
STORED = 1_000_000  # examples of the dataset whose units are written for trial
# The paper's localisation of a trapped sphere.
CASE_B = """
format: simcore-recipe/1
define:
  particle:   MieSphere(x=uniform(22, 28), y=uniform(22, 28), z=normal(0, 1.0), radius=uniform(1.0, 2.0), refractive_index=uniform(1.5, 1.6))
  microscope: Brightfield(numerical_aperture=uniform(0.15, 0.25), wavelength=spectrum("400 nm", "700 nm", count=10), pixel_size=uniform(0.13, 0.27),
                refractive_index_medium=1.33, shape=(51, 51))
  flip:       FlipLeftRight(probability=0.5)
  frame:      particle >> microscope >> IlluminationGradient(x=normal(0, 0.003), y=normal(0, 0.003)) >> PoissonNoise(snr=uniform(2, 60), background=1)
                >> NormalizeMinMax(uniform(0, 0.2), uniform(0.8, 1))
outputs:
  image:      frame >> flip
  position:   positions(particle) >> flip
"""  # noqa: E501  (YAML folds its lines where it likes, but a reader compares them with the paper's)


def bench(recipe: Recipe, seed: int = 1, seconds: float = SECONDS) -> dict[str, Any]:
    """Render blocks on one core for about ``seconds``, then time each stage alone for as long again.

    Returns
    -------
    a dict: ``images_per_second`` (rendering alone), ``stored_per_second`` (into a dataset), ``examples``, ``block``,
    ``cores``, ``machine``, and ``stages``: a list of ``{"stage", "microseconds", "share"}`` per example, share of
    the whole of rendering and storing.
    """
    size = _fitting_block(recipe, seed, seconds)
    rates: list[float] = []
    examples, deadline = 0, time.perf_counter() + seconds
    while not rates or time.perf_counter() < deadline:
        started = time.perf_counter()
        arrays = recipe.render(indices=np.arange(examples, examples + size), seed=seed, threads=1)
        rates.append(size / (time.perf_counter() - started))
        examples += size
    rate = float(np.median(rates))
    stages = _time_stages(recipe, seed, size, seconds)
    stages["copies and calls"] = max(0.0, 1 / rate - sum(stages.values()))
    stages["storing"] = _time_storing(recipe, seed, arrays, size)
    whole = sum(stages.values())
    return {
        "images_per_second": rate,
        "stored_per_second": 1 / whole,
        "examples": examples,
        "block": size,
        "cores": 1,
        "machine": {"processor": processor(), "cores": os.cpu_count(), "python": platform.python_version()},
        "stages": [
            {"stage": name, "microseconds": 1e6 * value, "share": value / whole} for name, value in stages.items()
        ],
    }


def _fitting_block(recipe: Recipe, seed: int, seconds: float) -> int:
    """The block that `render` would take, or less where that would last too long; it warms everything up."""
    recipe.render(count=1, seed=seed, threads=1)
    started = time.perf_counter()
    recipe.render(count=1, seed=seed, threads=1)
    alone = time.perf_counter() - started
    return max(1, min(block_size(recipe, list(recipe.outputs)), int(seconds / alone)))


def _time_stages(recipe: Recipe, seed: int, size: int, seconds: float) -> dict[str, float]:
    """Seconds per example of drawing and of each feature, rendered one after the other as `render` does."""
    totals: dict[str, float] = {}
    examples, first, deadline = 0, 0, time.perf_counter() + seconds
    while not examples or time.perf_counter() < deadline:
        for stage, spent in _walk(recipe, seed, np.arange(first, first + size, dtype=np.uint64)):
            totals[stage] = totals.get(stage, 0.0) + spent
        examples, first = examples + size, first + size
    return {stage: spent / examples for stage, spent in totals.items()}


def _walk(recipe: Recipe, seed: int, indices: np.ndarray) -> list[tuple[str, float]]:
    started = time.perf_counter()
    drawn = plan(recipe, seed, indices, list(recipe.outputs))
    spent = [("draws", time.perf_counter() - started)]

    def watch(flow: Flow, render: Callable[[], np.ndarray]) -> np.ndarray:
        begun = time.perf_counter()
        array = render()
        if flow.kind != "scene":
            spent.append((_stage(recipe, flow), time.perf_counter() - begun))
        return array

    render_plan(recipe, drawn, list(recipe.outputs), watch=watch)
    return spent


def _stage(recipe: Recipe, flow: Flow) -> str:
    feature = getattr(flow, "feature", None)
    if feature is None:
        return type(flow).__name__
    name, title = recipe.names[id(feature)], str(feature.title())
    named = title if name.startswith(feature.kind()) else f"{title} {name}"
    return f"{named}, of points" if flow.kind == "points" else named


def _time_storing(recipe: Recipe, seed: int, arrays: dict[str, np.ndarray], size: int) -> float:
    """Seconds per example of writing a unit of a large dataset: compressing, checksums, fsync, reading back."""
    unit, chunk = choose_sizes(tuple(recipe.outputs.values()), STORED, None, None)
    again = np.arange(unit) % size  # the examples that there are, over and over
    arrays = {name: array[again] for name, array in arrays.items()}
    with tempfile.TemporaryDirectory() as folder:
        dataset, layout = datasets.create(
            recipe, Path(folder) / "bench.zarr", unit, seed, render_version=RENDER_VERSION, unit=unit, chunk=chunk
        )
        times = []
        for _ in range(3):
            started = time.perf_counter()
            datasets.write_unit(dataset.storage, layout, 0, arrays)
            times.append(time.perf_counter() - started)
    return min(times) / unit


def processor() -> str:
    """Return the name of the processor."""
    with_names = Path("/proc/cpuinfo")
    if with_names.exists():
        for line in with_names.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
