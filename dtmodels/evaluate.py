"""How well a network does on examples that it was not trained on, and how well the classical method does there."""

import itertools
import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dtmodels.classical import radial_center
from dtmodels.data import open_dataset
from dtmodels.errors import ConfigurationError, DatasetError, EqualSeedWarning, TrainedExamplesError
from dtmodels.examples import Examples, fits
from dtmodels.ranges import merged_ranges
from dtmodels.run import EVALUATION, Run, open_run, write_text
from dtmodels.view_files import member_parts

Array = np.ndarray[Any, Any]
PERCENTILES = (5, 25, 50, 75, 95, 99)
BLOCK = 4096


@dataclass(frozen=True)
class Report:
    """Numbers of an evaluation; ``examples`` has one row per example, ``tables`` one table per property."""

    numbers: dict[str, Any]
    examples: pd.DataFrame
    tables: dict[str, pd.DataFrame]
    directory: Path
    figures: list[Path] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [f"{self.numbers['examples']} examples of {self.numbers['dataset']}"]
        for method in ("network", "radial_center"):
            if method in self.numbers:
                values = self.numbers[method]
                lines.append(f"{method:14}" + "  ".join(f"{key} {value:.4g}" for key, value in values.items()))
        return "\n".join([*lines, f"tables and figures: {self.directory}"])


def evaluate(
    run: Run | str | PathLike[str],
    dataset: Examples | str | PathLike[str],
    versus: Sequence[str] = (),
    *,
    bins: int = 10,
    batch_size: int = 256,
    directory: str | PathLike[str] | None = None,
) -> Report:
    """Errors of a trained network on a dataset (or a view of one), as a whole and in bins of the properties ``versus``.

    The error of a position is its distance from the truth, in pixels, with the radial centre of the same images beside
    it if they have one channel; of anything else the mean absolute difference. CSV files and figures are written to
    ``<run>/evaluation/<name of the dataset>`` or to ``directory``.

    TrainedExamplesError when the network was trained or chosen on some of the examples; EqualSeedWarning when they
    have the seed of the training; DatasetError when the dataset does not fit or lacks a property.
    """
    if bins < 1:
        raise ConfigurationError(f"bins: {bins}; must be at least 1")
    opened = open_run(run)
    examples = _examples(opened, dataset)
    refuse_trained(opened, examples)
    properties = _properties(examples, versus)
    truth, predicted, rival = _predictions(opened, examples, batch_size)
    table = _example_table(opened, truth, predicted, rival)
    table.insert(0, "example", examples.indices() + examples.identity["first"])
    table = table.assign(**properties)
    numbers = _numbers(opened, examples, table, truth, predicted)
    tables = {name: binned(table, name, bins) for name in versus}
    folder = Path(directory) if directory is not None else opened.directory / EVALUATION / Path(examples.path).stem
    report = Report(numbers, table, tables, folder, [folder / f"error_versus_{name}.png" for name in versus])
    _write(report, _unit(opened))
    return report


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
            stacklevel=3,
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


def binned(table: pd.DataFrame, name: str, bins: int = 10) -> pd.DataFrame:
    """Errors in bins of equal width of the property ``name``: count, and mean, median, 16th and 84th percentile."""
    values = table[name].to_numpy(dtype=float)
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    edges = np.linspace(low, high if high > low else low + 1, bins + 1)
    place = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, bins - 1)
    rows = []
    for k in range(bins):
        inside = table[place == k]
        row: dict[str, Any] = {f"{name}_low": edges[k], f"{name}_high": edges[k + 1], "count": len(inside)}
        for method in _methods(table):
            row |= _spread(inside[f"{method}_error"].to_numpy(dtype=float), method)
        rows.append(row)
    return pd.DataFrame(rows)


def _spread(errors: Array, method: str) -> dict[str, float]:
    errors = errors[np.isfinite(errors)]
    names = [f"{method}_{key}" for key in ("mean", "median", "p16", "p84")]
    if not len(errors):
        return dict.fromkeys(names, float("nan"))
    return dict(zip(names, [errors.mean(), *np.percentile(errors, (50, 16, 84))], strict=True))


def _examples(run: Run, dataset: Examples | str | PathLike[str]) -> Examples:
    targets = [item.name for item in run.fields]
    if not isinstance(dataset, Examples):
        dataset = open_dataset(dataset, inputs=run.record["training"]["inputs"], targets=targets)
    elif list(dataset.targets) != targets:
        raise DatasetError(f"{dataset.path}: opened with targets {list(dataset.targets)}; the network gives {targets}")
    takes, gives = tuple(run.model.inputs[0].shape[1:]), tuple(run.model.outputs[0].shape[1:])
    has = dataset.input_shape, dataset.target_shape
    if not (fits(takes, has[0]) and fits(gives, has[1])):
        raise DatasetError(
            f"{dataset.path}: inputs {has[0]}, targets {has[1]}; the network takes {takes}, gives {gives}"
        )
    return dataset


