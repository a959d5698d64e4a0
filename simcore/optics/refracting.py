"""Bodies of another refractive index under transmitted light: slice by slice, beside spheres that scatter by Mie's solution.

The field of a body is that of `multislice`, scalar: it keeps the polarization of the light. Light that spheres scatter is
added to it; neither meets the other's. What is here adds to an image of the spheres alone what bodies change of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from simcore import kernels
from simcore.bodies import gather_bodies
from simcore.optics.filled import Grid, Placed, displace, placed_in_images
from simcore.optics.multislice import Slices, scattered_field
from simcore.optics.one_pupil import OnePupil
from simcore.optics.voxels import SHARPER, Boxes, Cells, Voxels, at_centres, voxels_of
from simcore.scatterers.volume import Filled
from simcore.streams import Array
from simcore.values import Members

ACCURACY = 0.2  # of means over pixels, in tolerances


@dataclass(frozen=True)
class Solids:
    """What refracts in a block of images: bodies, their complex ``index`` (body,), and what is given place by place (image)."""

    bodies: kernels.Bodies
    index: Array
    filled: list[list[Placed]]

    @classmethod
    def gathered(cls, members: Sequence[Members], images: int) -> Solids:
        outlined = [m for m in members if not isinstance(m.scatterer, Filled)]
        bodies, order = gather_bodies(outlined, images)
        index = [np.asarray(m.values["refractive_index"], np.complex128) for m in outlined]
        placed = placed_in_images([m for m in members if isinstance(m.scatterer, Filled)], images)
        return cls(bodies, np.concatenate([np.zeros(0, np.complex128), *index])[order], placed)

    def images(self) -> list[int]:
        """Return the images that hold any."""
        return [i for i, n in enumerate(np.diff(self.bodies.first)) if n or self.filled[i]]

    def of(self, image: int) -> Solids:
        """Return those of one image."""
        rows = slice(self.bodies.first[image], self.bodies.first[image + 1])
        bodies = self.bodies.part(rows, self.bodies.x[rows], self.bodies.y[rows])
        return Solids(bodies, self.index[rows], [self.filled[image]])

    def moved(self, to: Callable[[Any], Any]) -> Solids:
        """Return them with x and y, px, taken elsewhere."""
        bodies = replace(self.bodies, x=to(self.bodies.x), y=to(self.bodies.y))
        filled = [[replace(one, x=float(to(one.x)), y=float(to(one.y))) for one in inside] for inside in self.filled]
        return replace(self, bodies=bodies, filled=filled)

    @property
    def boxes(self) -> Boxes:
        """The boxes that hold those of one image."""
        bodies, filled = self.bodies, self.filled[0]
        given = np.array([(one.x, one.y, one.z, *one.half_sides) for one in filled]).reshape(-1, 6)
        own = np.column_stack([bodies.x, bodies.y, bodies.z, kernels.body_extents(bodies)[:, :3]])
        return Boxes(*np.concatenate([own, given]).T)


@dataclass(frozen=True)
class Light:
    """Optics, pupil and waves (wave, 3) of one image at one wavelength."""

    optics: kernels.CoherentOptics
    pupils: kernels.Pupils
    waves: Array

    @classmethod
    def of(
        cls, optics: kernels.CoherentOptics, pupils: kernels.Pupils, waves: Array, image: int, wavelength: int
    ) -> Light:
        return cls(part_of(optics, image, wavelength), pupils_of(pupils, image), waves[image])

    @property
    def pupil(self) -> OnePupil:
        return OnePupil.of(self.optics, self.pupils, 0, 0)

    @property
    def steepest(self) -> float:
        """The largest numerical aperture of the waves."""
        square = (self.waves[:, :2] ** 2).sum(axis=1).max()
        return float(self.optics.refractive_index_medium[0] * np.sqrt(square))

    def cells(self, shape: tuple[int, ...], aperture: float, tolerance: float) -> Cells:
        """Return the cells of an image that varies as much as light of that aperture."""
        cycles = aperture / self.optics.wavelength[0, 0]
        return Cells.of(shape, self.optics.pixel_size[0], cycles, ACCURACY * tolerance)


def add_intensity(
    out: Array,
    *,
    solids: Solids,
    particles: kernels.Particles,
    optics: kernels.CoherentOptics,
    pupils: kernels.Pupils,
    waves: Array,
    tolerance: float,
) -> Array:
    """Add to the intensities of ``particles``, in ``out`` (image, y, x), what bodies change; averaged over the pixels.

    ``waves`` (image, wave, 3) and what intensities are relative to as in
    `kernels.add_intensity_through_pupil`. Return (image,) how far light lands beyond the largest grid, um.
    """
    images, wavelengths = optics.wavelength.shape
    beyond = np.zeros(images)
    for i in solids.images():
        here = solids.of(i)
        for q in range(wavelengths):
            light = Light.of(optics, pupils, waves, i, q)
            aperture = optics.numerical_aperture[i]
            cells = light.cells(out.shape[1:], aperture + max(aperture, light.steepest), tolerance)
            found, missed = body_fields(here, light, cells)
            change = _change(found, light, particles_of(particles, i, q, cells), cells, tolerance)
            weight = 1 / wavelengths if optics.weight is None else optics.weight[i, q]
            out[i] += (weight * cells.means(change)).astype(out.dtype)
            beyond[i] = max(beyond[i], missed)
        np.maximum(out[i], 0, out=out[i])  # where light is all but extinguished, two errors may leave less than none
    return beyond


def add_field(
    out: Array,
    *,
    solids: Solids,
    optics: kernels.CoherentOptics,
    pupils: kernels.Pupils,
    waves: Array,
    tolerance: float,
) -> Array:
    """Add to ``out`` (image, y, x), complex, what the analyzer passes of the bodies' field, averaged over the pixels.

    One wavelength, one state of polarization, one wave; else as `add_intensity`.
    """
    beyond = np.zeros(len(out))
    for i in solids.images():
        light = Light.of(optics, pupils, waves, i, 0)
        cells = light.cells(out.shape[1:], optics.numerical_aperture[i] + light.steepest, tolerance)
        (field,), beyond[i] = body_fields(solids.of(i), light, cells)
        ((_, passed),) = _components(light.optics)
        out[i].real += cells.means(field.real * passed.real - field.imag * passed.imag).astype(out.real.dtype)
        out[i].imag += cells.means(field.real * passed.imag + field.imag * passed.real).astype(out.real.dtype)
    return beyond


def body_fields(solids: Solids, light: Light, cells: Cells) -> tuple[Array, float]:
    """Return the field (wave, y, x) that the solids of one image add on its cells, relative as in `scattered_field`.

    And how far, in um, their light lands beyond the largest grid.
    """
    pupil = light.pupil
    voxels, beyond = voxels_of(solids.boxes, pupil, cells)
    contrast = contrast_of(solids, pupil.medium, voxels)
    found = []
    for sx, sy, _ in light.waves:
        slices = Slices(contrast, voxels.first, voxels.step, voxels.width, pupil.wavelength, pupil.medium, (sx, sy),
                        voxels.padding)  # fmt: skip
        found.append(voxels.cut(scattered_field(slices, pupil, room=voxels.room, finer=voxels.finer)))
    return np.stack(found), beyond


def contrast_of(solids: Solids, medium: float, voxels: Voxels) -> Array:
    """Return the index minus the medium's (plane, y, x), complex64, of the solids of one image, the later over the earlier."""
    contrast, bodies = np.zeros((1, *voxels.shape), np.complex64), solids.bodies
    moved = bodies.part(slice(None), voxels.place(bodies.x), voxels.place(bodies.y))
    moved = replace(moved, texture=0 * moved.texture)  # grains are of light, not of index
    width, first, step = (np.array([value]) for value in (voxels.width, voxels.first, voxels.step))
    kernels.voxelise(contrast, moved, solids.index - medium, pixel_size=width, z_first=first, z_step=step, replace=True)
    grid = Grid(voxels.shape[1:], voxels.width, float(voxels.place(np.zeros(1))[0]))
    displace(contrast[0], solids.filled[0], grid, pixel_size=voxels.cells.pixel_size, refractive_index_medium=medium,
             z_first=voxels.first, z_step=voxels.step)  # fmt: skip
    return contrast[0]


