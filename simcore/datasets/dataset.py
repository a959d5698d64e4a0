"""A dataset on disk, as FORMAT.md describes it: opened, and what there is to tell of it."""

import json
import os
from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np
import zarr

from simcore.datasets.digests import FORMATS, format_of
from simcore.datasets.documents import open_array
from simcore.datasets.layout import (
    CHECKSUMS,
    check_extending,
    check_metadata,
    metadata_sha256,
    object_key,
    unit_count,
)
from simcore.datasets.shards import without_checksum
from simcore.datasets.storage import Storage, open_storage
from simcore.errors import DatasetError

READ_AT_ONCE = 4096  # rows of the commit record


@attrs.define
class Dataset:
    """A dataset on disk.

    Attributes:
        storage: where it lies.
        metadata: what it was made from and how it is cut; see FORMAT.md.
        about: date, host and package versions of its making.
        complete: whether it is sealed.
        identity: of a sealed dataset; two that are equal hold equal arrays.
        extending: of one that is being extended: the count and the checksum of the metadata that it shall have.

    """

    storage: Storage
    metadata: dict[str, Any]
    about: dict[str, Any]
    complete: bool
    identity: str | None
    extending: dict[str, Any] | None = None

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
        return open_array(self.storage, name)

    def __repr__(self) -> str:
        state = "complete" if self.complete else "incomplete"
        return f"<Dataset {self.path}: {len(self)} examples of {', '.join(self.arrays)}, {state}>"

    def rows(self) -> np.ndarray:
        """The commit record, uint8, (unit, array, 32); rows that are missing or do not decode are zero."""
        rows = np.zeros((unit_count(self.metadata), len(self.arrays), 32), np.uint8)
        document = self.storage.get(f"{CHECKSUMS}/zarr.json")
        if document is None:  # stopped before the first unit
            return rows
        _check_shape(self.path, document, rows, longer=self.extending is not None)
        there = self.storage.sizes(CHECKSUMS)
        units = [unit for unit in range(len(rows)) if f"c.{unit}.0.0" in there]
        for start in range(0, len(units), READ_AT_ONCE):
            some = units[start : start + READ_AT_ONCE]
            keys = [object_key(CHECKSUMS, rows.ndim, unit) for unit in some]
            for unit, data in zip(some, self.storage.get_each(keys), strict=True):
                rows[unit] = _decode_row(data, rows[unit])
        return rows

    def committed(self, rows: np.ndarray | None = None) -> np.ndarray:
        """Which units exist, bool, (unit,): their row (of ``rows``, if given) decodes and every object that it names is there."""
        exists = np.all(np.any(self.rows() if rows is None else rows, axis=2), axis=1)
        for name in self.arrays if exists.any() else ():
            axes = open_array(self.storage, name).ndim
            sizes = self.storage.sizes(name)
            keys = (object_key(name, axes, unit).split("/")[1] for unit in range(len(exists)))
            exists &= np.array([sizes.get(key, 0) > 0 for key in keys])
        return exists

    def missing(self, units: Sequence[int] | None = None, *, rows: np.ndarray | None = None) -> list[int]:
        """The units that are still to be written: of all (``rows`` if they were read), or of these, and no other looked at."""
        if self.complete:
            return []
        if units is None:
            return np.flatnonzero(~self.committed(rows)).tolist()
        begun = [unit for unit in units if self.storage.size(f"{CHECKSUMS}/c.{unit}.0.0")]
        there = self._committed_of(begun) if begun else set()
        return [unit for unit in units if unit not in there]

    def _committed_of(self, units: Sequence[int]) -> set[int]:
        axes = {name: open_array(self.storage, name).ndim for name in self.arrays}
        none = np.zeros((len(self.arrays), 32), np.uint8)
        keys = [object_key(CHECKSUMS, 3, unit) for unit in units]
        rows = [_decode_row(data, none) for data in self.storage.get_each(keys)]
        return {
            unit
            for unit, row in zip(units, rows, strict=True)
            if np.all(np.any(row, axis=1))
            and all(self.storage.size(object_key(name, axes[name], unit)) for name in self.arrays)
        }


