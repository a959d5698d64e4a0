"""Warps of images and points, in place, and the displacement of the elastic one."""

from __future__ import annotations

import numpy as np

from simcore import _core
from simcore.kernels.views import flat, surrounding
from simcore.streams import Array, Stream


def warp_affine(image: Array, matrix: Array, happens: Array, order: int, edge: str, value: Array) -> None:
    """Take each pixel (y, x) of the images in which it happens from matrix (y, x, 1); matrix (example, 2, 3), y first."""
    pixels, values, order = _numbers(image, value, order)
    _core.warp_affine(pixels, flat(matrix), happens, order, edge, values)


def warp_displaced(image: Array, displacement: Array, happens: Array, order: int, edge: str, value: Array) -> None:
    """Take each pixel of the images in which it happens from its place + displacement, float32 (example, 2, y, x)."""
    pixels, values, order = _numbers(image, value, order)
    _core.warp_displaced(pixels, displacement, happens, order, edge, values)


def move_displaced(points: Array, displacement: Array, happens: Array) -> None:
    """Move points, float64 (example, point, 2), as `warp_displaced` moves what lies at them."""
    _core.move_displaced(points, displacement, happens)


def elastic_displacement(frame: tuple[int, int], alpha: Array, sigma: Array, happens: Array, stream: Stream) -> Array:
    """Return alpha times filtered uniform noise, float32 (example, 2, y, x); zero where it does not happen."""
    out = np.empty((len(happens), 2, *frame), np.float32)
    _core.elastic_displacement(out, happens, flat(alpha), flat(sigma), stream.key, stream.counter)
    return out


def _numbers(image: Array, value: Array, order: int) -> tuple[Array, Array, int]:
    """Return views of real or unsigned numbers: the parts of a complex number are channels, for the kernels are linear."""
    values = surrounding(image, value)
    if image.dtype.kind == "c":
        part = image.real.dtype
        return image.view(part), values.view(part), order
    if image.dtype.kind in "biu":
        plain = np.dtype(f"u{image.dtype.itemsize}")
        return image.view(plain), values.view(plain), 0
    return image, values, order
