"""A training file as text: an edit touches the value that it changes, all else stays byte for byte, comments too."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import yaml

from dtmodels.configuration import FORMAT, Configuration, Loader, validated  # its reading of 1e-3 must be ours
from dtmodels.errors import ConfigurationError
from dtmodels.models import check
from studio.errors import StudioError

Path = Sequence[str]


class _Null:
    """The value of ``NULL``."""


NULL = _Null()  # as a value of ``set_value``: ``null`` is written, where None would take the key away
START = f"""format: {FORMAT}
data:    {{inputs: image, targets: position, validation: 0.1}}
model:   {{kind: cnn, convolutions: [16, 32, 64], dense: [32, 32], outputs: 2}}
fit:     {{loss: mae, optimizer: adam, epochs: 30, batch_size: 64, seed: 1}}
"""


def values_of(text: str) -> dict[str, Any]:
    """What a training file says, unchecked; StudioError where it is no mapping of YAML."""
    try:
        found = yaml.load(text, Loader=Loader)
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date that there is not
        raise StudioError(f"training.yaml: not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(found, dict):
        raise StudioError(f"training.yaml: must hold keys and values, beginning with `format: {FORMAT}`")
    return found


def checked(text: str) -> Configuration:
    """The training file as dtmodels reads it; StudioError with the message of the library."""
    try:
        configuration = validated(Configuration, values_of(text), "training.yaml")
        kind = configuration.model.get("kind")
        if kind is not None and not isinstance(kind, str):
            raise StudioError(f"model.kind: {kind!r}; must be the name of a network, such as cnn")
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
    """The text with one value changed or added; None takes the key away, NULL writes ``null``."""
    written = get(text, path, _NOTHING)
    same = written is None if value is NULL else written is _NOTHING if value is None else _same(written, value)
    if same:
        return text
    wanted = _with(values_of(text), path, value)
    try:
        edited = _edited(text, path, value)
        if values_of(edited) == wanted:
            return edited
    except (StudioError, yaml.YAMLError, LookupError):
        pass
    # An unusual way of writing (anchors, tags): better the whole file anew than a wrong one.
    return _dumped(wanted, sort_keys=False, default_flow_style=None, width=120)


class _Named:
    pass


_NOTHING = _Named()


class _Dumper(yaml.SafeDumper):
    """Quotes the texts that dtmodels would read as something else, 1e-3 among them."""

    yaml_implicit_resolvers = Loader.yaml_implicit_resolvers


def _quoted(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    # YAML's other line breaks are kept in double quotes alone.
    style = '"' if any(mark in text for mark in "\x85\u2028\u2029") else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _quoted)


def _dumped(value: Any, **style: Any) -> str:
    return str(yaml.dump(value, Dumper=_Dumper, allow_unicode=True, **style))


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


def _same(written: Any, value: Any) -> bool:
    # 1 and true are equal to Python, and not what is meant.
    return bool(written == value) and isinstance(written, bool) == isinstance(value, bool)


def _plain(value: Any) -> Any:
    if value is NULL:
        return None
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return {key: _plain(each) for key, each in value.items()} if isinstance(value, dict) else value


def _edited(text: str, path: Path, value: Any) -> str:
    node = yaml.compose(text, Loader=Loader)
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
        return f"{text[:at]} {_flow(value)}{_apart(text[at:])}"
    if not _is_flow(old) and not isinstance(old, yaml.ScalarNode):
        at = text.index(":", key.end_mark.index) + 1
        beside = text[at : text.index("\n", at)]  # what is said of the whole stands beside its key
        return f"{text[:at]} {_flow(value)}{beside.rstrip()}{text[stop:]}"
    return f"{text[:start]}{_flow(value)}{text[stop:]}"


def _added(text: str, node: Any, key: str, value: Any) -> str:
    written = f"{key}: {_flow(value)}"
    if not node.value:
        start = text.index("{", node.start_mark.index) + 1
        return f"{text[:start]}{written}{_apart(text[start:])}"
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
            later = node.value[place + 1][0].start_mark.index
            lines = text[stop:later].partition("\n")[2]  # what stands behind it on its own line goes with it
            return text[:start] + (_apart(lines) if "#" in lines else "") + text[later:]
        if place:
            before = max(_end(text, node.value[place - 1][1]), node.value[place - 1][0].end_mark.index)
            comma = text.index(",", before)  # where it is that of a comment, the check finds it
            between = text[comma + 1 : start]
            return text[:comma] + (between.rstrip(" ") if "#" in between else "") + text[stop:]
        return text[:start] + text[stop:]
    if len(node.value) == 1:
        return f"{text[:start]}{{}}{text[stop:]}"  # the section stays, empty, and with it what is said of it
    line = text.find("\n", stop)
    return text[: start - pair[0].start_mark.column] + ("" if line < 0 else text[line + 1 :])


def _apart(rest: str) -> str:
    """What follows a value: without spaces before it, but those that part it from a comment."""
    bare = rest.lstrip(" ")
    return bare if not bare.startswith("#") else rest if rest != bare else f" {rest}"


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
    if value is NULL:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_flow, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_flow(key)}: {_flow(each)}' for key, each in value.items())}}}"
    return _dumped([value], default_flow_style=True, width=10**6).strip()[1:-1]


def _number(value: float) -> str:
    text = f"{value:.12g}"
    if float(text) != value:
        text = repr(value)
    return text if any(sign in text for sign in ".en") else f"{text}.0"
