"""Workers that a queue starts: dask-jobqueue, as a file of `simcore.engines.cluster_file` says."""

import contextlib
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import distributed

from simcore.engines.cluster import connected, own_scheduler
from simcore.engines.cluster_file import ClusterFile
from simcore.engines.processes import SINGLE, import_path
from simcore.engines.rooms import THREADS
from simcore.errors import SchedulerError

LOOK_SECONDS = 10  # between questions to the queue


class _Queue(NamedTuple):
    """What differs between the queues: dask-jobqueue's cluster and what it calls the account; how one asks about a job."""

    name: str
    account: str
    ask: tuple[str, ...]
    ended: tuple[str, ...] = ()  # what the answer says of a job that has ended, where it still says something


_QUEUES = {
    "slurm": _Queue("SLURMCluster", "account", ("squeue", "--noheader", "--format=%T", "--jobs")),
    "pbs": _Queue("PBSCluster", "account", ("qstat",)),
    "sge": _Queue("SGECluster", "project", ("qstat", "-j")),
    "lsf": _Queue("LSFCluster", "project", ("bjobs", "-noheader", "-o", "stat"), ("DONE", "EXIT")),
}


@contextlib.contextmanager
def queue_cluster(file: ClusterFile) -> Iterator[tuple[distributed.Client, Callable[[], None]]]:
    """A scheduler in this process, and jobs whose workers come to it when the queue starts them; all end with it.

    Raises:
        SchedulerError: dask-jobqueue or the queue is not here, the scheduler cannot start, a job is refused.

    """
    kind = job_class(file)
    with contextlib.ExitStack() as stack:
        cluster = stack.enter_context(
            own_scheduler(interface=file.scheduler_interface or file.interface, port=file.scheduler_port)
        )
        client = stack.enter_context(connected(cluster.scheduler_address))
        jobs = [kind(cluster.scheduler_address, f"simcore-{n}", **arguments(file)) for n in range(file.jobs)]
        stack.callback(_cancel, cluster, jobs)
        for job in jobs:
            _submit(cluster, job)
        looked = time.monotonic()

        def check() -> None:
            nonlocal looked
            if not client.nthreads() and time.monotonic() - looked >= LOOK_SECONDS:
                looked = time.monotonic()
                _check_jobs(file, [str(job.job_id) for job in jobs])

        yield client, check


def job_class(file: ClusterFile) -> Any:
    """dask-jobqueue's class of jobs, once it is known that jobs can be submitted here."""
    try:
        import dask_jobqueue  # noqa: PLC0415  (optional)
    except ImportError as error:
        raise SchedulerError("queues need dask-jobqueue; pip install 'simcore[cluster]'") from error
    kind = getattr(dask_jobqueue, _QUEUES[file.kind].name).job_cls
    if shutil.which(kind.submit_command) is None:
        raise SchedulerError(f"{kind.submit_command} is not here; run this where jobs are submitted to {file.kind}")
    if file.log_directory is not None:
        Path(file.log_directory).mkdir(exist_ok=True)
    return kind


def arguments(file: ClusterFile) -> dict[str, Any]:
    """What a job is made from, in the words of dask-jobqueue."""
    same = ("memory", "walltime", "queue", "job_extra_directives", "job_directives_skip", "interface")
    rest = ("log_directory", "local_directory", "python", "death_timeout", "resource_spec")
    found = {name: getattr(file, name) for name in (*same, *rest)}
    found |= {
        "cores": file.workers_per_job,
        "processes": file.workers_per_job,
        "job_name": "simcore",
        _QUEUES[file.kind].account: file.account,
        "job_script_prologue": [*_environment(file), *file.job_script_prologue],
        # One core, but more threads: one renders a unit while others write those before. The last option counts.
        "worker_extra_args": ["--nthreads", str(THREADS), "--no-dashboard", "--preload", "simcore.engines.preload"],
    }
    return {name: value for name, value in found.items() if value is not None}


def _environment(file: ClusterFile) -> list[str]:
    lines = [f"export {name}={value}" for name, value in SINGLE.items()]
    return lines if file.python else [*lines, f"export PYTHONPATH={_quoted(import_path())}"]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _submit(cluster: distributed.SpecCluster, job: Any) -> None:
    try:
        cluster.sync(job.start)
    except (RuntimeError, ValueError, OSError) as error:
        said = " ".join(str(error).rpartition("stderr:")[2].split())
        raise SchedulerError(f"the queue refused a job: {said}") from error


def _cancel(cluster: distributed.SpecCluster, jobs: list[Any]) -> None:
    """A job that cannot be cancelled ends for lack of a scheduler."""
    for job in jobs:
        with contextlib.suppress(Exception):
            cluster.sync(job.close)


def _check_jobs(file: ClusterFile, jobs: list[str]) -> None:
    if not any(_is_alive(_QUEUES[file.kind], job) for job in jobs):
        logs = f"; see {file.log_directory}" if file.log_directory else ""
        raise SchedulerError(f"all jobs have ended ({', '.join(jobs[:8])}){logs}; generate again to go on")


def _is_alive(queue: _Queue, job: str) -> bool:
    """Whether a job waits or runs; a queue that does not answer leaves it alive."""
    try:
        done = subprocess.run([*queue.ask, job], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return True
    if "timed out" in done.stderr or "contact" in done.stderr:  # the queue's own server is away for a moment
        return True
    return done.returncode == 0 and done.stdout.strip() not in ("", *queue.ended)
