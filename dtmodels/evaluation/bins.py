"""Measures as functions of a property, bin by bin."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from dtmodels.evaluation.measures import Measure, estimates

Array = np.ndarray[Any, Any]


def bin_edges(values: Array, bins: int) -> Array:
    """Edges of bins of equal width over the finite values; of whole numbers never narrower than 1."""
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    if np.issubdtype(values.dtype, np.integer) or values.dtype == bool:
        low, high = low - 0.5, high + 0.5
        bins = min(bins, round(high - low))
    return np.linspace(low, high if high > low else low + 1, bins + 1)


def binned(
    tables: Mapping[str, pd.DataFrame],
    values: Array,
    name: str,
    measures: Sequence[Measure],
    bins: int = 10,
    groups: Array | None = None,
) -> pd.DataFrame:
    """Measures of each contender's table of examples in bins of equal width of the property ``name``.

    Columns: ``<name>_low``, ``<name>_high``, ``count``; of each contender and measure the value, the ends of its band
    (``_low``, ``_high``); where there is an ``error`` per example, its median, 16th and 84th percentile.
    """
    edges = bin_edges(values, bins)
    numbers = np.asarray(values, float)
    place = np.clip(np.searchsorted(edges, numbers, side="right") - 1, 0, len(edges) - 2)
    place[~np.isfinite(numbers)] = -1
    rows = []
    for k in range(len(edges) - 1):
        inside = place == k
        row: dict[str, Any] = {f"{name}_low": edges[k], f"{name}_high": edges[k + 1], "count": int(inside.sum())}
        for contender, table in tables.items():
            row |= _of_bin(contender, table[inside], measures, None if groups is None else groups[inside])
        rows.append(row)
    return pd.DataFrame(rows)


def _of_bin(contender: str, table: pd.DataFrame, measures: Sequence[Measure], groups: Array | None) -> dict[str, float]:
    row: dict[str, float] = {}
    for measure, found in zip(measures, estimates(measures, table, groups), strict=True):
        key = f"{contender}_{measure.name}"
        row |= {key: found.value, f"{key}_low": found.low, f"{key}_high": found.high}
    return row | (spread(table["error"].to_numpy(float), contender) if "error" in table else {})


def spread(errors: Array, contender: str) -> dict[str, float]:
    """Median, 16th and 84th percentile of the finite errors."""
    names = [f"{contender}_{key}" for key in ("median", "p16", "p84")]
    finite = errors[np.isfinite(errors)]
    values = np.percentile(finite, (50, 16, 84)) if len(finite) else [float("nan")] * 3
    return dict(zip(names, map(float, values), strict=True))
