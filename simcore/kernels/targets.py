"""Targets as images (image, y, x, channel): discs, ellipsoids, densities, silhouettes, distances.

The particles of image i are ``first[i]`` to ``first[i + 1]``; positions in px. ``merge`` says how a particle's value combines
with what is there: "add", "or" (what is there stays, unless it is 0), "overwrite" or "max". ``out`` is bool, int32 or float32.
"""

from __future__ import annotations

import numpy as np

from simcore import _core
from simcore.kernels.shapes import Bodies
from simcore.kernels.views import flat
from simcore.streams import Array


def _offsets(first: Array) -> Array:
    return np.ascontiguousarray(first, np.int64)


def discs(out: Array, *, first: Array, y: Array, x: Array, radius: Array, value: Array, merge: str = "or") -> None:
    """Put ``value`` on the pixels of ``out`` (image, y, x, 1) whose centres are at most ``radius`` px from the particle."""
    _core.discs(out, _offsets(first), flat(y), flat(x), flat(radius), np.ascontiguousarray(value, out.dtype), merge)


def ellipsoids(
    out: Array, *, first: Array, y: Array, x: Array, z: Array, radius: Array, value: Array, merge: str = "or"
) -> None:
    """Put ``value`` into the voxels of ``out`` (image, y, x, plane) whose centres lie in the particle's ellipsoid.

    ``z`` and ``radius[:, 2]`` in planes, from the centre of plane 0; ``radius`` (particle, 3) along y, x, plane.
    """
    values = np.ascontiguousarray(value, out.dtype)
    _core.ellipsoids(out, _offsets(first), flat(y), flat(x), flat(z), flat(radius), values, merge)


def gaussians(out: Array, *, first: Array, y: Array, x: Array, sigma: Array, weight: Array, merge: str = "add") -> None:
    """Put normal densities of integral ``weight``, integrated over each pixel, into ``out`` (image, y, x, 1) float32."""
    _core.gaussians(out, _offsets(first), flat(y), flat(x), flat(sigma), flat(weight), merge)


def silhouettes(out: Array, bodies: Bodies, *, pixel_size: Array, value: Array, merge: str = "overwrite") -> None:
    """Put ``value`` on the pixels of ``out`` (image, y, x, 1) whose centres' lines of sight meet the body."""
    _core.silhouettes(out, bodies.view, flat(pixel_size), np.ascontiguousarray(value, out.dtype), merge)


def silhouette_boxes(bodies: Bodies, *, pixel_size: Array, shape: tuple[int, int]) -> Array:
    """Return (body, 4): first row and column of each silhouette, last row and column plus one; nan if none is seen."""
    out = np.empty((len(bodies.x), 4))
    _core.silhouette_boxes(out, bodies.view, flat(pixel_size), *shape)
    return out


def point_distances(out: Array, *, first: Array, y: Array, x: Array, limit: float) -> None:
    """Fill ``out`` (image, y, x, 1) float32 with the distance to the nearest particle in px, at most ``limit``."""
    _core.point_distances(out, _offsets(first), flat(y), flat(x), limit)


def mask_distances(out: Array, mask: Array, *, limit: float) -> None:
    """Fill ``out`` (image, y, x, 1) float32 with the distance to the nearest pixel outside ``mask``, at most ``limit``."""
    _core.mask_distances(out, mask, limit)
