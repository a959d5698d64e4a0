"""Curves by which a simulated image is compared with a measured one: histogram, power spectrum, profile. Plain NumPy."""

from __future__ import annotations

import numpy as np

Curve = tuple[np.ndarray, np.ndarray]


def histogram(image: np.ndarray, limits: tuple[float, float], bins: int = 64) -> Curve:
    """Return centres of bins and the share of the pixels in each."""
    low, high = limits if limits[1] > limits[0] else (limits[0] - 0.5, limits[0] + 0.5)
    counts, edges = np.histogram(image, bins=bins, range=(low, high))
    return (edges[1:] + edges[:-1]) / 2, counts / max(1, image.size)


def power_spectrum(image: np.ndarray) -> Curve:
    """Return spatial frequencies (cycles per pixel, to 1/2) and the power of an image (y, x), averaged over directions.

    The mean is taken off and the edges are faded by a Hann window, so that they leave no cross.
    """
    height, width = image.shape
    window = np.hanning(height + 2)[1:-1, None] * np.hanning(width + 2)[None, 1:-1]
    faded = (image - image.mean()) * window
    power = np.abs(np.fft.fft2(faded)) ** 2 / np.sum(window**2)
    radius = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None, :])
    rings = max(2, min(height, width) // 2)
    ring = np.minimum((radius * 2 * rings).astype(int), rings)
    total = np.bincount(ring.ravel(), power.ravel(), rings + 1)[:rings]
    count = np.bincount(ring.ravel(), minlength=rings + 1)[:rings]
    kept = count > 0
    return ((np.arange(rings) + 0.5) / (2 * rings))[kept], total[kept] / count[kept]


def profile(image: np.ndarray, along: str, place: int) -> Curve:
    """Return pixel positions and values of a row ("x") or a column ("y") of an image (y, x); ``place`` is clipped into it."""
    line = image[min(place, image.shape[0] - 1)] if along == "x" else image[:, min(place, image.shape[1] - 1)]
    return np.arange(line.size, dtype=float), np.asarray(line, float)


def scaled(image: np.ndarray, how: str) -> np.ndarray:
    """Return an image as it is ("none"), brought to 0 .. 1 ("minmax"), or to mean 0 and deviation 1 ("standard")."""
    values = np.asarray(image, float)
    if how == "minmax":
        low, span = values.min(), np.ptp(values)
    elif how == "standard":
        low, span = values.mean(), values.std()
    else:
        return values
    return (values - low) / (span or 1.0)
