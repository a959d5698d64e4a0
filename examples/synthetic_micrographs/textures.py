"""How far two sets of textures are apart: by their power spectra and their histograms."""

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
BINS = 16


def statistics(images: Array) -> Array:
    """Of each image (y, x) in -1 .. 1: logarithm of its power in rings of spatial frequency, then shares of its grey levels."""
    size = images.shape[1]
    fy, fx = np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)
    ring = np.minimum((np.hypot(fy, fx) * 2 * BINS).astype(int), BINS - 1).ravel()
    power = abs(np.fft.rfft2(images - images.mean(axis=(1, 2), keepdims=True))) ** 2
    rings = np.stack([np.bincount(ring, one.ravel(), BINS) / np.bincount(ring, minlength=BINS) for one in power])
    grey = np.stack([np.histogram(one, BINS, (-1, 1))[0] / one.size for one in images])
    return np.concatenate([np.log(rings + 1e-9), grey], axis=1)


def distance(measured: Array, others: Array) -> float:
    """Fréchet distance of two sets of images, as the FID is of features of a network: each statistic in deviations of the first.

    |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)). Heusel et al., NeurIPS 30 (2017).
    """
    first, second = statistics(measured), statistics(others)
    scale = first.std(axis=0) + 1e-3
    first, second = first / scale, second / scale
    one, two = np.cov(first, rowvar=False), np.cov(second, rowvar=False)
    roots = np.sqrt(np.maximum(np.linalg.eigvals(one @ two).real, 0))  # shares of grey levels sum to 1: one is 0
    return float(((first.mean(axis=0) - second.mean(axis=0)) ** 2).sum() + np.trace(one + two) - 2 * roots.sum())
