"""What a training needs to go on: weights, optimizer, random numbers and, within an epoch, what its metrics have added up."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dtmodels.run import CHECKPOINTS

_NAME = re.compile(r"(epoch_(?P<epoch>\d{5})|within_(?P<within>\d{5})_(?P<batch>\d{9}))(\.weights\.h5|\.npz)")
WEIGHTS, STATE, PARTIAL = ".weights.h5", ".npz", ".part"


class Place(NamedTuple):
    """Where a checkpoint was made: after ``epoch`` whole epochs and, of the next one, ``batch`` batches.

    ``weights`` are those of network and optimizer; ``state`` are random numbers and metrics.
    """

    epoch: int
    batch: int
    weights: Path
    state: Path


def save_checkpoint(model: Any, directory: Path, epoch: int, batch: int = 0) -> None:
    """Keep what is needed to go on after ``epoch`` epochs and ``batch`` batches; drop what was kept before.

    A checkpoint within an epoch does not replace that of the epoch before.
    """
    synchronized = getattr(model, "jax_state_sync", None)
    if batch and synchronized is not None:  # that backend keeps weights elsewhere while it trains
        synchronized()
    folder = directory / CHECKPOINTS
    folder.mkdir(exist_ok=True)
    name = f"within_{epoch:05d}_{batch:09d}" if batch else f"epoch_{epoch:05d}"
    temporary = folder / f"{PARTIAL}{STATE}"
    np.savez(temporary, **_state(model))
    state = temporary.replace(folder / f"{name}{STATE}")
    temporary = folder / f"{PARTIAL}{WEIGHTS}"
    model.save_weights(temporary, overwrite=True)
    weights = temporary.replace(folder / f"{name}{WEIGHTS}")  # last: a checkpoint is there when its weights are
    for file in folder.iterdir():
        found = _NAME.fullmatch(file.name)
        if found and file not in (state, weights) and not (batch and found["epoch"]):
            file.unlink()


def last_place(directory: Path) -> Place | None:
    """The newest checkpoint; one within an epoch counts where the epoch before is the last that is kept, or there was none."""
    folder = directory / CHECKPOINTS
    found = [match for path in folder.glob(f"*{WEIGHTS}") if (match := _NAME.fullmatch(path.name))]
    epoch = max((int(match["epoch"]) for match in found if match["epoch"]), default=0)
    within = [int(match["batch"]) for match in found if match["within"] and int(match["within"]) == epoch]
    if not found or not (within or epoch):
        return None
    batch = max(within, default=0)
    name = f"within_{epoch:05d}_{batch:09d}" if batch else f"epoch_{epoch:05d}"
    return Place(epoch, batch, folder / f"{name}{WEIGHTS}", folder / f"{name}{STATE}")


def restore_random_state(model: Any, path: Path) -> None:
    """Let the random numbers of the layers, such as dropout's, go on where they stood."""
    _restore(_random_variables(model), path, "random")


def restore_metrics(model: Any, path: Path) -> None:
    """Let the metrics, once built, go on adding up where they stood."""
    _restore(model.metrics_variables, path, "metric")


def _state(model: Any) -> dict[str, Any]:
    groups = {"random": _random_variables(model), "metric": model.metrics_variables}
    return {f"{name}_{k}": np.asarray(one) for name, group in groups.items() for k, one in enumerate(group)}


def _random_variables(model: Any) -> list[Any]:
    # Keras counts the state of its random generators among the variables, but not among the weights that it saves.
    weights = {id(weight) for weight in model.weights}
    return [variable for variable in model.variables if id(variable) not in weights]


def _restore(variables: list[Any], path: Path, name: str) -> None:
    if not path.is_file():  # a checkpoint of a version that did not keep it
        return
    with np.load(path, allow_pickle=False) as kept:
        for k, variable in enumerate(variables):
            variable.assign(kept[f"{name}_{k}"])
