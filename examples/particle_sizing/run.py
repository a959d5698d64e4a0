"""Case C from recipe to figure: generate, train, judge radius and refractive index, tell two populations apart.

    python examples/particle_sizing/run.py --smoke
    python examples/particle_sizing/run.py

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

from holograms import FITS, windows
from measured import MissingData
from steps import Call, command, console

Array = np.ndarray[Any, Any]
TARGETS = {"radius": "um", "refractive_index": "1"}
POPULATIONS = (0.15, 0.23)  # um


@dataclass(frozen=True)
class Size:
    """Fields to generate for training and for each test, epochs to train; holograms, and epochs for them."""

    fields: int
    tests: int
    epochs: int
    holograms: int
    hologram_epochs: int


SIZES = {
    "smoke": Size(2_000, 400, 1, 1_000, 1),
    "default": Size(160_000, 2_000, 20, 30_000, 10),
    "paper": Size(200_000, 10_000, 110, 200_000, 50),
}


def case(call: Call[Size]) -> None:
    """Case C of Midtvedt et al. (2021) from recipe to figure."""
    size = call.size
    data = call.generate(HERE / "recipe.yaml", "train.zarr", size.fields, seed=1, split="train")
    test = call.generate(HERE / "recipe.yaml", "test.zarr", size.tests, seed=2, split="test")
    mixture = call.generate(HERE / "recipe_mixture.yaml", "mixture.zarr", size.tests, seed=3, split="test")
    run = call.train(HERE / "training.yaml", data, size.epochs)
    dm.evaluate(run, test, versus=["radius", "refractive_index", "noise"])
    report(call, predictions(run, test), predictions(run, mixture), on_holograms(call))


def predictions(run: dm.Run, dataset: Path) -> tuple[Array, Array]:
    """True and predicted radius and index of every example."""
    examples = dm.open_dataset(dataset, inputs="image", targets=list(TARGETS))
    fields, truth = examples.numpy()
    return truth, np.asarray(run.model.predict(fields, batch_size=256, verbose=0))


def on_holograms(call: Call[Size]) -> dict[str, Any]:
    """Radius, index and height of the spheres in measured holograms, beside least-squares fits of the same frames."""
    size = call.size
    try:
        names, images = windows()
    except MissingData as missing:
        console.print(f"without the measured holograms: {missing}")
        return {}
    data = call.generate(HERE / "recipe_holograms.yaml", "holograms.zarr", size.holograms, seed=1, split="train")
    test = call.generate(HERE / "recipe_holograms.yaml", "holograms_test.zarr", size.tests, seed=2, split="test")
    run = call.train(HERE / "training_holograms.yaml", data, size.hologram_epochs, "holograms")
    fields, truth = dm.open_dataset(test, inputs="image", targets=["radius", "refractive_index", "z"]).numpy()
    simulated = abs(np.asarray(run.model.predict(fields, batch_size=256, verbose=0)) - truth).mean(axis=0)
    found = np.asarray(run.model.predict(images, verbose=0)).tolist()
    return {"simulated_mae": simulated.tolist(), "measured": dict(zip(names, found, strict=True))}


def errors(truth: Array, found: Array) -> dict[str, dict[str, float]]:
    """Mean absolute error, root mean square and bias of each target."""
    difference = found - truth
    return {
        name: {
            "mae": float(abs(difference[:, k]).mean()),
            "rmse": float(np.sqrt((difference[:, k] ** 2).mean())),
            "bias": float(difference[:, k].mean()),
        }
        for k, name in enumerate(TARGETS)
    }


def overlap(truth: Array, found: Array) -> float:
    """Share of the particles on the wrong side of the radius that parts the two populations best."""
    larger = truth[:, 0] > sum(POPULATIONS) / 2
    edges = np.sort(found[:, 0])
    wrong = [((found[:, 0] > edge) != larger).mean() for edge in edges]
    return float(min(wrong))


def draw(path: Path, test: tuple[Array, Array], mixture: tuple[Array, Array]) -> None:
    """Found against true values, and the two populations in the plane of radius and index."""
    figure = Figure(figsize=(12, 4), layout="constrained")
    for k, (axes, (name, unit)) in enumerate(zip(figure.subplots(1, 3)[:2], TARGETS.items(), strict=True)):
        truth, found = test[0][:, k], test[1][:, k]
        axes.plot([truth.min(), truth.max()], [truth.min(), truth.max()], color="0.7", lw=1)
        axes.plot(truth, found, ".", ms=2, color="#1b6ca8")
        label = name.replace("_", " ") + (f" ({unit})" if unit != "1" else "")
        axes.set(xlabel=f"true {label}", ylabel=f"found {label}")
    axes = figure.axes[2]
    for radius, colour in zip(POPULATIONS, ("#1b6ca8", "#c2571a"), strict=True):
        rows = np.isclose(mixture[0][:, 0], radius)
        axes.plot(*mixture[1][rows].T, ".", ms=2, color=colour, label=f"{radius} um")
        axes.plot(radius, 1.58, "+", ms=12, color="k")
    axes.set(xlabel="found radius (um)", ylabel="found refractive index", title="polystyrene of two sizes")
    axes.legend(markerscale=5)
    figure.savefig(path, dpi=130)


def report(
    call: Call[Size], test: tuple[Array, Array], mixture: tuple[Array, Array], holograms: dict[str, Any]
) -> None:
    """Print the numbers, keep them in results.json, draw the figure."""
    results = {"test": errors(*test), "mixture": errors(*mixture), "overlap": overlap(*mixture)}
    table = Table("examples", "target", "mean absolute error", "root mean square", "bias")
    for label in ("test", "mixture"):
        for name, row in results[label].items():
            table.add_row(label, name, *(f"{value:.4f}" for value in row.values()))
    console.print(table)
    console.print(f"of the two populations {results['overlap']:.2%} lie on the wrong side")
    if holograms:
        spheres = Table("sphere", "radius (um)", "fits", "index", "fits", "z (um)", "fit")
        for name, (radius, index, z) in holograms["measured"].items():
            fit = FITS[name]
            spheres.add_row(name, f"{radius:.3f}", fit.radius, f"{index:.3f}", fit.index, f"{z:.1f}", fit.z)
        console.print(spheres)
        results["holograms"] = holograms
    call.keep(results)
    draw(call.folder / "figure.png", test, mixture)


if __name__ == "__main__":
    command(case, HERE, SIZES)
