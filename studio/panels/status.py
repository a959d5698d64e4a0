"""What stands between an edit and the disk, and what is wrong with the recipe: told in place, with the ways out."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from studio.building.document import Document
from studio.building.session import Session
from studio.errors import StudioError
from studio.panels.code import code


def conflict(document: Document, box: ui.element) -> None:
    """Show an edit that is not on disk, if there is one; ``box`` is what stays when the banner goes."""

    def ended(how: Callable[[], object]) -> Callable[[], None]:
        def end() -> None:
            try:
                said = how()
            except StudioError as error:
                said = str(error)
            if said:
                with box:
                    ui.notify(said)

        return end

    if document.conflict is not None:
        with ui.element("div").classes("banner banner-bad").props("role=alert"):
            ui.icon("warning_amber")
            ui.label(
                f"{document.name} was changed by another window or program. Your last edit is kept here; nothing was overwritten."
            )
            ui.space()
            ui.button("Take theirs", on_click=ended(document.take_theirs)).props("flat dense no-caps")
            ui.button("Keep mine as a copy", on_click=ended(lambda: f"kept as {document.keep_mine()}")).props(
                "flat dense no-caps"
            )
            ui.button("Keep mine", on_click=ended(document.overwrite)).props("flat dense no-caps")
    elif document.failure:
        with ui.element("div").classes("banner banner-bad").props("role=alert"):
            ui.icon("save")
            ui.label(f"{document.failure}. The edit is kept here and saved as soon as that goes.")
            ui.space()
            ui.button("Try again", on_click=document.retry).props("flat dense no-caps")


def problem(session: Session) -> None:
    """Show what is wrong with the recipe where no card says it, and ask before code of the recipe runs."""
    found = session.problem
    if found is None:
        return
    if found.untrusted:
        with ui.element("div").classes("banner").props("role=alert"):
            ui.icon("code")
            ui.label("This recipe brings code of its own. Read it, then let it run.")
            ui.space()
            ui.button("Read", on_click=lambda: _read(session)).props("flat dense no-caps")
            ui.button("Let it run", on_click=session.let_run).props("flat dense no-caps")
        return
    placed = session.recipe is not None and any(found.is_of(e.section, e.key) and e.on for e in session.recipe.entries)
    if not placed:
        with ui.element("div").classes("banner banner-bad").props("role=alert"):
            ui.icon("error_outline")
            ui.label(found.message)


def _read(session: Session) -> None:
    written = [e.expression for e in session.recipe.entries if e.section == "code"] if session.recipe else []
    with ui.dialog(value=True) as dialog, ui.card().classes("about"):
        ui.label("Code of the recipe").classes("title")
        code("\n\n".join(written) or "A feature of the recipe calls a module of yours (Apply).").classes("full")
        ui.button("Close", on_click=dialog.close).props("no-caps flat")
    dialog.on("hide", dialog.delete)
