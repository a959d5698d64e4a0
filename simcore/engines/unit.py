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
from simcore.errors import SchedulerError

THREADS = 2  # of a worker: one renders a unit while the other writes the unit before
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


def make_unit(
    job: Job, unit: int, stop: threading.Event | None = None, turns: threading.Semaphore | None = None
) -> Done:
    """Render a unit, when it is its turn, and write it while others render: what a task does."""
    with turns or _shared.turns or contextlib.nullcontext():
        started = time.perf_counter()
        layout = job_layout(job)
        arrays = render_unit(job, layout, unit, stop)
    stored = datasets.write_unit(_storage(job.url), layout, unit, arrays)
    worker = f"{platform.node()}:{os.getpid()}" if turns is None else threading.current_thread().name
    return Done(unit, examples(job, [unit]), stored, time.perf_counter() - started, worker)


# Kept, for it knows which folders are there.
_storage = functools.lru_cache(maxsize=8)(open_storage)


def render_unit(job: Job, layout: Layout, unit: int, stop: threading.Event | None = None) -> dict[str, np.ndarray]:
    """The examples of a unit, in memory of this thread."""
    recipe = recipe_of(job.metadata["recipe"], job.metadata["recipe_sha256"])
    start, end = layouts.unit_bounds(job.metadata, unit)
    kept: dict[str, np.ndarray] = getattr(_memory, "kept", {})
    _memory.kept = {o.name: _room(kept.get(o.name), o, end - start) for o in layout.outputs}
    arrays = {name: array[: end - start] for name, array in _memory.kept.items()}
    chunk = job.metadata["chunk"]
    step = max(1, -(-job.metadata["unit"] // chunk // PIECES)) * chunk
    for first in range(start, end, step):
        if stop is not None and stop.is_set():
            raise Stopped
        piece = np.arange(first, min(first + step, end)) + job.metadata["first"]
        room = {name: array[first - start : first - start + len(piece)] for name, array in arrays.items()}
        recipe.render(indices=piece, seed=int(job.metadata["seed"]), split=job.metadata["split"], threads=1, out=room)
    return arrays


def _room(kept: np.ndarray | None, output: OutputLike, count: int) -> np.ndarray:
    """Memory for a unit of an array, which a thread uses again for its next unit: new memory costs as much as compressing."""
    if kept is None or kept.shape[1:] != output.shape or kept.dtype != output.dtype or len(kept) < count:
        return np.empty((count, *output.shape), output.dtype)
    return kept


def take_turns() -> None:
    """Render one unit at a time in this process from now on, whichever threads the tasks come on."""
    _shared.turns = threading.Semaphore(1)


@attrs.define
class _Shared:
    turns: threading.Semaphore | None = None


_memory = threading.local()
_shared = _Shared()


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
