"""Targets that are images: masks, densities, volumes, distances. ``scene >> DiskMask(...)``.

A new one is a class here: see `SceneImage`. Geometry moves them as it moves the image, in one draw.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import numpy as np

from simcore import kernels
from simcore.bodies import OUTLINED, gather_bodies
from simcore.errors import ParameterError, RecipeError
from simcore.features import Applied, Feature, Flow
from simcore.parameters import Value, between, image_shape, one_of, option, parameter, whole_number
from simcore.properties import Array, Property
from simcore.scenes import Microscope, Scatterer, Scene, as_scene
from simcore.targets import SceneTarget
from simcore.values import Members, Plan, in_images

__all__ = [
    "BorderDistance",
    "CentroidDensity",
    "DiskMask",
    "DistanceMap",
    "GaussianDensity",
    "InstanceMask",
    "SemanticMask",
    "SphereVolume",
]

MERGES = ("add", "or", "overwrite", "max")
OVERLAPS = 'what overlaps do: "or" (bool), "add" (their number), "overwrite" or "max" (float32 of 0 and 1)'


SPREAD = "standard deviation of the densities"
DENSE = 'what overlaps do: "add", "or" (the first stays), "overwrite" or "max"'
PITCH = "pixel pitch in the object: camera pitch / magnification"
SHAPE = "height and width of the image in pixels"


def refuse_without_outline(asker: str, scene: Flow) -> None:
    """Raise RecipeError if a scatterer of ``scene`` has no outline."""
    for scatterer in scene.scatterers if isinstance(scene, Scene) else ():
        if not isinstance(scatterer, OUTLINED):
            raise RecipeError(f"{asker} needs particles with an outline; {scatterer.title()} has none")


class Drawn(Applied):
    """The image of a `SceneImage`."""

    drawn_on_zeros = True

    def render(self, plan: Plan, arrays: list[Array]) -> Array:
        out = np.zeros((len(plan), *self.shape), self.dtype)
        self.render_onto(plan, out)
        return out

    def render_onto(self, plan: Plan, out: Array) -> None:
        scene, feature = self.inputs[0], self.feature
        assert isinstance(scene, Scene) and isinstance(feature, SceneImage)
        feature.draw(plan, plan.particles(scene), out)


class SceneImage(Feature):
    """Base of targets that are images (y, x, channel) of a scene's particles."""

    takes: ClassVar[tuple[str, ...]] = ("scene",)
    outlined: ClassVar[bool] = False  # whether the particles need an outline
    dtype: ClassVar[type] = np.float32
    shape: tuple[int, int]

    def refuse(self, flow: Flow) -> None:
        super().refuse(flow)
        if self.outlined:
            refuse_without_outline(self.title(), flow)

    def after(self, flow: Flow) -> Flow:
        self.refuse(flow)
        return Drawn(self, flow, kind="image", shape=(*self.shape, self.depth()), dtype=self.dtype_after(flow))

    def dtype_after(self, flow: Flow) -> np.dtype:
        return np.dtype(self.dtype)

    def depth(self) -> int:
        """Return the number of channels."""
        return 1

    def draw(self, plan: Plan, members: list[Members], out: Array) -> None:
        """Draw the particles into ``out`` (image, y, x, channel), which is 0."""
        raise NotImplementedError


class Places:
    """Where the particles of a block are, image by image."""

    def __init__(self, members: list[Members], images: int) -> None:
        self.first, self.order = in_images(members, images)
        self.image = np.repeat(np.arange(images), np.diff(self.first))
        self.x, self.y, self.z = (self.laid(members, axis) for axis in ("x", "y", "z"))

    def laid(self, members: list[Members], field: str) -> Array:
        return np.concatenate([np.asarray(m.values[field], np.float64) for m in members])[self.order]

    def each(self, values: Array) -> Array:
        """Return the values of images, (image, ...), for each particle."""
        return np.ascontiguousarray(values[self.image])


class Marks(SceneImage):
    """Base of targets that mark pixels: bool, or float32 where overlaps count. A subclass declares ``merge``."""

    def dtype_after(self, flow: Flow) -> np.dtype:
        declared: Any = self
        return np.dtype(bool if declared.merge == "or" else np.float32)


