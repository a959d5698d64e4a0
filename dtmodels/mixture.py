"""Several datasets as one."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from dtmodels.errors import ConfigurationError, DatasetError
from dtmodels.examples import Array, Examples, Identity, Store
from dtmodels.ranges import Range, merged_ranges


def mix(members: Sequence[Examples], shares: Sequence[float] | None = None) -> Examples:
    """The examples of several datasets (or views of them) as one, in epochs shuffled together.

    ``shares`` are how many of the examples come from each, in proportion; None: all there are. Weights and mirrors are
    given to the mixture, not to its members.

    ConfigurationError without members, or for shares that cannot be; DatasetError when arrays, shapes or kinds differ.
    """
    if not members:
        raise ConfigurationError("mix: no datasets")
    for member in members:
        if member.weighting or member.mirror:
            raise ConfigurationError(f"mix: {member.path} is weighted or mirrored; do so after mixing")
        _refuse_differences(members[0], member)
    chosen = [member[:count] for member, count in zip(members, _counts(members, shares), strict=True)]
    store = MixedStore([member.store for member in chosen])
    ranges = [
        (start + offset, stop + offset)
        for member, offset in zip(chosen, store.offsets, strict=True)
        for start, stop in member.ranges
    ]
    return Examples(store, members[0].inputs, members[0].targets, merged_ranges(ranges))


class MixedStore:
    """The arrays of several datasets, one after the other."""

    def __init__(self, stores: Sequence[Store]) -> None:
        self.fresh = any(store.fresh for store in stores)
        self.stores = tuple(stores)
        self._starts = np.cumsum([0, *(store.identity.count for store in stores)])

    @property
    def path(self) -> str:
        return " + ".join(store.path for store in self.stores)

    @property
    def names(self) -> list[str]:
        """Arrays that all of them hold."""
        return [name for name in self.stores[0].names if all(name in store.names for store in self.stores)]

    @property
    def offsets(self) -> list[int]:
        """Where each dataset begins."""
        return [int(start) for start in self._starts[:-1]]

    @property
    def identity(self) -> Identity:
        members = tuple(store.identity for store in self.stores)
        texts = [f"{m.identity} {m.recipe_sha256} {m.seed} {m.split} {m.first} {m.count}" for m in members]
        digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()
        return Identity(digest, digest, "mixed", None, 0, int(self._starts[-1]), members[0].render_version, members)

    def shape(self, name: str) -> tuple[int, ...]:
        return self.stores[0].shape(name)

    def attributes(self, name: str) -> dict[str, Any]:
        return self.stores[0].attributes(name)

    def pieces(self, ranges: Sequence[Range]) -> list[Range]:
        """The ranges cut at the borders of the stored chunks."""
        cut = []
        for low, high in ranges:
            first = int(np.searchsorted(self._starts, low, side="right")) - 1
            for k in range(first, int(np.searchsorted(self._starts, high))):
                offset, end = int(self._starts[k]), int(self._starts[k + 1])
                within = self.stores[k].pieces([(max(low, offset) - offset, min(high, end) - offset)])
                cut += [(start + offset, stop + offset) for start, stop in within]
        return cut

    def read(self, names: Sequence[str], places: Array, epoch: int = 0) -> dict[str, Array]:
        """The examples at ``places`` in any order."""
        parts = np.searchsorted(self._starts, places, side="right") - 1
        result = self.stores[0].read(names, places[:0])
        result = {name: np.empty((len(places), *one.shape[1:]), one.dtype) for name, one in result.items()}
        for k in np.unique(parts):
            rows = np.flatnonzero(parts == k)
            for name, found in self.stores[k].read(names, places[rows] - self._starts[k], epoch).items():
                result[name][rows] = found
        return result


def _counts(members: Sequence[Examples], shares: Sequence[float] | None) -> list[int]:
    if shares is None:
        return [len(member) for member in members]
    if len(shares) != len(members) or not all(share > 0 for share in shares):
        raise ConfigurationError(f"mix.shares: {list(shares)}; must be {len(members)} numbers > 0")
    total = min(len(member) / share for member, share in zip(members, shares, strict=True))
    return [max(1, int(total * share)) for share in shares]


def _refuse_differences(first: Examples, other: Examples) -> None:
    mine, theirs = ((m.inputs, m.targets, m.input_shape, m.target_shape) for m in (first, other))
    if mine != theirs:
        raise DatasetError(f"mix: {other.path} has {_told(*theirs)}; {first.path} {_told(*mine)}")
    kinds = [[(f.kind, f.units, f.axes) for f in m.fields] for m in (first, other)]
    if kinds[0] != kinds[1]:
        raise DatasetError(f"mix: the targets of {other.path} are of another kind than those of {first.path}")


def _told(inputs: str, targets: tuple[str, ...], shape: tuple[int, ...], target_shape: tuple[int, ...]) -> str:
    return f"{inputs} {shape} -> {', '.join(targets) or 'nothing'} {target_shape}"
