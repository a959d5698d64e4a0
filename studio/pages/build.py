"""The page Build: palette, pipeline, and the form of what is selected beneath a live preview."""

from __future__ import annotations

from nicegui import ui

from studio.building.session import Selection, Session, session
from studio.palette import Item
from studio.panels import status
from studio.panels.form import Form
from studio.panels.keys import OWN_KEYS, undoing
from studio.panels.look import SmallLook
from studio.panels.palette import Palette
from studio.panels.pipeline import Pipeline
from studio.state import Studio

GUIDE = (
    "Drag a scatterer, MieSphere say, onto the definitions: what is looked at.",
    "Drag a microscope onto the outputs: it images the scatterer, and the picture appears.",
    "Drag noise and other operations into the image's chain; positions or a mask onto the outputs as what a network shall learn.",
)
POLL = 1.0  # seconds between two looks at the disk


def page(studio: Studio) -> None:
    """Build the page in the current container."""
    BuildPage(studio)


class BuildPage:
    """The page of one window."""

    def __init__(self, studio: Studio) -> None:
        self.session: Session = session(studio)
        with ui.element("div").classes("build") as self.box:
            self.palette = Palette(self.session, self._add)
            with ui.element("div").classes("build-middle"):
                self._toolbar()
                self.banners = ui.element("div").classes("banners")
                self.whole = ui.element("div").classes("whole-text")
                self.guide = ui.element("div").classes("guide")
                self.pipeline = Pipeline(self.session, self._select)
            with ui.element("div").classes("build-right"):
                self.look = SmallLook(self.session)
                self.form = Form(self.session, self.pipeline)
        self.session.listeners = [self._changed]
        ui.timer(POLL, self.session.refresh)
        undoing(self.session)
        self._changed()

    def _toolbar(self) -> None:
        current = self.session
        with ui.row().classes("toolbar"):
            recipes = list(dict.fromkeys([current.name, *current.studio.project.recipes()]))
            chosen = ui.select(recipes, value=current.name, on_change=lambda e: self._open(str(e.value)))
            chosen.props('dense outlined options-dense aria-label="Recipe"').classes("toolbar-file")
            self.undo = ui.button(icon="undo", on_click=self._undo).props('flat dense round aria-label="Undo"')
            self.undo.tooltip("Undo (Ctrl+Z)")
            self.redo = ui.button(icon="redo", on_click=self._redo).props('flat dense round aria-label="Redo"')
            self.redo.tooltip("Redo (Ctrl+Shift+Z)")
            ui.button(icon="notes", on_click=self._edit_text).props(
                'flat dense round aria-label="The file as text"'
            ).tooltip("The file as text")
            ui.space()
            self.state = ui.label().classes("soft small")

    def _add(self, item: Item) -> None:
        self.pipeline.add(item)

    def _select(self, chosen: Selection) -> None:
        self.form.select(chosen)

    def _undo(self) -> None:
        self.session.document.undo()

    def _redo(self) -> None:
        self.session.document.redo()

    def _open(self, name: str) -> None:
        self.session.open(name)

    def _changed(self) -> None:
        current = self.session
        document = current.document
        self.undo.set_enabled(document.can_undo)
        self.redo.set_enabled(document.can_redo)
        self.state.text = "not saved" if document.unsaved else "saved" if document.digest else "new"
        self.banners.clear()
        with self.banners:
            status.conflict(document, self.box)
            status.problem(current)
        if current.recipe is None:
            self._show_text()
        else:
            self.whole.clear()
        self._guide()
        self.pipeline.redraw()
        self.form.changed()
        self.look.refresh()

    def _guide(self) -> None:
        """Say how to begin where there is nothing yet."""
        empty = self.session.recipe is not None and not self.session.recipe.entries
        if empty == bool(self.guide.default_slot.children):
            return
        self.guide.clear()
        if empty:
            with self.guide:
                ui.label("Begin here").classes("title")
                for number, words in enumerate(GUIDE, 1):
                    with ui.element("div").classes("guide-step"):
                        ui.label(str(number)).classes("guide-number")
                        ui.label(words)
                ui.button(
                    "Or open an example project", icon="folder_open", on_click=lambda: ui.navigate.to("/keep")
                ).props("flat no-caps dense")

    def _show_text(self) -> None:
        """Show the file itself where it cannot be read as a recipe, so that it can be mended."""
        self.whole.clear()
        text = self.session.document.text
        with self.whole:
            if self.session.document.broken:  # no text at all
                return
            area = ui.textarea(value=text).props("outlined autogrow").classes("mono full")
            ui.button("Save the text", on_click=lambda: self.session.rewrite(text, str(area.value))).props(
                "no-caps unelevated"
            )

    def _edit_text(self) -> None:
        text = self.session.document.text
        with ui.dialog(value=True) as dialog, ui.card().classes("text-dialog") as card:
            card.on("keydown", js_handler=OWN_KEYS)
            ui.label(self.session.name).classes("title")
            editor = ui.codemirror(text, language="YAML", line_wrapping=True).classes("text-editor")

            def save() -> None:
                if self.session.rewrite(text, editor.value):
                    dialog.close()

            with ui.row().classes("about-foot"):
                ui.button("Save", on_click=save).props("no-caps unelevated")
                ui.button("Cancel", on_click=dialog.close).props("no-caps flat")
        dialog.on("hide", dialog.delete)