def _change(found: Array, light: Light, near: kernels.Particles, cells: Cells, tolerance: float) -> Array:
    """Return on the cells what the fields of bodies, ``found`` (wave, y, x), change of the intensity beside spheres."""
    total = np.zeros(cells.size)
    for field, wave, (share, reference) in zip(found, light.waves, _shares(light), strict=True):
        x, y = field.real.astype(np.float64), field.imag.astype(np.float64)
        alone = 2 * (reference.real * x + reference.imag * y) + (x * x + y * y)
        seen = sum(part * (passed.real**2 + passed.imag**2) for part, passed in _components(light.optics))
        total += share * seen * alone
        if len(near.x):
            total += share * _interference(x, y, light, wave, near, cells, tolerance)
    return total


def _interference(
    x: Array, y: Array, light: Light, wave: Array, near: kernels.Particles, cells: Cells, tolerance: float
) -> Array:
    """Return 2 Re(F p S*) of bodies' field F = ``x`` + i ``y``, what passes of the light p, and the spheres' field S."""
    optics, total = light.optics, np.zeros(cells.size)
    assert optics.jones is not None
    components = iter(_components(optics))
    near = replace(near, x=near.x + SHARPER, y=near.y + SHARPER)
    height, width = (size + 2 * SHARPER for size in cells.size)
    for state in range(optics.jones.shape[1]):
        seen = 2 if optics.analyzer is None else 1
        scattered = np.zeros((1, height, width, seen), np.complex64)
        one = replace(optics, pixel_size=np.array([cells.width]), jones=optics.jones[:, state : state + 1],
                      jones_weight=np.ones((1, 1)), reference=np.zeros((1, 1)))  # fmt: skip
        kernels.fill_field_through_pupil(scattered, particles=near, optics=one, pupils=light.pupils, waves=wave[None, None],
                                         tolerance=tolerance)  # fmt: skip
        for component in range(seen):
            part, p = next(components)
            s = at_centres(scattered[0, ..., component])
            total += 2 * part * (s.real * (x * p.real - y * p.imag) + s.imag * (x * p.imag + y * p.real))
    return total


