"""Images through any pupil and under light from any direction: the pupil on a grid of directions, Fourier transforms.

Small images in single precision go by matrix products (csrc/matrix_transform.hpp), the others through `grids`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from simcore import _core
from simcore.kernels.coherent import CoherentOptics, Particles
from simcore.kernels.grids import Grids, transformed
from simcore.kernels.mie import mie_coefficients, mie_terms
from simcore.kernels.views import flat
from simcore.streams import Array, Stream

LARGEST_GRID = 4096


@dataclass(frozen=True)
class Pupils:
    """Pupils of a block of images, beyond what `CoherentOptics` says.

    ``wavefront`` (image, i, j): micrometres, coefficients of rho_x^i rho_y^j; ``apodization`` (image,): amplitude
    exp(-apodization rho^2); ``stop`` (image,): rho within which nothing passes; ``refocus`` (image,): micrometres that the
    focal plane has moved away from the objective; ``transmission`` (side, side): complex factor on the square -1 .. 1, rows
    along y, or of side 0.
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


def add_intensity_through_pupil(
    out: Array,
    *,
    particles: Particles,
    optics: CoherentOptics,
    pupils: Pupils,
    waves: Array,
    tolerance: float,
    largest: int = LARGEST_GRID,
) -> Array:
    """Add the intensities that ``optics`` asks for, averaged over the pixels, to ``out`` (image, y, x).

    ``waves`` (image, wave, 3): direction cosines in the medium and weight of the incident waves, which do not interfere with
    each other. Scattered light and reference are relative to the incident light as it passes the pupil or, where it is
    stopped or ``optics.reference`` is 0, as it reaches it. Return, for each image, an estimate of the error of the field
    where the grid would have to be larger than ``largest``; 0 where it is as large as it should be.

    Raises
    ------
    ValueError
        For values out of range; for light scattered nearly straight back from a tilted wave.
    """
    images, wavelengths = optics.wavelength.shape
    states, state_weight = _states(optics)
    weight = np.full((images, wavelengths), 1 / wavelengths) if optics.weight is None else optics.weight
    error = np.zeros(images)
    grids = Grids(np.result_type(out, np.complex64))
    for number in range(wavelengths):
        block = _block(particles, optics, pupils, waves, number, states, state_weight, tolerance, largest)
        imager, share, image = _imager(block, out), flat(weight[:, number]), 0
        while image < images and out.size:
            image, least, columns = imager.draw_intensities(image, out, share, error)
            if least:
                grid = grids.of(states.shape[1], least, largest)
                error[image] = max(error[image], imager.settle(grid.shape[1]))
                for wave in range(waves.shape[1]):
                    imager.add_intensity(transformed(grid, imager.fill(wave, grid), columns))
                imager.finish_intensity(out[image], share[image])
                image += 1
    return error


def fill_field_through_pupil(
    out: Array,
    *,
    particles: Particles,
    optics: CoherentOptics,
    pupils: Pupils,
    waves: Array,
    noise: Array | None = None,
    stream: Stream | None = None,
    tolerance: float,
    largest: int = LARGEST_GRID,
) -> Array:
    """Fill ``out`` (image, y, x, component) with the field over the empty one, averaged over the pixels.

    Components, one wavelength and state as `coherent_field`; one wave. ``noise`` (image,): standard deviation of white noise
    before the pupil, for each quadrature and pixel, from ``stream``. Errors are returned as by the intensity.

    Raises
    ------
    ValueError
        As `add_intensity_through_pupil`.
    """
    images = len(out)
    states, state_weight = _states(optics)
    block = _block(particles, optics, pupils, waves, 0, states, state_weight, tolerance, largest)
    key, counter = np.zeros(2, np.uint64), np.zeros((images, 3), np.uint64)
    if stream is not None:
        key, counter = stream.key, stream.counter
    sigma = np.zeros(images) if noise is None else flat(noise)
    imager, grids, error, image = _imager(block, out), Grids(out.dtype), np.zeros(images), 0
    while image < images and out.size:
        image, least, columns = imager.draw_fields(image, out, sigma, key, counter, error)
        if least:
            grid = grids.of(states.shape[1], least, largest)
            error[image] = imager.settle(grid.shape[1])
            imager.finish_field(out[image], transformed(grid, imager.fill(0, grid), columns))
            image += 1
    return error


def _imager(block: Any, out: Array) -> Any:
    double = out.dtype.name in ("float64", "complex128")
    return (_core.PupilImagerDouble if double else _core.PupilImagerSingle)(block, len(out))


def _complex(values: Array) -> Array:
    return np.ascontiguousarray(values, np.complex128)


def _states(optics: CoherentOptics) -> tuple[Array, Array]:
    """Return (image, state, 4): Jones vector and analyzer of every component that is seen, and (image, state): weights."""
    images = len(optics.wavelength)
    jones = np.tile(np.array([1.0, 0.0]), (images, 1, 1)) if optics.jones is None else optics.jones
    count = jones.shape[1]
    weight = np.full((images, count), 1 / count) if optics.jones_weight is None else optics.jones_weight
    seen = np.tile(np.eye(2), (images, 1, 1)) if optics.analyzer is None else optics.analyzer[:, None]
    shape = (images, count, seen.shape[1], 2)
    pairs = np.concatenate([np.broadcast_to(jones[:, :, None], shape), np.broadcast_to(seen[:, None], shape)], axis=-1)
    return _complex(pairs.reshape(images, -1, 4)), flat(np.repeat(weight, seen.shape[1], axis=1))


