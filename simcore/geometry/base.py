"""The bases of all geometry: what changes the frame, and what happens in a share of the examples."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
import numpy as np

from simcore.draws import Uniform
from simcore.errors import RecipeError
from simcore.features import Applied, Feature, Flow
from simcore.parameters import parameter
from simcore.properties import Array, Expression, Property
from simcore.values import Plan

Frame = tuple[int, int]
MOVED = ("points", "boxes")  # kinds of flow that hold places, not pixels


class Geometry(Feature):
    """Base of what moves pixels and points.

    `frame_after` gives the height and width that an image has afterwards; it raises RecipeError if the image does not fit.
    """

    takes: ClassVar[tuple[str, ...]] = ("image", "field", "points", "boxes")

    def refuse(self, flow: Flow) -> None:
        super().refuse(flow)
        if flow.kind not in MOVED and len(flow.shape) != 3:
            raise RecipeError(f"{self.title()} takes images of (y, x, channel); not of shape {flow.shape}")

    def shape_after(self, flow: Flow) -> tuple[int, ...]:
        if flow.kind in MOVED:
            return flow.shape
        return (*self.frame_after((flow.shape[0], flow.shape[1])), *flow.shape[2:])

    def apply(self, plan: Plan, data: Array, flow: Applied) -> Array:
        source = flow.inputs[0]
        if flow.kind == "points":
            return self.move_points(plan, data, plan.frame(source.key))
        if flow.kind == "boxes":
            corners = self.move_points(plan, corners_of(data), plan.frame(source.key))
            return np.concatenate([corners.min(axis=-2) + 0.5, corners.max(axis=-2) + 0.5], axis=-1).astype(data.dtype)
        return self.move_image(plan, data)

    def move_image(self, plan: Plan, image: Array) -> Array:
        """Return the images (example, y, x, channel) with their pixels moved; ``image`` may be overwritten."""
        raise NotImplementedError

    def move_points(self, plan: Plan, points: Array, frame: Frame) -> Array:
        """Return points (example, ..., [z,] y, x) moved as the pixels of an image of ``frame`` are."""
        raise NotImplementedError


def corners_of(boxes: Array) -> Array:
    """Return the four corners (..., 4, 2) of boxes (..., y0, x0, y1, x1) that hold the pixels from y0, x0 up to y1, x1."""
    low, high = boxes[..., :2] - 0.5, boxes[..., 2:] - 0.5
    pairs = [(low, low), (low, high), (high, low), (high, high)]
    return np.stack([np.stack([y[..., 0], x[..., 1]], axis=-1) for y, x in pairs], axis=-2)


def probability_parameter(default: float) -> Any:
    return parameter("share of the examples in which it happens", default=default, least=0, most=1)


class Augmentation(Geometry):
    """Base of geometry that happens in a share of the examples and leaves the frame as it is.

    A subclass declares that share, ``probability``, where it belongs among its parameters.
    """

    drawn: ClassVar[tuple[str, ...]] = ("applied",)
    applied: Property = attrs.field(init=False, repr=False)

    def hidden(self) -> dict[str, Property]:
        declared: Any = self
        return {"applied": Expression("less", Uniform((0, 1)), declared.probability)}

    def happens(self, plan: Plan) -> Array:
        """Return in which examples it happens, bool (example)."""
        return np.ascontiguousarray(plan.value(self.applied))

    def where_it_happens(self, plan: Plan, moved: Array, points: Array) -> Array:
        """Return the moved points of the examples in which it happens, those given of the others."""
        happens = plan.value(self.applied).reshape(-1, *(1,) * (points.ndim - 1))
        return np.where(happens, moved, points).astype(points.dtype)
