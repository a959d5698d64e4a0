"""The page Build."""

from __future__ import annotations

from nicegui import ui

from studio.state import Studio


def page(studio: Studio) -> None:
    """Build the page in the current container."""
    with ui.column().classes("studio-empty"):
        ui.icon("construction")
        ui.label("Build is not written yet.")
