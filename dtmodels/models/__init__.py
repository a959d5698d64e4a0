"""Networks by kind. A new kind is a module with one builder, entered in ``KINDS``."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from dtmodels.errors import ConfigurationError
from dtmodels.models.cnn import cnn

KINDS: dict[str, Callable[..., Any]] = {"cnn": cnn}

_sections: "WeakKeyDictionary[Any, dict[str, Any]]" = WeakKeyDictionary()


def check(section: Mapping[str, Any]) -> None:
    """Refuse a model section whose kind or arguments are not known; needs no Keras."""
    kind = section.get("kind")
    if kind not in KINDS:
        raise ConfigurationError(f"model.kind: {kind!r}; known: {', '.join(sorted(KINDS))}")
    known = set(inspect.signature(KINDS[kind]).parameters) - {"input_shape"}
    unknown = sorted(set(section) - known - {"kind"})
    if unknown:
        raise ConfigurationError(f"model.{unknown[0]}: unknown; a {kind} takes {', '.join(sorted(known))}")


def build(section: Mapping[str, Any], input_shape: tuple[int, ...], seed: int | None = None) -> Any:
    """The network of a ``model:`` section, for instance ``{"kind": "cnn", "outputs": 2}``; ``seed`` if it names none."""
    check(section)
    arguments = {key: value for key, value in section.items() if key != "kind"}
    if seed is not None:
        arguments.setdefault("seed", seed)
    model = KINDS[section["kind"]](input_shape, **arguments)
    _sections[model] = dict(section)
    return model


def section_of(model: Any) -> dict[str, Any]:
    """The section that a network was built from; ``{"kind": "keras"}`` for one built elsewhere."""
    return dict(_sections.get(model, {"kind": "keras"}))
