"""A unit of a dataset, rendered and stored: what every task of every engine does."""

import contextlib
import functools
import os
import platform
import threading
import time
from collections.abc import Iterable
from typing import Any, NamedTuple

import attrs
import numpy as np

from simcore import datasets
from simcore.datasets import layout as layouts
from simcore.datasets.layout import Layout, OutputLike
from simcore.datasets.storage import open_storage
from simcore.engines.recipes import recipe_of
from simcore.engines.rooms import Arrays, Rooms, shared, taken
from simcore.errors import SchedulerError

PIECES = 8  # of a unit: how finely a run can be stopped


def _version() -> str:
    import simcore  # noqa: PLC0415  (a recipe knows how to generate: the import would be a cycle)

    return simcore.__version__


@attrs.frozen
class Job:
    """All that a task needs to render and write any unit of a dataset; small, and without objects of the user's.

    Attributes:
        url: of the dataset.
        metadata: of the dataset, the recipe's text among it.
        simcore: version of whoever started the run.

    """

    url: str
    metadata: dict[str, Any]
    simcore: str = attrs.field(factory=_version)


class Done(NamedTuple):
    """What became of a unit.

    Attributes:
        unit: its number.
        examples: in it.
        stored: bytes.
        seconds: from its start until it was committed.
        worker: which one made it: a thread's name, or host:process.

    """

    unit: int
    examples: int
    stored: int
    seconds: float
    worker: str = ""


class Stopped(Exception):  # noqa: N818  (not an error: the run was told to stop)
    pass


def make_unit(job: Job, unit: int, stop: threading.Event | None = None, rooms: Rooms | None = None) -> Done:
    """Render a unit, when it is its turn, and write it while others render: what a task does."""
    ours = rooms or shared()
    with contextlib.ExitStack() as held:
        with ours.turns:
            memory = held.enter_context(taken(ours.arrays))
            started = time.perf_counter()
            layout = job_layout(job)
            arrays = render_unit(job, layout, unit, memory, stop)
        with taken(ours.shards) as shards:
            stored = datasets.write_unit(_storage(job.url), layout, unit, arrays, shards, encoded=held.close)
    worker = f"{platform.node()}:{os.getpid()}" if rooms is None else threading.current_thread().name
    return Done(unit, examples(job, [unit]), stored, time.perf_counter() - started, worker)


# Kept, for it knows which folders are there.
_storage = functools.lru_cache(maxsize=8)(open_storage)


def render_unit(job: Job, layout: Layout, unit: int, memory: Arrays, stop: threading.Event | None = None) -> Arrays:
    """The examples of a unit, in ``memory``, which keeps what is made for it."""
    recipe = recipe_of(job.metadata["recipe"], job.metadata["recipe_sha256"])
    start, end = layouts.unit_bounds(job.metadata, unit)
    room = {o.name: _room(memory.get(o.name), o, end - start) for o in layout.outputs}
    memory.clear()
    memory.update(room)
    arrays = {name: array[: end - start] for name, array in room.items()}
    chunk = job.metadata["chunk"]
    step = max(1, -(-job.metadata["unit"] // chunk // PIECES)) * chunk
    for first in range(start, end, step):
        if stop is not None and stop.is_set():
            raise Stopped
        piece = np.arange(first, min(first + step, end)) + job.metadata["first"]
        out = {name: array[first - start : first - start + len(piece)] for name, array in arrays.items()}
        recipe.render(indices=piece, seed=int(job.metadata["seed"]), split=job.metadata["split"], threads=1, out=out)
    return arrays


def _room(kept: np.ndarray | None, output: OutputLike, count: int) -> np.ndarray:
    """Memory for a unit of an array, which is used again for another unit: new memory costs as much as compressing."""
    if kept is None or kept.shape[1:] != output.shape or kept.dtype != output.dtype or len(kept) < count:
        return np.empty((count, *output.shape), output.dtype)
    return kept


def job_layout(job: Job) -> Layout:
    """The layout of the dataset, if this process renders as the one that began it."""
    check_versions(job, _version(), render_version())
    recipe = recipe_of(job.metadata["recipe"], job.metadata["recipe_sha256"])
    return Layout(tuple(recipe.outputs.values()), job.metadata)


def check_versions(job: Job, simcore: str, render: int) -> None:
    """Refuse a worker whose simcore is not the one that started the run: its bytes could differ."""
    if simcore != job.simcore:
        raise SchedulerError(f"a worker runs simcore {simcore}, this is simcore {job.simcore}: install the same")
    if render != job.metadata["render_version"]:
        asked = job.metadata["render_version"]
        raise SchedulerError(f"a worker has render version {render}, the dataset {asked}: install the same simcore")


def render_version() -> int:
    from simcore.render import RENDER_VERSION  # noqa: PLC0415  (as above)

    return int(RENDER_VERSION)


def examples(job: Job, units: Iterable[int]) -> int:
    bounds = (layouts.unit_bounds(job.metadata, unit) for unit in units)
    return sum(end - start for start, end in bounds)
