"""What an evaluation refuses: examples of the training, datasets that do not fit, properties that are not there."""

import itertools
import warnings
from collections.abc import Sequence
from os import PathLike
from typing import Any

import numpy as np

from dtmodels.data import open_dataset
from dtmodels.errors import ConfigurationError, DatasetError, EqualSeedWarning, TrainedExamplesError
from dtmodels.evaluation.detections import NEIGHBOR, Detections
from dtmodels.evaluation.task import Task
from dtmodels.examples import Examples, fits
from dtmodels.ranges import Range, merged_ranges
from dtmodels.run import Run
from dtmodels.view_files import member_parts


def examples_for(runs: Sequence[Run], dataset: Examples | str | PathLike[str]) -> Examples:
    """The dataset with the arrays that all runs take and give; none of them may have been trained on its examples."""
    first = runs[0]
    targets, inputs = [item.name for item in first.fields], first.record["training"]["inputs"]
    for run in runs[1:]:
        if ([item.name for item in run.fields], run.record["training"]["inputs"]) != (targets, inputs):
            raise ConfigurationError(f"{run.directory}: takes or gives other arrays than {first.directory}")
    if not isinstance(dataset, Examples):
        dataset = open_dataset(dataset, inputs=inputs, targets=targets)
    elif list(dataset.targets) != targets:
        raise DatasetError(f"{dataset.path}: opened with targets {list(dataset.targets)}; the network gives {targets}")
    if not len(dataset):
        raise DatasetError(f"{dataset.path}: holds no examples")
    for run in runs:
        _check_shapes(run, dataset)
        refuse_trained(run, dataset)
    return dataset


def _check_shapes(run: Run, examples: Examples) -> None:
    takes, gives = tuple(run.model.inputs[0].shape[1:]), tuple(run.model.outputs[0].shape[1:])
    has = examples.input_shape, examples.target_shape
    pictures = len(takes) == len(gives) == len(has[0]) == 3
    # A network of images takes larger ones in tiles.
    taken = fits((None, None, takes[-1]), has[0]) if pictures else fits(takes, has[0])
    given = _pictures_fit(gives, has[1]) if pictures else _numbers_fit(gives, has[1])
    if not (taken and given):
        raise DatasetError(
            f"{examples.path}: inputs {has[0]}, targets {has[1]}; the network takes {takes}, gives {gives}"
        )


def _pictures_fit(gives: tuple[int | None, ...], targets: tuple[int, ...]) -> bool:
    return len(targets) == 3 and targets[-1] in (gives[-1], 1)


def _numbers_fit(gives: tuple[int | None, ...], targets: tuple[int, ...]) -> bool:
    if fits(gives, targets):
        return True
    # A number of a class, or each number with the logarithm of its variance.
    return len(gives) == len(targets) == 1 and (targets == (1,) or gives == (2 * targets[0],))


def refuse_trained(run: Run, examples: Examples) -> None:
    """Refuse examples that the network was trained on, validation included; warn of an equal seed."""
    training = run.record["training"]
    for part in ("train", "validation"):
        dataset = training["dataset" if part == "train" else "validation_dataset"]
        shared = _shared(dataset, training[f"{part}_ranges"], examples.identity, examples.ranges)
        if shared:
            used = "trained" if part == "train" else "chosen (validation)"
            raise TrainedExamplesError(
                f"{examples.path}: the network was {used} on {shared} of these {len(examples)} examples; "
                "generate a dataset with another seed"
            )
    common = _seeds(examples.identity) & _seeds(training["dataset"])
    if common:
        warnings.warn(
            f"{examples.path} has the seed of the training set, {', '.join(sorted(common))}: draws of one name may be the "
            "same in both; another seed is safer",
            EqualSeedWarning,
            stacklevel=5,
        )


def _shared(ours: dict[str, Any], our_ranges: Sequence[Sequence[int]], theirs: dict[str, Any],
            their_ranges: Sequence[Sequence[int]]) -> int:  # fmt: skip
    """How many examples two views have in common: those of one recipe, seed and number."""
    pairs = itertools.product(member_parts(ours, our_ranges), member_parts(theirs, their_ranges))
    return sum(
        _overlap(mine, one["first"], yours, other["first"])
        for (one, mine), (other, yours) in pairs
        if (one["recipe_sha256"], one["seed"]) == (other["recipe_sha256"], other["seed"])
    )


def _seeds(identity: dict[str, Any]) -> set[str]:
    return {member["seed"] for member in identity.get("members") or [identity]}


def scalars(examples: Examples) -> list[str]:
    """Names of the stored arrays that hold one number per example."""
    return [name for name in examples.names if int(np.prod(examples.array_shape(name), dtype=int)) == 1]


def check_properties(examples: Examples, names: Sequence[str], task: Task, columns: Sequence[str], what: str) -> None:
    """Refuse names that are no property, in a line that lists those that are."""
    known = list(dict.fromkeys([*scalars(examples), *columns]))
    if isinstance(task, Detections):
        known += [name for name in (*task.particle_properties, NEIGHBOR) if name not in known]
    for name in names:
        if name in known:
            continue
        if name in examples.names:
            shape = examples.array_shape(name)
            raise DatasetError(
                f"{examples.path}: {what}: {name} has {shape} values per example; {what} takes one; there are {', '.join(known)}"
            )
        there = ", ".join(known) or "none"
        raise DatasetError(f"{examples.path}: {what}: no property {name!r}; there are {there}")


def _overlap(ours: Sequence[Range], first: int, theirs: Sequence[Range], their_first: int) -> int:
    left = merged_ranges([(start + first, stop + first) for start, stop in ours])
    right = merged_ranges([(start + their_first, stop + their_first) for start, stop in theirs])
    return sum(max(0, min(a[1], b[1]) - max(a[0], b[0])) for a in left for b in right)
