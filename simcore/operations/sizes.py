"""Operations that change how many pixels an image has: pools and resizing. Points follow."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from math import ceil, floor
from typing import ClassVar

import numpy as np

from simcore import kernels
from simcore.errors import RecipeError
from simcore.features import Applied, Flow
from simcore.operations.base import Operation, floating, whole
from simcore.parameters import image_shape, one_of, option
from simcore.properties import Array
from simcore.values import Plan


class Rescaling(Operation):
    """Base of what gives images another size: row y goes to (y + 1/2) s - 1/2, s = new height / old height; columns alike."""

    takes: ClassVar[tuple[str, ...]] = ("image", "field", "points")

    def frame_after(self, frame: tuple[int, int]) -> tuple[int, int]:
        """Return (height, width) of what becomes of an image of ``frame``."""
        raise NotImplementedError

    def image_after(self, plan: Plan, data: Array, flow: Applied) -> Array:
        """Return what becomes of the images or fields ``data``."""
        raise NotImplementedError

    def shape_after(self, flow: Flow) -> tuple[int, ...]:
        return (
            flow.shape if flow.kind == "points" else (*self.frame_after((flow.shape[0], flow.shape[1])), flow.shape[2])
        )

    def apply(self, plan: Plan, data: Array, flow: Applied) -> Array:
        if flow.kind != "points":
            return self.image_after(plan, data, flow)
        before = plan.frame(flow.inputs[0].key)
        after = self.frame_after(before)
        for axis, (old, new) in zip((-2, -1), zip(before, after, strict=True), strict=True):
            data[..., axis] = (data[..., axis].astype(np.float64) + 0.5) * (new / old) - 0.5
        return data


class Pool(Rescaling):
    """Base of the pools: blocks of ``size`` x ``size`` pixels become one. Height and width must be multiples of size."""

    how: ClassVar[str]
    size: int = option("width of the blocks in pixels", read=whole(1, 65536))

    def frame_after(self, frame: tuple[int, int]) -> tuple[int, int]:
        if frame[0] % self.size or frame[1] % self.size:
            raise RecipeError(
                f"{self.title()} of size {self.size} takes images whose height and width are multiples of {self.size}; "
                f"not of {frame[0]} x {frame[1]} pixels: crop or pad first"
            )
        return frame[0] // self.size, frame[1] // self.size

    def dtype_after(self, flow: Flow) -> np.dtype:
        return flow.dtype if self.how in ("min", "max") else super().dtype_after(flow)

    def image_after(self, plan: Plan, data: Array, flow: Applied) -> Array:
        kept = self.how in ("min", "max") and data.dtype.kind != "f"
        values = np.ascontiguousarray(data, np.float64) if kept else floating(data)
        return kernels.pool(values, self.size, self.how).astype(flow.dtype, copy=False)


class MeanPool(Pool):
    """The mean of each block of ``size`` x ``size`` pixels, which must divide height and width."""

    how: ClassVar[str] = "mean"


class SumPool(Pool):
    """The sum over each block of ``size`` x ``size`` pixels, which must divide height and width: binning of photons."""

    how: ClassVar[str] = "sum"


class MaxPool(Pool):
    """The largest value of each block of ``size`` x ``size`` pixels, which must divide height and width."""

    takes: ClassVar[tuple[str, ...]] = ("image", "points")
    how: ClassVar[str] = "max"


class MinPool(Pool):
    """The smallest value of each block of ``size`` x ``size`` pixels, which must divide height and width."""

    takes: ClassVar[tuple[str, ...]] = ("image", "points")
    how: ClassVar[str] = "min"


class Resize(Rescaling):
    """Images of another size; the image's outer edges stay its edges.

    An axis that shrinks takes means over the area that each new pixel covers, so sums are kept up to the scale; an axis that
    grows interpolates, "linear" or "cubic" (Keys, IEEE Trans. ASSP 29, 1153 (1981), a = -1/2), with the outermost pixels
    repeated beyond the edges. "nearest" takes the pixel in which the new one's centre lies, both ways, and keeps the type of
    masks and labels.
    """

    shape: tuple[int, int] = option("new height and width in pixels", read=image_shape)
    interpolation: str = option('"nearest", "linear" or "cubic"', default="linear",
                                read=one_of("nearest", "linear", "cubic"))  # fmt: skip

    def frame_after(self, frame: tuple[int, int]) -> tuple[int, int]:
        return self.shape

    def dtype_after(self, flow: Flow) -> np.dtype:
        return flow.dtype if self.interpolation == "nearest" else super().dtype_after(flow)

    def image_after(self, plan: Plan, data: Array, flow: Applied) -> Array:
        old = data.shape[1:3]
        if self.interpolation == "nearest":
            rows, columns = (nearest(before, after) for before, after in zip(old, self.shape, strict=True))
            return np.ascontiguousarray(data[:, rows[:, None], columns])
        y, x = (axis_weights(before, after, self.interpolation) for before, after in zip(old, self.shape, strict=True))
        return kernels.resample(floating(data), y, x)


def nearest(old: int, new: int) -> Array:
    """Return the pixel in which the centre of each new one lies."""
    return (2 * np.arange(new) + 1) * old // (2 * new)


@cache
def axis_weights(old: int, new: int, interpolation: str) -> kernels.AxisWeights:
    """Return the weights that bring an axis of ``old`` pixels to ``new``."""
    if new < old:
        rows = [_areas(i, Fraction(old, new)) for i in range(new)]
    else:
        rows = [_interpolated(i, Fraction(old, new), old, interpolation) for i in range(new)]
    taps = max(len(row) for row in rows)
    first = np.array([min(*row, old - taps) for row in rows], np.int64)
    weight = np.zeros((new, taps))
    for i, row in enumerate(rows):
        for pixel, share in row.items():
            weight[i, pixel - first[i]] = float(share)
    return kernels.AxisWeights(first, weight)


def _areas(i: int, width: Fraction) -> dict[int, Fraction]:
    """Return the share of each old pixel in new pixel i, which is ``width`` old ones wide."""
    start, stop = i * width, (i + 1) * width
    shares: dict[int, Fraction] = {}
    for pixel in range(floor(start), ceil(stop)):
        shares[pixel] = (min(Fraction(pixel + 1), stop) - max(Fraction(pixel), start)) / width
    return shares


def _interpolated(i: int, width: Fraction, old: int, interpolation: str) -> dict[int, Fraction]:
    position = (i + Fraction(1, 2)) * width - Fraction(1, 2)
    reach = 1 if interpolation == "linear" else 2
    shares: dict[int, Fraction] = {}
    for pixel in range(floor(position) - reach + 1, floor(position) + reach + 1):
        share = _linear(abs(position - pixel)) if reach == 1 else _cubic(abs(position - pixel))
        inside = min(max(pixel, 0), old - 1)
        shares[inside] = shares.get(inside, Fraction(0)) + share
    return shares


def _linear(t: Fraction) -> Fraction:
    return max(1 - t, Fraction(0))


def _cubic(t: Fraction) -> Fraction:
    if t <= 1:
        return Fraction(3, 2) * t**3 - Fraction(5, 2) * t**2 + 1
    return -Fraction(1, 2) * t**3 + Fraction(5, 2) * t**2 - 4 * t + 2 if t < 2 else Fraction(0)
