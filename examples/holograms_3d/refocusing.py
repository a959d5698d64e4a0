"""Numerical refocusing of an in-line hologram: the contrast taken back to each plane by the angular spectrum."""

from typing import Any

import numpy as np
from scipy import ndimage

Array = np.ndarray[Any, Any]
WAVELENGTH, PIXEL, MEDIUM = 0.633, 0.345, 1.33  # um, um, refractive index: of the recipe


def refocused(image: Array, z: tuple[float, float], planes: int) -> Array:
    """Intensity (y, x, plane) of the light of the contrast, refocused to the middles of as many layers between two heights (um).

    Contrast is real, so a sphere above the plane of the camera and one below come back alike. Cheong, Krishnatreya,
    Grier, Opt. Express 18, 13563 (2010).
    """
    contrast = image / np.median(image) - 1
    fy, fx = (np.fft.fftfreq(size, PIXEL) for size in contrast.shape)
    squares = (MEDIUM / WAVELENGTH) ** 2 - fy[:, None] ** 2 - fx**2
    axial = np.sqrt(np.maximum(squares, 0)) * (squares > 0)
    spectrum = np.fft.fft2(contrast) * (squares > 0)
    middles = z[0] + (np.arange(planes) + 0.5) * (z[1] - z[0]) / planes
    waves = np.exp(2j * np.pi * middles[:, None, None] * axial)
    return np.moveaxis(np.abs(np.fft.ifft2(spectrum * waves)) ** 2, 0, -1)


def peaks(volume: Array, most: int = 60) -> tuple[Array, Array]:
    """Places (peak, [y, x, plane]) of the brightest maxima of a volume, and how bright each is.

    None brighter lies within 4 px and 3 planes; each is refined by the parabola through the three values along each axis.
    """
    at = np.argwhere((volume == ndimage.maximum_filter(volume, size=(9, 9, 7))) & (volume > 0))
    at = at[np.argsort(-volume[tuple(at.T)])][:most]
    places = at.astype(float)
    for axis in range(3):
        step = np.eye(3, dtype=int)[axis]
        inner = (at[:, axis] > 0) & (at[:, axis] < volume.shape[axis] - 1)
        before, here, after = (volume[tuple((at[inner] + k * step).T)] for k in (-1, 0, 1))
        places[inner, axis] += 0.5 * (before - after) / np.minimum(before - 2 * here + after, -1e-12)
    return places, volume[tuple(at.T)]
