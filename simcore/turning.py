"""Rotation: unit vectors that diffuse over the sphere."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi

import numpy as np

from simcore import kernels
from simcore.paths import Moments, Motion, brownian_bridge, spans
from simcore.properties import Bounds
from simcore.streams import Array


class Orientation(Motion):
    """States are unit vectors. Each frame's turns along a great circle, by a displacement in the plane that touches there."""

    kind = "orientation"
    parameters = ("diffusion",)
    positive = ("diffusion",)
    numbers_per_moment = 3

    def __init__(self, values: Sequence[object], name: str | None) -> None:
        super().__init__(values, (), name)
        self.shape = (2,)

    def full(self, arguments: Sequence[Array], n: int) -> list[Array]:
        return [np.asarray(argument, float).reshape(n, 1) for argument in arguments]

    def path(self, frames: Moments) -> Array:
        turn = self._turns(frames)
        axis = np.empty((*frames.time.shape, 3))
        axis[:, 0] = _unit(frames.noise[:, 0])
        for t in range(1, frames.time.shape[1]):
            across = turn[:, t - 1] * _across(axis[:, t - 1], frames.noise[:, t])
            axis[:, t] = _turned(axis[:, t - 1], across)
        return axis

    def between(self, frames: Moments, parts: Moments) -> Array:
        # In the plane that touches at the frame's axis, displacements are a Brownian bridge to the next frame's.
        axis = self.path(frames)[:, :-1]
        goal = self._turns(frames) * _across(axis, frames.noise[:, 1:])
        diffusion = frames.values["diffusion"][:, :-1, None]
        states, now = np.empty((*parts.time.shape, 3)), np.zeros_like(axis)
        states[:, :, 0] = axis
        for part in range(1, parts.time.shape[2]):
            since, left = (span[..., None] for span in spans(frames, parts, part))
            now = brownian_bridge(now, goal, since, left, diffusion, _across(axis, parts.noise[:, :, part]))
            states[:, :, part] = _turned(axis, now)
        return states

    def _turns(self, frames: Moments) -> Array:
        """Return the standard deviations of the displacements to the next frame, (series, frame, 1)."""
        return np.sqrt(2 * frames.values["diffusion"][:, :-1] * np.diff(frames.time, axis=1))[..., None]

    def shown(self, states: Array, values: dict[str, Array]) -> Array:
        polar = _angle(states[..., 2], np.sqrt(states[..., 0] ** 2 + states[..., 1] ** 2))
        return np.stack([polar, _angle(states[..., 0], states[..., 1])], axis=-1)

    def bounds(self) -> Bounds:
        return -pi, pi


def _across(axis: Array, vector: Array) -> Array:
    """Return the part of vectors that is at right angles to unit vectors."""
    return vector - axis * (vector * axis).sum(-1, keepdims=True)


def _turned(axis: Array, across: Array) -> Array:
    """Return unit vectors after a way ``across`` (rad) along the great circles that begin in its direction."""
    angle = np.sqrt((across**2).sum(-1, keepdims=True))
    ahead = across / np.where(angle > 0, angle, 1)
    cosine, sine = (kernels.elementary(f, angle.ravel()).reshape(angle.shape) for f in ("cos", "sin"))
    return _unit(axis * cosine + ahead * sine)


def _unit(vector: Array) -> Array:
    return vector / np.sqrt((vector**2).sum(-1, keepdims=True))


def _angle(x: Array, y: Array) -> Array:
    """Return the angle of (x, y) from +x, from -pi to pi; the same bytes on every machine, as NumPy's is not."""
    across, along = np.minimum(abs(x), abs(y)), np.maximum(np.maximum(abs(x), abs(y)), 1e-300)
    ratio = across / along
    angle = ratio * (pi / 4 + 0.273 * (1 - ratio))  # to 4e-3, then two steps of Newton
    for _ in range(2):
        sine, cosine = (kernels.elementary(f, angle.ravel()).reshape(angle.shape) for f in ("sin", "cos"))
        angle = angle + (across * cosine - along * sine) / (along * cosine + across * sine)
    angle = np.where(abs(y) > abs(x), pi / 2 - angle, angle)
    angle = np.where(x < 0, pi - angle, angle)
    return np.where(y < 0, -angle, angle)
