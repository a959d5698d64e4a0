"""Flips and turns of images, in place."""

from __future__ import annotations

from simcore import _core
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
