"""Measured images and videos of the project, one frame at a time as (y, x) in grey."""

from __future__ import annotations

import itertools
from functools import lru_cache
from pathlib import Path

import numpy as np

from studio.applying.frames import told
from studio.browsing import pictures
from studio.errors import StudioError
from studio.project import Project

MOST_FRAMES = 500  # of a video that are kept to be leafed through
MOST_BYTES = 512 * 2**20


def frames(project: Project, name: str) -> np.ndarray:
    """Return the frames (frame, y, x) of a file of the project as float32, in grey.

    Raises StudioError if it cannot be read.
    """
    path = project.inside(name)
    try:
        stamp = path.stat()
    except OSError as error:
        raise StudioError(f"{name}: {error.strerror or error}") from None
    return _frames(path, stamp.st_mtime_ns, stamp.st_size)


@lru_cache(maxsize=4)
def _frames(path: Path, changed: int, size: int) -> np.ndarray:
    from dtmodels.errors import DtmodelsError  # noqa: PLC0415  (half a second, which a page without measured images need not wait)
    from dtmodels.io import iterate_frames  # noqa: PLC0415  (read_frames would read a long video whole)

    found: list[np.ndarray] = []
    try:
        for frame in itertools.islice(iterate_frames(path), MOST_FRAMES):
            found.append(_in_grey(frame))
            if len(found) * found[0].nbytes > MOST_BYTES or found[-1].shape != found[0].shape:
                break
    except (DtmodelsError, OSError, MemoryError) as error:
        raise StudioError(told(error, path)) from None
    except Exception as error:  # of a decoder, for a file that nobody foresaw: the page must outlive it
        raise StudioError(told(error, path, ": cannot be read")) from None
    if not found or not found[0].size:
        raise StudioError(f"{path.name}: holds no {'pixels' if found else 'frames'}")
    return np.stack([frame for frame in found if frame.shape == found[0].shape])


def _in_grey(frame: np.ndarray) -> np.ndarray:
    """Return a frame (y, x, channel) as a network gets it: luminance of colours, without opacity; the mean of other channels."""
    from dtmodels.frames import grey  # noqa: PLC0415

    values = pictures.real(np.asarray(frame))
    return grey(values, True if values.shape[-1] <= 4 else "mean")[..., 0]


def brought_to(frame: np.ndarray, shape: tuple[int, int], how: str) -> np.ndarray:
    """Return a frame (y, x) at the size of a simulated image: "resize" scales it, "crop" cuts its middle, "none" leaves it."""
    if how == "none" or frame.shape == shape:
        return frame
    if how == "resize":
        return _resized(frame, shape)
    top, left = (max(0, (a - b) // 2) for a, b in zip(frame.shape, shape, strict=True))
    return frame[top : top + shape[0], left : left + shape[1]]


def _resized(frame: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return a frame as ``input: {resize}`` of a training file makes it; what no number went into is none."""
    from dtmodels.frames import resize  # noqa: PLC0415

    finite = np.isfinite(frame)
    if finite.all():
        return resize(frame[None, :, :, None], shape)[0, :, :, 0]
    # Sums over rows and columns would make the whole image of one that is not a number.
    made = resize(np.where(finite, frame, 0)[None, :, :, None], shape)[0, :, :, 0]
    touched = resize(~finite[None, :, :, None], shape)[0, :, :, 0] > 0
    return np.where(touched, np.float32(np.nan), made)
