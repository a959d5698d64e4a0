"""Measured frames for a page: read once, shown one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from studio.browsing import pictures
from studio.errors import StudioError
from studio.running.places import apart

Array = np.ndarray[Any, Any]
MOST_BYTES = 512 * 2**20  # of frames that are held; what follows is not shown
_lengths: dict[Path, int] = {}  # of files that were read whole, the last one last


@dataclass(frozen=True, eq=False)
class Frames:
    """Frames (frame, y, x, channel) as they are in the file, of complex ones the magnitude.

    ``whole`` unless there were too many to hold.
    """

    path: Path
    images: Array
    whole: bool
    low: float
    high: float

    def __len__(self) -> int:
        return len(self.images)

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return (int(self.images.shape[1]), int(self.images.shape[2]))

    def pixels(self, number: int) -> Array:
        """One frame as uint8; all frames with the same black and white."""
        return pictures.grey(self.images[number], self.low, self.high)


def frames(path: Path) -> Frames:
    """The frames of a video, stack, image, folder or npy; StudioError where they cannot be read."""
    try:
        found = path.stat()
    except OSError as error:
        raise StudioError(f"{path.name}: {error.strerror or error}") from None
    return _frames(path, found.st_mtime_ns)


@lru_cache(maxsize=3)
def _frames(path: Path, stamp: int) -> Frames:
    from dtmodels.errors import DtmodelsError  # noqa: PLC0415  (pandas and matplotlib follow)
    from dtmodels.io import iterate_frames  # noqa: PLC0415

    try:
        images, whole = _held(iterate_frames(path), path.name)
        low, high = pictures.limits(pictures.colours(images[:: max(1, len(images) // 16)]))
    except StudioError:
        raise
    except (DtmodelsError, OSError, MemoryError) as error:
        raise StudioError(told(error, path)) from None
    except Exception as error:  # of a decoder, for a file that nobody foresaw: the page must outlive it
        raise StudioError(told(error, path, ": cannot be read")) from None
    _lengths.pop(path, None)
    if whole:
        _lengths[path] = len(images)
    return Frames(path, images, whole, low, high)


def length_of(project: Path, folder: str) -> int | None:
    """How many frames the measured file of a project holds whose results lie in a folder; None if it was not read whole yet."""
    for path, count in reversed(list(_lengths.items())):
        if project in path.parents and apart(path.relative_to(project).as_posix()) == folder:
            return count
    return None


def told(error: BaseException, path: Path, before: str = "") -> str:
    """What an error says of a file, in one line that names it."""
    line = " ".join(str(error).split()).replace(str(path), path.name) or type(error).__name__
    return line if line.startswith(path.name) else f"{path.name}{before}: {line}"


def _held(source: Iterator[Array], name: str) -> tuple[Array, bool]:
    held: list[Array] = []
    size = 0
    for each in source:
        frame = pictures.real(np.asarray(each))
        if held and frame.shape != held[0].shape:
            raise StudioError(f"{name}: frames of several sizes: {held[0].shape}, {frame.shape}")
        size += frame.nbytes
        if size > MOST_BYTES:
            return np.stack(held), False
        held.append(frame)
    if not held:
        raise StudioError(f"{name}: holds no frames")
    if not held[0].size:
        raise StudioError(f"{name}: frames of shape {held[0].shape}; must hold pixels")
    return np.stack(held), True
