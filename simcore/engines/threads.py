"""Units on threads of this process."""

import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import dask
from dask.callbacks import Callback

from simcore.engines.progress import Report
from simcore.engines.unit import THREADS, Done, Job, make_unit


def on_threads(job: Job, units: list[int], report: Report, workers: int, make: Callable[..., Done] = make_unit) -> None:
    stop, turns = threading.Event(), threading.Semaphore(workers)
    run = secrets.token_hex(8)
    work = dask.delayed(make, pure=False, traverse=False)
    # dask runs independent tasks from the last key to the first: numbered backwards, units come in their order.
    tasks = [work(job, unit, stop, turns, dask_key_name=f"{run}-{10**12 - 1 - unit}") for unit in units]
    ours = {task.key for task in tasks}

    def done(key: Any, result: Any, graph: Any, state: Any, worker: Any) -> None:
        if key in ours:
            report.advance(result)

    with ThreadPoolExecutor(THREADS * workers) as pool, Callback(posttask=done):
        try:
            dask.compute(*tasks, scheduler="threads", pool=pool, traverse=False, optimize_graph=False)
        finally:
            stop.set()  # after an error or Ctrl-C the other threads end at their next piece
