"""Case B from recipe to figure: generate, train, evaluate against the radial centre, track both videos.

    python examples/single_particle_tracking/run.py --size demo
    python examples/single_particle_tracking/run.py --size full

It goes on where it was stopped; results lie in ``runs/<size>`` beside this file.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from rich.table import Table

import dtmodels as dm

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from measured import MissingData, measured
from steps import Call, command, console

VIDEOS = {"clean": "trapped_particle/low_noise.mp4", "noisy": "trapped_particle/high_noise.mp4"}
COLOURS = {"network": "#1b6ca8", "radial_center": "#c2571a"}


@dataclass(frozen=True)
class Size:
    """Images to generate and epochs to train, for the simulated test and for the videos."""

    images: int
    epochs: int
    video_images: int
    video_epochs: int


SIZES = {"smoke": Size(4_000, 4, 2_000, 1), "demo": Size(30_000, 12, 30_000, 12), "full": Size(150_000, 30, 60_000, 25)}


def case(call: Call[Size]) -> None:
    """Case B of Midtvedt et al. (2021) from recipe to figure."""
    simulated = localize(call)
    try:
        tracks = follow(call)
    except MissingData as missing:
        console.print(f"without the videos: {missing}")
        tracks = {}
    report(call, simulated, tracks)
    draw(call.folder, simulated, tracks)


def localize(call: Call[Size]) -> dict[str, Any]:
    """The paper's case on simulated images that the network has not seen."""
    data = call.generate(HERE / "recipe.yaml", "train.zarr", call.size.images, seed=1, split="train")
    first = call.generate(HERE / "recipe.yaml", "snr_2_to_60.zarr", 1000, seed=2, split="validation")
    second = call.generate(HERE / "recipe.yaml", "snr_5_to_100.zarr", 1000, seed=3, split="test")
    run = call.train(HERE / "training.yaml", data, call.size.epochs, "localization")
    bins = dm.evaluate(run, first, versus=["snr", "z"], bins=10)
    later = dm.evaluate(run, second, versus=["snr"])
    return {
        "table": bins.tables["snr"],
        "examples": bins.examples,
        "numbers": {"2..60": bins.numbers, "5..100": later.numbers},
    }


def spread(track: pd.DataFrame) -> dict[str, float]:
    """Standard deviations and the largest step between frames, in pixels of the frame."""
    steps = np.hypot(np.diff(track["x"]), np.diff(track["y"]))
    return {"std_x": float(track["x"].std()), "std_y": float(track["y"].std()), "largest_step": float(steps.max())}


def follow(call: Call[Size]) -> dict[str, dict[str, pd.DataFrame]]:
    """Both videos of the trapped particle, frame by frame, by the network and by the radial centre."""
    paths = {label: measured(name) for label, name in VIDEOS.items()}
    data = call.generate(HERE / "recipe_videos.yaml", "videos.zarr", call.size.video_images, seed=1, split="train")
    run = call.train(HERE / "training_videos.yaml", data, call.size.video_epochs, "videos")
    tracks = {}
    for label, path in paths.items():
        tracks[label] = {"network": dm.predict(run, path), "radial_center": dm.track_radial_center(path)}
        for method, track in tracks[label].items():
            track.to_csv(call.folder / f"{label}_{method}.csv", index=False)
    return tracks


def draw(out: Path, simulated: dict[str, Any], tracks: dict[str, dict[str, pd.DataFrame]]) -> Path:
    """Error against signal-to-noise ratio; traces of both videos."""
    figure = Figure(figsize=(11, 4.6), layout="constrained")
    error, *traces = figure.subplot_mosaic("ecn;eCN", width_ratios=(1.1, 1, 1)).values()
    table = simulated["table"]
    centres = (table["snr_low"] + table["snr_high"]) / 2
    for method, colour in COLOURS.items():
        error.fill_between(centres, table[f"{method}_p16"], table[f"{method}_p84"], color=colour, alpha=0.2, lw=0)
        error.plot(centres, table[f"{method}_mean_error"], "o-", ms=4, color=colour, label=method.replace("_", " "))
    error.set(
        xlabel="signal-to-noise ratio",
        ylabel="distance from the truth (px)",
        yscale="log",
        title="1,000 simulated images",
    )
    error.legend()
    panels = [(label, axis) for axis in ("x", "y") for label in tracks]
    for (label, axis), axes in zip(panels, traces, strict=False):
        for method in ("radial_center", "network"):
            track = tracks[label][method]
            axes.plot(track["frame"], track[axis], lw=1, color=COLOURS[method])
        axes.set(xlabel="frame", ylabel=f"{axis} (px)", title=f"{label} video")
    path = out / "figure.png"
    figure.savefig(path, dpi=130)
    return path


def report(call: Call[Size], simulated: dict[str, Any], tracks: dict[str, dict[str, pd.DataFrame]]) -> None:
    """Print the numbers and keep them in results.json."""
    results: dict[str, Any] = {}
    table = Table(
        "images", "method", "mean error (px)", "median", "95 %", title="simulated images not seen in training"
    )
    for label, numbers in simulated["numbers"].items():
        for method in COLOURS:
            row = numbers[method]
            results.setdefault("simulated", {}).setdefault(label, {})[method] = row
            table.add_row(f"SNR {label}", method, *(f"{row[key]:.3f}" for key in ("mean_error", "p50", "p95")))
    console.print(table)
    if tracks:
        table = Table(
            "video", "method", "std x (px)", "std y (px)", "largest step (px)", title="one particle in one trap, twice"
        )
        for label, methods in tracks.items():
            for method, track in methods.items():
                row = results.setdefault("videos", {}).setdefault(label, {})[method] = spread(track)
                table.add_row(label, method, *(f"{value:.2f}" for value in row.values()))
        console.print(table)
    results["bins"] = simulated["table"].to_dict("records")
    call.keep(results)


if __name__ == "__main__":
    command(case, HERE, SIZES, usual="demo")
