"""Targets: what a network is to find."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from simcore.errors import ParameterError, RecipeError
from simcore.features import Feature, Flow
from simcore.properties import Array
from simcore.scenes import Microscope, Repeat, Scatterer, Scene, as_scene
from simcore.values import Members, Plan, in_images

__all__ = ["photons", "positions", "properties", "tracks"]

AXES = {"yx": ("y", "x"), "zyx": ("z", "y", "x")}
UNITS = {"id": "1", "z": "um", "y": "px", "x": "px", "photons": "photons"}


class SceneTarget(Flow):
    """Base of targets that give a row of numbers for each particle, those of fewer particles padded with NaN.

    One particle that is not repeated gives (*row,), several (particle, *row).
    """

    columns: tuple[str, ...] = ()
    label = "columns"  # what the columns are called in a dataset
    units = "1"
    microscope: Microscope | None = None
    frame: tuple[int, int] | None = None  # of the image that it lies in, where that is known at once

    def __init__(self, scene: Scene) -> None:
        self.inputs = (scene,)
        self.scene = scene

    @property
    def alone(self) -> bool:
        """Whether the scene is one particle."""
        return len(self.scene.members) == 1 and not isinstance(self.scene.members[0], Repeat)

    def finish(self) -> None:
        """Set the shape from the columns."""
        self.shape = (len(self.columns),) if self.alone else (self.scene.most, len(self.columns))

    def features(self) -> tuple[Feature, ...]:
        return () if self.microscope is None else (self.microscope,)

    def render(self, plan: Plan, arrays: list[Array]) -> Array:
        members = plan.particles(self.scene)
        first, order = in_images(members, len(plan))
        table = np.concatenate([self.rows(plan, m) for m in members])[order]
        if self.alone:
            return table
        return padded(table, first, self.scene.most)

    def rows(self, plan: Plan, members: Members) -> Array:
        """Return float32 (particle, column) of the particles of one scatterer."""
        raise NotImplementedError


def padded(table: Array, first: Array, most: int) -> Array:
    """Return rows (particle, ...) as (image, most, ...), filled up with NaN."""
    counts = np.diff(first)
    out = np.full((len(counts), most, *table.shape[1:]), np.nan, table.dtype)
    image = np.repeat(np.arange(len(counts)), counts)
    out[image, np.arange(len(table)) - first[image]] = table
    return out


class Positions(SceneTarget):
    """Where the particles of a scene are: see `positions`."""

    kind = "points"
    label = "axes"

    def __init__(self, scene: Scene, axes: str, microscope: Microscope | None) -> None:
        super().__init__(scene)
        self.axes, self.microscope, self.columns = axes, microscope, AXES[axes]
        self.units = "px" if axes == "yx" else "um, px, px"
        self.finish()

    @property
    def key(self) -> tuple[Any, ...]:
        return ("positions", self.axes, id(self.microscope), self.scene.key)

    def written(self, write: Callable[[Any], str]) -> tuple[str, list[str]]:
        axes = [] if self.axes == "yx" else [f'axes="{self.axes}"']
        seen_by = [] if self.microscope is None else [f"microscope={write(self.microscope)}"]
        return "positions", [write(self.scene), *axes, *seen_by]

    def rows(self, plan: Plan, members: Members) -> Array:
        return np.stack([members.values[axis] for axis in self.columns], axis=1).astype(np.float32)


class Tracks(Positions):
    """Where each particle is and which one it is: see `tracks`."""

    def __init__(self, scene: Scene, axes: str, microscope: Microscope | None) -> None:
        super().__init__(scene, axes, microscope)
        self.columns = ("id", *AXES[axes])
        self.units = ", ".join(UNITS[column] for column in self.columns)
        self.shape = (scene.most, len(self.columns))

    alone = False

    @property
    def key(self) -> tuple[Any, ...]:
        return ("tracks", *super().key[1:])

    def written(self, write: Callable[[Any], str]) -> tuple[str, list[str]]:
        return "tracks", super().written(write)[1]

    def render(self, plan: Plan, arrays: list[Array]) -> Array:
        table = super().render(plan, arrays)
        numbers = np.broadcast_to(np.arange(table.shape[1], dtype=np.float32), table.shape[:2])
        table[..., 0] = np.where(np.isnan(table[..., -1]), np.nan, numbers)
        return table

    def rows(self, plan: Plan, members: Members) -> Array:
        places = [members.values[axis] for axis in AXES[self.axes]]
        return np.stack([np.zeros(len(members.image)), *places], axis=1).astype(np.float32)


class Photons(SceneTarget):
    """How much light each particle emits: see `photons`."""

    kind = "table"
    units = "photons"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self.columns = ("photons",)
        self.finish()

    @property
    def key(self) -> tuple[Any, ...]:
        return ("photons", self.scene.key)

    def written(self, write: Callable[[Any], str]) -> tuple[str, list[str]]:
        return "photons", [write(self.scene)]

    def rows(self, plan: Plan, members: Members) -> Array:
        return members.scatterer.photons(members.values).astype(np.float32)[:, None]


class Properties(SceneTarget):
    """Properties of the particles of a scene: see `properties`."""

    kind = "table"

    def __init__(self, scene: Scene, fields: tuple[str, ...]) -> None:
        super().__init__(scene)
        self.columns = fields
        self.finish()

    @property
    def key(self) -> tuple[Any, ...]:
        return ("properties", self.columns, self.scene.key)

    def written(self, write: Callable[[Any], str]) -> tuple[str, list[str]]:
        return "properties", [write(self.scene), *(f'"{column}"' for column in self.columns)]

    def rows(self, plan: Plan, members: Members) -> Array:
        return np.stack([np.real(members.values[field]) for field in self.columns], axis=1).astype(np.float32)


def positions(scene: Flow | Scatterer, axes: str = "yx", microscope: Microscope | None = None) -> Positions:
    """Return the positions of the particles in ``scene``: (y, x) in pixels; ``axes="zyx"`` puts z in micrometres first.

    One particle gives (example, 2), several or repeated ones (example, particle, 2), padded with NaN. The frame, by which
    flips and crops move them, is that of the one microscope in the recipe that images the scene; with none or several say
    ``microscope=``.

    Raises
    ------
    RecipeError
        If ``scene`` is no scene.
    ParameterError
        If ``axes`` is neither "yx" nor "zyx".
    """
    flow = as_scene(scene, "positions")
    if axes not in AXES:
        raise ParameterError(f'positions.axes: {axes!r}; must be "yx" or "zyx"')
    return Positions(flow, axes, microscope)


def tracks(scene: Flow | Scatterer, axes: str = "yx", microscope: Microscope | None = None) -> Tracks:
    """Return the tracks of the particles in ``scene``: (example, [frame,] particle, column) with columns id, [z,] y, x.

    As `positions`, with the number of the particle before them, which it keeps from frame to frame; padded with NaN. Write
    ``sc.tracks(scene) >> movie``.

    Raises
    ------
    RecipeError, ParameterError
        As `positions`.
    """
    flow = as_scene(scene, "tracks")
    if axes not in AXES:
        raise ParameterError(f'tracks.axes: {axes!r}; must be "yx" or "zyx"')
    return Tracks(flow, axes, microscope)


def photons(scene: Flow | Scatterer) -> Photons:
    """Return the photons that each particle in ``scene`` emits, as a column: its intensity, over its volume if it has one.

    Raises
    ------
    RecipeError
        If ``scene`` is no scene, or a scatterer in it emits no light.
    """
    flow = as_scene(scene, "photons")
    for scatterer in flow.scatterers:
        if not hasattr(scatterer, "photons"):
            raise RecipeError(f"photons: {scatterer.title()} emits no light")
    return Photons(flow)


def properties(scene: Flow | Scatterer, *fields: str) -> Properties:
    """Return properties of the particles in ``scene``, one column each: (example, column) of one particle, else
    (example, particle, column), filled up with NaN. Of complex ones the real part.

    Raises
    ------
    RecipeError
        If ``scene`` is no scene, or a scatterer in it lacks a property or has a vector there.
    """
    flow = as_scene(scene, "properties")
    if not fields:
        raise RecipeError("properties: name at least one property")
    for scatterer in flow.scatterers:
        known = {field: node for field, node in scatterer.properties() if not node.shape}
        for field in fields:
            if field not in known:
                raise RecipeError(
                    f"properties: {scatterer.title()} has no {field!r} that is one number; it has {', '.join(known)}"
                )
    return Properties(flow, fields)
