"""What follows a job array: `finish`."""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simcore.datasets import Dataset


def finish(path: str | os.PathLike[str]) -> "Dataset":
    """Check that all units of a dataset are there, sweep leftovers of interrupted runs, and seal it.

    Nothing is rendered, and no code of the recipe runs; on a dataset that is complete nothing happens.

    Args:
        path: a local path or an fsspec URL.

    Raises:
        DatasetError: no dataset, one that was changed, or units are missing: the message says which.
        StorageError: the disk or the object store refused.

    """
    from simcore import datasets  # noqa: PLC0415  (zarr is slow to import)

    return datasets.finish(path)
