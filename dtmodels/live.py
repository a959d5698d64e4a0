"""Examples rendered while a network is trained, by any callable: nothing lies on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from dtmodels.errors import ConfigurationError, DatasetError
from dtmodels.examples import Array, Examples, Identity
from dtmodels.ranges import Range

BATCH = 64  # examples that are asked for at once

Renderer = Callable[[Array], Mapping[str, Array]]


def live(
    render: Renderer,
    count: int,
    inputs: str = "image",
    targets: str | Sequence[str] = (),
    *,
    name: str,
    fresh: bool = True,
    chunk: int = BATCH,
    attributes: Mapping[str, Mapping[str, Any]] | None = None,
) -> Examples:
    """Examples 0 to ``count`` - 1 of a callable; they go wherever those of a dataset go.

    ``render`` takes indices (int64, at most ``chunk`` of them) and returns arrays by name, the first axis ``example``, the
    same ones for the same indices. With ``fresh`` each epoch asks for other examples: epoch e for ``e * count`` and those
    that follow. A simulator is plugged in so: ``lambda indices: recipe.render(indices=indices, seed=1)``. ``name`` stands for
    it in the record of a training; ``attributes`` are those that FORMAT.md gives to arrays: ``kind``, ``units``, ``axes``.

    ConfigurationError for a count that cannot be; DatasetError when what comes back is not what was asked for.
    """
    if count < 1 or chunk < 1:
        raise ConfigurationError(f"live: count {count}, chunk {chunk}; must be at least 1")
    names = (targets,) if isinstance(targets, str) else tuple(targets)
    return Examples(LiveStore(render, count, name, fresh, chunk, attributes or {}), inputs, names, [(0, count)])


class LiveStore:
    """What stands for a dataset where examples are rendered as they are asked for."""

    def __init__(
        self,
        render: Renderer,
        count: int,
        name: str,
        fresh: bool,
        chunk: int,
        attributes: Mapping[str, Mapping[str, Any]],
    ) -> None:
        self.path, self.fresh = name, fresh
        self._render, self._count, self._chunk, self._attributes = render, count, chunk, attributes
        self._first = self._rendered(np.zeros(1, np.int64))

    @property
    def identity(self) -> Identity:
        digest = hashlib.sha256(self.path.encode()).hexdigest()
        return Identity(None, digest, "live", None, 0, self._count, 0)

    @property
    def names(self) -> list[str]:
        return list(self._first)

    def shape(self, name: str) -> tuple[int, ...]:
        return self._array(self._first, name).shape[1:]

    def attributes(self, name: str) -> dict[str, Any]:
        return dict(self._attributes.get(name, {}))

    def pieces(self, ranges: Sequence[Range]) -> list[Range]:
        """The ranges cut into pieces of a chunk."""
        return [(a, min(a + self._chunk, stop)) for start, stop in ranges for a in range(start, stop, self._chunk)]

    def read(self, names: Sequence[str], places: Array, epoch: int = 0) -> dict[str, Array]:
        """The examples at ``places`` in any order, rendered a chunk at a time."""
        first = {name: self._array(self._first, name) for name in names}
        result = {name: np.empty((len(places), *one.shape[1:]), one.dtype) for name, one in first.items()}
        shift = epoch * self._count if self.fresh else 0
        for start in range(0, len(places), self._chunk):
            rows = slice(start, start + self._chunk)
            arrays = self._rendered(places[rows].astype(np.int64) + shift)
            for name in names:
                result[name][rows] = self._array(arrays, name)
        return result

    def _rendered(self, indices: Array) -> Mapping[str, Array]:
        try:
            arrays = self._render(indices)
        except Exception as error:  # whatever the callable of the user's raises
            raise DatasetError(f"{self.path}: rendering examples {indices[0]} ...: {error}") from error
        if not isinstance(arrays, Mapping):
            raise DatasetError(f"{self.path}: gives {type(arrays).__name__}; must give arrays by name")
        for name, array in arrays.items():
            if np.shape(array)[:1] != (len(indices),):
                raise DatasetError(f"{self.path}: {name} has shape {np.shape(array)} for {len(indices)} examples")
        return arrays

    def _array(self, arrays: Mapping[str, Array], name: str) -> Array:
        if name not in arrays:
            raise DatasetError(f"{self.path}: gives no array {name!r}, but {', '.join(arrays)}")
        return np.asarray(arrays[name])