class DiskMask(Marks):
    """Where a particle's centre is at most ``radius`` pixels away: bool (y, x, 1), or float32 with another ``merge`` than "or".

    Raises ParameterError for values out of range.
    """

    radius: Value = parameter("radius of the disks", unit="px", above=0)
    shape: tuple[int, int] = option(SHAPE, read=image_shape)
    merge: str = option(OVERLAPS, default="or", read=one_of(*MERGES))

    def draw(self, plan: Plan, members: list[Members], out: Array) -> None:
        at = Places(members, len(plan))
        radius, value = at.each(plan.value(self.radius)), np.ones(len(at.x), out.dtype)
        kernels.discs(out, first=at.first, y=at.y, x=at.x, radius=radius, value=value, merge=self.merge)


class Density(SceneImage):
    """Base of normal densities, integrated over each pixel. A subclass declares ``sigma``, ``weight`` and ``merge``."""

    def draw(self, plan: Plan, members: list[Members], out: Array) -> None:
        declared: Any = self
        at = Places(members, len(plan))
        sigma, weight = at.each(plan.value(declared.sigma)), at.each(plan.value(declared.weight))
        y, x, seen = self.middles(plan, members, at)
        kernels.gaussians(out, first=at.first, y=y, x=x, sigma=sigma, weight=weight * seen, merge=declared.merge)

    def middles(self, plan: Plan, members: list[Members], at: Places) -> tuple[Array, Array, Array]:
        """Return where the densities stand (y, x), and whether they are there at all."""
        return at.y, at.x, np.ones(len(at.x))


class GaussianDensity(Density):
    """Normal densities around the particles, integrated over each pixel: float32 (y, x, 1).

    With ``merge="add"`` the sum over the image is the number of particles (of what lies inside it), as counting networks
    want; "max" and "overwrite" say what happens where they overlap. Raises ParameterError for values out of range.
    """

    sigma: Value = parameter(SPREAD, unit="px", above=0)
    shape: tuple[int, int] = option(SHAPE, read=image_shape)
    weight: Value = parameter("integral of each density", default=1.0)
    merge: str = option(DENSE, default="add", read=one_of(*MERGES))


class CentroidDensity(Density):
    """As `GaussianDensity`, but around the centroid of the pixels that the image shows of each particle: float32 (y, x, 1).

    That is the truth of masks drawn by hand: where the border cuts a particle, the centroid of the rest lies further inside; of
    what lies beyond, nothing is counted. Nor is a particle that shows only within ``margin`` pixels of the border: slivers
    are seldom outlined. Particles do not hide each other. Raises ParameterError for values out of range.
    """

    outlined = True
    sigma: Value = parameter(SPREAD, unit="px", above=0)
    pixel_size: Value = parameter(PITCH, unit="um", above=0, plausible=100)
    shape: tuple[int, int] = option(SHAPE, read=image_shape)
    weight: Value = parameter("integral of each density", default=1.0)
    margin: int = option(
        "width of the border, in pixels, that is not enough to be counted", default=0, read=whole_number(0, 65536)
    )
    merge: str = option(DENSE, default="add", read=one_of(*MERGES))

    def middles(self, plan: Plan, members: list[Members], at: Places) -> tuple[Array, Array, Array]:
        bodies, _ = gather_bodies(members, len(plan))
        pixel_size = at.each(plan.value(self.pixel_size))
        reach = kernels.body_extents(bodies)[:, :2] / pixel_size[:, None] + 1
        middles = np.stack([at.y, at.x, np.zeros(len(at.x))])
        for k in range(len(at.x)):
            (left, right), (top, bottom) = (
                (max(0, int(np.ceil(centre - far))), min(length, int(centre + far) + 1))
                for centre, far, length in zip((at.x[k], at.y[k]), reach[k], self.shape[::-1], strict=True)
            )
            if left >= right or top >= bottom:
                continue
            mask = np.zeros((1, bottom - top, right - left, 1), np.int32)
            one = bodies.part(slice(k, k + 1), at.x[k : k + 1] - left, at.y[k : k + 1] - top)
            kernels.silhouettes(mask, one, pixel_size=pixel_size[k : k + 1], value=np.ones(1, np.int64), merge="or")
            by_row, by_column = mask[0, ..., 0].sum(axis=1), mask[0, ..., 0].sum(axis=0)
            area = by_row.sum()
            if mask[0, self.inner(top, bottom, 0), self.inner(left, right, 1)].any():
                rows, columns = np.arange(top, bottom), np.arange(left, right)
                middles[:, k] = (by_row * rows).sum() / area, (by_column * columns).sum() / area, 1
        return middles[0], middles[1], middles[2]

    def inner(self, first: int, last: int, axis: int) -> slice:
        """Return which of the rows (axis 0) or columns from ``first`` to ``last`` lie within the margin."""
        return slice(max(0, self.margin - first), max(0, min(last, self.shape[axis] - self.margin) - first))


