"""Views in files: examples of several datasets as one, from the small file that FORMAT.md describes."""

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from dtmodels.errors import DatasetError
from dtmodels.examples import Identity
from dtmodels.mixture import MixedStore
from dtmodels.ranges import Range

FORMAT = "simcore-view/1"
SUFFIX = ".json"
_SEEN = ("units", "kind", "axes", "columns", "scale_factor", "add_offset")  # what gives numbers their meaning


class Part(NamedTuple):
    """A dataset of a view, and which of its examples."""

    path: str
    identity: str
    ranges: list[Range]


class ViewStore(MixedStore):
    """The datasets of a view, as one."""

    def __init__(self, path: str, open_store: Callable[[str], Any]) -> None:
        self._path = path
        self._identity, self._parts = read_view(path)
        super().__init__([open_store(part.path) for part in self._parts])
        for part, store in zip(self._parts, self.stores, strict=True):
            if store.identity.identity != part.identity:
                raise DatasetError(f"{part.path}: no longer the dataset that {path} was made from")
            if part.ranges[-1][1] > store.identity.count:
                raise DatasetError(f"{path}: names examples beyond the {store.identity.count} of {part.path}")

    @property
    def path(self) -> str:
        return self._path

    @property
    def identity(self) -> Identity:
        return replace(super().identity, identity=self._identity)

    def ranges(self) -> list[Range]:
        """Index ranges of the examples of the view."""
        pairs = zip(self.offsets, self._parts, strict=True)
        return [(offset + start, offset + stop) for offset, part in pairs for start, stop in part.ranges]

    def require(self, names: Sequence[str]) -> None:
        """Refuse arrays that one of the datasets lacks, or that differ from one to the next."""
        stores: tuple[Any, ...] = self.stores
        for store in stores:
            store.require(names)
            for name in names:
                ours, theirs = _meaning(stores[0], name), _meaning(store, name)
                if ours != theirs:
                    raise DatasetError(f"{store.path} and {stores[0].path}: {name} is {theirs}, and {ours}")


def read_view(path: str) -> tuple[str, list[Part]]:
    """Identity and parts of a view; DatasetError where the file is none, or was changed."""
    try:
        document = json.loads(_bytes(path))
        if document["format"] != FORMAT:
            raise DatasetError(f"{path}: format {document['format']!r}; this version reads {FORMAT}")
        parts = [_part(member, path) for member in document["members"]]
        identity = str(document["identity"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise DatasetError(f"{path}: not a view of datasets") from None
    if not parts or identity != _checksum(parts):
        raise DatasetError(f"{path}: the view was changed: its identity does not fit")
    return identity, parts


def member_parts(identity: dict[str, Any], ranges: Sequence[Sequence[int]]) -> list[tuple[dict[str, Any], list[Range]]]:
    """The datasets behind an identity, however deep, each with its share of the ranges, counted within it."""
    if not identity.get("members"):
        return [(identity, [(start, stop) for start, stop in ranges])]
    found, offset = [], 0
    for member in identity["members"]:
        found += member_parts(member, _within(ranges, offset, offset + member["count"]))
        offset += member["count"]
    return found


def _within(ranges: Sequence[Sequence[int]], first: int, stop: int) -> list[Range]:
    """What of the ranges lies between two places, counted from the first of them."""
    cut = [(max(low, first) - first, min(high, stop) - first) for low, high in ranges]
    return [(low, high) for low, high in cut if low < high]


def _part(member: dict[str, Any], path: str) -> Part:
    where = str(member["path"])
    ranges = [(int(start), int(stop)) for start, stop in member["examples"]]
    flat = [bound for pair in ranges for bound in pair]
    if not ranges or flat[0] < 0 or sorted(flat) != flat or any(start == stop for start, stop in ranges):
        raise DatasetError(f"{path}: its ranges do not ascend")
    if "://" not in where:
        if Path(where).is_absolute():
            raise DatasetError(f"{path}: names {where!r}; members are relative paths or URLs")
        where = f"{path.rpartition('/')[0]}/{where}" if "://" in path else os.path.normpath(Path(path).parent / where)
    return Part(where, str(member["identity"]), ranges)


def _checksum(parts: Sequence[Part]) -> str:
    lines = [f"{part.identity} {','.join(f'{start}:{stop}' for start, stop in part.ranges)}\n" for part in parts]
    return hashlib.sha256(f"{FORMAT}\n{''.join(lines)}".encode()).hexdigest()


def _bytes(path: str) -> bytes:
    try:
        if "://" not in path:
            return Path(path).read_bytes()
        import fsspec  # noqa: PLC0415  (optional: only for URLs)

        with fsspec.open(path, "rb") as file:
            return bytes(file.read())
    except ImportError:
        raise DatasetError(f"{path}: URLs need fsspec: pip install 'dtmodels[remote]'") from None
    except OSError as error:
        raise DatasetError(f"{path}: no view here ({error.strerror or error})") from None


def _meaning(store: Any, name: str) -> str:
    attributes = store.attributes(name)
    seen = {key: attributes[key] for key in _SEEN if key in attributes}
    return f"{store.shape(name)} {seen}"
