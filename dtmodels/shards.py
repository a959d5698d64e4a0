"""Shards of a dataset on a local disk, read without zarr: the stored chunks decoded side by side into one array.

FORMAT.md says what a shard is: chunks one after the other, each compressed and followed by its CRC-32C, then an index of
where they lie (offset and length, 64 bits each, little endian), followed by its own CRC-32C.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any

import google_crc32c
import numpy as np
from numcodecs import blosc

Array = np.ndarray[Any, Any]
CHECKSUM = 4  # bytes
RESIDUE = 0x48674BC7  # the CRC-32C of any bytes followed by their own CRC-32C
ENTRY = 16  # bytes of the index for each chunk
ABSENT = 2**64 - 1  # offset of a chunk that is not there: beyond the end of the array
KEPT_INDICES = 1024


class Damaged(Exception):  # noqa: N818  (what reads the array makes an error of the user's words of it)
    """A chunk that cannot be read: its first example, the one after its last, and what is wrong."""

    def __init__(self, start: int, stop: int, words: str) -> None:
        super().__init__(words)
        self.start, self.stop = start, stop


class ShardedArray:
    """An array whose shards are files.

    Args:
        file_of: file of the shard of a unit.
        shape: of the array, the axis ``example`` first.
        dtype: of its numbers, little endian.
        chunk: examples in a chunk.
        unit: examples in a shard, a multiple of ``chunk``.
        codec: as in the metadata of the dataset.
        threads: that decode at once.

    """

    def __init__(
        self,
        file_of: Callable[[int], Path],
        shape: Sequence[int],
        dtype: Any,
        chunk: int,
        unit: int,
        codec: Mapping[str, Any],
        threads: int,
    ) -> None:
        self._file_of, self.shape, self.chunk, self.unit = file_of, tuple(shape), chunk, unit
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        self._compressed, self._threads = codec["name"] != "none", threads
        self._index = lru_cache(KEPT_INDICES)(self._read_index)

    def read(self, places: Array) -> Array:
        """The examples at these places, in any order; each chunk is decoded once, after its checksum was compared.

        Raises:
            Damaged: a shard is missing, cut or changed.

        """
        result = np.empty((len(places), *self.shape[1:]), self.dtype)
        order = np.argsort(places, kind="stable")
        chunks, starts = np.unique(places[order] // self.chunk, return_index=True)
        parts = list(zip(chunks.tolist(), np.split(order, starts[1:]), strict=True)) if len(places) else []

        def fill(part: tuple[int, Array]) -> None:
            self._fill(result, places, *part)

        if self._threads == 1 or len(parts) < 2:
            for part in parts:
                fill(part)
        else:
            with ThreadPoolExecutor(self._threads) as pool:
                list(pool.map(fill, parts))
        return result

    def _fill(self, result: Array, places: Array, chunk: int, rows: Array) -> None:
        """Put the examples of a chunk into those rows of the result that want them."""
        first, within = int(rows[0]), places[rows] - chunk * self.chunk
        in_order = len(rows) == self.chunk and bool((np.diff(rows) == 1).all() and (np.diff(within) == 1).all())
        if in_order:
            self._decode(chunk, result[first : first + self.chunk])
            return
        examples = _scratch(self.chunk * result[:1].nbytes).view(self.dtype).reshape(self.chunk, *self.shape[1:])
        self._decode(chunk, examples)
        result[rows] = examples[within]

    def _decode(self, chunk: int, into: Array) -> None:
        unit, number = divmod(chunk, self.unit // self.chunk)
        try:
            body, flat = self._stored(unit, number), into.reshape(-1).view(np.uint8)
            if self._compressed:
                blosc.decompress(body, flat.data)
            else:
                flat[:] = np.frombuffer(body, np.uint8)
        except (OSError, RuntimeError, ValueError) as error:
            stop = min(self.shape[0], (chunk + 1) * self.chunk)
            raise Damaged(chunk * self.chunk, stop, str(error)) from error

    def _stored(self, unit: int, number: int) -> memoryview:
        """The bytes of a chunk, its checksum compared and taken off."""
        offset, length = self._index(unit)[number].tolist()
        if offset == ABSENT:
            raise ValueError("the chunk is missing")
        with self._file_of(unit).open("rb") as shard:
            return _without_checksum(os.pread(shard.fileno(), length, offset), length, "the chunk")

    def _read_index(self, unit: int) -> Array:
        size = ENTRY * (self.unit // self.chunk) + CHECKSUM
        with self._file_of(unit).open("rb") as shard:
            end = shard.seek(0, os.SEEK_END) - size
            shard.seek(max(0, end))
            body = _without_checksum(shard.read(), size, "the shard's index")
        index: Array = np.frombuffer(body, "<u8").reshape(-1, 2)
        there = index[index[:, 0] != ABSENT]
        if (there[:, 1] < CHECKSUM).any() or (there > end).any() or (there.sum(axis=1) > end).any():
            raise ValueError("the shard's index leads out of it")
        return index


def _without_checksum(stored: bytes, length: int, what: str) -> memoryview:
    if len(stored) != length or google_crc32c.value(stored) != RESIDUE:
        raise ValueError(f"{what} does not fit its checksum")
    return memoryview(stored)[:-CHECKSUM]


_memory = threading.local()


def _scratch(size: int) -> Array:
    """Memory for a chunk, which the calling thread uses again."""
    kept: Array = getattr(_memory, "kept", np.empty(0, np.uint8))
    if len(kept) < size:
        kept = _memory.kept = np.empty(size, np.uint8)
    return kept[:size]
