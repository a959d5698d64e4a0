"""A training file as a plain Keras script: no builder, no fit of ours, only the reading of the data."""

import inspect
import keyword
from collections.abc import Iterator, Mapping
from typing import Any

from dtmodels import models
from dtmodels.configuration import Configuration, FitSection, MachineSection
from dtmodels.named import loss_of, optimizer_of
from dtmodels.train import ends_linearly

HEAD = '''"""Trains the network of a dtmodels training file with plain Keras; dtmodels reads the dataset."""

{math}import keras

import dtmodels as dm
'''
IMPLIED = ("name", "data_format")
COSINE = """

def learning_rate(epoch, _):
    if epoch < {warmup}:
        return {start} * (epoch + 1) / {warmup_after}
    share = (epoch - {warmup}) / {fall}
    return {start} * ({final} + (1 - {final}) * (1 + math.cos(math.pi * share)) / 2)
"""


def script(configuration: Configuration, data: str = "train.zarr") -> str:
    """Python source that trains the same network from the same batches; ConfigurationError if the file cannot be built.

    ``standardize_targets`` left open counts as set for a network that ends linearly.
    """
    fitting = configuration.fit
    model = models.build(configuration.model, _nominal_shape(configuration), seed=fitting.seed)
    scaled = fitting.standardize_targets
    scaled = ends_linearly(model) if scaled is None else scaled
    schedule = _schedule_function(fitting)
    parts = [_reading(configuration, data), _layers(model, scaled), _compiling(fitting), _fitting(configuration)]
    head = HEAD.format(math="import math\n\n" if schedule else "") + schedule
    return "\n".join([head, *("\n".join(part) + "\n" for part in parts)])


def _nominal_shape(configuration: Configuration) -> tuple[int, int, int]:
    # Layers do not name their input: any shape that they accept gives the same script.
    size = (
        (256, 256) if configuration.input is None or configuration.input.resize is None else configuration.input.resize
    )
    return size[0], size[1], 1


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


def _layers(model: Any, scaled: bool) -> Iterator[str]:
    names = {id(model.inputs[0]): "inputs"}
    yield "inputs = keras.Input(shape=data.input_shape)"
    for layer in model.layers[1:]:
        taken = layer.input if isinstance(layer.input, list) else [layer.input]
        arguments = [names[id(tensor)] for tensor in taken]
        name = _identifier(layer.name)
        names[id(layer.output)] = name
        call = arguments[0] if len(arguments) == 1 else f"[{', '.join(arguments)}]"
        yield f"{name} = {_constructor(layer)}({call})"
    last = names[id(model.outputs[0])]
    if scaled:
        yield "offset, scale = (values.tolist() for values in train.target_statistics())"
        yield f"scaled = keras.layers.Rescaling(scale, offset)({last})"
        last = "scaled"
    yield f"model = keras.Model(inputs, {last})"


def _constructor(layer: Any) -> str:
    """Source of a layer: its class and every argument that differs from the default."""
    kind, config = type(layer), layer.get_config()
    if "pool_size" in config and tuple(config["strides"]) == tuple(config["pool_size"]):
        config.pop("strides")
    arguments = []
    for name, parameter in inspect.signature(kind.__init__).parameters.items():
        if name in config and name not in IMPLIED and not _is_default(config[name], parameter.default):
            arguments.append(f"{name}={_source(config[name])}")
    return f"keras.layers.{kind.__name__}({', '.join(arguments)})"


def _is_default(value: Any, default: Any) -> bool:
    if isinstance(value, Mapping) and isinstance(default, str):
        plain = not any(value.get("config", {}).get(key) is not None for key in ("seed",))
        return plain and default.replace("_", "").lower() == str(value.get("class_name", "")).lower()
    if isinstance(value, (list, tuple)) and isinstance(default, int):
        return set(value) == {default}
    return bool(value == default) or (value == "linear" and default is None)


def _source(value: Any) -> str:
    if isinstance(value, Mapping) and "class_name" in value:
        arguments = ", ".join(f"{key}={_source(inner)}" for key, inner in value["config"].items() if inner is not None)
        return f"{value['module']}.{value['class_name']}({arguments})"
    return repr(tuple(value) if isinstance(value, list) else value)


def _compiling(fitting: FitSection) -> Iterator[str]:
    optimizer = _named(fitting.optimizer, "keras.optimizers", type(optimizer_of(fitting.optimizer)).__name__)
    yield f"model.compile(optimizer={optimizer}, loss={_loss(fitting)}, jit_compile=False)"


def _loss(fitting: FitSection) -> str:
    loss = loss_of(fitting.loss)
    if isinstance(fitting.loss, str) and not hasattr(loss, "get_config"):
        return repr(fitting.loss)
    own = type(loss).__module__.startswith("dtmodels")
    return _named(fitting.loss, "dm.losses" if own else "keras.losses", type(loss).__name__)


def _named(value: str | Mapping[str, Mapping[str, Any]], module: str, name: str) -> str:
    arguments = {} if isinstance(value, str) else next(iter(value.values()))
    return f"{module}.{name}({', '.join(f'{key}={inner!r}' for key, inner in arguments.items())})"


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
    yield 'keras.callbacks.ModelCheckpoint("model.keras", save_best_only=True)'
    if fitting.cosine is not None:
        yield "keras.callbacks.LearningRateScheduler(learning_rate)"
    plateau = fitting.reduce_on_plateau
    if plateau is not None:
        numbers = f"factor={plateau.factor}, patience={plateau.patience}, min_lr={plateau.minimum}, min_delta=0"
        yield f"keras.callbacks.ReduceLROnPlateau({numbers})"
    if fitting.early_stopping is not None:
        yield f"keras.callbacks.EarlyStopping(patience={fitting.early_stopping})"


def _fitting(configuration: Configuration) -> Iterator[str]:
    fitting, limit = configuration.fit, configuration.data.memory_limit
    yield "model.fit("
    yield f"    train.batches({fitting.batch_size}, seed={fitting.seed}, memory_limit={limit}),"
    yield f"    validation_data=validation.batches({fitting.batch_size}, shuffle=False, memory_limit={limit}),"
    yield f"    epochs={fitting.epochs},"
    yield "    shuffle=False,  # done by batches, from its seed"
    yield "    callbacks=["
    yield from (f"        {callback}," for callback in _callbacks(fitting))
    yield "    ],"
    yield ")"


def _identifier(name: str) -> str:
    cleaned = "".join(c if c.isalnum() else "_" for c in name)
    return f"layer_{cleaned}" if keyword.iskeyword(cleaned) or not cleaned.isidentifier() else cleaned
