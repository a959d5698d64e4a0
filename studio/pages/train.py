"""The page Train: the training file as a form, runs and their curves."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from studio.errors import ConflictError, StudioError
from studio.pages import parts
from studio.pages.against import Against
from studio.pages.curves import Curves
from studio.pages.job_list import JobList
from studio.pages.load import Load
from studio.pages.network import Network
from studio.pages.training_form import TrainingForm
from studio.pages.watched import Watched
from studio.remembered import Remembered
from studio.running import orders
from studio.running.places import place
from studio.state import Studio
from studio.training.data import Data, read
from studio.training.file import TrainingFile
from studio.training.runs import free_name

TABS = {
    "network": ("Network", "hub"),
    "curves": ("Curves", "show_chart"),
    "watched": ("Predictions", "visibility"),
    "against": ("Errors", "scatter_plot"),
    "load": ("System", "memory"),
}


def page(studio: Studio) -> None:
    """Build the page in the current container."""
    Train(studio)


class Train:
    """Form on the left; jobs, curves and the rest on the right."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self.kept = Remembered(studio.project, "train")
        self.file = TrainingFile(studio.project)
        self.data: Data | None = None
        self.refresh: list[Any] = []
        with parts.columns() as (self.left, right):
            with self.left:
                self._start_panel()
                self.form_box = ui.element("div").classes("work-column")
                self.form: TrainingForm | None = None
            with right:
                with parts.panel("Trainings"):
                    JobList(studio, ("train",), self._ended)
                with parts.panel():
                    self._tabs()
        self._read_data()
        self._build_form()
        ui.timer(2.0, self._look_at_disk)

    # -- what is trained on, and starting --------------------------------------------------------------------------

    def _start_panel(self) -> None:
        datasets = self.studio.project.datasets()
        with parts.panel("New training"):
            with ui.element("div").classes("work-form q-mt-sm"):
                kept = self.kept.get("data", "")
                value = kept if kept in datasets else _usual(datasets)
                self.dataset = parts.field(
                    ui.select(datasets, label="Dataset", value=value, on_change=self._chosen), True
                )
                self.run_name = parts.field(ui.input("Run", value=free_name(self.studio.project.folder)), True)
            self.message = parts.Message()
            self.conflict = ui.element("div").classes("work-message")
            self.conflict.set_visibility(False)
            with ui.element("div").classes("work-buttons q-mt-sm"):
                ui.button("Train", icon="play_arrow", on_click=self._start).props("unelevated no-caps")
                ui.label("Another one waits in the queue until this one has ended.").classes("work-faint").style(
                    "flex: 1"
                )

    def _chosen(self) -> None:
        if self.dataset.value:
            self.kept.keep("data", self.dataset.value)
        self._read_data()
        self._build_form()

    def _read_data(self) -> None:
        self.data = None
        try:
            if self.dataset.value:
                self.data = read(self.studio.project.inside(self.dataset.value))
        except StudioError as error:
            self.message.show(str(error))

    def _start(self) -> None:
        self.message.show(None)
        try:
            if not self.dataset.value:
                raise StudioError("training: there is no dataset yet; generate one first")
            if self.file.error:
                raise StudioError(self.file.error)
            if not self.file.exists:
                self.file.set_all({("format",): "dtmodels-training/1"})
            name = place(self.studio.project, str(self.run_name.value or ""), "run", "runs/run-1")
            if (self.studio.project.inside(name) / "run.json").exists():
                raise StudioError(f"{name}: holds a run already; choose another name, or let that one go on")
            epochs = self.file.get("fit", "epochs", default=110)
            order = orders.train(self.dataset.value, name, epochs if isinstance(epochs, int) else None)
            job = self.studio.jobs.add(order, {"training.yaml": self.file.text})
        except StudioError as error:
            self.message.show(str(error))
            return
        self.studio.notify(f"{job.order.title}: queued")
        self._next_name()
        self.tabs.set_value("curves")

    def _next_name(self) -> None:
        live = {job.order.target for job in self.studio.jobs.live()}
        name, number = free_name(self.studio.project.folder), 1
        while name in live:
            number += 1
            name = f"runs/run-{number}"
        self.run_name.set_value(name)

    # -- the training file -----------------------------------------------------------------------------------------

    def _build_form(self) -> None:
        self.form_box.clear()
        self.form = None
        try:
            with self.form_box:
                self.form = TrainingForm(self.studio, self.file, self.data, self.save)
        except Exception as error:  # a file may hold anything, and the page must stay so that it can be mended
            self.form_box.clear()
            with self.form_box, parts.panel("Training file"):
                ui.label(self.file.name).classes("work-mono")
                parts.Message().show(self.file.error or f"{self.file.name}: cannot be shown as a form: {error}")
        self._edited()

    def save(self, values: dict[tuple[str, ...], Any]) -> None:
        """Write some values of the training file at once, and let everything follow that depends on them."""
        try:
            self.file.set_all(values)
        except ConflictError as error:
            self._tell_conflict(str(error))
        except StudioError as error:
            self.message.show(str(error))
        else:
            self.message.show(None)
        self._edited()

    def _edited(self) -> None:
        if self.form is not None:
            self.form.errors.show(self.file.error)
        self.network.show(self.file, self.data)

    def _tell_conflict(self, text: str) -> None:
        self.conflict.clear()
        self.conflict.set_visibility(True)
        with self.conflict, ui.element("div"):
            ui.label(text)
            with ui.row().classes("q-mt-xs gap-2"):
                ui.button("Take theirs", on_click=self._take_theirs).props("outline dense no-caps size=sm")
                ui.button("Keep mine beside it", on_click=self._keep_mine).props("outline dense no-caps size=sm")

    def _take_theirs(self) -> None:
        self.file.load()
        self.conflict.set_visibility(False)
        self._build_form()

    def _keep_mine(self) -> None:
        try:
            self.studio.notify(f"{self.file.keep_beside()}: holds what was edited here")
        except StudioError as error:
            self.studio.notify(str(error), "negative")
            return
        self._take_theirs()

    def _look_at_disk(self) -> None:
        """What another window or program wrote is shown, unless there is something here that is not saved."""
        datasets = self.studio.project.datasets()
        if datasets != self.dataset.options:
            kept = self.dataset.value if self.dataset.value in datasets else _usual(datasets)
            self.dataset.set_options(datasets, value=kept)
        if self.conflict.visible:
            return
        try:
            if not self.file.changed():
                if self.file.unsaved:
                    self.save({})
            elif self.file.unsaved:
                self._tell_conflict(
                    f"{self.file.name}: was changed by another program; what was edited here is not saved"
                )
            else:
                self._take_theirs()
        except StudioError as error:
            self.message.show(str(error))

    # -- what comes of it ------------------------------------------------------------------------------------------

    def _tabs(self) -> None:
        with ui.tabs().props("dense no-caps inline-label align=left").classes("w-full") as self.tabs:
            for name, (title, icon) in TABS.items():
                ui.tab(name, title, icon=icon)
        first = self.kept.get("tab", "network")
        self.tabs.on_value_change(lambda event: self.kept.keep("tab", event.value))
        with ui.tab_panels(self.tabs, value=first, animated=False, keep_alive=False).classes("w-full"):
            with ui.tab_panel("network"):
                self.network = Network(self.save)
            with ui.tab_panel("curves"):
                self.curves = Curves(self.studio, lambda: self.tabs.value == "curves")
            with ui.tab_panel("watched"):
                self.watched = Watched(self.studio, lambda: self.tabs.value == "watched")
            with ui.tab_panel("against"):
                self.against = Against(self.studio, lambda: self.tabs.value == "against")
            with ui.tab_panel("load"):
                Load(self.studio, lambda: self.tabs.value == "load")

    def _ended(self) -> None:
        self.curves.update()
        self.against.update_runs()


def _usual(datasets: list[str]) -> str | None:
    """The dataset that is meant for training, as far as its name says so."""
    return next((name for name in datasets if "train" in name), datasets[0] if datasets else None)
