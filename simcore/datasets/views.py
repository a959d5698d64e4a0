"""Views: examples of one or several sealed datasets, read as one, without copying. FORMAT.md says how they are kept."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import attrs
import numpy as np

from simcore.datasets.dataset import Dataset, attributes_of
from simcore.datasets.layout import unit_count
from simcore.errors import DatasetError, ParameterError, StorageError

VIEW_FORMAT = "simcore-view/1"
BLOCK_BYTES = 8 << 20  # of what is read at once
PICTURES = ("image", "field", "mask", "movie")


@attrs.frozen(eq=False, slots=False)
class Member:
    """Examples of one dataset.

    Attributes:
        dataset: sealed.
        ranges: which of its examples, int64 (range, 2): ascending, first and one after the last of each.

    """

    dataset: Dataset
    ranges: np.ndarray

    @cached_property
    def ends(self) -> np.ndarray:
        """How many examples there are up to the end of each range."""
        return np.cumsum(self.ranges[:, 1] - self.ranges[:, 0])

    def __len__(self) -> int:
        return int(self.ends[-1]) if len(self.ends) else 0

    @cached_property
    def _opened(self) -> dict[str, Any]:
        return {}

    def array(self, name: str) -> Any:
        """An array of the dataset, opened once."""
        if name not in self._opened:
            self._opened[name] = self.dataset[name]
        return self._opened[name]

    def places(self, start: int, stop: int) -> np.ndarray:
        """Where examples ``start`` .. ``stop`` - 1 of this member lie in its dataset."""
        wanted = np.arange(start, stop)
        part = np.searchsorted(self.ends, wanted, side="right")
        return np.asarray(self.ranges[part, 1] - self.ends[part] + wanted)

    def before(self, places: np.ndarray) -> np.ndarray:
        """How many examples of this member lie before each of these places of its dataset."""
        part = np.searchsorted(self.ranges[:, 1], places, side="right")
        known = np.append(self.ends, len(self)) - np.append(self.ranges[:, 1] - self.ranges[:, 0], 0)
        firsts = np.append(self.ranges[:, 0], np.iinfo(np.int64).max)
        return np.asarray(known[part] + np.maximum(places - firsts[part], 0))

    def cuts(self, chunks: int) -> np.ndarray:
        """Borders of this member such that no piece between them reaches over more stored chunks than that."""
        step = int(self.dataset.metadata["chunk"]) * chunks
        return np.unique(self.before(np.arange(0, len(self.dataset) + step, step)))

    def part(self, start: int, stop: int) -> Member:
        """Examples ``start`` .. ``stop`` - 1 of this member."""
        return self.chosen(self.places(start, stop))

    def chosen(self, places: np.ndarray) -> Member:
        """Those at some ascending places of the dataset."""
        return Member(self.dataset, ranges_of(places))

    def read(self, name: str, start: int, stop: int) -> np.ndarray:
        """Examples ``start`` .. ``stop`` - 1 of an array, as they are stored; no chunk is decoded twice."""
        array, places = self.array(name), self.places(start, stop)
        chunk = int(self.dataset.metadata["chunk"])
        result = np.empty((len(places), *array.shape[1:]), array.dtype)
        most = max(1, BLOCK_BYTES // max(1, chunk * array.dtype.itemsize * int(np.prod(array.shape[1:], dtype=int))))
        jumps = np.flatnonzero((np.diff(places // chunk) > 1) | (np.diff(places // (chunk * most)) > 0)) + 1
        for first, last in zip([0, *jumps], [*jumps, len(places)], strict=True):
            inside = places[first:last]
            if len(inside):
                result[first:last] = _slice(self.dataset, name, array, inside)
        return result


@attrs.frozen(eq=False)
class View:
    """Examples of one or several sealed datasets, as one: ``view["image"][:10]``, ``view.dask()``, ``view.chunks()``.

    Attributes:
        members: whose examples follow one another.
        path: of its file; None: not saved.
        condition: by which its examples were chosen, if they were.

    """

    members: tuple[Member, ...]
    path: str | None = None
    condition: str | None = None

    @property
    def arrays(self) -> tuple[str, ...]:
        """Names of the arrays."""
        return self.members[0].dataset.arrays

    @property
    def title(self) -> str:
        """What to call it in a message: its path, or those of its members."""
        return self.path or " + ".join(member.dataset.path for member in self.members)

    @property
    def identity(self) -> str:
        """Of a whole dataset its own; else a checksum of the identities and ranges of all members."""
        if len(self.members) == 1 and len(self) == len(self.members[0].dataset):
            return str(self.members[0].dataset.identity)
        return view_identity([(str(m.dataset.identity), m.ranges.tolist()) for m in self.members])

    def __len__(self) -> int:
        return sum(map(len, self.members))

    def __getitem__(self, name: str) -> StoredArray:
        """An array; nothing is read before it is sliced."""
        if name not in self.arrays:
            raise DatasetError(f"{self.title}: no array {name!r}; there are {', '.join(self.arrays)}")
        return StoredArray(self, name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.arrays)

    def __repr__(self) -> str:
        return f"<View of {self.title}: {len(self)} examples of {', '.join(self.arrays)}>"

    def dask(self) -> dict[str, Any]:
        """The arrays as dask arrays, read when computed."""
        from simcore.lazy import stored  # noqa: PLC0415  (dask is slow to import)

        return {name: stored(self[name]) for name in self.arrays}

    def xarray(self) -> Any:
        """The arrays as an xarray.Dataset, read when computed, with named axes, labels and units; scales are undone."""
        from simcore.lazy import labelled  # noqa: PLC0415  (as above)

        return labelled(self)

    def chunks(
        self, names: Sequence[str] | None = None, size: int = BLOCK_BYTES
    ) -> Iterator[tuple[int, dict[str, np.ndarray]]]:
        """Walk through all examples: the number of the first, and some of each array, of at most about ``size`` bytes."""
        wanted = {name: self[name] for name in (self.arrays if names is None else names)}
        edges = self.edges(sum(array.example_bytes for array in wanted.values()), size)
        for start, stop in itertools.pairwise(edges):
            yield start, {name: array[start:stop] for name, array in wanted.items()}

    def edges(self, example_bytes: int, size: int = BLOCK_BYTES) -> list[int]:
        """Where to cut so that a piece has at most about ``size`` bytes and, if it can be, whole stored chunks."""
        edges, offset = [0], 0
        for member in self.members:
            chunk = int(member.dataset.metadata["chunk"])
            fitting = max(1, size // max(1, example_bytes))
            borders = member.cuts(max(1, fitting // chunk)).tolist()
            for start, stop in itertools.pairwise(borders):
                edges += [offset + cut for cut in [*range(start, stop, fitting), stop][1:]]
            offset += len(member)
        return edges

    def part(self, start: int, stop: int) -> View:
        """Examples ``start`` .. ``stop`` - 1 as a view of their own."""
        return View(tuple(member.part(low, high) for member, low, high in self.parts(start, stop)))

    def cut(self, start: int, stop: int | None) -> View:
        """As `part`, refused where there are no such examples."""
        last = len(self) if stop is None else stop
        if not 0 <= start < last <= len(self):
            raise ParameterError(f"{self.title}: examples {start} to {last - 1}; there are {len(self)}, from 0")
        return attrs.evolve(self.part(start, last), condition=self.condition)

    def parts(self, start: int, stop: int) -> list[tuple[Member, int, int]]:
        """The members that hold examples ``start`` .. ``stop`` - 1, and which of theirs."""
        found, offset = [], 0
        for member in self.members:
            low, high = max(start - offset, 0), min(stop - offset, len(member))
            if low < high:
                found.append((member, low, high))
            offset += len(member)
        return found


@attrs.frozen(eq=False)
class StoredArray:
    """An array of a view: shape, dtype, units; NumPy arrays where it is sliced. Values are as stored."""

    view: View
    name: str

    @property
    def _array(self) -> Any:
        return self.view.members[0].array(self.name)

    @property
    def shape(self) -> tuple[int, ...]:
        """The first axis counts the examples."""
        return (len(self.view), *self._array.shape[1:])

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self._array.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """As stored."""
        return np.dtype(self._array.dtype)

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Names of the axes; see FORMAT.md."""
        return tuple(map(str, self._array.metadata.dimension_names))

    @property
    def attributes(self) -> dict[str, Any]:
        """Units, description, kind and the rest; see FORMAT.md."""
        return attributes_of(self._array)

    @property
    def is_picture(self) -> bool:
        """Whether it holds images, movies, fields or masks."""
        return self.attributes.get("kind") in PICTURES and self.ndim in (4, 5)

    @property
    def labels(self) -> list[str]:
        """Names of the numbers along the last axis: the axes of points, the columns of tables; empty where there are none."""
        named = self.attributes.get("axes") or self.attributes.get("columns")
        known = isinstance(named, list) and self.ndim > 1 and len(named) == self.shape[-1]
        return list(map(str, named)) if known and isinstance(named, list) else []

    @property
    def example_bytes(self) -> int:
        """Bytes of one example in memory."""
        return int(np.prod(self.shape[1:], dtype=int)) * self.dtype.itemsize

    def __len__(self) -> int:
        return len(self.view)

    def __getitem__(self, key: Any) -> np.ndarray:
        first, *rest = key if isinstance(key, tuple) else (key,)
        found = self._examples(first)
        after = () if isinstance(first, int | np.integer) else (slice(None),)
        return np.asarray(found[(*after, *rest)])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self[:], dtype)

    def dask(self) -> Any:
        """As a dask array, read when computed."""
        from simcore.lazy import stored  # noqa: PLC0415  (as above)

        return stored(self)

    def _examples(self, key: Any) -> np.ndarray:
        if isinstance(key, int | np.integer):
            place = range(len(self))[key]
            return np.asarray(self._read(place, place + 1)[0])
        if key is Ellipsis:
            key = slice(None)
        if not isinstance(key, slice):
            raise ParameterError(
                f"{self.name}: examples are taken by a number or a slice, not by {key!r}; see sc.subset"
            )
        start, stop, step = key.indices(len(self))
        if step < 1:
            raise ParameterError(f"{self.name}: step {step}; must be > 0")
        return self._read(start, max(start, stop))[::step]

    def _read(self, start: int, stop: int) -> np.ndarray:
        pieces = [member.read(self.name, low, high) for member, low, high in self.view.parts(start, stop)]
        if not pieces:
            return np.empty((0, *self.shape[1:]), self.dtype)
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)


