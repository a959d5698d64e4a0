"""One .npy file per array: ``np.load("image.npy", mmap_mode="r")`` maps it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from simcore.exports.selection import Selection


def write_numpy(selection: Selection, folder: Path) -> None:
    """Write one file per array, chunk by chunk."""
    for name in selection.names:
        with (folder / f"{name}.npy").open("wb") as file:
            array = selection.array(name)
            dtype = array.dtype.newbyteorder("<")
            header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": array.shape}
            np.lib.format.write_array_header_1_0(file, header)
            for _, piece in selection.view.chunks([name]):
                file.write(np.ascontiguousarray(piece[name], dtype).data)
    selection.write_beside(folder)
