"""Numbers, tables, figures and a page of an evaluation."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dtmodels.evaluation.calibration import reliability, scores, summary
from dtmodels.evaluation.detections import NEIGHBOR
from dtmodels.evaluation.judged import Judged
from dtmodels.evaluation.measures import METHOD, Estimate, estimates
from dtmodels.evaluation.numbers import Classes, Numbers, confusion
from dtmodels.evaluation.paired import differences
from dtmodels.evaluation.task import Task
from dtmodels.examples import Examples
from dtmodels.run import write_text

Array = np.ndarray[Any, Any]
PERCENTILES = (5, 25, 50, 75, 95, 99)
PAGE = "report.html"


@dataclass(frozen=True)
class Report:
    """An evaluation. ``numbers`` has everything as plain numbers, ``examples`` one row per example, ``tables`` one table per
    property, ``particles`` one row per true particle and contender; files lie in ``directory``.
    """

    numbers: dict[str, Any]
    examples: pd.DataFrame
    tables: dict[str, pd.DataFrame]
    directory: Path
    figures: list[Path] = field(default_factory=list)
    particles: pd.DataFrame | None = None
    page: Path | None = None

    def __str__(self) -> str:
        lines = [f"{self.numbers['examples']} examples of {self.numbers['dataset']}, {self.numbers['task']}"]
        for name in self.numbers["contenders"]:
            values = self.numbers[name]
            shown = [f"{key} {values[key]:.4g}{_of_band(values, key)}" for key in self.numbers["measures"]]
            lines.append(f"{name:14}" + "  ".join(shown))
        return "\n".join([*lines, f"report: {self.page}"])


def _of_band(values: Mapping[str, Any], key: str) -> str:
    return f" [{values[f'{key}_low']:.4g}, {values[f'{key}_high']:.4g}]"


@dataclass(frozen=True)
class Draft:
    """A report before it is written."""

    judged: Judged
    task: Task
    numbers: dict[str, Any]
    tables: dict[str, pd.DataFrame]
    more: dict[str, pd.DataFrame]  # tables that are no function of a property
    units: dict[str, str]  # of the properties

    def counted(self, name: str) -> str:
        """What the bins of a property count."""
        return (
            "particles"
            if f"{self.judged.names[0]}_f1" not in self.tables[name] and self.judged.particles
            else "examples"
        )

    def write(self, folder: Path, html: str | PathLike[str] | None = None) -> Report:
        """Write CSV files, figures and the page."""
        from dtmodels.evaluation.figures import figures_of  # noqa: PLC0415  (imports matplotlib)
        from dtmodels.evaluation.page import page  # noqa: PLC0415

        folder.mkdir(parents=True, exist_ok=True)
        examples = self.judged.examples()
        write_text(folder / "numbers.json", json.dumps(_jsonable(self.numbers), indent=1) + "\n")
        examples.to_csv(folder / "examples.csv", index=False)
        for name, table in self.tables.items():
            table.to_csv(folder / f"error_versus_{name}.csv", index=False)
        for name, table in self.more.items():
            table.to_csv(folder / f"{name}.csv", index=False)
        figures = figures_of(self)
        for name, figure in figures.items():
            figure.savefig(folder / f"{name}.png", dpi=150)
        text = page(self, {name: folder / f"{name}.png" for name in figures})
        for target in (folder / PAGE, *([Path(html)] if html is not None else [])):
            target.parent.mkdir(parents=True, exist_ok=True)
            write_text(target, text)
        files = [folder / f"{name}.png" for name in figures]
        return Report(self.numbers, examples, self.tables, folder, files, self.more.get("particles"), folder / PAGE)


def report_of(
    judged: Judged, examples: Examples, task: Task, tables: dict[str, pd.DataFrame], where: str | None
) -> Draft:
    """Compute all numbers of an evaluation."""
    shown = [m.name for m in task.measures if m.plotted] or [task.measures[0].name]
    numbers: dict[str, Any] = {"dataset": Path(examples.path.rstrip("/")).name, "identity": examples.identity}
    numbers |= {"examples": len(judged.example), "task": task.name, "unit": task.unit, "band": METHOD, "where": where}
    numbers |= {"contenders": judged.names, "measures": shown}
    for name, table in judged.tables.items():
        numbers[name] = _numbers(table, task)
    if isinstance(task, Numbers):
        first = numbers[judged.names[0]]
        keys = ("mae", "rmse", "bias")
        numbers["columns"] = {name: {key: first[f"{name}_{key}"] for key in keys} for name in task.names}
    main = task.measures[0]
    numbers["differences"] = {
        name: {"measure": main.name, **_plain(found)} for name, found in differences(judged, main).items()
    }
    return Draft(judged, task, numbers, tables, _more(judged, task, numbers), _units(examples, task, tables))


def _units(examples: Examples, task: Task, tables: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    units = {m.name.removesuffix("_mae"): m.unit for m in task.measures if m.name.endswith("_mae")}
    for name in tables:
        if name in examples.names:
            units[name] = examples.field(name).units
    return {**units, NEIGHBOR: "px"}


def _numbers(table: pd.DataFrame, task: Task) -> dict[str, Any]:
    numbers: dict[str, Any] = {}
    for measure, found in zip(task.measures, estimates(task.measures, table), strict=True):
        numbers |= {measure.name: found.value, f"{measure.name}_low": found.low, f"{measure.name}_high": found.high}
    if "error" in table:
        finite = table["error"][np.isfinite(table["error"])].to_numpy(dtype=float)
        values = np.percentile(finite, PERCENTILES) if len(finite) else [float("nan")] * len(PERCENTILES)
        numbers |= {f"p{p}": float(value) for p, value in zip(PERCENTILES, values, strict=True)}
        numbers["failed"] = len(table) - len(finite)
    return numbers


def _jsonable(value: Any) -> Any:
    """JSON knows no NaN: null instead."""
    if isinstance(value, dict):
        return {key: _jsonable(inner) for key, inner in value.items()}
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _plain(found: Estimate) -> dict[str, float]:
    return {"value": found.value, "low": found.low, "high": found.high, "count": found.count}


def _more(judged: Judged, task: Task, numbers: dict[str, Any]) -> dict[str, pd.DataFrame]:
    more: dict[str, pd.DataFrame] = {}
    if isinstance(task, Classes):
        for name, table in judged.tables.items():
            more[f"confusion_{name}"] = pd.DataFrame(confusion(table, task.count))
    for name, table in judged.tables.items():
        for column in task.names if isinstance(task, Numbers) else []:
            if f"{column}_sigma" in table:
                z = scores(table, column)
                numbers[name].setdefault("calibration", {})[column] = summary(z)
                more[f"calibration_{name}_{column}"] = reliability(z)
    if judged.particles:
        parts = [table.assign(contender=name) for name, table in judged.particles.items()]
        more["particles"] = pd.concat(parts, ignore_index=True)
    return more
