"""What a network says of watched frames while it is trained, replayed over the epochs."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from studio.errors import StudioError
from studio.pages import parts
from studio.state import Studio
from studio.training import runs, watch


class Watched:
    """A slider over the epochs; it follows the newest one until it is moved."""

    def __init__(self, studio: Studio, visible: Callable[[], bool]) -> None:
        self.studio, self.visible = studio, visible
        self.epochs: list[int] = []
        self._drawn: tuple[str, int] | None = None
        with ui.element("div").classes("work-buttons"):
            self.run = (
                ui.select([], label="Run", on_change=self.update).props("dense outlined").style("min-width: 180px")
            )
            self.play = ui.button(icon="play_arrow", on_click=self._turn).props(
                'flat round dense aria-label="Replay the epochs"'
            )
            self.slider = (
                ui.slider(min=0, max=1, step=1, value=0, on_change=self._draw)
                .props('aria-label="Epoch" dense')
                .style("flex: 1; margin: 0 12px")
            )
            self.label = ui.label().classes("work-soft").style("min-width: 92px")
        self.message = parts.Message()
        self.empty = parts.nothing(
            "Nothing is watched yet: choose watched frames in the training file before training."
        )
        self.legend = ui.label("cross: the truth, ring: what the network says").classes("work-faint")
        self.box = (
            ui.element("div")
            .classes("work-thumbs q-mt-sm")
            .style("grid-template-columns: repeat(auto-fill, minmax(150px, 1fr))")
        )
        self.timer = ui.timer(0.35, self._step, active=False)
        self.update()
        ui.timer(1.2, lambda: self.update() if self.visible() else None)

    def update(self) -> None:
        """Look for new runs and epochs."""
        found = [one for one in runs.runs(self.studio.project.folder) if runs.watched(one)]
        names = [one.path for one in found]
        if names != self.run.options:
            new = [name for name in names if name not in (self.run.options or [])]
            kept = self.run.value if self.run.value in names and not new else None
            self.run.set_options(names, value=kept or next(iter(new + names), None))
        at_end = not self.epochs or int(self.slider.value) >= len(self.epochs) - 1
        self.epochs = runs.watched(runs.run(self.studio.project.folder, self.run.value)) if self.run.value else []
        self.empty.set_visibility(not self.epochs)
        for element in (self.slider, self.play, self.label, self.box, self.legend):
            element.set_visibility(bool(self.epochs))
        if self.epochs:
            self.slider.props(f"max={max(1, len(self.epochs) - 1)}")
            if at_end and not self.timer.active:
                self.slider.set_value(len(self.epochs) - 1)
            self._draw()

    def _turn(self) -> None:
        if not self.timer.active and int(self.slider.value) >= len(self.epochs) - 1:
            self.slider.set_value(0)
        self.timer.active = not self.timer.active
        self.play.props(f"icon={'pause' if self.timer.active else 'play_arrow'}")

    def _step(self) -> None:
        if int(self.slider.value) >= len(self.epochs) - 1:
            self._turn()
            return
        self.slider.set_value(int(self.slider.value) + 1)

    def _draw(self) -> None:
        if not self.epochs or not self.run.value:
            return
        epoch = self.epochs[min(int(self.slider.value), len(self.epochs) - 1)]
        self.label.set_text(f"epoch {epoch}")
        if (self.run.value, epoch) == self._drawn:
            return
        project = self.studio.project.folder
        try:
            made = watch.sheet(runs.run(project, self.run.value), project, epoch)
        except StudioError as error:
            self.message.show(str(error))
            return
        self._drawn = (self.run.value, epoch)
        self.message.show(None)
        self.box.clear()
        with self.box:
            for picture in made:
                ui.html(picture, sanitize=False).style("border-radius: 4px; overflow: hidden")
