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
from simcore.engines.unit import Done, Job, check_versions, make_unit
from simcore.errors import SchedulerError

CONNECT_SECONDS = 15
LOOK_SECONDS = 1
# Asked by what is built in, so that a worker without simcore, or with another, can read the question.
_VERSIONS = "(__import__('simcore').__version__, __import__('simcore.render', fromlist=['*']).RENDER_VERSION)"
_GONE = "the scheduler was lost; generate again to go on"


def on_cluster(
    client: distributed.Client, job: Job, units: list[int], report: Report, check: Callable[[], None] | None = None
) -> None:
    """Keep a bounded number of tasks submitted, and look after the cluster while waiting for them."""
    finished: queue.SimpleQueue[distributed.Future] = queue.SimpleQueue()
    waiting, left = iter(units), len(units)
    running: set[distributed.Future] = set()
    workers = _Workers(client, job, report)
    threads, looked = workers.threads(), time.monotonic()
    try:
        while left:
            for unit in itertools.islice(waiting, max(0, 2 * threads - len(running))):
                future = client.submit(make_unit, job, unit, pure=False)
                running.add(future)
                future.add_done_callback(finished.put)
            with contextlib.suppress(queue.Empty):
                future = finished.get(timeout=LOOK_SECONDS)
                running.discard(future)
                report.advance(_result(future))
                left -= 1
            if time.monotonic() - looked >= LOOK_SECONDS:
                if check:
                    check()
                threads, looked = workers.threads(), time.monotonic()
    finally:
        if running and client.status == "running":
            client.cancel(list(running))


def _result(future: distributed.Future) -> Done:
    if future.status == "error":
        error = future.exception()
        if isinstance(error, KilledWorker):
            raise SchedulerError(
                "a unit was given up because its workers died, perhaps for lack of memory or of simcore"
            ) from error
        if isinstance(error, ImportError):
            raise SchedulerError(f"a worker lacks what the recipe needs: {error}") from error
        raise error
    try:
        result: Done = future.result(timeout=CONNECT_SECONDS)
    except (CancelledError, OSError) as error:
        raise SchedulerError(_GONE) from error
    return result


class _Workers:
    """The workers that are there, each asked once whether it may render."""

    def __init__(self, client: distributed.Client, job: Job, report: Report) -> None:
        self.client, self.job, self.report = client, job, report
        self.asked: set[str] = set()

    def threads(self) -> int:
        """Threads of all workers; it fails when the scheduler is gone."""
        try:
            if self.client.status != "running":
                raise SchedulerError(_GONE)
            threads: dict[str, int] = self.client.nthreads()
            self._ask(sorted(threads.keys() - self.asked))
        except OSError as error:
            raise SchedulerError(_GONE) from error
        if not threads:
            self.report.wait("no workers yet; waiting for them")
        return sum(threads.values())

    def _ask(self, new: list[str]) -> None:
        for worker, answer in self.client.run(eval, _VERSIONS, workers=new, on_error="return").items() if new else ():
            if isinstance(answer, ImportError):
                raise SchedulerError(f"the worker at {worker} cannot import simcore ({answer}): install it there")
            if not isinstance(answer, Exception):  # one that has just died is not asked again
                check_versions(self.job, *answer)
            self.asked.add(worker)


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
