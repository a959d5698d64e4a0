"""Settings shared by what takes pixels from between, and from beyond, those of an image."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from simcore.errors import ParameterError, RecipeError
from simcore.features import Flow
from simcore.geometry.base import Augmentation
from simcore.parameters import one_of, option, parameter

EDGES = ("constant", "reflect", "nearest")


def order(label: str, value: Any) -> int:
    """Read the order of interpolation: 0, 1 or 3."""
    if isinstance(value, bool) or value not in (0, 1, 3):
        raise ParameterError(f"{label}: {value!r}; must be 0 (nearest pixel), 1 (bilinear) or 3 (cubic)")
    return int(value)


def order_option() -> Any:
    return option("0: nearest pixel, 1: bilinear, 3: cubic (Catmull-Rom); masks and integers: always 0",
                  default=1, read=order)  # fmt: skip


def fill_option() -> Any:
    """Declare what lies beyond the edge; "reflect" repeats the pixel at the edge."""
    return option('what lies beyond the edge: "constant" (``value``), "reflect" (c b a | a b c) or "nearest" (a a a | a b c)',
                  default="constant", read=one_of(*EDGES))  # fmt: skip


def value_parameter() -> Any:
    return parameter('value beyond the edge with fill="constant"; masks and integers: always 0', default=0.0)


class Warp(Augmentation):
    """Base of maps that take each pixel from another place; a subclass declares `order_option` and the like."""

    taken: ClassVar[tuple[str, ...]] = ("float32", "float64", "complex64", "complex128")

    def refuse(self, flow: Flow) -> None:
        super().refuse(flow)
        if flow.kind != "points" and flow.dtype.kind not in "biu" and np.dtype(flow.dtype).name not in self.taken:
            raise RecipeError(
                f"{self.title()} takes images of {', '.join(self.taken)}, integers or bool; not {flow.dtype}"
            )
