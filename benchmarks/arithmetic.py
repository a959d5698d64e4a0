"""The arithmetic that a case cannot avoid where it does no transform: operations of one image, and how fast they can be done.

An operation is one multiplication or one addition of float32 numbers; of float64, which half as many fit a register, two. Their
rate is that of the multiply-adds of a product of two matrices: the processor can do no more, fused or not, and kernels that give
the same bytes on every machine do not fuse them.

What is counted is what the best method known to us (radial integrals, sampled no finer than Nyquist asks for) needs at least:

- Mie's series: `SERIES` operations in float64 for each order, and `AMPLITUDE` for each order and direction;
- the radial integrals: a real Bessel function times a real value, added, for each direction, radius and real function;
- the pixels that a particle must touch: those where its image, made at a tolerance of 2e-5, differs from the empty one by more
  than its part of the tolerance, which all particles share. For each of them the distance, a cubic for each real function, and
  adding it.

Directions are half the periods that the phase runs through over the pupil (2 pi NA r / wavelength to the farthest pixel touched,
and defocus), radii half the periods of the farthest Bessel function. Everything else (geometry, tables, copies, calls) counts 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import asin, cos, pi, sqrt
from typing import Any

import numpy as np

import simcore as sc
from benchmarks import case_a, case_b, case_c, case_d, case_e, case_hologram, case_psf
from benchmarks.errors import FINEST

DOUBLE = 2  # operations of float32 in the time of one of float64
SERIES = 60 * DOUBLE  # for each order: psi, xi and D by recurrence, two complex quotients
AMPLITUDE = 22 * DOUBLE  # for each order and direction: pi and tau by recurrence (6), S1 and S2 (16)
DISTANCE = 6  # squares, their sum, root, whole part and fraction
CUBIC = 6
SQUARES = 12  # F and G of a radius from A and B, added
MATRIX = 512  # side of the product that gives the rate
SCENES = 32  # of one particle, over which pixels touched are averaged


@dataclass(frozen=True)
class Look:
    """Radial integrals of one particle seen in one wavelength; lengths in um. ``functions`` are real ones of the radius."""

    numerical_aperture: float
    wavelength: float
    medium: float
    radius: float  # of the circle of pixels touched
    depth: float
    functions: int
    order: float = 0.0  # size parameter of a sphere; 0: an emitter

    @property
    def argument(self) -> float:
        """The Bessel functions' largest."""
        return 2 * pi * self.numerical_aperture / self.wavelength * self.radius

    @property
    def directions(self) -> float:
        angle = asin(min(1.0, self.numerical_aperture / self.medium))
        defocus = 2 * pi * self.medium / self.wavelength * abs(self.depth) * (1 - cos(angle))
        return (self.argument + defocus + self.order * angle) / pi + 1

    @property
    def operations(self) -> float:
        terms = self.order + 4 * self.order ** (1 / 3) + 2 if self.order else 0.0
        radii = self.argument / pi + 1
        series = terms * (SERIES + AMPLITUDE * self.directions)
        return series + 2 * radii * self.directions * self.functions


MULTIPLY_ADDS = MATRIX**3  # multiply-adds of float32 in what `product` does


def product() -> Callable[[], Any]:
    """Return a product of two matrices, whose time tells how fast operations can be done on one core."""
    a, b = np.random.default_rng(1).random((2, MATRIX, MATRIX), np.float32)
    out = np.empty_like(a)
    return lambda: np.matmul(a, b, out=out)


def touched(particle: Any, microscope: Any, tolerance: float, lit: bool, count: float = 1) -> float:
    """Return the pixels, on average, in which one of ``count`` particles differs by more than its part of the tolerance.

    ``lit``: relative to the incident light, else to the particle's brightest pixel.
    """
    least = max(tolerance / count, 2 * FINEST)
    image = sc.Recipe(image=particle >> microscope).render(count=SCENES, seed=3)["image"].astype(float)
    size = np.ones((SCENES, 1, 1, 1)) if lit else image.max(axis=(1, 2, 3), keepdims=True)
    return float((abs(image - (1.0 if lit else 0.0)) > least * size).sum() / SCENES)


def _radius(pixels: float, pixel_size: float) -> float:
    return sqrt(pixels / pi) * pixel_size


def digits(tolerance: float) -> float:
    """Two maps, each four pixels weighed, and the elastic one's filter of 4 sigma both ways, within the image."""
    side = case_a.SIDE
    taps = min(2 * 24 + 1, side)
    filtering = 2 * 2 * 2 * taps  # two components, two directions, multiply and add
    return side**2 * (filtering + 2 * (8 + 8))


