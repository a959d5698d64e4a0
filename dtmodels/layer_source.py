"""Python source of the layers of a functional Keras model."""

import inspect
import keyword
from collections.abc import Iterator, Mapping
from typing import Any

from dtmodels.backend import require_keras

keras: Any = require_keras()
IMPLIED = ("name", "data_format", "dtype")


def model_source(model: Any, inputs: Mapping[str, str]) -> Iterator[str]:
    """Lines that build the layers of a model; ``inputs`` has a variable for each of its inputs, and its shape as source."""
    names = {id(tensor): name for tensor, name in zip(model.inputs, inputs, strict=True)}
    for name, shape in inputs.items():
        yield f"{name} = keras.Input(shape={shape})"
    for layer in model.layers:
        if id(layer.output) in names:  # an input
            continue
        names[id(layer.output)] = name = identifier(layer.name)
        yield f"{name} = {constructor(layer)}({_call(layer.input, names)})"


def output_name(model: Any) -> str:
    """The variable that holds the output after the lines of ``model_source``."""
    made = next(layer for layer in model.layers if layer.output is model.outputs[0])
    return identifier(made.name)


def _call(taken: Any, names: Mapping[int, str]) -> str:
    if isinstance(taken, (list, tuple)):
        return f"[{', '.join(names[id(tensor)] for tensor in taken)}]"
    return names[id(taken)]


def constructor(layer: Any) -> str:
    """Source of a layer: its class and every argument that differs from the default."""
    kind, config = type(layer), layer.get_config()
    if kind.__name__ == "TimeDistributed":
        return f"keras.layers.TimeDistributed({constructor(layer.layer)})"
    if "pool_size" in config and tuple(config["strides"]) == tuple(config["pool_size"]):
        config.pop("strides")
    arguments = []
    for name, parameter in inspect.signature(kind.__init__).parameters.items():
        if name in config and name not in IMPLIED and not _is_default(config[name], parameter.default):
            arguments.append(f"{name}={source(config[name])}")
    if layer.dtype_policy.name != keras.config.dtype_policy().name:
        arguments.append(f"dtype={layer.dtype_policy.name!r}")
    own = kind.__module__.startswith("dtmodels.")
    package = kind.__module__.replace("dtmodels", "dm", 1) if own else "keras.layers"
    return f"{package}.{kind.__name__}({', '.join(arguments)})"


def _is_default(value: Any, default: Any) -> bool:
    if isinstance(value, Mapping) and isinstance(default, str):
        plain = not any(value.get("config", {}).get(key) is not None for key in ("seed",))
        return plain and _flat(default) == _flat(value.get("class_name", ""))
    if isinstance(value, (list, tuple)) and isinstance(default, int):
        return set(value) == {default}
    return bool(value == default) or (value == "linear" and default is None)


def _flat(name: str) -> str:
    return str(name).replace("_", "").lower()


def source(value: Any) -> str:
    """Source of an argument: plain values, lists as tuples, objects of Keras by their class and arguments."""
    if isinstance(value, Mapping) and "class_name" in value:
        arguments = ", ".join(f"{key}={source(inner)}" for key, inner in value["config"].items() if inner is not None)
        return f"{value['module']}.{value['class_name']}({arguments})"
    return repr(tuple(value) if isinstance(value, list) else value)


def named_source(value: str | Mapping[str, Mapping[str, Any]], module: str, name: str) -> str:
    """Source of a loss, metric or optimizer of a training file: its class with the arguments given."""
    arguments: Mapping[str, Any] = {} if isinstance(value, str) else next(iter(value.values()))
    return f"{module}.{name}({', '.join(f'{key}={inner!r}' for key, inner in arguments.items())})"


def identifier(name: str) -> str:
    """A variable for the name of a layer."""
    cleaned = "".join(c if c.isalnum() else "_" for c in name)
    return f"layer_{cleaned}" if keyword.iskeyword(cleaned) or not cleaned.isidentifier() else cleaned
