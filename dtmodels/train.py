"""Training from disk into a run directory."""

import json
import math
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from dtmodels import models
from dtmodels.backend import on_accelerator, require_keras, versions
from dtmodels.checkpoints import Place, last_place, restore_random_state
from dtmodels.configuration import (
    FORMAT,
    Configuration,
    DataSection,
    FitSection,
    InputSection,
    MachineSection,
    validated,
)
from dtmodels.errors import ConfigurationError, DatasetError, RunError
from dtmodels.examples import Examples, fits
from dtmodels.machine import make_deterministic, prepared
from dtmodels.named import Named, loss_of, metrics_of, optimizer_of, says_variances, takes_labels
from dtmodels.run import (
    CHECKPOINTS,
    CONFIGURATION,
    EVALUATION,
    HISTORY,
    HISTORY_FIGURE,
    LOGS,
    MODEL,
    RECORD,
    WATCH,
    Run,
    open_run,
    write_record,
    write_text,
)
from dtmodels.run import FORMAT as RUN_FORMAT
from dtmodels.target_scale import target_scale, with_target_scale

if TYPE_CHECKING:
    from dtmodels.callbacks import Row


def fit(
    model: Any,
    train: Examples,
    validation: Examples,
    *,
    loss: Named = "mae",
    loss_schedule: Mapping[int, Named] | None = None,
    metrics: Sequence[Named] = (),
    optimizer: Named = "adam",
    epochs: int = 110,
    batch_size: int = 64,
    directory: str | PathLike[str] = "runs/run",
    seed: int = 1,
    schedule: str | Mapping[str, Mapping[str, Any]] | None = None,
    early_stopping: int | None = None,
    keep: Literal["best", "last"] = "best",
    standardize_targets: bool | None = None,
    checkpoint_seconds: float | None = 300,
    input: Mapping[str, Any] | None = None,
    machine: Mapping[str, Any] | None = None,
    watch: Mapping[str, Any] | None = None,
    memory_limit: int = 2 * 2**30,
    resume: bool = False,
    overwrite: bool = False,
) -> Run:
    """Train ``model`` (any Keras model of one input and one output) and keep everything about it in ``directory``.

    The network that is kept is the one with the lowest validation loss, or with ``keep`` "last" the last one. ``loss``,
    ``optimizer`` and the ``metrics`` are names of Keras, or of ``dtmodels.losses`` and ``metrics``, alone or with
    arguments: ``{"adam": {"learning_rate": 1e-3}}``. ``schedule`` is "cosine", "reduce_on_plateau" or one of them with
    its arguments; ``early_stopping`` the epochs without a better validation loss after which to end. ``seed`` fixes the
    order of the examples in each epoch.

    ``loss_schedule`` names the losses that follow the first, each with the number of epochs after which it begins:
    ``{10: "binary_crossentropy"}``. The optimizer keeps its state; what is best, and when to stop early, is counted
    among the epochs of the present loss alone.

    With ``standardize_targets`` (default: if the model ends linearly, and targets are no masks) the model learns
    targets (of images each channel) of mean 0 and deviation 1, and a Rescaling layer without weights is put behind it:
    ``run.model``, its losses and its metrics are in the units of the targets. ``model`` itself keeps its outputs, and
    shares its weights.

    ``input`` says how measured frames are brought to what the network saw (see InputSection); by default grey if the
    network has one channel, resized to its input (in tiles of that size for a network that gives images), and each frame
    brought to the mean range of the training images.

    ``watch`` names measured frames, as ``{"frames": "video.tif", "every": 5}``: what the network says of them every so many
    epochs is written to ``watch/`` in the directory (see WatchSection); what goes wrong there stops nothing.

    ``checkpoint_seconds`` is how often within an epoch what is needed to go on is kept, None: after epochs only.
    ``machine`` is what MachineSection says; the network was built with its ``precision`` and ``devices`` already.

    ``resume`` goes on where an interrupted training with the same arguments (``epochs`` may differ) kept its last
    checkpoint, and starts where there is none. Raises ConfigurationError, DatasetError, and RunError when the directory
    holds a run and neither ``resume`` nor ``overwrite`` is set.
    """
    values: dict[str, Any] = {"loss": loss, "loss_schedule": loss_schedule or {}, "metrics": list(metrics)}
    values |= {"optimizer": optimizer, "schedule": schedule, "epochs": epochs, "batch_size": batch_size, "seed": seed}
    values |= {"early_stopping": early_stopping, "keep": keep, "standardize_targets": standardize_targets}
    values["checkpoint_seconds"] = checkpoint_seconds
    values["watch"] = watch
    section, how = validated(FitSection, values, "fit"), validated(MachineSection, machine or {}, "machine")
    make_deterministic(how.deterministic)
    _check_names(section)
    _check_fits(model, train, validation, section)
    folder = Path(directory)
    continued = _continued(folder, _training_identity(train, validation, section), resume, overwrite)
    if continued is not None and continued.finished and len(continued.history) >= section.epochs:
        return continued
    prepared = _default_input(train) if input is None else validated(InputSection, input, "input")
    reading, network = _reading(train, validation, memory_limit), models.section_of(model)
    configuration = Configuration(format=FORMAT, data=reading, input=prepared, model=network, fit=section, machine=how)
    record = continued.record if continued is not None else _record(model, train, validation, section)
    record = {**record, "finished": False, "input": _input(configuration)}
    _write_start(folder, configuration, record)
    return _Training(model, (train, validation), configuration, (folder, record)).run()