def brightfield(tolerance: float) -> float:
    """Of one sphere: F and G of its intensity F + G cos 2 psi add up over the wavelengths before any pixel is touched."""
    pixel, medium = 0.2, 1.33
    pixels = case_b.SIDE**2
    found = 0.0
    for wavelength in np.linspace(0.4, 0.7, case_b.WAVELENGTHS):
        order = 2 * pi * medium * 1.5 / wavelength
        look = Look(0.2, wavelength, medium, _radius(pixels, pixel), 0.8, 4, order)
        found += look.operations + 2 * look.argument / pi * SQUARES
    return found + pixels * (DISTANCE + 2 * CUBIC + 3 + 2)


def field(tolerance: float) -> float:
    """The pupil's points times the sphere's amplitudes, then two small products of complex matrices (Soummer et al. 2007)."""
    side, pixel, aperture, wavelength, medium, depth = case_c.SIDE, 0.113, 1.07, 0.635, 1.33, 0.18
    order = 2 * pi * medium * 0.25 / wavelength
    across = 2 * aperture / wavelength * (side * pixel + 2 * depth * aperture / sqrt(medium**2 - aperture**2))
    rows = 0.25 * pi * across * across * side + across * side * side
    look = Look(aperture, wavelength, medium, 0.0, depth, 4, order)
    return look.operations + 8 * rows


def emitters(tolerance: float) -> float:
    """Of each dot one radial function, its squared integrals, and the pixels that it reaches."""
    dot, microscope = case_d.scene().scatterers[0], case_d.microscope(FINEST)
    count = 14.5
    pixels = touched(dot, microscope, tolerance, lit=False, count=count)
    look = Look(0.7, 0.5, 1.33, _radius(pixels, 0.1), 0.4, 6)
    return count * (look.operations + pixels * (DISTANCE + CUBIC + 2))


def spheres(tolerance: float, side: int) -> float:
    """Of each sphere the complex fields A and B where it must be seen; of each pixel the intensity of their sum."""
    count = 0.5 * (sum(case_e.COUNTS[side]) - 1)
    particle = case_e.sphere(side)
    pixels = touched(particle, case_e.microscope(FINEST, side), tolerance, lit=True, count=count)
    look = Look(0.9, 0.633, 1.33, _radius(pixels, 0.345), 16.0, 4, 2 * pi * 1.33 * 0.24 / 0.633)
    for_each = look.operations + pixels * (DISTANCE + 4 * CUBIC + 4 + 4 + 6)
    return count * for_each + 10 * side**2


def hologram(tolerance: float, side: int) -> float:
    """As `brightfield`, of one wavelength and in the pixels touched."""
    pixels = touched(case_hologram.scene(side), case_hologram.microscope(FINEST, side), tolerance, lit=True)
    order = 2 * pi * case_hologram.MEDIUM * 0.65 / case_hologram.WAVELENGTH
    look = Look(
        1.2, case_hologram.WAVELENGTH, case_hologram.MEDIUM, _radius(pixels, case_hologram.PIXEL), 10.0, 4, order
    )
    return look.operations + pixels * (DISTANCE + 2 * CUBIC + 3 + 2)


def stack(tolerance: float, functions: int) -> float:
    """Of each plane the radial integrals and, where it must be seen, one radial function."""
    emitter = sc.PointEmitter(x=case_psf.MIDDLE, y=case_psf.MIDDLE, z=sc.uniform(-1.6, 1.6), intensity=1)
    model = "scalar" if functions == 2 else "vectorial"
    pixels = touched(emitter, case_psf.microscope(FINEST, model), tolerance, lit=False)
    look = Look(0.9, 0.55, 1.33, _radius(pixels, 0.1), 0.8, functions)
    return case_psf.PLANES * (look.operations + pixels * (DISTANCE + CUBIC + 2))


OPERATIONS: dict[str, Callable[[float], float]] = {
    "a": digits,
    "b": brightfield,
    "c": field,
    "d": emitters,
    "e128": lambda tolerance: spheres(tolerance, 128),
    "e256": lambda tolerance: spheres(tolerance, 256),
    "hologram64": lambda tolerance: hologram(tolerance, 64),
    "hologram256": lambda tolerance: hologram(tolerance, 256),
    "psf_scalar": lambda tolerance: stack(tolerance, 2),
    "psf_vectorial": lambda tolerance: stack(tolerance, 6),
}


def products(name: str, tolerance: float) -> float:
    """Return in how many times that of a `product` the arithmetic of an image can be done."""
    return float(OPERATIONS[name](tolerance) / MULTIPLY_ADDS)
