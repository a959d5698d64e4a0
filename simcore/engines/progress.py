"""How far a run has come: a bar on a terminal and in a notebook, a line now and then elsewhere."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from simcore.engines.unit import Done

LINE_EVERY = 10.0  # seconds


class Report:
    """Counts examples and bytes while a run lasts, and shows them on standard error.

    Args:
        total: examples in the dataset.
        done: examples that were there before this run.
        show: False keeps silent; None or True shows a bar where there is a terminal or a notebook, lines elsewhere.
        console: where to show them; None: standard error.

    """

    def __init__(self, total: int, done: int, show: bool | None = None, console: Console | None = None) -> None:
        self.total, self.before, self.done, self.bytes = total, done, done, 0
        self.console = console or Console(stderr=True)
        self.shown = show is not False
        live = self.shown and (self.console.is_terminal or self.console.is_jupyter)
        self._bar = self._make_bar() if live else None
        self._task = self._bar.add_task("", total=total, completed=done, rate="") if self._bar else None
        self._started = self._spoke = time.monotonic()

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
        elif self.shown and self.before:
            self.say(f"going on after {self.before:,} of {self.total:,} examples")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()
        elif self.shown and kind is None:
            self.say(self.line())

    def advance(self, unit: Done) -> None:
        """Add a unit."""
        self.done, self.bytes = self.done + unit.examples, self.bytes + unit.stored
        if self._bar and self._task is not None:
            self._bar.update(self._task, completed=self.done, rate=self._rate())
        elif self.shown and time.monotonic() - self._spoke >= LINE_EVERY:
            self.say(self.line())

    def say(self, text: str) -> None:
        """Show a line of text (above the bar, if there is one)."""
        if self.shown:
            self._spoke = time.monotonic()
            self.console.print(text, highlight=False, soft_wrap=True)

    def wait(self, text: str) -> None:
        """Say why nothing happens, now and then."""
        if time.monotonic() - self._spoke >= LINE_EVERY:
            self.say(text)

    def line(self) -> str:
        """Where the run stands, in one line."""
        text = f"{self.done:,} of {self.total:,} examples, {self._rate()}"
        per_second = self._per_second()
        if self.done < self.total and per_second:
            text += f", {duration((self.total - self.done) / per_second)} left"
        return text

    def _per_second(self) -> float:
        return (self.done - self.before) / max(time.monotonic() - self._started, 1e-9)

    def _rate(self) -> str:
        return f"{self._per_second():,.0f} examples/s, {decimal(self.bytes)}"

    def _make_bar(self) -> Progress:
        columns = (
            BarColumn(),
            TaskProgressColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(elapsed_when_finished=True),
        )
        return Progress(*columns, console=self.console)


def duration(seconds: float) -> str:
    """A time for people: ``48 s``, ``12 min``, ``3.5 h``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
