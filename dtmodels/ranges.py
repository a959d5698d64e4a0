"""Index ranges, half open: how views of a dataset say which examples they hold."""

from collections.abc import Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Range = tuple[int, int]


def merged_ranges(ranges: Sequence[Range]) -> list[Range]:
    """The ranges in ascending order, neighbours joined, empty ones left out."""
    merged: list[Range] = []
    for start, stop in sorted(ranges):
        if merged and merged[-1][1] == start:
            merged[-1] = (merged[-1][0], stop)
        elif stop > start:
            merged.append((start, stop))
    return merged


def cut_ranges(ranges: Sequence[Range], first: int, stop: int) -> list[Range]:
    """Members ``first`` to ``stop`` of all that the ranges hold, counted in the order of the ranges."""
    pieces, position = [], 0
    for low, high in ranges:
        left, right = max(low, low + first - position), min(high, low + stop - position)
        if left < right:
            pieces.append((left, right))
        position += high - low
    return pieces


def ranges_of(places: Array) -> list[Range]:
    """The ranges that hold these ascending places and no others."""
    if not len(places):
        return []
    breaks = np.flatnonzero(np.diff(places) != 1) + 1
    starts, stops = places[np.r_[0, breaks]], places[np.r_[breaks, len(places)] - 1] + 1
    return list(zip(starts.tolist(), stops.tolist(), strict=True))
