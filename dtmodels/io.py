"""Frames from whatever users hold: videos, TIFF stacks, folders of images, npy, npz, arrays."""

import itertools
import zipfile
import zlib
from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from dtmodels.errors import SourceError

Array = np.ndarray[Any, Any]
Source = str | PathLike[str] | Array
VIDEOS = {".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".gif"}
TIFFS = {".tif", ".tiff"}
KINDS = "biufc"  # of the values of arrays
IMAGES = {".png", ".jpg", ".jpeg", ".bmp", *TIFFS}


def read_frames(source: Source, count: int | None = None) -> Array:
    """All frames of a source, or its first ``count``, as one array (frame, y, x, channel) in the dtype of the file."""
    frames = list(itertools.islice(iterate_frames(source), count))
    if not frames:
        raise SourceError(f"{source}: holds no frames")
    shapes = {frame.shape for frame in frames}
    if len(shapes) > 1:
        raise SourceError(f"{source}: frames of several sizes: {', '.join(str(shape) for shape in sorted(shapes)[:3])}")
    return np.stack(frames)


def batched_frames(source: Source, batch_size: int, batch_bytes: int = 64 * 2**20) -> Iterator[Array]:
    """Arrays (frame, y, x, channel) of up to ``batch_size`` frames, so that a long video never lies whole in memory.

    Large frames come in smaller batches, of at most ``batch_bytes`` as float32 or of one frame.
    """
    frames = iterate_frames(source)
    first = next(frames, None)
    if first is None:
        return
    size = max(1, min(batch_size, batch_bytes // max(1, 4 * first.size)))
    frames = itertools.chain([first], frames)
    while batch := list(itertools.islice(frames, size)):
        if len({frame.shape for frame in (first, *batch)}) > 1:
            raise SourceError(f"{source}: frames of several sizes")
        yield np.stack(batch)


def iterate_frames(source: Source) -> Iterator[Array]:
    """Frames (y, x, channel) one by one; SourceError if the source is missing or of no known kind."""
    if isinstance(source, np.ndarray):
        return iter(_stack(source, "the array"))
    path = Path(source)
    if path.is_dir():
        return _folder(path)
    if not path.is_file():
        raise SourceError(f"{path}: no such file")
    suffix = path.suffix.lower()
    readers = {".npy": _npy, ".npz": _npz, **dict.fromkeys(TIFFS, _tiff), **dict.fromkeys(IMAGES - TIFFS, _image)}
    reader = readers.get(suffix, _video if suffix in VIDEOS else None)
    if reader is None:
        known = ", ".join(sorted(VIDEOS | IMAGES | {".npy", ".npz", ".zarr"}))
        raise SourceError(f"{path}: not read; known: {known}, and folders of images")
    return reader(path)


def _video(path: Path) -> Iterator[Array]:
    import imageio.v3 as iio  # noqa: PLC0415

    try:
        for frame in iio.imiter(path, plugin="pyav"):
            yield _frame(np.asarray(frame))
    except Exception as error:
        raise SourceError(f"{path}: cannot be decoded: {error}") from error


def _image(path: Path) -> Iterator[Array]:
    import imageio.v3 as iio  # noqa: PLC0415

    try:
        yield _frame(np.asarray(iio.imread(path)))
    except Exception as error:
        raise SourceError(f"{path}: cannot be read: {error}") from error


def _tiff(path: Path) -> Iterator[Array]:
    import tifffile  # noqa: PLC0415

    try:
        with tifffile.TiffFile(path) as file:
            yield from _series(file.series[0], path)
    except SourceError:
        raise
    except Exception as error:
        raise SourceError(f"{path}: cannot be read as TIFF: {error}") from error


def _series(series: Any, path: Path) -> Iterator[Array]:
    # Samples (S) and channels (C) are channels of a frame; every other axis than Y and X counts frames.
    axes = series.axes
    if "Y" not in axes or "X" not in axes or sum(axis in "SC" for axis in axes) > 1:
        raise SourceError(f"{path}: TIFF with axes {axes}; must have Y, X and at most one of S and C")
    if axes[-3:] == "SYX" and len(series.pages) == int(np.prod(series.shape[:-3], dtype=int)):
        yield from (np.moveaxis(page.asarray(), 0, -1) for page in series.pages)  # colours one after the other
        return
    if (axes[-2:] == "YX" and "S" not in axes) or axes[-3:] == "YXS":
        pages = _pages(series)
        if "C" not in axes[:-2]:
            yield from (page[..., None] if axes[-1] == "X" else page for page in pages)
            return
        if axes[-3] == "C":
            channels = series.shape[-3]
            while group := list(itertools.islice(pages, channels)):
                yield np.stack(group, axis=-1)
            return
    yield from _whole(series.asarray(), axes)


def _pages(series: Any) -> Iterator[Array]:
    """One page after the other, so that a long stack never lies whole in memory."""
    count = int(np.prod(series.shape[: -3 if series.axes[-1] == "S" else -2], dtype=int))
    if len(series.pages) == count:
        return (page.asarray() for page in series.pages)
    # ImageJ writes large stacks as one page and the pixels behind it.
    values = series.asarray(out="memmap").reshape(count, *series.pages[0].shape)
    return (np.asarray(page) for page in values)


def _whole(values: Array, axes: str) -> Iterator[Array]:
    channels = [k for k, axis in enumerate(axes) if axis in "SC"]
    image = [axes.find("Y"), axes.find("X")]
    frames = [k for k in range(values.ndim) if k not in (*channels, *image)]
    ordered = values.transpose(*frames, *image, *channels)
    tail = ordered.shape[len(frames) :]
    yield from ordered.reshape(-1, tail[0], tail[1], tail[2] if channels else 1)


def _npy(path: Path) -> Iterator[Array]:
    try:
        values = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise SourceError(f"{path}: cannot be read as npy: {' '.join(str(error).split())}") from error
    return iter(_stack(values, str(path)))


def _npz(path: Path) -> Iterator[Array]:
    try:
        with np.load(path, allow_pickle=False) as file:
            if len(file.files) != 1:
                raise SourceError(f"{path}: must hold one array, holds {', '.join(file.files)}; pass the array itself")
            values = file[file.files[0]]
    except (ValueError, TypeError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        # A TypeError is that of a single array, which an npz is not.
        raise SourceError(f"{path}: cannot be read as npz: {' '.join(str(error).split())}") from error
    return iter(_stack(values, str(path)))


def _folder(path: Path) -> Iterator[Array]:
    files = sorted(file for file in path.iterdir() if file.suffix.lower() in IMAGES)
    if not files:
        raise SourceError(f"{path}: no images here; known: {', '.join(sorted(IMAGES))}")
    return itertools.chain.from_iterable(iterate_frames(file) for file in files)


def _stack(values: Array, name: str) -> Array:
    if not isinstance(values, np.ndarray):
        raise SourceError(f"{name}: holds several arrays, not one; such a file ends in .npz")
    if values.dtype.kind not in KINDS:
        raise SourceError(f"{name}: values of type {values.dtype}; must be numbers: bool, integer, float or complex")
    if values.ndim == 2:
        return values[None, :, :, None]
    if values.ndim == 3 and values.shape[-1] > 4:
        return values[..., None]
    if values.ndim == 4:
        return values
    raise SourceError(f"{name}: shape {values.shape}; must be (y, x), (frame, y, x) or (frame, y, x, channel)")


def _frame(values: Array) -> Array:
    return values[..., None] if values.ndim == 2 else values
