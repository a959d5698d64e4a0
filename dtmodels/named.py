"""Losses, metrics and optimizers by name, with arguments or without, as a training file gives them."""

import contextlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from dtmodels.backend import require_keras
from dtmodels.errors import ConfigurationError

Named = str | Mapping[str, Mapping[str, Any]]


def loss_of(named: Named) -> Any:
    """A loss of Keras or of dtmodels by name, with its arguments if any."""
    from dtmodels import losses  # noqa: PLC0415  (imports Keras)

    keras = require_keras()
    name, arguments = _name_and_arguments("fit.loss", named)
    try:
        if not arguments:
            with contextlib.suppress(ValueError):
                return keras.losses.get(name)  # knows short words too, such as mae
        return _class([losses, keras.losses], name, keras.losses.Loss)(**arguments)
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"fit.loss: {named!r}; {_first_line(error)}") from None


def takes_labels(named: Named) -> bool:
    """Whether the targets of a loss are class labels: one whole number where the network gives one for each class."""
    return _flat(_name_and_arguments("fit.loss", named)[0]) == "sparsecategoricalcrossentropy"


def says_variances(named: Named) -> bool:
    """Whether a loss takes twice as many outputs as there are targets: in the second half the logarithms of variances."""
    return _flat(_name_and_arguments("fit.loss", named)[0]) == "gaussianlikelihood"


def metrics_of(named: Sequence[Named]) -> list[Any]:
    """Metrics of Keras or of dtmodels by name; "accuracy" stays a word, Keras knows which from loss and shapes."""
    return [_metric(each) for each in named]


def optimizer_of(named: Named) -> Any:
    """An optimizer of Keras by name, with its arguments if any."""
    keras = require_keras()
    name, arguments = _name_and_arguments("fit.optimizer", named)
    try:
        return _class([keras.optimizers], name, keras.optimizers.Optimizer)(**arguments)
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"fit.optimizer: {named!r}; {_first_line(error)}") from None


def _metric(named: Named) -> Any:
    from dtmodels import metrics  # noqa: PLC0415  (imports Keras)

    keras = require_keras()
    name, arguments = _name_and_arguments("fit.metrics", named)
    if name == "accuracy" and not arguments:
        return name
    try:
        return _class([metrics, keras.metrics], name, keras.metrics.Metric)(**arguments)
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"fit.metrics: {named!r}; {_first_line(error)}") from None


def _class(modules: Sequence[Any], name: str, base: type) -> Any:
    known = _classes(modules, base)
    if _flat(name) not in known:
        words = sorted(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", kind.__name__).lower() for kind in known.values())
        raise ValueError(f"unknown; known: {', '.join(words)}")
    return known[_flat(name)]


def _classes(modules: Sequence[Any], base: type) -> dict[str, Any]:
    values = [value for module in modules for value in vars(module).values()]
    classes = [value for value in values if isinstance(value, type) and issubclass(value, base) and value is not base]
    return {value.__name__.lower(): value for value in classes}


def _flat(name: str) -> str:
    return name.replace("_", "").lower()


def _name_and_arguments(key: str, named: Named) -> tuple[str, dict[str, Any]]:
    if isinstance(named, str):
        return named, {}
    [(name, arguments)] = named.items()
    for argument, value in arguments.items():
        # Keras makes objects of whatever class a mapping names: a training file holds no code.
        if not _is_plain(value):
            raise ConfigurationError(f"{key}: {name}.{argument}: {value!r}; must be numbers, words, or lists of them")
    return name, dict(arguments)


def _is_plain(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return all(_is_plain(each) for each in value)
    return value is None or isinstance(value, (bool, int, float, str))


def _first_line(error: Exception) -> str:
    return " ".join(str(error).split())[:800]
