"""What changes with time in a movie: motion, rotation, blinking. Properties whose value at a moment follows from the one before.

Each moment has a random number of its own, from (seed, name, example, copy, frame), so a movie's first frames stay the same
when it becomes longer. Diffusion coefficients are in um^2/s; positions in the image plane are pixels, so motion along x and
y takes the ``pixel_size`` (um) too; along z, and for angles, it is 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import pi

import numpy as np

from simcore import kernels
from simcore.draws import Draw, Number, exponential
from simcore.properties import Bounds, Property, time, where
from simcore.streams import Array, Lanes

__all__ = ["blinking", "brownian", "confined", "directed", "fractional_brownian", "orientation", "trapped"]

SERIES = 64  # series of correlated noise that are made at once


class Motion(Draw):
    """Base: ``path`` makes the series of values from those of the parameters, all (series, moment)."""

    kind = "motion"
    clocked = True
    noise = "normal"
    numbers_per_moment = 1

    def evaluate(self, lanes: Lanes, arguments: Sequence[Array], name: str) -> Array:
        clock = lanes.clock
        assert clock is not None
        self.refuse_negative(dict(zip(self.parameters, arguments, strict=True)), name)
        shape = (len(lanes), self.numbers_per_moment)
        noise = self.floats(self.noise, lanes, name, np.zeros(shape), np.ones(shape))
        grids = [value[:, 0][clock.rows] for value in self.full(arguments, len(lanes))]
        path = self.path(clock.time[clock.rows], grids, noise[clock.rows])
        values = np.empty((len(lanes), *path.shape[2:]))
        values[clock.rows] = path
        return values

    def path(self, moments: Array, values: list[Array], noise: Array) -> Array:
        raise NotImplementedError

    def bounds(self) -> Bounds:
        return -np.inf, np.inf


def _walk(moments: Array, diffusion: Array, noise: Array) -> Array:
    """Return free Brownian paths that begin at 0, in micrometres."""
    steps = np.sqrt(2 * diffusion[:, 1:] * np.diff(moments, axis=1)) * noise[:, 1:, 0]
    path = np.zeros_like(moments)
    np.cumsum(steps, axis=1, out=path[:, 1:])
    return path


class Brownian(Motion):
    kind = "brownian"
    parameters = ("start", "diffusion", "pixel_size")
    positive = ("diffusion", "pixel_size")

    def path(self, moments: Array, values: list[Array], noise: Array) -> Array:
        start, diffusion, pixel_size = values
        return start[:, :1] + _walk(moments, diffusion, noise) / pixel_size


class Directed(Motion):
    kind = "directed"
    parameters = ("start", "velocity", "diffusion", "pixel_size")
    positive = ("diffusion", "pixel_size")

    def path(self, moments: Array, values: list[Array], noise: Array) -> Array:
        start, velocity, diffusion, pixel_size = values
        drift = np.zeros_like(moments)
        np.cumsum(velocity[:, 1:] * np.diff(moments, axis=1), axis=1, out=drift[:, 1:])
        return start[:, :1] + (drift + _walk(moments, diffusion, noise)) / pixel_size


class Confined(Motion):
    kind = "confined"
    parameters = ("start", "diffusion", "low", "high", "pixel_size")
    positive = ("diffusion", "pixel_size")

    def path(self, moments: Array, values: list[Array], noise: Array) -> Array:
        start, diffusion, low, high, pixel_size = values
        width = high - low
        # A free path folded at the walls is exactly a reflected one (method of images).
        free = start[:, :1] + _walk(moments, diffusion, noise) / pixel_size - low
        folded = np.remainder(free, 2 * width)
        return low + np.where(folded > width, 2 * width - folded, folded)

    def bounds(self) -> Bounds:
        return self.inputs[2].bounds()[0], self.inputs[3].bounds()[1]


class Trapped(Motion):
    kind = "trapped"
    parameters = ("center", "diffusion", "relaxation_time", "pixel_size")
    positive = ("diffusion", "relaxation_time", "pixel_size")

    def path(self, moments: Array, values: list[Array], noise: Array) -> Array:
        center, diffusion, relaxation, pixel_size = values
        width = np.sqrt(diffusion * relaxation) / pixel_size
        ratio = np.diff(moments, axis=1) / relaxation[:, 1:]
        left = kernels.elementary("exp", -ratio)
        spread = np.sqrt(1 - left * left)
        offset = np.empty_like(moments)
        offset[:, 0] = noise[:, 0, 0]
        for t in range(1, moments.shape[1]):
            offset[:, t] = offset[:, t - 1] * left[:, t - 1] + spread[:, t - 1] * noise[:, t, 0]
        return center + width * offset


class FractionalBrownian(Motion):
    kind = "fractional_brownian"
    parameters = ("start", "diffusion", "hurst", "pixel_size")
    positive = ("diffusion", "hurst", "pixel_size")

    def path(self, moments: Array, values: list[Array], noise: Array) -> Array:
        start, diffusion, hurst, pixel_size = values
        path = np.zeros_like(moments)
        for first in range(0, len(moments), SERIES):
            part = slice(first, first + SERIES)
            root = _cholesky(_covariance(moments[part, 1:], 2 * hurst[part, :1]))
            path[part, 1:] = (root * noise[part, None, 1:, 0]).sum(axis=2)
        return start[:, :1] + np.sqrt(2 * diffusion[:, :1]) * path / pixel_size


def _covariance(t: Array, exponent: Array) -> Array:
    """Return (t^2H + s^2H - |t - s|^2H) / 2, (series, moment, moment)."""

    def power(value: Array, of: Array) -> Array:
        safe = np.where(value > 0, value, 1.0)
        return np.where(value > 0, kernels.elementary("exp", of * kernels.elementary("log", safe)), 0.0)

    own = power(t, exponent)
    apart = power(np.abs(t[:, :, None] - t[:, None, :]), exponent[:, :, None])
    return 0.5 * (own[:, :, None] + own[:, None, :] - apart)


def _cholesky(matrix: Array) -> Array:
    """Return the lower roots of matrices; not LAPACK's, which differ from machine to machine."""
    root = np.zeros_like(matrix)
    for j in range(matrix.shape[1]):
        column = matrix[:, j:, j] - (root[:, j:, :j] * root[:, j : j + 1, :j]).sum(axis=2)
        root[:, j:, j] = column / np.sqrt(np.maximum(column[:, :1], 1e-300))
    return root


