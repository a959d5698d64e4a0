"""The page Generate: what it will take, the run, the datasets."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from studio.browsing.dataset import Row, row
from studio.errors import StudioError
from studio.pages import parts
from studio.pages.browse import Browse
from studio.pages.job_list import JobList
from studio.project import RECIPE
from studio.remembered import Remembered
from studio.running.job import LIVE, Job
from studio.running.orders import CODECS, SPLITS, Dataset
from studio.running.places import place
from studio.running.progress import duration, events, size
from studio.state import Studio

PLACES = {"here": "This machine", "cluster": "Cluster file", "scheduler": "Dask scheduler"}


def page(studio: Studio) -> None:
    """Build the page in the current container."""
    Generate(studio)


class Generate:
    """The form, its plan, the jobs and the datasets."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self.kept = Remembered(studio.project, "generate")
        self._plan: Job | None = None
        with parts.columns() as (left, right):
            with left:
                self._form()
            with right:
                with parts.panel("Runs"):
                    JobList(studio, ("generate",), self._ended)
                with parts.panel() as self.datasets_panel:
                    self.datasets_box = ui.element("div").classes("w-full")
                self.browse = Browse(studio)
        self._list()
        ui.timer(0.4, self._look_at_plan)

    # -- the form --------------------------------------------------------------------------------------------------

    def _form(self) -> None:
        kept, recipes = self.kept, self.studio.project.recipes()
        with parts.panel("New dataset"), ui.element("div").classes("work-form q-mt-sm"):
            if not recipes:
                recipes = [RECIPE]
            chosen = kept.get("recipe", RECIPE)
            self.recipe = self._keep(
                "recipe", ui.select(recipes, label="Recipe", value=chosen if chosen in recipes else recipes[0]), True
            )
            self.name = self._keep("name", ui.input("Dataset", value=kept.get("name", "train.zarr")), True)
            # Without limits of the field: it would correct what was typed without a word; here it is refused with one.
            self.count = self._keep(
                "count", ui.number("Examples", value=kept.get("count", 10_000), step=1000, format="%d")
            )
            self.seed = self._keep("seed", ui.input("Seed", value=str(kept.get("seed", "1"))))
            splits = {"": "none", **{name: name for name in SPLITS}}
            self.split = self._keep("split", ui.select(splits, label="Split", value=kept.get("split", "train")))
            self.workers = self._keep("workers", ui.number("Workers", value=kept.get("workers", 1), format="%d"))
            with ui.expansion("Storage and cluster").classes("work-wide"), ui.element("div").classes("work-form"):
                self._more()
        with parts.panel("Plan"):
            self.plan_box = ui.element("div").classes("w-full q-py-sm")
            with self.plan_box:
                ui.label("What it takes is foretold from a trial of some seconds.").classes("work-soft")
            self.message = parts.Message()
            with ui.element("div").classes("work-buttons"):
                self.plan_button = ui.button("Plan", icon="query_stats", on_click=self._start_plan).props(
                    "outline no-caps"
                )
                self.stop_button = ui.button("Stop planning", on_click=self._stop_plan).props("flat no-caps")
                self.stop_button.set_visibility(False)
                ui.button("Generate", icon="play_arrow", on_click=self._start).props("unelevated no-caps")

    def _more(self) -> None:
        kept = self.kept
        codecs = {"": "as simcore chooses", **{name: name for name in CODECS}}
        self.codec = self._keep("codec", ui.select(codecs, label="Codec", value=kept.get("codec", "")))
        self.processes = self._keep("processes", ui.switch("Processes", value=kept.get("processes", False)))
        self.processes.tooltip("Workers are processes instead of threads")
        self.unit = self._keep(
            "unit", ui.number("Examples in a file", value=kept.get("unit", None), min=1, format="%d")
        )
        self.chunk = self._keep(
            "chunk", ui.number("Examples in a chunk", value=kept.get("chunk", None), min=1, format="%d")
        )
        self.place = self._keep("place", ui.select(PLACES, label="Runs on", value=kept.get("place", "here")), True)
        files = sorted(path.name for path in self.studio.project.folder.glob("*.yaml") if "cluster" in path.name)
        hint = files[0] if files else "cluster.yaml"
        self.where = self._keep(
            "where", ui.input("File, or address of the scheduler", value=kept.get("where", ""), placeholder=hint), True
        )
        self.where.bind_visibility_from(self.place, "value", lambda value: value != "here")
        for one in (self.processes, self.workers):  # a cluster or scheduler has workers of its own
            one.bind_enabled_from(self.place, "value", lambda value: value == "here")
        self.trust = ui.switch("Run the code that the recipe holds", value=False).classes("work-wide")
        self.trust.tooltip("Only for a recipe that is your own or that you have read")

    def _keep(self, name: str, element: Any, wide: bool = False) -> Any:
        element.on_value_change(lambda event: self.kept.keep(name, event.value))
        return element if isinstance(element, ui.switch) else parts.field(element, wide)

    def _asked(self) -> Dataset:
        name = str(self.name.value or "").strip().rstrip("/")
        name = name if name.endswith(".zarr") or "://" in name or not name else f"{name}.zarr"
        if "://" not in name and name:
            name = place(self.studio.project, name, "dataset", "train.zarr")
        seed = str(self.seed.value or "").replace("_", "").strip()
        if not seed.isdecimal():
            raise StudioError(f"seed: {seed!r}; must be a whole number from 0")
        where = str(self.where.value or "").strip() if self.place.value != "here" else ""
        if self.place.value != "here" and not where:
            raise StudioError(f"{PLACES[self.place.value].lower()}: is not named")
        return Dataset(
            name, _whole("examples", self.count.value), int(seed), self.split.value or "", _whole("workers", self.workers.value),
            bool(self.processes.value), self.codec.value or "", _or_none(self.unit.value), _or_none(self.chunk.value),
            where if self.place.value == "cluster" else "", where if self.place.value == "scheduler" else "",
            bool(self.trust.value),
        )  # fmt: skip

    def _recipe_text(self) -> str:
        found = self.studio.project.read(self.recipe.value)
        if found.digest is None:
            raise StudioError(f"{self.recipe.value}: is not there yet; build it first")
        return found.text

    # -- plan and run ----------------------------------------------------------------------------------------------

    def _start_plan(self) -> None:
        self.message.show(None)
        try:
            self._plan = self.studio.jobs.add(self._asked().plan(), {"recipe.yaml": self._recipe_text()})
        except StudioError as error:
            self.message.show(str(error))
            return
        self.plan_button.props("loading")
        self.stop_button.set_visibility(True)

    def _stop_plan(self) -> None:
        try:
            if self._plan is not None:
                self.studio.jobs.stop(self._plan)
        except StudioError as error:
            self.message.show(str(error))

    def _look_at_plan(self) -> None:
        job = self._plan
        if job is None or self.studio.jobs.state(job) in LIVE:
            return
        self._plan = None
        self.plan_button.props(remove="loading")
        self.stop_button.set_visibility(False)
        told = events(job)
        if job.state == "done" and told:
            self._show_plan(told[-1])
        else:
            self.message.show((job.error or "the plan was stopped").removeprefix("simcore: "))
        self.studio.jobs.forget(job)

    def _show_plan(self, found: dict[str, Any]) -> None:
        self.plan_box.clear()
        with self.plan_box:
            values = {
                "time": f"{duration(found['seconds'])}, {found['examples_per_second']:,.0f} examples/s",
                "size": f"{size(found['bytes'])} ({size(found['bytes_uncompressed'])} uncompressed)",
                "files": f"{found['files']:,} in {found['units']:,} units of {found['unit']:,}",
                "memory": size(found["memory"]),
            }
            if found.get("free") is not None:
                values["free there"] = size(found["free"])
            values["trial"] = f"{found['trial']:,} examples, codec {found['codec']}"
            parts.facts(values)
        if found.get("fits") is False:
            self.message.show(f"It does not fit: {size(found['bytes'])} needed, {size(found.get('free') or 0)} free.")

    def _start(self) -> None:
        self.message.show(None)
        try:
            job = self.studio.jobs.add(self._asked().generate(), {"recipe.yaml": self._recipe_text()})
        except StudioError as error:
            self.message.show(str(error))
            return
        self.studio.notify(f"{job.order.title}: queued")

    def _ended(self) -> None:
        self._list()
        self.browse.reload()

    # -- datasets --------------------------------------------------------------------------------------------------

    def _list(self) -> None:
        rows = [row(self.studio.project.folder, path) for path in self.studio.project.datasets()]
        self.datasets_box.clear()
        with self.datasets_box:
            with ui.element("div").classes("work-head"):
                ui.label("Datasets").classes("work-title").props("role=heading aria-level=2")
                ui.space()
                parts.small_button("refresh", "Look again", self._list)
            if not rows:
                parts.nothing("No dataset lies in this project yet.")
            for one in rows:
                self._dataset(one)
        paths = [one.path for one in rows if one.state == "complete"]
        if self.browse.path not in paths:
            self._open(self.kept.get("open", "") if self.kept.get("open", "") in paths else (paths[0] if paths else ""))

    def _dataset(self, one: Row) -> None:
        with ui.element("button").classes("work-choice").props("type=button") as choice:
            choice.props["data-dataset"] = one.path  # as a text of its own: a name may hold quotes
            ui.icon(
                "grid_on"
                if one.state == "complete"
                else "hourglass_empty"
                if one.state == "incomplete"
                else "error_outline"
            )
            ui.label(one.path).classes("work-name")
            ui.space()
            told = f"{one.examples:,} examples, {size(one.bytes)}" if one.state == "complete" else one.state
            split = f"{one.split}, " if one.split else ""
            ui.label(f"{split}seed {one.seed}, {told}" if one.state != "broken" else one.note).classes("work-soft")
        choice.classes("work-chosen" if one.path == self.browse.path else "")
        if one.state == "complete":
            choice.on("click", lambda: self._open(one.path))

    def _open(self, path: str) -> None:
        if path == self.browse.path:
            return
        self.browse.open(path)
        if path:
            self.kept.keep("open", path)
            self._list()


def _whole(name: str, value: Any) -> int:
    try:
        if value is not None and float(value) == int(value):
            return int(value)
    except (TypeError, ValueError, OverflowError):
        pass
    raise StudioError(f"{name}: {value!r}; must be a whole number")


def _or_none(value: Any) -> int | None:
    return None if value in (None, "") else _whole("examples in a file or chunk", value)