def _block(
    particles: Particles,
    optics: CoherentOptics,
    pupils: Pupils,
    waves: Array,
    number: int,
    states: Array,
    state_weight: Array,
    tolerance: float,
    largest: int,
) -> object:
    """Return what the kernel takes for one of the wavelengths."""
    images = len(optics.wavelength)
    if optics.wavefront is not None or optics.waist is not None or optics.stop is not None:
        raise ValueError("wavefront, waist and stop belong to the pupils here")
    if optics.backward and np.any(waves[..., :2]):
        raise ValueError("backscattered light comes along the axis")
    a, b, table, s1, s2 = _scattering(particles, optics, number)
    medium = optics.refractive_index_medium
    reference = np.ones(images) if optics.reference is None else optics.reference[:, number]
    return _core.PupilBlock(
        first=np.ascontiguousarray(particles.first, np.int64),
        x=flat(particles.x),
        y=flat(particles.y),
        z=flat(particles.z),
        phase=_phase(particles, optics, number),
        a=a,
        b=b,
        table=table,
        s1=s1,
        s2=s2,
        numerical_aperture=flat(optics.numerical_aperture),
        wavelength=flat(optics.wavelength[:, number]),
        pixel_size=flat(optics.pixel_size),
        medium_index=flat(medium),
        wavefront=flat(pupils.wavefront),
        apodization=flat(pupils.apodization),
        stop=flat(pupils.stop),
        refocus=flat(pupils.refocus),
        immersion_index=flat(
            medium if optics.refractive_index_immersion is None else optics.refractive_index_immersion
        ),
        focus_depth=flat(np.zeros(images) if optics.focus_depth is None else optics.focus_depth),
        transmission=_complex(pupils.transmission),
        waves=flat(waves),
        states=states,
        state_weight=state_weight,
        reference=_complex(reference),
        tolerance=tolerance,
        largest=largest,
    )


def _image_of(particles: Particles) -> Array:
    return np.repeat(np.arange(len(particles.first) - 1), np.diff(particles.first))


def _scattering(particles: Particles, optics: CoherentOptics, number: int) -> tuple[Array, Array, Array, Array, Array]:
    """Return a, b (particle, term), the row of each particle's table or -1, and s1, s2 (row, angle).

    Backscattered light is that of other coefficients, or of the table from its end, in transmission: see scattering.hpp.
    """
    count = len(particles.x)
    source = np.full(count, -1, np.int64) if particles.source is None else np.asarray(particles.source, np.int64)
    given = 0 if particles.multipoles is None else len(particles.multipoles[0])
    spheres, rows = np.flatnonzero(source < 0), np.flatnonzero((source >= 0) & (source < given))
    a, b = _multipoles(particles, optics, number, source, spheres, rows)
    s1, s2 = (np.zeros((0, 16), complex),) * 2
    if particles.amplitudes is not None:
        column = number if particles.amplitudes[0].shape[1] > 1 else 0
        s1, s2 = (s[:, column] for s in particles.amplitudes)
    if optics.backward:
        sign = np.where(np.arange(a.shape[1]) % 2 == 0, 1.0, -1.0)  # -(-1)^n
        a, b = a * sign, b * -sign
        s1, s2 = s1[:, ::-1], -s2[:, ::-1]
    table = np.where(source >= given, source - given, -1)
    return _complex(a), _complex(b), np.ascontiguousarray(table, np.int64), _complex(s1), _complex(s2)


def _multipoles(
    particles: Particles, optics: CoherentOptics, number: int, source: Array, spheres: Array, rows: Array
) -> tuple[Array, Array]:
    image = _image_of(particles)[spheres]
    medium = optics.refractive_index_medium[image]
    size = 2 * np.pi * medium * particles.radius[spheres] / optics.wavelength[image, number]
    own = int(mie_terms(size).max(initial=1))
    others = 0 if particles.multipoles is None else particles.multipoles[0].shape[2]
    found = np.zeros((2, len(source), max(own, others)), complex)
    if len(spheres):
        found[:, spheres, :own] = mie_coefficients(size, particles.refractive_index[spheres] / medium, own)
    if len(rows) and particles.multipoles is not None:
        for to, series in zip(found, particles.multipoles, strict=True):
            to[rows, :others] = series[source[rows], number]
    return found[0], found[1]


def _phase(particles: Particles, optics: CoherentOptics, number: int) -> Array:
    """Return the phase (particle,) by which backscattered light is behind what is reflected."""
    if not optics.backward:
        return np.zeros(len(particles.x))
    image = _image_of(particles)
    wavenumber = 2 * np.pi * optics.refractive_index_medium / optics.wavelength[:, number]
    height = np.zeros(len(image)) if optics.reflector is None else optics.reflector[image]
    return flat(2 * wavenumber[image] * (particles.z - height))