def _shares(light: Light) -> Iterator[tuple[float, complex]]:
    """Yield for each wave its share of the intensity and the amplitude of the reference, relative to what passes of it.

    Relative to what the waves bring through the pupil, or, where nothing passes or interferes, to the pupil.
    """
    optics, pupil, weights = light.optics, light.pupil, light.waves[:, 2]
    reference = 1 + 0j if optics.reference is None else complex(optics.reference[0, 0])
    through = [pupil.passes(sx, sy) for sx, sy, _ in light.waves]
    power = np.array([amplitude.real**2 + amplitude.imag**2 for amplitude in through])
    total = (weights * power).sum() if reference else 0.0
    for weight, part in zip(weights, power, strict=True):
        yield weight * (part or 1.0) / (total or weights.sum()), reference if part else 0j


def _components(optics: kernels.CoherentOptics) -> Iterator[tuple[float, complex]]:
    """Yield, for each state and each component seen of it, its share and what passes of the light that is not scattered."""
    jones = optics.jones
    assert jones is not None
    shares = np.full(jones.shape[:2], 1 / jones.shape[1]) if optics.jones_weight is None else optics.jones_weight
    for share, light in zip(shares[0], jones[0], strict=True):
        for seen in np.eye(2, dtype=np.complex128) if optics.analyzer is None else optics.analyzer:
            passed = (seen.real * light.real + seen.imag * light.imag).sum()
            turned = (seen.real * light.imag - seen.imag * light.real).sum()
            yield float(share), complex(passed, turned)


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


def pupils_of(pupils: kernels.Pupils, image: int) -> kernels.Pupils:
    """Return the pupil of one image."""
    row = slice(image, image + 1)
    return replace(pupils, wavefront=pupils.wavefront[row], apodization=pupils.apodization[row], stop=pupils.stop[row],
                   refocus=pupils.refocus[row])  # fmt: skip


def particles_of(particles: kernels.Particles, image: int, wavelength: int, cells: Cells) -> kernels.Particles:
    """Return the particles of one image as they scatter at one wavelength, their positions in cells."""
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
        multipoles=_at(particles.multipoles, wavelength),
        amplitudes=_at(particles.amplitudes, wavelength),
    )


def _at(scattering: tuple[Array, Array] | None, wavelength: int) -> tuple[Array, Array] | None:
    """Return coefficients or amplitudes (row, wavelength or one for all, ...) at one wavelength."""
    if scattering is None:
        return None
    first, second = (part[:, [wavelength if part.shape[1] > 1 else 0]] for part in scattering)
    return first, second
