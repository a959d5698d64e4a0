"""One HDF5 file: arrays with their units as attributes, named axes, and scales for the numbers of examples and columns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from simcore.errors import StorageError
from simcore.exports.selection import Selection

CACHE_BYTES = 8 << 20  # of an array: a chunk that is filled in parts stays there until it is whole


def write_hdf5(selection: Selection, path: Path) -> None:
    """Write the file, chunk by chunk."""
    try:
        import h5py  # noqa: PLC0415  (optional)
    except ImportError as error:
        raise StorageError("HDF5 needs h5py; pip install 'simcore[hdf5]'") from error
    with h5py.File(path, "w", track_order=True, rdcc_nbytes=CACHE_BYTES) as file:
        description = selection.description()
        file.attrs["simcore"] = json.dumps(description, ensure_ascii=False)
        file.attrs["identity"] = description["identity"]
        file.attrs["recipe"] = list(selection.recipes().values())
        scale = file.create_dataset("example", data=np.arange(len(selection.view)) + selection.first)
        scale.make_scale("example")
        for name in selection.names:
            _create(file, selection, name, h5py.string_dtype())
        for start, pieces in selection.view.chunks(selection.names):
            for name, piece in pieces.items():
                file[name][start : start + len(piece)] = piece


def _create(file: Any, selection: Selection, name: str, text: Any) -> None:
    array = selection.array(name)
    stored = int(selection.view.members[0].dataset.metadata["chunk"])  # what is read is whole stored chunks
    chunks = (min(len(array), stored), *array.shape[1:])
    created = file.create_dataset(
        name, array.shape, array.dtype, chunks=chunks, compression="gzip", compression_opts=1, shuffle=True
    )
    for axis, label in enumerate(array.dimensions):
        created.dims[axis].label = label
    created.dims[0].attach_scale(file["example"])
    for key, value in array.attributes.items():
        created.attrs[key] = value if isinstance(value, str | int | float) else json.dumps(value, ensure_ascii=False)
    if array.labels:
        scale = file.create_dataset(array.dimensions[-1], data=array.labels, dtype=text)
        scale.make_scale(array.dimensions[-1])
        created.dims[array.ndim - 1].attach_scale(scale)
