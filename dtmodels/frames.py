"""Measured frames brought to what a network saw, and its positions brought back to the frames."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from dtmodels.configuration import InputSection
from dtmodels.errors import SourceError

Array = np.ndarray[Any, Any]
LUMINANCE = (0.299, 0.587, 0.114)  # ITU-R BT.601, as in Pillow's mode L and OpenCV's grey


@dataclass(frozen=True)
class FrameMap:
    """Where the network's pixels lie in the frame, along y and x: frame = (network + 0.5) * step - 0.5 + offset."""

    step: tuple[float, float]
    offset: tuple[float, float]

    def to_frame(self, positions: Array, axis: int) -> Array:
        """Coordinates along y (axis 0) or x (axis 1): pixels of the network's input to pixels of the frame."""
        return (positions + 0.5) * self.step[axis] - 0.5 + self.offset[axis]


def prepare(frames: Array, section: InputSection) -> tuple[Array, FrameMap]:
    """Frames (frame, y, x, channel) as float32 inputs of a network, and the map back; SourceError for other shapes."""
    images = np.asarray(frames)
    if images.ndim != 4:
        raise SourceError(f"frames of shape {images.shape}; must be (frame, y, x, channel)")
    images = grey(images, section.grey) if section.grey else images.astype(np.float32)
    images, offset = _cropped(images, section.crop)
    size = section.resize or images.shape[1:3]
    step = (images.shape[1] / size[0], images.shape[2] / size[1])
    images = resize(images, size)
    scaling = section.scaling
    if scaling is not None and scaling.unit is not None:
        images = above_background(images, scaling.unit)
    elif scaling is not None:
        images = normalize(images, *scaling.minmax, scaling.percentiles)
    return np.ascontiguousarray(images, np.float32), FrameMap(step, offset)


def grey(frames: Array, how: bool | str = True) -> Array:
    """One channel from three: luminance after ITU-R BT.601, or with "mean" the mean of all channels."""
    channels = frames.shape[-1]
    if how == "mean" or channels in (1, 2):
        # Grey with or without opacity: the first channel is the grey.
        colours = frames if how == "mean" else frames[..., :1]
        return colours.mean(axis=-1, keepdims=True, dtype=np.float32)
    if channels not in (3, 4):
        raise SourceError(f"grey: frames have {channels} channels; luminance needs red, green and blue (or say mean)")
    return (frames[..., :3] @ np.array(LUMINANCE, np.float32))[..., None].astype(np.float32)


def resize(images: Array, size: tuple[int, int]) -> Array:
    """Images (n, y, x, channel) of another size: the bilinear interpolant, averaged over the area of each new pixel.

    Smaller images are thus free of aliasing and no blurrier than a camera with pixels of that size; a linear ramp stays
    exactly linear, so positions are not displaced.
    """
    if images.shape[1:3] == tuple(size):
        return images.astype(np.float32, copy=False)
    rows = area_weights(images.shape[1], size[0]).astype(np.float32)
    columns = area_weights(images.shape[2], size[1]).astype(np.float32)
    channel_first = np.moveaxis(images.astype(np.float32, copy=False), -1, 1)
    return np.moveaxis(rows @ channel_first @ columns.T, 1, -1)


def area_weights(count: int, new: int) -> Array:
    """Weights (new, count): mean of the linear interpolant of ``count`` pixels over each of ``new`` equal intervals."""
    edges = np.arange(new + 1) * (count / new) - 0.5
    # The image goes on with its border pixels, so weights beyond them are theirs.
    places = np.arange(-1, count + 1)
    cumulative = _hat_integral(edges[:, None] - places[None, :])
    weights = np.diff(cumulative, axis=0) * (new / count)
    inner = weights[:, 1:-1].copy()
    inner[:, 0] += weights[:, 0]
    inner[:, -1] += weights[:, -1]
    return inner


def _hat_integral(t: Array) -> Array:
    left = 0.5 * np.clip(t + 1, 0, 1) ** 2
    right = 0.5 - 0.5 * np.clip(1 - t, 0, 1) ** 2
    return np.where(t < 0, left, 0.5 + right)


def normalize(images: Array, low: float, high: float, percentiles: tuple[float, float] = (0, 100)) -> Array:
    """Each image scaled so that its darkest value becomes ``low`` and its brightest ``high``; a flat one is ``low``.

    ``percentiles`` are taken for darkest and brightest.
    """
    if percentiles == (0, 100):
        least, most = (function(images, axis=(1, 2, 3), keepdims=True) for function in (np.min, np.max))
    else:
        least, most = np.percentile(images, percentiles, axis=(1, 2, 3), keepdims=True).astype(images.dtype)
    span = most - least
    return low + (images - least) * ((high - low) / np.where(span > 0, span, 1))


def above_background(images: Array, unit: float) -> Array:
    """Each image (y, x, channel) less the commonest level among the darker half of its pixels, over ``unit``."""
    levels = np.array([_background(image) for image in images], images.dtype)
    return np.asarray((images - levels[:, None, None, None]) / images.dtype.type(unit))


def _background(image: Array) -> float:
    dark = image[image <= np.median(image)]
    if not dark.size:  # values that are not numbers have no median
        return float("nan")
    numbers, edges = np.histogram(dark, bins=100)
    return float(edges[numbers.argmax()])


def _cropped(images: Array, crop: tuple[int, int, int, int] | None) -> tuple[Array, tuple[float, float]]:
    if crop is None:
        return images, (0.0, 0.0)
    y, x, height, width = crop
    if y + height > images.shape[1] or x + width > images.shape[2]:
        size = f"{images.shape[1]} x {images.shape[2]}"
        raise SourceError(f"input.crop: {list(crop)} does not fit into frames of {size} pixels")
    return images[:, y : y + height, x : x + width], (float(y), float(x))
