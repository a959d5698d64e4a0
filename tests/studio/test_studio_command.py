"""The command: one line and a code on errors, another port where the usual one is taken."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[2]


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    # NiceGUI takes itself for tested where it sees pytest's variable.
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    called = [sys.executable, "-m", "studio.cli", *arguments]
    return subprocess.run(called, check=False, capture_output=True, text=True, cwd=ROOT, timeout=60, env=environment)


def test_errors_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    failed = command(str(tmp_path / "file"), "--no-browser")
    assert failed.returncode == 1 and failed.stderr.startswith("simcore-studio: ") and failed.stderr.count("\n") == 1
    misused = command("--port", "many")
    assert misused.returncode == 2 and "--help" in misused.stderr and misused.stderr.count("\n") == 1


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        failed = command(str(tmp_path), "--no-browser", "--port", str(port))
    assert (
        failed.returncode == 1
        and f"port {port} is taken; --port chooses another" in failed.stderr
        and not failed.stdout
    )


def test_two_studios_at_once_get_two_ports(open_studio: Callable[[Path], str], tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as threads:
        ports = {urlsplit(address).port for address in threads.map(open_studio, (tmp_path / "one", tmp_path / "two"))}
    assert len(ports) == 2
