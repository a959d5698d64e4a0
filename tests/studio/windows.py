"""A studio that runs, and a window of the browser on it."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parents[2]
# Tests that follow one another, or measure times, are not spread over workers as `make test` does.
ALONE = pytest.mark.skipif("PYTEST_XDIST_WORKER" in os.environ, reason="runs alone: make test-studio")
SIZE = {"width": 1280, "height": 800}


@contextlib.contextmanager
def running(project: Path) -> Iterator[str]:
    """A studio on a project; yields its address with the token."""
    command = [sys.executable, "-m", "studio.cli", str(project), "--no-browser", "--port", "0"]
    # NiceGUI takes itself for tested where it sees pytest's variable.
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    environment |= {"XDG_CONFIG_HOME": str(project.parent / "config"), "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    log = (project.parent / f"{project.name}.log").open("w+")
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield _address(process, Path(log.name))
    finally:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()
        log.close()
        _end_jobs(project)


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        found = re.search(r"http://\S+token=\S+", log.read_text())
        if found:
            return found.group(0)
        time.sleep(0.1)
    raise AssertionError(f"the studio did not start: {log.read_text()}")


def _end_jobs(project: Path) -> None:
    from studio.jobs import Jobs
    from studio.project import Project

    jobs = Jobs(Project(project), watch=False)
    for job in jobs.live():
        job.send(signal.SIGKILL)
    jobs.close()


def until(check: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.05)


class Window:
    """A window of the browser on a studio; it remembers what went wrong in it."""

    def __init__(self, browser: Any, address: str, scheme: str = "light") -> None:
        self.address = address
        self.base = f"http://{urlsplit(address).netloc}"
        self.wrong: list[str] = []
        self.context = browser.new_context(viewport=SIZE, color_scheme=scheme)
        self.page = page = self.context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("console", lambda message: self.wrong.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: self._check(request.url))
        page.goto(address)

    def close(self) -> None:
        """Close it."""
        self.context.close()

    def _check(self, url: str) -> None:
        if not url.startswith((self.base, "data:", "blob:", self.base.replace("http", "ws"))):
            self.wrong.append(f"asks for {url}")  # no internet is needed

    def go(self, title: str) -> Any:
        """Open a page by the link in the head."""
        self.page.get_by_role("navigation").get_by_text(title, exact=True).click()
        self.page.wait_for_url(f"**/{title.lower()}")
        self.page.wait_for_timeout(300)
        return self.page

    def field(self, label: str) -> Any:
        """An input by its label."""
        return self.page.get_by_label(label, exact=True).first

    def choose(self, label: str, option: str) -> None:
        """Take an entry of a list."""
        self.page.get_by_label(label, exact=True).first.click()
        self.page.locator(".q-menu:visible .q-item", has_text=re.compile(rf"^{re.escape(option)}$")).first.click()

    def button(self, name: str) -> Any:
        """A button by its name."""
        return self.page.get_by_role("button", name=name, exact=True).first

    def tab(self, name: str) -> None:
        """Turn to a tab."""
        self.page.get_by_role("tab", name=name).first.click()

    def job(self, title: str, state: str, seconds: float = 60) -> Any:
        """Wait until a job is in a state."""
        found = self.page.locator(f'.work-job[data-state="{state}"]', has_text=title).first
        found.wait_for(timeout=seconds * 1000)
        return found

    def shot(self, name: str) -> None:
        """Keep a picture of the window where ``STUDIO_SHOTS`` names a folder for them."""
        folder = os.environ.get("STUDIO_SHOTS")
        if folder:
            self.page.wait_for_timeout(900)
            self.page.mouse.move(640, 4)
            self.page.wait_for_timeout(400)
            path = ROOT / folder / f"{name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=str(path))
