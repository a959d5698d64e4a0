"""A network drawn from its section of the training file: layers with their sizes, and how many weights there are.

Sizes and weights are worked out here, without Keras; a test compares them with the networks that dtmodels builds.
"""

from __future__ import annotations

import html
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from studio.training.forms import with_defaults

IMAGE, CONVOLUTION, DENSE, MEMORY, OUTPUT = "#8b96a1", "#3b82d0", "#b05cc4", "#2a9d8f", "#e07b39"


@dataclass(frozen=True)
class Layer:
    """A block of the drawing: ``size`` is its width in pixels along y (None: as large as the image), ``level`` how far down."""

    kind: str
    label: str
    channels: int
    size: int | None = None
    level: int = 0
    weights: int = 0
    colour: str = CONVOLUTION


def layers(section: dict[str, Any], shape: Sequence[int | None]) -> list[Layer]:
    """The layers of a network for images of this shape (y, x, channel); empty where the section is not understood."""
    full = with_defaults(section)
    kind = full.get("kind")
    try:
        if kind in ("unet", "encoder_decoder", "cgan"):
            return _levels(full, shape, skips=kind != "encoder_decoder")
        if kind in ("cnn", "recurrent"):
            return _convolutions(full, shape)
        if kind == "dense":
            return _dense_only(full, shape)
    except (TypeError, ValueError, KeyError, IndexError, ArithmeticError):
        return []
    return []


def weights(section: dict[str, Any], shape: Sequence[int | None]) -> int | None:
    """Weights of the network; None where they are not known here."""
    full = with_defaults(section)
    counted = full.get("kind") in ("cnn", "dense", "unet", "encoder_decoder") and len(shape) == 3
    plain = full.get("normalization") is None and not full.get("residual_base") and full.get("pooling") != "stride"
    plain = plain and full.get("upsampling", "transpose") == "transpose" and full.get("pool_size", 2) == 2
    found = layers(section, shape) if counted and plain else []
    return sum(layer.weights for layer in found) or None


def _convolution(size: int, inputs: int, filters: int) -> int:
    return size * size * inputs * filters + filters


