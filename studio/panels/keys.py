"""Keys that work anywhere on a page, where nothing is being written."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui
from nicegui.events import KeyEventArguments

from studio.building.session import Session

# Of a dialog with an editor: its keys are its own, Escape closes it.
OWN_KEYS = "(e) => { if (e.key !== 'Escape') e.stopPropagation(); }"


def listen(on_key: Callable[[KeyEventArguments], None]) -> None:
    """Listen to keys wherever the keyboard is but in what takes text; a button takes none."""
    ui.keyboard(on_key=on_key, ignore=["input", "select", "textarea"])


def undoing(session: Session) -> None:
    """Let Ctrl+Z undo and Ctrl+Shift+Z redo."""

    def on_key(event: KeyEventArguments) -> None:
        if event.action.keydown and (event.modifiers.ctrl or event.modifiers.meta):
            key = str(event.key).lower()
            if key == "z" and not event.modifiers.shift:
                session.document.undo()
            elif key == "y" or (key == "z" and event.modifiers.shift):
                session.document.redo()

    listen(on_key)
