"""Batches of a dataset for Keras."""

import threading
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.random import PCG64, Generator

from dtmodels.backend import require_keras
from dtmodels.errors import ConfigurationError
from dtmodels.examples import Examples

keras: Any = require_keras()
Array = np.ndarray[Any, Any]
Batch = tuple[Array, ...]  # inputs, targets and, if the examples are weighted, weights
GROUP_BYTES = 256 * 2**20
KEPT_GROUPS = 3  # the one that is served, the one before, the one that is read ahead


class ExampleBatches(keras.utils.PyDataset):
    """Every example once per epoch, in an order that is a function of (seed, epoch).

    What fits into ``memory_limit`` bytes is read once and shuffled as a whole. More is read from disk, chunk by whole
    chunk: the chunks are shuffled, taken together in groups of up to 256 MiB, and the examples shuffled within a group;
    while one group is served the next is read. ``epoch`` is the epoch now served; a training that goes on sets it before
    it starts. Give ``keras.Model.fit`` ``shuffle=False`` beside it, or Keras asks for the batches in an order of its
    own, which no seed fixes.
    """

    def __init__(self, examples: Examples, batch_size: int, seed: int, shuffle: bool, memory_limit: int) -> None:
        super().__init__()
        if batch_size < 1:
            raise ConfigurationError(f"batch_size: {batch_size}; must be at least 1")
        if not len(examples):
            raise ConfigurationError(f"{examples.path}: no examples to make batches of")
        self.examples, self.batch_size, self.seed, self.shuffle = examples, batch_size, seed, shuffle
        self.epoch = 0
        self._begun = False
        self._lock = threading.Lock()
        self._whole: Batch | None = None
        if examples.nbytes <= memory_limit and not examples.store.fresh:
            self._whole = self._read(None, 0)
        self._group_size = max(1, _group_bytes(memory_limit) * len(examples) // max(1, examples.nbytes))
        self._planned: tuple[int, Array, Array] | None = None
        self._turned: tuple[int, Array] | None = None
        self._groups: OrderedDict[tuple[int, int], Future[tuple[Batch, Array]]] = OrderedDict()
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="dtmodels-read-ahead")

    def __len__(self) -> int:
        return (len(self.examples) + self.batch_size - 1) // self.batch_size

    def __getitem__(self, index: int) -> Batch:
        """Batch ``index`` of the present epoch."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        with self._lock:
            order, edges = self._plan()
            first = index * self.batch_size
            members = order[first : first + self.batch_size]
            if self._whole is not None:
                batch = tuple(part[members] for part in self._whole)
            else:
                batch = self._from_groups(order, edges, first, first + len(members))
            return self._mirrored(batch, members)

    def on_epoch_begin(self) -> None:
        """Go to the next epoch; Keras calls it before each one, the first included."""
        if self._begun:
            self.epoch += 1
        self._begun = True

    def order(self, epoch: int) -> Array:
        """Indices of the examples in the order in which an epoch serves them."""
        return self._shuffled(epoch)[0]

    def _plan(self) -> tuple[Array, Array]:
        if self._planned is None or self._planned[0] != self.epoch:
            self._planned = (self.epoch, *self._shuffled(self.epoch))
        return self._planned[1:]

    def _shuffled(self, epoch: int) -> tuple[Array, Array]:
        count = len(self.examples)
        if not self.shuffle:
            return np.arange(count), np.append(np.arange(0, count, self._group_size), count)
        generator = Generator(PCG64([self.seed, epoch]))
        if self._whole is not None:
            return generator.permutation(count), np.array([0, count])
        groups = self._chunk_groups(generator)
        order = np.concatenate([generator.permutation(group) for group in groups])
        return order, np.cumsum([0, *map(len, groups)])

    def _chunk_groups(self, generator: Generator) -> list[Array]:
        chunks = self.examples.chunks()
        groups: list[list[Array]] = [[]]
        held = 0
        for k in generator.permutation(len(chunks)):
            members = np.arange(*chunks[k])
            if held and held + len(members) > self._group_size:
                groups.append([])
                held = 0
            groups[-1].append(members)
            held += len(members)
        return [np.concatenate(group) for group in groups]

    def _from_groups(self, order: Array, edges: Array, first: int, stop: int) -> Batch:
        found = []
        for g in range(int(np.searchsorted(edges, first, side="right")) - 1, int(np.searchsorted(edges, stop))):
            group, places = self._group(g, order, edges)
            part = places[max(first - edges[g], 0) : stop - edges[g]]
            found.append(tuple(array[part] for array in group))
        return found[0] if len(found) == 1 else tuple(map(np.concatenate, zip(*found, strict=True)))

    def _group(self, number: int, order: Array, edges: Array) -> tuple[Batch, Array]:
        group = self._started(number, order, edges)
        if number + 2 < len(edges):
            self._started(number + 1, order, edges)
        return group.result()

    def _started(self, number: int, order: Array, edges: Array) -> "Future[tuple[Batch, Array]]":
        key = (self.epoch, number)
        if key not in self._groups:
            while len(self._groups) >= KEPT_GROUPS:
                self._groups.popitem(last=False)[1].cancel()
            self._groups[key] = self._reader.submit(
                self._read_group, order[edges[number] : edges[number + 1]], self.epoch
            )
        return self._groups[key]

    def _read_group(self, members: Array, epoch: int) -> tuple[Batch, Array]:
        """The examples as they lie on disk, which is read fastest, and where in them each of ``members`` is."""
        ordered = np.sort(members)
        return self._read(ordered, epoch), np.searchsorted(ordered, members)

    def _read(self, members: Array | None, epoch: int) -> Batch:
        weights = self.examples.weights(members)
        batch = self.examples.numpy(members, epoch)
        return batch if weights is None else (*batch, weights)

    def _mirrored(self, batch: Batch, members: Array) -> Batch:
        mirror = self.examples.mirror
        if mirror is None:
            return batch
        if self._turned is None or self._turned[0] != self.epoch:
            turns = Generator(PCG64([self.seed, self.epoch, 1])).integers(0, mirror.turns, len(self.examples))
            self._turned = (self.epoch, turns)
        return (*mirror.apply(batch[0], batch[1], self._turned[1][members]), *batch[2:])


class Remainder(keras.utils.PyDataset):
    """The batches of an epoch from number ``first`` on: what is left of one that was interrupted."""

    def __init__(self, batches: ExampleBatches, first: int) -> None:
        super().__init__()
        self._batches, self._first = batches, first

    def __len__(self) -> int:
        return len(self._batches) - self._first

    def __getitem__(self, index: int) -> Batch:
        return self._batches[self._first + index]


def _group_bytes(memory_limit: int) -> int:
    return min(GROUP_BYTES, max(1, memory_limit // KEPT_GROUPS))
