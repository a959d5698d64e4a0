"""A studio as users start it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]


@contextlib.contextmanager
def studios(home: Path) -> Iterator[Callable[[Path], str]]:
    """Give what starts a studio for a project folder and returns its address; all end with the block."""
    started: list[subprocess.Popen[str]] = []
    # NiceGUI takes itself for tested where it sees pytest's variable.
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    # Pictures of the palette are the same for all tests.
    cache = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
    environment |= {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_CACHE_HOME": cache,
        "OMP_NUM_THREADS": "1",
    }

    log = (home / ".log.txt").open("w+")

    def start(folder: Path) -> str:
        process = subprocess.Popen(
            [sys.executable, "-m", "studio.cli", str(folder), "--no-browser"],
            stdout=subprocess.PIPE, stderr=log, env=environment, text=True, cwd=ROOT,
        )  # fmt: skip
        started.append(process)
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:"), address
        return address

    try:
        yield start
    finally:
        for process in started:
            process.send_signal(signal.SIGINT)
        for process in started:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
        log.seek(0)
        said = log.read()
        log.close()
    assert "Traceback" not in said, said
