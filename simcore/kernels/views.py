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
