"""The page Keep: what lies in the project, its export as Python, example projects, other projects."""

from __future__ import annotations

import html
from collections.abc import Awaitable, Callable
from pathlib import Path

from nicegui import ui

from studio import examples, settings
from studio.building.session import Session, session
from studio.errors import StudioError
from studio.examples import Example
from studio.launching import another_studio, recipe_as_python, training_as_python
from studio.panels import status
from studio.panels.code import code
from studio.state import Studio

KINDS = (
    ("recipes", "Recipes", "account_tree"),
    ("trainings", "Trainings", "tune"),
    ("datasets", "Datasets", "grid_on"),
    ("runs", "Runs", "show_chart"),
    ("measured", "Measured", "photo_library"),
)
POLL = 1.0


def page(studio: Studio) -> None:
    """Build the page in the current container."""
    KeepPage(studio)


class KeepPage:
    """The page of one window."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self.session: Session = session(studio)
        with ui.element("div").classes("keep") as self.box:
            self.banners = ui.element("div").classes("banners")
            with ui.element("div").classes("keep-columns"):
                with ui.element("div").classes("keep-column"):
                    self._project()
                    self._others()
                with ui.element("div").classes("keep-column"):
                    self._exports()
            self._examples()
        self.session.listeners = [self._changed]
        ui.timer(POLL, self.session.refresh)
        self._changed()

    def _changed(self) -> None:
        self.banners.clear()
        with self.banners:
            status.conflict(self.session.document, self.box)

    # -- this project ----------------------------------------------------------------------------------------------

    def _project(self) -> None:
        project = self.studio.project
        with ui.element("section").classes("panel"):
            ui.label("This project").classes("title")
            ui.label(homely(project.folder)).classes("mono soft keep-path")
            with ui.element("div").classes("keep-files"):
                for what, words, icon in KINDS:
                    found: list[str] = getattr(project, what)()
                    ui.icon(icon).classes("soft")
                    ui.label(words)
                    ui.label(", ".join(found) if found else "none").classes("mono" if found else "soft")
            ui.label(
                "Every edit is saved at once; what you see here is what simcore and dtmodels read in a terminal."
            ).classes("soft small")

    def _others(self) -> None:
        with ui.element("section").classes("panel"):
            ui.label("Other projects").classes("title")
            with ui.element("div").classes("keep-open"):
                path = ui.input(
                    "folder, made if it is not there", value=homely(self.studio.project.folder.parent) + "/"
                )
                path.props("dense outlined stack-label").classes("mono keep-field")
                ui.button("Open", on_click=lambda: self._open(Path(str(path.value)))).props("no-caps unelevated")
            others = [folder for folder in settings.recent() if folder != str(self.studio.project.folder)]
            for folder in others[:6]:
                with ui.element("div").classes("keep-recent").props("tabindex=0 role=button") as row:
                    ui.icon("history").classes("soft")
                    ui.label(Path(folder).name).classes("keep-name")
                    ui.label(homely(Path(folder))).classes("mono soft keep-path")
                row.on("click", lambda _, f=folder: self._open(Path(f)))
                row.on("keydown.enter", lambda _, f=folder: self._open(Path(f)))
            if not others:
                ui.label("No other one was opened yet.").classes("soft small")

    async def _open(self, folder: Path) -> None:
        try:
            folder = folder.expanduser()
        except RuntimeError as error:  # no such user
            self.studio.notify(f"{folder}: {error}", "negative")
            return
        if folder.resolve() == self.studio.project.folder:
            self.studio.notify("That is this project.", "info")
            return
        with self.box:  # a dialog that was asked is gone by now
            self.studio.notify(f"Opening {folder} ...")
        try:
            address = await another_studio(folder)
        except StudioError as error:
            with self.box:
                self.studio.notify(str(error), "negative")
            return
        with self.box:
            ui.navigate.to(address)

    # -- Python ----------------------------------------------------------------------------------------------------

    def _exports(self) -> None:
        project = self.studio.project
        with ui.element("section").classes("panel"):
            ui.label("As Python").classes("title")
            ui.label(
                "What simcore export and dtmodels export print: scripts that rebuild the recipe and train the same network."
            ).classes("soft small")
            with ui.element("div").classes("keep-export"):
                self.recipe = ui.select(project.recipes(), label="recipe", value=next(iter(project.recipes()), None))
                self.recipe.props("dense outlined options-dense stack-label").classes("keep-field")
                ui.button("Show", on_click=self._export_recipe).props(
                    'no-caps outline aria-label="Show the recipe as Python"'
                )
            with ui.element("div").classes("keep-export"):
                self.training = ui.select(
                    project.trainings(), label="training", value=next(iter(project.trainings()), None)
                )
                self.training.props("dense outlined options-dense stack-label").classes("keep-field")
                ui.button("Show", on_click=self._export_training).props(
                    'no-caps outline aria-label="Show the training as Python"'
                )
            self.shown = ui.element("div").classes("keep-code")

    async def _export_recipe(self) -> None:
        name = str(self.recipe.value or "")
        if name:
            await self._export(name, lambda: self._recipe(name))

    async def _recipe(self, name: str) -> str:
        trust = self.session.trusts(self.studio.project.read(name).text)
        return await recipe_as_python(self.studio.project.folder, name, trust)

    async def _export_training(self) -> None:
        name = str(self.training.value or "")
        data = next(iter(self.studio.project.datasets()), "train.zarr")
        if name:
            await self._export(name, lambda: training_as_python(self.studio.project.folder, name, data))

    async def _export(self, name: str, make: Callable[[], Awaitable[str]]) -> None:
        target = f"{Path(name).stem}.py"
        self.shown.clear()
        with self.shown:
            ui.spinner(size="sm")
        try:
            source = await make()
        except StudioError as error:
            source = ""
            message = str(error)
        self.shown.clear()
        with self.shown:
            if not source:
                ui.label(message).classes("look-error").props("role=alert")
                return
            with ui.element("div").classes("keep-code-head"):
                ui.label(target).classes("mono")
                ui.space()
                ui.button("Save into the project", on_click=lambda: self._save(target, source)).props(
                    "flat dense no-caps"
                )
                ui.button("Download", on_click=lambda: ui.download.content(source, target)).props("flat dense no-caps")
            code(source).classes("keep-source")

    def _save(self, name: str, source: str) -> None:
        project = self.studio.project
        try:
            found = project.read(name)
            if found.digest is not None and found.text != source:
                name = project.write_beside(name, source)
            else:
                project.write(name, source, found.digest)
        except StudioError as error:
            self.studio.notify(str(error), "negative")
            return
        self.studio.notify(f"saved as {name}", "positive")

    # -- examples --------------------------------------------------------------------------------------------------

    def _examples(self) -> None:
        ui.label("Example projects").classes("section-title keep-examples-title")
        with ui.element("div").classes("keep-examples"):
            for example in examples.EXAMPLES:
                with ui.element("div").classes("example").props("tabindex=0 role=button") as card:
                    card.props["aria-label"] = f"Copy the example {example.title}"
                    self._picture(example)
                    with ui.element("div").classes("example-words"):
                        with ui.element("div").classes("example-head"):
                            ui.label(example.case).classes("example-case")
                            ui.label(example.title).classes("example-title")
                        ui.label(example.meaning).classes("soft small")
                        if example.needs:
                            ui.label(f"Needs {example.needs}.").classes("soft small example-needs")
                card.on("click", lambda _, e=example: self._copy(e))
                card.on("keydown.enter", lambda _, e=example: self._copy(e))

    def _picture(self, example: Example) -> None:
        if example.needs:  # its images are measured ones
            with ui.element("div").classes("example-picture"):
                ui.icon("photo_library")
            return
        name = html.escape(example.name)
        ui.html(f'<img src="/studio/example/{name}" alt="" loading="lazy">', sanitize=False).classes("example-picture")

    def _copy(self, example: Example) -> None:
        with ui.dialog(value=True) as dialog, ui.card().classes("ask"):
            ui.label(example.title).classes("title")
            ui.label("Recipe and training file are copied into a new folder, which is then opened.").classes(
                "soft small"
            )
            wish = self.studio.project.folder.parent / example.name
            path = ui.input("folder", value=homely(wish)).props("outlined dense stack-label").classes("mono full")
            problem = ui.label().classes("look-error").props("role=alert")

            async def go() -> None:
                try:
                    folder = examples.copy(example, Path(str(path.value)))
                except StudioError as error:
                    problem.text = str(error)
                    return
                dialog.close()
                await self._open(folder)

            with ui.row().classes("about-foot"):
                ui.button("Copy and open", on_click=go).props("no-caps unelevated")
                ui.button("Cancel", on_click=dialog.close).props("no-caps flat")
        dialog.on("hide", dialog.delete)


def homely(path: Path) -> str:
    """Return a path as people write it, from their home on."""
    home = Path.home()
    return f"~/{path.relative_to(home)}".removesuffix("/.") if home == path or home in path.parents else str(path)
