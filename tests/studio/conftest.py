"""A studio as users start it, and a real browser that looks at it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from opened import studios

CHROMIUM = os.environ.get("STUDIO_BROWSER") or shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A user's home folder."""
    return tmp_path


@pytest.fixture
def open_studio(home: Path) -> Iterator[Callable[[Path], str]]:
    """Start a studio for a project folder and return its address."""
    with studios(home) as start:
        yield start


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """Debian's Chromium through Playwright."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed")
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()