class _Training:
    """One call of fit: the model with its scale, compiled, and where it stands."""

    def __init__(
        self,
        model: Any,
        parts: tuple[Examples, Examples],
        configuration: Configuration,
        run: tuple[Path, dict[str, Any]],
    ) -> None:
        train, validation = parts
        folder, record = run
        self.section, self.folder, self.record = configuration.fit, folder, record
        limit = configuration.data.memory_limit
        self.model = with_target_scale(model, record["target_scale"])
        self.fields, self.target_shape = train.fields, train.target_shape
        self.weighted = getattr(train, "weighting", None) is not None
        self._compile(optimizer_of(self.section.optimizer), self.section.loss)
        self.start_rate = float(self.model.optimizer.learning_rate)
        self.place = self._restored()
        self.rows = self._rows()
        self.train = train.batches(self.section.batch_size, self.section.seed, memory_limit=limit)
        self.validation = validation.batches(self.section.batch_size, shuffle=False, memory_limit=limit)

    def run(self) -> Run:
        from dtmodels.callbacks import EventLog, Keeper, Progress  # noqa: PLC0415  (import Keras)

        keeper = Keeper(self.folder, self.section, self.rows, self.start_rate, self.place)
        callbacks: list[Any] = [keeper, Progress(self.section.epochs, len(self.train))]
        if require_keras().backend.backend() == "tensorflow":
            callbacks.append(EventLog(self.folder))
        if self.section.watch is not None:
            from dtmodels.watching import Watch  # noqa: PLC0415  (imports Keras)

            callbacks.append(Watch(self.section.watch, self.folder, self.record))
        began = time.time()
        try:
            self._epochs(callbacks)
        finally:
            for callback in callbacks[1:]:
                callback.close()
        return self._finished(time.time() - began)

    def _epochs(self, callbacks: list[Any]) -> None:
        """What is left of the epochs, under one loss after the other."""
        self.train.epoch = len(self.rows)
        self.model.stop_training = False
        for _, stop, loss in self.section.stages():
            if len(self.rows) < stop and not self.model.stop_training:
                self._compile(self.model.optimizer, loss)
                self._epochs_until(stop, callbacks)

    def _epochs_until(self, stop: int, callbacks: list[Any]) -> None:
        """The rest of an epoch that was interrupted, then those that follow."""
        from dtmodels.batches import Remainder  # noqa: PLC0415  (imports Keras)

        epoch = len(self.rows)
        if self.place is not None and self.place.batch:
            self.model.test_on_batch(*self.train[0])  # builds the metrics, whose state is restored
            self._fit(Remainder(self.train, self.place.batch), epoch, epoch + 1, callbacks)
            self.train.epoch = epoch = epoch + 1
            self.place = None
        if not self.model.stop_training and epoch < stop:
            self._fit(self.train, epoch, stop, callbacks)

    def _fit(self, batches: Any, first: int, stop: int, callbacks: list[Any]) -> None:
        self.model.fit(
            batches,
            validation_data=self.validation,
            initial_epoch=first,
            epochs=stop,
            callbacks=callbacks,
            shuffle=False,  # the batches are shuffled already; Keras would draw another order without a seed
            verbose=0,
        )

    def _compile(self, optimizer: Any, loss: Named) -> None:
        metrics = metrics_of(self.section.metrics)
        if len(self.fields) == 1 and self.fields[0].kind == "points" and len(self.target_shape) == 1:
            from dtmodels.metrics import EuclideanError  # noqa: PLC0415  (imports Keras)

            metrics.append(EuclideanError())
        jit_compile = "auto" if on_accelerator() else False
        self.model.compile(optimizer=optimizer, loss=self._loss(loss), metrics=metrics, jit_compile=jit_compile)

    def _loss(self, named: Named) -> Any:
        from dtmodels.losses import PerExample  # noqa: PLC0415  (imports Keras)

        return PerExample(loss_of(named)) if self.weighted and len(self.target_shape) > 1 else loss_of(named)

    def _restored(self) -> Place | None:
        place = last_place(self.folder)
        if place is None:
            return None
        self.model.optimizer.build(self.model.trainable_variables)
        try:
            self.model.load_weights(place.weights)
            restore_random_state(self.model, place.state)
        except Exception as error:
            raise RunError(
                f"{place.weights}: cannot be loaded into this network: {' '.join(str(error).split())}"
            ) from error
        return place

    def _rows(self) -> "list[Row]":
        if self.place is None or not self.place.epoch:
            return []
        rows = pd.read_csv(self.folder / HISTORY).head(self.place.epoch).to_dict("records")
        return [{str(key): float(value) for key, value in row.items()} | {"epoch": int(row["epoch"])} for row in rows]

    def _finished(self, seconds: float) -> Run:
        from dtmodels.callbacks import rows_of_stages  # noqa: PLC0415  (imports Keras)

        if self.rows and not math.isfinite(self.rows[-1]["loss"] + self.rows[-1]["val_loss"]):
            raise RunError(
                f"{self.folder}: the loss was not finite in epoch {len(self.rows)}: lower the learning rate; "
                "the best network until then is kept"
            )
        best = min(rows_of_stages(self.section, self.rows)[-1], key=lambda row: row["val_loss"])
        self.record["finished"] = True
        self.record["best"] = {"epoch": int(best["epoch"]), "val_loss": best["val_loss"]}
        self.record["seconds"] = round(self.record.get("seconds", 0) + seconds, 1)
        write_record(self.folder, self.record)
        run = open_run(self.folder)
        from dtmodels.plots import history_figure  # noqa: PLC0415  (imports matplotlib)

        history_figure(run.history).savefig(self.folder / HISTORY_FIGURE, dpi=120)
        return run


