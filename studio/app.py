"""The application: one page whose middle changes, behind the gate, on 127.0.0.1 alone."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from nicegui import app, background_tasks, ui
from nicegui.server import Server
from starlette.responses import Response

from studio import palette, settings
from studio.building.covers import cover
from studio.building.thumbnails import thumbnail
from studio.errors import StudioError
from studio.gate import Gate, Tickets
from studio.launching import close_others
from studio.look import add_look
from studio.pages import build, generate, keep, see, train, use
from studio.project import Project
from studio.state import Studio

HOST = "127.0.0.1"
AHEAD = 1.0  # seconds after the first page, which comes first


@dataclass(frozen=True)
class Entry:
    """A page: where it lies, how navigation calls and draws it, what builds it."""

    path: str
    title: str
    icon: str
    build: Callable[[Studio], None]


PAGES = (
    Entry("/build", "Build", "account_tree", build.page),
    Entry("/see", "See", "visibility", see.page),
    Entry("/generate", "Generate", "grid_on", generate.page),
    Entry("/train", "Train", "show_chart", train.page),
    Entry("/use", "Use", "my_location", use.page),
    Entry("/keep", "Keep", "folder_open", keep.page),
)


def serve(project: Project, port: int, browser: bool) -> None:
    """Serve a project until it is interrupted; print the address, and open it if ``browser``."""
    studio = Studio(project)
    token, tickets = secrets.token_urlsafe(32), Tickets()
    address = f"http://{HOST}:{port}/?token="
    settings.remember(project.folder)
    app.add_middleware(Gate, token=token, port=port, tickets=tickets)

    @app.get("/studio/thumbnail/{name}")
    def picture(name: str) -> Response:
        # By the name of something in the palette, never by a path.
        found = thumbnail(name) if palette.item(name) else b""
        return Response(found, 200 if found else 404, {"Cache-Control": "max-age=3600"}, "image/png")

    @app.get("/studio/example/{name}")
    def example(name: str) -> Response:
        found = cover(name)
        return Response(found, 200 if found else 404, {"Cache-Control": "max-age=3600"}, "image/png")

    @ui.page("/", title=f"{project.name} - studio")
    @ui.page("/{_:path}", title=f"{project.name} - studio")
    def window() -> None:
        _layout(studio)

    app.on_startup(gc.freeze)  # what is imported stays: to go through all of it takes 0.15 s, in the middle of a click
    app.on_startup(studio.preview.start)
    app.on_shutdown(studio.preview.close)
    app.on_shutdown(close_others)
    app.on_startup(lambda: background_tasks.create(_announce(address, token, tickets if browser else None)))
    ui.run(
        host=HOST,
        port=port,
        show=False,
        reload=False,
        show_welcome_message=False,
        favicon="🔬",
        uvicorn_logging_level="error",
        reconnect_timeout=30,
        title="studio",
    )


async def _announce(address: str, token: str, tickets: Tickets | None) -> None:
    """Print the address as soon as it answers: startup comes before the port is listened at. Open it if there are tickets."""
    while not Server.instance.started:
        await asyncio.sleep(0.02)
    print(address + token, flush=True)
    if tickets:
        _open(address + tickets.new())


def _open(address: str) -> None:
    import webbrowser  # noqa: PLC0415

    with contextlib.suppress(Exception):  # without a browser the printed address will do
        webbrowser.open(address)


def _layout(studio: Studio) -> None:
    add_look()
    dark = ui.dark_mode(value=settings.load().get("dark"))
    with ui.header(elevated=False).classes("studio-header"):
        ui.label(studio.project.name).classes("studio-project").tooltip(str(studio.project.folder))
        with ui.element("nav").classes("studio-nav").props('aria-label="Pages"'):
            links = {entry.path: _link(entry) for entry in PAGES}
        ui.space()
        ui.button(icon="contrast", on_click=lambda: _turn(dark)).props(
            'flat round dense aria-label="Dark or light"'
        ).tooltip("Dark or light")
    routes: dict[str, Callable[[], None]] = {
        entry.path: lambda entry=entry: _show(studio, entry, links)  # type: ignore[misc]
        for entry in PAGES
    }
    routes["/"] = routes["/build"]
    ui.sub_pages(routes).classes("studio-page").props('id="studio-page"')
    with ui.element("div").classes("studio-ahead").props("aria-hidden=true") as ahead:
        ui.timer(AHEAD, lambda: _load_ahead(ahead), once=True)


def _load_ahead(place: ui.element) -> None:
    """Let the window fetch what other pages need, a megabyte for charts alone, while nobody waits for it."""
    with place:
        ui.echart({})
        ui.upload()


def _link(entry: Entry) -> ui.link:
    with ui.link(target=entry.path).classes("studio-link") as link:
        ui.icon(entry.icon)
        ui.label(entry.title)
    return link


def _show(studio: Studio, entry: Entry, links: dict[str, ui.link]) -> None:
    for path, link in links.items():
        link.classes(**{"add" if path == entry.path else "remove": "studio-here"})
    try:
        entry.build(studio)
    except StudioError as error:
        failed(str(error))
    except Exception as error:  # a page that fails must not take the others with it
        logging.getLogger("studio").exception("page %s", entry.path)
        failed(f"{entry.title} cannot be shown: {type(error).__name__}: {error}")


def failed(message: str) -> None:
    """Show what went wrong in place of a page."""
    with ui.column().classes("studio-failed"):
        ui.icon("error_outline")
        ui.label(message)
        ui.button("Try again", on_click=ui.navigate.reload).props("outline no-caps")


def _turn(dark: ui.dark_mode) -> None:
    # None follows the system; the first turn leaves it for good.
    dark.value = not dark.value
    settings.keep("dark", dark.value)
