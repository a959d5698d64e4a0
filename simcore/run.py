"""Datasets generated: the units that are missing handed to an engine, then the dataset sealed."""

import os
from typing import Any

from simcore import datasets
from simcore.datasets import Dataset
from simcore.datasets.layout import RecipeLike
from simcore.engines import unit as units
from simcore.engines.choice import choose
from simcore.engines.progress import Report, Shown, check_shown
from simcore.engines.recipes import remember
from simcore.engines.unit import Job, examples
from simcore.errors import StorageError


def generate(
    recipe: RecipeLike,
    path: str | os.PathLike[str],
    count: int,
    seed: int,
    *,
    workers: int = 1,
    processes: bool = False,
    scheduler: str | None = None,
    cluster: str | os.PathLike[str] | None = None,
    part: str | None = None,
    split: str | None = None,
    unit: int | None = None,
    chunk: int | None = None,
    codec: str | None = None,
    progress: Shown = None,
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
        cluster: a file that says how workers are submitted to a queue (SLURM, PBS, SGE, LSF): see docs/scaling.md.
        part: "3/100" renders only each hundredth unit, from the third on, and leaves the dataset unsealed: for the tasks
            of a job array, all with the same arguments, `simcore.finish` after them; "auto" asks the queue which.
        split: "train", "validation", "test" or None.
        unit: examples in a unit, a multiple of ``chunk``; None: chosen.
        chunk: examples in a chunk; None: chosen.
        codec: how chunks are compressed: "none", "lz4" (as when None) or "zstd", with a level from 1 to 9 and a shuffle if
            need be ("zstd:5", "lz4:5:byte"); docs/storage.md says what each costs.
        progress: False shows nothing; "workers" shows a line for each worker too; "json" prints one JSON object per line on
            standard output: {"event": "start" | "progress" | "note" | "done", ...}.

    Returns:
        the sealed dataset; with ``part`` the dataset as it stands.

    Raises:
        ParameterError: a number that cannot be.
        DatasetError: something else lies at the path.
        StorageError: the disk or the object store refused; what was committed stays.
        SchedulerError: the scheduler or all workers were lost; what was committed stays.

    """
    engine = choose(workers, processes, scheduler, cluster, part)
    check_shown(progress)
    options: dict[str, Any] = {"split": split, "unit": unit, "chunk": chunk, "codec": codec}
    dataset, layout = datasets.create(recipe, path, count, seed, render_version=units.render_version(), **options)
    if dataset.complete:
        Report(len(dataset), len(dataset), progress).finish(dataset.path, dataset.identity)
        return dataset
    job = Job(dataset.path, layout.metadata)
    remember(recipe)
    ours = engine.part.units(layout.units) if engine.part else range(layout.units)
    missing = dataset.missing(ours if engine.part else None)
    total = examples(job, ours)
    with Report(total, total - examples(job, missing), progress) as report:
        try:
            if missing:
                engine.run(job, missing, report)
            made = dataset if engine.part else datasets.seal(dataset, layout)
            report.finish(made.path, made.identity)
            return made
        except StorageError as error:
            safe = f"{report.done:,} of {report.total:,} examples are safe, generate again to go on"
            raise StorageError(f"{error}; {safe}") from error
