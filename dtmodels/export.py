"""A training file as a plain Keras script: no builder, no fit of ours, only the reading of the data."""

from collections.abc import Iterator
from typing import Any

from dtmodels import models
from dtmodels.backend import require_keras
from dtmodels.configuration import Configuration, FitSection, MachineSection, Name
from dtmodels.errors import DatasetError
from dtmodels.layer_source import model_source, named_source, output_name
from dtmodels.machine import prepared
from dtmodels.named import loss_of, metrics_of, optimizer_of, says_variances
from dtmodels.target_scale import ends_linearly

keras: Any = require_keras()
HEAD = '''"""Trains the network of a dtmodels training file with plain Keras; dtmodels reads the dataset."""

{math}import keras

import dtmodels as dm
'''
COSINE = """

def learning_rate(epoch):  # whole ones, and what is done of the next
    if epoch < {warmup}:
        return {start} * (epoch + 1) / {warmup_after}
    share = (epoch - {warmup}) / {fall}
    return {start} * ({final} + (1 - {final}) * (1 + math.cos(math.pi * share)) / 2)


class Cosine(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_begin(self, batch, logs=None):
        self.model.optimizer.learning_rate = learning_rate(self.epoch + batch / self.params["steps"])
"""


def script(configuration: Configuration, data: str = "train.zarr") -> str:
    """Python source that trains the same network from the same batches; ConfigurationError if the file cannot be built.

    The network is written for the dataset at ``data`` if it is there; else for one channel, and images of any size
    where the network takes them, of ``input.resize`` otherwise. ``standardize_targets`` left open counts as set for a
    network that ends linearly.
    """
    fitting = configuration.fit
    with prepared(MachineSection(precision=configuration.machine.precision)):
        model = models.build(configuration.model, _input_shape(configuration, data), seed=fitting.seed)
        network = list(_gan(model) if configuration.model["kind"] == "cgan" else _network(model, fitting))
    schedule = _schedule_function(fitting)
    reading = configuration.data
    weighted = reading.weights is not None or reading.balance is not None
    training = _training(configuration, per_example=weighted and len(model.outputs[0].shape) > 2)
    parts = [_reading(configuration, data), network, training]
    body = "\n".join("\n".join(part) + "\n" for part in parts)
    head = HEAD.format(math="import math\n\n" if "math." in schedule + body else "") + schedule
    return f"{head}\n{body}"


def _input_shape(configuration: Configuration, data: str) -> tuple[int | None, ...]:
    from dtmodels.data import open_dataset  # noqa: PLC0415

    try:
        return open_dataset(data, inputs=configuration.data.inputs).input_shape
    except DatasetError:
        return _nominal_shape(configuration)


def _nominal_shape(configuration: Configuration) -> tuple[int | None, ...]:
    kind, prepared = configuration.model["kind"], configuration.input
    if prepared is not None and prepared.resize is not None:
        size: tuple[int | None, ...] = prepared.resize
    else:
        size = (None, None) if kind in ("unet", "encoder_decoder", "cgan") else (256, 256)
    return (None, *size, 1) if kind == "recurrent" else (*size, 1)


def _reading(configuration: Configuration, data: str) -> Iterator[str]:
    reading = configuration.data
    seed = "" if reading.validation_seed is None else f", seed={reading.validation_seed}"
    views = {"where": reading.where, "weighted": reading.weights, "balanced": reading.balance}
    viewed = "".join(f".{view}({argument!r})" for view, argument in views.items() if argument is not None)
    yield f"data = dm.open_dataset({data!r}, inputs={reading.inputs!r}, targets={reading.targets!r}){viewed}"
    yield f"train, validation = data.split(validation={reading.validation}{seed})"
    if reading.mirror:
        yield "train = train.mirrored()"
    yield from _machine(configuration.machine)


def _machine(machine: MachineSection) -> Iterator[str]:
    if machine.deterministic:
        yield "import tensorflow\n\ntensorflow.config.experimental.enable_op_determinism()"
    if machine.precision != "float32":
        yield f"keras.config.set_dtype_policy({machine.precision!r})"
    if machine.devices == "all":
        yield "keras.distribution.set_distribution(keras.distribution.DataParallel())"


