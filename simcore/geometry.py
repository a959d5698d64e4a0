"""Flips and turns, of images and of points alike: one feature applied to both is one draw."""

from __future__ import annotations

from typing import ClassVar

import attrs
import numpy as np

from simcore import kernels
from simcore.draws import Uniform
from simcore.errors import RecipeError
from simcore.features import Applied, Feature, Flow
from simcore.parameters import Value, parameter
from simcore.properties import Array, Expression, Property
from simcore.values import Plan


class Geometry(Feature):
    """Base of what moves pixels and points; it happens in a share ``probability`` of the examples."""

    takes: ClassVar[tuple[str, ...]] = ("image", "points")
    drawn: ClassVar[tuple[str, ...]] = ("applied",)
    probability: Value = parameter("share of the examples in which it happens", default=0.5, least=0, most=1)
    applied: Property = attrs.field(init=False, repr=False)

    def hidden(self) -> dict[str, Property]:
        return {"applied": Expression("less", Uniform((0, 1)), self.probability)}

    def refuse(self, flow: Flow) -> None:
        super().refuse(flow)
        if flow.kind == "image" and len(flow.shape) != 3:
            raise RecipeError(f"{self.title()} takes images of (y, x, channel); not of shape {flow.shape}")

    def apply(self, plan: Plan, data: Array, flow: Applied) -> Array:
        happens = plan.value(self.applied)
        if flow.kind == "image":
            self.move_image(data, happens)
            return data
        moved = self.move_points(data.copy(), plan.frame(flow.key))
        return np.where(happens.reshape(-1, *(1,) * (data.ndim - 1)), moved, data)

    def move_image(self, image: Array, happens: Array) -> None:
        """Move the pixels of (example, y, x, channel) in place, where it happens."""
        raise NotImplementedError

    def move_points(self, points: Array, frame: tuple[int, int]) -> Array:
        """Return points (..., [z,] y, x) moved as the pixels of an image of ``frame`` (height, width) are."""
        raise NotImplementedError


class FlipLeftRight(Geometry):
    """Mirror left and right: column x becomes width - 1 - x."""

    def move_image(self, image: Array, happens: Array) -> None:
        kernels.flip_left_right(image, happens)

    def move_points(self, points: Array, frame: tuple[int, int]) -> Array:
        points[..., -1] = frame[1] - 1 - points[..., -1]
        return points


class FlipUpDown(Geometry):
    """Mirror up and down: row y becomes height - 1 - y."""

    def move_image(self, image: Array, happens: Array) -> None:
        kernels.flip_up_down(image, happens)

    def move_points(self, points: Array, frame: tuple[int, int]) -> Array:
        points[..., -2] = frame[0] - 1 - points[..., -2]
        return points


class Transpose(Geometry):
    """Exchange rows and columns of a square image."""

    def refuse(self, flow: Flow) -> None:
        super().refuse(flow)
        if flow.kind == "image" and flow.shape[0] != flow.shape[1]:
            raise RecipeError(f"Transpose takes square images; not of {flow.shape[0]} x {flow.shape[1]} pixels")

    def move_image(self, image: Array, happens: Array) -> None:
        kernels.transpose(image, happens)

    def move_points(self, points: Array, frame: tuple[int, int]) -> Array:
        points[..., [-2, -1]] = points[..., [-1, -2]]
        return points
