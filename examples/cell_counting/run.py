"""Case F from recipe to figure: generate, train, count the nuclei of measured fields.

    python examples/cell_counting/run.py --smoke
    python examples/cell_counting/run.py

It goes on where it was stopped; results lie in ``runs/<size>`` beside this file.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from rich.table import Table

import dtmodels as dm

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from fields import Measured, density_at, measured_fields, slices
from measured import MissingData
from steps import Call, command, console

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Size:
    """Images to generate, epochs to train."""

    images: int
    epochs: int


SIZES = {"smoke": Size(200, 1), "default": Size(5_000, 14), "paper": Size(10_000, 190)}


def case(call: Call[Size]) -> None:
    """Case F of Midtvedt et al. (2021) from recipe to figure."""
    size = call.size
    data = call.generate(HERE / "recipe.yaml", "train.zarr", size.images, seed=1, split="train")
    test = call.generate(HERE / "recipe.yaml", "test.zarr", max(20, size.images // 20), seed=2, split="test")
    run = call.train(HERE / "training.yaml", data, size.epochs)
    results: dict[str, Any] = {"simulated": dict(dm.evaluate(run, test).numbers["network"])}
    try:
        choosing, tested = measured_fields("choosing"), measured_fields("test")
    except MissingData as missing:
        console.print(f"without the measured fields: {missing}")
    else:
        density = densities(run, tested.counted)
        found = {"network": density.sum(axis=(1, 2)), "sum of pixels": by_sum(tested.images, choosing)}
        found |= by_watershed(tested.fields)
        results["measured"] = {name: scores(tested.counts, counts) for name, counts in found.items()}
        results["choosing"] = scores(choosing.counts, densities(run, choosing.counted).sum(axis=(1, 2)))
        draw(call.folder / "figure.png", tested, density, found)
    call.keep(results)
    report(results)


def densities(run: dm.Run, fields: Array) -> Array:
    """The density seen in fields in the camera's counts, slice by slice; of a nucleus between two slices each gets its part."""
    return slices(np.asarray(dm.predict(run, fields[..., None], output="images"))[..., 0])


def by_sum(images: Array, choosing: Measured) -> Array:
    """Sums of pixels, brought to counts by the straight line that fits other fields best."""
    slope, offset = np.polyfit(choosing.images.sum(axis=(1, 2)), choosing.counts, 1)
    return np.asarray(slope * images.sum(axis=(1, 2)) + offset)


def by_watershed(fields: Array) -> dict[str, Array]:
    """Counts by a threshold and a watershed; none without scikit-image."""
    try:
        from watershed import centroids
    except ImportError:
        console.print("without the watershed: scikit-image is not installed")
        return {}
    densities = np.stack([density_at(centroids(field), field.shape) for field in fields])
    return {"watershed": slices(densities).sum(axis=(1, 2))}


def scores(true: Array, found: Array) -> dict[str, float]:
    """Mean absolute error of the counts, over the mean count; correlation; bias."""
    error = found - true
    return {
        "error": float(np.abs(error).mean()),
        "relative_error": float(np.abs(error).mean() / true.mean()),
        "mean_of_relative_errors": float((np.abs(error) / np.maximum(true, 1)).mean()),
        "correlation": float(np.corrcoef(true, found)[0, 1]),
        "bias": float(error.mean() / true.mean()),
    }


def draw(path: Path, tested: Measured, densities: Array, found: dict[str, Array]) -> None:
    """A measured slice, its density, and counts found against true ones."""
    figure = Figure(figsize=(12, 4), layout="constrained")
    image, density, counts = figure.subplots(1, 3)
    k = int(np.argsort(tested.counts)[len(tested.counts) * 3 // 4])
    image.imshow(tested.images[k], cmap="gray", vmax=np.percentile(tested.images[k], 99.5))
    density.imshow(densities[k], cmap="magma")
    image.set(title=f"measured: {tested.counts[k]:.1f} nuclei", xticks=[], yticks=[])
    density.set(title=f"density of the network: {found['network'][k]:.1f}", xticks=[], yticks=[])
    top = 1.05 * max(tested.counts.max(), found["network"].max())
    counts.plot([0, top], [0, top], color="0.7", lw=1)
    for name, colour in (("sum of pixels", "#c2571a"), ("watershed", "#8a8a8a"), ("network", "#1b6ca8")):
        if name in found:
            counts.plot(tested.counts, found[name], ".", ms=5, color=colour, label=name)
    counts.set(xlabel="nuclei outlined by hand", ylabel="nuclei found", xlim=(0, top), ylim=(0, top))
    counts.legend()
    figure.savefig(path, dpi=130)


def report(results: dict[str, Any]) -> None:
    """Print the numbers."""
    table = Table("measured fields not used for choosing", "error (nuclei)", "of the count", "correlation", "bias")
    for name, row in results.get("measured", {}).items():
        error, share, bias = f"{row['error']:.2f}", f"{row['relative_error']:.1%}", f"{row['bias']:+.1%}"
        table.add_row(name, error, share, f"{row['correlation']:.4f}", bias)
    if "measured" in results:
        console.print(table)


if __name__ == "__main__":
    command(case, HERE, SIZES)
