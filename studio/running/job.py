"""A job: one call of a command-line program, and everything that is known of it, as files in a folder of its own.

``job.json`` is written once, when the job is made. Whether it runs, is paused or has ended is never written down but seen: by
the file ``code`` that its shell leaves behind, by the file ``stop`` of whoever stopped it, and by its process. So nothing
that is killed at any moment, be it studio or job, leaves a wrong state, and two studios see the same.
"""

from __future__ import annotations

import json
import os
import secrets
import shlex
import signal
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import psutil

from studio.errors import StudioError

JOB, OUTPUT, ERRORS, CODE, STOP, PID = "job.json", "output", "errors", "code", "stop", "pid"
OWN_FILES = (JOB, OUTPUT, ERRORS, CODE, STOP, PID)  # all others were given to the job when it was queued
TOKEN = "STUDIO_JOB"  # the variable by which its processes are known
State = Literal["queued", "running", "paused", "done", "stopped", "failed"]
LIVE: tuple[State, ...] = ("queued", "running", "paused")
LANES = {"generate": "generate", "train": "train", "plan": "plan", "card": "plan"}  # all other kinds share one lane
TAIL = 16_384  # bytes of a log that are read


@dataclass(frozen=True)
class Order:
    """What is to run: ``command`` is simcore or dtmodels with its arguments, paths relative to the project.

    ``kind`` is plan, generate, train, predict, evaluate, compare or card; ``target`` what it writes; ``total`` how much there is
    to do: examples, epochs, frames.
    """

    kind: str
    title: str
    command: tuple[str, ...]
    target: str = ""
    total: int | None = None

    @property
    def lane(self) -> str:
        """Jobs of one lane run one after the other."""
        return LANES.get(self.kind, "quick")

    @property
    def can_pause(self) -> bool:
        """Whether all its work is done on this machine; elsewhere workers would go on, and give up those who are silent."""
        return not {"--cluster", "--scheduler"} & set(self.command)

    @property
    def line(self) -> str:
        """As it would be typed in the project folder."""
        return shlex.join(self.command)

    def again(self) -> Order:
        """The order that goes on where this one ended: simcore does by itself, a training when told."""
        if self.kind != "train":
            return self
        kept = tuple(word for word in self.command if word not in ("--overwrite", "--resume"))
        return replace(self, command=(*kept, "--resume"))


@dataclass(frozen=True)
class Job:
    """A job in its folder, ``<project>/.studio/jobs/<number>``."""

    folder: Path
    order: Order
    created: float  # seconds since 1970
    token: str = ""  # what its shell and all that it starts carry; none where an older studio made it

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def state(self) -> State:
        """As it is at this moment."""
        code = self.code
        if code is None and self.was_stopped and not (self.folder / OUTPUT).exists():
            return "stopped"  # its shell, if there is one, sees so before it begins, and ends
        if code is None and not (self.folder / PID).exists():
            return "queued"
        if code is None and self.alive:
            return "paused" if self._status() == psutil.STATUS_STOPPED else "running"
        code = self.code  # it may have ended between the two looks
        if code == 0:
            return "done"
        return "stopped" if self.was_stopped else "failed"

    @property
    def code(self) -> int | None:
        """Exit code; None: it has not ended, or was killed together with its shell."""
        try:
            return int((self.folder / CODE).read_text())
        except (OSError, ValueError):
            return None

    @property
    def pid(self) -> int | None:
        """Of the shell that leads its process group."""
        try:
            return int((self.folder / PID).read_text())
        except (OSError, ValueError):
            return None

    @property
    def alive(self) -> bool:
        """Whether a process of it is there."""
        return self._leader() is not None or bool(self.members())

    @property
    def was_stopped(self) -> bool:
        return (self.folder / STOP).exists()

    @property
    def started(self) -> float | None:
        return _time_of(self.folder / PID)

    @property
    def ended(self) -> float | None:
        name = CODE if self.code is not None else STOP
        return _time_of(self.folder / name)

    @property
    def error(self) -> str | None:
        """Why it failed, in one line: the last one that the program wrote, or that it was killed."""
        if self.state != "failed":
            return None
        code = self.code
        told = _last_line(self.tail(ERRORS))
        if code is None or code >= 128:
            name = "" if code is None else f" by {_signal_name(code - 128)}"
            return f"{self.order.command[0]}: was killed{name} from outside; it can go on where it was"
        return told or f"{self.order.command[0]}: ended with exit code {code}"

    def tail(self, name: str = ERRORS, size: int = TAIL) -> str:
        """The end of a log; empty where there is none."""
        try:
            with (self.folder / name).open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - size))
                return file.read().decode("utf-8", "replace")
        except OSError:
            return ""

    def members(self) -> list[psutil.Process]:
        """The processes of its group that carry its token, without zombies."""
        pid = self.pid
        if pid is None or pid <= 1:
            return []
        leader = _process(pid)
        if leader is not None and _status(leader) != psutil.STATUS_ZOMBIE and not self._is_mine(leader):
            return []  # the number went to another process, so nothing of the group is left
        try:
            os.killpg(pid, 0)
        except (ProcessLookupError, PermissionError):
            return []
        return [one for one in psutil.process_iter() if _group(one) == pid and self._carries(one)]

    def send(self, number: signal.Signals) -> None:
        """Send a signal to all its processes."""
        pid = self.pid
        if pid is not None and self.alive:
            try:
                os.killpg(pid, number)
            except ProcessLookupError:
                pass
            except PermissionError:
                raise StudioError(f"{self.order.title}: belongs to another user") from None

    def _leader(self) -> psutil.Process | None:
        found = _process(self.pid) if self.pid is not None else None
        return found if found is not None and self._is_mine(found) else None

    def _is_mine(self, process: psutil.Process) -> bool:
        # Numbers of processes are used again, the token is not; the folder's name would change with that of the project.
        try:
            mark = self.token or str(self.folder)
            return mark in process.cmdline() and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False

    def _carries(self, process: psutil.Process) -> bool:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            return self._is_mine(process) or bool(self.token and process.environ().get(TOKEN) == self.token)
        except (psutil.Error, OSError):
            return False

    def _status(self) -> str | None:
        found = self._leader() or next(iter(self.members()), None)  # the shell alone may have been killed
        return _status(found) if found is not None else None


def write_job(folder: Path, order: Order, created: float) -> Job:
    """Make the folder of a job; it is a job when ``job.json`` is there."""
    (folder / CODE).write_text(" " * 8, encoding="utf-8")
    temporary = folder / f".{JOB}.part"
    token = secrets.token_hex(16)
    values = {"created": created, "token": token, **asdict(order)}
    temporary.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
    temporary.replace(folder / JOB)
    return Job(folder, order, created, token)


def read_job(folder: Path) -> Job | None:
    """The job of a folder; None where it holds none that can be read."""
    try:
        values: dict[str, Any] = json.loads((folder / JOB).read_text(encoding="utf-8"))
        created = float(values.pop("created"))
        token = str(values.pop("token", ""))
        values["command"] = tuple(map(str, values["command"]))
        return Job(folder, Order(**values), created, token)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _time_of(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except OSError:
        return None


def _process(pid: int) -> psutil.Process | None:
    try:
        return psutil.Process(pid)
    except psutil.Error:
        return None


def _status(process: psutil.Process) -> str | None:
    try:
        return str(process.status())
    except psutil.Error:
        return None


def _group(process: psutil.Process) -> int | None:
    try:
        return os.getpgid(process.pid)
    except OSError:
        return None


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
