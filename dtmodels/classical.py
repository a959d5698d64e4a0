"""Localisation without a network."""

from typing import Any

import numpy as np
import pandas as pd

from dtmodels.errors import SourceError
from dtmodels.frames import grey
from dtmodels.io import Source, batched_frames

Array = np.ndarray[Any, Any]
BLOCK = 64


def radial_center(images: Array) -> Array:
    """Centre of radial symmetry of each image: (n, 2), y and x in pixels, of dark and of bright particles alike.

    ``images``: (n, y, x), (n, y, x, 1) or one (y, x), with one particle each. The centre is the point with the least
    squared distance to the lines along the intensity gradients; a line counts with the squared gradient over its
    distance from the centroid of the squared gradients. NaN for an image without any gradient. SourceError for another
    shape.

    R. Parthasarathy, "Rapid, accurate particle tracking by calculation of radial symmetry centers", Nature Methods 9,
    724 (2012).
    """
    stack = _stack(images)
    along_y, along_x = _gradients(stack)
    y, x = _midpoints(stack.shape[1:])
    distance = _distance_from_centroid(along_y**2 + along_x**2, y, x)
    return _nearest_point(along_y, along_x, 1 / distance, (y, x))


def track_radial_center(source: Source) -> pd.DataFrame:
    """Radial centre of every frame of a video, TIFF stack, folder, npy, npz or array: columns ``frame``, ``y``, ``x``.

    Colour counts by its luminance. The frames are taken whole, as they are. SourceError when they cannot be read.
    """
    found = [radial_center(grey(frames)) for frames in batched_frames(source, BLOCK)]
    if not found:
        raise SourceError(f"{source}: holds no frames")
    centres = np.concatenate(found)
    return pd.DataFrame({"frame": np.arange(len(centres)), "y": centres[:, 0], "x": centres[:, 1]})


def _stack(images: Array) -> Array:
    stack = np.asarray(images, dtype=np.float64)
    if stack.ndim == 2:
        stack = stack[None]
    if stack.ndim == 4 and stack.shape[-1] == 1:
        stack = stack[..., 0]
    if stack.ndim != 3 or min(stack.shape[1:]) < 4:
        raise SourceError(
            f"radial_center: images of shape {np.shape(images)}; must be (n, y, x) with 4 x 4 pixels or more"
        )
    return stack


def _midpoints(shape: tuple[int, ...]) -> tuple[Array, Array]:
    y, x = np.meshgrid(np.arange(shape[0] - 1) + 0.5, np.arange(shape[1] - 1) + 0.5, indexing="ij")
    return y, x


def _gradients(stack: Array) -> tuple[Array, Array]:
    # Differences along the two diagonals of 2 x 2 pixels have their common origin at the corner between the four.
    down_right = _smoothed(stack[:, 1:, 1:] - stack[:, :-1, :-1])
    down_left = _smoothed(stack[:, 1:, :-1] - stack[:, :-1, 1:])
    return (down_right + down_left) / 2, (down_right - down_left) / 2


def _smoothed(values: Array) -> Array:
    padded = np.pad(values, ((0, 0), (1, 1), (1, 1)))
    rows = padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]
    return (rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:]) / 9


def _distance_from_centroid(squared: Array, y: Array, x: Array) -> Array:
    total = squared.sum(axis=(1, 2))
    total[total == 0] = np.nan
    centre_y = (squared * y).sum(axis=(1, 2)) / total
    centre_x = (squared * x).sum(axis=(1, 2)) / total
    distance = np.hypot(y - centre_y[:, None, None], x - centre_x[:, None, None])
    return np.maximum(distance, 1e-6)


def _nearest_point(along_y: Array, along_x: Array, closeness: Array, place: tuple[Array, Array]) -> Array:
    # The unit normal of a line is (n_y, n_x) = (g_x, -g_y) / |g|; with the weight |g|^2 the length cancels.
    y, x = place
    yy, xx, yx = closeness * along_x**2, closeness * along_y**2, -closeness * along_x * along_y
    a, d, b = (term.sum(axis=(1, 2)) for term in (yy, xx, yx))
    right_y = (yy * y + yx * x).sum(axis=(1, 2))
    right_x = (yx * y + xx * x).sum(axis=(1, 2))
    determinant = a * d - b * b
    determinant[determinant == 0] = np.nan
    return np.stack([(d * right_y - b * right_x) / determinant, (a * right_x - b * right_y) / determinant], axis=-1)
