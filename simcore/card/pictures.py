"""The pictures of a card: a sheet of examples with their truths drawn in, and the histograms."""

from __future__ import annotations

import io
import math
from typing import Any

import attrs
import numpy as np
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from simcore.card.histograms import Histogram
from simcore.datasets.views import StoredArray, View

COLUMNS, MOST_ROWS, MOST_CHANNELS = 8, 12, 3
TILE, DPI = 1.25, 144  # inches
GREY = "#808080"  # to be read on white and on black
MARK = "#ff7f0e"


@attrs.frozen(eq=False)
class Row:
    """One channel of one array, for every example of the sheet.

    Attributes:
        label: what it is.
        images: (example, y, x).
        colours: name of matplotlib's.
        low: shown darkest; None: of each image its own.
        high: shown brightest.

    """

    label: str
    images: np.ndarray
    colours: str
    low: float | None
    high: float | None


def contact_sheet(view: View) -> bytes | None:
    """A PNG of examples from all over the view; None where it holds no images."""
    pictures = [view[name] for name in view.arrays if view[name].is_picture]
    if not pictures:
        return None
    bands = max(1, 3 // len(pictures))
    places = np.unique(np.linspace(0, len(view) - 1, min(len(view), COLUMNS * bands)).astype(int))
    rows = [row for array in pictures for row in _rows(array, places)][:MOST_ROWS]
    bands = math.ceil(len(places) / COLUMNS)
    heights = [row.images.shape[1] / row.images.shape[2] for row in rows] * bands
    size = (TILE * COLUMNS, sum(TILE * height for height in heights) + 0.2 * bands + 0.18 * len(rows) * bands)
    figure = Figure(figsize=size, layout=ConstrainedLayoutEngine(w_pad=0.02, h_pad=0.02, wspace=0, hspace=0))
    axes = figure.subplots(len(rows) * bands, COLUMNS, squeeze=False, height_ratios=heights)
    for axis in axes.flat:
        axis.set_axis_off()
    for number, place in enumerate(places):
        band, column = divmod(number, COLUMNS)
        for k, row in enumerate(rows):
            axis = axes[band * len(rows) + k, column]
            axis.imshow(row.images[number], cmap=row.colours, vmin=row.low, vmax=row.high, interpolation="nearest")
            if k == 0:
                _draw_truths(axis, view, int(place), row.images.shape[1:])
            axis.set_title(_caption(row, int(place), k, column), fontsize=7, color=GREY, loc="left", pad=2)
    return _png(figure)


def histogram(one: Histogram) -> bytes:
    """A PNG of a histogram."""
    figure = Figure(figsize=(3, 1.7), layout="constrained")
    axis = figure.subplots()
    axis.stairs(one.counts, one.edges, fill=True, color="#4c8fd0")
    axis.set_xlabel(f"{one.name} ({one.units})" if one.units else one.name, color=GREY, fontsize=10, parse_math=False)
    axis.set_ylim(0, None)
    if one.low == one.high:
        axis.set_xlim(one.low - 0.5 * (abs(one.low) or 1), one.low + 0.5 * (abs(one.low) or 1))
    axis.locator_params(axis="x", nbins=6, integer=bool(np.all(np.mod(one.edges, 1) == 0.5)))
    axis.tick_params(colors=GREY, labelsize=9)
    axis.locator_params(axis="y", nbins=4)
    for side, spine in axis.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(GREY)
    return _png(figure)


def _caption(row: Row, place: int, k: int, column: int) -> str:
    if column:
        return f"{place}" if k == 0 else ""
    return f"{place}  {row.label}" if k == 0 else row.label


def _rows(array: StoredArray, places: np.ndarray) -> list[Row]:
    """The channels of an array; of movies the first frame, of fields magnitude and phase."""
    examples = np.stack([array[int(place)] for place in places])
    still = examples[:, 0] if array.ndim == 5 else examples
    name = array.name + (" (first frame)" if array.ndim == 5 else "")
    if np.iscomplexobj(still):
        size, phase = np.abs(still[..., 0]), np.angle(still[..., 0])
        return [
            Row(f"|{name}|", size, "gray", *_limits(size)),
            Row(f"phase of {name}", phase, "twilight", -np.pi, np.pi),
        ]
    if still.dtype == np.int32:
        return [Row(name, _numbered(still[..., 0]), "nipy_spectral", 0, 1)]
    channels = np.linspace(0, still.shape[-1] - 1, min(still.shape[-1], MOST_CHANNELS)).astype(int)
    labels = [name if still.shape[-1] == 1 else f"{name} [{channel}]" for channel in channels]
    images = [np.asarray(still[..., channel], np.float32) for channel in channels]
    return [Row(label, image, "gray", *_limits(image)) for label, image in zip(labels, images, strict=True)]


def _limits(images: np.ndarray) -> tuple[float | None, float | None]:
    """The same for all examples, that dim ones look dim; outliers are clipped."""
    finite = images[np.isfinite(images)]
    if not finite.size:
        return None, None
    low, high = np.percentile(finite, (0.2, 99.8))
    return (
        (float(finite.min()), float(finite.max()))
        if high - low < 1e-6 * abs(high) + 1e-12
        else (float(low), float(high))
    )


def _numbered(labels: np.ndarray) -> np.ndarray:
    """Labels as colours, 0 black, neighbouring numbers far apart."""
    return np.asarray(np.where(labels == 0, 0, 0.15 + 0.8 * np.mod(labels * 0.61803, 1)), np.float32)


def _draw_truths(axis: Any, view: View, place: int, frame: tuple[int, ...]) -> None:
    for name in view.arrays:
        array = view[name]
        kind, attributes = array.attributes.get("kind"), array.attributes
        if kind not in ("points", "boxes") or attributes.get("frame", list(frame)) != list(frame):
            continue
        found = array[place]
        numbers = (found[0] if "frame" in array.dimensions else found).reshape(-1, array.shape[-1])
        if kind == "points":
            axis.plot(numbers[:, -1], numbers[:, -2], "o", mfc="none", mec=MARK, markersize=8, markeredgewidth=0.7)
        else:
            _draw_boxes(axis, numbers)
    axis.set(xlim=(-0.5, frame[1] - 0.5), ylim=(frame[0] - 0.5, -0.5))


def _draw_boxes(axis: Any, boxes: np.ndarray) -> None:
    for y0, x0, y1, x1 in boxes[np.isfinite(boxes).all(axis=1)] - 0.5:
        axis.plot([x0, x1, x1, x0, x0], [y0, y0, y1, y1, y0], color=MARK, linewidth=0.8)


def _png(figure: Figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=DPI, transparent=True, metadata={"Software": None})
    return file.getvalue()
