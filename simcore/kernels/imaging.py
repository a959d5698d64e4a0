"""Images of spheres by radial integrals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from simcore import _core
from simcore.kernels.views import flat
from simcore.streams import Array
from simcore.values import Members, in_images


@cache
def _tables() -> object:
    """Return the Bessel functions on the nodes of the radial integrals, filled as images need them, shared by all threads."""
    return _core.RadialTables()


@dataclass(frozen=True)
class Spheres:
    """The spheres of a block of images: those of image i are ``first[i]`` to ``first[i + 1]``."""

    first: Array
    x: Array
    y: Array
    z: Array
    radius: Array
    refractive_index: Array

    @classmethod
    def of(cls, particles: Sequence[Members], images: int) -> Spheres:
        """Gather the spheres of a block of images."""
        first, order = in_images(particles, images)

        def flat(field: str, dtype: type) -> Array:
            values: list[Array] = [np.asarray(members.values[field], dtype) for members in particles]
            return np.ascontiguousarray(np.concatenate(values)[order])

        x, y, z, radius = (flat(field, np.float64) for field in ("x", "y", "z", "radius"))
        return cls(first, x, y, z, radius, flat("refractive_index", np.complex128))


def image_spheres(
    out: Array,
    *,
    spheres: Spheres,
    numerical_aperture: Array,
    pixel_size: Array,
    refractive_index_medium: Array,
    polarization_angle: Array,
    wavelength: Array,
    weight: Array,
    tolerance: float,
) -> None:
    """Fill ``out`` (image, y, x) with intensities relative to the empty field; angle nan: unpolarized."""
    s = spheres
    optics = [flat(a) for a in (numerical_aperture, pixel_size, refractive_index_medium, polarization_angle)]
    _core.image_spheres(
        _tables(),
        out,
        s.first,
        s.x,
        s.y,
        s.z,
        s.radius,
        s.refractive_index,
        *optics,
        flat(wavelength),
        flat(weight),
        tolerance,
    )