def z_range(label: str, value: Any) -> tuple[float, float]:
    """Read (lowest, highest) height in um."""
    try:
        low, high = (float(limit) for limit in value)
    except (TypeError, ValueError):
        low, high = np.nan, np.nan
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise ParameterError(f"{label}: {value!r} um; must be (low, high), two numbers that rise")
    return low, high


class SphereVolume(Marks):
    """Where a voxel's centre is at most ``radius`` voxels from a particle's: bool (y, x, plane), or float32 as in `DiskMask`.

    ``z`` (low, high) um is cut into ``planes`` layers of equal thickness; plane k is the middle of layer k. ``radius`` may
    be three numbers, along y, x and the planes. Raises ParameterError for values out of range.
    """

    radius: Value = parameter("radius in voxels: one, or those along y, x and the planes", above=0, vector=True)
    z: tuple[float, float] = option("lowest and highest height", read=z_range)
    planes: int = option("number of planes", read=whole_number(1, 65536))
    shape: tuple[int, int] = option(SHAPE, read=image_shape)
    merge: str = option(OVERLAPS, default="or", read=one_of(*MERGES))

    def depth(self) -> int:
        return self.planes

    def check(self) -> None:
        if self.radius.shape not in ((), (1,), (3,)):
            raise ParameterError(f"SphereVolume.radius: {self.radius.shape[0]} numbers; must be one or three")

    def draw(self, plan: Plan, members: list[Members], out: Array) -> None:
        at = Places(members, len(plan))
        low, high = self.z
        plane = (at.z - low) * (self.planes / (high - low)) - 0.5
        radius = np.broadcast_to(plan.value(self.radius).reshape(len(plan), -1), (len(plan), 3))
        value = np.ones(len(at.x), out.dtype)
        kernels.ellipsoids(
            out, first=at.first, y=at.y, x=at.x, z=plane, radius=at.each(radius), value=value, merge=self.merge
        )


class InstanceMask(SceneImage):
    """Which particle is seen: int32 (y, x, 1), 0 where none is, 1, 2, ... in the order of the particles.

    Silhouettes along z, deformed as the bodies are; where they overlap, the later particle is in front ("overwrite", which gives
    the larger label too, "max"), or the earlier with ``merge="or"``. Raises ParameterError for values out of range.
    """

    outlined = True
    dtype = np.int32
    pixel_size: Value = parameter(PITCH, unit="um", above=0, plausible=100)
    shape: tuple[int, int] = option(SHAPE, read=image_shape)
    merge: str = option('what overlaps show: "overwrite" (the last), "or" (the first) or "max"', default="overwrite",
                        read=one_of("or", "overwrite", "max"))  # fmt: skip

    def draw(self, plan: Plan, members: list[Members], out: Array) -> None:
        bodies, order = gather_bodies(members, len(plan))
        label = self.labels(members, bodies, order)
        kernels.silhouettes(out, bodies, pixel_size=plan.value(self.pixel_size), value=label, merge=self.merge)

    def labels(self, members: list[Members], bodies: kernels.Bodies, order: Array) -> Array:
        """Return what stands for each body."""
        count = np.diff(bodies.first)
        return np.arange(len(order)) - np.repeat(bodies.first[:-1], count) + 1


