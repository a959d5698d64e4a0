"""The forecast of a dataset from a trial."""

from __future__ import annotations

import math
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from simcore import datasets
from simcore.datasets import layout as layouts
from simcore.engines.rooms import HELD
from simcore.engines.unit import render_version
from simcore.planning.tolerance import speeds, tolerances
from simcore.planning.trial import try_out

if TYPE_CHECKING:
    from simcore.recipe import Recipe

DRAWN = ("property", "points", "table", "boxes")  # kinds that need no image: whole units of them cost nothing
MOST_DRAWN = 4096  # examples
PACKED = 16  # bytes for a chunk in the index of its shard


@attrs.frozen
class Forecast:
    """What a dataset will take.

    Attributes:
        count: examples.
        unit: examples in a unit.
        chunk: examples in a chunk.
        codec: as an option.
        units: how many units there are.
        files: or objects.
        bytes: of all files.
        bytes_uncompressed: of all arrays.
        arrays: bytes of each array.
        workers: units rendered at once.
        seconds: by the clock, on this machine.
        examples_per_second: of all workers.
        memory_worker: bytes, the peak of one worker.
        memory: bytes, the peak of all of them.
        free: bytes free where it will lie; None: not known.
        tolerance: of the microscopes, the tightest; None: there are none.
        speed_at: how many times as fast it renders at so many times the tolerance.
        trial: examples that were rendered for this.

    """

    count: int
    unit: int
    chunk: int
    codec: str
    units: int
    files: int
    bytes: int
    bytes_uncompressed: int
    arrays: dict[str, int]
    workers: int
    seconds: float
    examples_per_second: float
    memory_worker: int
    memory: int
    free: int | None
    tolerance: float | None
    speed_at: dict[float, float]
    trial: int

    @property
    def fits(self) -> bool | None:
        """Whether there is room for it; None: not known."""
        return None if self.free is None else self.bytes <= self.free


def forecast(
    recipe: Recipe,
    count: int,
    path: str | os.PathLike[str] | None = None,
    *,
    seed: int = 1,
    workers: int = 1,
    processes: bool = False,
    split: str | None = None,
    unit: int | None = None,
    chunk: int | None = None,
    codec: str | None = None,
) -> Forecast:
    """Render and store a few examples for some seconds, delete them, and say what ``count`` of them will take.

    Args:
        recipe: what is rendered.
        count: number of examples.
        path: where the dataset will lie: the trial is stored on the same disk; None: in the system's temporary folder.
        seed: 0 <= seed < 2**128.
        workers: units rendered at once; more than this machine has cores count as so many cores elsewhere.
        processes: whether workers are processes of their own.
        split: "train", "validation", "test" or None.
        unit: examples in a unit; None: chosen.
        chunk: examples in a chunk; None: chosen.
        codec: as `simcore.run.generate` takes it.

    Raises:
        ParameterError: a number that cannot be.
        StorageError: the disk or the object store refused.

    """
    workers = layouts.whole("workers", workers, least=1)
    version = render_version()
    options: dict[str, Any] = {"split": split, "unit": unit, "chunk": chunk, "codec": codec}
    layout = layouts.make_layout(recipe, count, seed, render_version=version, **options)
    metadata = layout.metadata
    tried = min(workers, os.cpu_count() or 1, layout.units)
    trial = try_out(recipe, metadata, path, tried, seed)
    seconds = trial.seconds * count * tried / min(workers, layout.units)
    drawn = _drawn_bytes(recipe, layout, seed)
    arrays = {name: drawn.get(name, math.ceil(trial.stored[name] * count)) for name in metadata["arrays"]}
    row = 32 * len(arrays) + 4
    own = _worker_bytes(layout) + trial.workspace
    base = trial.resident
    found = tolerances(recipe)
    return Forecast(
        count=count,
        unit=metadata["unit"],
        chunk=metadata["chunk"],
        codec=datasets.codec_text(metadata["codec"]),
        units=layout.units,
        files=(layout.units + 1) * (len(arrays) + 1) + 1,
        bytes=sum(arrays.values()) + row * layout.units + sum(map(len, datasets.documents(layout).values())),
        bytes_uncompressed=sum(_size(spec) for spec in layout.outputs) * count,
        arrays=arrays,
        workers=workers,
        seconds=seconds,
        examples_per_second=count / seconds,
        memory_worker=base + own,
        memory=base + workers * (own + base * processes),
        free=_free(path),
        tolerance=min(found) if found else None,
        speed_at=speeds(recipe, seed, split),
        trial=trial.examples,
    )


def _size(spec: Any) -> int:
    return math.prod(spec.shape) * np.dtype(spec.dtype).itemsize


def _drawn_bytes(recipe: Recipe, layout: layouts.Layout, seed: int) -> dict[str, int]:
    """Bytes of the arrays that need no image, from a unit of each, or as many chunks as that are many examples."""
    metadata = layout.metadata
    specs = [spec for spec in layout.outputs if spec.kind in DRAWN]
    count = min(metadata["unit"], metadata["count"], max(metadata["chunk"], MOST_DRAWN))
    names = [spec.name for spec in specs]
    if not names:
        return {}
    arrays = recipe.render(count, seed=seed, outputs=names, split=metadata["split"])
    cut = {**metadata, "count": count}
    sizes = {
        spec.name: len(datasets.encode_shard(layouts.Layout((), cut), spec, 0, arrays[spec.name])[1]) for spec in specs
    }
    index = metadata["unit"] // metadata["chunk"] * PACKED
    whole = {name: (size - index) * metadata["count"] / count + index * layout.units for name, size in sizes.items()}
    return {name: math.ceil(size) for name, size in whole.items()}


def _worker_bytes(layout: layouts.Layout) -> int:
    """What a worker holds: arrays of units and shards, two of each."""
    metadata = layout.metadata
    held = min(metadata["unit"], metadata["count"])
    return HELD * 2 * sum(_size(spec) for spec in layout.outputs) * held


def _free(path: str | os.PathLike[str] | None) -> int | None:
    if path is None or "://" in os.fspath(path):
        return None
    try:
        return shutil.disk_usage(Path(path).absolute().parent).free
    except OSError:
        return None
