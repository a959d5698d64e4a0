"""A run directory: the network, how it was trained, on what, and how well."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from dtmodels.backend import register, require_keras
from dtmodels.configuration import InputSection, validated
from dtmodels.errors import RunError
from dtmodels.examples import Field

FORMAT = "dtmodels-run/1"
MODEL, RECORD, CONFIGURATION = "model.keras", "run.json", "training.yaml"
HISTORY, HISTORY_FIGURE = "history.csv", "history.png"
CHECKPOINTS, LOGS, EVALUATION, WATCH = "checkpoint", "logs", "evaluation", "watch"


@dataclass(frozen=True)
class Run:
    """A training on disk; it opens without the dataset it was trained on."""

    directory: Path
    record: Mapping[str, Any]
    in_training: Any = None  # the network as it is now, instead of the one that was kept

    @cached_property
    def model(self) -> Any:
        """The network with the lowest validation loss, targets in their own units; not compiled."""
        if self.in_training is not None:
            return self.in_training
        path = self.directory / MODEL
        if not path.is_file():
            raise RunError(f"{self.directory}: holds no {MODEL}: no epoch was finished")
        return load_network(path)

    def export(self, out: str | PathLike[str], format: Literal["savedmodel", "onnx"] = "savedmodel") -> Path:
        """Write the network for programs without Keras, checked by running it: see ``deployment.export_model``."""
        from dtmodels.deployment import export_model  # noqa: PLC0415  (only here)

        return export_model(self.model, out, format)

    @property
    def history(self) -> pd.DataFrame:
        """One row per epoch: losses, metrics, learning rate, seconds."""
        path = self.directory / HISTORY
        return pd.read_csv(path) if path.is_file() else pd.DataFrame(columns=["epoch"])

    @property
    def finished(self) -> bool:
        return bool(self.record.get("finished"))

    @property
    def fields(self) -> tuple[Field, ...]:
        """What the numbers of the network's output are."""
        return tuple(_field(item) for item in self.record["targets"])

    @property
    def input(self) -> InputSection:
        """How measured frames are brought to what the network saw."""
        return validated(InputSection, self.record["input"], f"{self.directory}: input")


def _field(item: Mapping[str, Any]) -> Field:
    z = None if item.get("z") is None else (float(item["z"][0]), float(item["z"][1]))
    shape, axes = tuple(item["shape"]), tuple(item["axes"])
    return Field(item["name"], item["kind"], shape, item["units"], axes, item.get("description", ""), z)


def open_run(directory: Run | str | PathLike[str]) -> Run:
    """Open a run directory; RunError when there is none."""
    if isinstance(directory, Run):
        return directory
    path = Path(directory)
    try:
        record = json.loads((path / RECORD).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RunError(f"{path}: no run here ({RECORD} is missing)") from None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise RunError(f"{path}: {RECORD} cannot be read: {error}") from error
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise RunError(f"{path}: {RECORD} is not of the format {FORMAT}")
    return Run(path, record)


def load_network(path: Path) -> Any:
    """A saved network, not compiled; RunError when it cannot be loaded."""
    keras = require_keras()
    register()

    try:
        return keras.models.load_model(path, compile=False)
    except Exception as error:
        raise RunError(f"{path}: cannot be loaded: {' '.join(str(error).split())}") from error


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_text(text, encoding="utf-8")
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    temporary.replace(path)


def write_record(directory: Path, record: Mapping[str, Any]) -> None:
    """Write ``run.json``."""
    write_text(directory / RECORD, json.dumps(record, indent=1, ensure_ascii=False) + "\n")
