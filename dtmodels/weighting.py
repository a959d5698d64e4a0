"""How much each example counts in the loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dtmodels.errors import DatasetError

Array = np.ndarray[Any, Any]
MOST_CLASSES = 10_000


@dataclass(frozen=True)
class Weighting:
    """Weights that follow from one stored property: its value, or what belongs to its class.

    ``classes`` are its values and ``factors`` the weight of each; without classes the value itself times ``scale``.
    """

    name: str
    scale: float = 1.0
    classes: tuple[float, ...] = ()
    factors: tuple[float, ...] = ()

    @classmethod
    def by_property(cls, name: str, values: Array) -> Weighting:
        """Weights as the property says, 1 on average over ``values``; DatasetError where it cannot be one."""
        numbers = values.astype(np.float64)
        if not np.isfinite(numbers).all() or (numbers < 0).any() or not numbers.sum() > 0:
            raise DatasetError(f"{name}: as weights of examples its values must be finite, >= 0 and not all 0")
        return cls(name, float(len(numbers) / numbers.sum()))

    @classmethod
    def by_class(cls, name: str, values: Array) -> Weighting:
        """Weights of which each class has the same sum, 1 on average over ``values``."""
        classes, counts = np.unique(values, return_counts=True)
        if len(classes) > MOST_CLASSES:
            raise DatasetError(
                f"{name}: {len(classes)} different values; to be balanced it must have few, as a label has"
            )
        factors = len(values) / (len(classes) * counts)
        return cls(name, classes=tuple(map(float, classes)), factors=tuple(map(float, factors)))

    def weights(self, values: Array) -> Array:
        """Return the weights of examples with these values, float32."""
        if not self.classes:
            return (values * self.scale).astype(np.float32)
        place = np.clip(np.searchsorted(self.classes, values), 0, len(self.classes) - 1)
        known = np.asarray(self.classes)[place] == values
        return np.where(known, np.asarray(self.factors)[place], 1.0).astype(np.float32)
