"""Datasets written: begun, filled unit by unit, sealed."""

import json
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import attrs
import numpy as np

from simcore.datasets.codecs import codec_text, is_codec
from simcore.datasets.dataset import Dataset, open_dataset
from simcore.datasets.digests import digest
from simcore.datasets.documents import documents
from simcore.datasets.layout import (
    CHECKSUMS,
    Layout,
    OutputLike,
    RecipeLike,
    identity_of,
    make_layout,
    object_key,
    unit_bounds,
)
from simcore.datasets.shards import Memory, encode, with_checksum
from simcore.datasets.storage import TEMPORARY, Storage, open_storage
from simcore.errors import DatasetError, StorageError

WRITERS = 4
_COMPARED = ("recipe_sha256", "seed", "split", "first", "count", "arrays", "render_version")


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
        codec: "none", "lz4", "zstd:5", ... (see `simcore.run.generate`), likewise.

    Raises:
        ParameterError: a number that cannot be.
        DatasetError: something else lies there: no dataset, or one of other arguments. It is left untouched.
        StorageError: the disk or the object store refused.

    """
    storage = open_storage(path)
    wanted = make_layout(
        recipe, count, seed, render_version=render_version, split=split, unit=unit, chunk=chunk, codec=codec
    )
    if storage.get("zarr.json") is None:
        if storage.exists() and storage.get("zarr.json") is None:  # another run may have begun it just now
            raise DatasetError(f"{storage.url}: something else lies there; choose a new path")
        storage.put_new("zarr.json", documents(wanted)["zarr.json"])  # whoever comes second compares
    dataset = open_dataset(storage)
    refuse_extending(dataset)
    refuse_differences(dataset, wanted, unit=unit, chunk=chunk, codec=codec)
    layout = Layout(wanted.outputs, dataset.metadata)
    if not dataset.complete:
        _make_arrays(storage, layout)
    return dataset, layout


def write_unit(
    storage: Storage,
    layout: Layout,
    unit: int,
    arrays: Mapping[str, np.ndarray],
    memory: Memory | None = None,
    encoded: Callable[[], object] = lambda: None,
) -> int:
    """Store a unit: every shard whole and read back, then its row of the commit record.

    Args:
        storage: of the dataset.
        layout: of the dataset.
        unit: its number.
        arrays: its examples, of every array.
        memory: for the shards; new where there is none.
        encoded: called once the arrays are not needed any more.

    Returns:
        bytes stored.

    Raises:
        DatasetError: arrays of another shape or dtype than the layout says.
        StorageError: the disk or the object store refused, or gave back other bytes.

    """
    # The disk syncs one shard while the next is compressed, and several syncs cost it little more than one.
    memory = memory or Memory()
    with ThreadPoolExecutor(min(2 * len(layout.outputs), WRITERS)) as pool:
        waiting = []
        for place, output in enumerate(layout.outputs):
            key, shard = encode_shard(layout, output, unit, arrays[output.name], memory, place)
            waiting.append((pool.submit(store, storage, key, shard), pool.submit(digest, layout.metadata, shard)))
        encoded()
        sizes = [store.result() for store, _ in waiting]
        digests = [checksum.result() for _, checksum in waiting]
    storage.put(f"{CHECKSUMS}/c.{unit}.0.0", with_checksum(b"".join(digests)))
    return sum(sizes)


def store(storage: Storage, key: str, shard: memoryview) -> int:
    """Store a shard and read it back; its bytes."""
    storage.put(key, shard)
    if not storage.holds(key, shard):
        raise StorageError(f"{storage.url}: {key} reads back differently from what was written")
    return len(shard)


def encode_shard(
    layout: Layout, output: OutputLike, unit: int, data: np.ndarray, memory: Memory | None = None, place: int = 0
) -> tuple[str, memoryview]:
    """The object that holds a unit of an array: its key and its bytes, which last as `shards.encode` says."""
    start, stop = unit_bounds(layout.metadata, unit)
    expected = (stop - start, *output.shape)
    if data.shape != expected or data.dtype != output.dtype:
        raise DatasetError(f"{output.name}: rendered {data.dtype} {data.shape}, announced {output.dtype} {expected}")
    metadata = layout.metadata
    key = f"{output.name}/" + ".".join(["c", str(unit), *("0" for _ in output.shape)])
    return key, encode(metadata["codec"], data, metadata["chunk"], metadata["unit"], memory, place)


def seal(dataset: Dataset, layout: Layout, *, checked: bool = False) -> Dataset:
    """Check that every unit exists (unless that was ``checked``), sweep leftovers, and write identity and ``complete``.

    Raises:
        DatasetError: units are missing.
        StorageError: the disk or the object store refused.

    """
    if dataset.complete:
        return dataset
    refuse_extending(dataset)
    rows = dataset.rows()
    if not checked and (absent := dataset.missing(rows=rows)):
        raise DatasetError(f"{dataset.path}: {len(absent)} of {layout.units} units are missing; generate it again")
    sweep(dataset, layout)
    identity = identity_of(dataset.metadata, rows)
    dataset.storage.put("zarr.json", documents(layout, dataset.about, identity)["zarr.json"])
    return attrs.evolve(dataset, complete=True, identity=identity)


def refuse_extending(dataset: Dataset) -> None:
    """A dataset whose arrays are just being made longer is not one to write to."""
    if dataset.extending:
        count = dataset.extending["count"]
        raise DatasetError(
            f"{dataset.path}: is being extended; go on with: simcore extend {dataset.path} --count {count}"
        )


def _make_arrays(storage: Storage, layout: Layout) -> None:
    """Every array that is not there yet; those that are must be the same but for what says nothing about bytes."""
    for key, document in documents(layout).items():
        if key == "zarr.json":
            continue
        found = storage.get(key)
        if found is None and storage.put_new(key, document):
            continue
        if not same_array(found or storage.get(key) or b"", document):
            raise DatasetError(f"{storage.url}: {key} was changed, or made by other versions of the packages")


def same_array(found: bytes, wanted: bytes) -> bool:
    fields = ("shape", "data_type", "chunk_grid", "chunk_key_encoding", "fill_value", "codecs")
    try:
        one, other = json.loads(found), json.loads(wanted)
        return all(one[field] == other[field] for field in fields)
    except (ValueError, KeyError, TypeError, RecursionError):
        return False


def refuse_differences(
    dataset: Dataset, wanted: Layout, *, unit: int | None, chunk: int | None, codec: str | None
) -> None:
    given = {"unit": unit, "chunk": chunk, "codec": codec}
    fields = [*_COMPARED, *(field for field, value in given.items() if value is not None)]
    pairs = [(field, dataset.metadata[field], wanted.metadata[field]) for field in fields]
    differing = [f"{field} {_short(has)}, asked for {_short(asked)}" for field, has, asked in pairs if has != asked]
    if differing:
        raise DatasetError(f"{dataset.path}: holds another dataset ({'; '.join(differing)}); choose another path")


def _short(value: Any) -> str:
    text = codec_text(value) if is_codec(value) else str(value)
    return text if len(text) <= 40 else f"{text[:12]}..."


def sweep(dataset: Dataset, layout: Layout) -> None:
    """Delete what an interrupted run left: temporary files, and shards beyond the grid. Nothing else is touched."""
    for output in (*layout.outputs, None):
        name, axes = (output.name, len(output.shape) + 1) if output else (CHECKSUMS, 3)
        wanted = {object_key(name, axes, unit) for unit in range(layout.units)}
        for entry in dataset.storage.sizes(name):
            key = f"{name}/{entry}"
            if TEMPORARY.fullmatch(entry) or (entry.startswith("c.") and key not in wanted):
                dataset.storage.remove(key)
    for entry in dataset.storage.sizes(""):
        if TEMPORARY.fullmatch(entry):
            dataset.storage.remove(entry)