def open_dataset(path: str | os.PathLike[str] | Storage) -> Dataset:
    """Open a dataset to look at it, sealed or not.

    Raises:
        DatasetError: no dataset, one of a version that is not known, or one whose metadata was changed.
        StorageError: the disk or the object store refused.

    """
    dataset = read_group(open_storage(path) if isinstance(path, str | os.PathLike) else path)
    known = kept_checksum(dataset.storage)
    if known is None and dataset.complete:
        raise DatasetError(f"{dataset.path}: its commit record is missing")
    if known not in (None, metadata_sha256(dataset.metadata), (dataset.extending or {}).get("metadata_sha256")):
        raise DatasetError(f"{dataset.path}: its metadata does not belong to its commit record")
    return dataset


def read_group(storage: Storage) -> Dataset:
    """What the group's document says, whatever else lies there."""
    document = storage.get("zarr.json")
    if document is None:
        raise DatasetError(f"{storage.url}: no dataset there")
    try:
        attributes = json.loads(document)["attributes"]["simcore"]
        found = attributes["format"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DatasetError(f"{storage.url}: not a dataset of simcore") from error
    if found not in FORMATS.values():
        known = " and ".join(map(repr, FORMATS.values()))
        raise DatasetError(f"{storage.url}: its format is {found!r}; this version reads {known}")
    try:
        metadata = check_metadata(attributes.get("metadata"), attributes.get("metadata_sha256"))
        if format_of(metadata) != found:
            raise DatasetError(f"its format is {found!r}, its metadata are of {format_of(metadata)!r}")
        extending = check_extending(metadata, attributes.get("extending"))
    except DatasetError as error:
        raise DatasetError(f"{storage.url}: {error}") from error
    about, identity = attributes.get("about"), attributes.get("identity")
    return Dataset(
        storage,
        metadata,
        about if isinstance(about, dict) else {},
        attributes.get("complete") is True,
        identity if isinstance(identity, str) else None,
        extending,
    )


def kept_checksum(storage: Storage) -> str | None:
    """Checksum of the metadata as the commit record knows it, since the group's file could be exchanged; None without."""
    document = storage.get(f"{CHECKSUMS}/zarr.json")
    if document is None:
        return None
    try:
        return str(json.loads(document)["attributes"]["metadata_sha256"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def describe(dataset: Dataset) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """What there is to tell of a dataset: facts by name, and of each array name, axes, shape, dtype, units, bytes."""
    metadata, units = dataset.metadata, unit_count(dataset.metadata)
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


def attributes_of(array: Any) -> dict[str, Any]:
    """Attributes of a zarr array; none where something else was put in their place."""
    found = array.metadata.attributes
    return dict(found) if isinstance(found, dict) else {}


def _describe_array(dataset: Dataset, name: str) -> dict[str, Any]:
    array = dataset[name]
    return {
        "name": name,
        "axes": ", ".join(map(str, array.metadata.dimension_names or ())),
        "shape": array.shape,
        "dtype": str(array.dtype),
        "units": str(attributes_of(array).get("units", "1")),
        "stored": sum(dataset.storage.sizes(name).values()),
    }


def _check_shape(path: str, document: bytes, rows: np.ndarray, longer: bool) -> None:
    """The commit record must be as FORMAT.md says, and of as many units and arrays as the metadata says (of more
    units while the dataset is extended).
    """
    try:
        found = json.loads(document)
        codecs = [codec["name"] for codec in found["codecs"]]
        units, *rest = found["shape"]
        fits = units == len(rows) or (longer and units > len(rows))
        fits &= (rest, found["data_type"], codecs) == (list(rows.shape[1:]), "uint8", ["bytes", "crc32c"])
    except (ValueError, KeyError, TypeError, RecursionError):
        fits = False
    if not fits:
        raise DatasetError(f"{path}: its commit record does not fit its metadata")


def _decode_row(data: bytes | None, room: np.ndarray) -> np.ndarray:
    """A row as it lies on the store; zeros where it was cut or changed."""
    whole = without_checksum(data or b"")
    return np.frombuffer(whole, np.uint8).reshape(room.shape) if len(whole) == room.nbytes else np.zeros_like(room)
