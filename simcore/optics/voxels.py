"""Where the fields of an image are known, and where the volume lies through which its light comes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, pi

import numpy as np
from scipy import fft

from simcore import kernels
from simcore.optics.one_pupil import OnePupil
from simcore.streams import Array

SLICES = 8  # in a wavelength in the medium
VOXELS = 4  # in a wavelength in the medium, across; the cells themselves where these are coarser
MARGIN = 4.0  # of the volume around the image, wavelengths / NA; the padding that absorbs comes on top
PADDING = 4.0
SHARPER = 2  # cells on either side from which the value in the middle of one is found


@dataclass(frozen=True)
class Cells:
    """The points of one image on which fields are known: ``division`` in a pixel along each axis, ``reach`` beyond the image.

    As many as light up to ``frequency`` (radians per pixel) needs for its means over the pixels, within ``tolerance``.
    """

    shape: tuple[int, int]
    pixel_size: float
    frequency: float
    tolerance: float
    division: int
    reach: int

    @classmethod
    def of(cls, shape: tuple[int, ...], pixel_size: float, cycles: float, tolerance: float) -> Cells:
        """Return the cells of an image that varies with up to ``cycles`` per um."""
        frequency = 2 * pi * cycles * pixel_size
        height, width = shape
        return cls((height, width), pixel_size, frequency, tolerance, *kernels.pixel_cells(frequency, tolerance))

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

    def means(self, values: Array) -> Array:
        """Return the means over pixels, float64, of values (y, x) on the cells."""
        result = np.empty((1, *self.shape))
        cells = np.ascontiguousarray(values[None], np.float64)
        kernels.integrate_pixels(cells, result, self.frequency, self.tolerance)
        return result[0]


@dataclass(frozen=True)
class Voxels:
    """Where the volume of one image lies: every ``finer``-th cell, ``margin`` voxels before the first; planes from ``low`` on.

    Lengths in um; ``padding``, ``room`` in voxels: see `Slices` and `scattered_field`.
    """

    cells: Cells
    finer: int
    margin: int
    padding: int
    room: int
    low: float
    planes: int
    step: float

    @property
    def width(self) -> float:
        return self.cells.width * self.finer

    @property
    def first(self) -> float:
        """The middle of the first plane."""
        return self.low + 0.5 * self.step

    @property
    def shape(self) -> tuple[int, int, int]:
        """Planes, rows and columns; on the far side as many more as make transforms quick."""
        least = ((size - 2) // self.finer + 2 + 2 * (self.margin + self.padding) for size in self.cells.size)
        rows, columns = (fft.next_fast_len(size) - 2 * self.padding for size in least)
        return self.planes, rows, columns

    def place(self, position: Array) -> Array:
        """Return positions in pixels as positions in voxels."""
        return self.cells.place(position) / self.finer + self.margin

    def cut(self, field: Array) -> Array:
        """Return the cells of a field that is known ``finer`` times as closely as the voxels."""
        first, (height, width) = self.margin * self.finer, self.cells.size
        return field[first : first + height, first : first + width]


def at_centres(means: Array) -> Array:
    """Return values (y, x) at the centres of cells from the means over them, which reach `SHARPER` cells farther all round.

    Exact for polynomials of degree 5 along either axis.
    """
    for _ in range(2):
        second, before, middle, after, last = (means[i : len(means) - 2 * SHARPER + i] for i in range(5))
        means = ((1067 / 960) * middle - (29 / 480) * (before + after) + (3 / 640) * (second + last)).T
    return means


@dataclass(frozen=True)
class Boxes:
    """What stands in one image, each in a box: its centre, px and um, and half its sides, um; all (box,)."""

    x: Array
    y: Array
    z: Array
    half_x: Array
    half_y: Array
    half_z: Array


def voxels_of(boxes: Boxes, pupil: OnePupil, cells: Cells) -> tuple[Voxels, float]:
    """Return the volume that one image needs, and how far, in um, its light lands beyond the largest grid."""
    wavelength = pupil.wavelength
    low, high = (boxes.z - boxes.half_z).min(), (boxes.z + boxes.half_z).max()
    finer = max(1, int(wavelength / (VOXELS * pupil.medium * cells.width)))
    width, tangent, shift = finer * cells.width, pupil.tangent, pupil.shift()
    # Light lands where focus and wavefront move it to; what leaves the last plane elsewhere is not asked for.
    bottom, top = low - pupil.refocus, high - pupil.refocus
    moved = max(-bottom, top) * tangent + shift
    aside = min((high - low) * tangent, max(-bottom, 0.0) * tangent + shift)
    margin = MARGIN * wavelength / pupil.numerical_aperture + min(_overhang(boxes, cells), moved) + aside
    padding = PADDING * wavelength / pupil.numerical_aperture
    planes = max(1, ceil((high - low) * SLICES * pupil.medium / wavelength))
    step = max((high - low) / planes, 1e-3)
    voxels = Voxels(cells, finer, ceil(margin / width), ceil(padding / width), 0, low, planes, step)
    # Twice as far out of focus as rays go: waves from the rim of the pupil fade only as 1 / distance.
    wanted = 2 * abs(voxels.first - pupil.refocus) * tangent + shift - (voxels.margin + voxels.padding) * width
    room = max(0, ceil(0.5 * wanted / width))
    most = max(0, (kernels.LARGEST_GRID - max(voxels.shape[1:])) // 2 - voxels.padding)
    return replace(voxels, room=min(room, most)), 2 * width * max(0, room - most)


def _overhang(boxes: Boxes, cells: Cells) -> float:
    """Return how far boxes reach beyond the image, um."""
    height, width = cells.shape
    sides = [
        half + cells.pixel_size * over
        for half, place, size in ((boxes.half_x, boxes.x, width), (boxes.half_y, boxes.y, height))
        for over in (-0.5 - place, place + 0.5 - size)
    ]
    return max(0.0, float(np.max(sides)))
