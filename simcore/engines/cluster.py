"""Units on the workers of a dask scheduler."""

import contextlib
import itertools
import logging
import queue
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError

import distributed
from distributed.scheduler import KilledWorker

from simcore.engines.progress import Report
from simcore.engines.unit import Done, Job, make_unit
from simcore.errors import SchedulerError

CONNECT_SECONDS = 15
LOOK_SECONDS = 1
_GONE = "the scheduler was lost; generate again to go on"


def on_cluster(
    client: distributed.Client,
    job: Job,
    units: list[int],
    report: Report,
    check: Callable[[], None] | None = None,
    *,
    dashboard: bool = True,
) -> None:
    """Keep a bounded number of tasks submitted, and look after the cluster while waiting for them."""
    finished: queue.SimpleQueue[distributed.Future] = queue.SimpleQueue()
    waiting = iter(units)
    running: set[distributed.Future] = set()
    if dashboard:
        _tell_dashboard(client, report)
    threads, looked = _threads(client, report), time.monotonic()
    try:
        while True:
            for unit in itertools.islice(waiting, max(0, 2 * max(1, threads) - len(running))):
                future = client.submit(make_unit, job, unit, pure=False)
                running.add(future)
                future.add_done_callback(finished.put)
            if not running:
                return
            with contextlib.suppress(queue.Empty):
                future = finished.get(timeout=LOOK_SECONDS)
                running.discard(future)
                report.advance(_result(future))
            if time.monotonic() - looked >= LOOK_SECONDS:
                if check:
                    check()
                threads, looked = _threads(client, report), time.monotonic()
    finally:
        if running and client.status == "running":
            client.cancel(list(running))


def _tell_dashboard(client: distributed.Client, report: Report) -> None:
    """Where a browser shows the scheduler at work, if it has such a page."""
    with contextlib.suppress(Exception):  # a link is no reason to stop
        if client.scheduler_info(n_workers=0)["services"].get("dashboard"):
            report.say(f"dashboard: {client.dashboard_link}")


def _result(future: distributed.Future) -> Done:
    if future.status == "error":
        error = future.exception()
        if isinstance(error, KilledWorker):
            raise SchedulerError("a unit was given up because its workers died, perhaps for lack of memory") from error
        if isinstance(error, ImportError):
            raise SchedulerError(f"a worker lacks what the recipe needs: {error}") from error
        raise error
    try:
        result: Done = future.result(timeout=CONNECT_SECONDS)
    except (CancelledError, OSError) as error:
        raise SchedulerError(_GONE) from error
    return result


def _threads(client: distributed.Client, report: Report) -> int:
    """Threads of all workers; it fails when the scheduler is gone."""
    try:
        if client.status != "running":
            raise SchedulerError(_GONE)
        threads = sum(client.nthreads().values())
    except OSError as error:
        raise SchedulerError(_GONE) from error
    if not threads:
        report.wait("no workers yet; waiting for them")
    return threads


@contextlib.contextmanager
def connected(address: str) -> Iterator[distributed.Client]:
    try:
        client = distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise SchedulerError(f"no scheduler answers at {address} ({reason})") from error
    try:
        yield client
    finally:
        with contextlib.suppress(Exception):  # a client that lost its scheduler cannot always say goodbye
            client.close(timeout=LOOK_SECONDS)


@contextlib.contextmanager
def silent_logs() -> Iterator[None]:
    """What dask logs when a cluster ends or is lost is told by our own errors."""
    names = [name for name in logging.root.manager.loggerDict if name.split(".")[0] == "distributed"]
    loggers = [logger for logger in map(logging.getLogger, names) if not logger.disabled]
    for logger in loggers:  # each may have a level and a handler of its own
        logger.disabled = True
    try:
        yield
    finally:
        for logger in loggers:
            logger.disabled = False
