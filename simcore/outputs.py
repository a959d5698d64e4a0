"""What each output looks like in memory and on disk, known when the recipe is built."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from simcore.errors import RecipeError
from simcore.features import Applied, Flow
from simcore.movies import Movie
from simcore.names import Walk
from simcore.properties import Property
from simcore.rasters import SphereVolume
from simcore.stored import Stored
from simcore.targets import SceneTarget

Frames = Mapping[Hashable, tuple[int, int]]
FLOAT = np.dtype(np.float32)
PICTURES = ("image", "field", "movie")


@dataclass(frozen=True)
class OutputSpec:
    """One array: ``shape``, ``dimensions`` and ``dtype`` of an example; ``kind`` is that of FORMAT.md."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype
    dimensions: tuple[str, ...]
    units: str
    description: str
    kind: str
    attributes: dict[str, Any] = field(default_factory=dict)


def count_name(output: str) -> str:
    """Return the name of the array beside an output of many particles that says how many there are."""
    return f"{output}_count"


def specify(
    targets: Mapping[str, Flow | Property], walk: Walk, frames: Frames, moments: Mapping[str, int | None]
) -> dict[str, OutputSpec]:
    """Return the specification of every output, in order; ``moments`` says how many frames a property has."""
    images = [flow for flow in targets.values() if isinstance(flow, Flow) and flow.kind in PICTURES]
    common = _frame_of(images[0]) if images else None
    specs = {}
    for name, target in targets.items():
        if isinstance(target, Property):
            specs[name] = _property(walk, name, target, moments[name])
        elif target.kind in ("points", "table", "boxes"):
            specs[name] = _rows(frames, name, target)
        elif target.kind in PICTURES:
            specs[name] = _image(name, target, common)
        else:
            raise RecipeError(f"output {name!r}: a {target.kind} cannot be stored")
    return specs


def _frame_of(flow: Flow) -> tuple[int, ...]:
    return flow.shape[-3:-1]


def _image(name: str, flow: Flow, common: tuple[int, ...] | None) -> OutputSpec:
    frame = ("y", "x") if _frame_of(flow) == common else (f"{name}_y", f"{name}_x")
    time = ("frame",) if flow.kind == "movie" else ()
    kind = "mask" if flow.dtype.kind == "b" or flow.dtype == np.int32 else flow.kind
    stored = flow.attributes() if isinstance(flow, Stored) else {}
    dimensions = (*time, *frame, f"{name}_channel")
    attributes = _heights(flow) | stored
    return OutputSpec(
        name, flow.shape, flow.dtype, dimensions, "1", _story(flow), flow.kind if stored else kind, attributes
    )


def _heights(flow: Flow) -> dict[str, Any]:
    """Between which heights (um) the planes of a volume lie, whatever was done to it since: no feature mixes planes."""
    planes = flow.shape[-1]
    while isinstance(flow, (Applied, Stored)):
        if isinstance(flow, Applied) and isinstance(flow.feature, SphereVolume):
            return {"z": list(flow.feature.z)} if flow.feature.planes == planes else {}
        flow = flow.inputs[0]
    return {}


def _rows(frames: Frames, name: str, flow: Flow) -> OutputSpec:
    start, timed = flow, False
    while isinstance(start, Applied):
        timed |= isinstance(start.feature, Movie)
        start = start.inputs[0]
    assert isinstance(start, SceneTarget)
    time = ("frame",) if timed else ()
    particle = () if len(flow.shape) == len(time) + 1 else (f"{name}_particle",)
    attributes: dict[str, Any] = {start.label: list(start.columns)}
    if flow.key in frames:
        attributes["frame"] = list(frames[flow.key])
    last = f"{name}_axis" if flow.kind == "points" else f"{name}_column"
    dimensions = (*time, *particle, last)
    return OutputSpec(name, flow.shape, flow.dtype, dimensions, start.units, _story(flow), flow.kind, attributes)


def _property(walk: Walk, name: str, node: Property, frames: int | None) -> OutputSpec:
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
    if frames is None:
        return OutputSpec(name, node.shape, dtype, dimensions, units, story, "property")
    return OutputSpec(name, (frames, *node.shape), dtype, ("frame", *dimensions), units, story, "property")


def _story(flow: Flow) -> str:
    steps = []
    while isinstance(flow, (Applied, Stored)):
        steps += [flow.feature.title()] if isinstance(flow, Applied) else []
        flow = flow.inputs[0]
    return " >> ".join([flow.kind, *reversed(steps)])
