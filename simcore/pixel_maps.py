"""Maps of a camera's pixels."""

from __future__ import annotations

from typing import Any

import numpy as np

from simcore.given_arrays import GivenArray
from simcore.properties import Array


class PixelMap(GivenArray):
    """A number for each pixel (y, x), or for each pixel and channel (y, x, channel)."""

    axes = ("(y, x)", "(y, x, channel)")

    def spread(self, shape: tuple[int, ...]) -> Array:
        """Return the map for images of ``shape`` (y, x, channel); every channel takes a map (y, x)."""
        array = self.array[..., None] if self.array.ndim == 2 else self.array
        return np.ascontiguousarray(np.broadcast_to(array, shape))

    def fits(self, shape: tuple[int, ...]) -> bool:
        """Return whether it is a map for images of ``shape``."""
        return self.array.shape in (shape, shape[:2])


def pixel_map(label: str, value: Any) -> PixelMap | None:
    """Read an option that is a map, or None."""
    return value if value is None or isinstance(value, PixelMap) else PixelMap(label, value)
