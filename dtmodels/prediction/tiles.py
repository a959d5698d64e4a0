"""Images of any size by overlapping tiles, put together without seams."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import PCG64, Generator

from dtmodels.backend import require_keras
from dtmodels.configuration import InputSection
from dtmodels.errors import ConfigurationError, SourceError

Array = np.ndarray[Any, Any]
AGREEMENT = 3e-6  # of the largest output: what rounding in float32 leaves between two tiles
WHOLE = 1024  # pixels of a side up to which an image goes through a network of any size at one go


@dataclass(frozen=True)
class Tiles:
    """Where the tiles of a padded image begin along y and x, and how much each counts in every row and column."""

    tile: tuple[int, int]
    starts: tuple[list[int], list[int]]
    weights: tuple[Array, Array]  # (tile, pixel of the tile), of one axis; they sum to 1 in every pixel of the image

    @property
    def shape(self) -> tuple[int, int]:
        """Size of the padded image."""
        return self.starts[0][-1] + self.tile[0], self.starts[1][-1] + self.tile[1]

    @property
    def count(self) -> int:
        """Tiles of one image."""
        return len(self.starts[0]) * len(self.starts[1])

    def cut(self, image: Array) -> Array:
        """The tiles of an image (y, x, channel), row by row: (tile, y, x, channel)."""
        height, width = self.tile
        return np.stack([image[y : y + height, x : x + width] for y in self.starts[0] for x in self.starts[1]])

    def joined(self, outputs: Array) -> Array:
        """One image (y, x, channel) from what a network gives for the tiles."""
        if outputs.shape[1:3] != self.tile:
            raise SourceError(
                f"the network gives {outputs.shape[1:3]} pixels for tiles of {self.tile}; must be as many"
            )
        joined = np.zeros((*self.shape, outputs.shape[-1]), np.float32)
        height, width = self.tile
        places = [(i, j) for i in range(len(self.starts[0])) for j in range(len(self.starts[1]))]
        for (i, j), output in zip(places, outputs, strict=True):
            y, x = self.starts[0][i], self.starts[1][j]
            weight = self.weights[0][i][:, None, None] * self.weights[1][j][None, :, None]
            joined[y : y + height, x : x + width] += weight * output
        return joined


def planned(model: Any, shape: Sequence[int], section: InputSection, outputs: Callable[[Array], Array]) -> Tiles:
    """The tiles for images of ``shape`` (y, x): as ``input:`` says, else of the network's size, else one for all.

    Tiles begin at multiples of the network's coarsest step (its poolings), so that all of them see one grid.
    """
    step = coarsest_step(model)
    tile = _tile(model, shape, section, step)
    overlap = min(tile) // 4 if section.overlap is None else section.overlap
    if any(overlap >= t < length for t, length in zip(tile, shape, strict=True)):
        raise ConfigurationError(f"input.overlap: {overlap} px; must be less than the tile {list(tile)}")
    lengths = [t + _up(max(0, length - t), step) for t, length in zip(tile, shape, strict=True)]
    starts = [_starts(length, t, overlap, step) for length, t in zip(lengths, tile, strict=True)]
    several = any(len(along) > 1 for along in starts)
    margin = spoilt_margin(outputs, (*tile, int(model.inputs[0].shape[-1])), overlap, step) if several else 0
    weights = [_weights(along, t, overlap, margin) for along, t in zip(starts, tile, strict=True)]
    return Tiles(tile, (starts[0], starts[1]), (weights[0], weights[1]))


def padded(image: Array, shape: tuple[int, int]) -> Array:
    """The image (y, x, channel) mirrored beyond its lower and right edges up to ``shape``."""
    missing = [(0, want - have) for want, have in zip(shape, image.shape, strict=False)]
    return np.pad(image, [*missing, (0, 0)], mode="symmetric") if any(after for _, after in missing) else image


def coarsest_step(model: Any) -> int:
    """Pixels of the input per pixel of the coarsest layer, 1 without pooling."""
    size = 1024
    given = [s or size for s in model.inputs[0].shape[1:3]]
    finest = [layer.output for layer in model.layers if len(getattr(getattr(layer, "output", None), "shape", ())) == 4]
    probe = require_keras().Model(model.inputs, finest).compute_output_shape((None, *given, model.inputs[0].shape[-1]))
    shapes = [shape for shape in (probe if isinstance(probe, list) else [probe]) if shape[1] and shape[1] > 1]
    return max([1, *(round(given[0] / shape[1]) for shape in shapes)])


def spoilt_margin(outputs: Callable[[Array], Array], shape: Sequence[int], overlap: int, step: int) -> int | None:
    """How many pixels at the edges of a tile differ from what a larger image would give; None if that is not seen.

    Measured where two tiles of one image of random numbers overlap, for any network: the deepest at which they disagree.
    """
    height, width, channels = shape
    shift = [_shift(length, overlap, step) for length in (height, width)]
    shared = min(height - shift[0], width - shift[1])
    noise = Generator(PCG64(0)).random((height + shift[0], width + shift[1], channels), np.float32)
    first, second = outputs(np.stack([noise[:height, :width], noise[shift[0] :, shift[1] :]]))
    a, b = first[shift[0] :, shift[1] :], second[: height - shift[0], : width - shift[1]]
    differs = np.abs(a - b).max(axis=-1) > AGREEMENT * np.abs(first).max()
    for margin in range((shared + 1) // 2):
        if not differs[margin : len(differs) - margin, margin : differs.shape[1] - margin].any():
            return margin
    return None


def _tile(model: Any, shape: Sequence[int], section: InputSection, step: int) -> tuple[int, int]:
    own = model.inputs[0].shape[1:3]
    wanted = section.tile or tuple(min(length, WHOLE) for length in shape)
    if None not in own:
        if section.tile is not None and tuple(section.tile) != tuple(own):
            raise ConfigurationError(f"input.tile: {list(section.tile)} px; the network takes {list(own)} only")
        return int(own[0]), int(own[1])
    # A frame smaller than the tile needs no more than itself.
    y, x = (min(_up(t, step), _up(length, step)) for t, length in zip(wanted, shape, strict=True))
    return y, x


def _up(length: int, step: int) -> int:
    return -(-length // step) * step


def _shift(tile: int, overlap: int, step: int) -> int:
    return max(step, (tile - overlap) // step * step)


def _starts(length: int, tile: int, overlap: int, step: int) -> list[int]:
    last = length - tile
    return [*range(0, last, _shift(tile, overlap, step)), last]


def _weights(starts: Sequence[int], tile: int, overlap: int, margin: int | None) -> Array:
    """Ramps over what neighbours share, less the margin that each spoils; rows sum to 1 where they overlap."""
    low = 0 if margin is None else margin
    depth = np.arange(tile)
    rise = np.clip((depth - low + 1) / max(1, overlap - 2 * low + 1), 0, 1)
    weights = np.empty((len(starts), tile))
    for k in range(len(starts)):
        weights[k] = (rise if k else 1) * (rise[::-1] if k + 1 < len(starts) else 1)
    total = np.zeros(starts[-1] + tile)
    for start, weight in zip(starts, weights, strict=True):
        total[start : start + tile] += weight
    return np.stack([weight / total[s : s + tile] for s, weight in zip(starts, weights, strict=True)]).astype(
        np.float32
    )
