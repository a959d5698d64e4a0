"""Planes through which a volume that emits is imaged by a pupil without rotational symmetry.

The transfer function of each plane is the transform of an emitter's image there; between planes light is shared by cubic
interpolation. Planes and cells are otherwise as in `kernels.EmissionPlanes`.
"""

from __future__ import annotations

from dataclasses import replace
from math import ceil, sqrt

import numpy as np
from scipy import fft

from simcore import kernels
from simcore.kernels.emission import COLUMNS
from simcore.optics.aberrated import Pupil, image_aberrated
from simcore.streams import Array

DEPTHS = 16  # between two planes, at which shares are given
FEWEST = 4  # planes, and depths, of cubic interpolation
FAINT = 0.1  # of the tolerance: light that faint around each of many emitters adds up
ALIASES = (-1, 0, 1)


class AberratedPlanes:
    """The planes of one image: see `kernels.EmissionPlanes`, which has the same ``z``, ``shares``, ``combine`` ..."""

    def __init__(
        self,
        *,
        optics: kernels.EmissionOptics,
        pupil: Pupil,
        low: float,
        high: float,
        division: int,
        padded: tuple[int, int],
        tolerance: float,
    ) -> None:
        self.z = _planes(optics, low, high, tolerance)
        self.first, self.step, self.shares = _shares(self.z)
        self.division, self.padded = division, padded
        cutoff = 2 * optics.column("numerical_aperture")[0] / optics.wavelength.min() * optics.column("pixel_size")[0]
        fine = division * max(1, ceil(2 * cutoff / division))  # points in a pixel along each axis
        self.transfer = self._transfer(optics, pupil, fine, tolerance)

    def _transfer(self, optics: kernels.EmissionOptics, pupil: Pupil, fine: int, tolerance: float) -> Array:
        """Return the transfer functions (plane, y, x / 2 + 1) from cells to pixels."""
        height, width = (size * fine for size in self.padded)
        count = len(self.z)
        many = optics.part(np.zeros(count, np.int64))
        table = many.optics.copy()
        table[:, COLUMNS.index("pixel_size")] /= fine
        middle = np.full(count, float(width // 2)), np.full(count, float(height // 2))
        rotating = np.full(count, np.nan), np.zeros(count)
        emitters = kernels.Emitters(np.arange(count + 1), *middle, self.z, np.ones(count), *rotating)
        seen = np.zeros((count, height, width), np.float32)
        image_aberrated(seen, emitters=emitters, optics=replace(many, optics=table), tolerance=FAINT * tolerance,
                        wavefront=pupil.wavefront, amplitude=pupil.amplitude)  # fmt: skip
        known = fft.fft2(np.roll(seen.astype(float), (-(height // 2), -(width // 2)), (1, 2)))
        return _to_pixels(known, self.padded, self.division, fine)

    def combine(self, total: Array, spectra: list[Array], cells: tuple[int, int]) -> None:
        """Fill ``total`` (y, x / 2 + 1) with the spectrum of the image, from those (y, x / 2 + 1) of ``cells``."""
        light = np.zeros_like(self.transfer[0])
        for transfer, spectrum in zip(self.transfer, spectra, strict=True):
            light += transfer * spectrum
        known = fft.irfft2(light, cells)
        total[...] = fft.rfft2(known[:: self.division, :: self.division]) * self.division**2


def _planes(optics: kernels.EmissionOptics, low: float, high: float, tolerance: float) -> Array:
    """Return the heights of the planes: so close that cubic interpolation of the fastest phase keeps the tolerance."""
    medium = optics.column("medium")[0]
    aperture = min(optics.column("numerical_aperture")[0], medium)
    fastest = 2 * np.pi / optics.wavelength.min() * (medium - sqrt(medium**2 - aperture**2))
    spacing = (128 / 3 * tolerance) ** 0.25 / fastest
    count = max(FEWEST, ceil((high - low) / spacing) + 1)
    return np.linspace(low, high, count) if high > low else np.array([low])


def _shares(z: Array) -> tuple[float, float, Array]:
    """Return the first depth, the step, and the part (depth, plane) of the light that each plane gets."""
    if len(z) == 1:
        return float(z[0]), 1.0, np.ones((FEWEST, 1))
    spacing = float(z[1] - z[0])
    place = np.arange((len(z) - 1) * DEPTHS + 1) / DEPTHS
    begin = np.clip(np.floor(place).astype(int) - 1, 0, len(z) - FEWEST)
    t = place - begin
    shares = np.zeros((len(place), len(z)))
    rows = np.arange(len(place))
    for k in range(FEWEST):
        others = [j for j in range(FEWEST) if j != k]
        weight = np.ones_like(t)
        for j in others:
            weight *= (t - j) / (k - j)
        shares[rows, begin + k] += weight
    return float(z[0]), spacing / DEPTHS, shares


def _to_pixels(known: Array, padded: tuple[int, int], division: int, fine: int) -> Array:
    """Return what takes the cells' spectra to what pixels see (plane, y, x / 2 + 1).

    ``known`` (plane, y, x): transforms of emitters' images, ``fine`` points in a pixel. A cell is a weighted mean of its
    surroundings, of the spectrum G; which of the frequencies that look alike on cells is meant is not known, but light
    falls off as f^-2: see csrc/cell_aliases.hpp.
    """
    cells = tuple(size * division for size in padded)
    numbers = [np.arange(cells[0]), np.arange(cells[1] // 2 + 1)]
    numbers[0] = np.where(2 * numbers[0] >= cells[0], numbers[0] - cells[0], numbers[0])
    total = np.zeros((len(known), len(numbers[0]), len(numbers[1])), complex)
    norm = np.zeros(total.shape[1:])
    for my in ALIASES:
        for mx in ALIASES:
            rows, columns = numbers[0] + my * cells[0], numbers[1] + mx * cells[1]
            fy, fx = rows / cells[0], columns / cells[1]  # cycles per cell
            likely = 1 / np.maximum(fy[:, None] ** 2 + fx**2, 1e-6) ** 2
            weight = np.outer(_cell(fy), _cell(fx))
            norm += weight**2 * likely
            row, column = _within(rows, known.shape[1]), _within(columns, known.shape[2])
            if not (row.any() and column.any()):
                continue
            box = np.outer(_box(fy * division, fine), _box(fx * division, fine))
            shift = np.outer(_shift(fy, division), _shift(fx, division))
            taken = known[:, rows % known.shape[1]][:, :, columns % known.shape[2]]
            total += taken * (box * shift * weight * likely * np.outer(row, column))
    return total / norm


def _cell(f: Array) -> Array:
    """Return G: a cell takes (1, 3, 3, 1) / 8 of half cells."""
    return _sinc(f / 2) * kernels.elementary("cos", np.pi * f / 2) ** 3


def _box(f: Array, fine: int) -> Array:
    """Return what makes the light on a fine point that on a pixel; ``f`` in cycles per pixel."""
    return _sinc(f) / _sinc(f / fine)


def _shift(f: Array, division: int) -> Array:
    """Return what moves from the middle of a pixel's first cell to its own."""
    phase = np.pi * f * (division - 1)
    return kernels.elementary("cos", phase) + 1j * kernels.elementary("sin", phase)


def _sinc(f: Array) -> Array:
    safe = np.where(f == 0, 1.0, np.pi * f)
    return np.where(f == 0, 1.0, kernels.elementary("sin", safe) / safe)


def _within(numbers: Array, size: int) -> Array:
    """Return which frequencies are known."""
    return 2 * np.abs(numbers) < size
