"""What is made of a network's output: decided from what it was trained to say, or asked for."""

from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field as Limited
from pydantic import field_validator

from dtmodels.configuration import Section
from dtmodels.errors import ConfigurationError, RunError
from dtmodels.examples import Field
from dtmodels.frames import FrameMap, resize
from dtmodels.prediction.particles import components, heights, maxima
from dtmodels.run import Run

Array = np.ndarray[Any, Any]
Kind = Literal["numbers", "particles", "counts", "masks", "images"]
TABLES = ("numbers", "particles", "counts")
PARTICLES = ("DiskMask", "SphereVolume")  # features that mark each particle, as `description` names them
DENSITIES = ("GaussianDensity", "CentroidDensity")
REGIONS = ("InstanceMask", "SemanticMask")


class OutputSection(Section):
    """What is made of a network's output; see ``dtmodels.predict``."""

    output: Kind | None = None
    threshold: float = Limited(default=0.5, allow_inf_nan=False)
    method: Literal["components", "maxima"] = "components"
    radius: float = Limited(default=3.0, ge=1, allow_inf_nan=False)
    minimal_area: int = Limited(default=1, ge=1)
    z: tuple[float, float] | None = None

    @field_validator("z")
    @classmethod
    def _rising(cls, value: tuple[float, float] | None) -> tuple[float, float] | None:
        if value is not None and not value[0] < value[1]:
            raise ValueError("must be [lowest, highest] in um, lowest < highest")
        return value


def kind_of(run: Run) -> Kind:
    """What the output of a run is by itself: numbers, or particles, counts, masks, images; RunError if none of them."""
    takes, gives = (tuple(ends[0].shape[1:]) for ends in (run.model.inputs, run.model.outputs))
    if len(gives) == 1 or (len(gives) == 2 and len(takes) == 4):
        return "numbers"
    if len(gives) not in (3, 4) or (len(gives) == 4 and len(takes) != 4):
        raise RunError(f"{run.directory}: the network gives {gives} per image; must be numbers or (y, x, channel)")
    target = run.fields[0]
    if any(name in target.description for name in DENSITIES):
        return "counts"
    if any(name in target.description for name in REGIONS):
        return "masks"
    marks = any(name in target.description for name in PARTICLES) or target.z is not None
    return "particles" if marks or (target.kind == "mask" and gives[-1] == 1) else _pictures(target)


def _pictures(target: Field) -> Kind:
    return "masks" if target.kind == "mask" else "images"


def chosen(run: Run, section: OutputSection) -> Kind:
    """The kind asked for, else the run's own; ConfigurationError where the network cannot give it."""
    own = kind_of(run)
    if section.output is None:
        return own
    if (own == "numbers") != (section.output == "numbers"):
        gives = tuple(run.model.outputs[0].shape[1:])
        possible = "numbers" if own == "numbers" else "particles, counts, masks, images"
        raise ConfigurationError(f"output: {section.output!r}; a network that gives {gives} per image gives {possible}")
    return section.output


def one_by_one(outputs: Array, frames: Array, pictures: bool) -> tuple[Array, Array]:
    """Rows of numbers, maps (n, y, x, plane or channel) or pictures, and what each of them is the number of."""
    if outputs.ndim == 3:
        return outputs[frames >= 0], frames[frames >= 0]
    if outputs.ndim < 5:
        return outputs, frames
    if pictures:
        return outputs.reshape(-1, *outputs.shape[2:]), frames
    if outputs.shape[-1] != 1:
        raise ConfigurationError(f"output: volumes of {outputs.shape[-1]} channels give images or masks")
    return np.moveaxis(outputs[..., 0], 1, -1), frames


def table_of(kind: Kind, outputs: Array, mapping: FrameMap, run: Run, section: OutputSection) -> pd.DataFrame:
    """Rows of the frames, counted from 0: column ``frame`` and what the network says, places in pixels of the frame."""
    if kind == "numbers":
        return numbers_table(run.fields, outputs, mapping)
    if kind == "counts":
        count = outputs.astype(np.float64).sum(axis=(1, 2, 3))
        return pd.DataFrame({"frame": np.arange(len(outputs)), "count": count})
    z = section.z or run.fields[0].z
    return particle_table(outputs, section, z, mapping)


def particle_table(
    outputs: Array, section: OutputSection, z: tuple[float, float] | None = None, mapping: FrameMap | None = None
) -> pd.DataFrame:
    """Particles of maps (frame, y, x, 1) or volumes (frame, y, x, plane): columns as trackpy's, ``z`` in um if known."""
    tables = []
    for k, values in enumerate(outputs):
        picture = values[..., 0] if values.shape[-1] == 1 else values
        if section.method == "maxima":
            columns = maxima(picture, section.threshold, section.radius)
        else:
            columns = components(picture, section.threshold, section.minimal_area)
        tables.append(pd.DataFrame({"frame": np.full(len(columns["y"]), k), **columns}))
    table = pd.concat(tables, ignore_index=True)
    if mapping is not None:
        table["y"], table["x"] = (mapping.to_frame(table[name].to_numpy(), k) for k, name in enumerate("yx"))
    if "plane" in table and z is not None:
        table["plane"] = heights(table["plane"].to_numpy(), z, outputs.shape[-1])
        table = table.rename(columns={"plane": "z"})
    return table


def names_in(item: Field) -> list[str]:
    """Names of the numbers of a target; of one frame, where it has them for each frame of a sequence."""
    per_frame = len(item.shape) == 2 and item.shape[1:] == (len(item.axes),)
    return replace(item, shape=item.shape[1:]).columns() if per_frame else item.columns()


def numbers_table(fields: tuple[Field, ...], outputs: Array, mapping: FrameMap) -> pd.DataFrame:
    """One row per frame; positions first, in pixels of the frame; standard deviations where the network says variances."""
    columns: dict[str, Array] = {"frame": np.arange(len(outputs))}
    named = [(item, name) for item in fields for name in names_in(item)]
    said = len(named) if outputs.shape[1] == 2 * len(named) else outputs.shape[1]
    if len(named) != said:
        named = [(fields[0], f"{fields[0].name}_{k}") for k in range(said)]
    for position, (item, name) in enumerate(named):
        values = outputs[:, position].astype(np.float64)
        placed = item.kind == "points" and name in ("y", "x")
        columns[name] = mapping.to_frame(values, "yx".index(name)) if placed else values
        if said < outputs.shape[1]:
            sigma = np.exp(outputs[:, said + position].astype(np.float64) / 2)
            columns[f"{name}_sigma"] = sigma * mapping.step["yx".index(name)] if placed else sigma
    ordered = [name for name in ("frame", "y", "x") if name in columns]
    return pd.DataFrame(columns)[[*ordered, *(name for name in columns if name not in ordered)]]


def pictures_of(kind: Kind, outputs: Array, mapping: FrameMap, section: OutputSection) -> Array:
    """Images (frame, y, x, channel) float32 at the frames' pixel size, or masks: bool, classes 0, 1, ... of several channels."""
    size = [round(length * step) for length, step in zip(outputs.shape[1:3], mapping.step, strict=True)]
    outputs = resize(outputs, (size[0], size[1]))
    if kind == "images":
        return outputs
    if outputs.shape[-1] == 1:
        return outputs > section.threshold
    return outputs.argmax(axis=-1)[..., None].astype(np.uint8 if outputs.shape[-1] < 257 else np.uint16)
