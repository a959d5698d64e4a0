"""The pupil of one microscope at one wavelength: what it does to plane waves, for volumes imaged slice by slice.

Conventions and signs as csrc/pupil.hpp, which does the same to the light of spheres.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simcore import kernels
from simcore.optics.aberrations import interpolated, wavefront_at
from simcore.streams import Array

STEEPEST = 0.984807753012208  # sine of 80 degrees, beyond which multi-slice has no light
PROBES = 16  # directions in which the slope of a wavefront is looked for
RINGS = (0.25, 0.5, 0.75, 1.0)
NUDGE = 1e-3


def product(a: Array, b: Array) -> Array:
    """Multiply complex arrays part by part: NumPy's own product rounds differently from machine to machine."""
    result = np.empty(np.broadcast_shapes(a.shape, b.shape), np.result_type(a, b))
    result.real = a.real * b.real - a.imag * b.imag
    result.imag = a.real * b.imag + a.imag * b.real
    return result


@dataclass(frozen=True)
class OnePupil:
    """A pupil, in the words of `kernels.Pupils` and `kernels.CoherentOptics`, without their axis of images.

    The focal plane lies ``focus_depth`` under the coverslip; ``refocus`` moves it away from the objective (both um).
    """

    numerical_aperture: float
    wavelength: float
    medium: float
    immersion: float
    wavefront: Array
    transmission: Array
    focus_depth: float = 0.0
    apodization: float = 0.0
    stop: float = 0.0
    refocus: float = 0.0

    @classmethod
    def clear(cls, numerical_aperture: float, wavelength: float, medium: float) -> OnePupil:
        """Return a pupil without aberrations."""
        return cls(numerical_aperture, wavelength, medium, medium, np.zeros((0, 0)), np.zeros((0, 0), complex))

    @classmethod
    def of(cls, optics: kernels.CoherentOptics, pupils: kernels.Pupils, image: int, wavelength: int) -> OnePupil:
        """Return the pupil of an image at one of its wavelengths."""
        medium = optics.refractive_index_medium[image]
        immersion, depth = optics.refractive_index_immersion, optics.focus_depth
        return cls(
            optics.numerical_aperture[image],
            optics.wavelength[image, wavelength],
            medium,
            medium if immersion is None else immersion[image],
            pupils.wavefront[image],
            pupils.transmission,
            focus_depth=0.0 if depth is None else depth[image],
            apodization=pupils.apodization[image],
            stop=pupils.stop[image],
            refocus=pupils.refocus[image],
        )

    @property
    def sine(self) -> float:
        """Sine, in the medium, of the largest angle that passes."""
        return min(1.0, self.numerical_aperture / self.medium)

    @property
    def tangent(self) -> float:
        """How far light moves sideways on its way along the axis, at most."""
        sine = min(self.sine, STEEPEST)
        return float(sine / np.sqrt(1 - sine * sine))

    def factor(self, x: Array, y: Array) -> Array:
        """Return the complex factor at pupil coordinates (point,), edges and `refocus` left out."""
        square = x * x + y * y
        phase = 2 * np.pi / self.wavelength * self.path(x, y)
        size = kernels.elementary("exp", -self.apodization * square)
        result = np.empty(x.shape, np.complex128)
        result.real, result.imag = (size * kernels.elementary(name, phase) for name in ("cos", "sin"))
        return product(result, interpolated(self.transmission, x, y)) if self.transmission.size else result

    def path(self, x: Array, y: Array) -> Array:
        """Return the wavefront and the path through medium and immersion (um) at pupil coordinates (point,)."""
        total = wavefront_at(self.wavefront[None], x, y)[0] if self.wavefront.size else np.zeros(x.shape)
        if self.focus_depth == 0:
            return total
        inside = (self.numerical_aperture / self.medium) ** 2 * (x * x + y * y)
        ratio = self.medium / self.immersion
        cosine, under = (np.sqrt(np.maximum(1 - part, 0.0)) for part in (inside, ratio * ratio * inside))
        return total + self.focus_depth * (self.medium * (cosine - 1) - self.immersion / ratio * (under - 1))

    def passes(self, sx: float, sy: float) -> complex:
        """Return what becomes of a wave along these direction cosines in the medium; 0 if it is stopped."""
        scale = self.medium / self.numerical_aperture
        sine = np.sqrt(sx * sx + sy * sy)
        if sine > self.sine * (1 + 1e-12) or sine * scale < self.stop:
            return 0j
        return complex(self.factor(np.array([sx * scale]), np.array([sy * scale]))[0])

    def shift(self) -> float:
        """Return how far the wavefront moves rays in the image, at most, um."""
        turn = 2 * np.pi / PROBES * np.arange(PROBES)
        rim = min(self.sine, STEEPEST) * self.medium / self.numerical_aperture - NUDGE
        rings = rim * np.repeat(RINGS, PROBES)
        x, y = (rings * np.tile(kernels.elementary(name, turn), len(RINGS)) for name in ("cos", "sin"))
        across = self.path(x + NUDGE, y) - self.path(x - NUDGE, y)
        down = self.path(x, y + NUDGE) - self.path(x, y - NUDGE)
        return float(np.sqrt(across**2 + down**2).max() / (2 * NUDGE) / self.numerical_aperture)
