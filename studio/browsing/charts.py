"""Options of charts: the same lines and colours on all pages, readable on dark and light."""

from __future__ import annotations

from typing import Any

import numpy as np

GREY, GRID = "#8b96a1", "rgba(139, 150, 161, 0.22)"
LINES = ("#3b82d0", "#e07b39", "#2a9d8f", "#b05cc4", "#d64568", "#8a9a2b", "#5c6bc0", "#a1745a")


def axis(name: str, kind: str = "value", **more: Any) -> dict[str, Any]:
    """An axis with its name and unit."""
    return {
        "type": kind,
        "name": name,
        "nameLocation": "middle",
        "nameGap": 28,
        "nameTextStyle": {"color": GREY},
        "axisLabel": {"color": GREY, "hideOverlap": True},
        "axisLine": {"lineStyle": {"color": GRID}},
        "splitLine": {"lineStyle": {"color": GRID}},
        **more,
    }


def chart(x: dict[str, Any], y: dict[str, Any], series: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """Options of one chart."""
    return {
        "animation": False,
        "color": list(LINES),
        "grid": {"left": 58, "right": 18, "top": 34, "bottom": 46},
        "tooltip": {"trigger": "axis", "confine": True},
        "legend": {"type": "scroll", "top": 2, "textStyle": {"color": GREY}, "inactiveColor": "rgba(139,150,161,0.35)"},
        "xAxis": x,
        "yAxis": y,
        "series": series,
        **more,
    }


def line(name: str, x: Any, y: Any, **more: Any) -> dict[str, Any]:
    """A series of points joined by a line; what is not finite is a gap."""
    data = [[float(a), float(b) if np.isfinite(b) else None] for a, b in zip(x, y, strict=True)]
    return {"type": "line", "name": name, "data": data, "showSymbol": len(data) < 3, "symbolSize": 5,
            "lineStyle": {"width": 1.8}, **more}  # fmt: skip


def bars(title: str, unit: str, edges: Any, counts: Any) -> dict[str, Any]:
    """A histogram."""
    centres = np.asarray(edges)[:-1] / 2 + np.asarray(edges)[1:] / 2
    name = f"{title} ({unit})" if unit else title
    data = [[float(a), int(b)] for a, b in zip(centres, counts, strict=True)]
    series = {"type": "bar", "data": data, "barWidth": "92%", "itemStyle": {"color": LINES[0]}}
    made = chart(axis(name, scale=True), axis("", splitNumber=3), [series])
    made["legend"] = {"show": False}
    made["grid"] = {"left": 44, "right": 12, "top": 10, "bottom": 44}
    return made
