"""The choice of a measured image or video frame, and how it is brought to the simulated one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import numpy as np
from nicegui import events, run, ui

from studio.applying.files import keep_upload
from studio.building.session import Session
from studio.errors import StudioError
from studio.project import PICTURES, VIDEOS
from studio.watching.measured import brought_to, frames

LARGEST = 2 * 2**30  # bytes of a file that is dropped here
SIZES = {"resize": "resized", "crop": "cropped", "none": "as it is"}
SCALES = {"none": "as they are", "minmax": "0 to 1", "standard": "mean 0, deviation 1"}


class Measured:
    """Builds the choice; ``changed`` is called when another frame is to be seen."""

    def __init__(self, session: Session, changed: Callable[[], None]) -> None:
        self.session, self.changed = session, changed
        self.stack: np.ndarray | None = None
        self.asked = 0  # how many files were chosen so far
        self.frame, self.size, self.scale = 0, "resize", "minmax"
        self.tasks: set[asyncio.Task[None]] = set()
        with ui.element("div").classes("group"):
            ui.label("Measured").classes("section-title")
            self.file = ui.select(
                self._files(), label="image or video", on_change=lambda e: self._open(e.value), clearable=True
            )
            self.file.props("dense outlined options-dense stack-label").classes("full")
            self.problem = ui.label().classes("look-error").props("role=alert")
            self.problem.visible = False
            with ui.element("div").classes("slider-row") as self.frames:
                ui.label("frame").classes("soft small")
                self.slider = ui.slider(min=0, max=1, value=0, on_change=lambda e: self._leaf(e.value)).props(
                    'dense aria-label="Frame"'
                )
                self.number = ui.label("0").classes("small mono")
            self.frames.visible = False
            with ui.element("div").classes("pair"):
                ui.select(SIZES, label="size", value=self.size, on_change=lambda e: self._set("size", e.value)).props(
                    "dense outlined options-dense stack-label"
                )
                ui.select(
                    SCALES, label="compare values", value=self.scale, on_change=lambda e: self._set("scale", e.value)
                ).props("dense outlined options-dense stack-label")
            upload = ui.upload(
                label="Add a file to the project", auto_upload=True, max_file_size=LARGEST, on_upload=self._add
            )
            upload.props(f'flat accept="{",".join((*PICTURES, *VIDEOS))}"').classes("upload")

    def _files(self) -> list[str]:
        return self.session.studio.project.measured()

    def _set(self, what: str, value: object) -> None:
        setattr(self, what, value)
        self.changed()

    def _leaf(self, value: float) -> None:
        self.frame = int(value)
        self.number.text = str(self.frame)
        self.changed()

    async def _add(self, event: events.UploadEventArguments) -> None:
        try:
            name = await keep_upload(self.session.studio.project, event.file)
        except StudioError as error:
            self._say(str(error))
            return
        files = await run.io_bound(self._files)
        if files is not None and not self.file.is_deleted:
            self.file.set_options(files, value=name)

    def _open(self, name: str | None) -> None:
        task = asyncio.create_task(self._read(name))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _read(self, name: str | None) -> None:
        self.asked += 1
        mine = self.asked
        self._say("")
        self.stack, self.frame = None, 0
        stack, problem = None, ""
        if name:
            try:
                stack = await run.io_bound(frames, self.session.studio.project, name)
            except StudioError as error:
                problem = str(error)
        if mine != self.asked or self.file.is_deleted:  # another file was chosen while this one was read
            return
        self.stack = stack
        self._say(problem)
        count = 0 if self.stack is None else len(self.stack)
        self.frames.visible = count > 1
        if count > 1:
            self.slider.props(f"max={count - 1}")
            self.slider.value = 0
        self.changed()

    def _say(self, message: str) -> None:
        self.problem.text, self.problem.visible = message, bool(message)

    def image(self, shape: tuple[int, int] | None) -> np.ndarray | None:
        """Return the frame at the size of a simulated image (y, x); None if nothing is chosen."""
        if self.stack is None or not len(self.stack):
            return None
        frame = self.stack[min(self.frame, len(self.stack) - 1)]
        return frame if shape is None else brought_to(frame, shape, self.size)
