"""Images of volumes that emit: a few planes of cells, each convolved with the intensity of an emitter at its depth.

The planes follow from the depths that the volume spans and from the depth of field (csrc/emission_planes.hpp); cells are
pixels, or parts of one where the tolerance or what is small asks for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, pi, prod
from typing import Any

import numpy as np
from scipy import fft

from simcore import kernels
from simcore.optics.aberrated import Pupil, steepest
from simcore.optics.aberrated_planes import AberratedPlanes
from simcore.optics.filled import Grid, Placed, layers, mean
from simcore.streams import Array

FINEST = 3e-4  # tolerance below which volumes become no more accurate
FILLED = 0.3  # part of what lies beside the image that shines: how much of its light may be left out
# Largest errors, relative to the brightest pixel, with cells of one pixel: of balls (of ellipsoids in proportion to their
# height over their radius, from FLATTEST on), of flat patches; from images at several sizes and apertures against the same
# with six cells in a pixel. With two cells they are a quarter, with three a tenth.
BALL, FLATTEST, PATCH = 6.4e-3, 0.3, 1.2e-2
SMALL = 1.5  # radius in pixels below which they grow
FINE = 0.85  # period of the finest waves in pixels, with which these errors were found
MOST_CELLS = 4  # in a pixel along each axis
GRAINY = 2e-2  # the like for contents of any kind
POINTS = 4  # in a pixel along each axis, at least, in which contents given as a function are looked at
HEIGHTS = 0.25  # of a pixel, at most, between them along z
FINE_GRAINED = 0.5  # of the tolerance of what has a plateau: what shines in grains has none
DIMMEST, STEEPEST = 0.05, 0.9  # brightness, and sine of the rim's angle, that are reckoned with
THINNEST = 1e-3  # um, radius of a lump
LAYERS = 1.0  # thickness of what has one texture, relative to the finest grains: the same whatever the tolerance


class Scratch:
    """Memory that is used again and again: new memory costs as much as the transforms."""

    def __init__(self) -> None:
        self._known = np.empty(0, np.float32)

    def zeros(self, shape: tuple[int, ...]) -> Array:
        """Return an array of float32 zeros, which holds until the next one is asked for."""
        size = prod(shape)
        if self._known.size < size:
            self._known = np.empty(size, np.float32)
        found = self._known[:size].reshape(shape)
        found.fill(0)
        return found


@dataclass(frozen=True)
class Canvas:
    """The cells of one image: ``margin`` pixels around it on each side, ``division`` cells in a pixel along each axis."""

    shape: tuple[int, int]  # px
    margin: int
    division: int
    pixel_size: float  # um
    padded: tuple[int, int]  # px, that are transformed

    @classmethod
    def of(cls, shape: tuple[int, ...], reach: float, division: int, pixel_size: float) -> Canvas:
        """Return the canvas that holds what lies at most ``reach`` um from the image."""
        margin = min(ceil(reach / pixel_size), max(shape))
        height, width = (fft.next_fast_len(size + 2 * margin, real=True) for size in shape)
        return cls((shape[0], shape[1]), margin, division, pixel_size, (height, width))

    @property
    def cells(self) -> tuple[int, int]:
        return self.padded[0] * self.division, self.padded[1] * self.division

    def image(self, planes: Any, volume: Array) -> Array:
        """Return the image (y, x) of ``volume`` (plane, y, x), float32, of photons in each cell."""
        total = np.empty((self.padded[0], self.padded[1] // 2 + 1), np.complex64)
        planes.combine(total, list(fft.rfft2(volume)), self.cells)
        wide = fft.irfft2(total, self.padded, overwrite_x=True)
        return wide[self.margin : self.margin + self.shape[0], self.margin : self.margin + self.shape[1]]


def add_bodies(
    out: Array,
    *,
    bodies: kernels.Bodies,
    intensity: Array,
    optics: kernels.EmissionOptics,
    tolerance: float,
    pupils: Sequence[Pupil] | None = None,
) -> None:
    """Add to ``out`` (image, y, x) the photons of bodies that emit ``intensity`` (body,) per um^3, flat ones per um^2.

    ``tolerance``: largest error relative to the brightest pixel, not less than 3e-4. Light of what lies so far beside the image
    that less than this arrives is left out. ``pupils`` (image,): those without rotational symmetry.
    """
    tolerance, scratch = max(tolerance, FINEST), Scratch()
    extent = kernels.body_extents(bodies)
    counts = np.diff(bodies.first)
    lit, image = np.flatnonzero(counts), np.repeat(np.arange(len(out)), counts)
    first = bodies.first[lit]
    pixels, lumps = optics.column("pixel_size"), lumps_of(extent, bodies.z, intensity)
    lows = np.minimum.reduceat(bodies.z - extent[:, 2], first)
    highs = np.maximum.reduceat(bodies.z + extent[:, 2], first)
    roughs = np.maximum.reduceat(roughness(extent[:, 3] / pixels[image], extent[:, 2] / extent[:, 3]), first)
    brights = np.maximum.reduceat(brightness(optics, image, extent[:, 3], bodies.z), first)
    for i, low, high, rough, bright in zip(lit.tolist(), lows, highs, roughs.tolist(), brights.tolist(), strict=True):
        one, pixel = optics.part(slice(i, i + 1)), float(pixels[i])
        division = cells_in_pixel(one, max(rough, GRAINY) if pupils else rough, bright * tolerance)
        planes, canvas = lay_out(
            one,
            (low, high),
            division,
            out.shape[1:],
            tolerance,
            bright,
            pupils[i] if pupils else None,
            lumps[bodies.first[i] : bodies.first[i + 1]],
        )
        volume = scratch.zeros((len(planes.z), *canvas.cells))
        kernels.columns(
            volume,
            bodies,
            intensity,
            image=i,
            pixel_size=pixel,
            division=division,
            margin=canvas.margin,
            z_first=planes.first,
            z_step=planes.step,
            share=planes.shares,
            layers=LAYERS,
        )
        out[i] += canvas.image(planes, volume)


def add_filled(
    out: Array,
    *,
    placed: list[list[Placed]],
    optics: kernels.EmissionOptics,
    tolerance: float,
    pupils: Sequence[Pupil] | None = None,
) -> None:
    """Add to ``out`` (image, y, x) the photons of contents given place by place: see `add_bodies`."""
    tolerance, scratch = max(tolerance, FINEST), Scratch()
    for i, inside in enumerate(placed):
        if not inside:
            continue
        one = optics.part(slice(i, i + 1))
        half = [each.half_sides[2] for each in inside]
        low = min(each.z - h for each, h in zip(inside, half, strict=True))
        high = max(each.z + h for each, h in zip(inside, half, strict=True))
        division = cells_in_pixel(one, GRAINY, tolerance)
        planes, canvas = lay_out(
            one, (low, high), division, out.shape[1:], FINE_GRAINED * tolerance, 1.0, pupils[i] if pupils else None
        )
        halves = scratch.zeros((len(planes.z), *(2 * size for size in canvas.cells)))
        for each in inside:
            _add_light(halves, each, planes, canvas)
        out[i] += canvas.image(planes, _from_half_cells(halves))


def lay_out(
    optics: kernels.EmissionOptics,
    depths: tuple[float, float],
    division: int,
    shape: tuple[int, ...],
    tolerance: float,
    bright: float,
    pupil: Pupil | None,
    lumps: Array = kernels.NO_LUMPS,
) -> tuple[Any, Canvas]:
    """Return the planes and the cells through which one image sees what lies between two ``depths`` (um).

    ``bright``: see `brightness`; ``lumps``: see `kernels.EmissionPlanes`.
    """
    low, high = depths
    pixel, reach = float(optics.column("pixel_size")[0]), reach_of(optics, low, high, bright * tolerance)
    if pupil is None:
        # Without lumps the error of the planes is bounded as if all depths erred to one side: in images it is a third or less.
        bound = tolerance if len(lumps) else min(3 * tolerance, 0.3)
        planes: Any = kernels.EmissionPlanes(
            optics=optics, low=low, high=high, division=division, tolerance=bound, lumps=lumps
        )
        return planes, Canvas.of(shape, reach, division, pixel)
    tolerance *= bright
    # What an emitter's image has beyond the canvas is lost here.
    reach = reach_of(optics, low, high, 0.25 * tolerance)
    reach += float(steepest(pupil.wavefront, 1)[0] / optics.column("numerical_aperture")[0])
    canvas = Canvas.of(shape, reach, division, pixel)
    planes = AberratedPlanes(optics=optics, pupil=pupil, low=low, high=high, division=division, padded=canvas.padded,
                             tolerance=tolerance)  # fmt: skip
    return planes, canvas


def _add_light(halves: Array, one: Placed, planes: Any, canvas: Canvas) -> None:
    """Add the light of ``one`` to half cells (plane, y, x)."""
    width = canvas.pixel_size / (2 * canvas.division)
    grid = Grid(halves.shape[1:], width, (canvas.margin + 0.5) * 2 * canvas.division - 0.5)
    window = grid.window(one, canvas.pixel_size)
    points = ceil(POINTS / (2 * canvas.division)) if np.isinf(one.spacing) else min(8, ceil(2 * width / one.spacing))
    half = one.half_sides[2]
    count = max(1, ceil(2 * half / min(width, HEIGHTS * canvas.pixel_size, 0.5 * one.spacing)))
    heights = one.z + half * ((2 * np.arange(count) + 1) / count - 1)
    depths = planes.first + planes.step * np.arange(len(planes.shares))
    shares = np.stack([np.interp(heights, depths, share) for share in planes.shares.T])
    shares = (shares * (one.value("intensity") * width * width * 2 * half / count)).astype(np.float32)
    for k, given in layers(one, grid, window, canvas.pixel_size, heights, points, np.float32):
        light = mean(given)
        for plane, share in enumerate(shares[:, k]):
            if share:
                halves[(plane, *window)] += share * light


def _from_half_cells(halves: Array) -> Array:
    """Return cells (plane, y, x) that take 3/4 of the two half cells in them and 1/4 of the next on each side."""
    for axis in (1, 2):
        halves = np.moveaxis(halves, axis, 0)
        first, second = halves[::2], halves[1::2]
        cells = np.float32(0.75) * (first + second)
        cells[1:] += np.float32(0.25) * second[:-1]
        cells[:-1] += np.float32(0.25) * first[1:]
        halves = np.moveaxis(cells, 0, axis)
    return np.ascontiguousarray(halves)


def brightness(optics: kernels.EmissionOptics, image: Array, radius: Array, z: Array) -> Array:
    """Return how bright, at most 1, bodies are beside wide ones of their thickness: (body,).

    ``image``: in which each lies; ``radius``, ``z`` in um.
    """
    aperture = optics.column("numerical_aperture")
    sine = np.minimum(aperture / optics.column("medium"), STEEPEST)
    focused, slope = 0.5 * optics.wavelength.max(1) / aperture, sine / np.sqrt(1 - sine * sine)
    blur = focused[image] + 0.6 * np.abs(z) * slope[image]
    return np.clip((radius / blur) ** 2, DIMMEST, 1.0)


def lumps_of(extent: Array, z: Array, intensity: Array) -> Array:
    """Return the lumps (body, 4) that stand for bodies: see `kernels.EmissionPlanes`; ``extent``: of `kernels.body_extents`.

    As high as the bodies, turned ones too, and as bright in the middle.
    """
    half, thickness = extent[:, 2], extent[:, 4]
    light = intensity * np.where(thickness > 0, thickness, 1.0)
    return np.stack([np.maximum(extent[:, 3], THINNEST), half, z, light / np.where(half > 0, 2 * half, 1.0)], axis=1)


def roughness(radius: Array, height: Array) -> Array:
    """Return the errors, with cells of one pixel, of bodies of ``radius`` pixels; ``height`` relative to that, 0: flat."""
    error = (
        np.where(height == 0, PATCH, BALL * np.clip(height, FLATTEST, 1.0))
        * np.maximum(1.0, SMALL / np.maximum(radius, 1e-3)) ** 2
    )
    return np.minimum(error, 0.1)


def cells_in_pixel(optics: kernels.EmissionOptics, rough: float, tolerance: float) -> int:
    """Return the cells along each axis of a pixel that the tolerance asks for."""
    aperture = np.minimum(optics.column("numerical_aperture"), optics.column("immersion"))[0]
    cycles = 2 * aperture / optics.wavelength.min() * optics.column("pixel_size")[0]
    if rough * ((FINE * cycles) ** 2 if cycles < 0.5 else 1.0) <= tolerance:
        return 1
    division = 2
    while division < MOST_CELLS and rough * (FINE * cycles / division) ** 2 > tolerance:
        division += 1
    return division


def reach_of(optics: kernels.EmissionOptics, low: float, high: float, tolerance: float) -> float:
    """Return how far from the image (um) light is followed: from a plane that shines beyond, less than the tolerance arrives."""
    stray, _ = kernels.emission_reach(low=np.array([low]), high=np.array([high]), optics=optics, tolerance=tolerance)
    wavenumber = 2 * pi * optics.column("numerical_aperture")[0] / optics.wavelength.max()
    return float(stray[0] + 2 * FILLED / (pi**2 * wavenumber * tolerance))
