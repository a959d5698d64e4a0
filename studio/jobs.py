"""The jobs of a project: a queue of command-line programs that run beside the studio and outlive it."""

from __future__ import annotations

import fcntl
import shutil
import signal
import subprocess
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import IO

from studio.errors import StudioError
from studio.project import OWN, Project
from studio.running.job import LIVE, OWN_FILES, STOP, Job, Order, read_job, write_job
from studio.running.process import start

JOBS, LOCK, LAST = "jobs", "queue.lock", "last"
TICK = 0.3  # seconds between two looks at the queue
RETRY = 10.0  # seconds after which a job that could not be started is tried again
PATIENCE = 10.0  # seconds that a program has to end after SIGINT


class Jobs:
    """Starts queued jobs, one of a lane at a time, and pauses, resumes and stops them.

    Everything lies in ``<project>/.studio/jobs``. Of several studios on one project one has the queue in hand, the others see
    the same jobs and may queue and stop too; when the first is closed another takes over.
    """

    def __init__(self, project: Project, *, watch: bool = True) -> None:
        self.project = project.folder
        self.folder = self.project / OWN / JOBS
        self._mutex = threading.RLock()
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._known: dict[str, Job] = {}
        self._refused: dict[str, float] = {}  # jobs that could not be started, and when it was tried
        self._ended: dict[str, str] = {}  # states that cannot change any more
        self._lock: IO[str] | None = None
        self._closed = threading.Event()
        self.trouble: str | None = None  # why the queue stands still: a full disk, a folder that may not be written
        if watch:
            threading.Thread(target=self._watch, name="studio-jobs", daemon=True).start()

    def all(self) -> list[Job]:
        """All jobs, the oldest first."""
        with self._mutex:
            try:
                folders = sorted(path for path in self.folder.iterdir() if path.name.isdigit())
            except OSError:
                folders = []
            names = {folder.name for folder in folders}
            self._known = {name: job for name, job in self._known.items() if name in names}
            self._ended = {name: state for name, state in self._ended.items() if name in names}
            for folder in folders:
                if folder.name not in self._known and (job := read_job(folder)) is not None:
                    self._known[folder.name] = job
            return [self._known[name] for name in sorted(self._known)]

    def get(self, number: str) -> Job:
        """One job; StudioError where there is none."""
        for job in self.all():
            if job.id == number:
                return job
        raise StudioError(f"job {number}: is not there any more")

    def state(self, job: Job) -> str:
        """As ``job.state``, but looked up once only for what has ended with an exit code."""
        known = self._ended.get(job.id)
        if known is not None:
            return known
        state = job.state
        if state not in LIVE and job.code is not None:  # without a code a process of it may still be found
            self._ended[job.id] = state
        return state

    def live(self) -> list[Job]:
        """Those that are queued, running or paused."""
        return [job for job in self.all() if self.state(job) in LIVE]

    def of(self, target: str) -> Job | None:
        """The newest job that writes ``target``, a path relative to the project."""
        return next((job for job in reversed(self.all()) if job.order.target == target), None)

    def add(self, order: Order, files: dict[str, str] | None = None) -> Job:
        """Queue a job. ``files`` (name: text) are put into its folder, where ``{job}`` in the command stands for that folder.

        So a recipe or training file is run as it was when the job was queued. StudioError where the disk refuses, or where
        another job is at the same target.
        """
        other = self.of(order.target) if order.target else None
        if other is not None and self.state(other) in LIVE:
            raise StudioError(f"{order.target}: a job is at it already ({other.order.title}); stop it first")
        folder = None
        try:
            folder = self._new_folder()
            for name, text in (files or {}).items():
                (folder / name).write_text(text, encoding="utf-8")
            place = folder.relative_to(self.project).as_posix()
            command = tuple(word.replace("{job}", place) for word in order.command)
            job = write_job(folder, Order(order.kind, order.title, command, order.target, order.total), time.time())
        except OSError as error:
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)
            raise StudioError(f"{self.folder}: {error.strerror or error}; the job was not queued") from error
        self.tick()
        return job

    def again(self, job: Job) -> Job:
        """Queue a job that goes on where this one ended, with files of its own: this one may be taken off the list."""
        place = job.folder.relative_to(self.project).as_posix()
        order = job.order.again()
        command = tuple(word.replace(f"{place}/", "{job}/") for word in order.command)
        try:
            given = [path for path in sorted(job.folder.iterdir()) if path.name not in OWN_FILES and path.is_file()]
            files = {path.name: path.read_text(encoding="utf-8") for path in given if not path.name.startswith(".")}
        except (OSError, UnicodeDecodeError) as error:
            raise StudioError(f"{order.title}: the files of job {job.id} cannot be read: {error}") from None
        return self.add(replace(order, command=command), files)

    def pause(self, job: Job) -> None:
        """Let it stand still where it is; it keeps its memory and its place."""
        job.send(signal.SIGSTOP)

    def resume(self, job: Job) -> None:
        """Let a paused job go on."""
        job.send(signal.SIGCONT)

    def stop(self, job: Job) -> None:
        """End it as Ctrl+C does: what is stored stays. What does not end within 10 seconds is killed."""
        if self.state(job) not in LIVE:
            return
        try:
            (job.folder / STOP).touch()
        except OSError as error:
            if self.state(job) == "queued":
                raise StudioError(f"{job.folder}: {error.strerror or error}; the job stays queued") from error
        job.send(signal.SIGINT)
        job.send(signal.SIGCONT)
        threading.Thread(target=self._insist, args=(job,), name="studio-stop", daemon=True).start()

    def forget(self, job: Job) -> None:
        """Drop a job that has ended from the list; what it wrote stays."""
        if self.state(job) in LIVE:
            raise StudioError(f"{job.order.title}: is {self.state(job)}; stop it first")
        gone = job.folder.with_name(f".{job.id}")
        try:
            job.folder.rename(gone)  # at once: a shell that was just begun must not write into what is being taken away
        except OSError:
            gone = job.folder
        shutil.rmtree(gone, ignore_errors=True)

    def tick(self) -> None:
        """Look once: take leave of what has ended, start what may start."""
        with self._mutex:
            for name, child in list(self._children.items()):
                if child.poll() is not None:  # no zombie stays
                    del self._children[name]
                    self._check_begun(name)
            if not self._closed.is_set() and self._has_queue():
                self._start_next()

    def close(self) -> None:
        """Let the queue go; what runs goes on running."""
        self._closed.set()
        with self._mutex:
            if self._lock is not None:
                self._lock.close()
                self._lock = None

    def _watch(self) -> None:
        while not self._closed.wait(TICK):
            try:
                self.tick()
            except OSError as error:  # the project folder was taken away, for instance; it may come back
                self.trouble = f"{self.folder}: {error.strerror or error}"

    def _start_next(self) -> None:
        busy = set()
        queued = []
        for job in self.live():
            if self.state(job) == "queued" and job.id not in self._children:
                queued.append(job)
            else:
                busy.add(job.order.lane)
        waiting = {job.id for job in queued}
        self._refused = {name: tried for name, tried in self._refused.items() if name in waiting}
        if not self._refused:
            self.trouble = None
        for job in queued:
            waits = time.monotonic() - self._refused.get(job.id, -RETRY) < RETRY
            if job.order.lane not in busy and not waits:
                busy.add(job.order.lane)
                self._start(job)

    def _start(self, job: Job) -> None:
        self._refused.pop(job.id, None)
        try:
            self._children[job.id] = start(job, self.project)
        except OSError as error:
            self._refused[job.id] = time.monotonic()
            self.trouble = f"{job.order.title}: cannot be started: {error.strerror or error}"

    def _check_begun(self, number: str) -> None:
        """A shell that could not even note its number had no room to do so: it is tried again later."""
        job = self._known.get(number)
        if job is not None and job.state == "queued":
            self._refused[number] = time.monotonic()
            free = shutil.disk_usage(self.project).free
            self.trouble = (
                f"{job.order.title}: cannot be started: nothing can be written to {job.folder} ({free:,} bytes free)"
            )

    def _insist(self, job: Job) -> None:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if not job.alive:
                return
            time.sleep(0.1)
        job.send(signal.SIGKILL)

    def _new_folder(self) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        last = self.folder / LAST  # no number is given twice, lest an old job be taken for a new one
        known = _number(last)
        number = max((int(path.name) for path in self.folder.iterdir() if path.name.isdigit()), default=0)
        number = max(number, known)
        while True:  # another studio may take the same number
            number += 1
            folder = self.folder / f"{number:05d}"
            try:
                folder.mkdir()
                last.write_text(f"{number}")
                return folder
            except FileExistsError:
                continue

    def _has_queue(self) -> bool:
        """Whether this studio starts the jobs: one at a time does, by a lock that the system takes back when it dies."""
        if self._lock is not None:
            return True
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            file = (self.folder.parent / LOCK).open("a")
        except OSError as error:
            self.trouble = f"{self.folder}: {error.strerror or error}; no job can be started"
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return False
        self._lock = file
        return True


def _number(file: Path) -> int:
    """The number that a file holds; 0 where there is none."""
    try:
        return int(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return 0


__all__ = ["Job", "Jobs", "Order"]
