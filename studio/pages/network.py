"""The network: its kind and sizes, drawn."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from nicegui import ui

from studio.pages import parts
from studio.training import diagram, forms
from studio.training.data import Data
from studio.training.file import TrainingFile
from studio.training.text import NULL

FIRST = ("convolutions", "dense", "base", "output_convolutions", "lstm", "outputs")


class Network:
    """Follows the ``model:`` section of the training file."""

    def __init__(self, save: Callable[[dict[tuple[str, ...], Any]], None]) -> None:
        self.save = save
        self._kind: str | None = None
        self._section: dict[str, Any] = {}
        self._shown: dict[str, Any] = {}  # what the fields say
        self._writing = False
        with ui.element("div").classes("work-buttons"):
            self.kind = ui.toggle(forms.kinds(), on_change=lambda event: self._chosen(event.value)).props(
                'dense no-caps unelevated aria-label="Network"'
            )
        self.about = ui.label().classes("work-soft q-mt-sm")
        self.picture = ui.html("", sanitize=False).classes("w-full q-my-sm")
        self.weights = ui.label().classes("work-soft")
        self.hint = parts.Message(note=True)
        self.form = (
            ui.element("div")
            .classes("work-form q-mt-sm")
            .style("grid-template-columns: repeat(auto-fill, minmax(200px, 1fr))")
        )

    def show(self, file: TrainingFile, data: Data | None) -> None:
        """Bring everything to what the file says."""
        section = file.get("model", default={})
        self._section = section if isinstance(section, dict) else {}
        kind = self._section.get("kind")
        if kind not in forms.kinds():
            self._clear()
            return
        if kind != self._kind:
            self._kind = kind
            self.kind.set_value(kind)
            self.about.set_text(forms.about(kind))
            self._fields(kind)
        elif (
            self._section != self._shown and not self._writing
        ):  # somebody else wrote it; our own field keeps its cursor
            self._fields(kind)
        self._shown = dict(self._section)
        shape: tuple[int, ...] = (51, 51, 1)
        inputs = file.get("data", "inputs", default="image")
        if data is not None and isinstance(inputs, str):
            shape = data.shapes.get(inputs, shape)
        self.picture.set_content(diagram.drawing(self._section, shape))
        count = diagram.weights(self._section, shape)
        pixels = " x ".join(map(str, shape))
        self.weights.set_text(f"{count:,} weights for images of {pixels}" if count else f"drawn for images of {pixels}")
        self._check(file, data)

    def _clear(self) -> None:
        """Show no network: the file names none that there is."""
        self._kind = None
        self.kind.set_value(None)
        self.about.set_text("")
        self.picture.set_content("")
        self.weights.set_text("")
        self.hint.show(None)
        self.form.clear()

    def _check(self, file: TrainingFile, data: Data | None) -> None:
        targets = file.get("data", "targets", default="position")
        names = [str(one) for one in forms.listed(targets)]
        needed = data.outputs(names) if data is not None else None
        given = forms.with_defaults(self._section).get("outputs")
        loss = forms.name_of(file.get("fit", "loss", default="mae"))
        free = loss in ("gaussian_likelihood", "sparse_categorical_crossentropy")
        told = f"{', '.join(names)} needs {needed} outputs; this network gives {given}"
        self.hint.show(told if needed is not None and needed != given and not free else None)

    def _chosen(self, kind: str | None) -> None:
        if not kind or kind == self._section.get("kind"):
            return
        known = {one.name for one in forms.arguments(kind)}
        kept = {key: value for key, value in self._section.items() if key in known and key in ("outputs", "seed")}
        self.save({("model",): {"kind": kind, **kept}})

    def _fields(self, kind: str) -> None:
        self.form.clear()
        arguments = sorted(forms.arguments(kind), key=lambda one: (one.name not in FIRST, one.form == "switch"))
        with self.form:
            for one in arguments:
                self._field(one)

    def _field(self, one: forms.Argument) -> None:
        value = self._section.get(one.name, one.default)
        label = one.name.replace("_", " ").capitalize()
        made: Any
        if one.form == "switch":
            made = ui.switch(label, value=bool(value), on_change=lambda event: self._set(one, bool(event.value)))
        elif one.form == "choice":
            options = {choice: "none" if choice is None else str(choice) for choice in one.choices}
            value = value if value is None else str(value)
            options.setdefault(value, str(value))
            made = ui.select(options, label=label, value=value, on_change=lambda event: self._set(one, event.value))
        elif one.form == "sizes":
            made = ui.input(label, value=", ".join(map(str, forms.listed(value))), validation=_refusal)
            made.on_value_change(lambda event: self._sizes(one, str(event.value)))
            made.props("debounce=300")
        elif one.form == "mapping":
            made = ui.input(label, value=forms.written(value), validation=lambda text: _refused(forms.mapping, text))
            made.on_value_change(lambda event: self._mapping(one, str(event.value)))
            made.props('debounce=600 placeholder="z: [2, 30], planes: 28, wavelength: 0.633, pixel_size: 0.345"')
        else:
            more = {"min": 0, "max": 0.99, "step": 0.05} if one.form == "share" else {"min": 0, "step": 1}
            made = ui.number(label, value=_number_or_none(value), **more)
            made.on_value_change(lambda event: self._number(one, event.value))
            made.props("debounce=300")
        if one.form != "switch":
            parts.field(made)
        made.tooltip(one.meaning) if one.meaning else None

    def _set(self, one: forms.Argument, value: Any) -> None:
        if value is None and one.default is not None:
            value = NULL  # without the key the default would count
        self._writing = True
        try:
            self.save({("model", one.name): value})
        finally:
            self._writing = False

    def _sizes(self, one: forms.Argument, text: str) -> None:
        if _refusal(text) is None:
            self._set(one, forms.sizes(text))

    def _mapping(self, one: forms.Argument, text: str) -> None:
        if _refused(forms.mapping, text) is None:
            self._set(one, forms.mapping(text))

    def _number(self, one: forms.Argument, value: float | None) -> None:
        if value is None:
            if one.default is None:
                self._set(one, None)
            return
        self._set(one, float(value) if one.form == "share" else int(value))


def _number_or_none(value: Any) -> int | float | None:
    return value if isinstance(value, int | float) and math.isfinite(value) else None


def _refusal(text: str) -> str | None:
    return _refused(forms.sizes, text) or (None if forms.sizes(text) else "must be whole numbers, such as 16, 32, 64")


def _refused(read: Callable[[str], Any], text: str) -> str | None:
    try:
        read(text)
    except ValueError as error:
        return str(error)
    return None
