"""Light through a volume of refractive index, slice by slice: every transmitted-light microscope images volumes by it.

The field is scalar and kept relative to the incident plane wave, so that it is 1 where nothing is and any tilt fits the
grid. Light comes from the last plane (the largest z) and leaves at plane 0. In the middle of each slice of thickness
dz, the field v gains (t - 1) v with t = exp(i dz (k_z(n) - k_z(n_m))), k_z(n)^2 = (k0 n)^2 - k_perp^2 for the incident
wave's k_perp: exact for a slab of any index at any tilt, but for its reflections. What is gained radiates into each
plane wave in proportion to 1 / k_z, as a plane source does, and all plane waves travel on with their exact k_z. To
first order in the contrast this is Born's approximation for the Helmholtz equation at all angles; plain split-step
propagation lacks the factor 1 / cos(angle) (Chen, Ren, Liu, Tian, Optica 7, 394 (2020)). Left out: waves going
backwards, polarization, and waves inclined by more than 80 degrees.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import fft

from simcore import kernels
from simcore.errors import ParameterError
from simcore.optics.one_pupil import OnePupil, product
from simcore.properties import Array

LEAST_COSINE = 0.17364817766693033  # of 80 degrees
TWO_PI = 2 * np.pi
ABSORPTION = 14.0  # decay of the field over the padding's width at its outer edge, in e-foldings


@dataclass(frozen=True)
class Slices:
    """A volume and the light that goes through it, one image.

    ``contrast`` (plane, y, x): index minus ``refractive_index_medium``, complex64; plane p is centred at ``z_first + p z_step``
    um. ``tilt``: transverse part (x, y) of the unit vector along the incident light, 0 for light along the axis. ``padding``:
    pixels of medium added on each side, in which the scattered light is absorbed; without, the volume repeats periodically.
    ``pixel_size`` (um) must leave room for the light that matters: below wavelength / (2 numerical aperture).

    Raises ParameterError for values out of range.
    """

    contrast: Array
    z_first: float
    z_step: float
    pixel_size: float
    wavelength: float
    refractive_index_medium: float
    tilt: tuple[float, float] = (0.0, 0.0)
    padding: int = 0
    precision: str = "single"

    def __post_init__(self) -> None:
        if self.contrast.ndim != 3:
            raise ParameterError(f"contrast: shape {self.contrast.shape}; must be (plane, y, x)")
        for name in ("z_step", "pixel_size", "wavelength", "refractive_index_medium"):
            if not 0 < getattr(self, name) < np.inf:
                raise ParameterError(f"{name}: {getattr(self, name):g}; must be > 0")
        if not np.isfinite(self.contrast).all() or self.contrast.imag.min(initial=0) < 0:
            raise ParameterError("contrast: must be finite, its imaginary part >= 0")
        if self.contrast.real.min(initial=0) <= -self.refractive_index_medium:
            raise ParameterError("contrast: the index must be > 0")
        if not self.tilt[0] ** 2 + self.tilt[1] ** 2 < 1:
            raise ParameterError(f"tilt: ({self.tilt[0]:g}, {self.tilt[1]:g}); must be shorter than 1")
        if self.padding < 0:
            raise ParameterError(f"padding: {self.padding} px; must be >= 0")

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width with the padding."""
        return self.contrast.shape[1] + 2 * self.padding, self.contrast.shape[2] + 2 * self.padding

    @property
    def dtype(self) -> np.dtype:
        return np.dtype(np.complex128 if self.precision == "double" else np.complex64)

    @property
    def vacuum(self) -> float:
        return float(TWO_PI / self.wavelength)

    @property
    def waves(self) -> Any:
        return self.waves_of(self.shape)

    def waves_of(self, shape: tuple[int, int]) -> Any:
        """Return the plane waves on a grid of another shape."""
        wavenumber = self.vacuum * self.refractive_index_medium
        return kernels.plane_waves(wavenumber, self.tilt, self.pixel_size, shape, LEAST_COSINE)

    def window(self) -> Array:
        """Return what a slice leaves of the scattered light: 1 in the volume, less and less in the padding."""
        down, across = (self._ramp(size) for size in self.shape)
        rate = ABSORPTION * self.z_step / max(self.padding * self.pixel_size, 1e-300)
        return kernels.elementary("exp", -rate * np.maximum(down[:, None], across[None, :]))

    def _ramp(self, size: int) -> Array:
        pixel = np.arange(size)
        depth = self.padding - np.minimum(pixel, size - 1 - pixel)
        share = np.clip(depth / max(self.padding, 1), 0, 1)
        return share * share * (3 - 2 * share)


def transmitted_spectrum(slices: Slices, distance: float | None = None) -> Array:
    """Return the discrete Fourier transform (y, x), padding included, of the field ``distance`` um behind plane 0.

    Before any objective; in the plane z = 0 unless the distance is given.
    """
    distance = slices.z_first if distance is None else distance
    waves, shape, dtype = slices.waves, slices.shape, slices.dtype
    planes = len(slices.contrast)
    straight = kernels.plane_wave_phases(waves, slices.z_step, shape, dtype)
    oblique = kernels.obliquity_phases(waves, slices.z_step, shape, dtype)
    window = slices.window()
    contrast = np.zeros(shape, np.complex64)
    inner = tuple(slice(slices.padding, size - slices.padding) for size in shape)
    spectrum = np.zeros(shape, dtype)
    spectrum[0, 0] = shape[0] * shape[1]
    for plane in reversed(range(planes)):
        contrast[inner] = slices.contrast[plane]
        field = fft.ifft2(spectrum)
        kernels.thin_slice(
            field,
            waves,
            vacuum=slices.vacuum,
            medium=slices.refractive_index_medium,
            thickness=slices.z_step,
            contrast=contrast,
            window=window,
        )
        if plane == 0:
            straight = kernels.plane_wave_phases(waves, distance, shape, dtype)
            oblique = kernels.obliquity_phases(waves, distance, shape, dtype)
        kernels.advance(spectrum, straight, oblique, fft.fft2(field, overwrite_x=True))
    return spectrum


