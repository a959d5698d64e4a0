"""Flips and turns of images, in place, and windows of them."""

from __future__ import annotations

import numpy as np

from simcore import _core
from simcore.kernels.views import surrounding
from simcore.streams import Array


def flip_left_right(image: Array, happens: Array) -> None:
    """Mirror the images in which it happens, in place."""
    _core.flip_left_right(image, happens)


def flip_up_down(image: Array, happens: Array) -> None:
    """Mirror the images in which it happens, in place."""
    _core.flip_up_down(image, happens)


def transpose(image: Array, happens: Array) -> None:
    """Exchange rows and columns of the square images in which it happens, in place."""
    _core.transpose(image, happens)


def window(image: Array, frame: tuple[int, int], y: Array, x: Array, edge: str, value: Array) -> Array:
    """Return the windows of ``frame`` whose first pixels are (y, x), int64 (example), of the images."""
    out = np.empty((len(image), *frame, image.shape[-1]), image.dtype)
    _core.window(image, out, y, x, edge, surrounding(image, value))
    return out
