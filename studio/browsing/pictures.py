"""Arrays as pictures for a page: PNG in the address itself, truths as SVG drawn over it."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from PIL import Image

Array = np.ndarray[Any, Any]
SIDE = 1024  # pixels; larger images are shown smaller
GOLDEN = 0.61803
FIRST_HUE = 0.5  # so that a plain mask is orange
TRUTH, FOUND, RIVAL, OTHER = "#ff9f1c", "#2ec4f1", "#e5578f", "#7bd66b"
COLOURS = (FOUND, RIVAL, OTHER, "#c79bff", "#ffd166", "#f28482")


def limits(values: Array) -> tuple[float, float]:
    """Values shown black and white: all but a few outliers."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0, 1.0
    low, high = (float(edge) for edge in np.percentile(finite, (0.2, 99.8)))
    if high - low < 1e-6 * abs(high) + 1e-12:
        low, high = float(finite.min()), float(finite.max())
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def real(values: Array) -> Array:
    """Values that can be drawn and reckoned with: of complex ones the magnitude, of bool 0 and 1."""
    if np.iscomplexobj(values):
        return np.abs(values)
    return values.astype(np.float32) if values.dtype == bool else values


def colours(values: Array) -> Array:
    """What of (.., y, x, channel) is seen: red, green and blue of a file's colours if they differ anywhere, else one channel."""
    seen = values[..., :3]
    coloured = values.shape[-1] in (3, 4) and values.dtype.kind in "iu" and np.any(seen != seen[..., :1])
    return seen if coloured else values[..., 0]


def grey(image: Array, low: float | None = None, high: float | None = None) -> Array:
    """An image (y, x) or (y, x, channel) as uint8, (y, x) or (y, x, 3): three channels of a file are colours."""
    values = real(np.asarray(image))
    if values.ndim == 3:
        values = colours(values)
    values = np.asarray(values, np.float32)
    if low is None or high is None:
        low, high = limits(values)
    scaled = np.nan_to_num((values - low) / (high - low) * 255)
    return np.clip(scaled, 0, 255).astype(np.uint8)


def labels(mask: Array) -> Array:
    """A mask (y, x), bool or numbered, as RGBA: half transparent, neighbouring numbers far apart in hue."""
    numbers = np.asarray(mask)
    numbers = numbers[..., 0] if numbers.ndim == 3 else numbers
    if numbers.dtype.kind == "f":
        return _heat(numbers)
    hue = np.mod(numbers.astype(np.float64) * GOLDEN + FIRST_HUE, 1) * 6
    channels = [np.clip(np.abs(np.mod(hue + shift, 6) - 3) - 1, 0, 1) for shift in (0, 4, 2)]
    rgba = np.stack([*channels, np.where(numbers != 0, 0.45, 0.0)], axis=-1)
    return (rgba * 255).astype(np.uint8)


def _heat(values: Array) -> Array:
    high = float(np.nanmax(values, initial=0)) or 1.0
    share = np.clip(np.nan_to_num(values / high), 0, 1)
    rgba = np.stack([np.ones_like(share), 0.3 + 0.6 * share, np.zeros_like(share), 0.75 * share], axis=-1)
    return (rgba * 255).astype(np.uint8)


def address(pixels: Array) -> str:
    """Pixels as the address of a PNG."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format="png", compress_level=1)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def layer(pixels: Array) -> str:
    """Pixels as an SVG element that covers the picture; of large ones means of several."""
    height, width = pixels.shape[:2]
    if max(height, width) > SIDE:
        smaller = Image.fromarray(pixels)
        smaller.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
        pixels = np.asarray(smaller)
    return (
        f'<image href="{address(pixels)}" x="0" y="0" width="{width}" height="{height}" preserveAspectRatio="none" '
        'style="image-rendering: pixelated"/>'
    )


def circles(points: Iterable[Sequence[float]], radius: float, colour: str = TRUTH, width: float = 0.6) -> str:
    """Rings around points (y, x) in pixels of the image."""
    return "".join(
        # The centre of pixel (0, 0) is the origin of positions, and lies half a pixel inside the picture.
        f'<circle cx="{x + 0.5:.2f}" cy="{y + 0.5:.2f}" r="{radius:.2f}" fill="none" stroke="{colour}" '
        f'stroke-width="{width:.2f}"/>'
        for y, x in points
        if np.isfinite(y) and np.isfinite(x)
    )


def crosses(points: Iterable[Sequence[float]], size: float, colour: str = TRUTH, width: float = 0.6) -> str:
    """Crosses at points (y, x) in pixels of the image."""
    return "".join(
        f'<path d="M{x + 0.5 - size:.2f} {y + 0.5:.2f}h{2 * size:.2f}M{x + 0.5:.2f} {y + 0.5 - size:.2f}v{2 * size:.2f}" '
        f'stroke="{colour}" stroke-width="{width:.2f}" fill="none"/>'
        for y, x in points
        if np.isfinite(y) and np.isfinite(x)
    )


def boxes(corners: Iterable[Sequence[float]], colour: str = TRUTH, width: float = 0.6) -> str:
    """Boxes (y0, x0, y1, x1) in pixels of the image."""
    return "".join(
        f'<rect x="{x0:.2f}" y="{y0:.2f}" width="{x1 - x0:.2f}" height="{y1 - y0:.2f}" fill="none" stroke="{colour}" '
        f'stroke-width="{width:.2f}"/>'
        for y0, x0, y1, x1 in corners
        if np.all(np.isfinite((y0, x0, y1, x1)))
    )


def polyline(points: Iterable[Sequence[float]], colour: str, width: float = 0.5) -> str:
    """A line through points (y, x)."""
    text = " ".join(f"{x + 0.5:.2f},{y + 0.5:.2f}" for y, x in points if np.isfinite(y) and np.isfinite(x))
    return f'<polyline points="{text}" fill="none" stroke="{colour}" stroke-width="{width:.2f}" opacity="0.8"/>'


def figure(pixels: Array, overlay: str = "", caption: str = "") -> str:
    """A picture with what is drawn over it, as HTML that scales with its container."""
    height, width = pixels.shape[:2]
    told = html.escape(caption)
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{told}" class="studio-picture">'
        f"{layer(pixels)}{overlay}</svg>"
    )