def scattered_field(slices: Slices, pupil: OnePupil, *, room: int = 0, finer: int = 1) -> Array:
    """Return the field (y, x) in the image, without the incident wave, relative to that wave as it comes through the pupil.

    If it does not come through: as it comes to the pupil. Values ``finer`` times as close as the pixels, the first at the
    centre of the first pixel, the padding cut off. ``room``: pixels that are empty on each side behind the volume, for light
    that focus and wavefront move. Raises ParameterError for pixels that do not resolve the aperture.
    """
    index, tilt = slices.refractive_index_medium, slices.tilt
    aperture = min(pupil.numerical_aperture, index)
    most = 0.5 * slices.wavelength / slices.pixel_size - index * max(abs(tilt[0]), abs(tilt[1]))
    if not 0 < aperture <= most:
        raise ParameterError(f"numerical_aperture: {aperture:g}; must be > 0 and <= {most:g}, what the pixels resolve")
    spectrum = _with_room(transmitted_spectrum(slices, 0.0), room)
    spectrum = product(spectrum, _pupil_on_grid(slices, pupil, spectrum.shape).astype(slices.dtype))
    field = fft.ifft2(_on_finer_grid(spectrum, finer)) * slices.dtype.type(finer * finer).real
    cut = finer * (slices.padding + room)
    return np.ascontiguousarray(field[cut : field.shape[0] - cut, cut : field.shape[1] - cut])


def transmitted_field(slices: Slices, numerical_aperture: float) -> Array:
    """Return the field (y, x) in the image of the plane z = 0 behind an aplanatic objective, relative to the empty field.

    Values at the centres of the pixels, the padding cut off. Raises ParameterError for an aperture above the medium's index,
    below the tilt, or finer than the pixels.
    """
    index, tilt = slices.refractive_index_medium, slices.tilt
    if not 0 < numerical_aperture <= index:
        raise ParameterError(
            f"numerical_aperture: {numerical_aperture:g}; must be > 0 and <= {index:g}, the medium's index"
        )
    if index * np.sqrt(tilt[0] ** 2 + tilt[1] ** 2) > numerical_aperture:
        raise ParameterError(
            f"tilt: ({tilt[0]:g}, {tilt[1]:g}); the light misses an aperture of {numerical_aperture:g}"
        )
    return 1 + scattered_field(slices, OnePupil.clear(numerical_aperture, slices.wavelength, index))


def _with_room(spectrum: Array, room: int) -> Array:
    """Return the spectrum without the incident wave, of a field with ``room`` empty pixels on each side."""
    spectrum[0, 0] -= spectrum.size
    if room == 0:
        return spectrum
    return np.asarray(fft.fft2(np.pad(fft.ifft2(spectrum), room)))


def _pupil_on_grid(slices: Slices, pupil: OnePupil, shape: tuple[int, ...]) -> Array:
    """Return the factors (y, x) of plane waves from plane 0 to the image, relative to the incident one."""
    height, width = shape
    waves, kind = slices.waves_of((height, width)), np.dtype(np.complex128)
    aperture = slices.vacuum * min(pupil.numerical_aperture, pupil.medium)
    edge = kernels.aplanatic_pupil(waves, aperture, (height, width), kind).real
    steps = [slices.wavelength / (size * slices.pixel_size * pupil.numerical_aperture) for size in shape]
    scale = pupil.medium / pupil.numerical_aperture
    down, across = (
        _signed(size) * step + scale * tilt for size, step, tilt in zip(shape, steps, slices.tilt[::-1], strict=True)
    )
    y, x = np.broadcast_arrays(down[:, None], across[None, :])
    if pupil.stop:
        edge = edge * np.clip(0.5 + (np.sqrt(x * x + y * y) - pupil.stop) / np.sqrt(steps[0] * steps[1]), 0, 1)
    passes = pupil.passes(*slices.tilt)
    if passes:
        edge[0, 0] = 1.0  # what goes on along the incident wave, which an edge close by would weaken
    inside = edge > 0
    found = np.zeros(shape, kind)
    found[inside] = edge[inside] * pupil.factor(x[inside], y[inside])
    if passes:
        size = passes.real**2 + passes.imag**2
        found = product(found, np.array(complex(passes.real / size, -passes.imag / size)))
    return product(found, kernels.plane_wave_phases(waves, slices.z_first - pupil.refocus, (height, width), kind))


def _signed(size: int) -> Array:
    """Return the frequencies of a discrete Fourier transform, in its steps and order."""
    place = np.arange(size)
    return np.where(place < (size + 1) // 2, place, place - size)


def _on_finer_grid(spectrum: Array, finer: int) -> Array:
    """Return the spectrum of the same field on points ``finer`` times as close."""
    if finer == 1:
        return spectrum
    result = np.zeros([finer * size for size in spectrum.shape], spectrum.dtype)
    result[np.ix_(*(_signed(size) for size in spectrum.shape))] = spectrum
    return result
