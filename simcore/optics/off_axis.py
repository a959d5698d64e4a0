"""Off-axis holography: a tilted reference beam puts the field on a carrier."""

from __future__ import annotations

from dataclasses import replace
from math import pi

import numpy as np

from simcore import kernels
from simcore.optics.coherent import Shot
from simcore.optics.complex_field import OneField, states_of
from simcore.parameters import Value, parameter
from simcore.properties import Array

CELLS = 4  # along a pixel, on which field and carrier are multiplied; twice as many in double precision


class OffAxisHolography(OneField):
    """Object light and a tilted reference beam: |E + R exp(2 pi i (f_x x + f_y y))|^2, integrated over each pixel.

    The carrier (f_x, f_y) is in periods per pixel, R relative to the empty field; the reference beam is polarized like the
    light. Image: (height, width, 1). Raises ParameterError for values out of range.
    """

    carrier_x: Value = parameter("periods of the fringes along x", default=0.25, unit="1/px", least=-0.5, most=0.5)
    carrier_y: Value = parameter("periods of the fringes along y", default=0.25, unit="1/px", least=-0.5, most=0.5)
    reference_amplitude: Value = parameter("amplitude of the reference beam", default=1.0, least=0)

    def draw(self, shot: Shot) -> Array:
        image = super().draw(shot)
        amplitude = shot.values["reference_amplitude"]
        states = states_of(shot)
        for one, jones, analyzer in states:
            # What the analyzer lets pass of the reference beam, p: |E|^2 + |R p|^2 + 2 Re[E (R p)* exp(-i phase)].
            passed = (analyzer.real * jones.real + analyzer.imag * jones.imag).sum(axis=1)
            turned = (analyzer.real * jones.imag - analyzer.imag * jones.real).sum(axis=1)
            real, imaginary = self.off_carrier(one)
            fringes = (
                real * (2 * amplitude * passed)[:, None, None] + imaginary * (2 * amplitude * turned)[:, None, None]
            )
            even = (amplitude * amplitude * (passed * passed + turned * turned))[:, None, None]
            image += ((fringes + even) / len(states))[..., None].astype(image.dtype)
        return image

    def off_carrier(self, shot: Shot) -> tuple[Array, Array]:
        """Return the mean of E exp(-i phase) over each pixel, real and imaginary part (image, y, x).

        From means of the field over cells, with its slope across a cell: the rest is of fourth order in the cell's size.
        """
        cells = CELLS * (2 if self.double else 1)
        height, width = (size * cells for size in self.shape)
        finer = replace(shot.optics, pixel_size=shot.optics.pixel_size / cells)
        field = self.field(replace(_closer(shot, cells), optics=finer), (height + 2, width + 2))
        real, imaginary = (np.ascontiguousarray(part, np.float64) for part in (field.real, field.imag))
        for axis, name in ((2, "carrier_x"), (1, "carrier_y")):
            real, imaginary = _demodulated(real, imaginary, axis, shot.values[name], cells)
        return _binned(real, cells), _binned(imaginary, cells)


def _closer(shot: Shot, cells: int) -> Shot:
    """Return the shot with positions in cells, of which there is one more all round."""

    def placed(place: Array) -> Array:
        return (place + 0.5) * cells + 0.5

    particles = replace(shot.particles, x=placed(shot.particles.x), y=placed(shot.particles.y))
    solid = None if shot.solid is None else shot.solid.moved(placed)
    return replace(shot, particles=particles, solid=solid)


def _demodulated(real: Array, imaginary: Array, axis: int, carrier: Array, cells: int) -> tuple[Array, Array]:
    """Return the means of E exp(-i phase) over the cells along an axis, from those of E; a cell less on both sides."""
    step = 2 * pi * carrier / cells  # radians per cell
    half = np.where(step == 0, 1.0, 0.5 * step)
    sine, cosine = (kernels.elementary(function, half) for function in ("sin", "cos"))
    even = np.where(step == 0, 1.0, sine / half)  # mean of cos(step u) over a cell
    odd = np.where(step == 0, 0.0, (sine - half * cosine) / (2 * half * half))  # mean of u sin(step u)
    inner, before, after = (_along(axis, part) for part in (slice(1, -1), slice(None, -2), slice(2, None)))
    even, odd = even[:, None, None], odd[:, None, None]
    slope, turn = 0.5 * (real[after] - real[before]), 0.5 * (imaginary[after] - imaginary[before])
    mean, other = even * real[inner] + odd * turn, even * imaginary[inner] - odd * slope
    count = mean.shape[axis]
    phase = 2 * pi * carrier[:, None] * ((np.arange(count) + 0.5) / cells - 0.5)
    shape = (len(carrier), 1, count) if axis == 2 else (len(carrier), count, 1)
    c, s = (kernels.elementary(function, phase.ravel()).reshape(shape) for function in ("cos", "sin"))
    return mean * c + other * s, other * c - mean * s


def _along(axis: int, part: slice) -> tuple[slice, ...]:
    return tuple(part if number == axis else slice(None) for number in range(3))


def _binned(values: Array, cells: int) -> Array:
    """Return the means of cells x cells blocks."""
    images, height, width = values.shape
    blocks = values.reshape(images, height // cells, cells, width // cells, cells)
    return blocks.sum(axis=4).sum(axis=2) / (cells * cells)
