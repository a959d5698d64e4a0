"""Units on the workers of a dask scheduler."""

import contextlib
import functools
import itertools
import logging
import queue
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from typing import Any

import distributed
from distributed.scheduler import KilledWorker

from simcore.engines.progress import Report
from simcore.engines.unit import Done, Job, check_versions, make_unit
from simcore.errors import SchedulerError

CONNECT_SECONDS = 15
LOOK_SECONDS = 1
LEAST_TASKS, MOST_TASKS = 2, 4  # submitted for each thread of the workers
# Asked by what is built in, so that a worker without simcore, or with another, can read the question.
_VERSIONS = "(__import__('simcore').__version__, __import__('simcore.render', fromlist=['*']).RENDER_VERSION)"
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
    tasks, workers = _Tasks(client, job, units), _Workers(client, job, report)
    if dashboard:
        _tell_dashboard(client, report)
    threads, looked = workers.threads(), time.monotonic()
    try:
        while tasks.left:
            tasks.submit(threads)
            for done in tasks.take():
                report.advance(done)
            if time.monotonic() - looked >= LOOK_SECONDS:
                if check:
                    check()
                threads, looked = workers.threads(), time.monotonic()
    finally:
        tasks.cancel()


def _tell_dashboard(client: distributed.Client, report: Report) -> None:
    """Where a browser shows the scheduler at work, if it has such a page."""
    with contextlib.suppress(Exception):  # a link is no reason to stop
        if client.scheduler_info(n_workers=0)["services"].get("dashboard"):
            report.say(f"dashboard: {client.dashboard_link}")


class _Tasks:
    """The units of a run: those that wait, those that are submitted; ``left`` counts both."""

    def __init__(self, client: distributed.Client, job: Job, units: list[int]) -> None:
        self.client, self.left = client, len(units)
        self._make, self._waiting = functools.partial(make_unit, job), iter(units)
        self._submitted: set[distributed.Future] = set()
        self._finished: queue.SimpleQueue[distributed.Future] = queue.SimpleQueue()

    def submit(self, threads: int) -> None:
        """Keep so many threads busy; several tasks at once cost the scheduler little more than one."""
        if len(self._submitted) > LEAST_TASKS * threads:
            return
        chosen = list(itertools.islice(self._waiting, MOST_TASKS * threads - len(self._submitted)))
        futures = self.client.map(self._make, chosen, pure=False) if chosen else []
        self._submitted.update(futures)
        self._listen(futures)

    def take(self) -> list[Done]:
        """What has finished since; it waits a while for the first."""
        futures = []
        with contextlib.suppress(queue.Empty):
            futures.append(self._finished.get(timeout=LOOK_SECONDS))
            while True:
                futures.append(self._finished.get_nowait())
        results = _results(self.client, futures)
        if results is None:  # the worker has died that had them: they are made again
            self._listen(futures)
            return []
        self._submitted.difference_update(futures)
        self.left -= len(results)
        return results

    def cancel(self) -> None:
        """Give up what is submitted."""
        if self._submitted and self.client.status == "running":
            self.client.cancel(list(self._submitted))

    def _listen(self, futures: list[distributed.Future]) -> None:
        for future in futures:
            future.add_done_callback(self._finished.put)


def _results(client: distributed.Client, futures: list[distributed.Future]) -> list[Done] | None:
    """What became of finished units; None where that was lost again."""
    for future in futures:
        if future.status == "error":
            raise _explained(future.exception())
    gather = functools.partial(client.gather, futures, asynchronous=True)
    try:
        results: list[Done] = client.sync(gather, callback_timeout=CONNECT_SECONDS)
    except (CancelledError, OSError) as error:
        if isinstance(error, TimeoutError) and client.status == "running":
            return None
        raise SchedulerError(_GONE) from error
    return results


def _explained(error: Exception) -> Exception:
    if isinstance(error, KilledWorker):
        explained = SchedulerError("a unit was given up because its workers died, for lack of memory or of simcore")
    elif isinstance(error, ImportError):
        explained = SchedulerError(f"a worker lacks what the recipe needs: {error}")
    else:
        return error
    explained.__cause__ = error
    return explained


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
def own_scheduler(**options: Any) -> Iterator[distributed.SpecCluster]:
    """A scheduler in this process, without workers and without a dashboard."""
    options = {"dashboard": False, "dashboard_address": "127.0.0.1:0", **options}  # a fixed port may be taken
    scheduler = {"cls": distributed.Scheduler, "options": options}
    try:
        cluster = distributed.SpecCluster(scheduler=scheduler, silence_logs=logging.CRITICAL)
    except (OSError, ValueError, RuntimeError) as error:
        raise SchedulerError(f"the scheduler cannot start: {' '.join(str(error).split())}") from error
    with cluster:
        yield cluster


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
