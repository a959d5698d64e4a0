"""Units on threads of this process."""

import itertools
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from simcore.engines.progress import Report
from simcore.engines.rooms import THREADS, Rooms
from simcore.engines.unit import Done, Job, make_unit


def on_threads(job: Job, units: list[int], report: Report, workers: int, make: Callable[..., Done] = make_unit) -> None:
    """Keep as many units under way as there are threads: a graph of all of them would grow with their number."""
    stop, rooms = threading.Event(), Rooms.for_workers(workers)
    waiting = iter(units)
    with ThreadPoolExecutor(THREADS * workers, thread_name_prefix="thread") as pool:

        def started(count: int) -> set[Future[Done]]:
            return {pool.submit(make, job, unit, stop, rooms) for unit in itertools.islice(waiting, count)}

        running = started(THREADS * workers + 1)  # one more than threads: none of them waits for us
        try:
            while running:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    report.advance(future.result())
                running |= started(len(done))
        finally:
            stop.set()  # after an error or Ctrl-C the other threads end at their next piece
            for future in running:
                future.cancel()