def train_from(
    configuration: Configuration,
    data: str | PathLike[str],
    directory: str | PathLike[str],
    resume: bool = False,
    overwrite: bool = False,
) -> Run:
    """Train as a training file says, from the dataset at ``data``; raises as open_dataset and fit do."""
    from dtmodels.data import open_dataset  # noqa: PLC0415

    reading, fitting = configuration.data, configuration.fit
    examples = viewed(open_dataset(data, inputs=reading.inputs, targets=reading.targets), reading)
    train, validation = examples.split(reading.validation, reading.validation_seed)
    values = fitting.model_dump(exclude_none=True) | {"checkpoint_seconds": fitting.checkpoint_seconds}
    with prepared(configuration.machine):
        return fit(
            models.build(configuration.model, examples.input_shape, seed=fitting.seed),
            train.mirrored() if reading.mirror else train,
            validation,
            directory=directory,
            input=None if configuration.input is None else configuration.input.model_dump(exclude_none=True),
            machine=configuration.machine.model_dump(),
            memory_limit=reading.memory_limit,
            resume=resume,
            overwrite=overwrite,
            **values,
        )


def viewed(examples: Examples, reading: DataSection) -> Examples:
    """The examples that a training file asks for, weighted as it says."""
    if reading.where is not None:
        examples = examples.where(reading.where)
    if reading.weights is not None:
        examples = examples.weighted(reading.weights)
    return examples if reading.balance is None else examples.balanced(reading.balance)


def _check_names(section: FitSection) -> None:
    # A slip is told now, not after the first hundred epochs, nor when the directory is begun.
    for named in (section.loss, *section.loss_schedule.values()):
        loss_of(named)
    metrics_of(section.metrics)
    optimizer_of(section.optimizer)


