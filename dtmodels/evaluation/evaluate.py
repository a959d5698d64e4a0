"""How well networks do on examples that they were not trained on, and how well classical methods do there."""

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dtmodels.conditions import Condition
from dtmodels.configuration import validated
from dtmodels.errors import ConfigurationError, DatasetError
from dtmodels.evaluation.bins import binned
from dtmodels.evaluation.bound import bound_errors, bound_name
from dtmodels.evaluation.checks import check_properties, examples_for, scalars
from dtmodels.evaluation.choose import JudgingSection, task_of
from dtmodels.evaluation.contenders import Contender, Named, contender, names_of, runs_of
from dtmodels.evaluation.detections import NEIGHBOR, Detections
from dtmodels.evaluation.judged import Judged
from dtmodels.evaluation.measures import mean_of
from dtmodels.evaluation.numbers import Numbers
from dtmodels.evaluation.report import Draft, Report, report_of
from dtmodels.evaluation.task import Task
from dtmodels.examples import Examples
from dtmodels.run import EVALUATION, Run, open_run

Array = np.ndarray[Any, Any]
BLOCK, BLOCK_BYTES = 4096, 128 * 2**20
PARTICLE_MEASURES = ("recall", "rmse", "z_rmse")
BOUND = mean_of("mean_error", "Cramer-Rao bound", "", "bound")
SHOWN = 4  # examples of which images are kept for the report


def evaluate(
    run: Run | str | PathLike[str],
    dataset: Examples | str | PathLike[str],
    versus: Sequence[str] = (),
    *,
    judging: Mapping[str, Any] | None = None,
    bins: int = 10,
    where: str | None = None,
    bound: str | None = None,
    batch_size: int | None = None,
    dropout_draws: int | None = None,
    directory: str | PathLike[str] | None = None,
    html: str | PathLike[str] | None = None,
) -> Report:
    """Errors of a trained network on a dataset (or a view of one), as a whole and in bins of the properties ``versus``.

    What is judged follows from the target of the training: positions by their distance from the truth in pixels, with the
    radial centre of the same images beside it if they have one channel; other numbers by their absolute error; particles in
    a mask or volume by precision, recall, F1, Jaccard index and RMSE against the stored positions; densities by their
    counts; masks by Dice and intersection over union; images by structural similarity and absolute error; classes by
    accuracy. Every measure has a 95 % band (bootstrap over the examples, 1,000 resamplings, seeded).

    ``judging`` takes what ``dtmodels.predict`` does about outputs (``output``, ``threshold``, ``method``, ``radius``,
    ``minimal_area``, ``z``), and of particles ``positions`` (the stored array), ``match_radius`` in px (3) and
    ``match_radius_z`` in um (1). ``where``, as "snr >= 6 and neighbor_distance > 5", keeps the examples, of particles those
    true ones, for which it holds. With ``dropout_draws`` networks answer so many times, other units dropped each time: of numbers
    the spread is their uncertainty. ``bound`` names an array of Cramer-Rao bounds, by default ``<target>_bound``.

    CSV files, figures and report.html are written to ``<run>/evaluation/<name of the dataset>`` or to ``directory``, the
    report also to ``html``. TrainedExamplesError when the network was trained or chosen on some of the examples;
    EqualSeedWarning when they have the seed of the training; DatasetError when the dataset does not fit or lacks a property.
    """
    opened = open_run(run)
    section = _section(judging, bins, where)
    examples = examples_for([opened], dataset)
    task = task_of(opened, examples, section)
    judges = [contender(opened, "network", task, batch_size, _draws(dropout_draws))]
    if _comparable(task, examples):
        judges.append(contender("radial_center", "radial_center", task, batch_size))
    folder = Path(directory) if directory is not None else _folder(opened, examples)
    return _judged(judges, examples, task, versus, section, bound).write(folder, html)


def compare(
    contenders: Sequence[Named],
    dataset: Examples | str | PathLike[str],
    versus: Sequence[str] = (),
    *,
    judging: Mapping[str, Any] | None = None,
    bins: int = 10,
    where: str | None = None,
    bound: str | None = None,
    batch_size: int | None = None,
    dropout_draws: int | None = None,
    directory: str | PathLike[str] | None = None,
    html: str | PathLike[str] | None = None,
) -> Report:
    """Several networks and classical rivals on the same examples; see ``evaluate``.

    A contender is a run, a sequence of runs (an ensemble: their mean, and their spread as uncertainty), or "radial_center",
    "gaussian_fit", "trackpy" (Crocker and Grier's centroid; with arguments {"trackpy": {"diameter": 11}}, also ``minmass``
    and ``invert``). The first run decides what is judged. The report says how each differs from the first contender, with
    the band of the paired difference. It is written to ``<first run>/evaluation/<name of the dataset>_compared``.
    """
    runs = [run for named in contenders for run in runs_of(named)]
    if not runs:
        raise ConfigurationError("compare: needs a run among the contenders")
    section = _section(judging, bins, where)
    examples = examples_for(runs, dataset)
    task = task_of(runs[0], examples, section)
    named = zip(contenders, names_of(contenders), strict=True)
    judges = [contender(one, name, task, batch_size, _draws(dropout_draws)) for one, name in named]
    folder = Path(directory) if directory is not None else _folder(runs[0], examples, "_compared")
    return _judged(judges, examples, task, versus, section, bound).write(folder, html)


