"""One dataset in zarr: its header, its commit record, its arrays. The only module that imports zarr."""

import hashlib
import itertools
import json
import os
from collections.abc import Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from zarr.core.sync import sync
from zarr.storage import LocalStore

from dtmodels.errors import DatasetError
from dtmodels.examples import Examples, Identity
from dtmodels.ranges import merged_ranges
from dtmodels.shards import Damaged, ShardedArray
from dtmodels.view_files import SUFFIX, ViewStore

FORMATS = ("simcore-dataset/1", "simcore-dataset/2")  # they differ in how shards are checksummed
THREADS = min(8, os.cpu_count() or 1)  # that decode at once
Array = np.ndarray[Any, Any]


class Store:
    """A dataset that was checked when opened; DatasetError says what is wrong with it."""

    fresh = False

    def __init__(self, path: str, allow_partial: bool) -> None:
        self.path = path
        self._group = _open_group(path)
        self._header = _header(self._group, path)
        self.metadata: dict[str, Any] = self._header["metadata"]
        self.count, self.unit, self.chunk = (int(self.metadata[key]) for key in ("count", "unit", "chunk"))
        self._arrays: dict[str, Any] = {}
        self._sharded: dict[str, ShardedArray | None] = {}
        rows = self._rows(partial_allowed=allow_partial)
        self.committed = np.asarray(rows.any(axis=(1, 2)))
        if allow_partial:
            self._drop_incomplete()
        self._check_sealed(rows, allow_partial)

    @property
    def names(self) -> list[str]:
        return [str(name) for name in self.metadata["arrays"]]

    @property
    def identity(self) -> Identity:
        keys = ("recipe_sha256", "seed", "split", "first", "count", "render_version")
        return Identity(self._header.get("identity"), **{key: self.metadata[key] for key in keys})

    def require(self, names: Sequence[str]) -> None:
        """Refuse arrays that are not there, of another length, or with committed shards missing."""
        for name in names:
            self._array(name)

    def shape(self, name: str) -> tuple[int, ...]:
        """Shape of one example of an array."""
        return tuple(self._array(name).shape[1:])

    def attributes(self, name: str) -> dict[str, Any]:
        return dict(self._array(name).attrs)

    def ranges(self) -> list[tuple[int, int]]:
        """Index ranges of the committed units."""
        units = np.flatnonzero(self.committed)
        return [(int(u) * self.unit, min((int(u) + 1) * self.unit, self.count)) for u in units]

    def pieces(self, ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """The ranges cut at the borders of the stored chunks."""
        cut = []
        for start, stop in ranges:
            borders = range((start // self.chunk + 1) * self.chunk, stop, self.chunk)
            edges = [start, *borders, stop]
            cut += list(itertools.pairwise(edges))
        return cut

    def read(self, names: Sequence[str], places: Array, epoch: int = 0) -> dict[str, Array]:
        """The examples at ``places`` in any order; every chunk is read once and checked against its crc32c."""
        return {name: self._checked(name, places) for name in names}

    def _checked(self, name: str, places: Array) -> Array:
        try:
            return self._unscaled(name, self._read(name, places))
        except Damaged as error:
            raise self._unreadable(name, error.start, error.stop, error) from error
        except Exception as error:  # whatever zarr and its codecs raise
            raise self._unreadable(name, int(places.min()), int(places.max()) + 1, error) from error

    def _unreadable(self, name: str, start: int, stop: int, error: Exception) -> DatasetError:
        return DatasetError(
            f"{self.path}: {name} of examples {start} to {stop - 1} cannot be read: {_line(error)}; "
            "the dataset is damaged, repair it with `simcore repair`"
        )

    def _read(self, name: str, places: Array) -> Array:
        if name not in self._sharded:
            self._sharded[name] = _on_local_disk(self._array(name), self.metadata)
        sharded = self._sharded[name]
        return self._read_by_zarr(self._array(name), places) if sharded is None else sharded.read(places)

    def _read_by_zarr(self, array: Any, places: Array) -> Array:
        order = np.argsort(places, kind="stable")
        ordered = places[order]
        result = np.empty((len(places), *array.shape[1:]), array.dtype)
        for first, stop in self._runs(ordered):
            low = int(ordered[first])
            block = np.asarray(array[low : int(ordered[stop - 1]) + 1])
            result[order[first:stop]] = block[ordered[first:stop] - low]
        return result

    def _runs(self, ordered: Array) -> Iterator[tuple[int, int]]:
        # Neighbouring chunks of one unit are read at one go: zarr decodes them side by side.
        if not len(ordered):
            return
        chunks = ordered // self.chunk
        breaks = (np.diff(chunks) > 1) | (np.diff(ordered // self.unit) > 0)
        edges = [0, *(np.flatnonzero(breaks) + 1).tolist(), len(ordered)]
        yield from itertools.pairwise(edges)

    def _unscaled(self, name: str, block: Array) -> Array:
        """Undo the scale with which an array is stored (FORMAT.md)."""
        attributes = self.attributes(name)
        if "scale_factor" not in attributes:
            return block
        try:
            scale, offset = (np.float32(attributes[key]) for key in ("scale_factor", "add_offset"))
        except (KeyError, TypeError, ValueError):
            raise DatasetError(f"{self.path}: the scale of {name} cannot be read") from None
        return block.astype(np.float32) * scale + offset

    def _array(self, name: str) -> Any:
        if name not in self._arrays:
            if name not in self.names:
                raise DatasetError(f"{self.path}: holds no array {name!r}, but {', '.join(self.names)}")
            array = _member(self._group, name, self.path)
            if not self._long_enough(array.shape[0], self.count):
                raise DatasetError(f"{self.path}: {name} has {array.shape[0]} examples, the header says {self.count}")
            self._check_shards(name, array)
            self._arrays[name] = array
        return self._arrays[name]

    def _drop_incomplete(self) -> None:
        # A unit exists if its row and every object that the row names are there.
        for name in self.names:
            self.committed[self._lost_units(_member(self._group, name, self.path))] = False

    def _lost_units(self, array: Any) -> list[int]:
        rest = [0] * (array.ndim - 1)
        units = np.flatnonzero(self.committed)
        keys = [f"{array.path}/{array.metadata.encode_chunk_key((int(u), *rest))}" for u in units]
        return [int(u) for u, size in zip(units, _sizes(array.store, keys), strict=True) if not size]

    def _check_shards(self, name: str, array: Any) -> None:
        # zarr reads a missing or empty shard as zeros without a word.
        lost = self._lost_units(array)
        if lost:
            raise DatasetError(
                f"{self.path}: {name}: stored data of unit {lost[0]} is missing or empty ({len(lost)} such); "
                "repair the dataset with `simcore repair`"
            )

    def _long_enough(self, length: int, wanted: int) -> bool:
        """Arrays of a dataset that is being extended may be longer already (FORMAT.md)."""
        return length == wanted or (length > wanted and "extending" in self._header)

    def _rows(self, partial_allowed: bool) -> Array:
        record = _member(self._group, "shard_checksum", self.path)
        extending = self._header.get("extending")
        becomes = extending.get("metadata_sha256") if isinstance(extending, dict) else None
        of_this = (self._header["metadata_sha256"], becomes)
        if record.attrs.get("metadata_sha256", "none") not in of_this:
            raise DatasetError(f"{self.path}: the header and the commit record are of two different datasets")
        units = -(-self.count // self.unit)
        shape = (units, len(self.names), 32)
        if record.shape[1:] != shape[1:] or not self._long_enough(record.shape[0], units):
            raise DatasetError(f"{self.path}: commit record of shape {record.shape}, must be {shape}")
        rows = np.zeros(shape, np.uint8)
        for u in range(units):
            rows[u] = self._row(record, u, partial_allowed)
        return rows

    def _row(self, record: Any, unit: int, partial_allowed: bool) -> Array:
        try:
            return np.asarray(record[unit])
        except Exception as error:
            if partial_allowed:
                return np.zeros(record.shape[1:], np.uint8)
            raise DatasetError(f"{self.path}: commit record of unit {unit} is damaged: {_line(error)}") from error

    def _check_sealed(self, rows: Array, allow_partial: bool) -> None:
        done, units = int(self.committed.sum()), len(self.committed)
        if allow_partial and not done:
            raise DatasetError(f"{self.path}: no unit is committed yet")
        if allow_partial and not self._header.get("complete"):
            return
        if not self._header.get("complete"):
            raise DatasetError(
                f"{self.path}: not complete ({done} of {units} units are committed): let `simcore generate` go on, "
                "or open it with allow_partial=True"
            )
        if done < units:
            raise DatasetError(f"{self.path}: sealed, but {units - done} of {units} units have no commit row")
        if self._header.get("identity") != _identity(self._header["format"], self.metadata, rows):
            raise DatasetError(f"{self.path}: the commit record does not fit the identity: changed after sealing")


def open_dataset(
    path: str | PathLike[str],
    inputs: str,
    targets: str | Sequence[str] = (),
    allow_partial: bool = False,
) -> Examples:
    """Open a dataset: the array ``inputs`` is what a network sees, ``targets`` (one or several) what it shall say.

    A path that ends in ``.json`` is a view: examples of several datasets as one, or some examples of one.

    DatasetError when it is missing, of another format, edited, damaged, or not sealed; with ``allow_partial`` the
    committed part of an unsealed dataset is opened.
    """
    names = (targets,) if isinstance(targets, str) else tuple(targets)
    store: Store | ViewStore
    if str(path).endswith(SUFFIX):
        store = ViewStore(str(path), lambda where: Store(where, allow_partial=False))
    else:
        store = Store(str(path), allow_partial)
    store.require((inputs, *names))
    examples = Examples(store, inputs, names, merged_ranges(store.ranges()))
    examples.target_shape  # noqa: B018  refuses targets that do not go together
    return examples


def is_dataset(path: str) -> bool:
    """Whether a zarr group lies at this path."""
    try:
        _open_group(path)
    except DatasetError:
        return False
    return True


def _on_local_disk(array: Any, metadata: dict[str, Any]) -> ShardedArray | None:
    """The array read without zarr, where it lies on a local disk as FORMAT.md says; else None."""
    unit, chunk, codec, rest = metadata["unit"], metadata["chunk"], metadata.get("codec"), array.shape[1:]
    as_written = array.shards == (unit, *rest) and array.chunks == (chunk, *rest)
    if not isinstance(array.store, LocalStore) or not as_written or not isinstance(codec, dict):
        return None
    stored = [type(one).__name__ for one in array.compressors]
    if stored != {"none": ["Crc32cCodec"], "blosc": ["BloscCodec", "Crc32cCodec"]}.get(codec.get("name", "")):
        return None
    root, rest_of_key = array.store.root / array.path, (0,) * len(rest)

    def file_of(unit: int) -> Path:
        return Path(root, array.metadata.encode_chunk_key((unit, *rest_of_key)))

    return ShardedArray(file_of, array.shape, array.dtype.newbyteorder("<"), chunk, unit, codec, THREADS)


def _open_group(path: str) -> Any:
    try:
        return zarr.open_group(path, mode="r", zarr_format=3, use_consolidated=False)
    except FileNotFoundError:
        raise DatasetError(f"{path}: no dataset here") from None
    except Exception as error:
        raise DatasetError(f"{path}: cannot be opened: {_line(error)}") from error


def _member(group: Any, name: str, path: str) -> Any:
    try:
        member = group[name]
    except KeyError:
        raise DatasetError(f"{path}: the array {name} is missing") from None
    except Exception as error:
        raise DatasetError(f"{path}: the array {name} cannot be opened: {_line(error)}") from error
    if not isinstance(member, zarr.Array):
        raise DatasetError(f"{path}: {name} is not an array")
    if not isinstance(member.metadata.attributes, dict):
        raise DatasetError(f"{path}: the attributes of {name} cannot be read")
    return member


def _header(group: Any, path: str) -> dict[str, Any]:
    attributes = group.metadata.attributes
    header = attributes.get("simcore") if isinstance(attributes, dict) else None
    if not isinstance(header, dict) or "format" not in header:
        raise DatasetError(f"{path}: a zarr group, but not a dataset of the format {FORMATS[-1]}")
    if header["format"] not in FORMATS:
        raise DatasetError(f"{path}: format {header['format']!r}; this version reads {' and '.join(FORMATS)}")
    metadata = header.get("metadata")
    needed = {"recipe", "recipe_sha256", "seed", "split", "first", "count", "unit", "chunk", "arrays", "render_version"}
    if not isinstance(metadata, dict) or needed - metadata.keys():
        missing = ", ".join(sorted(needed - (metadata or {}).keys()))
        raise DatasetError(f"{path}: the header lacks {missing}")
    if header.get("metadata_sha256") != _metadata_sha256(metadata):
        raise DatasetError(f"{path}: the header does not fit its metadata_sha256: it was edited")
    if hashlib.sha256(metadata["recipe"].encode()).hexdigest() != metadata["recipe_sha256"]:
        raise DatasetError(f"{path}: the recipe does not fit its recipe_sha256")
    return header


def _metadata_sha256(metadata: dict[str, Any]) -> str:
    text = json.dumps(metadata, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _identity(version: str, metadata: dict[str, Any], rows: Array) -> str:
    split = metadata["split"] or "-"
    values = [version, metadata["recipe_sha256"], metadata["seed"], split, metadata["first"], metadata["count"]]
    values += [metadata["render_version"], hashlib.sha256(rows.tobytes()).hexdigest()]
    return hashlib.sha256("".join(f"{value}\n" for value in values).encode()).hexdigest()


def _sizes(store: Any, keys: Sequence[str]) -> list[int]:
    async def size(key: str) -> int:
        try:
            return int(await store.getsize(key))
        except FileNotFoundError:
            return 0

    async def sizes() -> list[int]:
        return [await size(key) for key in keys]

    return sync(sizes())


def _line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
