"""What happens between the epochs of a training: learning rate, best network, checkpoint, history, progress."""

import math
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd

from dtmodels.backend import require_keras
from dtmodels.checkpoints import Place, restore_metrics, save_checkpoint
from dtmodels.configuration import FitSection
from dtmodels.run import HISTORY, LOGS, MODEL, write_text

keras: Any = require_keras()
Row = dict[str, float]


def learning_rate(section: FitSection, start: float, rows: list[Row], done: float = 0.0) -> float:
    """Learning rate when ``done`` of the epoch after ``rows`` is over: of the history alone, so that a training can go on."""
    if section.cosine is not None:
        epoch, warmup = len(rows) + done, section.cosine.warmup
        if epoch < warmup:
            return start * (epoch + 1) / (warmup + 1)
        share = (epoch - warmup) / max(1, section.epochs - warmup)
        return start * (section.cosine.final + (1 - section.cosine.final) * (1 + math.cos(math.pi * share)) / 2)
    if section.reduce_on_plateau is not None:
        plateau = section.reduce_on_plateau
        waits = (
            _plateaus([row["val_loss"] for row in part], plateau.patience) for part in rows_of_stages(section, rows)
        )
        lowered = start * plateau.factor ** sum(waits)
        return max(lowered, min(start, plateau.minimum))
    return start


def _plateaus(losses: list[float], patience: int) -> int:
    best, waited, count = math.inf, 0, 0
    for loss in losses:
        best, waited = (loss, 0) if loss < best else (best, waited + 1)
        if waited == patience:
            waited, count = 0, count + 1
    return count


def rows_of_stages(section: FitSection, rows: list[Row]) -> list[list[Row]]:
    """The epochs done under one loss after the other: validation losses compare within one part only."""
    parts = [rows[first:stop] for first, stop, _ in section.stages()]
    return [part for part in parts if part]


def epochs_since_best(rows: list[Row]) -> int:
    """Epochs after the one with the lowest validation loss."""
    losses = [row["val_loss"] for row in rows]
    return len(losses) - 1 - losses.index(min(losses)) if losses else 0


class Keeper(keras.callbacks.Callback):
    """Sets the learning rate, keeps the history, the best network and a checkpoint.

    A cosine is set before each batch, other rates before each epoch; the rest is kept after each epoch. Each file is written
    whole or not at all, the checkpoint last: a training that is interrupted goes on after the last epoch whose checkpoint is
    there, or within it, if one was made there. ``place`` is where it goes on.
    """

    def __init__(
        self, directory: Path, section: FitSection, rows: list[Row], start_rate: float, place: Place | None = None
    ) -> None:
        super().__init__()
        self.directory, self.section, self.rows, self.start_rate = directory, section, rows, start_rate
        self._place = place if place is not None and place.batch else None
        self._began = self._kept = 0.0
        self._first = 0  # batches of the epoch that were done before

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._began = self._kept = time.perf_counter()
        self._set_rate(0.0)
        self._first = 0
        if self._place is not None:
            restore_metrics(self.model, self._place.state)
            self._first, self._place = self._place.batch, None

    def on_train_batch_begin(self, batch: int, logs: dict[str, float] | None = None) -> None:
        if self.section.cosine is not None:  # falls within epochs too: of large datasets there are few
            done = self._first + batch
            self._set_rate(done / max(1, self._first + self.params["steps"]))

    def _set_rate(self, done: float) -> None:
        sync = getattr(self.model, "jax_state_sync", None)
        if sync is not None:
            sync()  # JAX' trainer holds the optimizer's values itself, and would put the old one back
        self.model.optimizer.learning_rate = learning_rate(self.section, self.start_rate, self.rows, done)

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        every, now = self.section.checkpoint_seconds, time.perf_counter()
        last = batch + 1 == self.params["steps"]  # nothing would be left of the epoch to go on with
        if every is not None and now - self._kept >= every and not last:
            save_checkpoint(self.model, self.directory, len(self.rows), self._first + batch + 1)
            self._kept = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        row: Row = {"epoch": epoch + 1, **{key: float(value) for key, value in (logs or {}).items()}}
        row["learning_rate"] = float(self.model.optimizer.learning_rate)
        row["seconds"] = round(time.perf_counter() - self._began, 3)
        self.rows.append(row)
        if not math.isfinite(row["loss"] + row["val_loss"]):
            self.model.stop_training = True
            return
        waited = epochs_since_best(rows_of_stages(self.section, self.rows)[-1])
        if waited == 0 or self.section.keep == "last":
            save_plain(self.model, self.directory / MODEL)
        write_text(self.directory / HISTORY, pd.DataFrame(self.rows).to_csv(index=False))
        save_checkpoint(self.model, self.directory, epoch + 1)
        if self.section.early_stopping and waited >= self.section.early_stopping:
            self.model.stop_training = True


