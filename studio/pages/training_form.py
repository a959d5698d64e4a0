"""The training file as a form: data, loss, optimizer, length, what is watched. Each change is saved at once."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from nicegui import ui

from studio.errors import StudioError
from studio.pages import parts
from studio.state import Studio
from studio.training import forms
from studio.training.data import Data
from studio.training.file import TrainingFile
from studio.training.watch import take

Save = Callable[[dict[tuple[str, ...], Any]], None]
VALIDATION = "validation examples"
KEEP = {"best": "lowest validation loss", "last": "last epoch"}


class TrainingForm:
    """Built anew whenever the file changed on disk."""

    def __init__(self, studio: Studio, file: TrainingFile, data: Data | None, save: Save) -> None:
        self.studio, self.file, self.data, self.save = studio, file, data, save
        with parts.panel("Training file"):
            ui.label(file.name).classes("work-mono")
            self.errors = parts.Message()
            with ui.element("div").classes("work-form q-mt-sm"):
                self._data()
                self._loss()
                with ui.expansion("More of data and fit").classes("work-wide"), ui.element("div").classes("work-form"):
                    self._more()
                with ui.expansion("Watched frames").classes("work-wide"), ui.element("div").classes("work-form"):
                    self._watch()

    # -- fields ----------------------------------------------------------------------------------------------------

    def _set(self, path: tuple[str, ...], value: Any) -> None:
        self.save({path: value})

    def _number(self, label: str, path: tuple[str, ...], default: Any, whole: bool = True, **more: Any) -> Any:
        value = self.file.get(*path, default=default)
        value = _number_or(value, None)

        def keep(event: Any) -> None:
            if event.value is None and default is not None:
                return  # being typed
            self._set(path, None if event.value is None else int(event.value) if whole else float(event.value))

        made = ui.number(label, value=value, format="%d" if whole else None, on_change=keep, **more)
        return parts.field(made.props("debounce=300"))

    def _select(
        self, label: str, path: tuple[str, ...], options: Any, value: Any, wide: bool = False, **more: Any
    ) -> Any:
        if value is not None and value not in options:  # what the file says is shown, though dtmodels will refuse it
            options = {**options, value: value} if isinstance(options, dict) else [*options, value]
        made = ui.select(
            options, label=label, value=value, on_change=lambda event: self._set(path, event.value or None), **more
        )
        return parts.field(made, wide)

    def _word(self, label: str, path: tuple[str, ...], wide: bool = False, hint: str = "") -> Any:
        value = self.file.get(*path)
        made = ui.input(label, value="" if value is None else str(value), placeholder=hint)
        made.on_value_change(lambda event: self._set(path, str(event.value).strip() or None))
        return parts.field(made.props("debounce=400"), wide)

    # -- sections --------------------------------------------------------------------------------------------------

    def _data(self) -> None:
        inputs = self.file.get("data", "inputs", default="image")
        targets = self.file.get("data", "targets", default="position")
        known_inputs, known = (self.data.inputs, self.data.targets) if self.data else ([], [])
        self._select("Input", ("data", "inputs"), known_inputs, None if inputs is None else str(inputs))
        chosen = [str(one) for one in forms.listed(targets)]
        made = ui.select(_with(known, chosen), label="Target", value=chosen, multiple=True)
        made.on_value_change(lambda event: self._targets(list(event.value or [])))
        parts.field(made)

    def _targets(self, chosen: list[str]) -> None:
        if not chosen:
            return
        values: dict[tuple[str, ...], Any] = {("data", "targets"): chosen[0] if len(chosen) == 1 else chosen}
        outputs = self.data.outputs(chosen) if self.data else None
        if outputs is not None:
            values["model", "outputs"] = outputs  # a network that gives another number of them could not be trained
        self.save(values)

    def _loss(self) -> None:
        self._named("Loss", ("fit", "loss"), forms.LOSSES, "mae")
        self._named("Optimizer", ("fit", "optimizer"), forms.OPTIMIZERS, "adam")
        optimizer = self.file.get("fit", "optimizer", default="adam")
        rate = forms.arguments_of(optimizer).get("learning_rate")
        made = ui.number(
            "Learning rate",
            value=_number_or(rate, None),
            placeholder="0.001 by itself",
            on_change=self._rate,
        )
        parts.field(made.props("debounce=400 step=any"))
        schedule = self.file.get("fit", "schedule")
        name = forms.name_of(schedule) if schedule else ""
        options = {"": "constant", "cosine": "cosine", "reduce_on_plateau": "reduce on plateau"}
        self._select("Schedule", ("fit", "schedule"), options, name)
        self._number("Epochs", ("fit", "epochs"), 110, min=1)
        self._number("Batch size", ("fit", "batch_size"), 64, min=1)

    def _named(self, label: str, path: tuple[str, ...], known: tuple[str, ...], default: str) -> None:
        value = self.file.get(*path, default=default)
        name = forms.name_of(value)

        def keep(event: Any) -> None:
            if event.value and event.value != forms.name_of(self.file.get(*path, default=default)):
                kept = forms.arguments_of(self.file.get(*path, default=default))
                rate = {"learning_rate": kept["learning_rate"]} if "learning_rate" in kept else {}
                self._set(path, forms.named(str(event.value), rate if path[-1] == "optimizer" else {}))

        made = ui.select(
            _with(list(known), [name]),
            label=label,
            value=name or None,
            with_input=True,
            new_value_mode="add-unique",
            on_change=keep,
        )
        parts.field(made)

    def _rate(self, event: Any) -> None:
        optimizer = self.file.get("fit", "optimizer", default="adam")
        values = forms.arguments_of(optimizer) | {"learning_rate": None if event.value is None else float(event.value)}
        self._set(("fit", "optimizer"), forms.named(forms.name_of(optimizer), values))

    def _more(self) -> None:
        self._number("Share for validation", ("data", "validation"), 0.1, whole=False, min=0.01, max=0.99, step=0.05)
        self._number("Seed", ("fit", "seed"), 1, min=0)
        self._word("Only where", ("data", "where"), True, 'a condition, such as "snr > 5"')
        held = {forms.name_of(one): one for one in forms.listed(self.file.get("fit", "metrics")) if one}
        made = ui.select(
            _with(list(forms.METRICS), list(held)),
            label="Metrics",
            value=list(held),
            multiple=True,
            with_input=True,
            new_value_mode="add-unique",
        )
        made.on_value_change(  # with the arguments that the file gives them
            lambda event: self._set(("fit", "metrics"), [held.get(name, name) for name in event.value or []] or None)
        )
        parts.field(made.props("use-chips"), True)
        self._number("Stop early after", ("fit", "early_stopping"), None, min=1, placeholder="epochs").tooltip(
            "Epochs without a better validation loss"
        )
        self._select("Keep", ("fit", "keep"), KEEP, str(self.file.get("fit", "keep", default="best")))
        mirror = ui.switch("Mirrored at random", value=bool(self.file.get("data", "mirror", default=False)))
        mirror.on_value_change(lambda event: self._set(("data", "mirror"), True if event.value else None))
        mirror.classes("work-wide").tooltip(
            "Training images, and the points and masks that belong to them, turned over in each epoch"
        )

    # -- watched frames --------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        ui.label("What the network says of some frames while it is trained, every so many epochs.").classes(
            "work-soft work-wide"
        )
        frames = self.file.get("fit", "watch", "frames")
        files = [name for name in self.studio.project.measured() if not name.startswith(("runs/", "results/"))]
        options = {"": "nothing", VALIDATION: VALIDATION, **{name: name for name in _with(files, [])}}
        value = "" if not frames else VALIDATION if str(frames).startswith(".studio/") else str(frames)
        options.setdefault(value, value)
        made = ui.select(options, label="Frames", value=value, on_change=lambda event: self._watched(event.value))
        parts.field(made, True)
        self._watch_number("Every (epochs)", "every", 5)
        self._watch_number("Frames", "count", 16)

    def _watch_number(self, label: str, name: str, default: int) -> None:
        def keep(event: Any) -> None:
            if event.value and self.file.get("fit", "watch", "frames"):
                self._set(("fit", "watch", name), int(event.value))

        value = _number_or(self.file.get("fit", "watch", name, default=default), default)
        parts.field(ui.number(label, value=value, min=1, format="%d", on_change=keep).props("debounce=300"))

    def _watched(self, value: str) -> None:
        if not value:
            self._set(("fit", "watch"), None)
            return
        try:
            frames = self._validation_frames() if value == VALIDATION else value
        except StudioError as error:
            self.studio.notify(str(error), "negative")
            return
        kept = self.file.get("fit", "watch")
        self._set(("fit", "watch"), {**(kept if isinstance(kept, dict) else {}), "frames": frames})

    def _validation_frames(self) -> str:
        if self.data is None:
            raise StudioError("watched frames: there is no dataset to take them from")
        points = [name for name in self.data.targets if self.data.kinds[name] == "points"]
        path = self.data.path.relative_to(self.studio.project.folder).as_posix()
        inputs = self.file.get("data", "inputs", default="image")
        return take(self.studio.project.folder, path, inputs, points[0] if points else None)


def _with(known: list[str], more: list[Any]) -> list[str]:
    return known + [str(one) for one in more if one and one not in known]


def _number_or(value: Any, default: Any) -> Any:
    """A number that a field can show, or the default."""
    good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return value if good else default
