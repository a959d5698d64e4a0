"""How the stored numbers are spread: counted chunk by chunk, in two walks through each array."""

from __future__ import annotations

import re
from collections.abc import Iterator

import attrs
import numpy as np

from simcore.datasets.views import StoredArray, View
from simcore.exports.tables import columns

KINDS = ("property", "points", "table", "boxes")
BINS = 40
MOST_VALUES = 40  # whole numbers within such a range get a bar each
MOST_COLUMNS = 6  # of one array


@attrs.frozen(eq=False)
class Histogram:
    """One number of the examples.

    Attributes:
        name: of the array, and of its column.
        units: "" for a plain number.
        edges: of the bins.
        counts: in them.
        mean: of all finite values.
        low: the smallest.
        high: the largest.
        missing: how many values are not finite: padding.

    """

    name: str
    units: str
    edges: np.ndarray
    counts: np.ndarray
    mean: float
    low: float
    high: float
    missing: int

    @property
    def summary(self) -> str:
        """One line: range and mean."""
        unit = f" {self.units}" if self.units else ""
        return f"{self.low:.4g} to {self.high:.4g}{unit}, mean {self.mean:.4g}"


def histograms(view: View) -> list[Histogram]:
    """Histograms of all properties, coordinates and table columns of a view."""
    wanted = (view[name] for name in view.arrays)
    return [made for array in wanted if array.attributes.get("kind") in KINDS for made in _of_array(array)]


def _of_array(array: StoredArray) -> list[Histogram]:
    names = columns(array)
    if len(names) > MOST_COLUMNS:
        names = [array.name]
    low, high, total, finite, every = (np.zeros(len(names)) for _ in range(5))
    low[:], high[:] = np.inf, -np.inf
    for values in _blocks(array, len(names)):
        good = np.isfinite(values)
        low = np.minimum(low, np.where(good, values, np.inf).min(axis=0, initial=np.inf))
        high = np.maximum(high, np.where(good, values, -np.inf).max(axis=0, initial=-np.inf))
        total += np.where(good, values, 0).sum(axis=0)
        finite += good.sum(axis=0)
        every += len(values)
    edges = [_edges(array.dtype.kind, *bounds) for bounds in zip(low, high, strict=True)]
    counts = [np.zeros(len(found) - 1, np.int64) for found in edges]
    for values in _blocks(array, len(names)):
        for k, found in enumerate(edges):
            counts[k] += np.histogram(values[:, k], found)[0]
    return [
        Histogram(name, unit, edges[k], counts[k], total[k] / finite[k], low[k], high[k], int(every[k] - finite[k]))
        for k, (name, unit) in enumerate(zip(names, _units(array, len(names)), strict=True))
        if finite[k]
    ]


def _blocks(array: StoredArray, columns: int) -> Iterator[np.ndarray]:
    for _, pieces in array.view.chunks([array.name]):
        yield pieces[array.name].reshape(-1, columns).astype(np.float64)


def _edges(kind: str, low: float, high: float) -> np.ndarray:
    if not low <= high:
        return np.array([0.0, 1.0])
    if kind in "biu" and high - low < MOST_VALUES:
        return np.arange(low - 0.5, high + 1)
    if low == high:
        return low + np.array([-1, 1]) * 0.01 * (abs(low) or 1)
    return np.linspace(low, high, BINS + 1)


def _units(array: StoredArray, count: int) -> list[str]:
    parts = str(array.attributes.get("units", "1")).split(", ")
    return [shown_units(part) for part in (parts if len(parts) == count else [", ".join(parts)] * count)]


def shown_units(text: str) -> str:
    """Units as people write them; nothing for plain numbers."""
    return "" if text == "1" else re.sub(r"\bum\b", "µm", text)
