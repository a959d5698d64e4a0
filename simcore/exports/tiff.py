"""TIFF and OME-TIFF: stacks of images with axes and pixel size; what is no image as CSV beside them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from simcore.datasets.views import StoredArray, View
from simcore.exports.physical import Physical, physical
from simcore.exports.selection import Selection
from simcore.exports.tables import write_tables

UM_PER_CM = 1e4
_AXES = {3: "CYX", 4: "TCYX"}  # of an example, by how many axes it has
_OME = {"float16": "float32", "int64": "float64", "uint64": "float64"}  # what OME has no name for


def write_tiff(selection: Selection, folder: Path) -> None:
    """Write ``<array>-<number of the first example>.tif``: one series of shape (example, [frame,] channel, y, x)."""
    import tifffile  # noqa: PLC0415  (slow to import)

    for name in selection.pictures:
        array = selection.array(name)
        for first, view in selection.files():
            shape, dtype = (len(view), *plane_shape(array)), plane_dtype(array.dtype)
            with tifffile.TiffWriter(folder / f"{name}-{first:09d}.tif", bigtiff=_is_big(shape, dtype)) as file:
                axes = {"axes": f"I{_AXES[len(shape) - 1]}", "channels": channel_names(array)}
                file.write(_planes(view, name), shape=shape, dtype=dtype, metadata=axes, photometric="minisblack",
                           **_resolution(_physical(selection, name)))  # fmt: skip
    write_tables(selection, folder)
    selection.write_beside(folder)


def write_ome_tiff(selection: Selection, folder: Path) -> None:
    """Write ``<array>-<number of the first example>.ome.tif``: an OME image for every example, with axes ([T]CYX)."""
    import tifffile  # noqa: PLC0415  (as above)

    for name in selection.pictures:
        array = selection.array(name)
        dtype = np.dtype(_OME.get(plane_dtype(array.dtype).name, plane_dtype(array.dtype)))
        known = _physical(selection, name)
        for first, view in selection.files():
            big = _is_big((len(view), *plane_shape(array)), dtype)
            with tifffile.TiffWriter(folder / f"{name}-{first:09d}.ome.tif", ome=True, bigtiff=big) as file:
                for number, example in _examples(view, name):
                    metadata = _ome(array, known, f"{name} {first + number}")
                    file.write(example.astype(dtype, copy=False), metadata=metadata, photometric="minisblack",
                               **_resolution(known))  # fmt: skip
    write_tables(selection, folder)
    selection.write_beside(folder)


def plane_shape(array: StoredArray) -> tuple[int, ...]:
    """([frame,] channel, y, x) of an example; complex numbers take two channels."""
    *time, height, width, channels = array.shape[1:]
    return (*time, channels * (2 if array.dtype.kind == "c" else 1), height, width)


def plane_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """What the pixels become: booleans bytes, complex numbers real ones."""
    if dtype.kind == "b":
        return np.dtype(np.uint8)
    return np.dtype(f"f{dtype.itemsize // 2}") if dtype.kind == "c" else dtype


def channel_names(array: StoredArray) -> list[str]:
    """Names of the channels; those of a field are real and imaginary parts."""
    channels = array.shape[-1]
    names = [array.name if channels == 1 else f"{array.name} {k}" for k in range(channels)]
    return [f"{name} {part}" for name in names for part in ("real", "imaginary")] if array.dtype.kind == "c" else names


def as_planes(block: np.ndarray) -> np.ndarray:
    """(..., y, x, channel) as (..., channel, y, x) of numbers that TIFF knows."""
    if block.dtype.kind == "b":
        block = block.astype(np.uint8) * np.uint8(255)
    if block.dtype.kind == "c":
        block = np.stack([block.real, block.imag], axis=-1).reshape(*block.shape[:-1], -1)
    return np.ascontiguousarray(np.moveaxis(block, -1, -3))


def _examples(view: View, name: str) -> Iterator[tuple[int, np.ndarray]]:
    for start, pieces in view.chunks([name]):
        for place, example in enumerate(pieces[name]):
            yield start + place, as_planes(example)


def _planes(view: View, name: str) -> Iterator[np.ndarray]:
    for _, example in _examples(view, name):
        yield from example.reshape(-1, *example.shape[-2:])


def _physical(selection: Selection, name: str) -> Physical:
    dimensions = selection.array(name).dimensions
    found = {physical(text, name, dimensions) for text in selection.recipes().values()}
    return found.pop() if len(found) == 1 else Physical()


def _resolution(known: Physical) -> dict[str, Any]:
    if known.pixel_size is None:
        return {}
    per_cm = UM_PER_CM / known.pixel_size
    return {"resolution": (per_cm, per_cm), "resolutionunit": "CENTIMETER"}


def _ome(array: StoredArray, known: Physical, title: str) -> dict[str, Any]:
    metadata: dict[str, Any] = {"axes": _AXES[array.ndim - 1], "Name": title, "Channel": {"Name": channel_names(array)}}
    if array.attributes.get("description"):
        metadata["Description"] = array.attributes["description"]
    if known.pixel_size is not None:
        for axis in "XY":
            metadata |= {f"PhysicalSize{axis}": known.pixel_size, f"PhysicalSize{axis}Unit": "µm"}
    if known.interval is not None and array.ndim == 5:
        metadata |= {"TimeIncrement": known.interval, "TimeIncrementUnit": "s"}
    return metadata


def _is_big(shape: tuple[int, ...], dtype: np.dtype[Any]) -> bool:
    return int(np.prod(shape)) * dtype.itemsize > 1 << 31