def _network(model: Any, fitting: FitSection) -> Iterator[str]:
    yield from model_source(model, {"inputs": "data.input_shape"})
    last, scaled = output_name(model), fitting.standardize_targets
    if ends_linearly(model) if scaled is None else scaled:
        yield "offset, scale = (values.tolist() for values in train.target_statistics())"
        if says_variances(fitting.loss):
            yield "offset, scale = [*offset, *(2 * math.log(one) for one in scale)], [*scale, *(1.0 for _ in scale)]"
        exact = "" if keras.config.dtype_policy().name == "float32" else ', dtype="float32"'
        yield f"scaled = keras.layers.Rescaling(scale, offset{exact})({last})"
        last = "scaled"
    yield f"model = keras.Model(inputs, {last})"


def _gan(model: Any) -> Iterator[str]:
    yield from model_source(model.generator, {"inputs": "data.input_shape"})
    yield f"generator = keras.Model(inputs, {output_name(model.generator)})"
    yield ""
    yield from model_source(model.discriminator, {"condition": "data.input_shape", "image": "data.target_shape"})
    yield f"discriminator = keras.Model([condition, image], {output_name(model.discriminator)})"
    yield f"model = dm.gan.ConditionalGan(generator, discriminator, pixel_weight={model.pixel_weight})"


def _training(configuration: Configuration, per_example: bool) -> Iterator[str]:
    fitting, limit = configuration.fit, configuration.data.memory_limit
    optimizer = named_source(fitting.optimizer, "keras.optimizers", type(optimizer_of(fitting.optimizer)).__name__)
    yield f"batches = train.batches({fitting.batch_size}, seed={fitting.seed}, memory_limit={limit})"
    yield f"held_out = validation.batches({fitting.batch_size}, shuffle=False, memory_limit={limit})"
    yield f"optimizer = {optimizer}"
    for first, stop, named in fitting.stages():
        yield ""
        loss = f"dm.losses.PerExample({_loss(named)})" if per_example else _loss(named)
        fit = [f"model.compile(optimizer=optimizer, loss={loss}{_metrics(fitting)}, jit_compile=False)"]
        fit += [*_fitting(fitting, first, stop)]
        if first:  # a training that ended early ends here too
            fit = ["if not model.stop_training:", *("    " + line for line in fit)]
        yield from fit


def _loss(named: Name) -> str:
    loss = loss_of(named)
    if isinstance(named, str) and not hasattr(loss, "get_config"):
        return repr(named)
    return named_source(named, _package(loss, "losses"), type(loss).__name__)


def _metrics(fitting: FitSection) -> str:
    sources = []
    for named, metric in zip(fitting.metrics, metrics_of(fitting.metrics), strict=True):
        own = isinstance(metric, str)
        sources.append(repr(metric) if own else named_source(named, _package(metric, "metrics"), type(metric).__name__))
    return f", metrics=[{', '.join(sources)}]" if sources else ""


def _package(thing: Any, module: str) -> str:
    return f"dm.{module}" if type(thing).__module__.startswith("dtmodels") else f"keras.{module}"


def _schedule_function(fitting: FitSection) -> str:
    if fitting.cosine is None:
        return ""
    warmup = fitting.cosine.warmup
    return COSINE.format(
        warmup=warmup,
        warmup_after=warmup + 1,
        start=float(optimizer_of(fitting.optimizer).learning_rate),
        fall=max(1, fitting.epochs - warmup),
        final=fitting.cosine.final,
    )


def _callbacks(fitting: FitSection) -> Iterator[str]:
    yield f'keras.callbacks.ModelCheckpoint("model.keras", save_best_only={fitting.keep == "best"})'
    if fitting.cosine is not None:
        yield "Cosine()"
    plateau = fitting.reduce_on_plateau
    if plateau is not None:
        numbers = f"factor={plateau.factor}, patience={plateau.patience}, min_lr={plateau.minimum}, min_delta=0"
        yield f"keras.callbacks.ReduceLROnPlateau({numbers})"
    if fitting.early_stopping is not None:
        yield f"keras.callbacks.EarlyStopping(patience={fitting.early_stopping})"


def _fitting(fitting: FitSection, first: int, stop: int) -> Iterator[str]:
    yield "model.fit("
    yield "    batches,"
    yield "    validation_data=held_out,"
    if first:
        yield f"    initial_epoch={first},"
    yield f"    epochs={stop},"
    yield "    shuffle=False,  # done by batches, from its seed"
    yield "    callbacks=["
    yield from (f"        {callback}," for callback in _callbacks(fitting))
    yield "    ],"
    yield ")"
