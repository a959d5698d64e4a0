"""The particles of a scene as bodies with an outline: for volumes of fluorescence or index, and for masks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from simcore import kernels
from simcore.scatterers import Ellipse, Ellipsoid, LayeredMieSphere, MieSphere, Sphere
from simcore.scenes import Scatterer
from simcore.streams import Array
from simcore.values import Members, in_images

# Scatterers that have a silhouette.
BODIES: tuple[type[Scatterer], ...] = (Ellipsoid, Sphere, Ellipse)  # that emit from a volume or an area
OUTLINED: tuple[type[Scatterer], ...] = (*BODIES, MieSphere, LayeredMieSphere)


def gather_bodies(members: Sequence[Members], images: int) -> tuple[kernels.Bodies, Array]:
    """Return the bodies of a block, image by image, and their order among the particles taken scatterer by scatterer."""
    first, order = in_images(members, images)

    def laid(read: Callable[[Members], Array], none: tuple[int, ...] = (0,), kind: type = np.float64) -> Array:
        return np.ascontiguousarray(np.concatenate([np.zeros(none, kind), *(read(m) for m in members)])[order])

    def of(field: str, default: float) -> Array:
        return laid(lambda m: _column(m, field, default))

    x, y, z = of("x", 0), of("y", 0), of("z", 0)
    outline, grains, scale = of("deformation", 0), of("texture", 0), of("texture_scale", 1)
    counter = laid(lambda m: m.streams.counter, (0, 3), np.uint64)
    key = members[0].streams.key if members else np.zeros(2, np.uint64)
    return kernels.Bodies(
        first, x, y, z, laid(_radii, (0, 3)), laid(_rotation, (0, 3)), outline, grains, scale, key, counter
    ), order


def _column(members: Members, field: str, default: float) -> Array:
    values = members.values.get(field)
    return np.full(len(members.image), float(default)) if values is None else np.asarray(values, np.float64)


def _radii(members: Members) -> Array:
    if "radii" in members.values:
        outermost = members.values["radii"].reshape(len(members.image), -1)[:, -1:]
        return np.repeat(np.asarray(outermost, np.float64), 3, axis=1)
    if "radius" in members.values:
        return np.repeat(_column(members, "radius", 0)[:, None], 3, axis=1)
    flat = isinstance(members.scatterer, Ellipse)
    depth = np.zeros(len(members.image)) if flat else _column(members, "radius_z", 0)
    return np.stack([_column(members, "radius_x", 0), _column(members, "radius_y", 0), depth], axis=1)


def _rotation(members: Members) -> Array:
    return np.stack([_column(members, field, 0) for field in ("rotation_x", "rotation_y", "rotation")], axis=1)