def _check_fits(model: Any, train: Examples, validation: Examples, section: FitSection) -> None:
    inputs, outputs = (getattr(model, name, None) or () for name in ("inputs", "outputs"))
    if len(inputs) != 1 or len(outputs) != 1:
        raise ConfigurationError(
            f"model: {len(inputs)} inputs and {len(outputs)} outputs; must be a functional or sequential Keras model "
            "with one of each"
        )
    if (validation.inputs, validation.targets) != (train.inputs, train.targets):
        raise ConfigurationError("validation: reads other arrays than train")
    if not train.targets:
        raise ConfigurationError(f"{train.path}: opened without targets; say which, as in targets='position'")
    takes, gives = tuple(model.inputs[0].shape[1:]), tuple(model.outputs[0].shape[1:])
    if not fits(takes, train.input_shape):
        raise DatasetError(f"{train.path}: {train.inputs} has the shape {train.input_shape}; the network takes {takes}")
    labels = takes_labels(section.loss) and train.target_shape[-1] == 1
    variances = says_variances(section.loss)
    if any(says_variances(loss) != variances for loss in section.loss_schedule.values()):
        raise ConfigurationError("fit.loss_schedule: gaussian_likelihood needs twice the outputs of other losses")
    wanted = (*train.target_shape[:-1], 2 * train.target_shape[-1]) if variances else train.target_shape
    if not fits((*gives[:-1], 1) if labels else gives, wanted):
        names = ", ".join(train.targets)
        needed = "; must be twice as many: numbers, then variances" if variances else ""
        message = f"{train.path}: {names} has the shape {train.target_shape}; the network gives {gives}{needed}"
        raise DatasetError(message)


def _continued(folder: Path, identity: dict[str, Any], resume: bool, overwrite: bool) -> Run | None:
    if not (folder / RECORD).exists() or overwrite:
        _cleared(folder)
        return None
    if not resume:
        raise RunError(f"{folder}: holds a run already: resume it, overwrite it, or choose another directory")
    run = open_run(folder)
    for key, value in json.loads(json.dumps(identity)).items():
        was = run.record["training"].get(key)
        if was != value:
            raise RunError(f"{folder}: cannot be resumed: {key} is {value}, was {was}")
    return run


def _cleared(folder: Path) -> None:
    for name in (RECORD, MODEL, HISTORY, HISTORY_FIGURE, CONFIGURATION):
        (folder / name).unlink(missing_ok=True)
    for name in (CHECKPOINTS, LOGS, EVALUATION, WATCH):
        shutil.rmtree(folder / name, ignore_errors=True)


def _training_identity(train: Examples, validation: Examples, section: FitSection) -> dict[str, Any]:
    """What must not change when a training goes on."""
    kept = {"loss", "loss_schedule", "optimizer", "batch_size", "seed", "standardize_targets"}
    return {
        "dataset": train.identity,
        "validation_dataset": validation.identity,
        "train_ranges": train.ranges,
        "validation_ranges": validation.ranges,
        "inputs": train.inputs,
        "views": [train.description, validation.description],
        **section.model_dump(mode="json", include=kept),
    }


def _record(model: Any, train: Examples, validation: Examples, section: FitSection) -> dict[str, Any]:
    return {
        "format": RUN_FORMAT,
        "training": _training_identity(train, validation, section),
        "targets": [{**asdict(field)} for field in train.fields],
        "target_scale": target_scale(model, train, section),
        "weights": int(model.count_params()),
        "versions": versions(),
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def _reading(train: Examples, validation: Examples, memory_limit: int) -> DataSection:
    targets = train.targets[0] if len(train.targets) == 1 else list(train.targets)
    share = len(validation) / (len(train) + len(validation))
    return DataSection(inputs=train.inputs, targets=targets, validation=share, memory_limit=memory_limit)


def _default_input(train: Examples) -> InputSection | None:
    if len(train.input_shape) not in (3, 4):
        return None
    *row, height, width, channels = train.input_shape
    # A network that gives images keeps the scale of the pixels: larger frames go through it in tiles.
    spatial = len(train.target_shape) == len(train.input_shape) and train.target_shape[-3:-1] == (height, width)
    if row and spatial:
        return validated(InputSection, {"grey": channels == 1}, "input")  # planes of a volume keep their brightness
    images, _ = train.numpy(np.arange(min(256, len(train))))
    low, high = (round(float(edge(images, axis=(-3, -2, -1)).mean()), 4) for edge in (np.min, np.max))
    normalize: dict[str, Any] = {"normalize": {"minmax": [low, high]}} if low < high else {}
    size = {"tile" if spatial else "resize": [height, width]}
    return validated(InputSection, {"grey": channels == 1, **size, **normalize}, "input")


def _input(configuration: Configuration) -> dict[str, Any]:
    return {} if configuration.input is None else configuration.input.model_dump(mode="json", exclude_none=True)


def _write_start(folder: Path, configuration: Configuration, record: Mapping[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / CONFIGURATION, configuration.to_yaml())
    write_record(folder, record)
