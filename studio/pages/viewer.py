"""Measured frames with what was found on them: a slider over the frames, traces, a table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nicegui import ui

from studio.applying import results
from studio.applying.frames import Frames, frames
from studio.applying.results import Result
from studio.browsing import charts, pictures
from studio.errors import StudioError
from studio.pages import parts
from studio.remembered import Remembered
from studio.state import Studio

ROWS = 12  # of the table on one page


class Viewer:
    """Nothing until frames are opened."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self.project: Path = studio.project.folder
        self.kept = Remembered(studio.project, "use")
        self.measured = ""
        self.names: list[str] = []
        self.held: Frames | None = None
        self.number = 0
        self.box = ui.element("section").classes("work-panel")
        self.box.set_visibility(False)
        self.timer = ui.timer(0.12, self._step, active=False)

    def __len__(self) -> int:
        return len(self.held) if self.held is not None else 0

    async def open(self, measured: str) -> None:
        """Show measured frames, or none. StudioError where they cannot be read."""
        self.measured, self.held, self.number = measured, None, 0
        self.timer.active = False
        self.box.clear()
        self.box.set_visibility(False)
        if measured:
            held = await parts.in_thread(frames, self.studio.project.inside(measured))  # seconds, for a long video
            if held is None or self.measured != measured or self.box.is_deleted:  # others were chosen meanwhile
                return
            self.held = held
            self.box.set_visibility(True)
            self.names = results.results(self.project, measured)
            with self.box:
                self._build(self.held)

    def reload(self) -> None:
        """Show new results."""
        if self.held is None:
            return
        found = results.results(self.project, self.measured)
        new = [name for name in found if name not in self.names]
        self.names = found
        chosen = [name for name in self.shown.value or [] if name in found] + new
        options = {name: Path(name).stem for name in found}
        self.shown.set_options(options, value=chosen)
        self._changed()

    def _build(self, held: Frames) -> None:
        height, width = held.shape
        with ui.element("div").classes("work-head"):
            ui.label(self.measured).classes("work-title").props("role=heading aria-level=2")
            more = "" if held.whole else " (more could not be held)"
            ui.label(f"{len(held)} frames of {height} x {width} px{more}").classes("work-soft")
            ui.space()
            options = {name: Path(name).stem for name in self.names}
            self.shown = ui.select(
                options, value=list(options), multiple=True, label="Shown", on_change=self._changed
            ).props("dense outlined use-chips options-dense")
            self.shown.style("min-width: 170px")
            self.trails = ui.switch("Trails", value=self.kept.get("trails", True), on_change=self._kept_trails)
        with ui.element("div").classes("work-frame q-mt-sm"):
            self.picture = ui.html("", sanitize=False).classes("work-picture")
        with ui.element("div").classes("work-buttons no-wrap"):
            self.play = parts.small_button("play_arrow", "Play", self._turn)
            parts.small_button("chevron_left", "Frame before", lambda: self._go(self.number - 1))
            parts.small_button("chevron_right", "Frame after", lambda: self._go(self.number + 1))
            self.slider = ui.slider(
                min=0, max=max(1, len(held) - 1), step=1, value=0, on_change=lambda event: self._go(int(event.value))
            )
            self.slider.props('aria-label="Frame" dense').style("flex: 1; margin: 0 8px")
            self.label = ui.label().classes("work-soft").style("min-width: 84px")
        self.message = parts.Message()
        self.legend = ui.element("div").classes("work-buttons")
        with ui.tabs().props("dense no-caps align=left").classes("w-full q-mt-sm") as tabs:
            ui.tab("traces", "Traces")
            ui.tab("counts", "Counts")
            ui.tab("table", "Table")
        with ui.tab_panels(tabs, value="traces", animated=False).classes("w-full"):
            with ui.tab_panel("traces"):
                self.traces = ui.element("div").classes("w-full")
            with ui.tab_panel("counts"):
                self.counts = ui.element("div").classes("w-full")
            with ui.tab_panel("table"):
                self.table = ui.element("div").classes("w-full")
        self._changed()

    # -- a frame ---------------------------------------------------------------------------------------------------

    def _kept_trails(self) -> None:
        self.kept.keep("trails", bool(self.trails.value))
        self._draw()

    def _turn(self) -> None:
        if not self.timer.active and self.number >= len(self) - 1:
            self._go(0)
        self.timer.active = not self.timer.active
        self.play.props(f"icon={'pause' if self.timer.active else 'play_arrow'}")

    def _step(self) -> None:
        if self.number >= len(self) - 1:
            self._turn()
        else:
            self._go(self.number + 1)

    def _go(self, number: int) -> None:
        number = max(0, min(number, len(self) - 1))
        if number != self.number:
            self.number = number
            self.slider.set_value(number)
            self._draw()

    def chosen(self) -> list[tuple[Result, str]]:
        """The results that are shown, each with its colour; what cannot be read is told."""
        found = []
        for name in self.shown.value or []:
            colour = (
                pictures.COLOURS[self.names.index(name) % len(pictures.COLOURS)]
                if name in self.names
                else pictures.FOUND
            )
            try:
                found.append((results.result(self.studio.project.inside(name)), colour))
            except StudioError as error:
                self.message.show(str(error))
        return found

    def _draw(self) -> None:
        if self.held is None:
            return
        scale = max(self.held.shape) / 120
        overlay = ""
        for found, colour in self.chosen():
            if found.stack is not None and self.number < len(found.stack):
                one = found.stack[self.number]
                one = one[0] if one.ndim == 3 else one
                overlay += pictures.layer(pictures.labels(one != 0 if one.dtype == "uint8" else one))
            elif found.has_places:
                if self.trails.value:
                    overlay += found.trails(self.number, colour, 0.35 * scale)
                overlay += pictures.circles(found.places(self.number), 4 * scale, colour, 0.6 * scale)
        told = f"frame {self.number} of {self.measured}"
        self.picture.set_content(pictures.figure(self.held.pixels(self.number), overlay, told))
        self.label.set_text(f"frame {self.number}")

    # -- what was found --------------------------------------------------------------------------------------------

    def _changed(self) -> None:
        self.message.show(None)
        self._draw()
        chosen = self.chosen()
        for box in (self.legend, self.traces, self.counts, self.table):
            box.clear()
        with self.legend:
            for found, colour in chosen:
                with ui.row().classes("gap-1 items-center no-wrap"):
                    ui.element("span").classes("work-colour").style(f"background: {colour}")
                    ui.label(found.name).classes("work-soft")
        with self.traces:
            self._traces([(one, colour) for one, colour in chosen if one.has_places and one.tracks() == 1])
        with self.counts:
            self._counts([(one, colour) for one, colour in chosen if one.is_table])
        with self.table:
            self._table([one for one, _ in chosen if one.is_table])

    def _traces(self, chosen: list[tuple[Result, str]]) -> None:
        if not chosen:
            parts.nothing("Traces are drawn where each frame holds one particle.")
            return
        with ui.element("div").style("display: grid; grid-template-columns: 1fr 1fr; gap: 8px; width: 100%"):
            for axis in ("x", "y"):
                series = [
                    _series(found.name, found.column("frame"), found.column(axis), colour) for found, colour in chosen
                ]
                options = charts.chart(
                    charts.axis("frame"), charts.axis(f"{axis} (px)", scale=True, nameGap=40), series
                )
                options["legend"] = {"show": False}
                ui.echart(options).style("height: 220px; width: 100%")

    def _counts(self, chosen: list[tuple[Result, str]]) -> None:
        if not chosen:
            parts.nothing("Apply a network, or a classical method, first.")
            return
        series = [_series(found.name, *found.counts(), colour) for found, colour in chosen]
        options = charts.chart(charts.axis("frame"), charts.axis("found in a frame", scale=True, nameGap=40), series)
        options["legend"] = {"show": False}
        ui.echart(options).style("height: 240px; width: 100%")

    def _table(self, chosen: list[Result]) -> None:
        if not chosen:
            parts.nothing("Apply a network, or a classical method, first.")
            return
        names = {k: one.name for k, one in enumerate(chosen)}
        box = ui.element("div").classes("w-full")

        def show(number: int) -> None:
            one = chosen[number]
            box.clear()
            with box:
                columns = [{"name": name, "label": name, "field": name, "align": "left"} for name in one.columns]
                rows = one.rows(0, results.ROWS)
                made = ui.table(rows=rows, columns=columns, pagination=ROWS).props("dense flat").classes("w-full")
                made.props(f'aria-label="{one.name}"')

        with ui.element("div").classes("work-buttons"):
            select = ui.select(names, value=0, on_change=lambda event: show(event.value)).props(
                'dense outlined aria-label="Table"'
            )
            ui.button("CSV", icon="download", on_click=lambda: parts.download(chosen[select.value].path)).props(
                'outline no-caps aria-label="Download the table as CSV"'
            )
        show(0)


def _series(name: str, x: Any, y: Any, colour: str) -> dict[str, Any]:
    return charts.line(name, x, y, lineStyle={"width": 1.6, "color": colour}, itemStyle={"color": colour})
