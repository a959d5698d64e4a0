"""One dask task for each unit of a dataset: on threads, on processes of this machine, or on a given scheduler."""

import asyncio
import contextlib
import functools
import itertools
import logging
import os
import queue
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any

import attrs
import dask
import dask.array
import distributed
import numpy as np
from dask.callbacks import Callback
from distributed.scheduler import KilledWorker

from simcore import dataset as datasets
from simcore import layout as layouts
from simcore.dataset import Dataset
from simcore.errors import SchedulerError, StorageError
from simcore.layout import Layout, OutputLike, RecipeLike
from simcore.progress import Report
from simcore.storage import open_storage

CONNECT_SECONDS = 15
LOOK_SECONDS = 1
PIECES = 8  # of a unit: how finely a run can be stopped
LAZY_BYTES = 8 << 20
THREADS = 2  # of a worker: one renders a unit while the other writes the unit before
_GONE = "the scheduler was lost; generate again to go on"

# One thread per task: what runs inside must not start a pool of its own.
_SINGLE = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")


@attrs.frozen
class Job:
    """All that a task needs to render and write any unit of a dataset; small, and without objects of the user's.

    Attributes:
        url: of the dataset.
        metadata: of the dataset, the recipe's text among it.

    """

    url: str
    metadata: dict[str, Any]


class _Stopped(Exception):  # noqa: N818  (not an error: the run was told to stop)
    pass


def generate(
    recipe: RecipeLike,
    path: str | os.PathLike[str],
    count: int,
    seed: int,
    *,
    workers: int = 1,
    processes: bool = False,
    scheduler: str | None = None,
    split: str | None = None,
    unit: int | None = None,
    chunk: int | None = None,
    codec: str | None = None,
    progress: bool | None = None,
) -> Dataset:
    """Render ``count`` examples into a dataset; on one that was begun with the same arguments, go on where it stopped.

    The arrays depend on recipe and seed alone: not on workers, units, chunks, or on how often it was interrupted.

    Args:
        recipe: what is rendered.
        path: a local path (its parent must exist) or an fsspec URL.
        count: number of examples.
        seed: 0 <= seed < 2**128.
        workers: units rendered at once.
        processes: whether workers are processes of their own rather than threads of this one.
        scheduler: address of a dask scheduler (``tcp://host:port``), whose workers are used instead; they
            must see ``path``.
        split: "train", "validation", "test" or None.
        unit: examples in a unit, a multiple of ``chunk``; None: chosen.
        chunk: examples in a chunk; None: chosen.
        codec: "lz4" (as when None), "zstd" or "none".
        progress: False shows nothing.

    Returns:
        the sealed dataset.

    Raises:
        ParameterError: a number that cannot be.
        DatasetError: something else lies at the path.
        StorageError: the disk or the object store refused; what was committed stays.
        SchedulerError: the scheduler or all workers were lost; what was committed stays.

    """
    workers = layouts.whole("workers", workers, least=1)
    options: dict[str, Any] = {"split": split, "unit": unit, "chunk": chunk, "codec": codec}
    dataset, layout = datasets.create(recipe, path, count, seed, render_version=_render_version(), **options)
    job = Job(dataset.path, layout.metadata)
    _remember(recipe)
    missing = dataset.missing()
    if dataset.complete:
        return dataset
    with Report(len(dataset), len(dataset) - _examples(job, missing), progress) as report:
        try:
            if missing:
                _run(job, missing, report, workers=workers, processes=processes, scheduler=scheduler)
            return datasets.seal(dataset, layout)
        except StorageError as error:
            safe = f"{report.done:,} of {report.total:,} examples are safe, generate again to go on"
            raise StorageError(f"{error}; {safe}") from error


