"""Worker processes of this machine: a scheduler here, and commands of ours."""

import contextlib
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import distributed

from simcore.engines.cluster import connected
from simcore.errors import SchedulerError

# One thread per task: what runs inside must not start a pool of its own.
_SINGLE = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")


@contextlib.contextmanager
def local_cluster(workers: int) -> Iterator[tuple[distributed.Client, Callable[[], None]]]:
    """A scheduler in this process, and workers that are commands of ours: nothing is forked, no script runs twice."""
    with contextlib.ExitStack() as stack:
        scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="simcore-", ignore_cleanup_errors=True))
        cluster = stack.enter_context(
            distributed.LocalCluster(
                n_workers=0,
                processes=True,
                host="127.0.0.1",
                dashboard_address=None,
                scheduler_kwargs={
                    "dashboard_address": "127.0.0.1:0"
                },  # else the second run here warns of a port in use
                silence_logs=logging.CRITICAL,
            )
        )
        client = stack.enter_context(connected(cluster.scheduler_address))
        log = stack.enter_context((Path(scratch) / "workers.log").open("w+"))
        processes = [_start_worker(cluster.scheduler_address, scratch, log) for _ in range(workers)]
        stack.callback(_end_workers, processes)

        def check() -> None:
            codes = [process.poll() for process in processes]
            if all(code is not None for code in codes):
                log.seek(0)
                last = (log.read().strip().splitlines() or [f"exit status {codes[-1]}"])[-1]
                raise SchedulerError(f"all worker processes died ({last}); generate again to go on")

        yield client, check


def _start_worker(address: str, scratch: str, log: IO[str]) -> subprocess.Popen[bytes]:
    path = os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)
    environment = {**os.environ, **_SINGLE, "PYTHONPATH": path, "DASK_TEMPORARY_DIRECTORY": scratch}
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "simcore.engines.worker", address],
        env=environment,
        stdin=subprocess.PIPE,  # it ends when this pipe does
        stdout=log,
        stderr=log,
        start_new_session=True,  # Ctrl-C is for us; we end them
    )


def _end_workers(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        assert process.stdin
        process.stdin.close()
        process.kill()  # whatever it was writing is under a temporary name
    for process in processes:
        process.wait()
