"""Operations on intensities, in place."""

from __future__ import annotations

from simcore import _core
from simcore.kernels.views import flat, rows
from simcore.streams import Array


def normalize_minmax(image: Array, minimum: Array, maximum: Array) -> None:
    """Bring each image to [minimum, maximum], in place."""
    _core.normalize_minmax(rows(image), flat(minimum), flat(maximum))


def normalize_standard(image: Array) -> None:
    """Bring each image to mean 0 and standard deviation 1, in place; a constant one to 0."""
    _core.normalize_standard(rows(image))


def normalize_quantile(image: Array, low: Array, high: Array) -> None:
    """Bring the quantiles ``low`` and ``high`` of each image to 0 and 1, in place; equal ones to 0."""
    _core.normalize_quantile(rows(image), flat(low), flat(high))


def illumination_gradient(image: Array, x: Array, y: Array) -> None:
    """Add a linear gradient to each image (image, y, x, channel), in place."""
    _core.illumination_gradient(image, flat(x), flat(y))
