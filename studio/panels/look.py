"""The live preview: pictures of the draw that is seen, rendered anew after every edit."""

from __future__ import annotations

import asyncio
import html
from collections.abc import Callable

from nicegui import ui
from nicegui.events import KeyEventArguments

from studio.building.session import Session
from studio.panels.keys import listen
from studio.panels.picture import gallery, numbers
from studio.preview import Latest
from studio.watching.worker import Answer, Request


class Look:
    """Renders what a session shows and hands the answer to ``show``; of edits that come fast only the last is rendered."""

    def __init__(self, session: Session, show: Callable[[Answer], None], stages: Callable[[], str | None] = lambda: None,
                 count: Callable[[], int] = lambda: 1) -> None:  # fmt: skip
        self.session, self.show, self.stages, self.count = session, show, stages, count
        self.latest = Latest(session.studio.preview)  # of one page: an answer goes to who asked
        self.asked: Request | None = None  # whose answer is to be seen
        self.container = ui.element("div").classes("hidden")
        self.tasks: set[asyncio.Task[None]] = set()

    def refresh(self) -> None:
        """Render what is seen now."""
        task = asyncio.create_task(self._refresh())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _refresh(self) -> None:
        session = self.session
        if session.recipe is None or not any(e.section == "outputs" and e.on for e in session.recipe.entries):
            self.asked = None
            self._show(Answer())
            return
        self.asked = session.request(self.stages(), self.count())
        answer = await self.latest.render(self.asked)
        # The answer may be that to a newer request, or to one whose outputs are gone by now.
        if answer is not None and answer.request == self.asked:
            self._show(answer)

    def _show(self, answer: Answer) -> None:
        if not self.container.is_deleted:
            with self.container:
                self.show(answer)


def steppers(session: Session, changed: Callable[[], None]) -> None:
    """Build the choice of what is seen: draw, seed, split."""
    seen = session.seen

    def step(by: int) -> None:
        seen.index = max(0, seen.index + by)
        number.value = seen.index

    def to(value: object) -> None:
        if isinstance(value, int | float) and value >= 0 and int(value) != seen.index:
            seen.index = int(value)
        changed()

    def reseed(value: object) -> None:
        if isinstance(value, int | float) and 0 <= value < 2**126:
            seen.seed = int(value)
            changed()

    def split(value: str) -> None:
        seen.split = value
        changed()

    with ui.element("div").classes("steppers"):
        ui.button(icon="chevron_left", on_click=lambda: step(-1)).props(
            'flat dense round size=sm aria-label="Draw before"'
        ).tooltip("Draw before (P)")
        number = ui.number("draw", value=seen.index, min=0, format="%d", on_change=lambda e: to(e.value)).props(
            "dense outlined stack-label"
        )
        ui.button(icon="chevron_right", on_click=lambda: step(1)).props(
            'flat dense round size=sm aria-label="Another draw"'
        ).tooltip("Another draw (N)")
        ui.number("seed", value=seen.seed, min=0, format="%d", on_change=lambda e: reseed(e.value)).props(
            "dense outlined stack-label"
        )
        ui.select(
            ["train", "validation", "test"], label="split", value=seen.split, on_change=lambda e: split(str(e.value))
        ).props("dense outlined options-dense stack-label")

    def on_key(event: KeyEventArguments) -> None:
        if event.action.keydown and not event.modifiers.ctrl and not event.modifiers.meta:
            key = str(event.key)
            if key in ("n", "p"):
                step(1 if key == "n" else -1)

    listen(on_key)


class SmallLook:
    """The preview beside a form: pictures, numbers, time."""

    def __init__(self, session: Session) -> None:
        with ui.element("div").classes("small-look"):
            self.pictures = ui.html("", sanitize=False).classes("small-pictures")
            self.words = ui.html("", sanitize=False).classes("small-words")
            self.look = Look(session, self.show)
            steppers(session, self.look.refresh)
        self.refresh = self.look.refresh

    def show(self, answer: Answer) -> None:
        """Show an answer."""
        self.pictures.classes(remove="stale")
        if answer.error:
            self.pictures.classes(add="stale")
            self.words.content = f'<div class="look-error" role="alert">{html.escape(answer.error)}</div>'
            return
        self.pictures.content = (
            gallery(answer, most=2) if answer.outputs else '<div class="look-empty">No picture yet.</div>'
        )
        rows = "".join(
            f"<span><b>{html.escape(name)}</b> {html.escape(value)}</span>" for name, value in numbers(answer)
        )
        time = f"<span class='soft'>{answer.seconds * 1e3:.0f} ms</span>" if answer.outputs else ""
        self.words.content = f'<div class="look-numbers">{rows}{time}</div>'