def _properties(examples: Examples, names: Sequence[str]) -> dict[str, Array]:
    found = {}
    for name, values in examples.properties(list(names)).items():
        if values.size != len(examples):
            raise DatasetError(f"{examples.path}: {name} has {values.shape[1:]} values per example; versus takes one")
        found[name] = values.reshape(-1)
    return found


def _predictions(run: Run, examples: Examples, batch_size: int) -> tuple[Array, Array, Array | None]:
    truths, predictions, rivals = [], [], []
    compared = _is_position(run) and examples.input_shape[-1] == 1
    for start in range(0, len(examples), BLOCK):
        images, truth = examples.numpy(np.arange(start, min(start + BLOCK, len(examples))))
        truths.append(truth)
        predictions.append(predict_in_batches(run.model, images, batch_size))
        if compared:
            rivals.append(radial_center(images))
    return np.concatenate(truths), np.concatenate(predictions), np.concatenate(rivals) if compared else None


def predict_in_batches(model: Any, images: Array, batch_size: int) -> Array:
    """Outputs of a network for float32 images."""
    return np.asarray(model.predict(images, batch_size=batch_size, verbose=0))


def _is_position(run: Run) -> bool:
    return len(run.fields) == 1 and run.fields[0].columns() == ["y", "x"]


def _unit(run: Run) -> str:
    units = {item.units for item in run.fields}
    return units.pop() if len(units) == 1 else "1"


def _example_table(run: Run, truth: Array, predicted: Array, rival: Array | None) -> pd.DataFrame:
    columns: dict[str, Array] = {}
    if truth.ndim == 2:
        for k, name in enumerate(_columns(run)):
            columns |= {f"{name}_true": truth[:, k], f"{name}_network": predicted[:, k]}
            if rival is not None:
                columns[f"{name}_radial_center"] = rival[:, k]
    columns["network_error"] = _errors(run, truth, predicted)
    if rival is not None:
        columns["radial_center_error"] = _errors(run, truth, rival)
    return pd.DataFrame(columns)


def _columns(run: Run) -> list[str]:
    return [column for item in run.fields for column in item.columns()]


def _errors(run: Run, truth: Array, predicted: Array) -> Array:
    difference = predicted.astype(np.float64) - truth
    if len(run.fields) == 1 and run.fields[0].kind == "points" and truth.ndim == 2:
        return np.sqrt((difference**2).sum(axis=1))
    return np.abs(difference).reshape(len(truth), -1).mean(axis=1)


def _methods(table: pd.DataFrame) -> list[str]:
    return [method for method in ("network", "radial_center") if f"{method}_error" in table]


def _numbers(run: Run, examples: Examples, table: pd.DataFrame, truth: Array, predicted: Array) -> dict[str, Any]:
    numbers: dict[str, Any] = {"dataset": Path(examples.path).name, "identity": examples.identity}
    difference = predicted.astype(np.float64) - truth
    numbers |= {"examples": len(table), "unit": _unit(run), "network": _summary(table["network_error"], difference)}
    if truth.ndim == 2:
        numbers["columns"] = {name: _column(d) for name, d in zip(_columns(run), difference.T, strict=True)}
    if "radial_center_error" in table:
        difference = table[["y_radial_center", "x_radial_center"]].to_numpy() - truth
        numbers["radial_center"] = _summary(table["radial_center_error"], difference)
    return numbers


def _column(difference: Array) -> dict[str, float]:
    rmse = float(np.sqrt((difference**2).mean()))
    return {"mae": float(np.abs(difference).mean()), "rmse": rmse, "bias": float(difference.mean())}


def _summary(errors: pd.Series, difference: Array) -> dict[str, float]:
    finite = errors[np.isfinite(errors)].to_numpy(dtype=float)
    flat = difference[np.isfinite(difference)]
    summary = {"mean_error": float(finite.mean()), "mae": float(np.abs(flat).mean())}
    summary["rmse"] = float(np.sqrt((flat**2).mean()))
    percentiles = zip(PERCENTILES, np.percentile(finite, PERCENTILES), strict=True)
    summary |= {f"p{p}": float(value) for p, value in percentiles}
    return summary | {"failed": len(errors) - len(finite)}


def _write(report: Report, unit: str) -> None:
    from dtmodels.plots import error_figure  # noqa: PLC0415  (imports matplotlib)

    report.directory.mkdir(parents=True, exist_ok=True)
    write_text(report.directory / "numbers.json", json.dumps(report.numbers, indent=1) + "\n")
    report.examples.to_csv(report.directory / "examples.csv", index=False)
    for (name, table), figure in zip(report.tables.items(), report.figures, strict=True):
        table.to_csv(report.directory / f"error_versus_{name}.csv", index=False)
        error_figure(table, name, unit).savefig(figure, dpi=150)


def _overlap(ours: Sequence[Sequence[int]], first: int, theirs: Sequence[Sequence[int]], their_first: int) -> int:
    left = merged_ranges([(start + first, stop + first) for start, stop in ours])
    right = merged_ranges([(start + their_first, stop + their_first) for start, stop in theirs])
    return sum(max(0, min(a[1], b[1]) - max(a[0], b[0])) for a in left for b in right)
