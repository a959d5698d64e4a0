"""Views that the kernels take: contiguous, of one type; what is already so is not copied."""

from __future__ import annotations

import numpy as np

from simcore.streams import Array


def flat(values: Array) -> Array:
    """Return ``values`` as contiguous float64."""
    return np.ascontiguousarray(values, np.float64)


def rows(image: Array) -> Array:
    """Return a view (image, value): images are C-contiguous."""
    return image.reshape(len(image), -1)


def surrounding(image: Array, value: Array) -> Array:
    """Return the pixels, (example, channel) of the image's type, that lie beyond its edge: 0 for masks and integers."""
    values = np.zeros((len(image), image.shape[-1]), image.dtype)
    if image.dtype.kind in "fc":
        values[:] = value[:, None]
    return values
