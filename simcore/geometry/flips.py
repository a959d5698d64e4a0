"""Flips and turns: pixels change places, none is computed anew."""

from __future__ import annotations

import numpy as np

from simcore import kernels
from simcore.errors import RecipeError
from simcore.geometry.base import Augmentation, Frame, Geometry, probability_parameter
from simcore.parameters import Value, parameter
from simcore.properties import Array
from simcore.values import Plan


class FlipLeftRight(Augmentation):
    """Mirror left and right: column x becomes width - 1 - x."""

    probability: Value = probability_parameter(0.5)

    def move_image(self, plan: Plan, image: Array) -> Array:
        kernels.flip_left_right(image, self.happens(plan))
        return image

    def move_points(self, plan: Plan, points: Array, frame: Frame) -> Array:
        return self.where_it_happens(plan, _mirrored(points, -1, frame[1]), points)


class FlipUpDown(Augmentation):
    """Mirror up and down: row y becomes height - 1 - y."""

    probability: Value = probability_parameter(0.5)

    def move_image(self, plan: Plan, image: Array) -> Array:
        kernels.flip_up_down(image, self.happens(plan))
        return image

    def move_points(self, plan: Plan, points: Array, frame: Frame) -> Array:
        return self.where_it_happens(plan, _mirrored(points, -2, frame[0]), points)


class Transpose(Augmentation):
    """Exchange rows and columns of a square image."""

    probability: Value = probability_parameter(0.5)

    def frame_after(self, frame: Frame) -> Frame:
        return _square(self, frame)

    def move_image(self, plan: Plan, image: Array) -> Array:
        kernels.transpose(image, self.happens(plan))
        return image

    def move_points(self, plan: Plan, points: Array, frame: Frame) -> Array:
        return self.where_it_happens(plan, _transposed(points), points)


class QuarterTurn(Geometry):
    """Turn a square image by ``times`` right angles about its centre, from +x towards +y (clockwise on the screen).

    ``QuarterTurn(times=sc.integers(0, 4))`` is a random one of the four.
    """

    times: Value = parameter("number of right angles, from +x towards +y", whole=True)

    def frame_after(self, frame: Frame) -> Frame:
        return _square(self, frame)

    def _turns(self, plan: Plan) -> Array:
        return np.mod(plan.value(self.times), 4).astype(np.int64)

    def move_image(self, plan: Plan, image: Array) -> Array:
        turns = self._turns(plan)
        kernels.transpose(image, turns % 2 == 1)
        kernels.flip_left_right(image, (turns == 1) | (turns == 2))
        kernels.flip_up_down(image, turns >= 2)
        return image

    def move_points(self, plan: Plan, points: Array, frame: Frame) -> Array:
        turns = self._turns(plan).reshape(-1, *(1,) * (points.ndim - 1))
        moved = np.where(turns % 2 == 1, _transposed(points), points)
        moved = np.where((turns == 1) | (turns == 2), _mirrored(moved, -1, frame[1]), moved)
        return np.where(turns >= 2, _mirrored(moved, -2, frame[0]), moved)


def _square(feature: Geometry, frame: Frame) -> Frame:
    if frame[0] != frame[1]:
        raise RecipeError(f"{feature.title()} takes square images; not of {frame[0]} x {frame[1]} pixels")
    return frame


def _mirrored(points: Array, axis: int, size: int) -> Array:
    moved = points.copy()
    moved[..., axis] = size - 1 - moved[..., axis]
    return moved


def _transposed(points: Array) -> Array:
    moved = points.copy()
    moved[..., [-2, -1]] = points[..., [-1, -2]]
    return moved
