"""How far holograms of case E with coma are from the integral over all directions, which shares no code with the kernels."""

from __future__ import annotations

import numpy as np

import simcore as sc
from benchmarks import case_e
from benchmarks.cases import DEFAULT, columns
from tests.reference.hologram import Scene
from tests.reference.through_pupil import View, intensity, wavefront_pupil

PLACES = ((0, 0), (2, -3), (-5, 4))  # (y, x) in px from the first particle of each scene


def largest_error(side: int, scenes: int = 4, tolerance: float = DEFAULT) -> float:
    """Return the largest error over some pixels of some scenes, relative to the incident light."""
    particles, microscope = case_e.scene(side), case_e.microscope(tolerance, side, coma=True)
    amounts = {type(one).__name__: one.coefficient for one in microscope.aberrations}
    recipe = sc.Recipe(
        image=particles >> microscope, particles=sc.properties(particles, *columns(particles)), **amounts
    )
    drawn = recipe.render(count=scenes, seed=7)
    return max(_error(drawn, i, side) for i in range(scenes))


def _error(drawn: dict[str, np.ndarray], i: int, side: int) -> float:
    names = columns(case_e.scene(side))
    spheres = [dict(zip(names, map(float, row), strict=True)) for row in drawn["particles"][i] if np.isfinite(row[0])]
    light = {"wavelength": 0.633, "numerical_aperture": 0.9, "refractive_index_medium": 1.33, "pixel_size": 0.345}
    vertical, horizontal = (float(drawn[name][i]) for name in ("ComaVertical", "ComaHorizontal"))

    def wavefront(rho: np.ndarray, azimuth: np.ndarray) -> np.ndarray:
        # Noll's seventh and eighth polynomials.
        return np.sqrt(8) * (3 * rho**3 - 2 * rho) * (vertical * np.sin(azimuth) + horizontal * np.cos(azimuth))

    view = View(wavefront_pupil(wavefront, 0.633))
    middle = np.rint([spheres[0]["y"], spheres[0]["x"]]).astype(int)
    rows, cols = np.clip(middle + np.array(PLACES), 0, side - 1).T
    expected = [
        intensity([Scene(**sphere, **light) for sphere in spheres], view, [int(y)], [int(x)], nodes=3)[0]
        for y, x in zip(rows, cols, strict=True)
    ]
    return float(np.abs(drawn["image"][i, rows, cols, 0] - expected).max())
