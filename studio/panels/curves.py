"""Histogram, power spectrum and line profile of the simulated image, with those of the measured one over them."""

from __future__ import annotations

from typing import Any

import numpy as np
from nicegui import ui

from studio.watching.curves import Curve, histogram, power_spectrum, profile

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
            data = [] if curve is None else [[_short(a), _short(b)] for a, b in zip(*curve, strict=True)]
            self.chart.options["series"][number]["data"] = data
        self.chart.update()


def _short(value: float) -> float:
    return float(f"{value:.5g}")


class Curves:
    """The three charts."""

    def __init__(self) -> None:
        with ui.element("div").classes("charts"):
            self.histogram = Chart("Histogram", "value", step=True)
            self.spectrum = Chart("Power spectrum", "cycles per pixel", "log")
            self.profile = Chart("Line profile", "pixel")

    def show(self, simulated: np.ndarray | None, measured: np.ndarray | None, along: str, place: float) -> None:
        """Show those of two images (y, x); ``place`` is where the line lies, from 0 to 1."""
        images = [image for image in (simulated, measured) if image is not None]
        low = min((float(np.nanmin(image)) for image in images), default=0.0)
        high = max((float(np.nanmax(image)) for image in images), default=1.0)
        self.histogram.show(*(None if i is None else histogram(i, (low, high)) for i in (simulated, measured)))
        self.spectrum.show(*(None if i is None else _positive(power_spectrum(i)) for i in (simulated, measured)))
        self.profile.show(
            *(None if i is None else profile(i, along, line_of(i, along, place)) for i in (simulated, measured))
        )


def _positive(curve: Curve) -> Curve:
    """Return a curve that can be drawn on a logarithmic axis."""
    return curve[0], np.maximum(curve[1], 1e-12)


def line_of(image: np.ndarray, along: str, place: float) -> int:
    """Return the row or column at a place from 0 to 1."""
    size = image.shape[0 if along == "x" else 1]
    return min(size - 1, max(0, round(place * (size - 1))))