def save_plain(model: Any, path: Path) -> None:
    """Save architecture and weights without loss and optimizer: what opens with Keras alone."""
    temporary = path.with_name(f".part-{path.name}")
    keras.Model(model.inputs[0], model.outputs[0], name=model.name).save(temporary)
    temporary.replace(path)


class EventLog(keras.callbacks.Callback):
    """TensorBoard's event files, one folder for training and one for validation.

    Keras' own callback needs the package tensorboard to write; here only reading them does.
    """

    def __init__(self, directory: Path) -> None:
        super().__init__()
        import tensorflow  # noqa: PLC0415

        self._summary = tensorflow.summary
        self._metadata = _scalar_metadata()
        self._writers = {
            part: tensorflow.summary.create_file_writer(str(directory / LOGS / part))
            for part in ("train", "validation")
        }

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        for name, value in (logs or {}).items():
            part = "validation" if name.startswith("val_") else "train"
            with self._writers[part].as_default():
                tag = f"epoch_{name.removeprefix('val_')}"
                self._summary.write(tag, float(value), step=epoch + 1, metadata=self._metadata)
        for writer in self._writers.values():
            writer.flush()

    def close(self) -> None:
        """End the files."""
        for writer in self._writers.values():
            writer.close()


def _scalar_metadata() -> Any:
    from tensorflow.core.framework import summary_pb2  # noqa: PLC0415

    plugin = summary_pb2.SummaryMetadata.PluginData(plugin_name="scalars")
    return summary_pb2.SummaryMetadata(plugin_data=plugin, data_class=summary_pb2.DATA_CLASS_SCALAR)


class Progress(keras.callbacks.Callback):
    """A bar on a terminal; elsewhere a line after the first epoch, the last one, and every ``seconds`` between."""

    def __init__(self, epochs: int, batches: int, seconds: float = 10.0) -> None:
        super().__init__()
        self._epochs, self._batches, self._seconds = epochs, batches, seconds
        self._bar: Any = _bar() if sys.stderr.isatty() else None
        self._task: Any = None
        self._told = -math.inf

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        if self._bar is not None and self._task is None:
            self._task = self._bar.add_task("training", total=self._batches, status="")
            self._bar.start()

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        if self._bar is not None:
            self._bar.reset(self._task, description=f"epoch {epoch + 1}/{self._epochs}")

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        if self._bar is not None:
            self._bar.update(self._task, completed=batch + 1)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        values = "  ".join(f"{name} {value:.4g}" for name, value in (logs or {}).items())
        if self._bar is not None:
            self._bar.update(self._task, status=values)
        elif epoch + 1 == self._epochs or time.monotonic() - self._told >= self._seconds:
            self._told = time.monotonic()
            print(f"epoch {epoch + 1}/{self._epochs}  {values}", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Take the bar off the terminal, also after an interruption."""
        if self._bar is not None:
            self._bar.stop()


def _bar() -> Any:
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn  # noqa: PLC0415
    from rich.progress import Progress as Bar  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Bar(*columns, TextColumn("{task.fields[status]}"), console=Console(stderr=True))
