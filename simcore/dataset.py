"""Datasets on disk, as FORMAT.md describes them: created, written unit by unit, sealed, opened."""

import hashlib
import json
import os
import platform
import threading
import warnings
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from importlib import metadata as packages
from typing import Any

import attrs
import numpy as np
import zarr
from zarr.codecs import BloscCodec, Crc32cCodec
from zarr.storage import FsspecStore, LocalStore, MemoryStore

from simcore import layout as layouts
from simcore import shards
from simcore.errors import DatasetError, StorageError
from simcore.layout import CHECKSUMS, FORMAT, Layout, OutputLike, RecipeLike
from simcore.storage import TEMPORARY, ObjectStore, Storage, open_storage

WRITERS = 4
_SEPARATOR = {"name": "default", "separator": "."}  # all objects of an array in one folder
_COMPARED = ("recipe_sha256", "seed", "split", "first", "count", "arrays", "render_version")


@attrs.define
class Dataset:
    """A dataset on disk.

    Attributes:
        storage: where it lies.
        metadata: what it was made from and how it is cut; see FORMAT.md.
        about: date, host and package versions of its making.
        complete: whether it is sealed.
        identity: of a sealed dataset; two that are equal hold equal arrays.

    """

    storage: Storage
    metadata: dict[str, Any]
    about: dict[str, Any]
    complete: bool
    identity: str | None

    @property
    def path(self) -> str:
        """Where it lies: an absolute path or a URL."""
        return self.storage.url

    @property
    def arrays(self) -> tuple[str, ...]:
        """Names of the arrays, in the order in which the recipe lists them."""
        return tuple(self.metadata["arrays"])

    def __len__(self) -> int:
        return int(self.metadata["count"])

    def __getitem__(self, name: str) -> zarr.Array:
        """An array, read-only; of an unsealed dataset the units that are missing read as zeros."""
        if name not in self.metadata["arrays"]:
            raise DatasetError(f"{self.path}: no array {name!r}; there are {', '.join(self.arrays)}")
        return _open_array(self.storage, name)

    def __repr__(self) -> str:
        state = "complete" if self.complete else "incomplete"
        return f"<Dataset {self.path}: {len(self)} examples of {', '.join(self.arrays)}, {state}>"

    def rows(self) -> np.ndarray:
        """The commit record, uint8, (unit, array, 32); rows that are missing or do not decode are zero."""
        units = layouts.unit_count(self.metadata)
        none = np.zeros((units, len(self.arrays), 32), np.uint8)
        if self.storage.get(f"{CHECKSUMS}/zarr.json") is None:  # stopped before the first unit
            return none
        array = _open_array(self.storage, CHECKSUMS)
        if array.shape != none.shape or array.dtype != none.dtype:
            raise DatasetError(f"{self.path}: its commit record does not fit its metadata")
        try:
            return np.asarray(array[:])
        except Exception:  # whatever the codecs raise for a row that was cut or changed
            return np.stack([_row_or_zeros(array, unit) for unit in range(units)])

    def committed(self) -> np.ndarray:
        """Which units exist, bool, (unit,): their row decodes and every object that it names is there."""
        exists = np.all(np.any(self.rows(), axis=2), axis=1)
        for name in self.arrays if exists.any() else ():
            axes = _open_array(self.storage, name).ndim
            sizes = self.storage.sizes(name)
            keys = (layouts.object_key(name, axes, unit).split("/")[1] for unit in range(len(exists)))
            exists &= np.array([sizes.get(key, 0) > 0 for key in keys])
        return exists

    def missing(self) -> list[int]:
        """The units that are still to be written."""
        return [] if self.complete else np.flatnonzero(~self.committed()).tolist()


