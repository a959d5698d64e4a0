"""Where the time of an image goes: draws, fields, FFT, noise, targets, operations, calls; compressing and writing."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.timing import Call, processor_seconds
from benchmarks.transforms import Watch
from simcore import datasets
from simcore.datasets.layout import choose_sizes
from simcore.datasets.shards import compressed
from simcore.features import Flow
from simcore.plan import plan
from simcore.recipe import Recipe
from simcore.render import RENDER_VERSION, block_size, render_plan

# "fields" without their transforms; "operations": what is done to images besides noise; "calls": what is left of the whole.
GROUPS = ("draws", "fields", "FFT", "noise", "targets", "operations", "calls", "compress", "write")
LONGEST = 0.5  # seconds of a block
STORED = 1_000_000  # examples of the dataset whose units are written for trial


def group(flow: Flow) -> str:
    """Return the group to which making a flow belongs."""
    feature = getattr(flow, "feature", flow)
    package = type(feature).__module__.split(".")[1]
    if package in ("optics", "scenes"):
        return "fields"
    if package in ("noise", "camera"):
        return "noise"
    return "targets" if package in ("rasters", "targets", "localization") else "operations"


def shares(recipe: Recipe, rounds: int) -> dict[str, Any]:
    """Microseconds of an image in each group, and their shares of the whole of rendering and storing; one core."""
    size = fitting_block(recipe)
    arrays = recipe.render(count=size, seed=1)
    found: list[dict[str, float]] = []
    for turn in range(rounds):
        examples = np.arange(turn * size, (turn + 1) * size, dtype=np.uint64)
        whole = processor_seconds(lambda examples=examples: recipe.render(indices=examples, seed=1))
        parts = _parts(recipe, examples)
        parts["calls"] = max(0.0, whole - sum(parts.values()))
        found.append(parts)
    each = {name: float(np.median([parts[name] for parts in found])) / size for name in GROUPS[:-2]}
    each |= _storing(recipe, arrays, size, rounds)
    total = sum(each.values())
    return {
        "microseconds": {name: 1e6 * seconds for name, seconds in each.items()},
        "shares": {name: seconds / total for name, seconds in each.items()},
    }


def fitting_block(recipe: Recipe) -> int:
    """Return the block that `render` would take, or less where that lasts too long; everything is warm then."""
    recipe.render(count=1, seed=1)
    alone = processor_seconds(lambda: recipe.render(count=1, seed=1))
    return max(1, min(block_size(recipe, list(recipe.outputs)), int(LONGEST / alone)))


def _parts(recipe: Recipe, examples: np.ndarray) -> dict[str, float]:
    """Seconds of a block in each group, rendered one operation after the other as `render` does."""
    outputs = list(recipe.outputs)
    spent = dict.fromkeys(GROUPS[:-3], 0.0)
    drawn: Any = None

    def draw() -> None:
        nonlocal drawn
        drawn = plan(recipe, 1, examples, outputs)

    def watched(flow: Flow, render: Call) -> Any:
        array: Any = None

        def made() -> None:
            nonlocal array
            array = render()

        transforms = Watch()
        with transforms.on():
            seconds = processor_seconds(made)
        spent[group(flow)] += seconds - transforms.seconds
        spent["FFT"] += transforms.seconds
        return array

    spent["draws"] = processor_seconds(draw)
    render_plan(recipe, drawn, outputs, watch=watched)
    return spent


def _storing(recipe: Recipe, arrays: dict[str, np.ndarray], size: int, rounds: int) -> dict[str, float]:
    """Seconds of an image for compressing, and for the rest of storing it: encoding, checksums, writing, reading back."""
    unit, chunk = choose_sizes(tuple(recipe.outputs.values()), STORED, None, None)
    again = np.arange(unit) % size  # the examples that there are, over and over
    arrays = {name: array[again] for name, array in arrays.items()}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.zarr"
        dataset, layout = datasets.create(recipe, path, unit, 1, render_version=RENDER_VERSION, unit=unit, chunk=chunk)
        codec = layout.metadata["codec"]

        def store() -> None:
            datasets.write_unit(dataset.storage, layout, 0, arrays)

        def compress() -> None:
            for array in arrays.values():
                for start in range(0, unit, chunk):
                    piece = np.ascontiguousarray(array[start : start + chunk])
                    compressed(codec, piece)

        times = [(processor_seconds(compress), processor_seconds(store)) for _ in range(max(1, min(rounds, 3)))]
    compressing, storing = np.median(times, axis=0)
    return {"compress": float(compressing) / unit, "write": max(0.0, float(storing - compressing)) / unit}
