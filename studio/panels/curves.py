"""Histogram, power spectrum and line profile of the simulated image, with those of the measured one over them."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
from nicegui import run, ui

from studio.watching.curves import Curve, histogram, limits, power_spectrum, profile

SIMULATED, MEASURED, AXIS = "#2f7fd0", "#e08a1e", "#8b96a1"


def _axis(name: str, kind: str = "value") -> dict[str, Any]:
    return {
        "type": kind, "name": name, "nameLocation": "middle", "nameGap": 22, "nameTextStyle": {"color": AXIS, "fontSize": 11},
        "axisLabel": {"color": AXIS, "fontSize": 10, "hideOverlap": True}, "axisLine": {"lineStyle": {"color": AXIS}},
        "splitLine": {"show": False}, "scale": True, "splitNumber": 4,
    }  # fmt: skip


class Chart:
    """One chart of two curves."""

    def __init__(self, title: str, x: str, y_kind: str = "value", step: bool = False) -> None:
        filled = {"opacity": 0.12} if step else None
        line: dict[str, Any] = {
            "type": "line",
            "showSymbol": False,
            "animation": False,
            "step": "middle" if step else False,
        }
        with ui.element("div").classes("chart"):
            ui.label(title).classes("chart-title")
            self.chart = ui.echart({
                "grid": {"left": 44, "right": 10, "top": 8, "bottom": 36},
                "xAxis": _axis(x), "yAxis": {**_axis("", y_kind), "splitNumber": 3},
                "tooltip": {"trigger": "axis", "confine": True},
                "series": [
                    {**line, "name": "simulated", "color": SIMULATED, "areaStyle": filled, "data": []},
                    {**line, "name": "measured", "color": MEASURED, "data": []},
                ],
            }).classes("chart-plot")  # fmt: skip

    def show(self, simulated: Curve | None, measured: Curve | None) -> None:
        """Show the curves; None leaves one out."""
        for number, curve in enumerate((simulated, measured)):
            self.chart.options["series"][number]["data"] = [] if curve is None else data_of(curve)
        self.chart.update()


def data_of(curve: Curve) -> list[list[float | None]]:
    """Return what a chart is given of a curve; it has a gap where there is no finite value."""
    return [[_short(a), _short(b)] for a, b in zip(*curve, strict=True)]


def _short(value: float) -> float | None:
    return float(f"{value:.5g}") if np.isfinite(value) else None


Pair = tuple[Curve | None, Curve | None]


def drawn(simulated: np.ndarray | None, measured: np.ndarray | None, along: str, place: float) -> list[Pair]:
    """Return histograms, power spectra and profiles of two images (y, x); None of one that has no finite pixel."""
    images = [i if i is not None and np.isfinite(i).any() else None for i in (simulated, measured)]
    bounds = limits(*(image for image in images if image is not None))
    made = [
        None if i is None else (
            histogram(i, bounds), _positive(power_spectrum(i)), profile(i, along, line_of(i, along, place))
        )
        for i in images
    ]  # fmt: skip
    first, second = ((None, None, None) if one is None else one for one in made)
    return list(zip(first, second, strict=True))


class Curves:
    """The three charts; they are worked out beside the page, of requests that come fast only the last one."""

    def __init__(self) -> None:
        with ui.element("div").classes("charts"):
            self.histogram = Chart("Histogram", "value", step=True)
            self.spectrum = Chart("Power spectrum", "cycles per pixel", "log")
            self.profile = Chart("Line profile", "pixel")
        self.waiting: tuple[np.ndarray | None, np.ndarray | None, str, float] | None = None
        self.task: asyncio.Task[None] | None = None

    def show(self, simulated: np.ndarray | None, measured: np.ndarray | None, along: str, place: float) -> None:
        """Show those of two images (y, x); ``place`` is where the line lies, from 0 to 1."""
        self.waiting = (simulated, measured, along, place)
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self._work())

    async def _work(self) -> None:
        while self.waiting is not None:
            asked, self.waiting = self.waiting, None
            made = await run.io_bound(drawn, *asked)  # a second for an image of 2048 x 2048 pixels
            if made is None or self.histogram.chart.is_deleted:  # the program, or the page, is gone
                return
            if self.waiting is None:
                for chart, pair in zip((self.histogram, self.spectrum, self.profile), made, strict=True):
                    chart.show(*pair)


def _positive(curve: Curve) -> Curve:
    """Return a curve that can be drawn on a logarithmic axis."""
    return curve[0], np.maximum(curve[1], 1e-12)


def line_of(image: np.ndarray, along: str, place: float) -> int:
    """Return the row or column at a place from 0 to 1."""
    size = image.shape[0 if along == "x" else 1]
    return min(size - 1, max(0, round(place * (size - 1))))
