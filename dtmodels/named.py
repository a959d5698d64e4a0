"""Losses and optimizers by name, with arguments or without, as a training file gives them."""

from collections.abc import Mapping
from typing import Any

from dtmodels.backend import require_keras
from dtmodels.errors import ConfigurationError

Named = str | Mapping[str, Mapping[str, Any]]


def loss_of(named: Named) -> Any:
    """A loss of Keras or of dtmodels by name, with its arguments if any."""
    from dtmodels import losses  # noqa: F401, PLC0415  (registers with Keras)

    keras = require_keras()
    name, arguments = _name_and_arguments(named)
    try:
        if not arguments and name not in _own_losses():
            return keras.losses.get(name)
        return (_own_losses().get(name) or _class(keras.losses, name, keras.losses.Loss))(**arguments)
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"fit.loss: {named!r}; {_first_line(error)}") from None


def optimizer_of(named: Named) -> Any:
    """An optimizer of Keras by name, with its arguments if any."""
    keras = require_keras()
    name, arguments = _name_and_arguments(named)
    try:
        return _class(keras.optimizers, name, keras.optimizers.Optimizer)(**arguments)
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"fit.optimizer: {named!r}; {_first_line(error)}") from None


def _own_losses() -> dict[str, Any]:
    from dtmodels.losses import EuclideanDistance  # noqa: PLC0415  (imports Keras)

    return {"euclidean_distance": EuclideanDistance}


def _class(module: Any, name: str, base: type) -> Any:
    flat = name.replace("_", "").lower()
    classes = [value for value in vars(module).values() if isinstance(value, type) and issubclass(value, base)]
    known = {value.__name__.lower(): value for value in classes}
    if flat not in known or known[flat] is base:
        raise ValueError(f"unknown; known: {', '.join(sorted(set(known) - {base.__name__.lower()}))}")
    return known[flat]


def _name_and_arguments(named: Named) -> tuple[str, dict[str, Any]]:
    if isinstance(named, str):
        return named, {}
    [(name, arguments)] = named.items()
    return name, dict(arguments)


def _first_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
