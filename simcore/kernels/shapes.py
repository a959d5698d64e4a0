"""Ellipsoids and discs as voxels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from simcore import _core
from simcore.kernels.views import flat
from simcore.streams import Array


@dataclass(frozen=True)
class Bodies:
    """Ellipsoids and discs of a block of images: those of image i are ``first[i]`` to ``first[i + 1]``.

    ``x``, ``y`` in px, ``z`` in um; ``radius`` (body, 3) along the body's own x, y, z in um, 0 along z for a disc (no
    thickness, no tilt); ``rotation`` (body, 3) about x (from +y towards +z), then y (from +z towards +x), then z (from +x
    towards +y). ``deformation``: standard deviation of the outline (0 to 0.3), ``texture``: of the contents, with the
    coarsest grains every ``texture_scale`` um. Outline and texture are functions of ``key`` and the row of ``counter``
    (body, 3): example, name, copy and frame, as in `simcore.streams.Stream`.
    """

    first: Array
    x: Array
    y: Array
    z: Array
    radius: Array
    rotation: Array
    deformation: Array
    texture: Array
    texture_scale: Array
    key: Array
    counter: Array

    def part(self, rows: slice, x: Array, y: Array) -> Bodies:
        """Return some bodies as those of one image, at other places in the image."""
        row = {name: value[rows] for name, value in vars(self).items() if name != "key"}
        return replace(self, **row | {"first": np.array([0, len(x)], np.int64), "x": x, "y": y})

    @property
    def view(self) -> Any:
        """Return the arrays as the core takes them."""
        return _core.Bodies(
            np.ascontiguousarray(self.first, np.int64),
            flat(self.x),
            flat(self.y),
            flat(self.z),
            flat(self.radius),
            flat(self.rotation),
            flat(self.deformation),
            flat(self.texture),
            flat(self.texture_scale),
            np.ascontiguousarray(self.key, np.uint64),
            np.ascontiguousarray(self.counter, np.uint64),
        )


def voxelise(
    out: Array, bodies: Bodies, value: Array, *, pixel_size: Array, z_first: Array, z_step: Array, replace: bool = False
) -> None:
    """Add to ``out`` (image, plane, y, x), float32 or complex64, the ``value`` of each body times the share it fills.

    ``value`` is per volume, a disc's per area. Plane p is centred at ``z_first + p z_step`` (um). With ``replace``, a body
    displaces what was there before instead of adding to it.
    """
    kind = np.complex128 if np.iscomplexobj(out) else np.float64
    values = np.ascontiguousarray(value, kind)
    _core.voxelise(out, bodies.view, values, flat(pixel_size), flat(z_first), flat(z_step), replace)


def columns(
    out: Array,
    bodies: Bodies,
    value: Array,
    *,
    image: int,
    pixel_size: float,
    division: int,
    margin: int,
    z_first: float,
    z_step: float,
    share: Array,
    layers: float,
) -> None:
    """Add to ``out`` (plane, y, x), float32, the light of the bodies of one image, ``value`` (body,) per um^3 or um^2.

    Plane p gets ``share[:, p]`` of it, given at depths ``z_first + i z_step`` (um). There are ``division`` cells in a pixel along
    each axis, and ``margin`` pixels before pixel (0, 0). ``layers``: thickness of what has one texture, relative
    to the finest grains.
    """
    _core.columns(
        out, bodies.view, image, flat(value), pixel_size, division, margin, z_first, z_step, flat(share), layers
    )


def body_extents(bodies: Bodies) -> Array:
    """Return (body, 5) um: half the sides of each body's box along x, y, z; the smaller radius of what is seen along z; the
    thickness along z, in the middle.
    """
    out = np.empty((len(bodies.x), 5))
    _core.body_extents(bodies.view, out)
    return out


def outlines(bodies: Bodies, direction: Array) -> Array:
    """Return the relative radius of each body in ``direction`` (body, direction, 3), unit vectors of its own axes."""
    out = np.empty(direction.shape[:2])
    _core.outlines(bodies.view, flat(direction), out)
    return out
