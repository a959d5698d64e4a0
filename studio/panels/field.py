"""One parameter in a form: a number, a distribution with its histogram, values for each split, or an expression."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import numpy as np
from nicegui import run, ui

from simcore.errors import SimcoreError
from studio import palette
from studio.building import checking, values
from studio.building.session import Session
from studio.errors import StudioError
from studio.palette import Parameter

MODES = (
    ("number", "pin", "A number"),
    ("draw", "equalizer", "A distribution"),
    ("split", "call_split", "Other values for training, validation and test"),
    ("expression", "functions", "An expression of other properties"),
)
DEBOUNCE = 30  # milliseconds after the last key
REST = 0.2  # seconds after which a histogram is drawn: the picture comes first
BINS = 40
# Takes a text or None (back to the default), gives what is wrong with it or "".
Commit = Callable[[str | None], str]


class Field:
    """Builds the field of a parameter; ``text`` is what it is given as, None where its default holds."""

    def __init__(self, session: Session, parameter: Parameter, text: str | None, commit: Commit) -> None:
        self.session, self.parameter, self.text, self.commit = session, parameter, text, commit
        self.mode = values.read(text).mode if text is not None else "number"
        self.inputs: dict[str, ui.input] = {}
        self.task: asyncio.Task[None] | None = None
        with ui.element("div").classes("field") as self.box:
            self.box.props["data-parameter"] = parameter.name
            with ui.element("div").classes("field-head"):
                name = ui.label(parameter.name).classes("field-name")
                name.props["title"] = parameter.meaning
                if parameter.unit not in ("", "1"):
                    ui.label(parameter.unit.replace("um", "µm")).classes("field-unit")
                ui.space()
                self.modes = ui.element("div").classes("field-modes")
            self.editor = ui.element("div").classes("field-editor")
            self.message = ui.label().classes("field-message").props("role=alert")
            self.message.visible = False
        self._draw_modes()
        self._draw_editor()

    # -- building --------------------------------------------------------------------------------------------------

    def _draw_modes(self) -> None:
        self.modes.clear()
        if self.parameter.kind == "option":
            return
        with self.modes:
            for mode, icon, tip in MODES:
                button = ui.button(icon=icon, on_click=lambda _, m=mode: self._turn(m))
                button.props("flat dense size=xs").classes("mode-here" if mode == self.mode else "mode")
                button.props["aria-label"] = f"{self.parameter.name}: {tip.lower()}"
                button.props["title"] = tip

    def _draw_editor(self) -> None:
        self.editor.clear()
        self.inputs.clear()
        value = values.read(self.text or "")
        with self.editor:
            if self.parameter.choices:
                self._draw_choices()
            elif self.mode == "draw":
                self._draw_distribution(value)
            elif self.mode == "split":
                texts = value.texts or (self.text or self.parameter.default or "0",) * 3
                for split, text in zip(values.SPLITS, texts, strict=True):
                    self._input(split, text, split, self._splits_changed)
            else:
                self._input("value", self.text or "", "", self._value_changed)
        self._hint()

    def _input(self, key: str, text: str, label: str, changed: Callable[[], None]) -> None:
        field = ui.input(
            label or None, value=text, placeholder=self._placeholder() if not label else None, on_change=changed
        )
        field.props(f"dense outlined debounce={DEBOUNCE} spellcheck=false" + (" stack-label" if label else "")).classes(
            "field-input mono"
        )
        field.props["aria-label"] = f"{self.parameter.name} {label}".strip()
        if not label and self.text is not None and self.parameter.default is not None:
            with field.add_slot("append"):
                back = ui.icon("backspace").classes("field-back").props("tabindex=0 role=button")
                back.props["aria-label"] = f"{self.parameter.name}: back to the default"
                back.props["title"] = f"Default: {self.parameter.default}"
                back.on("click", self._back)
        self.inputs[key] = field

    def _placeholder(self) -> str:
        return "required" if self.parameter.default is None else self.parameter.default

    def _draw_choices(self) -> None:
        options = list(dict.fromkeys([*self.parameter.choices, *([self.text] if self.text else [])]))
        shown = self.text if self.text is not None else self.parameter.default
        if shown not in options:
            options.append(str(shown))
        select = ui.select(
            {o: o.strip("'\"") for o in options},
            value=shown,
            on_change=lambda e: self._commit(str(e.value).replace("'", '"')),
        )
        select.props("dense outlined options-dense").classes("field-input")
        select.props["aria-label"] = self.parameter.name

    def _draw_distribution(self, value: values.Value) -> None:
        draws = [item.name for item in palette.items() if item.family == "Draws"]
        name = value.draw or "uniform"
        choice = ui.select(draws, value=name, on_change=lambda e: self._other_draw(str(e.value)))
        choice.props("dense outlined options-dense").classes("field-input field-draw")
        choice.props["aria-label"] = f"{self.parameter.name}: distribution"
        self.name = name
        known = palette.item(name)
        given = dict(value.given)
        with ui.element("div").classes("field-arguments"):
            for p in known.parameters if known else ():
                if p.name != "shape" or "shape" in given:
                    self._input(p.name, given.get(p.name, ""), p.name.replace("_", " "), self._draw_changed)
        self.histogram = ui.html("", sanitize=False).classes("field-histogram")
        self._show_histogram()

    # -- changes ---------------------------------------------------------------------------------------------------

    def _turn(self, mode: str) -> None:
        if mode == self.mode:
            return
        text = self.text if self.text is not None else self.parameter.default or ""
        middle = values.number_in(text) if text else None
        if mode == "number":
            text = f"{middle:g}" if middle is not None else self._from_draws(text)
        elif mode == "draw" and values.read(text).mode != "draw":
            name = "integers" if "whole number" in self.parameter.allowed else "uniform"
            text = values.usual_draw(name, middle, self.parameter.low, self.parameter.high)
        elif mode == "split" and values.read(text).mode != "split":
            text = f'where(equal(split, "train"), {text}, {text})' if text else ""
        before, self.mode = self.text, mode
        self.text = text or self.text
        self._draw_modes()
        self._draw_editor()
        if text and text != before:
            self._commit(text)

    def _from_draws(self, text: str) -> str:
        try:
            return f"{float(np.mean(checking.values(self.session.document.text, text, self.session.trust))):.4g}"
        except (SimcoreError, StudioError):
            return text

    def _value_changed(self) -> None:
        text = str(self.inputs["value"].value or "").strip()
        self._commit(text or None)

    def _splits_changed(self) -> None:
        texts = [str(self.inputs[split].value or "").strip() for split in values.SPLITS]
        if all(texts):
            self._commit(values.for_splits(*texts))
        else:
            self._say("a value for each split")

    def _draw_changed(self) -> None:
        self._commit(values.draw_text(self.name, {name: str(field.value or "") for name, field in self.inputs.items()}))
        self._show_histogram()

    def _other_draw(self, name: str) -> None:
        middle = values.number_in(self.text or "")
        text = values.usual_draw(name, middle, self.parameter.low, self.parameter.high)
        self.text = text
        self._draw_editor()
        self._commit(text)

    def _back(self) -> None:
        if not self.commit(None):
            self.text, self.mode = None, "number"
            self._draw_modes()
            self._draw_editor()

    def _commit(self, text: str | None) -> None:
        if text is None and self.parameter.default is None:
            self._say(f"{self.parameter.name}: must be given")
            return
        said = self.commit(text)
        if said:
            self._say(said)
        else:
            self.text = text
            self._hint()

    # -- messages --------------------------------------------------------------------------------------------------

    def _say(self, message: str) -> None:
        self.message.text, self.message.visible = f"Not applied: {message}", True
        self.box.classes(add="field-bad")

    def complain(self, message: str) -> None:
        """Show what is wrong with the value that is in the recipe."""
        self.message.text, self.message.visible = message, True
        self.box.classes(add="field-bad")

    def _hint(self) -> None:
        self.box.classes(remove="field-bad")
        allowed = self.parameter.allowed
        self.message.text = allowed if allowed and not self.parameter.choices and allowed != "a finite number" else ""
        self.message.visible = bool(self.message.text)

    def _show_histogram(self) -> None:
        text = values.draw_text(self.name, {name: str(field.value or "") for name, field in self.inputs.items()})

        async def show() -> None:
            await asyncio.sleep(REST)
            try:
                drawn = await run.io_bound(checking.values, self.session.document.text, text, self.session.trust)
            except (SimcoreError, StudioError, ValueError, ArithmeticError):
                return
            if drawn is not None and not self.histogram.is_deleted:
                self.histogram.content = bars(drawn)

        if self.task is not None:
            self.task.cancel()
        self.task = asyncio.create_task(show())


def bars(drawn: np.ndarray) -> str:
    """Return the histogram of numbers as SVG, with the ends of what was drawn."""
    finite = drawn[np.isfinite(drawn)]
    if not finite.size:
        return ""
    few = np.unique(finite)
    counts, edges = np.histogram(finite, bins=BINS if few.size > BINS else max(2, few.size * 2))
    width = 100 / len(counts)
    heights = 30 * counts / counts.max()
    rows = "".join(
        f'<rect x="{k * width:.2f}" y="{30 - height:.2f}" width="{0.9 * width:.2f}" height="{height:.2f}"/>'
        for k, height in enumerate(heights)
        if height
    )
    ends = f'<div class="histogram-ends"><span>{edges[0]:.3g}</span><span>{edges[-1]:.3g}</span></div>'
    return f'<svg viewBox="0 0 100 30" preserveAspectRatio="none" role="img" aria-label="histogram">{rows}</svg>{ends}'
