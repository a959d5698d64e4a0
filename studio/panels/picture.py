"""An image on a page, its pixels as they are, with targets drawn on it."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np

from studio.watching.pictures import planes, url_of
from studio.watching.worker import Answer, Shown

PICTURES = ("image", "mask", "field", "movie")
POINTS = ("points", "boxes")
MOST_LINES = 20_000  # of the outlines of one mask; more are noise, and slow to draw


def figure(
    title: str,
    plane: np.ndarray,
    sort: str = "value",
    over: str = "",
    limits: tuple[float | None, float | None] = (None, None),
    caption: str = "",
) -> str:
    """Return the HTML of one plane; ``over`` is SVG in pixels of the image."""
    height, width = plane.shape[:2]
    svg = (
        f'<svg viewBox="-0.5 -0.5 {width} {height}" preserveAspectRatio="none" aria-hidden="true">{over}</svg>'
        if over
        else ""
    )
    address = url_of(plane, sort, *limits)
    words = f"<b>{html.escape(title)}</b>" + (f"<span>{html.escape(caption)}</span>" if caption else "")
    return (
        f'<figure class="picture"><div class="picture-box" style="aspect-ratio:{width}/{height}">'
        f'<img src="{address}" alt="{html.escape(title, quote=True)}" draggable="false">{svg}</div>'
        f"<figcaption>{words}</figcaption></figure>"
    )


def span(plane: np.ndarray) -> str:
    """Return the range of values for a caption."""
    finite = plane[np.isfinite(plane)]
    return f"{finite.min():.3g} to {finite.max():.3g}" if finite.size else ""


def marks(answer: Answer, example: int, shape: tuple[int, int]) -> str:
    """Return the SVG of all points, boxes and outlines of masks that lie in images of a shape (y, x)."""
    size = max(shape) / 28
    found = []
    for output in answer.outputs:
        if output.kind == "mask":
            found += [outlines(p) for _, p, _ in planes(output.values[example], "mask", "") if p.shape == shape]
            continue
        if output.kind not in POINTS or (output.frame is not None and tuple(output.frame) != shape):
            continue
        found.append(points(output, example, size) if output.kind == "points" else boxes(output, example))
    return "".join(found)


def points(shown: Shown, example: int, size: float) -> str:
    """Return crosses at points (.., y, x); of movies those of the first frame."""
    values = shown.values[example]
    first = values[0] if shown.dimensions[:1] == ("frame",) else values
    rows = first.reshape(-1, first.shape[-1])[:, -2:]
    lines = "".join(
        f"M{x - size:.2f} {y:.2f}H{x + size:.2f}M{x:.2f} {y - size:.2f}V{y + size:.2f}"
        for y, x in rows
        if np.isfinite(y + x)
    )
    return f'<path class="mark" d="{lines}"/>'


def outlines(mask: np.ndarray) -> str:
    """Return the borders between the regions of a mask (y, x), bool or numbered, along the edges of its pixels."""
    numbers = np.pad(mask.astype(np.int64), 1)
    across, down = np.diff(numbers, axis=0) != 0, np.diff(numbers, axis=1).T != 0
    lines = [
        f"M{first - 1.5} {line - 0.5}H{last - 1.5}" if k == 0 else f"M{line - 0.5} {first - 1.5}V{last - 1.5}"
        for k, edges in enumerate((across, down))
        for line, first, last in _runs(edges)
    ]
    return f'<path class="mask-border" d="{"".join(lines)}"/>' if 0 < len(lines) <= MOST_LINES else ""


def _runs(edges: np.ndarray) -> np.ndarray:
    """Where each row is true without a break: (run, [row, first, one after the last])."""
    steps = np.diff(np.pad(edges, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, firsts = np.nonzero(steps == 1)
    return np.stack([rows, firsts, np.nonzero(steps == -1)[1]], axis=1)


def boxes(shown: Shown, example: int) -> str:
    """Return rectangles of boxes (y0, x0, y1, x1)."""
    rows = shown.values[example].reshape(-1, 4)
    return "".join(
        f'<rect class="mark" x="{x0 - 0.5:.2f}" y="{y0 - 0.5:.2f}" width="{x1 - x0:.2f}" height="{y1 - y0:.2f}"/>'
        for y0, x0, y1, x1 in rows
        if x1 > x0 >= 0
    )


def gallery(answer: Answer, example: int = 0, most: int = 6, targets: bool = True) -> str:
    """Return the HTML of all pictures among the outputs of an example."""
    made = []
    for output in answer.outputs:
        if output.kind not in PICTURES:
            continue
        for title, plane, sort in planes(output.values[example], output.kind, output.name):
            over = marks(answer, example, plane.shape[:2]) if targets and output.kind != "mask" else ""
            made.append(figure(title, plane, sort, over, caption=span(plane) if sort == "value" else ""))
    return f'<div class="pictures pictures-{min(len(made), 3)}">{"".join(made[:most])}</div>'


def numbers(answer: Answer, example: int = 0) -> list[tuple[str, str]]:
    """Return (name, value with unit) of the outputs that are numbers."""
    return [
        (
            output.name,
            ", ".join(f"{value:.4g}" for value in np.ravel(output.values[example]))
            + ("" if output.units == "1" else f" {output.units.replace('um', 'µm')}"),
        )
        for output in answer.outputs
        if output.kind == "property" and np.size(output.values[example]) <= 4
    ]


def scene(shown: Shown, example: int, shape: Sequence[int]) -> str:
    """Return the HTML of positions alone, on an empty field."""
    height, width = int(shape[0]), int(shape[1])
    blank = np.zeros((height, width), np.float32)
    return figure("scene", blank, "value", points(shown, example, max(height, width) / 28), (0, 1), "positions")
