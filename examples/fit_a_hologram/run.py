"""Spheres of polystyrene and silica in measured holograms, fitted with simcore.

    python examples/fit_a_hologram/run.py

Needs the frames of ``shared/data/holograms`` (see ``measured.py``); writes figure.png and results.json into ``--out``.
"""

import json
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import imageio.v3 as iio
import numpy as np
import typer
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from fitting import (
    FIELDS,
    MODELS,
    PUPIL,
    Fit,
    Instrument,
    Profiles,
    chi_square_of_empty,
    find_spheres,
    fit_frame,
    profile,
    speckle_contrast,
)
from measured import MissingData, measured

FRAMES = ("PS_silica", "image0010", "image0400")
SPECKLE = 0.243  # of background.png, where that is missing
console = Console(highlight=False, width=140)


def read(name: str) -> np.ndarray:
    """Return a frame relative to its background; they are stored as 100 times that."""
    return iio.imread(measured(f"holograms/{name}.png")) / 100.0


def contrast() -> float:
    """Return the speckle contrast of the instrument's raw background."""
    try:
        raw = iio.imread(measured("holograms/background.png"))[..., 0]
    except MissingData:
        return SPECKLE
    return speckle_contrast(raw.astype(float))


def rows(fits: dict[str, Fit]) -> list[dict[str, Any]]:
    """Return what is worth keeping of each pupil's fit."""
    return [
        {
            "pupil": model,
            "aberrations": dict(zip(PUPIL, fit.solution.tolist(), strict=False)),
            "spheres": [dict(zip(FIELDS, sphere, strict=True)) for sphere in fit.spheres.tolist()],
            "standard_errors": [dict(zip(FIELDS, sphere, strict=True)) for sphere in fit.errors.tolist()],
            "chi_square": fit.chi_square(),
            "chi_square_of_rings": [
                [fit.chi_square(near, near + 20, sphere) for near in range(0, 120, 20)]
                for sphere in range(len(fit.spheres))
            ],
            "chi_square_of_camera": fit.chi_square_of_camera(),
        }
        for model, fit in fits.items()
    ]


def table(results: dict[str, Any]) -> Table:
    """Return the fitted values with their standard errors in units of the last digits."""
    out = Table("frame", "pupil", "x", "y", "z / um", "radius / um", "index", "Z11 / um", "chi square")
    for frame, found in results.items():
        for row in found["fits"]:
            for sphere, error in zip(row["spheres"], row["standard_errors"], strict=True):
                digits = {"x": 2, "y": 2, "z": 3, "radius": 4, "refractive_index": 4}
                cells = [f"{sphere[k]:.{d}f} ± {error[k]:.{d}f}" for k, d in digits.items()]
                out.add_row(
                    frame, row["pupil"], *cells, f"{row['aberrations']['spherical']:+.3f}", f"{row['chi_square']:.2f}"
                )
    return out


def figure(fits: dict[str, Fit]) -> Figure:
    """Measured, model, residuals in standard deviations and profile of every sphere."""
    spheres = [(name, fit, sphere) for name, fit in fits.items() for sphere in fit.spheres]
    out = Figure(figsize=(11, 2.5 * len(spheres)), layout="constrained")
    for line, (name, fit, sphere) in zip(out.subplots(len(spheres), 4, squeeze=False), spheres, strict=True):
        window, half = fit.window, 100
        x, y = sphere[0] - window.corner[0], sphere[1] - window.corner[1]
        model = window.model(fit.solution)
        residuals = window.residuals(fit.solution).reshape(model.shape)
        part = slice(max(0, round(y) - half), round(y) + half + 1), slice(max(0, round(x) - half), round(x) + half + 1)
        for axes, image, low, high in zip(line, (window.frame, model, residuals), (0, 0, -5), (2, 2, 5), strict=False):
            axes.imshow(image[part], cmap="gray", vmin=low, vmax=high)
            axes.set_xticks([])
            axes.set_yticks([])
        line[0].set_ylabel(f"{name}\na {sphere[3]:.3f} um, n {sphere[4]:.3f}", fontsize=8)
        seen, drawn = (profile(image, x, y, half)[0][1:] for image in (window.frame, np.minimum(model, 2.55)))
        line[3].plot(seen, color="#1b6ca8", lw=1.2, label="measured")
        line[3].plot(drawn, color="#c2571a", lw=1.0, label="model")
        line[3].tick_params(labelsize=7)
        for axes, title in zip(line, ("measured", "model", "residuals, ±5 sigma", "mean over rings"), strict=True):
            if sphere is spheres[0][2]:
                axes.set_title(title, fontsize=9)
    line[3].set_xlabel("distance from the centre / px", fontsize=8)
    line[3].legend(fontsize=7)
    return out


def main(out: Annotated[Path, typer.Option(help="where figure.png and results.json go")] = HERE / "runs") -> None:
    """Fit every frame that is there with each pupil, from the perfect one on."""
    instrument, speckle = Instrument(), contrast()
    profiles = Profiles.draw(instrument)
    results: dict[str, Any] = {}
    best: dict[str, Fit] = {}
    for name in FRAMES:
        try:
            frame = read(name)
        except MissingData as missing:
            console.print(f"without {missing}")
            continue
        start = time.perf_counter()
        fits = fit_frame(frame, instrument, speckle, profiles)
        best[name] = fits[list(MODELS)[-1]]
        noise = best[name].window.noise
        empty = chi_square_of_empty(frame, find_spheres(frame), instrument, noise)
        results[name] = {
            "noise": vars(noise),
            "chi_square_of_empty": [float(empty.mean()), float(empty.std())],
            "fits": rows(fits),
        }
        console.print(
            f"{name}: {len(best[name].spheres)} spheres ({time.perf_counter() - start:.0f} s), "
            f"chi square of empty windows {empty.mean():.2f} ± {empty.std():.2f}"
        )
    if not results:
        raise typer.Exit(1)
    console.print(table(results))
    out.mkdir(parents=True, exist_ok=True)
    (out / "results.json").write_text(json.dumps(results, indent=1))
    figure(best).savefig(out / "figure.png", dpi=64)


if __name__ == "__main__":
    typer.run(main)
