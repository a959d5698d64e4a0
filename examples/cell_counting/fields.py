"""Measured fields of nuclei (BBBC039) in slices of 256 x 256 pixels, and how many nuclei each holds."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imageio.v3 as iio
import numpy as np
from measured import folder
from scipy import ndimage

from dtmodels.frames import above_background

Array = np.ndarray[Any, Any]
SIDE, SIGMA = 256, 10  # pixels
CHOOSING = 100  # fields, by name, that the recipe may be chosen on; the others are for testing alone


@dataclass(frozen=True)
class Measured:
    """Fields in the camera's counts and in thousands above their background, slices of these and their counts."""

    counted: Array
    fields: Array
    images: Array
    counts: Array


def measured_fields(part: str) -> Measured:
    """The fields for "choosing" or for the "test"; MissingData where they cannot be had."""
    paths = sorted(folder("bbbc039/images").glob("*.tif"))
    paths = paths[:CHOOSING] if part == "choosing" else paths[CHOOSING:]
    counted = np.stack([iio.imread(path).astype(np.float32) for path in paths])
    fields = above_background(counted[..., None], 1000)[..., 0]
    density = np.stack([density_of(path) for path in paths])
    return Measured(counted, fields, slices(fields), slices(density).sum(axis=(1, 2)))


def slices(fields: Array) -> Array:
    """Every whole slice of 256 x 256 pixels: (slice, y, x), those of a field one after another."""
    rows, columns = (length // SIDE for length in fields.shape[1:])
    whole = fields[:, : rows * SIDE, : columns * SIDE].reshape(-1, rows, SIDE, columns, SIDE)
    return np.ascontiguousarray(whole.swapaxes(2, 3)).reshape(-1, SIDE, SIDE)


def density_of(path: Path) -> Array:
    """A Gaussian of integral 1 at the centroid of every nucleus outlined by hand, cut at the edges of the field."""
    labels = nuclei(iio.imread(path.parents[1] / "masks" / f"{path.stem}.png"))
    centres = np.array(ndimage.center_of_mass(labels > 0, labels, np.arange(1, labels.max() + 1))).reshape(-1, 2)
    return density_at(centres, labels.shape)


def density_at(centres: Array, shape: tuple[int, ...]) -> Array:
    """A Gaussian of integral 1 at each of the centres (nucleus, (y, x)), cut at the edges."""
    y, x = (np.arange(length) for length in shape)
    density = np.zeros(shape)
    for cy, cx in centres:
        along = [np.exp(-((axis - c) ** 2) / (2 * SIGMA**2)) for axis, c in ((y, cy), (x, cx))]
        density += np.outer(*along) / (2 * np.pi * SIGMA**2)
    return density


def nuclei(mask: Array) -> Array:
    """Labels 1, 2, ... of the nuclei: connected regions of one value of the mask's first channel."""
    values = mask[..., 0] if mask.ndim == 3 else mask
    labels, count = np.zeros(values.shape, np.int64), 0
    for value in np.unique(values[values > 0]):
        found, many = ndimage.label(values == value)
        labels[found > 0] = found[found > 0] + count
        count += many
    return labels
