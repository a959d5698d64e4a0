"""A trial: a few examples from all over a dataset, stored as the dataset will be, by the engine that will store it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from simcore import datasets
from simcore.datasets.storage import ObjectStore, open_storage
from simcore.engines.progress import Report
from simcore.engines.recipes import remember
from simcore.engines.rooms import THREADS
from simcore.engines.threads import on_threads
from simcore.engines.unit import PIECES, Done, Job, render_version
from simcore.errors import StorageError

if TYPE_CHECKING:
    from simcore.recipe import Recipe

SECONDS = 4.0  # of a trial, about
LEAST = 24  # examples
ROUNDS = 3  # units that each thread of a worker stores


@attrs.frozen
class Trial:
    """What was seen.

    Attributes:
        examples: rendered and stored.
        seconds: of an example, by the clock, once the workers are at work.
        stored: bytes of an example of each array.
        workspace: bytes that rendering takes beside the arrays that it fills.
        resident: bytes of the process itself, with its tables and compiled functions.

    """

    examples: int
    seconds: float
    stored: dict[str, float]
    workspace: int
    resident: int


class Spread:
    """A recipe of which example i is one of ``count``, each of the ``kept`` from another part of them."""

    def __init__(self, recipe: Recipe, count: int, kept: int) -> None:
        self.recipe, self.count, self.kept, self.outputs = recipe, count, kept, recipe.outputs
        self.canonical = f"# {kept} of {count} for trial\n{recipe.canonical}"
        self.sha256 = hashlib.sha256(self.canonical.encode()).hexdigest()

    def render(self, count: int | None = None, *, indices: Any = None, **options: Any) -> dict[str, np.ndarray]:
        wanted = np.arange(count or 0) if indices is None else np.asarray(indices)
        return self.recipe.render(indices=[int(i) * self.count // self.kept for i in wanted], **options)


class Times(Report):
    """Notes when each unit was stored."""

    def __init__(self, total: int) -> None:
        super().__init__(total, 0, show=False)
        self.began, self.times, self.sizes = time.perf_counter(), [0.0], [0]

    def advance(self, unit: Done) -> None:
        super().advance(unit)
        self.times.append(time.perf_counter() - self.began)
        self.sizes.append(unit.examples)

    def seconds(self) -> float:
        """Of an example, from the first unit that was stored to the last, which leaves out that the first waits for none."""
        first = 1 if len(self.times) > 2 else 0
        return (self.times[-1] - self.times[first]) / max(1, sum(self.sizes[first + 1 :]))


def try_out(
    recipe: Recipe, metadata: dict[str, Any], path: str | os.PathLike[str] | None, workers: int, seed: int
) -> Trial:
    """Store a few examples of the dataset beside ``path``, or in the system's temporary folder, and delete them.

    Args:
        recipe: what is rendered.
        metadata: of the dataset.
        path: where the dataset will lie.
        workers: threads that render at once.
        seed: of the dataset.

    Raises:
        StorageError: the disk or the object store refused.

    """
    unit, chunk, count = metadata["unit"], metadata["chunk"], metadata["count"]
    units = ROUNDS * THREADS * workers + 1
    fitting = int(SECONDS * workers / _warm_seconds(recipe, metadata, seed))
    resident = _resident()  # before the trial, which leaves memory behind that a run would use again
    kept = min(count, max(LEAST, fitting), units * unit)
    size = max(1, min(unit, kept // units))
    size, cut = (size // chunk * chunk, chunk) if size >= chunk else (size, size)
    spread = Spread(recipe, count, kept)
    with _beside(path) as place:
        layout = datasets.create(
            spread, place, kept, seed, render_version=render_version(), split=metadata["split"], unit=size, chunk=cut,
            codec=datasets.codec_text(metadata["codec"]),
        )[1]  # fmt: skip
        remember(spread)
        times = Times(kept)
        on_threads(Job(place, layout.metadata), list(range(layout.units)), times, workers)
        storage = open_storage(place)
        stored = {name: _bytes(storage.sizes(name)) / kept for name in metadata["arrays"]}
    return Trial(kept, times.seconds(), stored, _workspace(recipe, metadata, seed), resident)


def _bytes(sizes: dict[str, int]) -> int:
    return sum(size for name, size in sizes.items() if name.startswith("c."))


def _warm_seconds(recipe: Recipe, metadata: dict[str, Any], seed: int) -> float:
    """Seconds of an example, about, once tables are made and functions compiled."""
    count, seconds = 1, 0.0
    while seconds < SECONDS / 40 and count <= metadata["count"]:
        started = time.perf_counter()
        recipe.render(count, seed=seed, split=metadata["split"])
        seconds, done = time.perf_counter() - started, count
        count *= 4
    started = time.perf_counter()
    recipe.render(done, seed=seed, split=metadata["split"])
    return max(1e-6, (time.perf_counter() - started) / done)


def _workspace(recipe: Recipe, metadata: dict[str, Any], seed: int) -> int:
    """Bytes at the peak of rendering a piece of a unit, without the arrays that are filled."""
    piece = min(metadata["count"], max(1, metadata["unit"] // PIECES), 256)
    room = {name: np.empty((piece, *spec.shape), spec.dtype) for name, spec in recipe.outputs.items()}
    tracemalloc.start()
    try:
        recipe.render(piece, seed=seed, split=metadata["split"], out=room)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _resident() -> int:
    """Bytes that this process takes: what is imported, tables, compiled functions."""
    import simcore.run  # noqa: F401, PLC0415  (a run has imported it)

    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 150 << 20


@contextlib.contextmanager
def _beside(path: str | os.PathLike[str] | None) -> Iterator[str]:
    """A place on the same disk or store as the dataset, which is empty again afterwards."""
    if path is not None and "://" in os.fspath(path):
        storage = open_storage(f"{os.fspath(path).rstrip('/')}.{secrets.token_hex(8)}.trial")
        assert isinstance(storage, ObjectStore)
        try:
            yield storage.url
        finally:
            storage.remove_all()
        return
    folder = None if path is None else Path(path).absolute().parent
    if folder is not None and not folder.is_dir():
        raise StorageError(f"{os.fspath(path or '')}: no such folder ({folder})")
    try:
        scratch = tempfile.TemporaryDirectory(prefix=".simcore-trial-", dir=folder)
    except OSError as error:
        raise StorageError(f"{folder}: {error.strerror or error} (for a trial)") from error
    with scratch as name:
        yield str(Path(name) / "trial.zarr")
