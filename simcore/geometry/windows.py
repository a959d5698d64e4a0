"""Crops and pads: another window of the same plane. Points move with it; those outside stay, with places outside the frame."""

from __future__ import annotations

from typing import Any

import numpy as np

from simcore import kernels
from simcore.errors import ParameterError, RecipeError
from simcore.geometry.base import Frame, Geometry
from simcore.geometry.interpolation import fill_option, value_parameter
from simcore.parameters import Value, image_shape, option, parameter
from simcore.properties import Array
from simcore.values import Plan


def margin(label: str, value: Any) -> int:
    """Read a number of pixels."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not 0 <= value <= 65536:
        raise ParameterError(f"{label}: {value!r} px; must be a whole number from 0 to 65536")
    return int(value)


def multiples(label: str, value: Any) -> tuple[int, int]:
    """Read one whole number, or one for each of y and x."""
    return image_shape(label, (value, value) if isinstance(value, (int, np.integer)) else value)


def shape_or_none(label: str, value: Any) -> tuple[int, int] | None:
    return None if value is None else image_shape(label, value)


class Window(Geometry):
    """Base of crops and pads. Pixel (y, x) becomes that which was at (y, x) + `corner`."""

    def corner(self, plan: Plan, frame: Frame) -> tuple[Array, Array]:
        """Return y and x, int64 (example), of the new first pixel in an image of ``frame``; by default the centre stays."""
        after = self.frame_after(frame)
        # Of an odd number of pixels the smaller half is before, when cut off and when added: a crop undoes a pad.
        y, x = (_half(old - new) for old, new in zip(frame, after, strict=True))
        return np.full(len(plan), y), np.full(len(plan), x)

    def surroundings(self, plan: Plan) -> tuple[str, Array]:
        """Return what lies beyond the edge, and the values (example) that do if it is constant."""
        return "constant", np.zeros(len(plan))

    def move_image(self, plan: Plan, image: Array) -> Array:
        frame = image.shape[1], image.shape[2]
        y, x = self.corner(plan, frame)
        return kernels.window(image, self.frame_after(frame), y, x, *self.surroundings(plan))

    def move_points(self, plan: Plan, points: Array, frame: Frame) -> Array:
        for axis, first in zip((-2, -1), self.corner(plan, frame), strict=True):
            points[..., axis] -= first.reshape(-1, *(1,) * (points.ndim - 2)).astype(points.dtype)
        return points


class Crop(Window):
    """Cut out ``shape`` = (height, width) pixels, the first of which is (``y``, ``x``); None: in the centre.

    A random crop of 64 x 64 from images of 100 x 100 is ``Crop((64, 64), y=sc.integers(0, 37), x=sc.integers(0, 37))``.
    Points outside are kept: their places are then outside the frame. Raises RecipeError if the image is smaller, or if the
    corner can be seen to reach too far, ParameterError if it does when drawn.
    """

    shape: tuple[int, int] = option("height and width that are cut out, in pixels", read=image_shape)
    y: Value = parameter("row of the first pixel; None: in the centre", default=None, unit="px", least=0,
                         whole=True, optional=True)  # fmt: skip
    x: Value = parameter("column of the first pixel; None: in the centre", default=None, unit="px", least=0,
                         whole=True, optional=True)  # fmt: skip

    def frame_after(self, frame: Frame) -> Frame:
        height, width = self.shape
        if height > frame[0] or width > frame[1]:
            raise RecipeError(f"Crop.shape: {height} x {width} px; the image has {frame[0]} x {frame[1]}")
        for axis, field in enumerate("yx"):
            node, most = getattr(self, field), frame[axis] - self.shape[axis]
            high = 0.0 if node is None else node.bounds()[1]
            if np.isfinite(high) and high > most:
                raise RecipeError(
                    f"Crop.{field}: can be {high:g} px; must be <= {most}, for the image has {frame[axis]}"
                )
        return self.shape

    def corner(self, plan: Plan, frame: Frame) -> tuple[Array, Array]:
        corners = list(super().corner(plan, frame))
        for axis, field in enumerate("yx"):
            node, most = getattr(self, field), frame[axis] - self.shape[axis]
            if node is None:
                continue
            drawn = plan.value(node)
            if (drawn > most).any():
                i = int(np.argmax(drawn > most))
                raise ParameterError(
                    f"Crop.{field}: {drawn[i]:g} px in example {plan.lanes.examples[i]}; must be <= {most}, "
                    f"for the image has {frame[axis]}"
                )
            corners[axis] = np.ascontiguousarray(drawn, np.int64)
        return corners[0], corners[1]


class CropToMultiple(Window):
    """Cut height and width, about the centre, down to multiples of ``multiple``: of one number or one for each of y and x."""

    multiple: tuple[int, int] = option("what height and width become multiples of", read=multiples)

    def frame_after(self, frame: Frame) -> Frame:
        (height, width), (y, x) = frame, self.multiple
        if height < y or width < x:
            raise RecipeError(f"CropToMultiple.multiple: {y} x {x} px; the image has {height} x {width}")
        return height - height % y, width - width % x


class Pad(Window):
    """Add pixels around an image: so many on each side, or as many as bring it to ``shape``, about the centre.

    ``fill`` and ``value`` say what they are; masks and integers are filled with 0.
    """

    top: int = option("rows added above", default=0, read=margin)
    bottom: int = option("rows added below", default=0, read=margin)
    left: int = option("columns added on the left", default=0, read=margin)
    right: int = option("columns added on the right", default=0, read=margin)
    shape: tuple[int, int] | None = option("height and width afterwards, instead of the four", default=None,
                                           read=shape_or_none)  # fmt: skip
    fill: str = fill_option()
    value: Value = value_parameter()

    def check(self) -> None:
        if self.shape is not None and any((self.top, self.bottom, self.left, self.right)):
            raise ParameterError("Pad: give either shape or top, bottom, left, right")

    def frame_after(self, frame: Frame) -> Frame:
        if self.shape is None:
            return frame[0] + self.top + self.bottom, frame[1] + self.left + self.right
        height, width = self.shape
        if height < frame[0] or width < frame[1]:
            raise RecipeError(f"Pad.shape: {height} x {width} px; the image has {frame[0]} x {frame[1]}")
        return self.shape

    def corner(self, plan: Plan, frame: Frame) -> tuple[Array, Array]:
        if self.shape is not None:
            return super().corner(plan, frame)
        return np.full(len(plan), -self.top), np.full(len(plan), -self.left)

    def surroundings(self, plan: Plan) -> tuple[str, Array]:
        return self.fill, plan.value(self.value)


class PadToMultiple(Window):
    """Add pixels, about the centre, until height and width are multiples of ``multiple``: see `CropToMultiple` and `Pad`."""

    multiple: tuple[int, int] = option("what height and width become multiples of", read=multiples)
    fill: str = fill_option()
    value: Value = value_parameter()

    def frame_after(self, frame: Frame) -> Frame:
        (height, width), (y, x) = frame, self.multiple
        return -(-height // y) * y, -(-width // x) * x

    def surroundings(self, plan: Plan) -> tuple[str, Array]:
        return self.fill, plan.value(self.value)


def _half(difference: int) -> int:
    return difference // 2 if difference > 0 else -(-difference // 2)