class Blinking(Motion):
    kind = "blinking"
    parameters = ("on_time", "off_time")
    positive = ("on_time", "off_time")
    noise = "uniform"

    def path(self, moments: Array, values: list[Array], noise: Array) -> Array:
        on_time, off_time = values
        share = on_time / (on_time + off_time)
        rate = 1 / on_time + 1 / off_time
        left = kernels.elementary("exp", -rate[:, 1:] * np.diff(moments, axis=1))
        state = np.empty_like(moments)
        state[:, 0] = noise[:, 0, 0] < share[:, 0]
        for t in range(1, moments.shape[1]):
            expected = share[:, t] + (state[:, t - 1] - share[:, t]) * left[:, t - 1]
            state[:, t] = noise[:, t, 0] < expected
        return state

    def bounds(self) -> Bounds:
        return 0.0, 1.0


class Orientation(Motion):
    kind = "orientation"
    parameters = ("diffusion",)
    positive = ("diffusion",)
    numbers_per_moment = 3

    def __init__(self, values: Sequence[object], name: str | None) -> None:
        super().__init__(values, (), name)
        self.shape = (2,)

    def full(self, arguments: Sequence[Array], n: int) -> list[Array]:
        return [np.asarray(argument, float).reshape(n, 1) for argument in arguments]

    def path(self, moments: Array, values: list[Array], noise: Array) -> Array:
        turn = np.sqrt(2 * values[0][:, 1:] * np.diff(moments, axis=1))
        axis = np.empty((*moments.shape, 3))
        axis[:, 0] = _unit(noise[:, 0])
        for t in range(1, moments.shape[1]):
            before, kick = axis[:, t - 1], noise[:, t]
            across = turn[:, t - 1, None] * (kick - before * (kick * before).sum(1, keepdims=True))
            angle = np.sqrt((across**2).sum(1, keepdims=True))
            ahead = across / np.where(angle > 0, angle, 1)
            cosine, sine = (kernels.elementary(f, angle.ravel()).reshape(-1, 1) for f in ("cos", "sin"))
            axis[:, t] = _unit(before * cosine + ahead * sine)
        polar = _angle(axis[..., 2], np.sqrt(axis[..., 0] ** 2 + axis[..., 1] ** 2))
        return np.stack([polar, _angle(axis[..., 0], axis[..., 1])], axis=-1)

    def bounds(self) -> Bounds:
        return -pi, pi


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


def brownian(start: Number, diffusion: Number, pixel_size: Number = 1.0, name: str | None = None) -> Property:
    """Move by free diffusion from ``start``: mean squared displacement 2 D t along each axis."""
    return Brownian((start, diffusion, pixel_size), (), name)


def directed(
    start: Number, velocity: Number, diffusion: Number = 0.0, pixel_size: Number = 1.0, name: str | None = None
) -> Property:
    """Move with ``velocity`` (um/s) and free diffusion from ``start``."""
    return Directed((start, velocity, diffusion, pixel_size), (), name)


def confined(
    start: Number, diffusion: Number, low: Number, high: Number, pixel_size: Number = 1.0, name: str | None = None
) -> Property:
    """Move by diffusion between reflecting walls at ``low`` and ``high``, in the unit of ``start``."""
    return Confined((start, diffusion, low, high, pixel_size), (), name)


def trapped(
    center: Number, diffusion: Number, relaxation_time: Number, pixel_size: Number = 1.0, name: str | None = None
) -> Property:
    """Move in a harmonic trap (Ornstein-Uhlenbeck), in equilibrium from the start: variance D relaxation_time (um^2)."""
    return Trapped((center, diffusion, relaxation_time, pixel_size), (), name)


def fractional_brownian(
    start: Number, diffusion: Number, hurst: Number, pixel_size: Number = 1.0, name: str | None = None
) -> Property:
    """Move by fractional Brownian motion (Mandelbrot & van Ness 1968): mean squared displacement 2 D t^(2 hurst)."""
    return FractionalBrownian((start, diffusion, hurst, pixel_size), (), name)


def orientation(diffusion: Number, name: str | None = None) -> Property:
    """Turn by rotational diffusion (rad^2/s) from a random orientation: (polar, azimuth). Frames closer than 1 / diffusion."""
    return Orientation((diffusion,), name)


def blinking(on_time: Number, off_time: Number, name: str | None = None) -> Property:
    """Be 1 (on) or 0 (off), with exponential times of those means (s), in equilibrium from the start."""
    return Blinking((on_time, off_time), (), name)


def bleaching(lifetime: Number, name: str | None = None) -> Property:
    """Be 1 until a moment with an exponential distribution of mean ``lifetime`` (s), 0 from then on."""
    return where(time < exponential(lifetime, name=name), 1.0, 0.0)