def lazy(
    recipe: RecipeLike, count: int, seed: int, *, chunk: int | None = None, split: str | None = None
) -> dict[str, dask.array.Array]:
    """The arrays that ``render`` would give, as dask arrays that are rendered when computed.

    Args:
        recipe: what is rendered.
        count: number of examples.
        seed: 0 <= seed < 2**128.
        chunk: examples in a block; None: blocks of about 8 MiB.
        split: "train", "validation", "test" or None.

    """
    count, seed = layouts.whole("count", count, least=0), layouts.whole("seed", seed, least=0, below=2**128)
    _remember(recipe)
    text = (recipe.canonical, recipe.sha256)
    result = {}
    for name, output in recipe.outputs.items():
        size = max(1, int(np.prod(output.shape)) * np.dtype(output.dtype).itemsize)
        block = layouts.whole("chunk", max(1, LAZY_BYTES // size) if chunk is None else chunk, least=1)
        indices = dask.array.arange(count, chunks=block, dtype=np.int64)
        result[name] = dask.array.map_blocks(
            functools.partial(_render_block, recipe=text, output=name, seed=str(seed), split=split),
            indices,
            dtype=output.dtype,
            chunks=(indices.chunks[0], *((length,) for length in output.shape)),
            new_axis=list(range(1, 1 + len(output.shape))),
            meta=np.empty((0,) * (1 + len(output.shape)), output.dtype),
        )
    return result


def make_unit(
    job: Job, unit: int, stop: threading.Event | None = None, turns: threading.Semaphore | None = None
) -> tuple[int, int, float]:
    """Render a unit, when it is its turn, and write it while others render: what a task does.

    Returns:
        the unit, bytes stored, seconds.

    """
    with turns or _turns or contextlib.nullcontext():
        started = time.perf_counter()
        layout = _layout(job)
        arrays = _render_unit(job, layout, unit, stop)
    stored = datasets.write_unit(open_storage(job.url), layout, unit, arrays)
    return unit, stored, time.perf_counter() - started


def _render_unit(job: Job, layout: Layout, unit: int, stop: threading.Event | None) -> dict[str, np.ndarray]:
    recipe = _recipe(job.metadata["recipe"], job.metadata["recipe_sha256"])
    start, end = layouts.unit_bounds(job.metadata, unit)
    kept: dict[str, np.ndarray] = getattr(_memory, "kept", {})
    _memory.kept = {o.name: _room(kept.get(o.name), o, end - start) for o in layout.outputs}
    arrays = {name: array[: end - start] for name, array in _memory.kept.items()}
    chunk = job.metadata["chunk"]
    step = max(1, -(-job.metadata["unit"] // chunk // PIECES)) * chunk
    for first in range(start, end, step):
        if stop is not None and stop.is_set():
            raise _Stopped
        piece = np.arange(first, min(first + step, end)) + job.metadata["first"]
        room = {name: array[first - start : first - start + len(piece)] for name, array in arrays.items()}
        recipe.render(indices=piece, seed=int(job.metadata["seed"]), split=job.metadata["split"], threads=1, out=room)
    return arrays


def _room(kept: np.ndarray | None, output: OutputLike, count: int) -> np.ndarray:
    """Memory for a unit of an array, which a thread uses again for its next unit: new memory costs as much as compressing."""
    if kept is None or kept.shape[1:] != output.shape or kept.dtype != output.dtype or len(kept) < count:
        return np.empty((count, *output.shape), output.dtype)
    return kept


_memory = threading.local()
_turns: threading.Semaphore | None = None  # of a worker process of ours


def serve(address: str) -> None:
    """Be a worker of the scheduler at this address until it ends: one thread renders while another writes."""
    global _turns  # noqa: PLW0603  (tasks come from dask, which hands them to whatever thread is free)
    _turns = threading.Semaphore(1)

    async def work() -> None:
        options = {"nthreads": THREADS, "memory_limit": 0, "dashboard": False, "death_timeout": CONNECT_SECONDS}
        async with distributed.Worker(address, **options) as worker:
            await worker.finished()

    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    asyncio.run(work())


def _run(job: Job, units: list[int], report: Report, *, workers: int, processes: bool, scheduler: str | None) -> None:
    if scheduler is None and not processes:
        return _on_threads(job, units, report, workers)
    with _silent_logs():
        if scheduler is not None:
            with _connected(scheduler) as client:
                return _on_cluster(client, job, units, report)
        with _local_cluster(min(workers, len(units))) as (client, check):
            return _on_cluster(client, job, units, report, check)


def _on_threads(job: Job, units: list[int], report: Report, workers: int) -> None:
    stop, turns = threading.Event(), threading.Semaphore(workers)
    run = secrets.token_hex(8)
    work = dask.delayed(make_unit, pure=False, traverse=False)
    # dask runs independent tasks from the last key to the first: numbered backwards, units come in their order.
    tasks = [work(job, unit, stop, turns, dask_key_name=f"{run}-{10**12 - 1 - unit}") for unit in units]
    ours = {task.key for task in tasks}

    def done(key: Any, result: Any, graph: Any, state: Any, worker: Any) -> None:
        if key in ours:
            _advance(report, job, result)

    with ThreadPoolExecutor(THREADS * workers) as pool, Callback(posttask=done):
        try:
            dask.compute(*tasks, scheduler="threads", pool=pool, traverse=False, optimize_graph=False)
        finally:
            stop.set()  # after an error or Ctrl-C the other threads end at their next piece


def _on_cluster(
    client: distributed.Client, job: Job, units: list[int], report: Report, check: Callable[[], None] | None = None
) -> None:
    """Keep a bounded number of tasks submitted, and look after the cluster while waiting for them."""
    finished: queue.SimpleQueue[distributed.Future] = queue.SimpleQueue()
    waiting = iter(units)
    running: set[distributed.Future] = set()
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
                _advance(report, job, _result(future))
            if time.monotonic() - looked >= LOOK_SECONDS:
                if check:
                    check()
                threads, looked = _threads(client, report), time.monotonic()
    finally:
        if running and client.status == "running":
            client.cancel(list(running))


def _result(future: distributed.Future) -> tuple[int, int, float]:
    if future.status == "error":
        error = future.exception()
        if isinstance(error, KilledWorker):
            raise SchedulerError("a unit was given up because its workers died, perhaps for lack of memory") from error
        if isinstance(error, ImportError):
            raise SchedulerError(f"a worker lacks what the recipe needs: {error}") from error
        raise error
    try:
        result: tuple[int, int, float] = future.result(timeout=CONNECT_SECONDS)
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
def _connected(address: str) -> Iterator[distributed.Client]:
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
def _local_cluster(workers: int) -> Iterator[tuple[distributed.Client, Callable[[], None]]]:
    """A scheduler in this process, and workers that are commands of ours: nothing is forked, no script runs twice."""
    with contextlib.ExitStack() as stack:
        scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="simcore-", ignore_cleanup_errors=True))
        cluster = stack.enter_context(
            distributed.LocalCluster(
                n_workers=0, processes=True, host="127.0.0.1", dashboard_address=None, silence_logs=logging.CRITICAL
            )
        )
        client = stack.enter_context(_connected(cluster.scheduler_address))
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
        [sys.executable, "-P", "-m", "simcore.worker", address],
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


@contextlib.contextmanager
def _silent_logs() -> Iterator[None]:
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


def _advance(report: Report, job: Job, result: tuple[int, int, float]) -> None:
    unit, stored, _ = result
    report.advance(_examples(job, [unit]), stored)


def _examples(job: Job, units: list[int]) -> int:
    bounds = (layouts.unit_bounds(job.metadata, unit) for unit in units)
    return sum(end - start for start, end in bounds)


def _render_block(
    indices: np.ndarray, *, recipe: tuple[str, str], output: str, seed: str, split: str | None
) -> np.ndarray:
    rendered = _recipe(*recipe).render(indices=indices, seed=int(seed), outputs=[output], split=split, threads=1)
    return rendered[output]


_recipes: dict[str, RecipeLike] = {}
_recipes_lock = threading.Lock()


def _remember(recipe: RecipeLike) -> None:
    """Tasks in this process need not read the recipe again."""
    with _recipes_lock:
        if recipe.sha256 not in _recipes and len(_recipes) >= 8:
            del _recipes[next(iter(_recipes))]
        _recipes[recipe.sha256] = recipe


def _recipe(text: str, sha256: str) -> RecipeLike:
    """The recipe with this text. Its code may run: whoever started the run has trusted it."""
    found = _recipes.get(sha256)
    if found is None:
        import simcore  # noqa: PLC0415  (a recipe knows how to generate: the import would be a cycle)

        found = simcore.loads(text, trust=True)
        if found.sha256 != sha256:
            raise SchedulerError("a worker reads the recipe differently: it runs another version of simcore")
        _remember(found)
    return found


def _layout(job: Job) -> Layout:
    version = _render_version()
    if version != job.metadata["render_version"]:
        asked = job.metadata["render_version"]
        raise SchedulerError(f"a worker has render version {version}, the dataset {asked}: install the same simcore")
    recipe = _recipe(job.metadata["recipe"], job.metadata["recipe_sha256"])
    return Layout(tuple(recipe.outputs.values()), job.metadata)


def _render_version() -> int:
    from simcore.render import RENDER_VERSION  # noqa: PLC0415  (as above)

    return int(RENDER_VERSION)
