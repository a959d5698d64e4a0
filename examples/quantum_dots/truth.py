"""What can be known of each emitter: the signal-to-noise ratio of its matched filter, the distance to its neighbour."""

from typing import Any

import numpy as np

import simcore as sc

Array = np.ndarray[Any, Any]
WIDTH = 41  # pixels around an emitter that hold its light


def matched_snr(arrays: dict[str, Array]) -> Array:
    """Square root of the sum of (light of the emitter)^2 / (variance of the noise): (example, dot), NaN where there is none.

    ``arrays`` holds whole outputs of the test recipe: ``position``, ``dot``, ``raw`` (photons), ``clean`` (as normalised,
    without noise), ``numerical_aperture``, ``snr`` and ``background`` of the noise.
    """
    clean, raw = arrays["clean"][..., 0].astype(float), arrays["raw"][..., 0].astype(float)
    span = (clean.max((1, 2)) - clean.min((1, 2))) / (raw.max((1, 2)) - raw.min((1, 2)))
    peak = np.abs(clean.max((1, 2)) - arrays["background"])
    photons = (arrays["snr"] / peak) ** 2  # of one unit of brightness
    found = np.full(arrays["position"].shape[:2], np.nan)
    rows, columns = np.nonzero(np.isfinite(arrays["position"][..., 0]))
    for row, column in zip(rows, columns, strict=True):
        position, (intensity, z) = (
            arrays["position"][row, column].astype(float),
            arrays["dot"][row, column].astype(float),
        )
        corner = np.round(position).astype(int) - WIDTH // 2
        light = _spot(*(position - corner), z, intensity, float(arrays["numerical_aperture"][row]))
        inside, place = _window(corner, clean.shape[1:])
        signal = light[inside] * span[row]
        found[row, column] = np.sqrt((signal**2 * photons[row] / np.maximum(clean[row][place], 1e-3)).sum())
    return found


def _window(corner: Array, shape: tuple[int, ...]) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Of an emitter's own image, and of the whole image, the pixels that both have."""
    low, high = np.maximum(corner, 0), np.minimum(corner + WIDTH, shape)
    inside = tuple(slice(a - c, b - c) for a, b, c in zip(low, high, corner, strict=True))
    return inside, tuple(slice(a, b) for a, b in zip(low, high, strict=True))


def _spot(y: float, x: float, z: float, intensity: float, numerical_aperture: float) -> Array:
    """The image of one emitter."""
    optics = sc.Fluorescence(
        numerical_aperture=numerical_aperture, wavelength=0.5, pixel_size=0.1, shape=(WIDTH, WIDTH), tolerance=0.01
    )
    emitter = sc.PointEmitter(x=x, y=y, z=z, intensity=intensity)
    return sc.Recipe(image=emitter >> optics).render(1, seed=0)["image"][0, ..., 0]


def alone(position: Array, distance: float) -> Array:
    """Whether no other emitter of the image is within ``distance`` px: (example, dot)."""
    apart = np.linalg.norm(position[:, :, None] - position[:, None], axis=-1)
    apart[:, np.arange(position.shape[1]), np.arange(position.shape[1])] = np.inf
    return np.isfinite(position[..., 0]) & ~(apart < distance).any(axis=-1)
