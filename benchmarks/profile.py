"""A profile of a case as text: ``python -m benchmarks.profile CASE`` records with perf and writes to benchmarks/profiles/.

Linux's perf has to be installed and allowed (kernel.perf_event_paranoid <= 2). It looks on only once everything is warm; what
Python itself does appears as functions of the interpreter.
"""

from __future__ import annotations

import re
import signal
import subprocess
import tempfile
import time
from math import ceil
from pathlib import Path
from typing import Annotated

import typer

from benchmarks import history
from benchmarks.alone import EVERY
from benchmarks.cases import DEFAULT
from benchmarks.workers import ROOT, simcore_worker

FOLDER = ROOT / "benchmarks" / "profiles"
LEAST = "0.5"  # per cent of the time that a function takes to be listed
ATTACHED = 1.0  # seconds that perf is given to begin
LINE = re.compile(r"^\s*([\d.]+%)\s+(\S+)\s+\[.\]\s+(.*?)(\s+-)*\s*$")


def record(name: str, tolerance: float, seconds: float, data: Path) -> None:
    """Let perf look on while a case is rendered for about ``seconds``."""
    count = EVERY[name].counts[0]
    with simcore_worker(name, tolerance) as worker:
        once = min(worker.seconds(count) for _ in range(2))
        perf = subprocess.Popen(["perf", "record", "-q", "-F", "999", "-o", data, "-p", str(worker.process.pid)])
        time.sleep(ATTACHED)
        worker.ask(ceil(seconds / once) * count)
        perf.send_signal(signal.SIGINT)
        perf.wait()


def report(data: Path) -> str:
    """Return perf's table: share of the time, library, function."""
    command = ["perf", "report", "--stdio", "--sort", "dso,symbol", "--percent-limit", LEAST, "-i", data]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    rows = filter(None, map(LINE.match, found.stdout.splitlines()))
    return "\n".join(f"{row[1]:>7}  {_short(row[2]):<14}  {_plain(row[3])}" for row in rows)


def _short(library: str) -> str:
    return re.sub(r"\.(cpython-.*)?(so|pyd).*$", "", library)


def _plain(function: str) -> str:
    return function.replace("(anonymous namespace)::", "")


def main(
    case: str,
    tolerance: Annotated[float, typer.Option(help="of the microscope")] = DEFAULT,
    seconds: Annotated[float, typer.Option(help="that are recorded")] = 5.0,
    label: Annotated[str | None, typer.Option(help="part of the file's name; the commit's hash unless given")] = None,
) -> None:
    """Profile a case and write the functions that take most of the time, as text."""
    about = history.commit()
    with tempfile.TemporaryDirectory(prefix="simcore-perf-") as folder:
        data = Path(folder) / "perf.data"
        record(case, tolerance, seconds, data)
        text = report(data)
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{case}-{label or about['commit']}.txt"
    changed = " with changes" if about["changed"] else ""
    processor = history.machine()["machine"]["processor"]
    title = f"{EVERY[case].title}; tolerance {tolerance:g}; commit {about['commit']}{changed}; {processor}"
    path.write_text(f"{title}\n\n{text}\n", encoding="utf-8")
    print(path.relative_to(ROOT))


if __name__ == "__main__":
    typer.run(main)