class SemanticMask(InstanceMask):
    """Which kind of particle is seen: int32 (y, x, 1), 0 where none is, k for the k-th scatterer of the scene (from 1).

    Overlaps as in `InstanceMask`. Raises ParameterError for values out of range.
    """

    def labels(self, members: list[Members], bodies: kernels.Bodies, order: Array) -> Array:
        kinds = [np.full(len(m.image), number + 1) for number, m in enumerate(members)]
        return np.concatenate(kinds)[order]


class DistanceMap(SceneImage):
    """Distance in pixels to the nearest particle's centre, at most ``limit``, which an empty image holds: float32 (y, x, 1).

    Raises ParameterError for values out of range.
    """

    limit: float = option("largest distance in pixels", read=between(1e-3, 1e6))
    shape: tuple[int, int] = option(SHAPE, read=image_shape)

    def draw(self, plan: Plan, members: list[Members], out: Array) -> None:
        at = Places(members, len(plan))
        kernels.point_distances(out, first=at.first, y=at.y, x=at.x, limit=self.limit)


class BorderDistance(SceneImage):
    """Inside silhouettes the distance in pixels to the nearest pixel outside all, 0 outside: float32 (y, x, 1).

    At most ``limit``. Pixels beyond the image do not count as outside. Raises ParameterError for values out of range.
    """

    outlined = True
    pixel_size: Value = parameter(PITCH, unit="um", above=0, plausible=100)
    limit: float = option("largest distance in pixels", read=between(1e-3, 1e6))
    shape: tuple[int, int] = option(SHAPE, read=image_shape)

    def draw(self, plan: Plan, members: list[Members], out: Array) -> None:
        bodies, _ = gather_bodies(members, len(plan))
        mask = np.zeros(out.shape, bool)
        seen = np.ones(len(bodies.x), bool)
        kernels.silhouettes(mask, bodies, pixel_size=plan.value(self.pixel_size), value=seen, merge="or")
        kernels.mask_distances(out, mask, limit=self.limit)


class Boxes(SceneTarget):
    """Bounding boxes of the particles of a scene: see `boxes`."""

    kind = "boxes"
    units = "px"

    def __init__(self, scene: Scene, seen_by: Microscope | InstanceMask) -> None:
        super().__init__(scene)
        self.seen_by, self.columns, self.frame = seen_by, ("y0", "x0", "y1", "x1"), seen_by.shape
        self.finish()

    @property
    def key(self) -> tuple[Any, ...]:
        return ("boxes", id(self.seen_by), self.scene.key)

    def features(self) -> tuple[Feature, ...]:
        return (self.seen_by,)

    def properties(self) -> Iterator[Property]:
        return self.seen_by.all_properties()

    def written(self, write: Callable[[Any], str]) -> tuple[str, list[str]]:
        return "boxes", [write(self.scene), write(self.seen_by)]

    def rows(self, plan: Plan, members: Members) -> Array:
        bodies, order = gather_bodies([members], len(plan))
        pixel_size: Any = self.seen_by.pixel_size  # type: ignore[union-attr]
        found = np.empty((len(order), 4), np.float32)
        found[order] = kernels.silhouette_boxes(bodies, pixel_size=plan.value(pixel_size), shape=self.seen_by.shape)
        return found


def boxes(scene: Flow | Scatterer, seen_by: Microscope | InstanceMask) -> Boxes:
    """Return the bounding boxes (y0, x0, y1, x1) of the particles' silhouettes in the image of ``seen_by``.

    Whole pixels: the first row and column, and the last plus one; NaN for particles outside the image. One particle gives
    (example, 4), several or repeated ones (example, particle, 4), padded with NaN.

    Raises
    ------
    RecipeError
        If ``scene`` is no scene, a scatterer in it has no outline, or ``seen_by`` is neither a microscope nor a mask.
    """
    flow = as_scene(scene, "boxes")
    if not isinstance(seen_by, (Microscope, InstanceMask)) or not hasattr(seen_by, "pixel_size"):
        raise RecipeError(f"boxes.seen_by: {seen_by!r}; must be a microscope or an instance mask")
    refuse_without_outline("boxes", flow)
    return Boxes(flow, seen_by)
