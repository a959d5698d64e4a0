"""Panels as PNG files of few colours, one screen pixel a whole part of an image pixel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from simcore.gallery.pictures import Panel, Picture, Shot
from simcore.streams import Array

DPI = 100
PANEL, GAP, TITLE, RANGE = 1.28, 0.1, 0.17, 0.15  # inches
COLOURS = 128
CYCLIC, MARK = "twilight", "tab:red"
INK: dict[str, Any] = {"fontsize": 6.5, "color": "0.25"}


def draw_picture(picture: Picture, path: Path) -> None:
    """Draw a feature's picture into a PNG file."""
    columns = max(len(row) for row in picture.rows)
    figure, panels = panel_grid(len(picture.rows), columns)
    for row, axes in zip(picture.rows, panels, strict=True):
        made = [shot.render() for shot in row]
        limits = _common([panel.image for panel in made]) if picture.shared else None
        for axis, shot, panel in zip(axes, row, made, strict=False):
            _draw_panel(axis, shot, panel, limits)
    save(figure, path)


def panel_grid(rows: int, columns: int) -> tuple[Figure, list[list[Axes]]]:
    """Return a figure of square panels, each with room for a title above and the range of its values below."""
    width, height = columns * (PANEL + GAP) + GAP, rows * (PANEL + TITLE + RANGE + GAP)
    figure = Figure(figsize=(width, height), dpi=DPI)
    grid = []
    for row in range(rows):
        bottom = height - (row + 1) * (PANEL + TITLE + RANGE + GAP) + RANGE + GAP
        places = [(GAP + column * (PANEL + GAP), bottom) for column in range(columns)]
        grid.append([figure.add_axes((x / width, y / height, PANEL / width, PANEL / height)) for x, y in places])
    for axis in (axis for axes in grid for axis in axes):
        axis.set_axis_off()
    return figure, grid


def _common(images: Sequence[Array]) -> tuple[float, float]:
    return min(float(image.min()) for image in images), max(float(image.max()) for image in images)


def _draw_panel(axis: Axes, shot: Shot, panel: Panel, limits: tuple[float, float] | None) -> None:
    values = panel.image
    low, high = limits or (values.min(), values.max())
    if shot.view == "phase":
        axis.imshow(values, cmap=CYCLIC, vmin=-np.pi, vmax=np.pi, interpolation="nearest")
    else:
        axis.imshow(values, cmap="gray", vmin=low, vmax=high if high > low else low + 1, interpolation="nearest")
    height, width = values.shape
    axis.plot(panel.points[:, 1], panel.points[:, 0], "+", color=MARK, markersize=5, markeredgewidth=0.8)
    for y0, x0, y1, x1 in panel.boxes - 0.5:
        axis.plot([x0, x1, x1, x0, x0], [y0, y0, y1, y1, y0], color=MARK, linewidth=0.8)
    axis.set_xlim(-0.5, width - 0.5)
    axis.set_ylim(height - 0.5, -0.5)
    axis.set_title(shot.title, pad=2, **INK)
    axis.text(0.5, -0.02, span(values.min(), values.max()), transform=axis.transAxes, ha="center", va="top", **INK)


def span(low: float, high: float) -> str:
    """Return a range of values with as many digits as tell its ends apart."""
    if low == high:
        return f"{low:.3g}"
    digits = max(0, 2 - int(np.floor(np.log10(high - low))))
    words = [f"{value:.{digits}f}" if digits < 5 else f"{value:.1e}" for value in (low, high)]
    return " to ".join(
        "0" if abs(value) < 1e-3 * (high - low) else word for value, word in zip((low, high), words, strict=True)
    )


def draw_curves(draw: Callable[[Axes], None], path: Path) -> None:
    """Draw a small diagram into a PNG file."""
    figure = Figure(figsize=(3.2, 1.6), dpi=DPI, layout="constrained")
    axis = figure.add_subplot()
    axis.tick_params(labelsize=6)
    draw(axis)
    save(figure, path)


def save(figure: Figure, path: Path, colours: int = COLOURS) -> None:
    """Write a figure as a PNG of few colours."""
    buffer = BytesIO()
    figure.savefig(buffer, dpi=DPI)
    picture = Image.open(buffer).convert("RGB")
    picture.quantize(colours, dither=Image.Dither.NONE).save(path, optimize=True)
