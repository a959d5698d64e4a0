"""The jobs of a page: where each stands, and buttons to pause, resume, stop, go on."""

from __future__ import annotations

import time
from collections.abc import Callable

from nicegui import ui

from studio.errors import StudioError
from studio.jobs import Job
from studio.pages import parts
from studio.running.job import ERRORS, LIVE, OUTPUT
from studio.running.process import resolved
from studio.running.progress import UNITS, Follower, duration
from studio.state import Studio

EVERY = 0.6  # seconds between two looks
MOST = 8
ICONS = {
    "queued": ("schedule", ""),
    "running": ("play_arrow", "primary"),
    "paused": ("pause", "warning"),
    "done": ("check", "positive"),
    "stopped": ("stop", ""),
    "failed": ("error_outline", "negative"),
}


class JobList:
    """Jobs of some kinds, the newest first; ``on_end`` is called when one of them has ended."""

    def __init__(
        self, studio: Studio, kinds: tuple[str, ...], on_end: Callable[[], None] | None = None, *, quiet: bool = False
    ) -> None:
        self.studio, self.kinds, self.on_end, self.quiet = studio, kinds, on_end, quiet
        self.follower = Follower(studio.project.folder)
        self._shown: dict[str, str] | None = None
        self._rows: dict[str, ui.element] = {}
        self._bars: dict[str, tuple[ui.linear_progress, ui.label]] = {}
        self.trouble = parts.Message()
        self.box = ui.element("div").classes("w-full")
        self.update()
        ui.timer(EVERY, self.update)

    def jobs(self) -> list[Job]:
        """Those that are shown: all that live, and the newest of the others."""
        mine = [job for job in reversed(self.studio.jobs.all()) if job.order.kind in self.kinds]
        live = [job for job in mine if self.studio.jobs.state(job) in LIVE]
        return [job for job in mine if job in live or mine.index(job) < MOST]

    def update(self) -> None:
        """Look again."""
        jobs = self.jobs()
        now = {job.id: self.studio.jobs.state(job) for job in jobs}
        self.trouble.show(self.studio.jobs.trouble if "queued" in now.values() else None)
        if now != self._shown:
            before, self._shown = self._shown or {}, now
            self._build(jobs, before)
            ended = any(before.get(number) in LIVE and state not in LIVE for number, state in now.items())
            if ended and self.on_end is not None:
                self.on_end()
        for job in jobs:
            if job.id in self._bars:
                self._advance(job)

    def _advance(self, job: Job) -> None:
        bar, label = self._bars[job.id]
        found = self.follower.progress(job)
        bar.set_value(found.share or 0.0)
        text = (
            str(found) if found.total or found.done else "starting" if job.order.kind in UNITS else self._running(job)
        )
        label.set_text(f"paused: {text}" if (self._shown or {}).get(job.id) == "paused" else text)

    def _running(self, job: Job) -> str:
        """What is said of a program that does not tell how far it has come."""
        return "running" if job.started is None else f"running for {duration(time.time() - job.started)}"

    def _build(self, jobs: list[Job], before: dict[str, str]) -> None:
        """Make anew the rows whose jobs have changed; the others stay, so that a click on one is never lost."""
        now = self._shown or {}
        for number in [number for number in self._rows if now.get(number) != before.get(number)]:
            self._rows.pop(number).delete()
            self._bars.pop(number, None)
        if not self._rows:
            self.box.clear()
        with self.box:
            if not jobs and not self.quiet:
                parts.nothing("Nothing was started yet.").style("padding: 4px 0")
            for k, job in enumerate(jobs):
                if job.id not in self._rows:
                    self._rows[job.id] = self._row(job, now[job.id])
                    self._rows[job.id].move(target_index=k)

    def _row(self, job: Job, state: str) -> ui.element:
        icon, colour = ICONS[state]
        with ui.element("div").classes("work-job").props(f'data-job="{job.id}" data-state="{state}"') as row:
            ui.icon(icon, color=colour or None).props(f'aria-label="{state}"')
            ui.label(job.order.title).classes("work-job-title").tooltip(job.order.line)
            with ui.row().classes("gap-0 no-wrap items-center"):
                self._buttons(job, state)
            with ui.element("div").classes("work-job-below"):
                label = ui.label(self._text(job, state)).classes("work-job-state")
                if state == "failed":
                    label.classes("work-bad")
                if state in ("running", "paused"):
                    bar = ui.linear_progress(0, show_value=False, color="warning" if state == "paused" else "primary")
                    self._bars[job.id] = (bar, label)
        return row

    def _text(self, job: Job, state: str) -> str:
        if state == "failed":
            return job.error or "failed"
        if state == "queued":
            return "waits until the one before it has ended"
        took = f" after {duration(job.ended - job.started)}" if job.ended and job.started else ""
        return f"{state}{took}" if state in ("done", "stopped") else "starting"

    def _buttons(self, job: Job, state: str) -> None:
        jobs = self.studio.jobs
        if state == "running" and job.order.can_pause:
            self._button("pause", "Pause", job, jobs.pause)
        if state == "paused":
            self._button("play_arrow", "Resume", job, jobs.resume)
        if state in LIVE:
            self._button("stop", "Stop; it can go on later", job, jobs.stop)
        elif state in ("stopped", "failed") and job.order.kind in ("generate", "train"):
            self._button("replay", "Go on where it stopped", job, jobs.again)
        parts.small_button("notes", "What it printed", lambda: self.show_log(job))
        if state not in LIVE:
            self._button("close", "Take off this list; what it wrote stays", job, jobs.forget)

    def _button(self, icon: str, label: str, job: Job, action: Callable[[Job], object]) -> None:
        def act() -> None:
            try:
                action(job)
            except StudioError as error:
                self.studio.notify(str(error), "negative")
            self.update()

        parts.small_button(icon, label, act)

    def show_log(self, job: Job) -> None:
        """What the program printed, and its command line."""
        with ui.dialog(value=True) as dialog, ui.card().classes("w-full").style("max-width: 860px"):
            ui.label(job.order.title).classes("work-title")
            ui.label(job.order.line).classes("work-mono").tooltip(" ".join(resolved(job.order.command)))
            text = "\n".join(part for part in (job.tail(OUTPUT), job.tail(ERRORS)) if part) or "Nothing was printed."
            ui.code(text[-8000:], language="text").classes("w-full").style("max-height: 50vh; overflow: auto")
            ui.button("Close", on_click=dialog.close).props("flat no-caps")
        dialog.on("hide", dialog.delete)
