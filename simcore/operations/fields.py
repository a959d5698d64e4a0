"""Operations on complex fields: their parts, Fourier transforms, propagation."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import scipy.fft

from simcore import kernels
from simcore.features import Applied, Flow
from simcore.operations.base import Operation, real_type, truth
from simcore.parameters import Value, option, parameter
from simcore.properties import Array
from simcore.values import Plan

AXES = (1, 2)  # y and x of a block


class Part(Operation):
    """Base of what makes a real image of a field."""

    takes: ClassVar[tuple[str, ...]] = ("field",)
    gives: ClassVar[str | None] = "image"

    def dtype_after(self, flow: Flow) -> np.dtype:
        return real_type(flow.dtype)


class Real(Part):
    """The real part of a field, as an image."""

    def apply(self, plan: Plan, data: Array, flow: Applied) -> Array:
        return np.ascontiguousarray(data.real)


class Imaginary(Part):
    """The imaginary part of a field, as an image."""

    def apply(self, plan: Plan, data: Array, flow: Applied) -> Array:
        return np.ascontiguousarray(data.imag)


class Absolute(Part):
    """The magnitude of a field or of a real image, as an image."""

    takes: ClassVar[tuple[str, ...]] = ("field", "image")

    def dtype_after(self, flow: Flow) -> np.dtype:
        return real_type(flow.dtype) if flow.dtype.kind == "c" else flow.dtype

    def apply(self, plan: Plan, data: Array, flow: Applied) -> Array:
        if data.dtype.kind != "c":
            return np.abs(data)
        # In double, so that neither square leaves the range; NumPy's abs of complex numbers is libm's.
        real, imaginary = data.real.astype(np.float64), data.imag.astype(np.float64)
        return np.sqrt(real * real + imaginary * imaginary).astype(flow.dtype)


class Angle(Part):
    """The phase of a field in radians, in [-pi, pi], as an image."""

    def apply(self, plan: Plan, data: Array, flow: Applied) -> Array:
        return kernels.angle(np.ascontiguousarray(data))


class RealImaginary(Part):
    """Real and imaginary part of a field as channels of an image: re, im of the first channel, then of the next."""

    def shape_after(self, flow: Flow) -> tuple[int, ...]:
        return (*flow.shape[:2], 2 * flow.shape[2])

    def apply(self, plan: Plan, data: Array, flow: Applied) -> Array:
        return np.ascontiguousarray(data).view(flow.dtype)


class Transform(Operation):
    """Base of the Fourier transforms, over y and x."""

    takes: ClassVar[tuple[str, ...]] = ("field", "image")
    gives: ClassVar[str | None] = "field"

    def dtype_after(self, flow: Flow) -> np.dtype:
        return np.dtype(np.complex128 if real_type(flow.dtype) == np.float64 else np.complex64)


class FourierTransform(Transform):
    """The discrete Fourier transform sum I(y, x) exp(-2 pi i (k y / height + l x / width)) of each channel, a field.

    With ``shift`` frequency 0 stands at pixel (height // 2, width // 2), else at pixel (0, 0).
    """

    shift: bool = option("put frequency 0 into the middle", default=True, read=truth)

    def apply(self, plan: Plan, data: Array, flow: Applied) -> Array:
        spectrum = scipy.fft.fft2(data.astype(flow.dtype), axes=AXES)
        return scipy.fft.fftshift(spectrum, axes=AXES) if self.shift else spectrum


class InverseFourierTransform(Transform):
    """The inverse of `FourierTransform` with the same ``shift``: a field."""

    shift: bool = option("frequency 0 is in the middle", default=True, read=truth)

    def apply(self, plan: Plan, data: Array, flow: Applied) -> Array:
        spectrum = data.astype(flow.dtype)
        return scipy.fft.ifft2(scipy.fft.ifftshift(spectrum, axes=AXES) if self.shift else spectrum, axes=AXES)


class Propagate(Operation):
    """A field after its light has gone on by ``distance``: the angular spectrum, exact for scalar waves.

    Each plane wave of the field gains the phase (kz - k) distance, k = 2 pi refractive_index_medium / wavelength: the phase
    of the light along the axis is divided out, so an empty field of 1 stays 1. The image of a particle at z becomes that of one
    at z + distance. Waves that do not travel die out as exp(-|kz| |distance|), in both directions. The field is continued
    periodically: light that leaves on one side comes in on the other, so pad first where that matters.
    Source: Goodman, Introduction to Fourier Optics, 4th ed. (2017), section 3.10.
    """

    takes: ClassVar[tuple[str, ...]] = ("field",)
    distance: Value = parameter("how far the light goes on; negative: back", unit="um")
    wavelength: Value = parameter("vacuum wavelength", unit="um", above=0, plausible=20)
    pixel_size: Value = parameter(
        "pixel pitch in the object: camera pitch / magnification", unit="um", above=0, plausible=100
    )
    refractive_index_medium: Value = parameter("refractive index around the specimen", default=1.33, least=1, most=4)

    def apply(self, plan: Plan, data: Array, flow: Applied) -> Array:
        values = self.values(plan)
        spectrum = scipy.fft.fft2(data, axes=AXES)
        for i in range(len(plan)):
            cosine, sine = transfer(data.shape[1:3], **{name: float(array[i]) for name, array in values.items()})
            turn(spectrum[i], cosine[..., None], sine[..., None])
        return scipy.fft.ifft2(spectrum, axes=AXES)


def transfer(
    shape: tuple[int, ...], distance: float, wavelength: float, pixel_size: float, refractive_index_medium: float
) -> tuple[Array, Array]:
    """Return real and imaginary part of exp(i (kz - k) distance) at the frequencies of a field of ``shape``."""
    k = 2 * np.pi * refractive_index_medium / wavelength
    # Each frequency once: the transfer is even in both.
    ky, kx = (2 * np.pi / pixel_size * np.arange(n // 2 + 1) / n for n in shape)
    transverse = ky[:, None] * ky[:, None] + kx * kx
    squared = k * k - transverse
    # kz - k without cancellation, where the wave travels.
    phase = np.where(squared > 0, -transverse / (np.sqrt(np.maximum(squared, 0)) + k), -k) * distance
    decay = kernels.elementary("exp", -np.sqrt(np.maximum(-squared, 0)) * abs(distance))
    rows, columns = (np.minimum(np.arange(n), n - np.arange(n)) for n in shape)
    cosine, sine = (decay * kernels.elementary(name, phase) for name in ("cos", "sin"))
    return cosine[rows[:, None], columns], sine[rows[:, None], columns]


def turn(field: Array, cosine: Array, sine: Array) -> None:
    """Multiply a field by cosine + i sine, in place; part by part, since NumPy's complex product contracts where it can."""
    real, imaginary = field.real * cosine - field.imag * sine, field.real * sine + field.imag * cosine
    field.real, field.imag = real, imaginary
