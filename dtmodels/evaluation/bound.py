"""The Cramer-Rao bound, where the dataset holds it."""

from typing import Any

import numpy as np
from scipy import special

from dtmodels.errors import DatasetError
from dtmodels.evaluation.numbers import Numbers
from dtmodels.evaluation.task import Task
from dtmodels.examples import Examples

Array = np.ndarray[Any, Any]


def bound_name(examples: Examples, wanted: str | None) -> str | None:
    """The array of the bound: as asked, else ``<target>_bound`` if it is there; DatasetError if the one asked for is not."""
    if wanted is not None and wanted not in examples.names:
        raise DatasetError(f"{examples.path}: bound: no array {wanted!r}; there are {', '.join(examples.names)}")
    usual = f"{examples.targets[0]}_bound"
    return wanted or (usual if usual in examples.names else None)


def bound_errors(examples: Examples, name: str, task: Task) -> Array:
    """The least mean error of each example: of what is stored, the least standard deviation of each number of the target.

    Of one value per example each number has the same. Errors are taken as normal: their mean absolute value is
    sqrt(2 / pi) deviations, the mean distance of two of them that of Hoyt's distribution.
    """
    if not isinstance(task, Numbers):
        raise DatasetError(f"{examples.path}: bound: {name} bounds numbers, the network gives {task.name}")
    stored = examples.properties([name])[name].astype(np.float64).reshape(len(examples), -1)
    if stored.shape[1] not in (1, len(task.names)):
        raise DatasetError(
            f"{examples.path}: bound: {name} has {stored.shape[1]} values per example, not {len(task.names)}"
        )
    deviation = np.broadcast_to(stored, (len(examples), len(task.names)))
    if task.places:
        return mean_distance(*deviation[:, task.places].T)
    return np.sqrt(2 / np.pi) * deviation.mean(axis=1)


def mean_distance(first: Array, second: Array) -> Array:
    """Mean distance from 0 of two independent normal numbers with these deviations (R. S. Hoyt, Proc. IRE 35, 1947)."""
    large, small = np.maximum(first, second), np.minimum(first, second)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.sqrt(2 / np.pi) * large * special.ellipe(1 - (small / large) ** 2)
