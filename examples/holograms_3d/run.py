"""Case E from recipe to figure: generate, train, find spheres in three dimensions, beside numerical refocusing.

    python examples/holograms_3d/run.py --smoke
    python examples/holograms_3d/run.py

It goes on where it was stopped; results lie in ``runs/<size>`` beside this file.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from rich.table import Table

import dtmodels as dm
from dtmodels.prediction.particles import heights

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from refocusing import peaks, refocused
from steps import Call, command, console

Array = np.ndarray[Any, Any]
Finder = Callable[[float], list[Array]]  # places (z, y, x) in each image, found with a threshold
RADIUS = np.array([1.5, 3, 3])  # um, px, px: a found sphere within is the true one
Z, PLANES = (2.0, 30.0), 56  # um
LIKELIHOODS = np.arange(0.1, 0.95, 0.1)
INTENSITIES = np.geomspace(0.1, 10, 25)


@dataclass(frozen=True)
class Size:
    """Holograms to generate for training and for each test, epochs to train."""

    holograms: int
    tests: int
    epochs: int


SIZES = {"smoke": Size(64, 10, 1), "default": Size(10_000, 200, 4), "paper": Size(10_000, 1_000, 100)}


def case(call: Call[Size]) -> None:
    """Case E of Midtvedt et al. (2021) from recipe to figure."""
    size, recipe = call.size, HERE / "recipe.yaml"
    data = call.generate(recipe, "train.zarr", size.holograms, seed=1, split="train")
    choosing = Test(call.generate(recipe, "choosing.zarr", max(8, size.tests // 2), seed=2, split="validation"))
    test = Test(call.generate(recipe, "test.zarr", size.tests, seed=3, split="test"))
    run = call.train(HERE / "training.yaml", data, size.epochs)
    results, found = {}, {}
    for name, finder, thresholds in (("network", by_network, LIKELIHOODS), ("refocusing", by_refocusing, INTENSITIES)):
        find = finder(run, choosing.images)
        threshold = max(thresholds, key=lambda value, find=find: choosing.scores(find(value))["f1"])
        found[name] = finder(run, test.images)(threshold)
        results[name] = {"threshold": float(threshold), **test.scores(found[name]), "ends": test.bias(found[name])}
    call.keep(results)
    report(results)
    draw(call.folder / "figure.png", test, found)


class Test:
    """Simulated holograms and where their spheres are."""

    def __init__(self, path: Path) -> None:
        data = dm.open_dataset(path, inputs="image")
        self.images = data.numpy()[0][..., 0]
        position = data.properties(["position"])["position"]
        self.position = [places[np.isfinite(places[:, 0])] for places in position]

    def pairs(self, found: list[Array]) -> tuple[Array, Array]:
        """True and found places of those that belong together."""
        true, other = [], []
        for points, places in zip(self.position, found, strict=True):
            rows, columns = dm.matching.match(points, places, RADIUS)
            true.append(points[rows])
            other.append(places[columns])
        return np.concatenate(true), np.concatenate(other)

    def scores(self, found: list[Array]) -> dict[str, float]:
        """Recall, precision, F1; root mean square errors along z (um) and per axis in the plane (px)."""
        true, other = self.pairs(found)
        hits, there, said = len(true), sum(map(len, self.position)), sum(map(len, found))
        squares = ((true - other) ** 2).mean(axis=0) if hits else np.full(3, np.nan)
        return {
            "recall": hits / there,
            "precision": hits / max(1, said),
            "f1": 2 * hits / (there + said),
            "rmse_z": float(np.sqrt(squares[0])),
            "rmse_in_plane": float(np.sqrt(squares[1:].mean())),
            "spheres": there,
        }

    def bias(self, found: list[Array]) -> dict[str, float]:
        """Mean error of z (um) in the lowest and in the highest 4 um."""
        true, other = self.pairs(found)
        low, high = true[:, 0] < Z[0] + 4, true[:, 0] > Z[1] - 4
        error = other[:, 0] - true[:, 0]
        return {
            name: float(error[rows].mean()) if rows.any() else np.nan for name, rows in (("low", low), ("high", high))
        }


def by_network(run: dm.Run, images: Array) -> Finder:
    """Connected voxels of likelihood above the threshold."""

    def find(threshold: float) -> list[Array]:
        table = dm.predict(run, images[..., None], threshold=threshold, minimal_area=5)
        return [table.loc[table["frame"] == k, ["z", "y", "x"]].to_numpy() for k in range(len(images))]

    return find


def by_refocusing(run: dm.Run, images: Array) -> Finder:
    """Maxima of the light that numerical refocusing gathers: what needs no training."""
    del run

    candidates = [peaks(refocused(image, Z, PLANES)) for image in images]

    def find(threshold: float) -> list[Array]:
        kept = (places[bright > threshold] for places, bright in candidates)
        return [np.stack([heights(plane, Z, PLANES), y, x], axis=1) for y, x, plane in (places.T for places in kept)]

    return find


def report(results: dict[str, Any]) -> None:
    """Print the numbers."""
    table = Table("by", "recall", "precision", "F1", "RMSE z (um)", "RMSE x, y (px)", "bias, low and high end (um)")
    for name, row in results.items():
        numbers = [f"{row[key]:.3f}" for key in ("recall", "precision", "f1", "rmse_z", "rmse_in_plane")]
        table.add_row(name, *numbers, "{low:+.2f}, {high:+.2f}".format(**row["ends"]))
    console.print(table)


def draw(path: Path, test: Test, found: dict[str, list[Array]]) -> None:
    """A hologram with truth and detections, its side view, and found against true height."""
    figure = Figure(figsize=(12, 4), layout="constrained")
    image, side, heights_found = figure.subplots(1, 3)
    k = int(np.argmax([len(places) for places in test.position]))
    image.imshow(test.images[k], cmap="gray")
    for axes, other in ((image, 1), (side, 0)):
        axes.plot(
            test.position[k][:, 2], test.position[k][:, other], "o", ms=11, mfc="none", color="#e08a00", label="truth"
        )
        axes.plot(found["network"][k][:, 2], found["network"][k][:, other], "+", ms=9, color="#0a7fb8", label="network")
    image.set(title="simulated hologram", xticks=[], yticks=[])
    side.set(xlabel="x (px)", ylabel="z (um)", xlim=(0, test.images.shape[2]), ylim=Z, title="the same from the side")
    side.legend()
    heights_found.plot(Z, Z, color="0.7", lw=1)
    for name, colour in (("refocusing", "#c2571a"), ("network", "#1b6ca8")):
        true, other = test.pairs(found[name])
        heights_found.plot(true[:, 0], other[:, 0], ".", ms=3, color=colour, label=name)
    heights_found.set(xlabel="true z (um)", ylabel="found z (um)")
    heights_found.legend()
    figure.savefig(path, dpi=130)


if __name__ == "__main__":
    command(case, HERE, SIZES)
