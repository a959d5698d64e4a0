"""Images of volumes that emit: a few planes of cells, each convolved with the intensity of an emitter at its depth.

The planes follow from the depths that the volume spans and the depth of field: see csrc/emission_planes.hpp. Cells are pixels
or parts of one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import fft

from simcore import kernels
from simcore.streams import Array

FILLED = 0.3  # part of the plane beside the image that shines, for what of its light may be left out


@dataclass(frozen=True)
class Canvas:
    """The cells of one image: ``margin`` pixels around it on each side, ``division`` cells in a pixel along each axis."""

    shape: tuple[int, int]  # px
    margin: int
    division: int
    pixel_size: float  # um
    padded: tuple[int, int]  # px, that are transformed

    @classmethod
    def of(cls, shape: tuple[int, int], reach: float, division: int, pixel_size: float) -> Canvas:
        """Return the canvas whose margins hold what lies at most ``reach`` um from the image."""
        margin = min(int(np.ceil(reach / pixel_size)), max(shape))
        height, width = (fft.next_fast_len(size + 2 * margin, real=True) for size in shape)
        return cls(shape, margin, division, pixel_size, (height, width))

    @property
    def cell(self) -> float:
        return self.pixel_size / self.division

    @property
    def cells(self) -> tuple[int, int]:
        return self.padded[0] * self.division, self.padded[1] * self.division

    @property
    def filled(self) -> tuple[slice, slice]:
        """The cells of the image and its margins."""
        height, width = ((size + 2 * self.margin) * self.division for size in self.shape)
        return slice(0, height), slice(0, width)

    @property
    def first(self) -> float:
        """Where the centre of the first cell lies, um from the centre of pixel 0."""
        return (0.5 / self.division - 0.5 - self.margin) * self.pixel_size

    def image(self, planes: Any, volume: Array) -> Array:
        """Return the image (y, x) of ``volume`` (plane, y, x), float32, of photons in each cell."""
        total = np.empty((self.padded[0], self.padded[1] // 2 + 1), np.complex64)
        planes.combine(total, [fft.rfft2(plane) for plane in volume], self.cells[1])
        wide = fft.irfft2(total, self.padded)
        return wide[self.margin : self.margin + self.shape[0], self.margin : self.margin + self.shape[1]]


def add_bodies(
    out: Array, *, bodies: kernels.Bodies, value: Array, optics: kernels.EmissionOptics, tolerance: float
) -> None:
    """Add to ``out`` (image, y, x) the photons of bodies that emit ``value`` (body,) per um^3, discs per um^2."""
    extent = kernels.body_extents(bodies)
    for i in range(len(out)):
        part = slice(bodies.first[i], bodies.first[i + 1])
        if part.start == part.stop:
            continue
        one = optics.part(np.array([i]))
        low, high = (bodies.z[part] - extent[part, 2]).min(), (bodies.z[part] + extent[part, 2]).max()
        division = division_of(one, tolerance)
        planes = kernels.emission_planes(optics=one, low=low, high=high, division=division, tolerance=tolerance)
        canvas = Canvas.of(out.shape[1:], reach_of(one, low, high, tolerance), division, one.column("pixel_size")[0])
        volume = np.zeros((len(planes.z), *canvas.cells), np.float32)
        kernels.columns(
            volume,
            bodies,
            value,
            image=i,
            pixel_size=canvas.pixel_size,
            division=canvas.division,
            margin=canvas.margin,
            z_first=planes.first,
            z_step=planes.step,
            share=planes.shares,
            nodes=NODES,
            layers=LAYERS,
        )
        out[i] += canvas.image(planes, volume)

NODES=0.2
LAYERS=1.0

def division_of(optics: kernels.EmissionOptics, tolerance: float) -> int:
    return DIV

DIV=1

def reach_of(optics: kernels.EmissionOptics, low: float, high: float, tolerance: float) -> float:
    """Return how far from the image (um) light is followed."""
    stray, _ = kernels.emission_reach(low=np.array([low]), high=np.array([high]), optics=optics, tolerance=tolerance)
    aperture = 2 * np.pi * optics.column("numerical_aperture")[0] / optics.wavelength.max()
    return float(stray[0] + 2 * FILLED / (np.pi**2 * aperture * tolerance))
