"""Blurs, pools, resampling and the angle of a field. Complex images (image, y, x, channel) are taken as two real channels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simcore import _core
from simcore.kernels.views import flat, rows
from simcore.streams import Array


@dataclass(frozen=True)
class AxisWeights:
    """Along one axis output i is the sum over t of ``weight[i, t]`` times input ``first[i] + t``."""

    first: Array  # int64 (output,)
    weight: Array  # float64 (output, tap)


def gaussian_blur(image: Array, sigma: Array) -> Array:
    """Return images blurred by Gaussians of ``sigma`` pixels; edges by reflection."""
    out = np.empty_like(image)
    _core.gaussian_blur(_real(image), _real(out), flat(sigma))
    return out


def mean_blur(image: Array, size: int) -> Array:
    """Return means over size x size pixels; edges by reflection."""
    out = np.empty_like(image)
    _core.mean_blur(_real(image), _real(out), size)
    return out


def median_blur(image: Array, size: int) -> Array:
    """Return medians over size x size pixels of real images; edges by reflection."""
    out = np.empty_like(image)
    _core.median_blur(image, out, size)
    return out


def pool(image: Array, size: int, how: str) -> Array:
    """Return the "mean", "sum", "min" or "max" of blocks of size x size pixels; of complex images mean or sum."""
    images, height, width, channels = image.shape
    out = np.empty((images, height // size, width // size, channels), image.dtype)
    _core.pool(_real(image), _real(out), size, how)
    return out


def resample(image: Array, y: AxisWeights, x: AxisWeights) -> Array:
    """Return images whose rows and columns are weighted sums of those given."""
    out = np.empty((len(image), len(y.first), len(x.first), image.shape[3]), image.dtype)
    _core.resample(_real(image), _real(out), y.first, y.weight, x.first, x.weight)
    return out


def angle(field: Array) -> Array:
    """Return the angle of each complex value, in [-pi, pi], the same bytes on every machine."""
    out = np.empty(field.shape, field.real.dtype)
    _core.angle(rows(field), rows(out))
    return out


def _real(image: Array) -> Array:
    return image.view(image.real.dtype) if image.dtype.kind == "c" else image
