"""One page that shows an evaluation: self-contained HTML, figures inside it."""

import base64
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from dtmodels.backend import versions
from dtmodels.errors import MissingPackageError
from dtmodels.evaluation.detections import Detections
from dtmodels.evaluation.naming import LABELS
from dtmodels.run import Run

if TYPE_CHECKING:
    from dtmodels.evaluation.report import Draft

TEMPLATE = Path(__file__).with_name("page.html")
ROWS = 60
CAPTIONS = {
    "distribution": "How the errors of single examples are distributed.",
    "residuals": "Prediction less truth against the truth: a slope or an offset is a bias.",
    "calibration": "Left: how often the truth lies in the interval that the network says, grey: two standard errors around "
    "perfect calibration. Right: errors in units of the uncertainty said.",
    "counts": "Predicted against true counts.",
    "confusion": "Examples of each true class (row) by predicted class (column).",
    "examples": "Examples as the network sees them, in the order of the dataset, not chosen.",
}


def page(draft: "Draft", figures: Mapping[str, Path]) -> str:
    """The HTML text; names from outside are escaped."""
    try:
        import jinja2  # noqa: PLC0415
    except ImportError:
        raise MissingPackageError("the report needs Jinja2: pip install jinja2") from None
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    pictures = [_picture(draft, name, path) for name, path in figures.items()]
    return template.render(
        numbers=draft.numbers,
        facts=_facts(draft),
        methods=[_label(name) for name in draft.judged.names],
        rows=_rows(draft),
        differences=_differences(draft),
        calibrations=_calibrations(draft),
        pictures=pictures,
        tables=[(name, _table(table)) for name, table in draft.tables.items()],
        runs=[(_label(c.name), [_run(run) for run in c.runs]) for c in draft.judged.contenders],
        versions=", ".join(f"{name} {version}" for name, version in versions().items()),
    )


def text(value: Any) -> str:
    """A number with three significant digits, as a person writes it."""
    if isinstance(value, (int, str)):
        return str(value)
    if not math.isfinite(value):
        return "–"
    return f"{value:#.3g}".rstrip(".") if abs(value) < 1000 else f"{value:,.0f}"


def _facts(draft: "Draft") -> dict[str, str]:
    numbers, identity = draft.numbers, draft.numbers["identity"]
    facts = {"dataset": numbers["dataset"], "examples": f"{numbers['examples']:,}", "task": numbers["task"]}
    facts |= {
        "seed": identity["seed"],
        "recipe": identity["recipe_sha256"][:12],
        "identity": str(identity["identity"])[:12],
    }
    facts |= {"only where": numbers["where"]} if numbers["where"] else {}
    if isinstance(draft.task, Detections):
        facts["pairs"] = draft.task.described()
    return facts | {"bands": numbers["band"]}


def _rows(draft: "Draft") -> list[tuple[str, list[tuple[str, str, str]]]]:
    """One row per measure: its value and band of each method."""
    values = [draft.numbers[name] for name in draft.judged.names]
    rows = []
    for measure in draft.task.measures:
        keys = (measure.name, f"{measure.name}_low", f"{measure.name}_high")
        cells = [(text(one[keys[0]]), text(one[keys[1]]), text(one[keys[2]])) for one in values]
        rows.append((measure.title if measure.unit == "1" else f"{measure.title} ({measure.unit})", cells))
    if any("failed" in one for one in values):
        rows.append(("examples without an answer", [(str(one.get("failed", 0)), "", "") for one in values]))
    return rows


def _label(name: str) -> str:
    return LABELS.get(name, name)


def _differences(draft: "Draft") -> list[dict[str, str]]:
    main = draft.task.measures[0]
    rows = []
    for name, found in draft.numbers["differences"].items():
        values = {key: text(found[key]) for key in ("value", "low", "high", "count")}
        rows.append({"name": _label(name), "measure": main.title, "unit": main.unit, **values})
    return rows


def _calibrations(draft: "Draft") -> list[tuple[str, str, dict[str, str]]]:
    return [
        (_label(name), column, {_heading(key): text(value) for key, value in values.items()})
        for name in draft.judged.names
        for column, values in draft.numbers[name].get("calibration", {}).items()
    ]


def _heading(key: str) -> str:
    name = key.replace("_", " ")
    return f"{name} %" if key.startswith("coverage") else name


def _picture(draft: "Draft", name: str, path: Path) -> dict[str, str]:
    caption = CAPTIONS.get(name)
    if caption is None:
        versus = name.removeprefix("error_versus_").replace("_", " ")
        counted = draft.counted(name.removeprefix("error_versus_"))
        caption = f"Against {versus}: values in bins (hollow: of fewer than 10) and their bands; below, the {counted} in each."
    return {"name": name, "caption": caption, "data": base64.b64encode(path.read_bytes()).decode()}


def _table(table: pd.DataFrame) -> dict[str, Any]:
    head = [str(name).replace("_", " ") for name in table]
    return {"head": head, "rows": [[text(value) for value in row] for row in table.head(ROWS).to_numpy().tolist()]}


def _run(run: Run) -> dict[str, str]:
    record, training = run.record, run.record["training"]
    dataset = training["dataset"]
    facts = {
        "directory": str(run.directory),
        "weights": f"{record['weights']:,}",
        "trained with": f"seed {training['seed']}",
    }
    facts["training set"] = f"seed {dataset['seed']}, recipe {dataset['recipe_sha256'][:12]}"
    if "best" in record:
        facts["best epoch"] = f"{record['best']['epoch']}, validation loss {record['best']['val_loss']:.4g}"
    return facts