def view_of(dataset: Dataset) -> View:
    """All examples of a dataset; DatasetError where it is not sealed."""
    if not dataset.complete:
        there, units = int(dataset.committed().sum()), unit_count(dataset.metadata)
        raise DatasetError(f"{dataset.path}: not complete ({there} of {units} units are stored); generate it again")
    return View((Member(dataset, np.array([[0, len(dataset)]], np.int64)),))


def ranges_of(places: np.ndarray) -> np.ndarray:
    """Ascending whole numbers as ranges, int64 (range, 2)."""
    breaks = np.flatnonzero(np.diff(places) != 1)
    firsts, lasts = np.append(places[:1], places[breaks + 1]), np.append(places[breaks], places[-1:])
    return np.stack([firsts, lasts + 1], axis=1).astype(np.int64)


def view_identity(members: Sequence[tuple[str, list[list[int]]]]) -> str:
    """Identity of a view: a checksum of the identities of its members and of their ranges."""
    digest = hashlib.sha256(f"{VIEW_FORMAT}\n".encode())
    for identity, ranges in members:
        digest.update(f"{identity} {','.join(f'{start}:{stop}' for start, stop in ranges)}\n".encode())
    return digest.hexdigest()


def _slice(dataset: Dataset, name: str, array: Any, places: np.ndarray) -> np.ndarray:
    low, high = int(places[0]), int(places[-1]) + 1
    try:
        block = np.asarray(array[low:high])
    except Exception as error:  # whatever the codecs raise for a shard that was changed
        raise StorageError(f"{dataset.path}: {name} of examples {low} to {high - 1} cannot be read: {error}") from error
    return block if len(block) == len(places) else block[places - low]
