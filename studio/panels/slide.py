"""A slider that holds one property at a number while it moves; nothing is saved until it is kept."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from studio.building.session import Session
from studio.errors import StudioError
from studio.watching.sliding import Slide, held, slides

STEPS = 200


class Slider:
    """Builds the slider, which offers nothing yet; ``changed`` is called when the draft is another one."""

    def __init__(self, session: Session, changed: Callable[[], None]) -> None:
        self.session, self.changed = session, changed
        self.found: dict[str, Slide] = {}
        self.slide: Slide | None = None
        with ui.element("div").classes("group"):
            ui.label("Try a property").classes("section-title")
            self.choice = ui.select([], label="property", on_change=lambda e: self._choose(e.value), clearable=True)
            self.choice.props("dense outlined options-dense stack-label").classes("full")
            self.box = ui.element("div").classes("slide-box")

    def offer(self) -> None:
        """Offer the properties that the recipe has now."""
        session = self.session
        found = slides(session.recipe, session.names, tuple(session.own)) if session.recipe else []
        self.found = {slide.label: slide for slide in found}
        if list(self.choice.options) != list(self.found):
            self.choice.set_options(list(self.found), value=None)

    def _choose(self, label: str | None) -> None:
        self.slide = self.found.get(label or "")
        self.session.draft = None
        self.box.clear()
        if self.slide is not None:
            slide = self.slide
            with self.box:
                with ui.element("div").classes("slider-row"):
                    step = 1 if slide.whole else (slide.high - slide.low) / STEPS
                    self.track = ui.slider(min=slide.low, max=slide.high, step=step, value=slide.start)
                    self.track.on_value_change(lambda e: self._move(float(e.value))).props("dense")
                    self.track.props["aria-label"] = slide.label
                    self.words = ui.label(self._written(slide.start)).classes("small mono")
                with ui.element("div").classes("pair"):
                    ui.button("Keep this value", on_click=self._keep).props("flat dense no-caps")
                    ui.button("Let go", on_click=lambda: self.choice.set_value(None)).props("flat dense no-caps")
        self.changed()

    def _written(self, value: float) -> str:
        unit = "" if self.slide is None or self.slide.unit == "1" else f" {self.slide.unit.replace('um', 'µm')}"
        return f"{value:.4g}{unit}"

    def _text(self, value: float) -> str | None:
        if self.slide is None or self.session.recipe is None:
            return None
        try:
            return held(self.session.recipe, self.slide, value, self.session.names)
        except StudioError:
            return None

    def _move(self, value: float) -> None:
        self.words.text = self._written(value)
        self.session.draft = self._text(value)
        self.changed()

    def _keep(self) -> None:
        text = self._text(float(self.track.value))
        self.choice.set_value(None)
        if text is None:
            return
        found = self.session.check(text)
        if found and not found.untrusted and found != self.session.problem:
            self.session.studio.notify(f"Not kept: {found.message}", "negative")
        else:
            self.session.edit(lambda _: text)
