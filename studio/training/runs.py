"""Run directories, read as files: no Keras is needed to look at what a training wrote."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from dtmodels.prediction.outputs import DENSITIES, PARTICLES, REGIONS
from studio.errors import StudioError

Array = np.ndarray[Any, Any]
RECORD, HISTORY, TRAINING, MODEL, WATCH, EVALUATION = (
    "run.json", "history.csv", "training.yaml", "model.keras", "watch", "evaluation",
)  # fmt: skip
NO_METRICS = ("epoch", "seconds", "learning_rate")
LOWER, UPPER = "_low", "_high"


@dataclass(frozen=True)
class Run:
    """A run directory, as far as it can be read; ``note`` says what cannot."""

    path: str
    folder: Path
    record: dict[str, Any] = field(default_factory=dict)
    note: str = ""

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[-1]

    @property
    def finished(self) -> bool:
        return bool(self.record.get("finished"))

    @property
    def usable(self) -> bool:
        """Whether it holds a network."""
        return (self.folder / MODEL).is_file()

    @property
    def targets(self) -> list[str]:
        """What the network was trained to say."""
        return [str(item.get("name", "?")) for item in self.record.get("targets", [])]

    @property
    def gives(self) -> str:
        """What ``dtmodels predict`` makes of it by itself: numbers, particles, counts, masks or images.

        dtmodels decides so from the network; here the record must do, for opening the network takes Keras.
        """
        target: dict[str, Any] = next(iter(self.record.get("targets", [])), {})
        shape, kind, told = target.get("shape", ()), target.get("kind"), str(target.get("description", ""))
        if len(shape) < 3:
            return "numbers"
        if any(name in told for name in DENSITIES):
            return "counts"
        if any(name in told for name in REGIONS):
            return "masks"
        marks = any(name in told for name in PARTICLES) or target.get("z") is not None
        if marks or (kind == "mask" and shape[-1] == 1):
            return "particles"
        return "masks" if kind == "mask" else "images"

    @property
    def best(self) -> str:
        """Epoch and validation loss of the network that was kept."""
        found = self.record.get("best")
        return f"{found['val_loss']:.4g} at epoch {found['epoch']}" if isinstance(found, dict) else ""

    @property
    def weights(self) -> int:
        return int(self.record.get("weights", 0))


def runs(project: Path) -> list[Run]:
    """All runs of a project, the newest first."""
    found = {path.parent for pattern in (f"*/{RECORD}", f"*/*/{RECORD}") for path in project.glob(pattern)}
    kept = [path for path in found if not path.relative_to(project).parts[0].startswith(".")]
    return [run(project, path.relative_to(project).as_posix()) for path in sorted(kept, key=_age)]


def run(project: Path, path: str) -> Run:
    """One run; never raises."""
    folder = project / path
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        if not isinstance(record, dict):
            raise ValueError("holds no mapping")
    except FileNotFoundError:
        return Run(path, folder, note=f"{path}: no run here any more")
    except (OSError, ValueError) as error:
        return Run(path, folder, note=f"{path}: {RECORD} cannot be read: {error}")
    return Run(path, folder, record)


def _age(folder: Path) -> float:
    try:
        return -(folder / RECORD).stat().st_mtime
    except OSError:
        return 0.0


def history(run_: Run) -> dict[str, Array]:
    """Columns of the history: epoch, losses, metrics, learning rate, seconds; empty before the first epoch."""
    path = run_.folder / HISTORY
    try:
        found = path.stat()
    except OSError:
        return {}
    return _history(path, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=64)
def _history(path: Path, stamp: int, size: int) -> dict[str, Array]:  # stamp and size: read again when it has grown
    try:
        rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise StudioError(f"{path.name}: cannot be read: {error}") from None
    if len(rows) < 2:
        return {}
    whole = [row for row in rows[1:] if len(row) == len(rows[0])]
    return {name: np.array([_float(row[k]) for row in whole]) for k, name in enumerate(rows[0])}


def metrics(columns: dict[str, Array]) -> list[str]:
    """Losses and metrics that stand for training and validation, ``loss`` first."""
    names = {name.removeprefix("val_") for name in columns if name not in NO_METRICS}
    return sorted(names, key=lambda name: (name != "loss", name))


def smoothed(values: Array, weight: float) -> Array:
    """Exponential mean with this weight of the past, from 0 (as it is); unbiased at its start."""
    if weight <= 0:
        return values
    made, total, norm = np.empty(len(values)), 0.0, 0.0
    for k, value in enumerate(values):
        if np.isfinite(value):
            total, norm = weight * total + (1 - weight) * value, weight * norm + (1 - weight)
        made[k] = total / norm if norm else np.nan
    return made


def watched(run_: Run) -> list[int]:
    """Epochs after which the network was tried on watched frames."""
    names = {path.stem for path in (run_.folder / WATCH).glob("epoch_*") if path.suffix in (".csv", ".tif")}
    return sorted(int(name.removeprefix("epoch_")) for name in names if name.removeprefix("epoch_").isdigit())


def evaluations(run_: Run) -> list[Path]:
    """Folders of evaluations."""
    return sorted(path.parent for path in (run_.folder / EVALUATION).glob("*/examples.csv"))


@dataclass(frozen=True, eq=False)
class Evaluated:
    """One row of an evaluation per example: errors of each contender, stored properties."""

    columns: dict[str, Array]
    numbers: dict[str, Any]

    @property
    def contenders(self) -> list[str]:
        return [str(name) for name in self.numbers.get("contenders", [])]

    def errors(self) -> dict[str, list[str]]:
        """Measures by name without the contender: the columns of all contenders that have it."""
        found: dict[str, list[str]] = {}
        for name in self.contenders:
            for column in self.columns:
                if column.startswith(f"{name}_"):
                    found.setdefault(column.removeprefix(f"{name}_"), []).append(column)
                elif column.endswith(f"_{name}_difference"):
                    found.setdefault(f"{column.removesuffix(f'_{name}_difference')} difference", []).append(column)
        return found

    @property
    def properties(self) -> list[str]:
        """What they can be drawn against."""
        errors = {column for columns in self.errors().values() for column in columns}
        own = [f"_{name}" for name in self.contenders]
        return [c for c in self.columns if c not in errors and c != "example" and not c.endswith(tuple(own))]


def evaluated(folder: Path) -> Evaluated:
    """The examples of an evaluation; StudioError where it cannot be read."""
    try:
        found = (folder / "examples.csv").stat()
        return _evaluated(folder, found.st_mtime_ns)
    except (OSError, ValueError) as error:
        raise StudioError(f"{folder.name}: the evaluation cannot be read: {error}") from None


@lru_cache(maxsize=16)
def _evaluated(folder: Path, stamp: int) -> Evaluated:
    import pandas as pd  # noqa: PLC0415  (slow to import)

    table = pd.read_csv(folder / "examples.csv")
    numbers = json.loads((folder / "numbers.json").read_text(encoding="utf-8"))
    return Evaluated({str(c): table[c].to_numpy() for c in table.columns if table[c].dtype.kind in "iuf"}, numbers)


def binned(x: Array, y: Array, bins: int = 12) -> tuple[Array, Array, Array, Array]:
    """Centres, means and the 16th and 84th percentiles of ``y`` in bins of ``x`` that hold something."""
    good = np.isfinite(x) & np.isfinite(y)
    x, y = x[good], y[good]
    if not len(x):
        return (np.empty(0),) * 4
    edges = np.linspace(x.min(), x.max() or 1, bins + 1)
    place = np.clip(np.digitize(x, edges) - 1, 0, bins - 1)
    held = [k for k in range(bins) if np.any(place == k)]
    parts = [y[place == k] for k in held]
    centres = np.array([(edges[k] + edges[k + 1]) / 2 for k in held])
    means = np.array([part.mean() for part in parts])
    low, high = (np.array([np.percentile(part, p) for part in parts]) for p in (16, 84))
    return centres, means, low, high


def free_name(project: Path, stem: str = "run") -> str:
    """A name for a new run: runs/run-1, runs/run-2 ..."""
    number = 1
    while (project / "runs" / f"{stem}-{number}").exists():
        number += 1
    return f"runs/{stem}-{number}"


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
