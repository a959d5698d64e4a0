"""A training file as text: an edit touches the value that it changes, all else stays byte for byte, comments too."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import yaml

from dtmodels.configuration import FORMAT, Configuration, _Loader, validated  # its reading of 1e-3 must be ours
from dtmodels.errors import ConfigurationError
from dtmodels.models import check
from studio.errors import StudioError

Path = Sequence[str]
START = f"""format: {FORMAT}
data:    {{inputs: image, targets: position, validation: 0.1}}
model:   {{kind: cnn, convolutions: [16, 32, 64], dense: [32, 32], outputs: 2}}
fit:     {{loss: mae, optimizer: adam, epochs: 30, batch_size: 64, seed: 1}}
"""


def values_of(text: str) -> dict[str, Any]:
    """What a training file says, unchecked; StudioError where it is no mapping of YAML."""
    try:
        found = yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise StudioError(f"training.yaml: not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(found, dict):
        raise StudioError(f"training.yaml: must hold keys and values, beginning with `format: {FORMAT}`")
    return found


def checked(text: str) -> Configuration:
    """The training file as dtmodels reads it; StudioError with the message of the library."""
    try:
        configuration = validated(Configuration, values_of(text), "training.yaml")
        check(configuration.model)
    except ConfigurationError as error:
        raise StudioError(str(error).removeprefix("training.yaml: ")) from None
    return configuration


def get(text: str, path: Path, default: Any = None) -> Any:
    """A value, or the default where it is not written."""
    found: Any = values_of(text)
    for key in path:
        if not isinstance(found, dict) or key not in found:
            return default
        found = found[key]
    return found


def set_value(text: str, path: Path, value: Any) -> str:
    """The text with one value changed or added; None takes the key away."""
    if get(text, path, _NOTHING) == value or (value is None and get(text, path, _NOTHING) is _NOTHING):
        return text
    wanted = _with(values_of(text), path, value)
    try:
        edited = _edited(text, path, value)
        if values_of(edited) == wanted:
            return edited
    except (StudioError, yaml.YAMLError, LookupError):
        pass
    # An unusual way of writing (anchors, tags): better the whole file anew than a wrong one.
    return yaml.safe_dump(wanted, sort_keys=False, default_flow_style=None, width=120, allow_unicode=True)


class _Nothing:
    pass


_NOTHING = _Nothing()


def _with(values: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    made = copy.deepcopy(values)
    inner = made
    for key in path[:-1]:
        if not isinstance(inner.get(key), dict):
            inner[key] = {}
        inner = inner[key]
    if value is None:
        inner.pop(path[-1], None)
    else:
        inner[path[-1]] = _plain(value)
    return made


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return {key: _plain(each) for key, each in value.items()} if isinstance(value, dict) else value


def _edited(text: str, path: Path, value: Any) -> str:
    node = yaml.compose(text, Loader=_Loader)
    for depth, key in enumerate(path):
        if not isinstance(node, yaml.MappingNode):
            raise LookupError(key)
        pair = next(((k, v) for k, v in node.value if k.value == key), None)
        last = depth == len(path) - 1
        if pair is None:
            inner = value
            for later in reversed(path[depth + 1 :]):
                inner = {later: inner}
            return _added(text, node, key, inner)
        if last:
            return _removed(text, node, pair) if value is None else _replaced(text, pair, value)
        if not isinstance(pair[1], yaml.MappingNode):
            inner = value
            for later in reversed(path[depth + 1 :]):
                inner = {later: inner}
            return _replaced(text, pair, inner)
        node = pair[1]
    raise LookupError(path)


def _replaced(text: str, pair: tuple[Any, Any], value: Any) -> str:
    key, old = pair
    start, stop = old.start_mark.index, _end(text, old)
    if start == stop:  # nothing is written: `fit:`
        at = text.index(":", key.end_mark.index) + 1
        return f"{text[:at]} {_flow(value)}{text[at:].lstrip(' ')}"
    if not _is_flow(old) and not isinstance(old, yaml.ScalarNode):
        at = text.index(":", key.end_mark.index) + 1
        return f"{text[:at]} {_flow(value)}{text[stop:]}"
    return f"{text[:start]}{_flow(value)}{text[stop:]}"


def _added(text: str, node: Any, key: str, value: Any) -> str:
    written = f"{key}: {_flow(value)}"
    if not node.value:
        start = text.index("{", node.start_mark.index) + 1
        return f"{text[:start]}{written}{text[start:].lstrip(' ')}"
    stop = _end(text, node.value[-1][1]) or node.value[-1][0].end_mark.index
    stop = max(stop, node.value[-1][0].end_mark.index)
    if _is_flow(node):
        return f"{text[:stop]}, {written}{text[stop:]}"
    line = text.find("\n", stop)
    line = len(text) if line < 0 else line
    indent = " " * node.value[0][0].start_mark.column
    return f"{text[:line]}\n{indent}{written}{text[line:] or chr(10)}"


def _removed(text: str, node: Any, pair: tuple[Any, Any]) -> str:
    place = node.value.index(pair)
    start, stop = pair[0].start_mark.index, max(_end(text, pair[1]), pair[0].end_mark.index + 1)
    if _is_flow(node):
        if place + 1 < len(node.value):
            return text[:start] + text[node.value[place + 1][0].start_mark.index :]
        if place:
            start = max(_end(text, node.value[place - 1][1]), node.value[place - 1][0].end_mark.index)
        return text[:start] + text[stop:]
    if len(node.value) == 1:
        raise LookupError("the last key of a block")
    line = text.find("\n", stop)
    return text[: start - pair[0].start_mark.column] + ("" if line < 0 else text[line + 1 :])


def _end(text: str, node: Any) -> int:
    """Where a node ends: that of a block collection is where its last value ends, not where the next key begins."""
    if isinstance(node, yaml.ScalarNode) or _is_flow(node):
        start, stop = node.start_mark.index, node.end_mark.index
        return start + len(text[start:stop].rstrip())
    last = node.value[-1][1] if isinstance(node, yaml.MappingNode) else node.value[-1]
    return _end(text, last)


def _is_flow(node: Any) -> bool:
    return bool(getattr(node, "flow_style", False))


def _flow(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_flow, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_flow(each)}' for key, each in value.items())}}}"
    dumped = yaml.safe_dump([value], default_flow_style=True, width=10**6, allow_unicode=True).strip()
    return dumped[1:-1]


def _number(value: float) -> str:
    text = f"{value:.12g}"
    if float(text) != value:
        text = repr(value)
    return text if any(sign in text for sign in ".en") else f"{text}.0"
