"""What is asked of a network, and by which measures its answers are judged."""

from typing import Any, Protocol

import numpy as np
import pandas as pd

from dtmodels.evaluation.measures import Measure

Array = np.ndarray[Any, Any]


class Task(Protocol):
    """One kind of target. ``judge`` gives one row per example, from which ``measures`` are computed, the first foremost."""

    name: str
    unit: str
    measures: tuple[Measure, ...]

    def truth(self, targets: Array, places: Array) -> Any:
        """The truth of a block from its targets (example, ...), which are the examples at ``places`` of the view."""

    def answer(self, outputs: Array) -> Any:
        """What a network says, in the form that rivals answer in."""

    def judge(self, truth: Any, answer: Any) -> pd.DataFrame:
        """The table of a block: what the measures need of each example."""
