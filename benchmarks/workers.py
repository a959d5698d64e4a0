"""Processes that render when told to, single-threaded, so that two packages can take turns in one run."""

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from benchmarks.case_a import stand_ins
from benchmarks.cases import CASES, DEFAULT

ROOT = Path(__file__).resolve().parent.parent
PEERS = {
    "deeptrack": ("deeptrack==2.0.2",),
    "pylorenzmie": ("pylorenzmie==3.4.0", "numba==0.68.1"),
    "psfmodels": ("psfmodels==0.3.3",),
    "miepython": ("miepython==3.3.0", "numba==0.68.1"),
}
PEER_ENVIRONMENT = ROOT / ".venv-peer"
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "NUMBA")}


class Worker:
    """One such process; leave it with ``with``."""

    def __init__(self, command: list[str]) -> None:
        paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | ONE_THREAD | {"PYTHONPATH": paths, "PYTHONWARNINGS": "ignore", "MIEPYTHON_USE_JIT": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        while self._line() != "ready":
            pass

    def seconds(self, count: int) -> float:
        """Processor time that ``count`` images take: one thread, so the clock's time on a machine that does nothing else."""
        return self.ask(count)

    def ask(self, *words: object) -> float:
        """Return the number that is the answer to a line."""
        self.tell(*words)
        return self.hear()

    def tell(self, *words: object) -> None:
        """Send a line, whose answer is to be heard later."""
        assert self.process.stdin
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()

    def hear(self) -> float:
        """Return the number that is the answer to what was told."""
        return float(self._line())

    def images(self, scenes: dict[str, Any]) -> Any:
        """Return the images that a peer makes of scenes of ours: see `errors.scenes`."""
        with tempfile.TemporaryDirectory(prefix="simcore-scenes-") as folder:
            path = Path(folder) / "scenes.npz"
            np.savez(path, **scenes)
            self.ask(path)
            with np.load(path) as found:
                return found["image"]

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


def simcore_worker(case: str, tolerance: float = DEFAULT) -> Worker:
    return Worker([sys.executable, "-m", "benchmarks.simcore_worker", case, str(tolerance)])


def control_worker() -> Worker:
    return Worker([sys.executable, "-m", "benchmarks.control_worker"])


def mie_worker() -> Worker:
    """Return miepython in the peers' environment."""
    return Worker([str(_environment("miepython")), str(ROOT / "benchmarks" / "mie_worker.py")])


def peer_worker(case: str) -> Worker:
    """The peer of a case in an environment of its own: see `_environment`."""
    peer = CASES[case].peer
    python = _environment(peer)
    script = "deeptrack_worker.py" if peer == "deeptrack" else "peers_worker.py"
    return Worker([str(python), str(ROOT / "benchmarks" / script), case, str(stand_ins())])


def _environment(peer: str) -> Path:
    """Return the Python that has a peer; its environment is made when it is not there: dependencies would clash with ours."""
    python = peer_python()
    if not python.exists():
        venv.create(PEER_ENVIRONMENT, with_pip=True, clear=True)
    if not installed(peer):
        subprocess.run([python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", *PEERS[peer]], check=True)
        _receipt(peer).touch()
    return python


def installed(peer: str) -> bool:
    """Whether the pinned version of a peer lies in the environment."""
    return _receipt(peer).exists()


def _receipt(peer: str) -> Path:
    return PEER_ENVIRONMENT / " ".join(PEERS[peer])


def peer_python() -> Path:
    return PEER_ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
