"""Case D from recipe to figure: generate, train, judge on emitters that can be seen, look at the measured frame.

    python examples/quantum_dots/run.py --smoke
    python examples/quantum_dots/run.py

It goes on where it was stopped; results lie in ``runs/<size>`` beside this file.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import trackpy
from matplotlib.figure import Figure
from rich.table import Table

import dtmodels as dm

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import imageio.v3 as iio
from measured import MissingData, measured
from steps import Call, command, console
from truth import alone, matched_snr

Array = np.ndarray[Any, Any]
FRAME = "qdots/frame_with_qdots.tif"
RADIUS = 3  # px within which a found emitter is the true one
TRUTH = ("position", "dot", "snr", "raw", "clean", "numerical_aperture", "background")
THRESHOLDS = np.arange(0.2, 0.85, 0.1)
MASSES = np.geomspace(0.05, 20, 25)


@dataclass(frozen=True)
class Size:
    """Images to generate for training and for each test, epochs to train."""

    images: int
    tests: int
    epochs: int


SIZES = {"smoke": Size(400, 40, 1), "default": Size(6_000, 500, 24), "paper": Size(20_000, 2_000, 110)}


def test_recipe(folder: Path) -> Path:
    """The recipe that also stores what the truth is judged by; its images are those of the other."""
    more = "outputs:\n  raw: raw\n  clean: clean\n  numerical_aperture: microscope.numerical_aperture\n  background: darkest\n"
    path = folder / "recipe_test.yaml"
    path.write_text((HERE / "recipe.yaml").read_text().replace("outputs:\n", more))
    return path


def case(call: Call[Size]) -> None:
    """Case D of Midtvedt et al. (2021) from recipe to figure."""
    size, recipe = call.size, test_recipe(call.folder)
    data = call.generate(HERE / "recipe.yaml", "train.zarr", size.images, seed=1, split="train")
    choosing = call.generate(recipe, "choosing.zarr", size.tests // 2, seed=2, split="validation")
    tested = call.generate(recipe, "test.zarr", size.tests, seed=3, split="test")
    run = call.train(HERE / "training.yaml", data, size.epochs)
    test = Test(tested)
    results = judge(run, Test(choosing), test)
    call.keep(results)
    report(results)
    draw(call.folder / "figure.png", run, test, results["threshold"], measured_frame(run, results["threshold"]))


class Test:
    """Simulated images, every emitter in them, and which of these can be seen and stand alone."""

    def __init__(self, path: Path) -> None:
        data = dm.open_dataset(path, inputs="image", targets="mask")
        self.images = data.numpy()[0][..., 0]
        arrays = data.properties(list(TRUTH))
        self.position = arrays["position"]
        within = ((self.position > -0.5) & (self.position < self.images.shape[1] - 0.5)).all(axis=-1)
        self.every = np.isfinite(self.position[..., 0]) & within
        snr = matched_snr(arrays)
        self.clear = self.every & alone(self.position, 7) & (snr >= 6)

    def scores(self, found: list[Array], counts: Array) -> dict[str, float]:
        """F1 and RMSE (px per axis) over the emitters that count; what is found of the others is neither right nor wrong."""
        hits, misses, false, squares = 0, 0, 0, 0.0
        for points, counting, places in zip(self.position, counts, found, strict=True):
            rows, columns = dm.matching.match(points, places, RADIUS)
            hit = counting[rows]
            hits, misses = hits + int(hit.sum()), misses + int(counting.sum() - hit.sum())
            false += len(places) - len(rows)
            squares += float(((points[rows] - places[columns])[hit] ** 2).sum())
        f1 = 2 * hits / max(1, 2 * hits + misses + false)
        named = {"recall": hits / max(1, hits + misses), "precision": hits / max(1, hits + false)}
        return {"f1": f1, **named, "rmse": float(np.sqrt(squares / max(1, 2 * hits))), "emitters": int(counts.sum())}


def by_network(run: dm.Run, images: Array, threshold: float) -> list[Array]:
    """Places (y, x) in each image."""
    table = dm.predict(run, images[..., None], threshold=threshold)
    return [table.loc[table["frame"] == k, ["y", "x"]].to_numpy() for k in range(len(images))]


def by_trackpy(images: Array, mass: float) -> list[Array]:
    """Places (y, x) in each image, of emitters at least as bright as ``mass``."""
    tables = [trackpy.locate(image, 7, minmass=mass, preprocess=True) for image in images]
    return [table[["y", "x"]].to_numpy() for table in tables]


def judge(run: dm.Run, choosing: Test, test: Test) -> dict[str, Any]:
    """Both on the test images, each with the threshold that is best for all emitters of the choosing ones."""
    threshold = max(
        THRESHOLDS, key=lambda t: choosing.scores(by_network(run, choosing.images, t), choosing.every)["f1"]
    )
    mass = max(MASSES, key=lambda m: choosing.scores(by_trackpy(choosing.images, m), choosing.every)["f1"])
    found = {"network": by_network(run, test.images, threshold), "trackpy": by_trackpy(test.images, mass)}
    results: dict[str, Any] = {"threshold": float(threshold), "minmass": float(mass)}
    for name, places in found.items():
        results[name] = {"all": test.scores(places, test.every), "clear": test.scores(places, test.clear)}
    return results


def measured_frame(run: dm.Run, threshold: float) -> dict[str, Any] | None:
    """The measured frame, and what the network and trackpy find in it; None where it cannot be had."""
    try:
        frame = iio.imread(measured(FRAME)).astype(np.float32)
    except MissingData as missing:
        console.print(f"the measured frame is left out: {missing}")
        return None
    network = dm.predict(run, frame[None, ..., None], threshold=threshold)
    located = trackpy.locate(frame, 7)
    # As many as the network finds: trackpy has no threshold of its own.
    best = located.sort_values("mass").tail(len(network))
    return {"frame": frame, "network": network, "trackpy": best}


def draw(path: Path, run: dm.Run, test: Test, threshold: float, real: dict[str, Any] | None) -> None:
    """Simulated images with truth and detections; a part of the measured frame."""
    figure = Figure(figsize=(12, 4.3), layout="constrained")
    panels = figure.subplots(1, 3 if real else 2)
    found = by_network(run, test.images[:2], threshold)
    for axes, image, points, places in zip(panels, test.images, test.position, found, strict=False):
        axes.imshow(image, cmap="gray")
        axes.plot(points[:, 1], points[:, 0], "o", ms=11, mfc="none", color="#ffb000", label="truth")
        axes.plot(places[:, 1], places[:, 0], "+", ms=7, color="#3fd0ff", label="network")
        axes.set(title="simulated", xticks=[], yticks=[], xlim=(-0.5, 127.5), ylim=(127.5, -0.5))
    panels[0].legend(loc="upper center", bbox_to_anchor=(0.5, 0), ncols=2, frameon=False)
    if real:
        low, high = np.percentile(real["frame"], (1, 99.9))
        panels[2].imshow(real["frame"][400:700, 400:700], cmap="gray", vmin=low, vmax=high)
        for name, mark, colour in (("trackpy", "o", "#ffb000"), ("network", "+", "#3fd0ff")):
            table: pd.DataFrame = real[name]
            options = {"mfc": "none"} if mark == "o" else {}
            panels[2].plot(table["x"] - 400, table["y"] - 400, mark, ms=8, color=colour, label=name, **options)
        panels[2].set(title="measured, 300 x 300 px of it", xticks=[], yticks=[], xlim=(0, 300), ylim=(300, 0))
        panels[2].legend(loc="upper center", bbox_to_anchor=(0.5, 0), ncols=2, frameon=False)
    figure.savefig(path, dpi=130)


def report(results: dict[str, Any]) -> None:
    """Print the numbers."""
    table = Table("emitters", "by", "F1", "recall", "precision", "RMSE (px per axis)")
    for group, words in (("clear", "matched-filter SNR >= 6, none within 7 px"), ("all", "all within the image")):
        for name in ("network", "trackpy"):
            row = results[name][group]
            table.add_row(
                f"{words} ({row['emitters']})", name, *(f"{row[k]:.3f}" for k in ("f1", "recall", "precision", "rmse"))
            )
    console.print(table)


if __name__ == "__main__":
    command(case, HERE, SIZES)
