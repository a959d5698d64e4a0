"""Measured images and videos of the project, one frame at a time as (y, x) in grey."""

from __future__ import annotations

import itertools
from functools import lru_cache
from pathlib import Path

import numpy as np
from scipy import ndimage

from studio.errors import StudioError
from studio.project import Project

MOST_FRAMES = 500  # of a video that are kept to be leafed through
MOST_BYTES = 512 * 2**20


def frames(project: Project, name: str) -> np.ndarray:
    """Return the frames (frame, y, x) of a file of the project as float32, colours averaged.

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
    import dtmodels  # noqa: PLC0415  (half a second, which a page without measured images need not wait)
    from dtmodels.io import iterate_frames  # noqa: PLC0415  (read_frames would read a long video whole)

    found: list[np.ndarray] = []
    try:
        for frame in itertools.islice(iterate_frames(path), MOST_FRAMES):
            found.append(np.asarray(frame, np.float32).mean(axis=-1))
            if len(found) * found[0].nbytes > MOST_BYTES or found[-1].shape != found[0].shape:
                break
    except dtmodels.DtmodelsError as error:
        raise StudioError(str(error).replace(str(path), path.name)) from None
    if not found:
        raise StudioError(f"{path.name}: holds no frames")
    return np.stack([frame for frame in found if frame.shape == found[0].shape])


def brought_to(frame: np.ndarray, shape: tuple[int, int], how: str) -> np.ndarray:
    """Return a frame (y, x) at the size of a simulated image: "resize" scales it, "crop" cuts its middle, "none" leaves it."""
    if how == "none" or frame.shape == shape:
        return frame
    if how == "resize":
        factors = (shape[0] / frame.shape[0], shape[1] / frame.shape[1])
        smooth = [
            max(0.0, 0.5 * (1 / factor - 1)) for factor in factors
        ]  # so that nothing folds into the smaller image
        blurred = ndimage.gaussian_filter(frame, smooth) if any(smooth) else frame
        return np.asarray(ndimage.zoom(blurred, factors, order=1, grid_mode=True, mode="nearest"))
    top, left = (max(0, (a - b) // 2) for a, b in zip(frame.shape, shape, strict=True))
    return frame[top : top + shape[0], left : left + shape[1]]
