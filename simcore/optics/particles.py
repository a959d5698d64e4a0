"""The particles of a scene as the kernels of coherent light take them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from simcore import kernels
from simcore.scatterers import MieSphere
from simcore.scenes import Scatterer
from simcore.streams import Array
from simcore.values import Members, in_images

MULTIPOLES: tuple[type[Scatterer], ...] = (MieSphere,)


def gather(members: Sequence[Members], images: int, optics: kernels.CoherentOptics) -> kernels.Particles:
    """Return the particles of a block of images, image by image; those without a radius as multipoles."""
    first, order = in_images(members, images)

    def laid(read: Callable[[Members], Array], dtype: type) -> Array:
        return np.ascontiguousarray(np.concatenate([np.asarray(read(m), dtype) for m in members])[order])

    x, y, z = (laid(lambda m, axis=axis: m.values[axis], np.float64) for axis in ("x", "y", "z"))  # type: ignore[misc]
    return kernels.Particles(
        first, x, y, z, laid(_radius, np.float64), laid(lambda m: m.values["refractive_index"], np.complex128)
    )


def _radius(members: Members) -> Array:
    return members.values["radius"]