def create(
    recipe: RecipeLike,
    path: str | os.PathLike[str],
    count: int,
    seed: int,
    *,
    render_version: int,
    split: str | None = None,
    unit: int | None = None,
    chunk: int | None = None,
    codec: str | None = None,
) -> tuple[Dataset, Layout]:
    """Begin a dataset, or take up the one that was begun at this path with the same arguments.

    Args:
        recipe: what is rendered.
        path: a local path (its parent must exist) or an fsspec URL.
        count: number of examples.
        seed: 0 <= seed < 2**128.
        render_version: of the code that renders.
        split: "train", "validation", "test" or None.
        unit: examples in a unit; None: chosen, or that of the dataset already there.
        chunk: examples in a chunk, likewise.
        codec: "lz4", "zstd" or "none", likewise.

    Raises:
        ParameterError: a number that cannot be.
        DatasetError: something else lies there: no dataset, or one of other arguments. It is left untouched.
        StorageError: the disk or the object store refused.

    """
    storage = open_storage(path)
    wanted = layouts.make_layout(
        recipe, count, seed, render_version=render_version, split=split, unit=unit, chunk=chunk, codec=codec
    )
    if storage.get("zarr.json") is None:
        if storage.exists():
            raise DatasetError(f"{storage.url}: something else lies there; choose a new path")
        storage.put_new("zarr.json", _documents(wanted)["zarr.json"])  # whoever comes second compares
    dataset = open_dataset(storage)
    _refuse_differences(dataset, wanted, unit=unit, chunk=chunk, codec=codec)
    layout = Layout(wanted.outputs, dataset.metadata)
    if not dataset.complete:
        _make_arrays(storage, layout)
    return dataset, layout


