"""Contents that users give place by place, averaged over the cells of an image's grid.

What is given is looked at in points: several in each cell along each axis, and as many layers of points in the box's height.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from simcore import kernels
from simcore.errors import ParameterError
from simcore.scatterers.volume import Filled
from simcore.streams import Array
from simcore.values import Members

AT_ONCE = 1 << 18  # points


@dataclass(frozen=True)
class Placed:
    """One particle in an image: the particles of its scatterer, and which of them it is."""

    scatterer: Filled
    values: dict[str, Array]
    row: int
    x: float  # px
    y: float
    z: float  # um

    def value(self, name: str) -> complex:
        return self.values[name][self.row].item()

    @property
    def turn(self) -> Array:
        """The matrix that brings directions into the particle's own axes."""
        about_x, about_y, about_z = (
            _turned(float(self.values[name][self.row]), axis)
            for name, axis in (("rotation_x", 0), ("rotation_y", 1), ("rotation", 2))
        )
        return _product(_product(about_x, about_y), about_z)

    @property
    def half_sides(self) -> Array:
        """Half the sides of a box along x, y, z of the image that holds it, um."""
        half = self.scatterer.half_sides(self.values)[self.row]
        return (np.abs(self.turn) * half[:, None]).sum(0)

    @property
    def spacing(self) -> float:
        return float(self.scatterer.spacing(self.values)[self.row])

    def check(self, values: Array) -> None:
        """Refuse contents that cannot be."""
        title = self.scatterer.title()
        if not np.isfinite(values).all():
            raise ParameterError(f"{title}: gives a value that is not finite")
        if self.scatterer.of == "density" and values.real.min(initial=0) < 0:
            raise ParameterError(f"{title}: gives a density of {values.real.min():g}; must be >= 0")


@dataclass(frozen=True)
class Grid:
    """Cells of an image of ``shape`` (cells), ``width`` um wide, ``origin`` cells before the centre of pixel (0, 0)."""

    shape: tuple[int, int]
    width: float
    origin: float

    def window(self, one: Placed, pixel_size: float) -> tuple[slice, slice]:
        """Return the rows and columns of cells that a particle may reach."""
        middle = [self.origin + place * pixel_size / self.width for place in (one.y, one.x)]
        reach = one.half_sides[1::-1] / self.width
        ends = [(m - r, m + r, n) for m, r, n in zip(middle, reach, self.shape, strict=True)]
        rows, columns = (slice(min(max(0, ceil(a - 0.5)), n), max(0, min(n, ceil(b + 0.5)))) for a, b, n in ends)
        return rows, columns


def placed_in_images(members: Sequence[Members], images: int, refocus: Array | None = None) -> list[list[Placed]]:
    """Return the particles in each image; ``refocus`` (image,): by how much the focus is raised, um."""
    found: list[list[Placed]] = [[] for _ in range(images)]
    for m in members:
        for row, image in enumerate(m.image):
            x, y, z = (float(m.values[axis][row]) for axis in ("x", "y", "z"))
            raised = 0.0 if refocus is None else float(refocus[image])
            found[image].append(Placed(m.scatterer, m.values, row, x, y, z - raised))
    return found


def layers(
    one: Placed, grid: Grid, window: tuple[slice, slice], pixel_size: float, heights: Array, points: int, dtype: type
) -> Iterator[tuple[int, Array]]:
    """Yield the number of each of ``heights`` (um, of the image) and what the particle holds there (y, x, point).

    ``points`` by ``points`` points in each cell of ``window``, equally spaced, come last.
    """
    rows, columns = window
    shape = (rows.stop - rows.start, columns.stop - columns.start)
    if not all(shape):
        return
    turn, step = one.turn, grid.width / points
    x0, y0 = (
        (start - grid.origin - 0.5) * grid.width - place * pixel_size + 0.5 * step
        for start, place in ((columns.start, one.x), (rows.start, one.y))
    )
    apart = float(heights[1] - heights[0]) if len(heights) > 1 else 1.0
    steps = np.stack([turn[:, 2] * apart, turn[:, 1] * step, turn[:, 0] * step])
    some = max(1, AT_ONCE // (shape[0] * shape[1] * points * points))
    for start in range(0, len(heights), some):
        count = min(some, len(heights) - start)
        out = np.empty((count, shape[0] * points, shape[1] * points), dtype)
        first = x0 * turn[:, 0] + y0 * turn[:, 1] + (heights[start] - one.z) * turn[:, 2]
        one.scatterer.fill(out, one.values, one.row, first, steps)
        one.check(out)
        for k in range(count):
            fine = out[k].reshape(shape[0], points, shape[1], points)
            yield start + k, fine.transpose(0, 2, 1, 3).reshape(*shape, points * points)


def mean(values: Array) -> Array:
    """Return the mean over the last axis, added up in order: the same on every machine."""
    total = values[..., 0].copy()
    for i in range(1, values.shape[-1]):
        total += values[..., i]
    return total / total.dtype.type(values.shape[-1])


def _turned(angle: float, axis: int) -> Array:
    cosine, sine = (kernels.elementary(function, np.array([angle]))[0] for function in ("cos", "sin"))
    matrix = np.eye(3)
    i, j = (axis + 1) % 3, (axis + 2) % 3
    matrix[i, i] = matrix[j, j] = cosine
    matrix[i, j], matrix[j, i] = sine, -sine
    return matrix


def _product(a: Array, b: Array) -> Array:
    return (a[:, :, None] * b[None]).sum(1)


def displace(
    contrast: Array,
    inside: Sequence[Placed],
    grid: Grid,
    *,
    pixel_size: float,
    refractive_index_medium: float,
    z_first: float,
    z_step: float,
    points: int = 3,
) -> None:
    """Let particles displace what is in ``contrast`` (plane, y, x): refractive index minus that of the medium.

    Plane p is centred at ``z_first + p z_step`` um; ``points`` along each axis of a cell are looked at.
    """
    for one in inside:
        window = grid.window(one, pixel_size)
        low, high = ((one.z + sign * one.half_sides[2] - z_first) / z_step for sign in (-1, 1))
        planes = np.arange(max(0, ceil(low - 0.5)), min(len(contrast), ceil(high + 0.5)))
        heights = z_first + z_step * (
            (np.arange(planes.size * points) + 0.5) / points - 0.5 + (planes[0] if planes.size else 0)
        )
        share = np.float32(1 / points)
        for k, given in layers(one, grid, window, pixel_size, heights, points, np.complex64):
            here = contrast[(planes[k // points], *window)]
            if k % points == 0:
                before, here[...] = here.copy(), 0
            filled, index = _refracting(one, given, refractive_index_medium)
            here += share * (before * (1 - mean(filled)) + mean(index))


def _refracting(one: Placed, given: Array, medium: float) -> tuple[Array, Array]:
    """Return the share of each place that is filled, and what that adds to the index."""
    if one.scatterer.of == "density":
        return given, given * np.complex64(one.value("refractive_index") - medium)
    filled = (given != 0).astype(np.float32)
    return filled, (given - np.float32(medium)) * filled
