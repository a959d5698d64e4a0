"""What operations share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from simcore.errors import ParameterError, RecipeError
from simcore.features import Applied, Feature, Flow
from simcore.properties import Array


class Operation(Feature):
    """Base of what takes images or fields of (y, x, channel) and may give another kind of flow.

    Whole numbers and masks become float32 unless `dtype_after` says otherwise; `apply` gets them by `floating`.
    """

    takes: ClassVar[tuple[str, ...]] = ("image",)
    gives: ClassVar[str | None] = None  # the kind of flow; None: that which it took

    def refuse(self, flow: Flow) -> None:
        super().refuse(flow)
        if flow.kind != "points" and len(flow.shape) != 3:
            raise RecipeError(f"{self.title()} takes images of (y, x, channel); not of shape {flow.shape}")

    def after(self, flow: Flow) -> Flow:
        self.refuse(flow)
        kind = self.gives or flow.kind
        return Applied(self, flow, kind=kind, shape=self.shape_after(flow), dtype=self.dtype_after(flow))

    def dtype_after(self, flow: Flow) -> np.dtype:
        return flow.dtype if flow.kind == "points" else floating_type(flow.dtype)


def real_type(dtype: np.dtype) -> np.dtype:
    """Return the floating type in which an operation on values of ``dtype`` gives real numbers."""
    return np.dtype(np.float64 if dtype in (np.dtype(np.float64), np.dtype(np.complex128)) else np.float32)


def floating_type(dtype: np.dtype) -> np.dtype:
    """Return the type, real or complex, in which means of values of ``dtype`` are given."""
    return dtype if dtype.kind in "fc" else real_type(dtype)


def floating(data: Array) -> Array:
    """Return ``data`` as C-contiguous floating or complex numbers: what the kernels take."""
    return np.ascontiguousarray(data, floating_type(data.dtype))


def whole(least: int, most: int, odd: bool = False) -> Callable[[str, Any], int]:
    """Return a reader that takes a whole number, an odd one if ``odd``."""

    def read(label: str, value: Any) -> int:
        good = isinstance(value, (int, np.integer)) and not isinstance(value, bool) and least <= value <= most
        if not good or (odd and value % 2 == 0):
            kind = "an odd number" if odd else "a whole number"
            raise ParameterError(f"{label}: {value!r}; must be {kind} from {least} to {most}")
        return int(value)

    return read


def truth(label: str, value: Any) -> bool:
    """Read True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise ParameterError(f"{label}: {value!r}; must be True or False")
    return bool(value)
