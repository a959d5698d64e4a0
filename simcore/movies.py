"""Movies: frames in time, and what the camera sees while its shutter is open."""

from __future__ import annotations

import numpy as np

from simcore.errors import RecipeError
from simcore.features import Applied, Feature, Flow, describe
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

    The shutter opens with the frame and stays open for the fraction ``exposure`` of the interval. Comes before the noise. What
    stands before it sees each part of the exposure, all else the start of the frame. The parts lie on the path that leads from
    frame to frame, so nothing beside it changes. Points and tables take their means too: ``sc.positions(scene) >> blur >> movie``
    gives the mean positions during the exposures, without ``blur`` those when they start.
    """

    takes = ("image", "field", "points", "table")

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

    def refuse(self, flow: Flow) -> None:
        super().refuse(flow)
        if flow.dtype.kind not in "fc":
            raise RecipeError(f"MotionBlur takes real or complex numbers; {describe(flow)} gives {flow.dtype}")

    def apply(self, plan: Plan, data: Array, flow: Applied) -> Array:
        parts = data.reshape(len(plan), self.parts_of_exposure, *flow.shape)
        # Numbers of particles and large coordinates outgrow float32 when they are added up.
        total = parts[:, 0].copy() if flow.kind in ("image", "field") else parts[:, 0].astype(np.float64)
        for part in range(1, self.parts_of_exposure):
            total += parts[:, part]
        return (total / total.dtype.type(self.parts_of_exposure)).astype(data.dtype, copy=False)
