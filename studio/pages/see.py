"""The page See: the draw that is looked at, through its stages, beside a measured image, with curves of both."""

from __future__ import annotations

import html

import numpy as np
from nicegui import ui

from studio import palette
from studio.building.session import Session, session
from studio.panels import status
from studio.panels.curves import Curves, line_of
from studio.panels.keys import undoing
from studio.panels.look import Look, steppers
from studio.panels.measured import Measured
from studio.panels.picture import PICTURES, figure, gallery, marks, numbers, scene, span
from studio.panels.slide import Slider
from studio.state import Studio
from studio.watching.curves import scaled
from studio.watching.pictures import planes
from studio.watching.worker import Answer, Shown

GRIDS = {1: "one draw", 9: "9 draws", 16: "16 draws", 36: "36 draws"}
POLL = 1.0  # seconds between two looks at the disk


def page(studio: Studio) -> None:
    """Build the page in the current container."""
    SeePage(studio)


class SeePage:
    """The page of one window."""

    def __init__(self, studio: Studio) -> None:
        self.session: Session = session(studio)
        self.answer = Answer()
        self.count, self.along, self.place = 1, "x", 0.5
        self.output: str | None = None
        with ui.element("div").classes("see") as self.box:
            with ui.element("div").classes("see-left"):
                self._controls()
            with ui.element("div").classes("see-main"):
                self.banners = ui.element("div").classes("banners")
                self.error = ui.label().classes("banner banner-bad").props("role=alert")
                self.error.visible = False
                with ui.element("div").classes("see-top"):
                    self.pair = ui.html("", sanitize=False).classes("see-pair")
                    self.side = ui.html("", sanitize=False).classes("see-side")
                self.stages = ui.html("", sanitize=False).classes("see-stages")
                self.curves = Curves()
        self.session.listeners = [self._changed]
        ui.timer(POLL, self.session.refresh)
        undoing(self.session)
        self._changed()

    def _controls(self) -> None:
        self.look = Look(self.session, self._show, lambda: self.output if self.count == 1 else None, lambda: self.count)
        with ui.element("div").classes("group"):
            ui.label("Simulated").classes("section-title")
            current = self.session
            recipes = list(dict.fromkeys([current.name, *current.studio.project.recipes()]))
            recipe = ui.select(
                recipes, label="recipe", value=current.name, on_change=lambda e: current.open(str(e.value))
            )
            recipe.props("dense outlined options-dense stack-label").classes("full")
            self.choice = ui.select([], label="output", on_change=lambda e: self._choose(e.value))
            self.choice.props("dense outlined options-dense stack-label").classes("full")
            steppers(self.session, self.look.refresh)
            grid = ui.toggle({n: str(n) for n in GRIDS}, value=1, on_change=lambda e: self._grid(int(e.value)))
            grid.props('dense no-caps unelevated spread aria-label="Number of draws"').classes("full grid-choice")
            ui.label("draws at once; N and P show the next and the one before").classes("soft small")
        self.slider = Slider(self.session, self.look.refresh)
        self.measured = Measured(self.session, self._draw)
        with ui.element("div").classes("group"):
            ui.label("Line of the profile").classes("section-title")
            with ui.element("div").classes("slider-row"):
                ui.toggle(
                    {"x": "row", "y": "column"}, value="x", on_change=lambda e: self._line(along=str(e.value))
                ).props("dense no-caps unelevated size=sm")
                ui.slider(
                    min=0, max=1, step=0.01, value=0.5, on_change=lambda e: self._line(place=float(e.value))
                ).props('dense aria-label="Place of the line"')

    # -- what changes ----------------------------------------------------------------------------------------------

    def _changed(self) -> None:
        self.banners.clear()
        with self.banners:
            status.conflict(self.session.document, self.box)
            status.problem(self.session)
        self.slider.offer()
        self.look.refresh()

    def _choose(self, name: str | None) -> None:
        if name != self.output:
            self.output = name
            self.look.refresh()

    def _grid(self, count: int) -> None:
        self.count = count
        self.look.refresh()

    def _line(self, along: str | None = None, place: float | None = None) -> None:
        self.along = along or self.along
        self.place = self.place if place is None else place
        self._draw()

    def _show(self, answer: Answer) -> None:
        self.error.visible = bool(answer.error) and not answer.untrusted
        self.error.text = answer.error
        self.pair.classes(**{"add" if answer.error else "remove": "stale"})
        if answer.error:
            return
        self.answer = answer
        names = [output.name for output in answer.outputs if output.kind in PICTURES]
        if list(self.choice.options) != names:
            self.choice.set_options(names, value=names[0] if names else None)
        if self.output not in names:
            self.output = names[0] if names else None
            if self.output is not None:
                self.look.refresh()
        self._draw()

    # -- drawing ---------------------------------------------------------------------------------------------------

    def _chosen(self) -> Shown | None:
        return next((output for output in self.answer.outputs if output.name == self.output), None)

    def _draw(self) -> None:
        chosen = self._chosen()
        if chosen is None:
            self.pair.content = '<div class="look-empty">The recipe has no image yet: build one first.</div>'
            self.stages.content = self.side.content = ""
            self.curves.show(None, None, self.along, self.place)
            return
        if self.count > 1:
            self._draw_grid(chosen)
            return
        title, plane, sort = planes(chosen.values[0], chosen.kind, chosen.name)[0]
        shape = (int(plane.shape[0]), int(plane.shape[1]))
        measured = self.measured.image(shape)
        simulated = np.asarray(plane, float)
        over = marks(self.answer, 0, shape) + self._line_over(plane)
        made = [figure(title, plane, sort, over, caption=span(plane))]
        if measured is not None:
            made.append(figure("measured", measured, over=self._line_over(measured), caption=span(measured)))
        else:
            made.append(
                '<div class="see-none">Choose a measured image or video to see it here, with its curves over these.</div>'
            )
        self.pair.content = f'<div class="pictures pictures-2">{"".join(made)}</div>'
        how = self.measured.scale
        self.curves.show(
            scaled(simulated, how), None if measured is None else scaled(measured, how), self.along, self.place
        )
        self._draw_side()
        self.stages.content = self._stages(shape)

    def _line_over(self, image: np.ndarray) -> str:
        height, width = image.shape
        line = line_of(image, self.along, self.place)
        if self.along == "x":
            return f'<path class="profile-line" d="M-0.5 {line}H{width}"/>'
        return f'<path class="profile-line" d="M{line} -0.5V{height}"/>'

    def _draw_side(self) -> None:
        rows = "".join(
            f"<dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd>" for name, value in numbers(self.answer)
        )
        others = Answer(tuple(o for o in self.answer.outputs if o.kind not in PICTURES or o.name != self.output))
        pictures = gallery(others, most=2, targets=False)
        seconds = f'<div class="soft small">rendered in {self.answer.seconds * 1e3:.0f} ms</div>'
        self.side.content = f"<dl>{rows}</dl>{pictures}{seconds}"

    def _stages(self, shape: tuple[int, int]) -> str:
        made = []
        for stage in self.answer.stages:
            if stage.kind == "points":
                made.append(scene(stage, 0, stage.frame or shape))
                continue
            if stage.kind in PICTURES:
                word = stage_word(stage)
                for title, plane, sort in planes(stage.values[0], stage.kind, stage.name)[:2]:
                    made.append(figure(title, plane, sort, caption=word or span(plane)))
        arrow = '<i class="stage-arrow material-icons" aria-hidden="true">chevron_right</i>'
        return f'<div class="stages">{arrow.join(made)}</div>' if made else ""

    def _draw_grid(self, chosen: Shown) -> None:
        made = []
        for example in range(len(chosen.values)):
            _, plane, sort = planes(chosen.values[example], chosen.kind, chosen.name)[0]
            over = marks(self.answer, example, (int(plane.shape[0]), int(plane.shape[1])))
            made.append(figure(str(self.session.seen.index + example), plane, sort, over))
        columns = {9: 5, 16: 6, 36: 9}.get(self.count, 6)
        self.pair.content = (
            f'<div class="grid-of-draws" style="grid-template-columns:repeat({columns},1fr)">{"".join(made)}</div>'
        )
        self.side.content = self.stages.content = ""
        first = np.stack([np.asarray(planes(v, chosen.kind, "")[0][1], float) for v in chosen.values])
        shape = (int(first.shape[1]), int(first.shape[2]))
        measured = self.measured.image(shape)
        how = self.measured.scale
        middle = scaled(first[0], how)
        self.curves.show(middle, None if measured is None else scaled(measured, how), self.along, self.place)


def stage_word(stage: Shown) -> str:
    """Return what an image is after a stage, by the feature that made it."""
    if stage.kind == "field":
        return "field"
    item = palette.item(stage.name)
    if stage.name == "Camera":
        return "counts"
    if item is not None and item.family == "Noise and camera":
        return "photons"
    return "intensity" if item is not None and item.kind == "microscope" else ""
