"""How far a job has come: from what its program prints and writes, never from a guess of its own."""

from __future__ import annotations

import json
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.running.job import OUTPUT, Job

WINDOW = 20.0  # seconds over which a rate is taken
UNITS = {"generate": "examples", "train": "epochs", "predict": "frames"}
_HISTORY = "history.csv"
_COMMITS = "shard_checksum"  # of each unit of a dataset that is stored a file lies there: FORMAT.md


@dataclass(frozen=True)
class Progress:
    """``done`` of ``total`` (None: not known); ``rate`` per second; ``left`` seconds."""

    done: int = 0
    total: int | None = None
    unit: str = ""
    rate: float | None = None
    left: float | None = None

    @property
    def share(self) -> float | None:
        """From 0 to 1."""
        return min(1.0, self.done / self.total) if self.total else None

    def __str__(self) -> str:
        of = f" of {self.total:,}" if self.total else ""
        rate = "" if not self.rate else f", {_rate(self.rate, self.unit)}"
        left = "" if self.left is None or not self.rate or self.done == self.total else f", {duration(self.left)} left"
        return f"{self.done:,}{of} {self.unit}{rate}{left}"


class Follower:
    """Looks at jobs again and again, and so knows how fast they are."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self._seen: dict[str, deque[tuple[float, int]]] = {}

    def progress(self, job: Job, now: float | None = None) -> Progress:
        """Where a job stands."""
        kind, total = job.order.kind, job.order.total
        done = self._done(job)
        if done is None:
            return Progress(total=total, unit=UNITS.get(kind, ""))
        points = self._seen.setdefault(job.id, deque(maxlen=256))
        moment = time.monotonic() if now is None else now
        if not points or points[-1][1] != done:
            points.append((moment, done))
        while len(points) > 2 and moment - points[1][0] > WINDOW:
            points.popleft()
        rate = _slope(points, moment)
        left = (total - done) / rate if rate and total else None
        return Progress(done, total, UNITS.get(kind, ""), rate, left)

    def _done(self, job: Job) -> int | None:
        place = self.project / job.order.target
        if job.order.kind == "generate":
            return _stored_examples(place)
        if job.order.kind == "train":
            return _lines(place / _HISTORY)
        if job.order.kind == "predict":
            return _frames(job)
        return None


def events(job: Job) -> list[dict[str, Any]]:
    """The JSON objects that simcore printed, one a line."""
    found = []
    for line in job.tail(OUTPUT).splitlines():
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            found.append(value)
    return found


def duration(seconds: float) -> str:
    """A time for people: ``48 s``, ``12 min``, ``3.5 h``."""
    if seconds < 90:
        return f"{seconds:.0f} s" if seconds >= 1 else "1 s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def size(count: float) -> str:
    """Bytes for people: ``7.8 MB``."""
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if count < 1000 or unit == "TB":
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.3g} {unit}"
        count /= 1000
    raise AssertionError


def _rate(rate: float, unit: str) -> str:
    return (
        f"{rate:,.0f} {unit}/s"
        if rate >= 10
        else f"{rate:.2g} {unit}/s"
        if rate >= 0.5
        else f"{duration(1 / rate)} each"
    )


def _slope(points: deque[tuple[float, int]], now: float) -> float | None:
    if len(points) < 2:
        return None
    (first, before), (last, done) = points[0], points[-1]
    # What comes late counts as late: a training that hangs grows slower.
    until = max(last, min(now, now if now - last > (last - first) / (len(points) - 1) else last))
    return (done - before) / (until - first) if until > first and done > before else None


def _stored_examples(dataset: Path) -> int | None:
    try:
        metadata = json.loads((dataset / "zarr.json").read_text(encoding="utf-8"))["attributes"]["simcore"]["metadata"]
        units = sum(path.name.startswith("c.") for path in (dataset / _COMMITS).iterdir())
        return min(int(metadata["count"]), units * int(metadata["unit"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _lines(history: Path) -> int | None:
    try:
        return max(0, history.read_bytes().count(b"\n") - 1)
    except OSError:
        return None


def _frames(job: Job) -> int | None:
    for line in reversed(job.tail().splitlines()):
        number, _, rest = line.partition(" frames")
        if rest and number.isdigit():
            return int(number)
    return None
