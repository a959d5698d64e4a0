"""What each output looks like in memory and on disk, known when the recipe is built."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from simcore.errors import RecipeError
from simcore.features import Applied, Flow
from simcore.names import Walk
from simcore.properties import Property
from simcore.targets import AXES, Positions

Frames = Mapping[Hashable, tuple[int, int]]
FLOAT = np.dtype(np.float32)


@dataclass(frozen=True)
class OutputSpec:
    """One array: ``shape``, ``dimensions`` and ``dtype`` of an example; ``kind`` is "image", "points" or "property"."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype
    dimensions: tuple[str, ...]
    units: str
    description: str
    kind: str
    attributes: dict[str, Any] = field(default_factory=dict)


def specify(targets: Mapping[str, Flow | Property], walk: Walk, frames: Frames) -> dict[str, OutputSpec]:
    """Return the specification of every output, in order."""
    images = [flow for flow in targets.values() if isinstance(flow, Flow) and flow.kind == "image"]
    common = images[0].shape[:2] if images else None
    specs = {}
    for name, target in targets.items():
        if isinstance(target, Property):
            specs[name] = _property(walk, name, target)
        elif target.kind == "points":
            specs[name] = _points(frames, name, target)
        elif target.kind == "image":
            specs[name] = _image(name, target, common)
        else:
            raise RecipeError(f"output {name!r}: a {target.kind} cannot be stored")
    return specs


def _image(name: str, flow: Flow, common: tuple[int, ...] | None) -> OutputSpec:
    frame = ("y", "x") if flow.shape[:2] == common else (f"{name}_y", f"{name}_x")
    return OutputSpec(name, flow.shape, flow.dtype, (*frame, f"{name}_channel"), "1", _story(flow), "image")


def _points(frames: Frames, name: str, flow: Flow) -> OutputSpec:
    start = flow
    while not isinstance(start, Positions):
        start = start.inputs[0]
    axes = AXES[start.axes]
    dimensions = (f"{name}_axis",) if len(flow.shape) == 1 else (f"{name}_particle", f"{name}_axis")
    attributes: dict[str, Any] = {"axes": list(axes)}
    if flow.key in frames:
        attributes["frame"] = list(frames[flow.key])
    units = "px" if start.axes == "yx" else "um, px, px"
    return OutputSpec(name, flow.shape, FLOAT, dimensions, units, _story(flow), "points", attributes)


def _property(walk: Walk, name: str, node: Property) -> OutputSpec:
    if node.dtype.kind not in "biuf":
        raise RecipeError(
            f"output {name!r}: values of type {node.dtype} cannot be stored; take real numbers or booleans"
        )
    dtype = FLOAT if node.dtype.kind == "f" else node.dtype
    units, story = "1", ""
    for feature in walk.features.values():
        for label, declaration in feature.declarations():
            if getattr(feature, label) is node and not story:
                units, story = declaration.unit, f"{feature.title()}.{label}: {declaration.doc}"
    dimensions = tuple(f"{name}_{axis}" for axis in range(len(node.shape)))
    return OutputSpec(name, node.shape, dtype, dimensions, units, story, "property")


def _story(flow: Flow) -> str:
    steps = []
    while isinstance(flow, Applied):
        steps.append(flow.feature.title())
        flow = flow.inputs[0]
    return " >> ".join([flow.kind, *reversed(steps)])
