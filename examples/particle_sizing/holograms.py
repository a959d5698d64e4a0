"""Spheres in measured holograms: what is cut out of the frames, and what least-squares fits say of them."""

from typing import Any, NamedTuple

import imageio.v3 as iio
import numpy as np
from measured import measured

Array = np.ndarray[Any, Any]
REACH, BINNING = 128, 4  # px


class Fit(NamedTuple):
    """What four models of the same optics span (``examples/fit_a_hologram``); of the height, the last one."""

    x: int  # middle of the rings, px of the frame
    y: int
    radius: str  # um
    index: str
    z: str  # um


FITS = {
    "PS_silica, left": Fit(374, 485, "0.701 .. 0.764", "1.547 .. 1.628", "10.0"),
    "PS_silica, right": Fit(910, 482, "0.474 .. 0.499", "1.420 .. 1.436", "10.0"),
    "image0010, left": Fit(563, 728, "1.120 .. 1.163", "1.408 .. 1.426", "24.6"),
    "image0010, right": Fit(920, 733, "1.118 .. 1.156", "1.411 .. 1.431", "24.7"),
    "image0400, left": Fit(582, 686, "1.116 .. 1.144", "1.403 .. 1.429", "9.1"),
    "image0400, right": Fit(883, 748, "1.133 .. 1.200", "1.395 .. 1.425", "4.4"),
}


def windows() -> tuple[list[str], Array]:
    """Names, and holograms (sphere, y, x, 1) relative to their background, binned; MissingData without the frames."""
    cut = []
    for name, fit in FITS.items():
        frame = iio.imread(measured(f"holograms/{name.split(',')[0]}.png")) / 100  # stored as 100 times that
        window = frame[fit.y - REACH : fit.y + REACH, fit.x - REACH : fit.x + REACH]
        size = 2 * REACH // BINNING
        cut.append(window.reshape(size, BINNING, size, BINNING).mean(axis=(1, 3)))
    return list(FITS), np.array(cut, np.float32)[..., None]
