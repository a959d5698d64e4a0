"""Examples of a dataset or view, written in another format: whole under its name, or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import attrs

from simcore.datasets.layout import whole
from simcore.datasets.view_files import Openable, open_dataset
from simcore.errors import ParameterError
from simcore.exports.hdf5 import write_hdf5
from simcore.exports.numpy_files import write_numpy
from simcore.exports.places import placed
from simcore.exports.selection import Selection
from simcore.exports.tiff import write_ome_tiff, write_tiff
from simcore.exports.webdataset import write_webdataset

WRITERS: dict[str, Callable[[Selection, Path], None]] = {
    "tiff": write_tiff,
    "ome-tiff": write_ome_tiff,
    "hdf5": write_hdf5,
    "numpy": write_numpy,
    "webdataset": write_webdataset,
}
FORMATS = tuple(WRITERS)


def export(
    part: Openable,
    out: str | os.PathLike[str],
    format: str,
    *,
    arrays: Sequence[str] | None = None,
    first: int = 0,
    count: int | None = None,
    per_file: int = 1000,
    overwrite: bool = False,
) -> Path:
    """Write examples of a dataset or view in another format; values are exactly those that are stored.

    "tiff" and "ome-tiff": stacks of the images (pixel size, channels, axes), the rest as CSV beside them; "hdf5": one file;
    "numpy": one .npy file per array, which ``np.load(..., mmap_mode="r")`` maps; "webdataset": tar files, of each example its
    arrays as .npy and its numbers as .json. Booleans become 0 and 255 in TIFF files, complex numbers two channels.

    Args:
        part: a path, URL, dataset or view; sealed.
        out: a local path: a folder, of "hdf5" a file. Its parent must exist.
        format: "tiff", "ome-tiff", "hdf5", "numpy" or "webdataset".
        arrays: names; None: all. The number of particles goes with an array that has one.
        first: the first example.
        count: number of examples; None: all from the first.
        per_file: examples in a file of "tiff", "ome-tiff" and "webdataset".
        overwrite: whether an older export at ``out`` may be replaced. Nothing else ever is.

    Returns:
        where it lies.

    Raises:
        ParameterError: an unknown format or array, examples that are not there.
        DatasetError: not a sealed dataset, or something lies at ``out``.
        StorageError: the disk refused; nothing is left behind.

    """
    if format not in WRITERS:
        raise ParameterError(f"format: {format!r}; must be one of {', '.join(FORMATS)}")
    view = open_dataset(part)
    first = whole("first", first, least=0, below=len(view))
    left = len(view) - first
    count = left if count is None else whole("count", count, least=1, below=left + 1)
    names = _names(view.arrays, arrays)
    chosen = attrs.evolve(view.part(first, first + count), path=view.path)
    selection = Selection(chosen, names, first, whole("per_file", per_file, least=1))
    with placed(out, folder=format != "hdf5", overwrite=overwrite) as partial:
        WRITERS[format](selection, partial)
    return Path(out)


def _names(known: tuple[str, ...], arrays: Sequence[str] | None) -> tuple[str, ...]:
    if arrays is None:
        return known
    unknown = [name for name in arrays if name not in known]
    if unknown or not arrays:
        raise ParameterError(f"arrays: {', '.join(unknown) or 'none'}; must be some of {', '.join(known)}")
    return tuple(name for name in known if name in arrays or name.removesuffix("_count") in arrays)
