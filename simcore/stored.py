"""How an output lies on disk: whole numbers or half precision, with a scale by which readers undo it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from simcore.errors import ParameterError, RecipeError
from simcore.features import Flow, describe
from simcore.properties import Array
from simcore.values import Plan

TYPES = ("float64", "float32", "float16", "uint8", "uint16", "int16", "int32", "bool")


class Stored(Flow):
    """An output in another type: see `stored`."""

    def __init__(self, source: Flow, dtype: str, scale: float, offset: float) -> None:
        self.inputs = (source,)
        self.kind, self.shape, self.dtype = source.kind, source.shape, np.dtype(dtype)
        self.scale, self.offset = scale, offset

    @property
    def key(self) -> tuple[Any, ...]:
        return ("stored", self.dtype.name, self.scale, self.offset, self.inputs[0].key)

    def render(self, plan: Plan, arrays: list[Array]) -> Array:
        values = arrays[0]
        if self.dtype.kind == "b":
            return values > 0.5
        if (self.scale, self.offset) != (1, 0):
            values = values * values.dtype.type(self.scale) + values.dtype.type(self.offset)
        if self.dtype.kind in "iu":
            limits = np.iinfo(self.dtype)
            values = np.clip(np.rint(values.astype(np.float64)), limits.min, limits.max)
        return values.astype(self.dtype)

    def attributes(self) -> dict[str, Any]:
        """Return the attributes by which readers undo the scale (those of the CF conventions); bool has none to undo."""
        if self.dtype.kind == "b":
            return {}
        return {"scale_factor": 1 / self.scale, "add_offset": -self.offset / self.scale}

    def written(self, write: Callable[[Any], str]) -> tuple[str, list[str]]:
        return "stored", [
            write(self.inputs[0]),
            f'dtype="{self.dtype.name}"',
            f"scale={self.scale!r}",
            f"offset={self.offset!r}",
        ]


def stored(image: Flow, dtype: str, scale: float = 1.0, offset: float = 0.0) -> Stored:
    """Return an image that is stored as ``dtype``: value * scale + offset, rounded and clipped where the type is whole.

    Readers get the value back through the attributes ``scale_factor`` and ``add_offset``. "bool" stores value > 0.5.

    Raises
    ------
    RecipeError
        If ``image`` is no image or movie of real numbers.
    ParameterError
        If the type is unknown, or the scale not positive.
    """
    if not isinstance(image, Flow) or image.kind not in ("image", "movie") or image.dtype.kind == "c":
        raise RecipeError(
            f"stored takes an image; {describe(image) if isinstance(image, Flow) else repr(image)} is none"
        )
    if dtype not in TYPES:
        raise ParameterError(f"stored.dtype: {dtype!r}; must be one of {', '.join(TYPES)}")
    if not (np.isfinite(scale) and scale > 0 and np.isfinite(offset)):
        raise ParameterError(f"stored.scale: {scale!r}; must be > 0")
    return Stored(image, dtype, float(scale), float(offset))
