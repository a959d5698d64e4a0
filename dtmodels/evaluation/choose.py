"""Which task a run is judged by: decided from its target and its output, or asked for."""

from typing import Any

import numpy as np
from pydantic import Field as Limited

from dtmodels.errors import ConfigurationError, DatasetError
from dtmodels.evaluation.detections import Detections
from dtmodels.evaluation.numbers import Classes, Numbers
from dtmodels.evaluation.pictures import Counts, Images, Masks
from dtmodels.evaluation.task import Task
from dtmodels.examples import Examples
from dtmodels.prediction.outputs import OutputSection, chosen
from dtmodels.run import Run

Array = np.ndarray[Any, Any]


class JudgingSection(OutputSection):
    """How a network is judged; see ``dtmodels.evaluate``."""

    bins: int = Limited(default=10, ge=1)
    positions: str | None = None
    match_radius: float = Limited(default=3.0, gt=0, allow_inf_nan=False)
    match_radius_z: float = Limited(default=1.0, gt=0, allow_inf_nan=False)
    where: str | None = None


def task_of(run: Run, examples: Examples, section: JudgingSection) -> Task:
    """The task of a run on these examples; DatasetError where particles are asked for and no positions are stored."""
    gives, has = tuple(run.model.outputs[0].shape[1:]), examples.target_shape
    if len(gives) == 1:
        return Classes(examples.targets[0], gives[0]) if _classes(run, gives, has) else Numbers(examples.fields)
    kind = chosen(run, section)
    if kind == "particles":
        positions = section.positions or _stored_positions(examples)
        if positions is not None:
            return _detections(examples, positions, section)
        if section.output == "particles":
            raise DatasetError(f"{examples.path}: holds no positions of particles to compare with")
        kind = "masks"
    if kind == "counts":
        return Counts()
    labelled = gives[-1] > 1 and has[-1] == 1
    return Masks(section.threshold, labelled) if kind == "masks" else Images(examples.fields[0].units)


def _detections(examples: Examples, positions: str, section: JudgingSection) -> Detections:
    if positions not in examples.names:
        raise DatasetError(f"{examples.path}: positions: no array {positions!r}; there are {', '.join(examples.names)}")
    field = examples.field(positions)
    if field.kind != "points" or not {"y", "x"} <= set(field.axes):
        raise ConfigurationError(f"positions: {positions} holds no points with axes y and x")
    return Detections(examples, positions, section, section.match_radius, section.match_radius_z, section.where)


def _stored_positions(examples: Examples) -> str | None:
    points = [name for name in examples.names if examples.array_attributes(name).get("kind") == "points"]
    many = [name for name in points if len(examples.array_shape(name)) == 2]
    return next(iter(many or points), None)


def _classes(run: Run, gives: tuple[int, ...], has: tuple[int, ...]) -> bool:
    loss = run.record["training"].get("loss", "")
    name = loss if isinstance(loss, str) else next(iter(loss))
    if gives[0] > 1 and "categorical_crossentropy" in name.lower().replace("categoricalcross", "categorical_cross"):
        return True
    return has == (1,) and gives[0] > 2
