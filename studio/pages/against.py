"""Any measure of a run against any stored property, from its evaluation on a dataset that it has not seen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from nicegui import ui

from studio.browsing import charts
from studio.errors import StudioError
from studio.pages import parts
from studio.pages.job_list import JobList
from studio.running import orders
from studio.state import Studio
from studio.training import data, runs

MOST_POINTS = 2000


class Against:
    """Evaluations of a run, and a chart of one of them."""

    def __init__(self, studio: Studio, visible: Callable[[], bool]) -> None:
        self.studio, self.visible = studio, visible
        self.found: runs.Evaluated | None = None
        self._stamps: list[int] = []
        with ui.element("div").classes("work-buttons"):
            self.run = (
                ui.select([], label="Run", on_change=self.update_evaluations)
                .props("dense outlined")
                .style("min-width: 150px")
            )
            self.data = (
                ui.select([], label="Dataset not seen in training").props("dense outlined").style("min-width: 210px")
            )
            ui.button("Evaluate", icon="rule", on_click=self._evaluate).props("outline no-caps")
        self.message = parts.Message()
        JobList(studio, ("evaluate",), self.update_evaluations, quiet=True)
        with ui.element("div").classes("work-buttons q-mt-sm") as self.choices:
            self.evaluation = (
                ui.select([], label="Evaluation", on_change=self._open)
                .props("dense outlined")
                .style("min-width: 150px")
            )
            self.measure = (
                ui.select([], label="Measure", on_change=self._draw).props("dense outlined").style("min-width: 150px")
            )
            self.property = (
                ui.select([], label="Against", on_change=self._draw).props("dense outlined").style("min-width: 130px")
            )
            self.log = ui.switch("Log", value=False, on_change=self._draw)
            ui.button("Report", icon="article", on_click=self._report).props("flat no-caps").tooltip(
                "The page that dtmodels wrote"
            )
        self.chart = ui.echart(charts.chart(charts.axis(""), charts.axis(""), [])).style("height: 330px; width: 100%")
        self.update_runs()
        ui.timer(2.0, lambda: self.update_runs() if self.visible() else None)

    def update_runs(self) -> None:
        """Look for new runs and datasets."""
        names = [one.path for one in runs.runs(self.studio.project.folder) if one.usable]
        if names != self.run.options:
            self.run.set_options(
                names, value=self.run.value if self.run.value in names else (names[0] if names else None)
            )
        datasets = self.studio.project.datasets()
        if datasets != self.data.options:
            chosen = (
                self.data.value if self.data.value in datasets else next((d for d in datasets if "test" in d), None)
            )
            self.data.set_options(datasets, value=chosen or (datasets[0] if datasets else None))
        self.update_evaluations()

    def update_evaluations(self) -> None:
        """Look for evaluations of the run."""
        project = self.studio.project.folder
        found = runs.evaluations(runs.run(project, self.run.value)) if self.run.value else []
        options = {path.relative_to(project).as_posix(): path.name for path in found}
        self.choices.set_visibility(bool(options))
        self.chart.set_visibility(bool(options))
        stamps = [_stamp(path) for path in found]
        if options != self.evaluation.options or stamps != self._stamps:  # the same evaluation may have been made again
            self._stamps = stamps
            value = self.evaluation.value if self.evaluation.value in options else next(iter(options), None)
            self.evaluation.set_options(options, value=value)
            self._open()

    def _evaluate(self) -> None:
        self.message.show(None)
        try:
            if not self.run.value or not self.data.value:
                raise StudioError("evaluate: needs a run that has finished an epoch, and a dataset")
            versus = data.read(self.studio.project.inside(self.data.value)).properties
            self.studio.jobs.add(orders.evaluate(self.run.value, self.data.value, versus))
        except StudioError as error:
            self.message.show(str(error))

    def _open(self) -> None:
        self.found = None
        if not self.evaluation.value:
            return
        try:
            self.found = runs.evaluated(self.studio.project.inside(self.evaluation.value))
        except StudioError as error:
            self.message.show(str(error))
            return
        measures, properties = list(self.found.errors()), self.found.properties
        first = "error" if "error" in measures else (measures[0] if measures else None)
        self.measure.set_options(measures, value=self.measure.value if self.measure.value in measures else first)
        own = [name for name in properties if not name.endswith("_true")]
        value = self.property.value if self.property.value in properties else next(iter(own + properties), None)
        self.property.set_options(properties, value=value)
        self._draw()

    def _draw(self) -> None:
        if self.found is None or not self.measure.value or not self.property.value:
            return
        x = self.found.columns[self.property.value]
        series: list[dict[str, Any]] = []
        for k, column in enumerate(self.found.errors().get(self.measure.value, [])):
            series += self._of(x, self.found.columns[column], self.found.contenders[k % len(self.found.contenders)], k)
        name = self.measure.value + (f" ({self.found.numbers['unit']})" if self.found.numbers.get("unit") else "")
        positive = all(point[1] is None or point[1] > 0 for one in series for point in one["data"])
        kind = {"type": "log" if self.log.value and positive else "value"}
        options = charts.chart(
            charts.axis(self.property.value, scale=True), charts.axis(name, nameGap=44, **kind), series
        )
        self.chart.options.clear()
        self.chart.options.update(options)
        self.chart.update()

    def _of(self, x: Any, y: Any, name: str, k: int) -> list[dict[str, Any]]:
        colour = charts.LINES[k % len(charts.LINES)]
        step = max(1, len(x) // MOST_POINTS)
        good = np.isfinite(x) & np.isfinite(y)
        points = [[float(a), float(b)] for a, b in zip(x[good][::step], y[good][::step], strict=True)]
        centres, means, _, _ = runs.binned(x, y)
        dots = {
            "type": "scatter",
            "name": name,
            "data": points,
            "symbolSize": 3,
            "itemStyle": {"color": colour, "opacity": 0.28},
        }
        mean = charts.line(f"{name}, mean in bins", centres, means, lineStyle={"width": 2.2, "color": colour})
        return [
            {**dots, "large": True, "largeThreshold": 5000},
            {**mean, "itemStyle": {"color": colour}, "showSymbol": True},
        ]

    def _report(self) -> None:
        if self.evaluation.value:
            path = self.studio.project.inside(self.evaluation.value) / "report.html"
            if path.is_file():
                parts.download(path)


def _stamp(evaluation: Path) -> int:
    try:
        return (evaluation / "examples.csv").stat().st_mtime_ns
    except OSError:
        return 0
