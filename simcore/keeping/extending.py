"""Datasets extended: more examples of the same recipe and seed, the first ones untouched."""

import os

from simcore import run
from simcore.datasets import Dataset
from simcore.datasets.dataset import open_dataset
from simcore.datasets.extending import lengthen
from simcore.datasets.layout import Layout, whole
from simcore.errors import DatasetError
from simcore.keeping.survey import check_version, recipe_in


def extend(
    path: str | os.PathLike[str],
    count: int,
    *,
    workers: int = 1,
    processes: bool = False,
    scheduler: str | None = None,
    trust: bool = False,
    progress: bool | None = None,
) -> Dataset:
    """Make a sealed dataset one of ``count`` examples; those that it has stay as they are, byte for byte.

    It becomes what it would be had it been generated at once with this count, and the unit, chunk and codec that it has. Until it
    is sealed again, readers find it incomplete; interrupted, it goes on when started again with the same count.

    Args:
        path: a local path or an fsspec URL.
        count: number of examples, not fewer than it has.
        workers: units rendered at once.
        processes: whether workers are processes of their own rather than threads of this one.
        scheduler: address of a dask scheduler, whose workers are used instead.
        trust: whether code in its recipe may run.
        progress: False shows nothing.

    Returns:
        the sealed dataset.

    Raises:
        ParameterError: a count that cannot be.
        DatasetError: no dataset, one that is incomplete, longer, damaged or of another render version.
        UntrustedCodeError: its recipe holds code that is not trusted.
        StorageError: the disk or the object store refused; what was committed stays.
        SchedulerError: the scheduler or all workers were lost; what was committed stays.

    """
    count, dataset = whole("count", count, least=1), open_dataset(path)
    if dataset.metadata["first"]:
        raise DatasetError(f"{dataset.path}: begins at example {dataset.metadata['first']}; it cannot be extended")
    check_version(dataset, "it can be extended only with that version")
    recipe = recipe_in(dataset, trust)
    if len(dataset) != count or dataset.extending:
        lengthen(dataset, Layout(tuple(recipe.outputs.values()), dataset.metadata), count)
    return run.generate(
        recipe,
        path,
        count,
        int(dataset.metadata["seed"]),
        split=dataset.metadata["split"],
        workers=workers,
        processes=processes,
        scheduler=scheduler,
        progress=progress,
    )
