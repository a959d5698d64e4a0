"""How contenders differ on the same examples."""

from typing import Any

import numpy as np
import pandas as pd

from dtmodels.evaluation.judged import Judged
from dtmodels.evaluation.measures import Estimate, Measure, estimates_from

Array = np.ndarray[Any, Any]


def difference(measure: Measure, first: pd.DataFrame, other: pd.DataFrame) -> Estimate:
    """How much higher a measure is for ``other``, and the band of that: the same examples are drawn for both.

    Examples for which one of them has no value do not count.
    """
    own, others = measure.terms(first), measure.terms(other)
    count = own.shape[1]

    def combine(sums: Array) -> Array:
        return measure.combine(sums[:, count:]) - measure.combine(sums[:, :count])

    return estimates_from([np.concatenate([own, others], axis=1)], [combine])[0]


def differences(judged: Judged, measure: Measure) -> dict[str, Estimate]:
    """Of each contender but the first."""
    first, *others = judged.names
    return {name: difference(measure, judged.tables[first], judged.tables[name]) for name in others}
