"""Numbers, positions and classes: one row of numbers per example."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from dtmodels.evaluation.measures import Measure, mean_of, root_mean_square_of
from dtmodels.examples import Field

Array = np.ndarray[Any, Any]
PLANE = ("y", "x")


class Numbers:
    """Numbers per example, each judged by its absolute error; of positions also the distance in the plane of the image.

    A network that gives twice as many numbers as there are targets says in the second half the logarithm of its variance.
    """

    def __init__(self, fields: Sequence[Field]) -> None:
        self.columns = [(item, column) for item in fields for column in item.columns()]
        self.names = [column for _, column in self.columns]
        kinds = {item.kind for item in fields}
        self.places = (
            [self.names.index(axis) for axis in PLANE] if kinds == {"points"} and set(PLANE) <= {*self.names} else []
        )
        self.name = "positions" if self.places else "numbers"
        self.unit = "px" if self.places else _unit(self.columns[0])
        position = (mean_of("mean_error", "mean distance", "px", "error", plotted=True),) if self.places else ()
        whole = () if self.places else (mean_of("mean_error", "mean absolute error", self.unit, "error"),)
        each = [m for column in self.columns for m in _of_column(column, plotted=not self.places or column[1] == "z")]
        self.measures: tuple[Measure, ...] = (*position, *whole, *each)

    def truth(self, targets: Array, places: Array) -> Array:
        return targets

    def answer(self, outputs: Array) -> Array:
        return outputs

    def judge(self, truth: Array, answer: Array) -> pd.DataFrame:
        count = len(self.names)
        difference = answer[:, :count].astype(np.float64) - truth
        squared = difference[:, self.places] ** 2
        error = np.sqrt(squared.sum(axis=1)) if self.places else np.abs(difference).mean(axis=1)
        columns = {"error": error}
        for k, name in enumerate(self.names):
            columns |= {name: answer[:, k], f"{name}_difference": difference[:, k]}
            if answer.shape[1] == 2 * count:
                columns[f"{name}_sigma"] = np.exp(0.5 * answer[:, count + k].astype(np.float64))
        return pd.DataFrame(columns)


class Classes:
    """Which of several classes: judged by the share of right answers; targets are numbers of classes, or one-hot."""

    name, unit = "classes", "1"

    def __init__(self, target: str, count: int) -> None:
        self.target, self.count = target, count
        self.measures: tuple[Measure, ...] = (
            mean_of("accuracy", "accuracy", "1", "right", better="higher", plotted=True),
        )

    def truth(self, targets: Array, places: Array) -> Array:
        flat = targets.reshape(len(targets), -1)
        return flat.argmax(axis=1) if flat.shape[1] > 1 else flat[:, 0].round().astype(np.int64)

    def answer(self, outputs: Array) -> Array:
        return outputs.argmax(axis=1)

    def judge(self, truth: Array, answer: Array) -> pd.DataFrame:
        return pd.DataFrame({"right": (truth == answer).astype(float), "class_true": truth, "class": answer})


def confusion(table: pd.DataFrame, count: int) -> Array:
    """How many examples of each class (row) were taken for each (column)."""
    matrix = np.zeros((count, count), np.int64)
    np.add.at(matrix, (table["class_true"].to_numpy(), table["class"].to_numpy()), 1)
    return matrix


def _unit(column: tuple[Field, str]) -> str:
    item, name = column
    return "um" if item.kind == "points" and name == "z" else item.units


def _of_column(column: tuple[Field, str], plotted: bool) -> list[Measure]:
    unit, name = _unit(column), column[1]
    difference = f"{name}_difference"
    return [
        mean_of(f"{name}_mae", f"mean absolute error of {name}", unit, difference, np.abs, plotted=plotted),
        root_mean_square_of(f"{name}_rmse", f"root mean square error of {name}", unit, difference),
        mean_of(f"{name}_bias", f"bias of {name}", unit, difference, better="zero"),
    ]
