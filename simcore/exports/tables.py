"""Numbers beside images as CSV: one row per example, and for many particles one row each."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from simcore.datasets.views import StoredArray
from simcore.exports.selection import Selection


def write_tables(selection: Selection, folder: Path) -> None:
    """Write ``properties.csv``, and ``<array>.csv`` of arrays with particles or frames."""
    long = [name for name in selection.numbers if _extra_axes(selection.array(name))]
    short = [name for name in selection.numbers if name not in long]
    if short:
        with (folder / "properties.csv").open("w", newline="", encoding="utf-8") as file:
            _write_short(selection, short, csv.writer(file, lineterminator="\n"))
    for name in long:
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            _write_long(selection, name, csv.writer(file, lineterminator="\n"))


def columns(array: StoredArray) -> list[str]:
    """Names of the numbers along the last axis of an array, or of its one number for each example."""
    if array.labels:
        return [f"{array.name}_{label}" for label in array.labels]
    lengths = array.shape[1 + len(_extra_axes(array)) :]
    return [array.name + "".join(f"_{k}" for k in index) for index in np.ndindex(*lengths)]


def _extra_axes(array: StoredArray) -> list[str]:
    """Axes that get a column of their own: frame, particle."""
    return [d.removeprefix(f"{array.name}_") for d in array.dimensions[1:] if d in ("frame", f"{array.name}_particle")]


def _write_short(selection: Selection, names: list[str], writer: Any) -> None:
    writer.writerow(["example", *(column for name in names for column in columns(selection.array(name)))])
    for start, pieces in selection.view.chunks(names):
        count = len(next(iter(pieces.values())))
        for place in range(count):
            cells = (str(value) for name in names for value in np.ravel(pieces[name][place]))
            writer.writerow([selection.first + start + place, *cells])


def _write_long(selection: Selection, name: str, writer: Any) -> None:
    array = selection.array(name)
    extra = _extra_axes(array)
    writer.writerow(["example", *extra, *columns(array)])
    for start, pieces in selection.view.chunks([name]):
        for place, example in enumerate(pieces[name]):
            number = selection.first + start + place
            writer.writerows([number, *row] for row in _rows(example, len(extra)))


def _rows(example: np.ndarray, axes: int) -> Iterator[list[Any]]:
    """Rows of one example, without the padding: rows of which no number is known."""
    for index in np.ndindex(*example.shape[:axes]):
        values = np.ravel(example[index])
        if values.dtype.kind != "f" or not np.isnan(values).all():
            yield [*index, *map(str, values)]
