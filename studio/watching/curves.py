"""Curves by which a simulated image is compared with a measured one: histogram, power spectrum, profile. Plain NumPy."""

from __future__ import annotations

import numpy as np

Curve = tuple[np.ndarray, np.ndarray]


def limits(*images: np.ndarray) -> tuple[float, float]:
    """Return the smallest and the largest finite value of all images; 0 and 1 where there is none."""
    finite = [image[np.isfinite(image)] for image in images]
    return (
        min((float(values.min()) for values in finite if values.size), default=0.0),
        max((float(values.max()) for values in finite if values.size), default=1.0),
    )


def histogram(image: np.ndarray, limits: tuple[float, float], bins: int = 64) -> Curve:
    """Return centres of bins and the share of the finite pixels in each."""
    low, high = limits if limits[1] > limits[0] else (limits[0] - 0.5, limits[0] + 0.5)
    finite = image[np.isfinite(image)]
    counts, edges = np.histogram(finite, bins=bins, range=(low, high))
    return (edges[1:] + edges[:-1]) / 2, counts / max(1, finite.size)


def power_spectrum(image: np.ndarray) -> Curve:
    """Return spatial frequencies (cycles per pixel, to 1/2) and the power of an image (y, x), averaged over directions.

    The mean is taken off and the edges are faded by a Hann window, so that they leave no cross; zero frequency is left out.
    Pixels that are not finite count as the mean of the others.
    """
    height, width = image.shape
    window = np.hanning(height + 2)[1:-1, None] * np.hanning(width + 2)[None, 1:-1]
    finite = np.isfinite(image)
    mean = image[finite].mean() if finite.any() else 0.0
    power = np.abs(np.fft.fft2(np.where(finite, image - mean, 0) * window)) ** 2 / np.sum(window**2)
    side = min(height, width)
    rings = side // 2
    # Rings lie around whole numbers of cycles in the shorter side, so that a period shows at its own frequency.
    radius = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None, :])
    ring = np.minimum(np.rint(radius * side).astype(int), rings + 1).ravel()
    total, count = np.bincount(ring, power.ravel(), rings + 2), np.bincount(ring, minlength=rings + 2)
    return np.arange(1, rings + 1) / side, total[1:-1] / count[1:-1]


def profile(image: np.ndarray, along: str, place: int) -> Curve:
    """Return pixel positions and values of a row ("x") or a column ("y") of an image (y, x); ``place`` is clipped into it."""
    line = image[min(place, image.shape[0] - 1)] if along == "x" else image[:, min(place, image.shape[1] - 1)]
    return np.arange(line.size, dtype=float), np.asarray(line, float)


def scaled(image: np.ndarray, how: str) -> np.ndarray:
    """Return an image as it is ("none"), brought to 0 .. 1 ("minmax"), or to mean 0 and deviation 1 ("standard")."""
    values = np.asarray(image, float)
    finite = values[np.isfinite(values)]
    if how == "none" or not finite.size:
        return values
    low, span = (finite.min(), np.ptp(finite)) if how == "minmax" else (finite.mean(), finite.std())
    return (values - low) / (span or 1.0)
