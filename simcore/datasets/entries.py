"""Examples of a dataset that was made before, read when they are asked for: what a source gives another recipe."""

from typing import Any

import numpy as np

from simcore.datasets.dataset import Dataset, attributes_of
from simcore.datasets.layout import identity_of
from simcore.errors import DatasetError


class StoredArray:
    """An array of a sealed dataset, indexed like one of NumPy along its first axis; scales are undone."""

    def __init__(self, dataset: Dataset, name: str) -> None:
        self.array = dataset[name]
        attributes = attributes_of(self.array)
        self.scale: Any = attributes.get("scale_factor")
        self.offset: Any = attributes.get("add_offset", 0.0)
        self.shape: tuple[int, ...] = self.array.shape
        self.dtype = self.array.dtype if self.scale is None else np.dtype(np.float32)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> np.ndarray:
        """Only the chunks that hold these examples are read."""
        if isinstance(index, slice):
            return self._unscaled(self.array[index])
        wanted, places = np.unique(np.asarray(index, np.int64), return_inverse=True)
        if not len(wanted):
            return np.empty((0, *self.shape[1:]), self.dtype)
        first, last = int(wanted[0]), int(wanted[-1])
        together = last - first + 1 == len(wanted)
        found = self.array[first : last + 1] if together else self.array.oindex[wanted]
        return self._unscaled(np.asarray(found)[places])

    def _unscaled(self, found: Any) -> np.ndarray:
        found = np.asarray(found)
        if self.scale is None:
            return found
        return found.astype(np.float32) * np.float32(self.scale) + np.float32(self.offset)


def identity(dataset: Dataset, thorough: bool) -> str:
    """Identity of a sealed dataset; ``thorough``: from its commit record anew, once all that it names is there.

    Raises:
        DatasetError: it is not sealed, or not whole.

    """
    if not dataset.complete or dataset.identity is None:
        raise DatasetError(f"{dataset.path}: is not complete; generate it to its end first")
    if thorough:
        rows = dataset.rows()
        if not dataset.committed(rows).all() or identity_of(dataset.metadata, rows) != dataset.identity:
            raise DatasetError(f"{dataset.path}: is not whole: objects are missing or its commit record was changed")
    return dataset.identity
