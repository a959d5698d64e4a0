"""Who is judged: networks, ensembles of networks, classical rivals."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from dtmodels.classical import radial_center
from dtmodels.configuration import InputSection
from dtmodels.errors import ConfigurationError
from dtmodels.evaluation.detections import Detections
from dtmodels.evaluation.numbers import Numbers
from dtmodels.evaluation.task import Task
from dtmodels.fitting import gaussian_fit, locate
from dtmodels.prediction.network import Applied
from dtmodels.prediction.sampling import combined
from dtmodels.run import Run, open_run

Array = np.ndarray[Any, Any]
Rival = Mapping[str, Mapping[str, Any]]
Named = Run | str | PathLike[str] | Rival | Sequence[Run | str | PathLike[str]]
RIVALS = ("radial_center", "gaussian_fit", "trackpy")


@dataclass(frozen=True)
class Contender:
    """A name, and images in, an answer to the task out; ``runs`` of a network or an ensemble, none of a rival."""

    name: str
    runs: tuple[Run, ...]
    answer: Callable[[Array], Any]


def runs_of(named: Named) -> tuple[Run, ...]:
    """The runs of a contender; of a classical rival none. ConfigurationError for what is neither; RunError if there is none."""
    if isinstance(named, Mapping):
        if len(named) != 1 or next(iter(named)) not in RIVALS:
            raise ConfigurationError(f"compare: {dict(named)!r}; must be one of {', '.join(RIVALS)} with its arguments")
        return ()
    if isinstance(named, str) and named in RIVALS:
        return ()
    if isinstance(named, (Run, str, PathLike)):
        return (open_run(named),)
    return tuple(open_run(one) for one in named)


def contender(
    named: Named, name: str, task: Task, batch_size: int | None, dropout_draws: int | None = None
) -> Contender:
    """Bring networks and rivals to one form."""
    runs = runs_of(named)
    if runs:
        return Contender(name, runs, _network(runs, task, batch_size, dropout_draws))
    kind, arguments = next(iter(named.items())) if isinstance(named, Mapping) else (str(named), {})
    return Contender(name, (), rival(kind, task, **arguments))


def names_of(contenders: Sequence[Named]) -> list[str]:
    """A name for each: of a run its directory's, of an ensemble how many they are; equal ones are numbered."""
    names: list[str] = []
    for named in contenders:
        runs = runs_of(named)
        rival_name = next(iter(named)) if isinstance(named, Mapping) else str(named)
        name = Path(runs[0].directory).resolve().name if runs else rival_name
        name = f"ensemble_of_{len(runs)}" if len(runs) > 1 else name
        name = name if name not in RESERVED else f"{name}_run"
        count = sum(other == name or other.startswith(f"{name}_") for other in names)
        names.append(f"{name}_{count + 1}" if name in names else name)
    return names


RESERVED = ("dataset", "identity", "examples", "task", "unit", "band", "columns", "where", "bound", "true")


def rival(name: str, task: Task, **arguments: Any) -> Callable[[Array], Any]:
    """A classical method as an answer to the task; ConfigurationError where it has none."""
    if isinstance(task, Detections) and name == "trackpy":
        return _located(arguments)
    if not (isinstance(task, Numbers) and task.places):
        raise ConfigurationError(f"{name}: cannot answer what the network does ({task.name})")
    one: Callable[[Array], Array] = {"radial_center": radial_center, "gaussian_fit": gaussian_fit}.get(
        name, _heaviest(arguments)
    )
    if name != "trackpy" and arguments:
        raise ConfigurationError(f"{name}: {', '.join(arguments)}; takes no arguments")
    return lambda images: _in_columns(one(images), task)


def _network(
    runs: Sequence[Run], task: Task, batch_size: int | None, dropout_draws: int | None
) -> Callable[[Array], Any]:
    networks = [Applied(run.model, InputSection(), batch_size, dropout_draws) for run in runs]

    def answer(images: Array) -> Any:
        answers = [one for network in networks for one in network.answers(images)]
        if len(answers) == 1:
            return task.answer(answers[0])
        return (
            combined(answers, len(task.names)) if isinstance(task, Numbers) else task.answer(np.mean(answers, axis=0))
        )

    return answer


def _in_columns(found: Array, task: Numbers) -> Array:
    answer = np.full((len(found), len(task.names)), np.nan)
    answer[:, task.places] = found
    return answer


def _located(arguments: Mapping[str, Any]) -> Callable[[Array], list[Array]]:
    _check_arguments(arguments)
    diameter = int(arguments.get("diameter", 7))
    rest = {key: value for key, value in arguments.items() if key != "diameter"}
    return lambda images: [locate(_only_channel(image), diameter, **rest) for image in images]


def _heaviest(arguments: Mapping[str, Any]) -> Callable[[Array], Array]:
    _check_arguments(arguments)
    rest = {key: value for key, value in arguments.items() if key != "diameter"}

    def one(images: Array) -> Array:
        diameter = int(arguments.get("diameter", min(images.shape[1:3]) // 6 * 2 + 1))
        found = [locate(_only_channel(image), diameter, most=1, **rest) for image in images]
        return np.array([places[0] if len(places) else (np.nan, np.nan) for places in found]).reshape(len(images), 2)

    return one


def _check_arguments(arguments: Mapping[str, Any]) -> None:
    unknown = sorted(set(arguments) - {"diameter", "minmass", "invert"})
    if unknown:
        raise ConfigurationError(f"trackpy.{unknown[0]}: unknown; takes diameter, minmass, invert")


def _only_channel(image: Array) -> Array:
    if image.shape[-1] != 1:
        raise ConfigurationError(f"trackpy: images of {image.shape[-1]} channels; must have one")
    return image[..., 0]
