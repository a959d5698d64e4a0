"""Paths: how what moves gets its values, first when frames start, then between them while the shutter is open.

Frames come first, as they are without blur, so blur changes no frame; then the parts of each exposure, given the frame that
it starts with and the one after, so that all lie on one path. A parameter that changes with time acts on the way to the next
frame with the value that it has when the frame starts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from simcore.draws import Draw
from simcore.properties import Bounds
from simcore.streams import Array, Clock, Lanes


class Moments(NamedTuple):
    """What states follow from: of each moment its time, the parameters' values and its random numbers.

    Of frames (series, frame), of the parts of their exposures (series, frame, part), of the numbers (..., number).
    """

    time: Array
    values: dict[str, Array]
    noise: Array


class Motion(Draw):
    """Base: ``path`` gives the states of frames, ``bridge`` those between them, ``shown`` makes values of states."""

    kind = "motion"
    clocked = True
    noise = "normal"
    numbers_per_moment = 1

    def evaluate(self, lanes: Lanes, arguments: Sequence[Array], name: str) -> Array:
        clock = lanes.clock
        assert clock is not None
        full = dict(zip(self.parameters, self.full(arguments, len(lanes)), strict=True))
        self.refuse_negative(full, name)
        values = {label: value[:, 0][clock.rows] for label, value in full.items()}
        parts = Moments(clock.time[clock.rows], values, self.draw_noise(lanes, name)[clock.rows])
        shown = self.shown(self.states(clock, parts, name), values)
        out = np.empty((len(lanes), *shown.shape[3:]))
        out[clock.rows] = shown
        return out

    def draw_noise(self, lanes: Lanes, name: str) -> Array:
        """Return the random numbers of each lane, (lane, number)."""
        shape = (len(lanes), self.numbers_per_moment)
        return self.floats(self.noise, lanes, name, np.zeros(shape), np.ones(shape))

    def states(self, clock: Clock, parts: Moments, name: str) -> Array:
        """Return the states (series, frame, part, ...)."""
        values = {label: value[:, :, 0] for label, value in parts.values.items()}
        frames = Moments(parts.time[:, :, 0], values, parts.noise[:, :, 0])
        if clock.after is None:
            return self.path(frames)[:, :, None]
        # One frame more, to which the last exposure leads; no path depends on the parameters at its end.
        noise = self.draw_noise(clock.after, name)
        longer = {label: np.concatenate([value, value[:, -1:]], axis=1) for label, value in values.items()}
        moments = np.concatenate([frames.time, clock.end[:, None]], axis=1)
        return self.between(Moments(moments, longer, np.concatenate([frames.noise, noise[:, None]], axis=1)), parts)

    def path(self, frames: Moments) -> Array:
        """Return the states (series, frame, ...) of frames."""
        raise NotImplementedError

    def between(self, frames: Moments, parts: Moments) -> Array:
        """Return the states (series, frame, part, ...) of parts, given all frames and the one after them."""
        path = self.path(frames)
        values = {label: value[:, :-1] for label, value in frames.values.items()}
        states = np.empty((*parts.time.shape, *path.shape[2:]))
        states[:, :, 0] = path[:, :-1]
        for part in range(1, parts.time.shape[2]):
            since, left = spans(frames, parts, part)
            states[:, :, part] = self.bridge(
                states[:, :, part - 1], path[:, 1:], since, left, values, parts.noise[:, :, part]
            )
        return states

    def bridge(
        self, before: Array, after: Array, since: Array, left: Array, values: dict[str, Array], noise: Array
    ) -> Array:
        """Return states given those ``since`` seconds before and those ``left`` seconds later, (series, frame, ...)."""
        raise NotImplementedError

    def shown(self, states: Array, values: dict[str, Array]) -> Array:
        """Return the values of states, (series, frame, part, ...)."""
        return states

    def bounds(self) -> Bounds:
        return -np.inf, np.inf


def spans(frames: Moments, parts: Moments, part: int) -> tuple[Array, Array]:
    """Return the time since the part before, and that left until the next frame: (series, frame)."""
    now = parts.time[:, :, part]
    return now - parts.time[:, :, part - 1], frames.time[:, 1:] - now


def brownian_bridge(before: Array, after: Array, since: Array, left: Array, diffusion: Array, noise: Array) -> Array:
    """Return positions (um) of a Brownian bridge; a constant drift does not change it, nor a reflection made afterwards."""
    share = since / (since + left)
    return before + share * (after - before) + np.sqrt(2 * diffusion * share * left) * noise
