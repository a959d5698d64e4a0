"""What changes with time in a movie: motion, rotation, blinking. Properties whose value at a moment follows from the one before.

Each moment has a random number of its own, from (seed, name, example, copy, frame), so a movie's first frames stay the same
when it becomes longer, and those of a blurred one too (but see `fractional_brownian`). ``paths.py`` says how blur fits in.
Diffusion coefficients are in um^2/s; positions in the image plane are pixels, so motion along x and y takes the
``pixel_size`` (um) too; along z, and for angles, it is 1.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from simcore import kernels
from simcore.draws import Number, exponential
from simcore.errors import ParameterError
from simcore.paths import Moments, Motion, brownian_bridge
from simcore.properties import Bounds, Property, time, where
from simcore.streams import Array
from simcore.turning import Orientation

__all__ = ["blinking", "brownian", "confined", "directed", "fractional_brownian", "orientation", "trapped"]

COVARIANCES = 1 << 20  # of correlated noise that are made at once


class Brownian(Motion):
    """States are displacements in micrometres."""

    kind = "brownian"
    parameters: tuple[str, ...] = ("start", "diffusion", "pixel_size")
    positive = ("diffusion", "pixel_size")

    def path(self, frames: Moments) -> Array:
        path = np.zeros_like(frames.time)
        steps = np.sqrt(2 * frames.values["diffusion"][:, :-1] * np.diff(frames.time, axis=1)) * frames.noise[:, 1:, 0]
        np.cumsum(steps, axis=1, out=path[:, 1:])
        return path

    def bridge(
        self, before: Array, after: Array, since: Array, left: Array, values: dict[str, Array], noise: Array
    ) -> Array:
        return brownian_bridge(before, after, since, left, values["diffusion"], noise[..., 0])

    def shown(self, states: Array, values: dict[str, Array]) -> Array:
        return values["start"][:, :1, :1] + states / values["pixel_size"]


class Directed(Brownian):
    kind = "directed"
    parameters = ("start", "velocity", "diffusion", "pixel_size")

    def path(self, frames: Moments) -> Array:
        drift = np.zeros_like(frames.time)
        np.cumsum(frames.values["velocity"][:, :-1] * np.diff(frames.time, axis=1), axis=1, out=drift[:, 1:])
        return drift + super().path(frames)


class Confined(Brownian):
    kind = "confined"
    parameters = ("start", "diffusion", "low", "high", "pixel_size")

    def shown(self, states: Array, values: dict[str, Array]) -> Array:
        low, width = values["low"], values["high"] - values["low"]
        # A free path folded at the walls is exactly a reflected one (method of images).
        folded = np.remainder(super().shown(states, values) - low, 2 * width)
        return low + np.where(folded > width, 2 * width - folded, folded)

    def bounds(self) -> Bounds:
        return self.inputs[2].bounds()[0], self.inputs[3].bounds()[1]


class Trapped(Motion):
    """States are displacements from the centre in units of their standard deviation."""

    kind = "trapped"
    parameters = ("center", "diffusion", "relaxation_time", "pixel_size")
    positive = ("diffusion", "relaxation_time", "pixel_size")

    def path(self, frames: Moments) -> Array:
        ratio = np.diff(frames.time, axis=1) / frames.values["relaxation_time"][:, :-1]
        left = kernels.elementary("exp", -ratio)
        spread = np.sqrt(1 - left * left)
        offset = np.empty_like(frames.time)
        offset[:, 0] = frames.noise[:, 0, 0]
        for t in range(1, frames.time.shape[1]):
            offset[:, t] = offset[:, t - 1] * left[:, t - 1] + spread[:, t - 1] * frames.noise[:, t, 0]
        return offset

    def bridge(
        self, before: Array, after: Array, since: Array, left: Array, values: dict[str, Array], noise: Array
    ) -> Array:
        # Normal numbers whose correlations are exp(-time / relaxation_time), the outer two given.
        relaxation = values["relaxation_time"]
        near, far = (kernels.elementary("exp", -span / relaxation) for span in (since, left))
        lost_near, lost_far, lost = (_lost(span / relaxation) for span in (since, left, since + left))
        mean = (before * near * lost_far + after * far * lost_near) / lost
        return mean + np.sqrt(lost_near * lost_far / lost) * noise[..., 0]

    def shown(self, states: Array, values: dict[str, Array]) -> Array:
        width = np.sqrt(values["diffusion"] * values["relaxation_time"]) / values["pixel_size"]
        return values["center"] + width * states


def _lost(ratio: Array) -> Array:
    """Return 1 - exp(-2 ratio), to 1e-10 of itself."""
    return np.where(ratio < 1e-5, 2 * ratio * (1 - ratio), 1 - kernels.elementary("exp", -2 * ratio))


class FractionalBrownian(Motion):
    """States are displacements for a diffusion coefficient of 1/2. What they will be depends on all the past."""

    kind = "fractional_brownian"
    parameters = ("start", "diffusion", "hurst", "pixel_size")
    positive = ("diffusion", "hurst", "pixel_size")

    def check(self) -> None:
        super().check()
        low, high = self.inputs[2].bounds()
        if (high <= 0 or low > 1) and np.isfinite([low, high]).all():
            raise ParameterError(f"{self.kind}.hurst: {low:g}; must be > 0 and <= 1")

    def refuse_negative(self, values: Mapping[str, Array], name: str) -> None:
        """Refuse also drawn exponents that no path has."""
        super().refuse_negative(values, name)
        bad = ~((values["hurst"] > 0) & (values["hurst"] <= 1))
        if bad.any():
            raise ParameterError(f"{name}: {self.kind}.hurst is {values['hurst'][bad][0]:g}; must be > 0 and <= 1")

    def path(self, frames: Moments) -> Array:
        path = np.zeros_like(frames.time)
        exponent = 2 * frames.values["hurst"][:, :1]
        some = max(1, COVARIANCES // frames.time.shape[1] ** 2)
        for first in range(0, len(path), some):
            part = slice(first, first + some)
            covariance = _covariance(frames.time[part, 1:], exponent[part])
            path[part, 1:] = _correlated(covariance, frames.noise[part, 1:, 0])
        return path

    def between(self, frames: Moments, parts: Moments) -> Array:
        # The parts after all frames, in one go: a normal number that is made after others is conditional on them.
        first, rest = parts.time[:, :, 0], parts.time[:, :, 1:]
        moments = np.concatenate([first, rest.reshape(len(first), -1)], axis=1)
        noise = np.concatenate([parts.noise[:, :, 0], parts.noise[:, :, 1:].reshape(len(first), -1, 1)], axis=1)
        path = self.path(Moments(moments, frames.values, noise))
        frame, part = np.split(path, [first.shape[1]], axis=1)
        return np.concatenate([frame[:, :, None], part.reshape(rest.shape)], axis=2)

    def shown(self, states: Array, values: dict[str, Array]) -> Array:
        scale = np.sqrt(2 * values["diffusion"][:, :1, :1])
        return values["start"][:, :1, :1] + scale * states / values["pixel_size"]


def _covariance(t: Array, exponent: Array) -> Array:
    """Return (t^2H + s^2H - |t - s|^2H) / 2, (series, moment, moment)."""

    def power(value: Array, of: Array) -> Array:
        safe = np.where(value > 0, value, 1.0)
        return np.where(value > 0, kernels.elementary("exp", of * kernels.elementary("log", safe)), 0.0)

    own = power(t, exponent)
    apart = power(np.abs(t[:, :, None] - t[:, None, :]), exponent[:, :, None])
    return 0.5 * (own[:, :, None] + own[:, None, :] - apart)


def _correlated(covariance: Array, noise: Array) -> Array:
    """Return normal numbers (series, moment) of those covariances, made of independent ones by Cholesky's lower root.

    Not LAPACK's, which differs from machine to machine. Each number is the same, bit for bit, whatever comes after it.
    """
    root, numbers = np.zeros_like(covariance), np.zeros_like(noise)
    for j in range(covariance.shape[1]):
        column = covariance[:, j:, j] - (root[:, j:, :j] * root[:, j : j + 1, :j]).sum(axis=2)
        pivot = column[:, :1]
        # What follows from the numbers before it leaves nothing but rounding.
        free = pivot > 1e-13 * covariance[:, j : j + 1, j]
        root[:, j:, j] = np.where(free, column, 0.0) / np.sqrt(np.where(free, pivot, 1.0))
        numbers[:, j:] += root[:, j:, j] * noise[:, j : j + 1]
    return numbers


class Blinking(Motion):
    kind = "blinking"
    parameters = ("on_time", "off_time")
    positive = ("on_time", "off_time")
    noise = "uniform"

    def path(self, frames: Moments) -> Array:
        share, rate = _switching(frames.values)
        left = kernels.elementary("exp", -rate[:, :-1] * np.diff(frames.time, axis=1))
        state = np.empty_like(frames.time)
        state[:, 0] = frames.noise[:, 0, 0] < share[:, 0]
        for t in range(1, frames.time.shape[1]):
            expected = share[:, t - 1] + (state[:, t - 1] - share[:, t - 1]) * left[:, t - 1]
            state[:, t] = frames.noise[:, t, 0] < expected
        return state

    def bridge(
        self, before: Array, after: Array, since: Array, left: Array, values: dict[str, Array], noise: Array
    ) -> Array:
        # Bayes: on now, given what was before and what comes of it.
        share, rate = _switching(values)
        near, far = (kernels.elementary("exp", -rate * span) for span in (since, left))
        on = share + (before - share) * near
        next_of_on, next_of_off = share + (1 - share) * far, share - share * far
        likely_on = on * np.where(after > 0, next_of_on, 1 - next_of_on)
        likely_off = (1 - on) * np.where(after > 0, next_of_off, 1 - next_of_off)
        return noise[..., 0] * (likely_on + likely_off) < likely_on

    def bounds(self) -> Bounds:
        return 0.0, 1.0


def _switching(values: dict[str, Array]) -> tuple[Array, Array]:
    """Return the share of time that is spent on, and the rate (1/s) at which the state is forgotten."""
    on_time, off_time = values["on_time"], values["off_time"]
    return on_time / (on_time + off_time), 1 / on_time + 1 / off_time


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
    """Move by fractional Brownian motion (Mandelbrot & van Ness 1968): mean squared displacement 2 D t^(2 hurst).

    0 < ``hurst`` <= 1. Since it remembers all its past, what is blurred within a frame depends on all frames: the blurred frames
    of a longer movie begin otherwise, those without blur alike.
    """
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
