"""Measures of how good a network is, as functions of sums over examples, with confidence bands by the bootstrap."""

from collections.abc import Callable
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
    return estimate_from(measure.terms(table), measure.combine, groups)


def estimate_from(terms: Array, combine: Callable[[Array], Array], groups: Array | None = None) -> Estimate:
    """As ``estimate``, from the terms (example, term) themselves; rows that are not finite do not count."""
    terms = np.asarray(terms, np.float64)
    counted: Array = np.isfinite(terms).all(axis=1)
    terms = np.where(counted[:, None], terms, 0.0)
    if groups is not None:
        _, place = np.unique(groups, return_inverse=True)
        terms = np.stack([np.bincount(place, column) for column in terms.T], axis=1)
    count = int(counted.sum())
    if not count:
        return Estimate(float("nan"), float("nan"), float("nan"), 0)
    value = float(combine(terms.sum(axis=0)[None])[0])
    low, high = _band(combine(_resampled(terms)))
    return Estimate(value, low, high, count)


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
