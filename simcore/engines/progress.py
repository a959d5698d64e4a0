"""How far a run has come: a bar on a terminal and in a notebook, a line now and then elsewhere, JSON for programs."""

import json
import time
from types import TracebackType
from typing import Any, Literal, Self

from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn

from simcore.engines.rates import Rate, Workers
from simcore.engines.unit import Done
from simcore.errors import ParameterError

LINE_EVERY, LONGEST = 10.0, 300.0  # seconds between the first lines, and between the last ones
OBJECT_EVERY, LONGEST_OBJECT = 1.0, 10.0  # the same of what programs read
GROWTH = 1.5  # the next one is waited for so many times as long
Shown = bool | Literal["workers", "json"] | None


class Report:
    """Counts examples and bytes while a run lasts, and shows them on standard error.

    Args:
        total: examples in the dataset.
        done: examples that were there before this run.
        show: False keeps silent; None or True shows a bar where there is a terminal or a notebook, lines with the time
            elsewhere; "workers" adds a line for each worker; "json" prints an object per line on standard output instead.
        console: where to show them; None: standard error.

    """

    def __init__(self, total: int, done: int, show: Shown = None, console: Console | None = None) -> None:
        self.total, self.before, self.done, self.bytes = total, done, done, 0
        self.console = console or Console(stderr=True)
        self.show = check_shown(show)
        live = self.show in (None, True, "workers") and (self.console.is_terminal or self.console.is_jupyter)
        self._bar = self._make_bar() if live else None
        self._task = self._bar.add_task("", total=total, completed=done, rate="") if self._bar else None
        self._started = self._spoke = time.monotonic()
        self._wait, self._longest = (OBJECT_EVERY, LONGEST_OBJECT) if self.show == "json" else (LINE_EVERY, LONGEST)
        self._rate, self._workers = Rate(self._started), Workers(self._started)

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
        elif self.show == "json":
            self._object("start", examples=self.total, done=self.before)
        elif self.before:
            self.say(f"going on after {self.before:,} of {self.total:,} examples")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()
        elif kind is None and self.show != "json":
            self._tell()

    def advance(self, unit: Done) -> None:
        """Add a unit."""
        now = time.monotonic()
        self.done, self.bytes = self.done + unit.examples, self.bytes + unit.stored
        self._rate.add(now, unit.examples)
        self._workers.add(unit.worker, now, unit.examples)
        if self._bar and self._task is not None:
            self._bar.update(self._task, completed=self.done, rate=self._facts())
        due = now - self._spoke >= self._wait
        if due and (not self._bar or self.show == "workers"):
            self._wait = min(self._longest, GROWTH * self._wait)
            self._tell()

    def finish(self, path: str, identity: str | None) -> None:
        """Tell programs what was made; people are told by whoever asked for it."""
        if self.show == "json":
            seconds, made = time.monotonic() - self._started, self.done - self.before
            self._object("done", path=path, identity=identity, examples=self.total, seconds=seconds,
                         examples_per_second=made / max(seconds, 1e-9))  # fmt: skip

    def say(self, text: str) -> None:
        """Show a line of text (above the bar, if there is one)."""
        if self.show is False:
            return
        self._spoke = time.monotonic()
        if self.show == "json":
            self._object("note", text=text)
        else:
            stamp = "" if self._bar else time.strftime("%Y-%m-%d %H:%M:%S ")
            self.console.print(f"{stamp}{text}", highlight=False, soft_wrap=True, markup=False)

    def wait(self, text: str) -> None:
        """Say why nothing happens, now and then."""
        if time.monotonic() - self._spoke >= LINE_EVERY:
            self.say(text)

    def line(self) -> str:
        """Where the run stands, in one line."""
        return f"{self.done:,} of {self.total:,} examples, {self._facts()}"

    def seconds_left(self) -> float | None:
        """At the rate of the last minute; None: not known yet."""
        rate = self._rate.per_second()
        return (self.total - self.done) / rate if rate else None

    def _tell(self) -> None:
        if self.show == "json":
            self._spoke = time.monotonic()
            left, rates = self.seconds_left(), self._workers.rates.items()
            workers = {name: {"examples": rate.total, "examples_per_second": rate.per_second()} for name, rate in rates}
            self._object("progress", examples=self.total, done=self.done, bytes=self.bytes, seconds_left=left,
                         examples_per_second=self._rate.per_second(), workers=workers)  # fmt: skip
            return
        self.say("\n".join([self.line(), *(self._workers.lines() if self.show == "workers" else ())]))

    def _facts(self) -> str:
        text = f"{self._rate.per_second():,.0f} examples/s, {decimal(self.bytes)}"
        left = self.seconds_left()
        return text if left is None or self.done >= self.total else f"{text}, {duration(left)} left"

    def _object(self, event: str, **facts: Any) -> None:
        print(json.dumps({"event": event, **facts}), flush=True)

    def _make_bar(self) -> Progress:
        columns = (BarColumn(), TaskProgressColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"))
        return Progress(*columns, console=self.console)


def check_shown(show: Any) -> Shown:
    """What is to be shown, or a ParameterError."""
    if show not in (None, True, False, "workers", "json"):
        raise ParameterError(f'progress: {show!r}; must be None, True, False, "workers" or "json"')
    return show


def duration(seconds: float) -> str:
    """A time for people: ``48 s``, ``12 min``, ``3.5 h``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
