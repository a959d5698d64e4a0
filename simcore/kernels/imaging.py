"""Images of spheres by radial integrals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from simcore import _core
from simcore.kernels.views import flat
from simcore.streams import Array


@cache
def tables() -> object:
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
    def of(cls, spheres: Sequence[Mapping[str, Array]], images: int) -> Spheres:
        """Gather the values, each (image,), of spheres that stand in every image."""

        def flat(field: str, dtype: type) -> Array:
            return np.ascontiguousarray(np.stack([sphere[field] for sphere in spheres], axis=1).ravel(), dtype)

        first = np.arange(images + 1, dtype=np.int64) * len(spheres)
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
        tables(),
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