def _draws(dropout_draws: int | None) -> int | None:
    if dropout_draws is not None and dropout_draws < 2:
        raise ConfigurationError(f"dropout_draws: {dropout_draws}; must be at least 2")
    return dropout_draws


def _section(judging: Mapping[str, Any] | None, bins: int, where: str | None) -> JudgingSection:
    given = {key: value for key, value in (judging or {}).items() if value is not None}
    return validated(JudgingSection, {**given, "bins": bins, "where": where}, "evaluate")


def _folder(run: Run, examples: Examples, ending: str = "") -> Path:
    return run.directory / EVALUATION / f"{Path(examples.path.rstrip('/')).stem}{ending}"


def _comparable(task: Task, examples: Examples) -> bool:
    plane = isinstance(task, Numbers) and task.names == ["y", "x"] and bool(task.places)
    return plane and len(examples.input_shape) == 3 and examples.input_shape[-1] == 1


def _judged(
    judges: Sequence[Contender],
    examples: Examples,
    task: Task,
    versus: Sequence[str],
    section: JudgingSection,
    bound: str | None,
) -> Draft:
    check_properties(examples, versus, task, task.names if isinstance(task, Numbers) else [], "versus")
    if section.where is not None:
        check_properties(examples, Condition(section.where).names, task, (), "where")
        examples = examples if isinstance(task, Detections) else examples.where(section.where)
    if isinstance(task, Detections):
        task.needed = tuple(name for name in versus if name in task.particle_properties)
    judged = _answers(judges, examples, task)
    if judged.particles and not len(next(iter(judged.particles.values()))):
        where = f" for which {section.where} holds" if section.where else ""
        raise DatasetError(f"{examples.path}: no particle within the images{where}: nothing to be found")
    properties = examples.properties([name for name in versus if name in scalars(examples)])
    judged.properties = {name: values.reshape(-1) for name, values in properties.items()}
    name = bound_name(examples, bound)
    judged.bound = None if name is None else bound_errors(examples, name, task)
    tables = {name: _versus(judged, task, name, section.bins) for name in versus}
    return report_of(judged, examples, task, tables, section.where)


def _answers(judges: Sequence[Contender], examples: Examples, task: Task) -> Judged:
    size = np.prod(examples.input_shape, dtype=int) + np.prod(examples.target_shape, dtype=int)
    block = max(1, min(BLOCK, BLOCK_BYTES // (4 * int(size))))
    judged = Judged(list(judges), examples.indices() + int(examples.identity["first"]))
    for start in range(0, len(examples), block):
        places = np.arange(start, min(start + block, len(examples)))
        images, targets = examples.numpy(places)
        truth = task.truth(targets, places)
        for judge in judges:
            answer = judge.answer(images)
            judged.add(judge.name, task.judge(truth, answer))
            if isinstance(task, Detections):
                judged.add_particles(judge.name, task.judge_particles(truth, answer, start))
        if start == 0:
            answers = [judge.answer(images[:SHOWN]) for judge in judges]
            judged.shown = (judged.example[:SHOWN], images[:SHOWN], targets[:SHOWN], answers)
    return judged.joined(examples, task)


def _versus(judged: Judged, task: Task, name: str, bins: int) -> pd.DataFrame:
    if isinstance(task, Detections) and (name in task.particle_properties or name == NEIGHBOR):
        measures = [m for m in task.measures if m.name in PARTICLE_MEASURES]
        first = next(iter(judged.particles.values()))
        values, groups = first[name].to_numpy(), first["example"].to_numpy()
        return binned(judged.particles, values, name, measures, bins, groups)
    values = judged.properties[name] if name in judged.properties else judged.truths[name]
    table = binned(judged.tables, values, name, task.measures, bins)
    if judged.bound is not None:
        with_bound = {"bound": pd.DataFrame({"bound": judged.bound})}
        table = table.join(binned(with_bound, values, name, [BOUND], bins)[["bound_mean_error"]])
    return table
