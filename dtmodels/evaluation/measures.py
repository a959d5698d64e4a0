"""Measures of how good a network is, as functions of sums over examples, with confidence bands by the bootstrap."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.random import PCG64, Generator

Array = np.ndarray[Any, Any]
RESAMPLINGS, CONFIDENCE, SEED = 1000, 0.95, 1
METHOD = f"{CONFIDENCE:.0%} bootstrap percentile band, {RESAMPLINGS} resamplings of the examples, seed {SEED}"
BLOCK = 2**22


@dataclass(frozen=True)
class Measure:
    """A number that judges many examples: ``combine`` of the sums of ``terms``.

    ``terms`` gives (example, term) from the table of the examples; ``combine`` takes sums (resampling, term) and gives one
    number for each resampling. ``better`` is "lower", "higher" or "zero".
    """

    name: str
    title: str
    unit: str
    terms: Callable[[pd.DataFrame], Array]
    combine: Callable[[Array], Array]
    better: str = "lower"
    plotted: bool = False


@dataclass(frozen=True)
class Estimate:
    """A measure of some examples and the band in which it would lie for others like them; ``count`` of what was counted."""

    value: float
    low: float
    high: float
    count: int


def mean_of(
    name: str, title: str, unit: str, column: str, of: Callable[[Array], Array] | None = None, **more: Any
) -> Measure:
    """Mean of a column, or of a function of it; rows that are NaN do not count."""
    return Measure(name, title, unit, _mean_terms(column, of or (lambda values: values)), _quotient, **more)


def root_mean_square_of(name: str, title: str, unit: str, column: str, **more: Any) -> Measure:
    """Root of the mean square of a column; rows that are NaN do not count."""
    return Measure(name, title, unit, _mean_terms(column, np.square), lambda s: np.sqrt(_quotient(s)), **more)


def estimate(measure: Measure, table: pd.DataFrame, groups: Array | None = None) -> Estimate:
    """The measure of a table of examples and its band. ``groups`` numbers what is resampled together, by default each row."""
    return estimates([measure], table, groups)[0]


def estimates(measures: Sequence[Measure], table: pd.DataFrame, groups: Array | None = None) -> list[Estimate]:
    """Several measures of one table, from the same resamplings."""
    return estimates_from([m.terms(table) for m in measures], [m.combine for m in measures], groups)


def estimates_from(
    terms: Sequence[Array], combine: Sequence[Callable[[Array], Array]], groups: Array | None = None
) -> list[Estimate]:
    """As ``estimates``, from the terms (example, term) of each; rows of one that are not finite do not count in it."""
    counted = [np.asarray(np.isfinite(one).all(axis=1)) for one in terms]
    joined = np.concatenate([np.where(c[:, None], one, 0.0) for one, c in zip(terms, counted, strict=True)], axis=1)
    if not len(joined):
        return [Estimate(float("nan"), float("nan"), float("nan"), 0) for _ in terms]
    if groups is not None:
        _, place = np.unique(groups, return_inverse=True)
        joined = np.stack([np.bincount(place, column) for column in joined.T], axis=1)
    whole, drawn = joined.sum(axis=0)[None], _resampled(joined)
    edges = np.cumsum([0, *(one.shape[1] for one in terms)])
    found = []
    for k, function in enumerate(combine):
        part, count = slice(edges[k], edges[k + 1]), int(counted[k].sum())
        value = float(function(whole[:, part])[0]) if count else float("nan")
        found.append(Estimate(value, *_band(function(drawn[:, part]) if count else np.empty(0)), count))
    return found


def _resampled(terms: Array) -> Array:
    """Sums over examples drawn anew with replacement: (resampling, term)."""
    generator, count = Generator(PCG64(SEED)), len(terms)
    sums = np.empty((RESAMPLINGS, terms.shape[1]))
    at_once = max(1, BLOCK // count)
    for start in range(0, RESAMPLINGS, at_once):
        rows = min(at_once, RESAMPLINGS - start)
        drawn = generator.integers(0, count, (rows, count))
        flat = drawn + count * np.arange(rows)[:, None]
        weights = np.bincount(flat.ravel(), minlength=rows * count).reshape(rows, count)
        sums[start : start + rows] = weights @ terms
    return sums


def _band(values: Array) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    if not len(finite):
        return float("nan"), float("nan")
    tail = 50 * (1 - CONFIDENCE)
    low, high = np.percentile(finite, (tail, 100 - tail))
    return float(low), float(high)


def _mean_terms(column: str, of: Callable[[Array], Array]) -> Callable[[pd.DataFrame], Array]:
    def terms(table: pd.DataFrame) -> Array:
        values = table[column].to_numpy(dtype=float)
        return np.stack([of(values), np.ones(len(values))], axis=1)

    return terms


def _quotient(sums: Array) -> Array:
    with np.errstate(invalid="ignore", divide="ignore"):
        return sums[:, 0] / sums[:, 1]