def open_dataset(path: str | os.PathLike[str] | Storage) -> Dataset:
    """Open a dataset to look at it, sealed or not.

    Raises:
        DatasetError: no dataset, one of a version that is not known, or one whose metadata was changed.
        StorageError: the disk or the object store refused.

    """
    storage = open_storage(path) if isinstance(path, str | os.PathLike) else path
    document = storage.get("zarr.json")
    if document is None:
        raise DatasetError(f"{storage.url}: no dataset there")
    try:
        attributes = json.loads(document)["attributes"]["simcore"]
        found = attributes["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise DatasetError(f"{storage.url}: not a dataset of simcore") from error
    if found != FORMAT:
        raise DatasetError(f"{storage.url}: its format is {found!r}; this version reads {FORMAT!r}")
    try:
        metadata = layouts.check_metadata(attributes.get("metadata"), attributes.get("metadata_sha256"))
    except DatasetError as error:
        raise DatasetError(f"{storage.url}: {error}") from error
    dataset = Dataset(
        storage, metadata, attributes.get("about") or {}, attributes.get("complete") is True, attributes.get("identity")
    )
    _check_record(dataset)
    return dataset


def describe(dataset: Dataset) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """What there is to tell of a dataset: facts by name, and of each array name, axes, shape, dtype, units, bytes."""
    metadata, units = dataset.metadata, layouts.unit_count(dataset.metadata)
    there = units if dataset.complete else int(dataset.committed().sum())
    facts = {
        "dataset": dataset.path,
        "state": "complete" if dataset.complete else f"incomplete: {there} of {units} units",
        "examples": f"{len(dataset):,}",
        "unit, chunk": f"{metadata['unit']}, {metadata['chunk']} examples",
        "seed": metadata["seed"],
        "split": metadata["split"] or "-",
        "recipe": metadata["recipe_sha256"],
        "identity": dataset.identity or "-",
        "made by": f"simcore {metadata['simcore']}, render version {metadata['render_version']}",
        "created": f"{dataset.about.get('created', '-')} on {dataset.about.get('host', '-')}",
    }
    return facts, [_describe_array(dataset, name) for name in dataset.arrays]


def _describe_array(dataset: Dataset, name: str) -> dict[str, Any]:
    array = dataset[name]
    return {
        "name": name,
        "axes": ", ".join(map(str, array.metadata.dimension_names or ())),
        "shape": array.shape,
        "dtype": str(array.dtype),
        "units": str(array.attrs.get("units", "1")),
        "stored": sum(dataset.storage.sizes(name).values()),
    }


def write_unit(storage: Storage, layout: Layout, unit: int, arrays: Mapping[str, np.ndarray]) -> int:
    """Store a unit: every shard whole and read back, then its row of the commit record.

    Args:
        storage: of the dataset.
        layout: of the dataset.
        unit: its number.
        arrays: its examples, of every array.

    Returns:
        bytes stored.

    Raises:
        DatasetError: arrays of another shape or dtype than the layout says.
        StorageError: the disk or the object store refused, or gave back other bytes.

    """
    # The disk syncs one shard while the next is compressed, and several syncs cost it little more than one.
    with ThreadPoolExecutor(min(2 * len(layout.outputs), WRITERS)) as pool:
        waiting = []
        for place, output in enumerate(layout.outputs):
            key, shard = encode_shard(layout, output, unit, arrays[output.name], place)
            waiting.append((pool.submit(_store, storage, key, shard), pool.submit(_digest, shard)))
        sizes = [store.result() for store, _ in waiting]
        digests = [digest.result() for _, digest in waiting]
    storage.put(f"{CHECKSUMS}/c.{unit}.0.0", shards.with_checksum(b"".join(digests)))
    return sum(sizes)


def _store(storage: Storage, key: str, shard: memoryview) -> int:
    storage.put(key, shard)
    if not storage.holds(key, shard):
        raise StorageError(f"{storage.url}: {key} reads back differently from what was written")
    return len(shard)


def _digest(shard: memoryview) -> bytes:
    return hashlib.sha256(shard).digest()


def encode_shard(
    layout: Layout, output: OutputLike, unit: int, data: np.ndarray, place: int = 0
) -> tuple[str, memoryview]:
    """The object that holds a unit of an array: its key and its bytes, which last as `shards.encode` says."""
    start, stop = layouts.unit_bounds(layout.metadata, unit)
    expected = (stop - start, *output.shape)
    if data.shape != expected or data.dtype != output.dtype:
        raise DatasetError(f"{output.name}: rendered {data.dtype} {data.shape}, announced {output.dtype} {expected}")
    metadata = layout.metadata
    key = f"{output.name}/" + ".".join(["c", str(unit), *("0" for _ in output.shape)])
    return key, shards.encode(metadata["codec"], data, metadata["chunk"], metadata["unit"], place)


def seal(dataset: Dataset, layout: Layout) -> Dataset:
    """Check that every unit exists, sweep leftovers, and write identity and ``complete``.

    Raises:
        DatasetError: units are missing.
        StorageError: the disk or the object store refused.

    """
    if dataset.complete:
        return dataset
    absent = dataset.missing()
    if absent:
        raise DatasetError(f"{dataset.path}: {len(absent)} of {layout.units} units are missing; generate it again")
    _sweep(dataset, layout)
    sealed = attrs.evolve(dataset, complete=True, identity=layouts.identity(dataset.metadata, dataset.rows()))
    dataset.storage.put("zarr.json", _documents(layout, sealed)["zarr.json"])
    return sealed


def _make_arrays(storage: Storage, layout: Layout) -> None:
    """Every array that is not there yet; those that are must be the same but for what says nothing about bytes."""
    for key, document in _documents(layout).items():
        if key == "zarr.json":
            continue
        found = storage.get(key)
        if found is None and storage.put_new(key, document):
            continue
        if not _same_array(found or storage.get(key) or b"", document):
            raise DatasetError(f"{storage.url}: {key} was changed, or made by other versions of the packages")


def _same_array(found: bytes, wanted: bytes) -> bool:
    fields = ("shape", "data_type", "chunk_grid", "chunk_key_encoding", "fill_value", "codecs")
    try:
        one, other = json.loads(found), json.loads(wanted)
        return all(one[field] == other[field] for field in fields)
    except (ValueError, KeyError, TypeError):
        return False


def _refuse_differences(
    dataset: Dataset, wanted: Layout, *, unit: int | None, chunk: int | None, codec: str | None
) -> None:
    given = {"unit": unit, "chunk": chunk, "codec": codec}
    fields = [*_COMPARED, *(field for field, value in given.items() if value is not None)]
    pairs = [(field, dataset.metadata[field], wanted.metadata[field]) for field in fields]
    differing = [f"{field} {_short(has)}, asked for {_short(asked)}" for field, has, asked in pairs if has != asked]
    if differing:
        raise DatasetError(f"{dataset.path}: holds another dataset ({'; '.join(differing)}); choose another path")


def _short(value: Any) -> str:
    text = value["cname"] if isinstance(value, dict) and "cname" in value else str(value)
    return text if len(text) <= 40 else f"{text[:12]}..."


def _check_record(dataset: Dataset) -> None:
    """The commit record must belong to this metadata: the group's file could have been exchanged."""
    document = dataset.storage.get(f"{CHECKSUMS}/zarr.json")
    if document is None:
        if dataset.complete:
            raise DatasetError(f"{dataset.path}: its commit record is missing")
        return
    try:
        kept = json.loads(document)["attributes"]["metadata_sha256"]
    except (ValueError, KeyError, TypeError):
        kept = None
    if kept != layouts.metadata_sha256(dataset.metadata):
        raise DatasetError(f"{dataset.path}: its metadata does not belong to its commit record")


def _open_array(storage: Storage, name: str) -> zarr.Array:
    if isinstance(storage, ObjectStore):
        store: Any = FsspecStore.from_url(storage.url, read_only=True)
    else:
        store = LocalStore(storage.url, read_only=True)
    try:
        return zarr.open_array(store, path=name, mode="r")
    except Exception as error:  # missing, cut or foreign: zarr has an exception for each
        raise DatasetError(f"{storage.url}: the array {name!r} cannot be opened ({error})") from error


def _row_or_zeros(array: zarr.Array, unit: int) -> np.ndarray:
    try:
        return np.asarray(array[unit])
    except Exception:  # as above
        return np.zeros(array.shape[1:], np.uint8)


def _sweep(dataset: Dataset, layout: Layout) -> None:
    """Delete what an interrupted run left: temporary files, and shards beyond the grid. Nothing else is touched."""
    for output in (*layout.outputs, None):
        name, axes = (output.name, len(output.shape) + 1) if output else (CHECKSUMS, 3)
        wanted = {layouts.object_key(name, axes, unit) for unit in range(layout.units)}
        for entry in dataset.storage.sizes(name):
            key = f"{name}/{entry}"
            if TEMPORARY.fullmatch(entry) or (entry.startswith("c.") and key not in wanted):
                dataset.storage.remove(key)
    for entry in dataset.storage.sizes(""):
        if TEMPORARY.fullmatch(entry):
            dataset.storage.remove(entry)


def _documents(layout: Layout, dataset: Dataset | None = None) -> dict[str, bytes]:
    """Every ``zarr.json``; that of the group is sealed when a sealed dataset is given."""
    objects = dict(_in_memory(layout))
    about = dataset.about if dataset else _about()
    attributes: dict[str, Any] = {
        "format": FORMAT,
        "metadata": layout.metadata,
        "metadata_sha256": layout.sha256,
        "complete": bool(dataset and dataset.complete),
    }
    if dataset and dataset.identity:
        attributes["identity"] = dataset.identity
    group = zarr.open_group(MemoryStore(objects), mode="r+")
    group.update_attributes({"simcore": {**attributes, "about": about}})
    if dataset and dataset.complete:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Consolidated metadata is currently not part")
            zarr.consolidate_metadata(group.store)
    return {key: value.to_bytes() for key, value in objects.items()}


def _in_memory(layout: Layout) -> dict[str, Any]:
    """The documents of a dataset without examples, as zarr writes them; kept, for every shard needs one."""
    checksum = layout.sha256
    with _KEPT_LOCK:
        if checksum not in _KEPT:
            if len(_KEPT) >= 4:
                del _KEPT[next(iter(_KEPT))]
            _KEPT[checksum] = _build_in_memory(layout, checksum)
        return _KEPT[checksum]


_KEPT: dict[str, dict[str, Any]] = {}
_KEPT_LOCK = threading.Lock()


def _build_in_memory(layout: Layout, checksum: str) -> dict[str, Any]:
    objects: dict[str, Any] = {}
    group = zarr.create_group(MemoryStore(objects))
    for output in layout.outputs:
        _create_array(group, layout, output)
    group.create_array(
        CHECKSUMS,
        shape=(layout.units, len(layout.outputs), 32),
        dtype="uint8",
        chunks=(1, len(layout.outputs), 32),
        compressors=[Crc32cCodec()],
        fill_value=0,
        chunk_key_encoding=_SEPARATOR,
        dimension_names=(f"{CHECKSUMS}_unit", f"{CHECKSUMS}_array", f"{CHECKSUMS}_byte"),
        attributes={"metadata_sha256": checksum, "description": "SHA-256 of every stored shard"},
    )
    return objects


def _create_array(group: zarr.Group, layout: Layout, output: OutputLike) -> None:
    metadata = layout.metadata
    described = {"units": output.units, "description": output.description, "kind": output.kind}
    group.create_array(
        output.name,
        shape=(metadata["count"], *output.shape),
        dtype=np.dtype(output.dtype),
        chunks=(metadata["chunk"], *output.shape),
        shards=(metadata["unit"], *output.shape),
        compressors=list(_codecs(metadata["codec"])),
        fill_value=0,
        chunk_key_encoding=_SEPARATOR,
        dimension_names=("example", *output.dimensions),
        attributes={**described, **output.attributes},
    )


def _codecs(codec: Mapping[str, Any]) -> Iterator[Any]:
    if codec["name"] == "blosc":
        yield BloscCodec(cname=codec["cname"], clevel=codec["clevel"], shuffle=codec["shuffle"])
    yield Crc32cCodec()  # last: it is checked before anything is decoded


def _about() -> dict[str, Any]:
    versions = {name: packages.version(name) for name in ("numpy", "zarr", "numcodecs")}
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "host": platform.node(),
        "python": platform.python_version(),
        "packages": versions,
    }