def _convolutions(full: dict[str, Any], shape: Sequence[int | None]) -> list[Layer]:
    *_, height, width, channels = [1 if side is None else int(side) for side in shape]
    made = [Layer("input", "image", channels, height, colour=IMAGE)]
    height, width = (side // int(full.get("input_pooling", 1)) for side in (height, width))
    kernel, each = int(full["kernel_size"]), int(full["convolutions_per_pooling"])
    for level, filters in enumerate(full["convolutions"]):
        count = 0
        for _ in range(each):
            count += _convolution(kernel, channels, filters)
            channels = filters
        made.append(Layer("convolution", f"{each} x conv" if each > 1 else "conv", filters, height, level, count))
        height, width = height // 2, width // 2
    inputs = height * width * channels
    for units in full.get("lstm", ()):
        made.append(Layer("memory", "lstm", units, None, 0, 4 * units * (inputs + units + 1), MEMORY))
        inputs = units
    return made + _dense(full["dense"], inputs, int(full["outputs"]))


def _dense_only(full: dict[str, Any], shape: Sequence[int | None]) -> list[Layer]:
    inputs = 1
    for side in shape:
        inputs *= 1 if side is None else int(side)
    size = int(shape[0] or 1)
    return [
        Layer("input", "image", int(shape[-1] or 1), size, colour=IMAGE),
        *_dense(full["dense"], inputs, int(full["outputs"])),
    ]


def _dense(units: Sequence[int], inputs: int, outputs: int) -> list[Layer]:
    made = []
    for one in units:
        made.append(Layer("dense", "dense", one, None, 0, (inputs + 1) * one, DENSE))
        inputs = one
    return [*made, Layer("output", "output", outputs, None, 0, (inputs + 1) * outputs, OUTPUT)]


def _levels(full: dict[str, Any], shape: Sequence[int | None], skips: bool) -> list[Layer]:
    channels = int(shape[-1] or 1)
    size = None if shape[0] is None else int(shape[0])
    kernel, each = int(full.get("kernel_size", 3)), int(full["convolutions_per_pooling"])
    filters = list(full["convolutions"])
    made = [Layer("input", "image", channels, size, colour=IMAGE)]
    if full.get("refocus"):
        channels = 2 * int(full["refocus"]["planes"])  # real and imaginary parts
        made.append(Layer("refocus", "refocus", channels, size, colour=IMAGE))

    def block(inputs: int, count: int) -> int:
        return _convolution(kernel, inputs, count) + (each - 1) * _convolution(kernel, count, count)

    sides = [None if size is None else max(1, size // 2**level) for level in range(len(filters) + 1)]
    for level, count in enumerate(filters):
        made.append(Layer("down", "conv", count, sides[level], level, block(channels, count)))
        channels = count
    for count in full["base"]:
        made.append(Layer("base", "conv", count, sides[-1], len(filters), _convolution(kernel, channels, count)))
        channels = count
    for level, count in reversed(list(enumerate(filters))):
        up = _convolution(2, channels, count)  # a transposed convolution of 2 x 2
        made.append(Layer("up", "conv", count, sides[level], level, up + block(2 * count if skips else count, count)))
        channels = count
    for count in full["output_convolutions"]:
        made.append(Layer("last", "conv", count, size, 0, _convolution(kernel, channels, count)))
        channels = count
    last = int(full.get("output_kernel_size", 3))
    outputs = int(full["outputs"])
    return [*made, Layer("output", "output", outputs, size, 0, _convolution(last, channels, outputs), OUTPUT)]


def drawing(section: dict[str, Any], shape: Sequence[int | None]) -> str:
    """The network as SVG: heights follow the images, widths the channels; pass-overs of a U-Net are dashed."""
    found = layers(section, shape)
    if not found:
        return ""
    deepest = max(layer.level for layer in found)
    step = 64 if deepest and any(layer.kind == "up" for layer in found) else 0
    tallest = 96.0
    parts, x, places = [], 12.0, []
    for layer in found:
        width, height = _extent(layer, found, tallest if not step else 54.0)
        top = 20 + layer.level * step + ((tallest - height) / 2 if not step else 0)
        places.append((layer, x, top, width, height))
        parts.append(_box(layer, x, top, width, height))
        x += max(width, 30.0) + 16
    bottom = max(top + height for _, _, top, _, height in places) + 30
    lines = "".join(_arrow(one, other) for one, other in itertools.pairwise(places))
    passed = _skips(places) if section.get("kind") != "encoder_decoder" else ""
    told = html.escape(f"{section.get('kind')}: {len(found)} layers")
    return (
        f'<svg viewBox="0 0 {x:.0f} {bottom:.0f}" role="img" aria-label="{told}" class="studio-diagram" '
        f'style="max-width:{1.6 * x:.0f}px">{lines}{passed}{"".join(parts)}</svg>'
    )


def _extent(layer: Layer, found: Sequence[Layer], tallest: float) -> tuple[float, float]:
    most = max(1, *(one.channels for one in found))
    wide = (max(0, layer.channels) / most) ** 0.5  # a file may say -1
    if layer.size is None and layer.kind in ("dense", "memory", "output") and found[-1].size is None:
        return 12.0, 18 + (tallest - 18) * wide
    largest = max((one.size or 0) for one in found) or 1
    share = 1.0 if layer.size is None else layer.size / largest
    return 5 + 27 * wide, max(8.0, tallest * share)


def _box(layer: Layer, x: float, top: float, width: float, height: float) -> str:
    side = "" if layer.size is None else f"{layer.size} px"
    middle = x + width / 2
    below = "".join(
        f'<text x="{middle:.1f}" y="{top + height + 11 + 10 * k:.1f}" class="studio-diagram-{kind}">{html.escape(text)}</text>'
        for k, (kind, text) in enumerate((("channels", str(layer.channels)), ("size", side)))
    )
    title = html.escape(f"{layer.label}, {layer.channels} channels, {layer.weights:,} weights")
    return (
        f'<g><title>{title}</title><rect x="{x:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}" rx="2.5" '
        f'fill="{layer.colour}" fill-opacity="0.85"/>'
        f'<text x="{middle:.1f}" y="{top - 5:.1f}" class="studio-diagram-size">{html.escape(layer.label)}</text>{below}</g>'
    )


def _arrow(one: tuple[Layer, float, float, float, float], other: tuple[Layer, float, float, float, float]) -> str:
    x0, y0 = one[1] + one[3], one[2] + one[4] / 2
    x1, y1 = other[1], other[2] + other[4] / 2
    return f'<path d="M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}" class="studio-diagram-line"/>'


def _skips(places: Sequence[tuple[Layer, float, float, float, float]]) -> str:
    text = ""
    downs = {p[0].level: p for p in places if p[0].kind == "down"}
    for layer, x, top, _, _height in places:
        if layer.kind == "up" and layer.level in downs:
            _, x0, top0, width0, _ = downs[layer.level]
            y = top0 + 5
            text += f'<path d="M{x0 + width0:.1f} {y:.1f}L{x:.1f} {top + 5:.1f}" class="studio-diagram-skip"/>'
    return text
