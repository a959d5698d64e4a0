"""How cost grows with pixels, particles, wavelengths, planes, layers: ``python -m benchmarks.scaling`` prints the table.

Each row is a recipe of which one number grows, everything else kept. The time of an image, median processor time of one core, is
fitted by a + b n^p over all sizes with equal relative weights: a is what an image costs before the first, p the exponent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table
from scipy.optimize import least_squares

import simcore as sc
from benchmarks import case_b, case_e, case_f
from benchmarks.timing import medians, processor_seconds

TOLERANCE = 1e-2
LIGHT = {"numerical_aperture": 0.9, "wavelength": 0.633, "pixel_size": 0.345}
AIM = 0.1  # seconds of one measurement
FEWEST = 4  # images in one measurement
EXPONENTS = (0.0, 3.0)


@dataclass(frozen=True)
class Growth:
    """A recipe of one size ``n``, and the sizes that are measured."""

    title: str
    unit: str
    recipe: Callable[[int], sc.Recipe]
    sizes: Sequence[int]
    power: int = 1  # what grows is n to this power: 2 for the pixels of a square


def holograms(count: int, side: int = 128, coma: bool = False) -> sc.Recipe:
    particles = case_e.sphere(side).repeat(count)
    return sc.Recipe(image=particles >> case_e.microscope(TOLERANCE, side, coma))


def emitters(count: int, side: int = 128) -> sc.Recipe:
    dot = sc.PointEmitter(
        x=sc.uniform(0, side), y=sc.uniform(0, side), z=sc.normal(0, 0.5), intensity=sc.uniform(1, 10)
    )
    microscope = sc.Fluorescence(numerical_aperture=0.7, wavelength=0.5, pixel_size=0.1, shape=(side, side),
                                 tolerance=TOLERANCE)  # fmt: skip
    return sc.Recipe(image=dot.repeat(count) >> microscope)


def cells(count: int) -> sc.Recipe:
    return sc.Recipe(image=case_f.cell().repeat(count) >> case_f.microscope(TOLERANCE))


def colours(count: int, coma: bool = False) -> sc.Recipe:
    microscope = sc.Brightfield(
        numerical_aperture=0.2,
        wavelength=sc.spectrum(0.4, 0.7, count=count),
        pixel_size=0.2,
        shape=(51, 51),
        aberrations=[sc.ComaVertical(0.02)] if coma else [],
        tolerance=TOLERANCE,
    )
    return sc.Recipe(image=case_b.scene() >> microscope)


def stack(planes: int) -> sc.Recipe:
    emitter = sc.PointEmitter(x=32, y=32, z=-1.6 + 3.2 / planes * sc.time, intensity=1)
    microscope = sc.Fluorescence(numerical_aperture=0.9, wavelength=sc.uniform(0.5, 0.6), pixel_size=0.1, shape=(64, 64),
                                 tolerance=TOLERANCE)  # fmt: skip
    return sc.Recipe(image=emitter >> microscope >> sc.Movie(frames=planes, interval=1.0))


def volume(planes: int) -> sc.Recipe:
    spheres = case_e.scene(128)
    return sc.Recipe(label=spheres >> sc.SphereVolume(radius=3, z=case_e.DEPTHS, planes=planes, shape=(128, 128)))


def slices(thickness: int) -> sc.Recipe:
    """Return a hologram of a refracting ellipsoid ``thickness`` um thick, which is cut into slices of one thickness."""
    side = 64
    body = sc.Ellipsoid(
        x=side // 2,
        y=side // 2,
        z=0.0,
        radius_x=4.0,
        radius_y=4.0,
        radius_z=thickness / 2,
        refractive_index=sc.uniform(1.36, 1.38),
    )
    return sc.Recipe(image=body >> case_e.microscope(TOLERANCE, side))


def layered(layers: int) -> sc.Recipe:
    side = 32
    particle = sc.LayeredMieSphere(
        x=side // 2,
        y=side // 2,
        z=10.0,
        radii=sc.uniform(0.5, 1.0) * np.linspace(1.0, 0.3, layers)[::-1],
        refractive_indices=1.4 + 0.1 * (np.arange(layers) % 2),
    )
    return sc.Recipe(image=particle >> case_e.microscope(TOLERANCE, side))


DOUBLED = (1, 2, 4, 8, 16, 32)
GROWTHS = {
    "pixels_sphere": Growth("hologram of one sphere", "pixels", lambda n: holograms(1, n), (32, 64, 128, 256, 512), 2),
    "pixels_coma": Growth("the same with coma", "pixels", lambda n: holograms(1, n, True), (32, 64, 128, 256, 512), 2),
    "pixels_emitters": Growth("16 emitters", "pixels", lambda n: emitters(16, n), (32, 64, 128, 256, 512), 2),
    "particles_holograms": Growth("spheres in a hologram, 128 x 128", "particles", holograms, (2, *DOUBLED[2:], 64)),
    "particles_coma": Growth("the same with coma", "particles", lambda n: holograms(n, coma=True), DOUBLED),
    "particles_emitters": Growth("emitters, 128 x 128", "particles", emitters, (*DOUBLED, 64, 256)),
    "particles_cells": Growth("cells that shine, 256 x 256", "particles", cells, (*DOUBLED, 64)),
    "wavelengths": Growth("brightfield of one sphere, 51 x 51", "wavelengths", colours, DOUBLED),
    "wavelengths_coma": Growth("the same with coma", "wavelengths", lambda n: colours(n, True), DOUBLED),
    "planes_stack": Growth("point spread function, 64 x 64", "planes", stack, (4, 8, 16, 32, 64)),
    "planes_volume": Growth("volume of labels, 128 x 128", "planes", volume, (8, 16, 32, 64, 128)),
    "planes_slices": Growth("refracting ellipsoid, 64 x 64", "um of thickness", slices, (1, 2, 4, 8)),
    "layers": Growth("layered sphere in a hologram, 32 x 32", "layers", layered, (1, 4, 16, 64, 256)),
}  # fmt: skip


def measure(growth: Growth, rounds: int) -> tuple[np.ndarray, np.ndarray]:
    """Return what grows, and the microseconds of an image at each size; sizes take turns."""
    recipes = [growth.recipe(size) for size in growth.sizes]
    counts = [_count(recipe) for recipe in recipes]
    calls = {str(i): partial(recipe.render, count=counts[i], seed=1) for i, recipe in enumerate(recipes)}
    times = medians(calls, rounds).values()
    return np.array(growth.sizes, float) ** growth.power, 1e6 * np.array([*times]) / counts


def _count(recipe: sc.Recipe) -> int:
    """Return the images of one measurement."""
    recipe.render(count=FEWEST, seed=1)
    once = processor_seconds(lambda: recipe.render(count=FEWEST, seed=1)) / FEWEST
    return int(np.clip(AIM / max(once, 1e-9), FEWEST, 2048))


def fit(n: np.ndarray, time: np.ndarray) -> tuple[float, float, float, float]:
    """Return a, b, p of a + b n^p and the largest relative error of that; a and b are not negative."""

    def model(parameters: np.ndarray) -> np.ndarray:
        a, b, p = parameters
        return np.exp(a) + np.exp(b) * (n / n[-1]) ** p

    begin = np.log([0.5 * time[0], time[-1]])
    starts = [(*begin, p) for p in (0.5, 1.0, 2.0)]
    bounds = ([-20, -20, EXPONENTS[0]], [20, 40, EXPONENTS[1]])
    found = [least_squares(lambda q: model(q) / time - 1, start, bounds=bounds) for start in starts]
    best = min(found, key=lambda one: one.cost).x
    a, b, p = np.exp(best[0]), np.exp(best[1]) / n[-1] ** best[2], best[2]
    return float(a), float(b), float(p), float(abs(model(best) / time - 1).max())


COLUMNS = ("what", "grows", "sizes", "us per image", "before the first", "exponent", "at the end", "fit within")


def row_of(growth: Growth, n: np.ndarray, time: np.ndarray) -> tuple[str, ...]:
    """Return a row of the table; "at the end" is the exponent between the last two sizes."""
    a, _, p, off = fit(n, time)
    sizes = ", ".join(f"{size}{'²' if growth.power == 2 else ''}" for size in growth.sizes)
    last = np.log(time[-1] / time[-2]) / np.log(n[-1] / n[-2])
    cost = ", ".join(f"{value:.3g}" if value < 100 else f"{value:,.0f}".replace(",", " ") for value in time)
    return growth.title, growth.unit, sizes, cost, f"{a:.0f}", f"{p:.2f}", f"{last:.2f}", f"{off:.0%}"


def main(
    only: Annotated[list[str] | None, typer.Option(help="of all rows only this; may be repeated")] = None,
    rounds: Annotated[int, typer.Option(min=1)] = 5,
    markdown: Annotated[bool, typer.Option("--markdown", help="as docs/performance.md has it")] = False,
) -> None:
    """Print how the cost of an image grows."""
    rows = [row_of(GROWTHS[name], *measure(GROWTHS[name], rounds)) for name in only or GROWTHS]
    if markdown:
        print("\n".join(f"| {' | '.join(row)} |" for row in (COLUMNS, ["---"] * len(COLUMNS), *rows)))
        return
    table = Table(*COLUMNS, title=f"Cost of an image on one core, tolerance {TOLERANCE:g}, without noise")
    for row in rows:
        table.add_row(*row)
    Console(width=170).print(table)


if __name__ == "__main__":
    typer.run(main)
