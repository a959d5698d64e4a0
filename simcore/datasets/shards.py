"""One shard of an array: its chunks compressed one after the other, then where they lie.

The bytes are those that zarr writes (zarr 3, sharding_indexed, index at the end) at several times its speed: memory is used
again, and no chunk goes through other threads.
"""

from __future__ import annotations

import mmap
from collections.abc import Mapping
from typing import Any

import google_crc32c
import numpy as np
from numcodecs import blosc

_SHUFFLES = {"noshuffle": blosc.NOSHUFFLE, "shuffle": blosc.SHUFFLE, "bitshuffle": blosc.BITSHUFFLE}
_ABSENT = 2**64 - 1
_CHECKSUM = 4  # bytes
_MOST_ADDED = 64  # bytes that compressing may add to a chunk, with its checksum


class Memory:
    """Room for the shards of a unit, which is used again: new memory costs as much as compressing."""

    def __init__(self) -> None:
        self._kept: dict[int, mmap.mmap] = {}

    def room(self, place: int, size: int) -> memoryview:
        """At least so many bytes, those of before where they are enough."""
        if place not in self._kept or len(self._kept[place]) < size:
            self._kept[place] = mmap.mmap(-1, size)
        return memoryview(self._kept[place])


def encode(
    codec: Mapping[str, Any], data: np.ndarray, chunk: int, unit: int, memory: Memory | None = None, place: int = 0
) -> memoryview:
    """Return the shard of ``unit`` examples that holds ``data`` (example, ...), which may be fewer at the end of an array.

    It lies in ``memory``, which the next call with the same ``place`` uses again.

    Args:
        codec: as in the metadata of a dataset.
        data: the examples.
        chunk: examples in a chunk.
        unit: examples in a shard.
        memory: new where there is none.
        place: tells apart what is needed at the same time.

    """
    data = np.ascontiguousarray(data, data.dtype.newbyteorder("<"))
    index = np.full((unit // chunk, 2), _ABSENT, "<u8")
    most = chunk * data[:1].nbytes + _MOST_ADDED
    buffer = (memory or Memory()).room(place, -(-len(data) // chunk) * most + index.nbytes + _CHECKSUM)
    end = 0
    for number, first in enumerate(range(0, len(data), chunk)):
        part = compressed(codec, _whole(data[first : first + chunk], chunk))
        index[number] = end, len(part) + _CHECKSUM
        end = _append(buffer, end, part)
    return buffer[: _append(buffer, end, index.tobytes())]


def _append(buffer: memoryview, start: int, data: bytes) -> int:
    """Put the bytes and their CRC-32C there; return where they end."""
    end = start + len(data)
    buffer[start:end] = data
    buffer[end : end + _CHECKSUM] = _checksum(data)
    return end + _CHECKSUM


def broken(shard: bytes, chunks: int) -> str | None:
    """What the checksums within a shard of so many chunks say against it; None where they fit."""
    size = 16 * chunks + _CHECKSUM
    index = without_checksum(shard[-size:])
    if len(shard) < size or len(index) != size - _CHECKSUM:
        return "the crc32c of its index does not fit"
    for number, (start, length) in enumerate(np.frombuffer(index, "<u8").reshape(-1, 2).tolist()):
        if start == length == _ABSENT:
            continue
        if start + length > len(shard) - size or not without_checksum(shard[start : start + length]):
            return f"the crc32c of its chunk {number} does not fit"
    return None


def with_checksum(data: bytes) -> bytes:
    """Return the bytes and, after them, their CRC-32C."""
    return data + _checksum(data)


def without_checksum(data: bytes) -> bytes:
    """Return the bytes before their CRC-32C; none if it does not fit."""
    return data[:-_CHECKSUM] if with_checksum(data[:-_CHECKSUM]) == data else b""


def _checksum(data: bytes) -> bytes:
    return int(google_crc32c.value(data)).to_bytes(_CHECKSUM, "little")


def _whole(examples: np.ndarray, chunk: int) -> np.ndarray:
    """The last chunk of an array is filled up with zeros."""
    if len(examples) == chunk:
        return examples
    whole = np.zeros((chunk, *examples.shape[1:]), examples.dtype)
    whole[: len(examples)] = examples
    return whole


def compressed(codec: Mapping[str, Any], examples: np.ndarray) -> bytes:
    """Return the bytes of a chunk as its codec stores them, without a checksum."""
    if codec["name"] == "none":
        return examples.tobytes()
    raw = examples.reshape(-1).view(np.uint8).data
    name, shuffle = codec["cname"].encode(), _SHUFFLES[codec["shuffle"]]
    compressed: bytes = blosc.compress(raw, name, codec["clevel"], shuffle, typesize=examples.dtype.itemsize)
    return compressed
