"""Curves of losses and metrics over the epochs, as they grow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from nicegui import ui

from studio.browsing import charts
from studio.errors import StudioError
from studio.pages import parts
from studio.remembered import Remembered
from studio.state import Studio
from studio.training import runs

MOST_SHOWN = 4


class Curves:
    """Some runs, one metric or several, training thin and dashed, validation full."""

    def __init__(self, studio: Studio, visible: Callable[[], bool]) -> None:
        self.studio, self.visible = studio, visible
        self.kept = Remembered(studio.project, "curves")
        self._signature: Any = None
        with ui.element("div").classes("work-buttons"):
            self.runs = (
                ui.select([], label="Runs", multiple=True, on_change=self._chosen)
                .props("dense outlined use-chips")
                .style("min-width: 200px")
            )
            self.metric = (
                ui.select(["loss"], label="Metric", value="loss", on_change=self._draw)
                .props("dense outlined")
                .style("min-width: 150px")
            )
            self.log = ui.switch("Log", value=self.kept.get("log", True), on_change=self._draw)
            ui.label("Smoothed").classes("work-soft q-ml-md")
            self.smooth = (
                ui.slider(min=0, max=0.98, step=0.02, value=self.kept.get("smooth", 0.0), on_change=self._draw)
                .props('aria-label="Smoothing" dense')
                .style("width: 110px; margin: 0 10px")
            )
        self.message = parts.Message()
        self.empty = parts.nothing("Curves appear after the first epoch.")
        self.chart = ui.echart(charts.chart(charts.axis("epoch"), charts.axis("loss"), [])).style(
            "height: 340px; width: 100%"
        )
        self.chart.props('role="img" aria-label="Curves of the training"')
        self.numbers = ui.element("div").classes("w-full q-mt-sm")
        self.update()
        ui.timer(1.0, lambda: self.update() if self.visible() else None)

    def update(self) -> None:
        """Look for new runs and new epochs."""
        found = runs.runs(self.studio.project.folder)
        names = [one.path for one in found]
        if names != self.runs.options:
            new = [name for name in names if name not in (self.runs.options or [])]
            chosen = [name for name in self.runs.value or [] if name in names]
            chosen = (new[:1] + chosen)[:MOST_SHOWN] if new else chosen
            self.runs.set_options(names, value=chosen or names[:1])
        signature = [(one.path, _stamp(one)) for one in found if one.path in (self.runs.value or [])]
        if signature != self._signature:
            self._signature = signature
            self._draw()

    def _chosen(self) -> None:
        self._signature = None
        self.update()

    def _shown(self) -> dict[str, dict[str, Any]]:
        histories = {}
        for path in self.runs.value or []:
            try:
                columns = runs.history(runs.run(self.studio.project.folder, path))
            except StudioError as error:
                self.message.show(str(error))
                continue
            if columns and "epoch" not in columns:
                self.message.show(f"{path}: {runs.HISTORY} has no column epoch; such curves cannot be drawn")
            elif columns:
                histories[path] = columns
        return histories

    def _draw(self) -> None:
        self.kept.keep("log", bool(self.log.value))
        self.kept.keep("smooth", float(self.smooth.value))
        self.message.show(None)
        histories = self._shown()
        self.empty.set_visibility(not histories)
        self.chart.set_visibility(bool(histories))
        self.numbers.clear()
        if not histories:
            return
        names = list(
            dict.fromkeys(name for columns in histories.values() for name in (*runs.metrics(columns), "learning_rate"))
        )
        if names != self.metric.options:
            self.metric.set_options(names, value=self.metric.value if self.metric.value in names else names[0])
        metric = str(self.metric.value)
        series = self._series(histories, metric)
        kind = _logarithmic(series) if self.log.value and _positive(series) else {"type": "value", "scale": True}
        options = charts.chart(charts.axis("epoch", minInterval=1), charts.axis(metric, **kind, nameGap=44), series)
        self.chart.options.clear()
        self.chart.options.update(options)
        self.chart.update()
        self._table(histories, metric)

    def _series(self, histories: dict[str, dict[str, Any]], metric: str) -> list[dict[str, Any]]:
        series, several = [], len(histories) > 1
        for k, (path, columns) in enumerate(histories.items()):
            colour = charts.LINES[k % len(charts.LINES)]
            name = path.rsplit("/", 1)[-1]
            for column, label, style in ((metric, "training", "dashed"), (f"val_{metric}", "validation", "solid")):
                if column not in columns:
                    continue
                values = runs.smoothed(columns[column], float(self.smooth.value))
                told = f"{name}, {label}" if several else label
                own = colour if several or label == "validation" else charts.LINES[1]
                look = {"width": 1.4 if style == "dashed" else 2, "type": style, "color": own}
                series.append(charts.line(told, columns["epoch"], values, lineStyle=look, itemStyle={"color": own}))
        return series

    def _table(self, histories: dict[str, dict[str, Any]], metric: str) -> None:
        rows = []
        for path, columns in histories.items():
            found = runs.run(self.studio.project.folder, path)
            values = columns.get(f"val_{metric}", columns.get(metric, np.empty(0)))
            seconds = columns.get("seconds", np.zeros(1))
            now, lowest = (f"{values[-1]:.4g}", f"{np.nanmin(values):.4g}") if len(values) else ("-", "-")
            name, epochs = path.rsplit("/", 1)[-1], f"{len(columns['epoch'])}"
            state = "finished" if found.finished else ""
            row = (
                name,
                epochs,
                now,
                lowest,
                found.best or "-",
                f"{found.weights:,}",
                f"{np.median(seconds):.2g} s",
                state,
            )
            rows.append(row)
        with self.numbers:
            parts.table(
                ("run", "epochs", f"{metric} now", "lowest", "best validation loss", "weights", "an epoch", ""),
                rows,
                "runs",
            )


def _stamp(one: runs.Run) -> tuple[int, int]:
    try:
        found = (one.folder / runs.HISTORY).stat()
        return (found.st_mtime_ns, one.finished)
    except OSError:
        return (0, one.finished)


def _logarithmic(series: list[dict[str, Any]]) -> dict[str, Any]:
    """An axis that is as long as the curves: ticks at powers of 2 where those of 10 would be too few."""
    values = [value for one in series for _, value in one["data"] if value is not None]
    low, high = min(values, default=1.0), max(values, default=1.0)
    base = 2 if high / low < 100 else 10
    edges = [base ** float(turn(np.log(edge) / np.log(base))) for turn, edge in ((np.floor, low), (np.ceil, high))]
    return {"type": "log", "logBase": base, "min": edges[0], "max": max(edges[1], edges[0] * base)}


def _positive(series: list[dict[str, Any]]) -> bool:
    return all(value is None or value > 0 for one in series for _, value in one["data"])
