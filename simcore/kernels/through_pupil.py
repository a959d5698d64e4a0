"""Images through any pupil and under light from any direction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simcore import _core
from simcore.kernels.views import flat
from simcore.streams import Array, Stream

LARGEST_GRID = 4096


@dataclass(frozen=True)
class Particles:
    """Scatterers of a block of images: those of image i are ``first[i]`` to ``first[i + 1]``.

    ``x``, ``y`` in pixels, ``z`` in micrometres; ``a``, ``b`` (particle, term): Mie coefficients at the wavelength used.
    """

    first: Array
    x: Array
    y: Array
    z: Array
    a: Array
    b: Array


@dataclass(frozen=True)
class Pupils:
    """Pupils of a block of images.

    ``wavefront`` (image, i, j): micrometres, coefficients of rho_x^i rho_y^j; ``apodization`` (image,): amplitude
    exp(-apodization rho^2); ``stop`` (image,): rho within which nothing passes; ``refocus`` (image,): micrometres;
    ``transmission`` (side, side): complex factor on the square -1 .. 1, rows along y, or of side 0.
    """

    wavefront: Array
    apodization: Array
    stop: Array
    refocus: Array
    transmission: Array

    @classmethod
    def clear(cls, images: int) -> Pupils:
        """Return pupils without aberrations."""
        nothing = np.zeros(images)
        return cls(np.zeros((images, 0, 0)), nothing, nothing, nothing, np.zeros((0, 0), complex))


@dataclass(frozen=True)
class Light:
    """Illumination and analysis of a block of images.

    ``waves`` (image, wave, 3): direction cosines in the medium and weight; ``states`` (image, state, 4): Jones vector and
    analyser, ``weight`` (image, state): of the states. ``transmitted``: whether the light that is not scattered takes part.
    """

    waves: Array
    states: Array
    weight: Array
    transmitted: bool = True

    @classmethod
    def axial(cls, images: int, states: Sequence[Sequence[complex]]) -> Light:
        """Return one plane wave along the axis, the same states for all images, each of weight 1."""
        waves = np.tile(np.array([0.0, 0.0, 1.0]), (images, 1, 1))
        every = np.tile(np.asarray(states, complex), (images, 1, 1))
        return cls(waves, every, np.ones(every.shape[:2]))


def _block(
    particles: Particles,
    pupils: Pupils,
    light: Light,
    optics: Sequence[Array],
    tolerance: float,
    largest: int,
) -> object:
    numerical_aperture, wavelength, pixel_size, refractive_index_medium = (flat(values) for values in optics)
    return _core.PupilBlock(
        first=np.ascontiguousarray(particles.first, np.int64),
        x=flat(particles.x),
        y=flat(particles.y),
        z=flat(particles.z),
        a=np.ascontiguousarray(particles.a, np.complex128),
        b=np.ascontiguousarray(particles.b, np.complex128),
        numerical_aperture=numerical_aperture,
        wavelength=wavelength,
        pixel_size=pixel_size,
        medium_index=refractive_index_medium,
        wavefront=flat(pupils.wavefront),
        apodization=flat(pupils.apodization),
        stop=flat(pupils.stop),
        refocus=flat(pupils.refocus),
        transmission=np.ascontiguousarray(pupils.transmission, np.complex128),
        waves=flat(light.waves),
        states=np.ascontiguousarray(light.states, np.complex128),
        state_weight=flat(light.weight),
        transmitted=light.transmitted,
        tolerance=tolerance,
        largest=largest,
    )


def add_intensity_through_pupil(
    out: Array,
    *,
    particles: Particles,
    pupils: Pupils,
    light: Light,
    numerical_aperture: Array,
    wavelength: Array,
    pixel_size: Array,
    refractive_index_medium: Array,
    weight: Array,
    tolerance: float,
    largest: int = LARGEST_GRID,
) -> Array:
    """Add ``weight`` times the intensity relative to the empty field to ``out`` (image, y, x).

    Return, for each image, an estimate of the error of the field where the grid would have to be larger than ``largest``;
    0 where it is as large as it should be.
    """
    optics = (numerical_aperture, wavelength, pixel_size, refractive_index_medium)
    block = _block(particles, pupils, light, optics, tolerance, largest)
    error = np.zeros(len(out))
    _core.add_intensity_through_pupil(out, block, flat(weight), error)
    return error


def fill_field_through_pupil(
    out: Array,
    *,
    particles: Particles,
    pupils: Pupils,
    light: Light,
    numerical_aperture: Array,
    wavelength: Array,
    pixel_size: Array,
    refractive_index_medium: Array,
    noise: Array,
    stream: Stream | None,
    tolerance: float,
    largest: int = LARGEST_GRID,
) -> Array:
    """Fill ``out`` (image, y, x, state) with the field relative to the empty one; return errors as the intensity does.

    ``noise`` (image,): standard deviation of white noise before the pupil, for each quadrature and pixel, from ``stream``.
    """
    optics = (numerical_aperture, wavelength, pixel_size, refractive_index_medium)
    block = _block(particles, pupils, light, optics, tolerance, largest)
    key = np.zeros(2, np.uint64) if stream is None else stream.key
    counter = np.zeros((len(out), 3), np.uint64) if stream is None else stream.counter
    error = np.zeros(len(out))
    _core.fill_field_through_pupil(out, block, flat(noise), key, counter, error)
    return error
