"""Processes that render when told to, single-threaded, so that two packages can take turns in one run."""

import os
import subprocess
import sys
import venv
from pathlib import Path
from types import TracebackType

from benchmarks.case_a import stand_ins

ROOT = Path(__file__).resolve().parent.parent
PEER = "deeptrack==2.0.2"
PEER_ENVIRONMENT = ROOT / ".venv-peer"
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "NUMBA")}


class Worker:
    """One such process; leave it with ``with``."""

    def __init__(self, command: list[str]) -> None:
        paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | ONE_THREAD | {"PYTHONPATH": paths, "PYTHONWARNINGS": "ignore"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        while self._line() != "ready":
            pass

    def seconds(self, count: int) -> float:
        """Processor time that ``count`` images take: one thread, so the clock's time on a machine that does nothing else."""
        assert self.process.stdin
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()
        return float(self._line())

    def _line(self) -> str:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args} ended with {self.process.wait()}")
        return line.strip()

    def __enter__(self) -> "Worker":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.communicate()


def simcore_worker(case: str = "b") -> Worker:
    return Worker([sys.executable, "-m", "benchmarks.simcore_worker", case])


def deeptrack_worker(case: str = "b") -> Worker:
    """The peer in its own environment, which is made when it is not there: its dependencies would clash with ours."""
    python = peer_python()
    if not python.exists():
        venv.create(PEER_ENVIRONMENT, with_pip=True, clear=True)
    if not (PEER_ENVIRONMENT / PEER).exists():
        subprocess.run([python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", PEER], check=True)
        (PEER_ENVIRONMENT / PEER).touch()
    return Worker([str(python), str(ROOT / "benchmarks" / "deeptrack_worker.py"), case, str(stand_ins())])


def peer_python() -> Path:
    return PEER_ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
