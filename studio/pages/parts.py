"""Parts that Generate, Train and Use share: panels, messages, the list of jobs."""

from __future__ import annotations

import contextlib
import html
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from nicegui import run, ui

from studio.errors import StudioError
from studio.state import Studio

ui.add_css(Path(__file__).with_name("work.css"), shared=True)


@contextlib.contextmanager
def columns() -> Iterator[tuple[ui.element, ui.element]]:
    """A narrow column and a wide one."""
    with ui.element("div").classes("work"):
        left = ui.element("div").classes("work-column")
        right = ui.element("div").classes("work-column")
        yield left, right


@contextlib.contextmanager
def panel(title: str = "") -> Iterator[ui.element]:
    """A card; what is built inside the head's row comes from ``head``."""
    with ui.element("section").classes("work-panel") as made:
        if title:
            with ui.element("div").classes("work-head"):
                ui.label(title).classes("work-title").props("role=heading aria-level=2")
        yield made


class Message:
    """A line that is there only when there is something to say."""

    def __init__(self, note: bool = False) -> None:
        with ui.element("div").classes("work-message").classes("work-note" if note else "") as self.box:
            self.icon = ui.icon("info" if note else "error_outline")
            self.label = ui.label()
        self.box.props('role="status"' if note else 'role="alert"')
        self.box.set_visibility(False)

    def show(self, text: str | None) -> None:
        """Say something, or nothing."""
        self.label.set_text(text or "")
        self.box.set_visibility(bool(text))


def nothing(text: str) -> ui.label:
    """What stands where there is nothing yet."""
    return ui.label(text).classes("work-nothing")


def facts(values: Mapping[str, str]) -> None:
    """Names and values side by side."""
    with ui.element("div").classes("work-facts"):
        for name, value in values.items():
            ui.label(name)
            ui.label(value)


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], caption: str = "") -> ui.html:
    """A plain table."""
    head = "".join(f"<th scope=col>{html.escape(name)}</th>" for name in columns)
    body = "".join(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    label = html.escape(caption)
    text = f'<table class="work-table" aria-label="{label}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    return ui.html(text, sanitize=False).classes("w-full overflow-auto")


def field(element: Any, wide: bool = False) -> Any:
    """The look of a form's field."""
    element.props("dense outlined hide-bottom-space")
    return element.classes("work-wide") if wide else element


def small_button(icon: str, label: str, action: Callable[[], Any], colour: str = "") -> ui.button:
    """A button that is an icon, with its name for those who do not see it."""
    made = ui.button(icon=icon, on_click=action).props(f'flat round dense size=sm aria-label="{label}"').tooltip(label)
    return made.props(f"color={colour}") if colour else made


def guarded(studio: Studio, action: Callable[..., Any], *arguments: Any) -> Callable[[], Any]:
    """An action whose StudioError is told at the edge of the window."""

    def act() -> Any:
        try:
            return action(*arguments)
        except StudioError as error:
            studio.notify(str(error), "negative")
        return None

    return act


def download(path: Path) -> None:
    """Hand a file of the project to the browser; what cannot be read is told."""
    try:
        ui.download.content(path.read_bytes(), path.name)
    except OSError as error:
        ui.notify(f"{path.name}: {error.strerror or error}", type="negative", close_button="Close", timeout=0)


async def in_thread(action: Callable[..., Any], *arguments: Any) -> Any:
    """Run something slow without holding up the page."""
    return await run.io_bound(action, *arguments)


def shortly(action: Callable[[], Awaitable[None] | None], seconds: float = 0.05) -> ui.timer:
    """Do something as soon as the page stands."""
    return ui.timer(seconds, action, once=True)
