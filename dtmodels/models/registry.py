"""Networks by kind: how a builder becomes known, and how a network is built from a training file."""

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from dtmodels.errors import ConfigurationError

KINDS: dict[str, Callable[..., Any]] = {}
_sections: "WeakKeyDictionary[Any, dict[str, Any]]" = WeakKeyDictionary()


def network(builder: Callable[..., Any]) -> Callable[..., Any]:
    """Enter a builder under its name; what it builds remembers the ``model:`` section that builds it again."""
    signature = inspect.signature(builder)

    @functools.wraps(builder)
    def build_and_remember(input_shape: Sequence[int | None], **arguments: Any) -> Any:
        signature.bind(input_shape, **arguments)
        _check_seed(builder.__name__, arguments.get("seed"))
        model = builder(input_shape, **arguments)
        _sections[model] = {"kind": builder.__name__} | {key: _plain(value) for key, value in arguments.items()}
        return model

    KINDS[builder.__name__] = build_and_remember
    return build_and_remember


def _check_seed(kind: str, seed: Any) -> None:
    if seed is not None and (not isinstance(seed, int) or isinstance(seed, bool) or seed < 0):
        raise ConfigurationError(f"{kind}.seed: {seed!r}; must be a whole number from 0")


def check(section: Mapping[str, Any]) -> None:
    """Refuse a model section whose kind or arguments are not known; needs no Keras."""
    kind = section.get("kind")
    if kind not in KINDS:
        raise ConfigurationError(f"model.kind: {kind!r}; known: {', '.join(sorted(KINDS))}")
    known = set(inspect.signature(KINDS[kind]).parameters) - {"input_shape"}
    unknown = sorted(set(section) - known - {"kind"})
    if unknown:
        raise ConfigurationError(f"model.{unknown[0]}: unknown; a {kind} takes {', '.join(sorted(known))}")


def build(section: Mapping[str, Any], input_shape: Sequence[int | None], seed: int | None = None) -> Any:
    """The network of a ``model:`` section, for instance ``{"kind": "cnn", "outputs": 2}``.

    ``seed`` fixes its initial weights where the section names none.
    """
    check(section)
    arguments = {key: value for key, value in section.items() if key != "kind"}
    if seed is not None:
        arguments.setdefault("seed", seed)
    return KINDS[section["kind"]](input_shape, **arguments)


def section_of(model: Any) -> dict[str, Any]:
    """The section that a network was built from; ``{"kind": "keras"}`` for one built elsewhere."""
    return dict(_sections.get(model, {"kind": "keras"}))


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
