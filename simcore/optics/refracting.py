"""Bodies of another refractive index under transmitted light: slice by slice, beside spheres that scatter by Mie's solution.

The field of a body is that of `multislice`, scalar: it keeps the polarization of the light. Light that spheres scatter is
added to it; neither meets the other's. Slices are an eighth of a wavelength thick in the medium, cells as fine as the
intensity asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from math import ceil, pi

import numpy as np

from simcore import kernels
from simcore.optics.multislice import Slices, transmitted_field
from simcore.streams import Array

SLICES = 8  # in a wavelength
MARGIN = 4.0  # of the volume around the image, wavelengths / NA; the padding that absorbs comes on top
PADDING = 4.0


@dataclass(frozen=True)
class Cells:
    """The points of one image on which fields are known: ``division`` in a pixel along each axis, ``reach`` beyond the image."""

    shape: tuple[int, int]
    division: int
    reach: int
    pixel_size: float

    @property
    def width(self) -> float:
        return self.pixel_size / self.division

    @property
    def size(self) -> tuple[int, int]:
        height, width = (pixels * self.division + 2 * self.reach for pixels in self.shape)
        return height, width

    def place(self, position: Array) -> Array:
        """Return positions in pixels as positions in cells."""
        return (position + 0.5) * self.division - 0.5 + self.reach


def add_intensity(
    out: Array,
    *,
    bodies: kernels.Bodies,
    index: Array,
    particles: kernels.Particles,
    optics: kernels.CoherentOptics,
    waves: Array,
    tolerance: float,
) -> None:
    """Add the intensities that ``optics`` asks for, averaged over the pixels, to ``out`` (image, y, x).

    ``index`` (body,) complex; ``waves`` (image, wave, 3) as `kernels.add_intensity_through_pupil` takes them.
    """
    images, wavelengths = optics.wavelength.shape
    for i in range(images):
        for q in range(wavelengths):
            one = part_of(optics, i, q)
            frequency = 4 * pi * optics.numerical_aperture[i] / optics.wavelength[i, q] * optics.pixel_size[i]
            cells = Cells(out.shape[1:], *kernels.pixel_cells(frequency, 0.2 * tolerance), optics.pixel_size[i])
            through = body_fields(bodies, index, optics, waves[i], i, q, cells)
            near = particles_of(particles, i, cells)
            weight = 1 / wavelengths if optics.weight is None else optics.weight[i, q]
            total = np.zeros(cells.size)
            for number, wave in enumerate(waves[i]):
                total += weight * wave[2] * _intensity(through[number], near, one, wave, cells, tolerance)
            mean = np.empty((1, *out.shape[1:]))
            kernels.integrate_pixels(total[None], mean, frequency, 0.2 * tolerance)
            out[i] += mean[0].astype(out.dtype)


def fill_field(
    out: Array,
    *,
    bodies: kernels.Bodies,
    index: Array,
    particles: kernels.Particles,
    optics: kernels.CoherentOptics,
    waves: Array,
    tolerance: float,
) -> None:
    """Fill ``out`` (image, y, x), complex, with the field behind the analyzer, averaged over the pixels.

    One wavelength, one state of polarization, one wave; else as `add_intensity`.
    """
    for i in range(len(out)):
        one = part_of(optics, i, 0)
        frequency = 2 * pi * optics.numerical_aperture[i] / optics.wavelength[i, 0] * optics.pixel_size[i]
        cells = Cells(out.shape[1:], *kernels.pixel_cells(frequency, 0.2 * tolerance), optics.pixel_size[i])
        through = body_fields(bodies, index, optics, waves[i], i, 0, cells)
        ((_, *parts),) = _components(through[0], particles_of(particles, i, cells), one, waves[i, 0], cells, tolerance)
        mean = np.empty((1, *out.shape[1:]))
        for part, to in zip(parts, (out[i].real, out[i].imag), strict=True):
            kernels.integrate_pixels(np.ascontiguousarray(part[None], np.float64), mean, frequency, 0.2 * tolerance)
            to[...] = mean[0]


def _intensity(
    field: Array,
    near: kernels.Particles,
    optics: kernels.CoherentOptics,
    wave: Array,
    cells: Cells,
    tolerance: float,
) -> Array:
    """Return the intensity on the cells under one wave, summed over the states of polarization."""
    total = np.zeros(cells.size)
    for share, real, imaginary in _components(field, near, optics, wave, cells, tolerance):
        total += share * (real * real + imaginary * imaginary)
    return total


def _components(
    field: Array,
    near: kernels.Particles,
    optics: kernels.CoherentOptics,
    wave: Array,
    cells: Cells,
    tolerance: float,
) -> Iterator[tuple[float, Array, Array]]:
    """Yield the share of each state and what is seen of its field on the cells, real and imaginary part."""
    jones = optics.jones
    assert jones is not None
    shares = np.full(jones.shape[:2], 1 / jones.shape[1]) if optics.jones_weight is None else optics.jones_weight
    reference = 1.0 if optics.reference is None else optics.reference[0, 0]
    through = (field.real - 1 + np.real(reference), field.imag + np.imag(reference))
    for state in range(jones.shape[1]):
        seen = np.eye(2) if optics.analyzer is None else optics.analyzer
        scattered = np.zeros((1, *cells.size, len(seen)), np.complex64)
        if len(near.x):
            alone = replace(optics, pixel_size=np.array([cells.width]), jones=jones[:, state : state + 1],
                            jones_weight=np.ones((1, 1)), reference=np.zeros((1, 1)))  # fmt: skip
            kernels.fill_field_through_pupil(scattered, particles=near, optics=alone, pupils=kernels.Pupils.clear(1),
                                             waves=wave[None, None], tolerance=tolerance)  # fmt: skip
        for component, one in enumerate(seen):
            light = jones[0, state]
            passed = (one.real * light.real + one.imag * light.imag).sum()
            turned = (one.real * light.imag - one.imag * light.real).sum()
            real = through[0] * passed - through[1] * turned + scattered[0, ..., component].real
            imaginary = through[0] * turned + through[1] * passed + scattered[0, ..., component].imag
            yield float(shares[0, state]), real, imaginary


def part_of(optics: kernels.CoherentOptics, image: int, wavelength: int) -> kernels.CoherentOptics:
    """Return the optics of one image at one wavelength."""
    row, column = slice(image, image + 1), slice(wavelength, wavelength + 1)
    spectral = ("wavelength", "weight", "reference")
    found = {field.name: getattr(optics, field.name) for field in fields(optics)}
    found = {
        name: value[row, column] if name in spectral else value[row]
        for name, value in found.items()
        if isinstance(value, np.ndarray)
    }
    return replace(optics, **found)


def particles_of(particles: kernels.Particles, image: int, cells: Cells) -> kernels.Particles:
    """Return the particles of one image, their positions in cells."""
    part = slice(particles.first[image], particles.first[image + 1])
    return replace(
        particles,
        first=np.array([0, part.stop - part.start], np.int64),
        x=cells.place(particles.x[part]),
        y=cells.place(particles.y[part]),
        z=particles.z[part],
        radius=particles.radius[part],
        refractive_index=particles.refractive_index[part],
        source=None if particles.source is None else particles.source[part],
    )


def body_fields(
    bodies: kernels.Bodies,
    index: Array,
    optics: kernels.CoherentOptics,
    waves: Array,
    image: int,
    wavelength: int,
    cells: Cells,
) -> Array:
    """Return the field (wave, y, x) on the cells of one image, 1 where there is no body."""
    part = slice(bodies.first[image], bodies.first[image + 1])
    size = cells.size
    if part.start == part.stop:
        return np.ones((len(waves), *size), np.complex64)
    length = optics.wavelength[image, wavelength]
    medium, aperture = optics.refractive_index_medium[image], optics.numerical_aperture[image]
    height = kernels.body_extents(bodies)[part, 2]
    low, high = (bodies.z[part] - height).min(), (bodies.z[part] + height).max()
    planes = max(1, ceil((high - low) * SLICES * medium / length))
    step = max((high - low) / planes, 1e-3)
    margin, padding = (ceil(times * length / aperture / cells.width) for times in (MARGIN, PADDING))
    contrast = np.zeros((1, planes, size[0] + 2 * margin, size[1] + 2 * margin), np.complex64)
    moved = bodies.part(part, cells.place(bodies.x[part]) + margin, cells.place(bodies.y[part]) + margin)
    moved = replace(moved, texture=0 * moved.texture)  # grains are of light, not of index
    one = np.array([cells.width]), np.array([low + 0.5 * step]), np.array([step])
    kernels.voxelise(
        contrast, moved, index[part] - medium, pixel_size=one[0], z_first=one[1], z_step=one[2], replace=True
    )
    found = []
    for sx, sy, _ in waves:
        slices = Slices(contrast[0], low + 0.5 * step, step, cells.width, length, medium, (sx, sy), padding)
        field = transmitted_field(slices, min(aperture, medium))
        found.append(field[margin : margin + size[0], margin : margin + size[1]])
    return np.stack(found)
