"""Views of the examples of a dataset: what a network sees and what it shall say."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.random import PCG64, Generator

from dtmodels.conditions import Condition
from dtmodels.errors import ConfigurationError, DatasetError
from dtmodels.mirroring import Mirror
from dtmodels.ranges import Range, cut_ranges, merged_ranges, ranges_of
from dtmodels.weighting import Weighting

if TYPE_CHECKING:
    from dtmodels.batches import ExampleBatches

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Identity:
    """Which examples a dataset holds: enough to tell whether two datasets share some."""

    identity: str | None
    recipe_sha256: str
    seed: str
    split: str | None
    first: int
    count: int
    render_version: int
    members: tuple[Identity, ...] = ()


class Store(Protocol):
    """What a view needs of what is behind it; ``fresh``: whether its examples differ from epoch to epoch."""

    @property
    def path(self) -> str: ...

    @property
    def fresh(self) -> bool: ...

    @property
    def identity(self) -> Identity: ...

    @property
    def names(self) -> list[str]: ...

    def shape(self, name: str) -> tuple[int, ...]: ...

    def attributes(self, name: str) -> dict[str, Any]: ...

    def pieces(self, ranges: Sequence[Range]) -> list[Range]: ...

    def read(self, names: Sequence[str], places: Array, epoch: int = 0) -> dict[str, Array]: ...


@dataclass(frozen=True)
class Field:
    """One target: its name, its share of the target vector, what its numbers are."""

    name: str
    kind: str
    shape: tuple[int, ...]
    units: str
    axes: tuple[str, ...] = ()
    description: str = ""
    z: tuple[float, float] | None = None  # um between which the planes of a volume lie

    @property
    def size(self) -> int:
        return int(np.prod(self.shape, dtype=int))

    def columns(self) -> list[str]:
        """Names of its numbers in a table: axes of points, columns of tables, else the name, numbered if there are several."""
        if self.axes and self.shape == (len(self.axes),):
            return list(self.axes)
        return [self.name] if self.size == 1 else [f"{self.name}_{k}" for k in range(self.size)]


class Examples:
    """A view of the examples of a dataset: some index ranges, one array as input, one or more as targets."""

    def __init__(
        self,
        store: Store,
        inputs: str,
        targets: tuple[str, ...],
        ranges: Sequence[Range],
        weighting: Weighting | None = None,
        mirror: Mirror | None = None,
    ) -> None:
        self.store, self.weighting, self.mirror = store, weighting, mirror
        self.inputs = inputs
        self.targets = targets
        self.ranges = tuple(ranges)
        self._starts = np.cumsum([0, *(stop - start for start, stop in self.ranges)])

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __repr__(self) -> str:
        return f"<{len(self)} examples of {self.store.path}: {self.inputs} -> {', '.join(self.targets) or 'nothing'}>"

    def __getitem__(self, part: slice) -> Examples:
        """The examples of a slice with step 1, as a view."""
        if not isinstance(part, slice) or part.step not in (None, 1):
            raise TypeError("examples are cut by slices with step 1; numpy(indices) reads single ones")
        first, stop, _ = part.indices(len(self))
        return self._view(cut_ranges(self.ranges, first, max(first, stop)))

    @property
    def path(self) -> str:
        return self.store.path

    @property
    def names(self) -> list[str]:
        """Names of all stored arrays."""
        return list(self.store.names)

    @property
    def identity(self) -> dict[str, Any]:
        """Recipe, seed, range and checksum of the dataset, of a mixture of its members too: if equal, so are the arrays."""
        found = asdict(self.store.identity)
        members = list(found.pop("members"))
        return found | ({"members": members} if members else {})

    def array_shape(self, name: str) -> tuple[int, ...]:
        """Shape of one example of any stored array."""
        return self.store.shape(name)

    def array_attributes(self, name: str) -> dict[str, Any]:
        """Attributes of any stored array."""
        return self.store.attributes(name)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one input, without the axis ``example``."""
        return self.store.shape(self.inputs)

    @property
    def target_shape(self) -> tuple[int, ...]:
        """Shape of one target; several targets are concatenated along the last axis."""
        shapes = [self.store.shape(name) or (1,) for name in self.targets]
        if len({shape[:-1] for shape in shapes}) > 1:
            pairs = ", ".join(f"{name} {shape}" for name, shape in zip(self.targets, shapes, strict=True))
            raise DatasetError(f"{self.path}: targets of these shapes do not go together: {pairs}")
        return (*shapes[0][:-1], sum(shape[-1] for shape in shapes)) if shapes else ()

    @property
    def fields(self) -> tuple[Field, ...]:
        """What the numbers of the target are, in order."""
        return tuple(self.field(name) for name in self.targets)

    @property
    def nbytes(self) -> int:
        """Bytes of all inputs and targets of the view in memory, as float32."""
        sizes = [np.prod(self.input_shape, dtype=int), np.prod(self.target_shape, dtype=int) if self.targets else 0]
        return 4 * len(self) * int(sum(sizes))

    def indices(self) -> Array:
        """Places of the view's examples in the dataset, ascending."""
        return np.concatenate([np.arange(*bounds) for bounds in self.ranges]) if self.ranges else np.arange(0)

    def chunks(self) -> list[Range]:
        """Index ranges of the view that lie within one stored chunk each."""
        lengths = [stop - start for start, stop in self.store.pieces(self.ranges)]
        edges = np.cumsum([0, *lengths]).tolist()
        return list(itertools.pairwise(edges))

    def numpy(self, indices: Sequence[int] | Array | None = None, epoch: int = 0) -> tuple[Array, Array]:
        """Inputs and targets as float32 arrays, of all examples or of those at ``indices`` of the view.

        DatasetError when a chunk is damaged or a number is not finite.
        """
        places = self._places(indices)
        arrays = self.store.read(list(dict.fromkeys((self.inputs, *self.targets))), places, epoch)
        return self._finite(self.inputs, arrays, places), self._joined(arrays, places)

    @property
    def description(self) -> dict[str, Any]:
        """What is done to the examples on their way to the network: how they are weighted, whether they are mirrored."""
        weighting = None if self.weighting is None else asdict(self.weighting)
        return {"weighting": weighting, "mirrored": self.mirror is not None}

    def properties(self, names: Sequence[str], indices: Sequence[int] | Array | None = None) -> dict[str, Array]:
        """The stored arrays of these names, for all examples or for those at ``indices``, as they lie on disk."""
        places = self._places(indices)
        return self.store.read(names, places)

    def target_statistics(self, limit: int = 100_000) -> tuple[Array, Array]:
        """Mean and standard deviation of every number of the target, of images of every channel.

        Over the first ``limit`` examples at most, and of large ones over fewer: ten million numbers.
        """
        places = self.indices()[: max(1, min(limit, 10**7 // max(1, int(np.prod(self.target_shape, dtype=int)))))]
        values = self._joined(self.store.read(self.targets, places), places)
        over = (0,) if values.ndim < 3 else tuple(range(values.ndim - 1))
        mean = np.asarray(values.mean(axis=over, dtype=np.float64))
        deviation = values.std(axis=over, dtype=np.float64)
        return mean, np.where(deviation > 0, deviation, 1.0)

    def weights(self, indices: Sequence[int] | Array | None = None) -> Array | None:
        """How much each example counts in the loss, float32; None: all alike."""
        if self.weighting is None:
            return None
        values = self._single(self.weighting.name, self._places(indices))
        return self.weighting.weights(values)

    def where(self, condition: str) -> Examples:
        """The examples for which a condition on stored properties holds, such as ``"snr > 5 and abs(z) < 1"``.

        ConfigurationError for a condition that cannot be read; DatasetError for properties that are not stored, have
        several values for each example, or hold for none.
        """
        asked, places = Condition(condition), self.indices()
        holds = asked.holds({name: self._single(name, places) for name in asked.names})
        if not holds.any():
            raise DatasetError(f"{self.path}: no example is left where {condition}")
        return self._view(ranges_of(places[holds]))

    def weighted(self, name: str) -> Examples:
        """The same examples, each as heavy in the loss as the stored property ``name`` says (>= 0)."""
        return self._view(self.ranges, weighting=Weighting.by_property(name, self._single(name, self.indices())))

    def balanced(self, name: str) -> Examples:
        """The same examples, weighted so that every value of the stored property ``name`` counts as much as any other."""
        return self._view(self.ranges, weighting=Weighting.by_class(name, self._single(name, self.indices())))

    def mirrored(self) -> Examples:
        """The same examples, turned over and about at random in each epoch, images and what is known of them alike."""
        return self._view(self.ranges, mirror=Mirror.of(self.input_shape, self.fields))

    def part(self, number: int, count: int) -> Examples:
        """Part ``number`` (from 0) of ``count`` that together hold every example once, of whole chunks: one for each process."""
        if not 0 <= number < count:
            raise ConfigurationError(f"part: {number} of {count}; must lie between 0 and {count - 1}")
        return self._view(self.store.pieces(self.ranges)[number::count])

    def split(self, validation: float = 0.1, seed: int | None = None) -> tuple[Examples, Examples]:
        """Training and validation part, always the same: the last share of the chunks, or with ``seed`` random chunks.

        ``validation`` is the share of the examples, 0 < validation < 1; at most one chunk is shared by both.
        """
        if not 0 < validation < 1:
            raise ConfigurationError(f"validation: {validation}; must lie between 0 and 1")
        held = min(max(1, round(len(self) * validation)), len(self) - 1)
        if held < 1:
            raise DatasetError(f"{self.path}: {len(self)} examples are too few to be split")
        pieces = self.store.pieces(self.ranges)
        if seed is not None:
            pieces = [pieces[k] for k in Generator(PCG64(seed)).permutation(len(pieces))]
        kept = len(self) - held
        return self._view(cut_ranges(pieces, 0, kept)), self._view(cut_ranges(pieces, kept, len(self)))

    def batches(
        self, batch_size: int = 64, seed: int = 1, shuffle: bool = True, memory_limit: int = 2 * 2**30
    ) -> ExampleBatches:
        """Batches for ``keras.Model.fit``: see ExampleBatches."""
        from dtmodels.batches import ExampleBatches  # noqa: PLC0415  (imports Keras)

        return ExampleBatches(self, batch_size, seed, shuffle, memory_limit)

    def tf(self, batch_size: int = 64, seed: int = 1, shuffle: bool = True, memory_limit: int = 2 * 2**30) -> Any:
        """One epoch after the other as a ``tf.data.Dataset`` of the batches that `batches` gives."""
        from dtmodels.frameworks import tensorflow_dataset  # noqa: PLC0415  (imports TensorFlow)

        return tensorflow_dataset(self.batches(batch_size, seed, shuffle, memory_limit))

    def torch(self, batch_size: int = 64, seed: int = 1, shuffle: bool = True, memory_limit: int = 2 * 2**30) -> Any:
        """One epoch for each iteration as a torch ``IterableDataset`` of the batches that `batches` gives, channels first."""
        from dtmodels.frameworks import torch_dataset  # noqa: PLC0415  (imports torch)

        return torch_dataset(self.batches(batch_size, seed, shuffle, memory_limit))

    def _view(
        self, ranges: Sequence[Range], weighting: Weighting | None = None, mirror: Mirror | None = None
    ) -> Examples:
        kept = weighting or self.weighting, mirror or self.mirror
        return Examples(self.store, self.inputs, self.targets, merged_ranges(ranges), *kept)

    def _single(self, name: str, places: Array) -> Array:
        if np.prod(self.store.shape(name), dtype=int) != 1:
            raise DatasetError(f"{self.path}: {name} has {self.store.shape(name)} values for each example; must be one")
        return self.store.read([name], places)[name].reshape(-1)

    def _places(self, indices: Sequence[int] | Array | None) -> Array:
        if indices is None:
            return self.indices()
        wanted: Array = np.asarray(indices, dtype=np.int64).reshape(-1)
        if wanted.size and (np.min(wanted) < 0 or np.max(wanted) >= len(self)):
            raise IndexError(f"indices from {np.min(wanted)} to {np.max(wanted)} of {len(self)} examples")
        part = np.searchsorted(self._starts, wanted, side="right") - 1
        starts = np.array([start for start, _ in self.ranges], dtype=np.int64)
        return wanted if not wanted.size else starts[part] + wanted - self._starts[part]

    def _joined(self, arrays: dict[str, Array], places: Array) -> Array:
        """The targets as one array."""
        if not self.targets:
            return np.empty((len(places), 0), np.float32)
        parts = [self._finite(name, arrays, places) for name in self.targets]
        return np.concatenate([part if part.ndim > 1 else part[:, None] for part in parts], axis=-1)

    def _finite(self, name: str, arrays: dict[str, Array], places: Array) -> Array:
        values = arrays[name].astype(np.float32, copy=False)
        # A sum is not finite where a value is not, and is taken at several times the speed of looking at each.
        if not np.isfinite(values.sum()) and not np.isfinite(values).all():
            bad = np.flatnonzero(~np.isfinite(values.reshape(len(places), -1)).all(axis=1))
            raise DatasetError(
                f"{self.path}: {name} of example {places[bad[0]]} is not finite ({len(bad)} of {len(places)} such); "
                "padded points and failed examples cannot be trained on"
            )
        return values

    def field(self, name: str) -> Field:
        """What the numbers of a stored array are."""
        attributes = self.store.attributes(name)
        axes = tuple(str(axis) for axis in attributes.get("axes", attributes.get("columns", ())))
        shape = self.store.shape(name)
        kind, units = str(attributes.get("kind", "property")), str(attributes.get("units", "1"))
        low_high = attributes.get("z")
        z = None if low_high is None else (float(low_high[0]), float(low_high[1]))
        return Field(name, kind, shape, units, axes, str(attributes.get("description", "")), z)


def fits(expected: Sequence[int | None], shape: Sequence[int]) -> bool:
    """Whether a shape is what a network expects; None there takes any size."""
    return len(expected) == len(shape) and all(e in (None, s) for e, s in zip(expected, shape, strict=True))
