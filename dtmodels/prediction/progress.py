"""How far a long prediction is, and how fast."""

import sys
import time
from types import TracebackType
from typing import Any

SECONDS = 30


class Pace:
    """Counts frames; with ``shown`` a line on a terminal that is kept fresh, else a line every half minute, on stderr."""

    def __init__(self, shown: bool = False) -> None:
        self.frames, self.seconds = 0, 0.0
        self._shown, self._began, self._told = shown, time.perf_counter(), time.perf_counter()
        self._status: Any = None

    @property
    def rate(self) -> float:
        """Frames per second."""
        return self.frames / max(self.seconds, 1e-9)

    def __enter__(self) -> "Pace":
        if self._shown and sys.stderr.isatty():
            from rich.console import Console  # noqa: PLC0415

            self._status = Console(stderr=True).status("predicting")
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()

    def add(self, frames: int) -> None:
        """Count frames that are done."""
        now = time.perf_counter()
        self.frames, self.seconds = self.frames + frames, now - self._began
        if self._status is not None:
            self._status.update(str(self))
        elif self._shown and now - self._told >= SECONDS:
            self._told = now
            print(self, file=sys.stderr, flush=True)

    def __str__(self) -> str:
        return f"{self.frames} frames, {self.rate:.3g} frames/s"
