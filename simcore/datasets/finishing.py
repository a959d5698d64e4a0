"""Datasets sealed by nothing but what lies on the disk: no recipe is read, nothing is rendered."""

import os
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

import attrs
import numpy as np

from simcore.datasets.dataset import Dataset, attributes_of, open_dataset
from simcore.datasets.documents import documents, open_array
from simcore.datasets.layout import Layout
from simcore.datasets.storage import Storage
from simcore.datasets.writing import same_array, seal
from simcore.errors import DatasetError

_NAMED = ("units", "description", "kind")
_RANGES = 8  # that a message lists


@attrs.frozen
class StoredOutput:
    """An array as its document describes it."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    dimensions: tuple[str, ...]
    units: str
    description: str
    kind: str
    attributes: Mapping[str, Any]


def finish(path: str | os.PathLike[str] | Storage) -> Dataset:
    """Check that all units are there, sweep leftovers, seal; nothing happens where that was done.

    Raises:
        DatasetError: no dataset, units are missing, or documents that do not fit its metadata.
        StorageError: the disk or the object store refused.

    """
    dataset = open_dataset(path)
    if dataset.complete:
        return dataset
    if absent := dataset.missing():
        raise DatasetError(_what_is_missing(dataset, absent))
    return seal(dataset, layout_of(dataset), checked=True)


def layout_of(dataset: Dataset) -> Layout:
    """The layout of a dataset, from the documents of its arrays, which must be what its metadata says.

    Raises:
        DatasetError: a document is missing or was changed.

    """
    layout = Layout(tuple(_output(dataset, name) for name in dataset.arrays), dataset.metadata)
    for key, document in documents(layout).items():
        if key != "zarr.json" and not same_array(dataset.storage.get(key) or b"", document):
            raise DatasetError(f"{dataset.path}: {key} does not fit the metadata of the dataset")
    return layout


def ranges(units: Iterable[int], most: int = _RANGES) -> str:
    """Units for people: ``0-6, 9, 12-15``, and how many ranges more there are than ``most``."""
    runs = [[unit for _, unit in run] for _, run in groupby(enumerate(units), lambda pair: pair[1] - pair[0])]
    texts = [str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs]
    more = [f"and {len(texts) - most:,} ranges more"] if len(texts) > most else []
    return ", ".join(texts[:most] + more)


def _what_is_missing(dataset: Dataset, absent: Sequence[int]) -> str:
    metadata, total = dataset.metadata, -(-len(dataset) // dataset.metadata["unit"])
    verb = "is" if len(absent) == 1 else "are"
    split = f" --split {metadata['split']}" if metadata["split"] else ""
    return (
        f"{dataset.path}: {len(absent):,} of {total:,} units {verb} missing ({ranges(absent)}); they are rendered by: "
        f"simcore generate RECIPE {dataset.path} --count {len(dataset)} --seed {metadata['seed']}{split}"
    )


def _output(dataset: Dataset, name: str) -> StoredOutput:
    array = open_array(dataset.storage, name)
    described = attributes_of(array)
    try:
        units, description, kind = (str(described.pop(key)) for key in _NAMED)
        dimensions = tuple(map(str, array.metadata.dimension_names[1:]))
    except (KeyError, TypeError):
        raise DatasetError(f"{dataset.path}: {name}/zarr.json lacks what FORMAT.md asks for") from None
    return StoredOutput(name, array.shape[1:], array.dtype, dimensions, units, description, kind, described)
