"""The page Use: measured frames, what a trained network finds on them, classical methods and other runs beside."""

from __future__ import annotations

from typing import Any

from nicegui import events, run, ui

from studio.applying import results
from studio.applying.classical import locate
from studio.applying.files import keep_upload
from studio.errors import StudioError
from studio.pages import parts
from studio.pages.comparison import Comparison
from studio.pages.job_list import JobList
from studio.pages.viewer import Viewer
from studio.project import PICTURES, VIDEOS
from studio.remembered import Remembered
from studio.running.orders import OUTPUTS, Prediction
from studio.state import Studio
from studio.training import runs

ENDINGS = ",".join((*VIDEOS, *PICTURES))
CHOICE = {"": "what fits the network", **{name: name for name in OUTPUTS}}


def page(studio: Studio) -> None:
    """Build the page in the current container."""
    Use(studio)


class Use:
    """Form on the left; frames, table and comparison on the right."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self.project = studio.project.folder
        self.kept = Remembered(studio.project, "use")
        with parts.columns() as (left, right):
            with left:
                self._frames_panel()
                self._network_panel()
                self._classical_panel()
            with right:
                with parts.panel("Predictions"):
                    JobList(studio, ("predict",), self.refresh)
                self.viewer = Viewer(studio)
                with parts.panel("Side by side"):
                    self.comparison = Comparison(studio)
        ui.timer(2.0, self._look_at_disk)

    # -- measured frames -------------------------------------------------------------------------------------------

    def _frames_panel(self) -> None:
        with parts.panel("Measured frames"):
            with ui.element("div").classes("work-form q-mt-sm"):
                self.measured = parts.field(ui.select([], label="Video, stack or image", on_change=self._chosen), True)
            upload = ui.upload(
                label="Drop a video or images here", multiple=True, auto_upload=True, on_upload=self._uploaded
            )
            upload.props(f'flat bordered color="none" text-color="primary" accept="{ENDINGS}"')
            upload.classes("w-full work-upload").on("rejected", lambda: studio_refuses(self.studio))
            self.frames_message = parts.Message()

    async def _look_for_measured(self) -> None:
        names = await run.io_bound(self.studio.project.measured)  # a second, for thousands of images
        if names is not None:  # None: the program ends
            self._list_measured(names)

    def _list_measured(self, names: list[str]) -> None:
        found = [name for name in names if not name.startswith(("runs/", "results/", "evaluation/"))]
        if found == self.measured.options:
            return
        kept = self.measured.value or self.kept.get("measured", "")
        first = next((name for name in found if name.startswith("measured/")), found[0] if found else None)
        self.measured.set_options(found, value=kept if kept in found else first)

    async def _uploaded(self, event: events.UploadEventArguments) -> None:
        try:
            name = await keep_upload(self.studio.project, event.file)
        except StudioError as error:
            self.frames_message.show(str(error))
            return
        self.frames_message.show(None)
        await self._look_for_measured()
        self.measured.set_value(name)

    async def _chosen(self) -> None:
        name = self.measured.value
        if await self._open() and name and name == self.measured.value:
            self.kept.keep("measured", name)  # not before: one that fails would be opened for ever

    async def _open(self) -> bool:
        """Show what is chosen; False, and a message, where it cannot be read."""
        self.frames_message.show(None)
        try:
            await self.viewer.open(self.measured.value or "")
        except StudioError as error:
            self.frames_message.show(str(error))
            return False
        return True

    # -- a network -------------------------------------------------------------------------------------------------

    def _network_panel(self) -> None:
        kept = self.kept
        with parts.panel("Network"):
            with ui.element("div").classes("work-form q-mt-sm"):
                self.run = parts.field(
                    ui.select([], label="Run", on_change=lambda event: kept.keep("run", event.value)), True
                )
                self.output = parts.field(ui.select(CHOICE, label="Gives", value=kept.get("output", "")), True)
                self.output.on_value_change(lambda event: kept.keep("output", event.value))
                self.threshold = self._number("Threshold", "threshold", 0.5, min=0.01, max=0.99, step=0.05)
                self.link = self._number("Link within (px)", "link", None, min=0.1, step=1, placeholder="no tracks")
                with ui.expansion("More").classes("work-wide"), ui.element("div").classes("work-form"):
                    methods = {"components": "regions", "maxima": "local maxima"}
                    self.method = parts.field(
                        ui.select(methods, label="Particles by", value=kept.get("method", "components"))
                    )
                    self.method.on_value_change(lambda event: kept.keep("method", event.value))
                    self.radius = self._number("Between maxima (px)", "radius", 3.0, min=0.5, step=0.5)
                    self.area = self._number("Smallest area (px)", "area", 1, min=1, format="%d")
                    self.memory = self._number("Lost for (frames)", "memory", 0, min=0, format="%d")
                    self.tile = parts.field(
                        ui.input("Tiles", value=kept.get("tile", ""), placeholder="128,128 px"), True
                    )
                    self.tile.on_value_change(lambda event: kept.keep("tile", event.value))
            self.message = parts.Message()
            with ui.element("div").classes("work-buttons q-mt-sm"):
                ui.button("Apply", icon="play_arrow", on_click=self._predict).props("unelevated no-caps")
        self._list_runs()

    def _number(self, label: str, name: str, default: Any, **more: Any) -> Any:
        value = self.kept.get(name, None)
        made = ui.number(label, value=default if value is None else value, **more)
        made.on_value_change(lambda event: self.kept.keep(name, event.value))
        return parts.field(made)

    def _list_runs(self) -> None:
        names = [one.path for one in runs.runs(self.project) if one.usable]
        if names != self.run.options:
            kept = self.run.value or self.kept.get("run", "")
            self.run.set_options(names, value=kept if kept in names else (names[0] if names else None))

    def _predict(self) -> None:
        self.message.show(None)
        try:
            asked = Prediction(
                self.run.value or "", self.measured.value or "", self.output.value or "",
                float(_or(self.threshold.value, 0.5)), self.method.value, float(_or(self.radius.value, 3.0)),
                int(_or(self.area.value, 1)), None if self.link.value is None else float(self.link.value),
                int(_or(self.memory.value, 0)), str(self.tile.value or "").replace(" ", ""), len(self.viewer),
                runs.run(self.project, self.run.value).gives if self.run.value else "",
            )  # fmt: skip
            order = asked.order()
            (self.project / order.target).parent.mkdir(parents=True, exist_ok=True)
            self.studio.jobs.add(order)
        except StudioError as error:
            self.message.show(str(error))
        except OSError as error:
            self.message.show(f"results: {error.strerror or error}")

    # -- classical methods -----------------------------------------------------------------------------------------

    def _classical_panel(self) -> None:
        with parts.panel("Classical methods"):
            ui.label("The same frames without a network, to compare with.").classes("work-soft")
            with ui.element("div").classes("work-form q-mt-sm"):
                self.diameter = self._number("Diameter (px, odd)", "diameter", 11, min=3, step=2, format="%d")
                self.minmass = self._number("Least mass", "minmass", 0.0, min=0)
            self.classical_message = parts.Message()
            with ui.element("div").classes("work-buttons"):
                for name, title in (("radial_center", "Radial centre"), ("trackpy", "trackpy")):
                    button = ui.button(title).props("outline no-caps")
                    button.on_click(lambda _, name=name, button=button: self._classical(name, button))

    async def _classical(self, method: str, button: ui.button) -> None:
        self.classical_message.show(None)
        if not self.measured.value:
            self.classical_message.show("There are no measured frames yet.")
            return
        button.props("loading")
        try:
            arguments = (int(_or(self.diameter.value, 11)), float(_or(self.minmass.value, 0.0)))
            await parts.in_thread(locate, self.project, self.measured.value, method, *arguments)
        except StudioError as error:
            self.classical_message.show(str(error))
        button.props(remove="loading")
        self.refresh()

    # -- following -------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Look for new results."""
        self.viewer.reload()

    async def _look_at_disk(self) -> None:
        await self._look_for_measured()
        self._list_runs()
        if self.measured.value and results.results(self.project, self.measured.value) != self.viewer.names:
            self.refresh()


def studio_refuses(studio: Studio) -> None:
    """A file that was dropped is of no kind that can be read."""
    studio.notify("This is no video, image or stack that can be read here.", "warning")


def _or(value: Any, default: Any) -> Any:
    return default if value is None else value
