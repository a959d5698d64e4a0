"""Renders drafts off the event loop, in a process of its own: the newest draft wins, one that takes too long is given up."""

from __future__ import annotations

import asyncio
import contextlib
import pickle
import sys
import time
from pathlib import Path
from typing import Any

from studio.watching.worker import HEADER, Answer, Request, packed

LONGEST = 20.0  # seconds after which a preview is given up
PATIENCE = 3.0  # seconds that a newer draft waits for an older one


class Preview:
    """One process that renders; shared by all windows of a project."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self._lock = asyncio.Lock()
        self._busy_with: Request | None = None
        self._busy_since = 0.0

    async def render(self, request: Request) -> Answer:
        """Return what a request gives; what goes wrong is in the answer."""
        async with self._lock:
            self._busy_with, self._busy_since = request, time.monotonic()
            try:
                return await asyncio.wait_for(self._ask(request), LONGEST)
            except TimeoutError:
                self._kill()
                return Answer(error=f"took longer than {LONGEST:g} s; the preview was stopped", request=request)
            except (asyncio.IncompleteReadError, OSError):
                self._kill()
                return Answer(
                    error="the process that renders previews ended; the next edit starts another", request=request
                )
            finally:
                self._busy_with = None

    def give_up(self, request: Request | None) -> None:
        """End the process if it has been busy with this request for long."""
        if request is not None and request is self._busy_with and time.monotonic() - self._busy_since > PATIENCE:
            self._kill()

    async def start(self) -> None:
        """Start the process, so that the first draft need not wait for it."""
        async with self._lock:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await self._running()

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            # -P: a file of the project must not stand in for a module.
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-P", "-c", "from studio.watching.worker import main; main()",
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, cwd=self.folder,
            )  # fmt: skip
            await _receive(self._process)
        return self._process

    async def _ask(self, request: Request) -> Answer:
        process = await self._running()
        assert process.stdin is not None
        process.stdin.write(packed(request))
        await process.stdin.drain()
        answer = await _receive(process)
        assert isinstance(answer, Answer)
        return answer

    def _kill(self) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        self._process = None

    async def close(self) -> None:
        """End the process."""
        process = self._process
        self._kill()
        if process is not None:
            await process.wait()


async def _receive(process: asyncio.subprocess.Process) -> Any:
    assert process.stdout is not None
    head = await process.stdout.readexactly(HEADER.size)
    return pickle.loads(await process.stdout.readexactly(HEADER.unpack(head)[0]))  # of our own process


class Latest:
    """Renders for one window: while a draft is rendered, of those that come only the newest is kept."""

    def __init__(self, preview: Preview) -> None:
        self.preview = preview
        self._waiting: Request | None = None
        self._current: Request | None = None
        self._running = False

    async def render(self, request: Request) -> Answer | None:
        """Return the answer; None if a newer request took this one's place."""
        self._waiting = request
        if self._running:
            self.preview.give_up(self._current)
            return None
        self._running = True
        try:
            answer: Answer | None = None
            while self._waiting is not None:
                self._current, self._waiting = self._waiting, None
                answer = await self.preview.render(self._current)
            return answer
        finally:
            self._running = False
