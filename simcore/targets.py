"""Targets: what a network is to find."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from simcore.errors import ParameterError, RecipeError
from simcore.features import Flow, Microscope, Scatterer, Scene, as_flow, describe
from simcore.properties import Array, Property
from simcore.values import Plan

AXES = {"yx": ("y", "x"), "zyx": ("z", "y", "x")}


class Positions(Flow):
    """Where the particles of a scene are: see `positions`."""

    kind = "points"

    def __init__(self, scene: Scene, axes: str, microscope: Microscope | None) -> None:
        self.inputs = (scene,)
        self.scene, self.axes, self.microscope = scene, axes, microscope
        many = len(scene.scatterers)
        self.shape = (len(axes),) if many == 1 else (many, len(axes))

    @property
    def key(self) -> tuple[Any, ...]:
        return ("positions", self.axes, id(self.microscope), self.scene.key)

    def properties(self) -> Iterator[Property]:
        return self.scene.properties()

    def render(self, plan: Plan, arrays: list[Array]) -> Array:
        rows = [[plan.value(getattr(s, axis)) for axis in self.axes] for s in self.scene.scatterers]
        points = np.array(rows, np.float32)  # (particle, axis, example)
        return np.ascontiguousarray(np.moveaxis(points, -1, 0)).reshape(-1, *self.shape)


def positions(scene: Flow | Scatterer, axes: str = "yx", microscope: Microscope | None = None) -> Positions:
    """Return the positions of the particles in ``scene``: (y, x) in pixels; ``axes="zyx"`` puts z in micrometres first.

    One particle gives (example, 2), several (example, particle, 2). The frame, by which flips and crops move them, is that
    of the one microscope in the recipe that images the scene; with none or several say ``microscope=``.

    Raises
    ------
    RecipeError
        If ``scene`` is no scene.
    ParameterError
        If ``axes`` is neither "yx" nor "zyx".
    """
    flow = as_flow(scene)
    if not isinstance(flow, Scene):
        what = describe(flow) if isinstance(flow, Flow) else repr(scene)
        raise RecipeError(f"positions takes a scene; {what} is none")
    if axes not in AXES:
        raise ParameterError(f'positions.axes: {axes!r}; must be "yx" or "zyx"')
    return Positions(flow, axes, microscope)
