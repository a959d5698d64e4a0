"""Datasets and views merged, and cut down to a part, without copying."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

import numpy as np

from simcore.datasets.conditions import Condition
from simcore.datasets.overlap import shared_examples
from simcore.datasets.view_files import Openable, open_dataset, refuse_other_arrays, save_view
from simcore.datasets.views import Member, View, ranges_of
from simcore.errors import DatasetError, ParameterError


def merge(parts: Iterable[Openable], path: str | os.PathLike[str] | None = None, *, overwrite: bool = False) -> View:
    """Several datasets or views as one, without copying: their examples follow one another.

    Args:
        parts: paths, URLs, datasets or views; of the same arrays.
        path: where to keep the view, a name that ends in ``.json``; None: it is not kept.
        overwrite: whether a view that lies there may be replaced.

    Raises:
        ParameterError: nothing to merge, or a path that does not end in ``.json``.
        DatasetError: arrays differ, two parts hold the same examples, or something lies at the path.

    """
    members = tuple(member for part in parts for member in open_dataset(part).members)
    if not members:
        raise ParameterError("merge: no datasets given; at least one is needed")
    view = View(members)
    for place, member in enumerate(members):
        refuse_other_arrays(members[0].dataset, member.dataset)
        _refuse_same_examples(members[:place], member)
    return view if path is None else save_view(view, path, overwrite=overwrite)


def subset(
    part: Openable,
    examples: str | slice | Sequence[int] | np.ndarray,
    path: str | os.PathLike[str] | None = None,
    *,
    overwrite: bool = False,
) -> View:
    """Some examples of a dataset or view, without copying, in their order.

    Args:
        part: a path, URL, dataset or view.
        examples: a condition on stored properties (``"snr > 5 and position[0] < 10"``), a slice with a positive step,
            ascending numbers, or a boolean for each example.
        path: where to keep the view, a name that ends in ``.json``; None: it is not kept.
        overwrite: whether a view that lies there may be replaced.

    Raises:
        ParameterError: a condition that cannot be read, numbers that are no examples, or none chosen.
        DatasetError: the condition names an array that is not there, or something lies at the path.

    """
    view = open_dataset(part)
    condition = examples if isinstance(examples, str) else None
    chosen = _matching(view, examples) if isinstance(examples, str) else _numbers(len(view), examples)
    if not len(chosen):
        raise ParameterError(f"subset of {view.title}: no example is chosen by {examples!r}")
    members, offset = [], 0
    for member in view.members:
        low, high = np.searchsorted(chosen, [offset, offset + len(member)])
        if low < high:
            members.append(Member(member.dataset, _places(member, chosen[low:high] - offset)))
        offset += len(member)
    found = View(tuple(members), condition=condition)
    return found if path is None else save_view(found, path, overwrite=overwrite)


def _matching(view: View, text: str) -> np.ndarray:
    condition = Condition(text)
    if not condition.names:
        raise ParameterError(f"condition: {text!r} names no array; there are {', '.join(view.arrays)}")
    found = [start + np.flatnonzero(condition.holds(arrays)) for start, arrays in view.chunks(condition.names)]
    return np.concatenate(found)


def _numbers(count: int, examples: slice | Sequence[int] | np.ndarray) -> np.ndarray:
    if isinstance(examples, slice):
        start, stop, step = examples.indices(count)
        if step < 1:
            raise ParameterError(f"subset: step {step}; must be > 0")
        return np.arange(start, stop, step)
    numbers = np.asarray(examples)
    if numbers.dtype == bool and numbers.shape == (count,):
        return np.flatnonzero(numbers)
    if numbers.ndim != 1 or (numbers.size and numbers.dtype.kind not in "iu"):
        raise ParameterError(f"subset: numbers of examples must be whole, or {count} booleans, in one row")
    if numbers.size and not (numbers[0] >= 0 and numbers[-1] < count and (np.diff(numbers.astype(np.int64)) > 0).all()):
        raise ParameterError(f"subset: numbers of examples must ascend, from 0 to {count - 1}, none of them twice")
    return numbers.astype(np.int64)


def _places(member: Member, numbers: np.ndarray) -> np.ndarray:
    part = np.searchsorted(member.ends, numbers, side="right")
    return ranges_of(member.ranges[part, 1] - member.ends[part] + numbers)


def _refuse_same_examples(before: Sequence[Member], member: Member) -> None:
    for other in before:
        shared = shared_examples(View((other,)), View((member,)), same_recipe=True)
        if shared:
            raise DatasetError(f"{member.dataset.path} and {other.dataset.path} share {shared} examples: "
                               "the same recipe, seed and numbers; merged, they would count twice")  # fmt: skip
