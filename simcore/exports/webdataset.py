"""WebDataset: tar files in which files of one key are one example; the same examples give the same bytes."""

from __future__ import annotations

import io
import json
import tarfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from simcore.datasets.views import View
from simcore.exports.selection import Selection

DIGITS = 9


def write_webdataset(selection: Selection, folder: Path) -> None:
    """Write one tar after the other, chunk by chunk."""
    single = {name for name in selection.numbers if selection.array(name).ndim == 1}
    for number, (first, view) in enumerate(selection.files()):
        with tarfile.open(folder / f"examples-{number:06d}.tar", "w", format=tarfile.USTAR_FORMAT) as tar:
            _write_examples(tar, view, first, selection.names, single)
    selection.write_beside(folder)


def _write_examples(tar: tarfile.TarFile, view: View, first: int, names: tuple[str, ...], single: set[str]) -> None:
    for start, pieces in view.chunks(names):
        for place in range(len(next(iter(pieces.values())))):
            key = f"{first + start + place:0{DIGITS}d}"
            for name in names:
                if name not in single:
                    _add(tar, f"{key}.{name}.npy", _npy(pieces[name][place]))
            numbers = {name: _number(pieces[name][place]) for name in names if name in single}
            _add(tar, f"{key}.json", json.dumps(numbers, allow_nan=False).encode())


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(name)  # its time, owner and mode are always the same
    entry.size = len(data)
    tar.addfile(entry, io.BytesIO(data))


def _npy(array: np.ndarray) -> bytes:
    plain = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    return _npy_header(plain.dtype.str, plain.shape) + plain.tobytes()


@lru_cache
def _npy_header(dtype: str, shape: tuple[int, ...]) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": dtype, "fortran_order": False, "shape": shape})
    return file.getvalue()


def _number(value: Any) -> Any:
    number = value.item()
    return None if isinstance(number, float) and not np.isfinite(number) else number  # JSON knows no NaN
