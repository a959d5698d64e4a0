"""Movies: frames in time, and what the camera sees while its shutter is open."""

from __future__ import annotations

from simcore.errors import RecipeError
from simcore.features import Applied, Feature, Flow
from simcore.parameters import Value, option, parameter, whole_number
from simcore.properties import Array
from simcore.rows import FRAME, PART, STILL
from simcore.values import Plan

__all__ = ["MotionBlur", "Movie"]


class Movie(Feature):
    """Frames one after the other: what flows in is rendered once for each, with motion, blinking and fresh noise.

    Draws keep their value in all frames; what moves (`simcore.brownian`, `simcore.step`, ...) and `simcore.each_frame`
    change. Images become (frame, y, x, channel), points (frame, ...). A recipe has one time, so one `Movie`.
    """

    takes = ("image", "points", "field", "table", "boxes")

    frames: int = option("number of frames", read=whole_number(1, 100_000))
    interval: Value = parameter("time from frame to frame", default=1.0, unit="s", above=0)

    def level_of_inputs(self, level: int) -> int:
        if level != STILL:
            raise RecipeError("Movie takes what is rendered frame by frame; a movie of movies cannot be")
        return FRAME

    def after(self, flow: Flow) -> Flow:
        self.refuse(flow)
        kind = "movie" if flow.kind in ("image", "field") else flow.kind
        return Applied(self, flow, kind=kind, shape=(self.frames, *flow.shape), dtype=flow.dtype)

    def apply(self, plan: Plan, data: Array, flow: Applied) -> Array:
        return data.reshape(len(plan), *flow.shape)


class MotionBlur(Feature):
    """The mean of ``parts_of_exposure`` images while the shutter is open, for what moves meanwhile.

    The shutter opens with the frame and stays open for the fraction ``exposure`` of the interval. Comes before the noise. All
    that moves in the recipe then moves from part to part, so with it paths are other ones than without; points and other values
    of a frame are means over its exposure.
    """

    takes = ("image", "field")

    exposure: Value = parameter(
        "fraction of the interval during which the shutter is open", default=1.0, above=0, most=1
    )
    parts_of_exposure: int = option("number of images that are averaged", default=8, read=whole_number(1, 1000))

    def level_of_inputs(self, level: int) -> int:
        if level != FRAME:
            raise RecipeError(
                "MotionBlur works on the frames of a movie; write >> MotionBlur(...) >> ... >> Movie(...)"
            )
        return PART

    def apply(self, plan: Plan, data: Array, flow: Applied) -> Array:
        parts = data.reshape(len(plan), self.parts_of_exposure, *flow.shape)
        total = parts[:, 0].copy()
        for part in range(1, self.parts_of_exposure):
            total += parts[:, part]
        return total / total.dtype.type(self.parts_of_exposure)
