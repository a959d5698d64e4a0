"""A question in a dialog: one line or several, with the answer checked before it closes."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui


def ask(head: str, value: str, done: Callable[[str], bool], note: str = "", long: bool = False) -> None:
    """Ask for a text; ``done`` says whether the answer was taken, else the dialog stays."""
    with ui.dialog(value=True) as dialog, ui.card().classes("ask"):
        ui.label(head).classes("title")
        field = (
            (ui.textarea if long else ui.input)(value=value)
            .props("outlined autofocus dense" + (" autogrow" if long else ""))
            .classes("mono full")
        )
        if note:
            ui.label(note).classes("soft small")

        def finish() -> None:
            if done(str(field.value)):
                dialog.close()

        if not long:
            field.on("keydown.enter", finish)
        with ui.row().classes("about-foot"):
            ui.button("Done", on_click=finish).props("no-caps unelevated")
            ui.button("Cancel", on_click=dialog.close).props("no-caps flat")
    dialog.on("hide", dialog.delete)
