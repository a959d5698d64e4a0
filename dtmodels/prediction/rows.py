"""Frames in a row: the sequences of a network with a memory, the planes of volumes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dtmodels.errors import SourceError
from dtmodels.frames import FrameMap

Array = np.ndarray[Any, Any]
Parts = Iterator[tuple[Array, FrameMap]]
BYTES = 64 * 2**20  # of sequences or volumes at a time


@dataclass(frozen=True)
class Block:
    """What a network takes at a time.

    ``frames`` are the numbers of what it tells of, (example,); of a network that tells of each frame of a sequence
    (example, frame), with -1 where the sequence before told of it. ``read`` frames were read for it.
    """

    images: Array
    mapping: FrameMap
    frames: Array
    read: int


def in_rows(parts: Parts, takes: Sequence[int | None], gives: Sequence[int | None]) -> Iterator[Block]:
    """Sequences or volumes from blocks of frames, for a network that takes (row, y, x, channel).

    - One that gives images takes volumes: the frames are the planes of one after the other.
    - One that gives numbers of each frame takes sequences behind each other, the last as far back as it must.
    - One that gives numbers once tells of each frame from those until then, as soon as they are enough.

    A row of any length is all that there is. SourceError when frames are too few, or planes are left over.
    """
    volumes, once = len(gives) == 4, len(gives) == 1
    if takes[0] is None:
        parts = iter([_together(parts)])
    length = takes[0]
    waiting, last, mapping, first, read = None, None, None, 0, 0
    for frames, mapping in parts:
        length = length or max(1, len(frames))
        waiting = frames if waiting is None else np.concatenate([waiting, frames])
        last, read = frames if last is None else np.concatenate([last, frames])[-length:], read + len(frames)
        step = 1 if once else length
        starts = np.arange(0, len(waiting) - length + 1, step)
        at_once = max(1, BYTES // max(1, length * frames[:1].nbytes))
        for begin in range(0, len(starts), at_once):
            some = starts[begin : begin + at_once]
            numbers = _numbers(first + some, length, volumes, once)
            yield Block(np.stack([waiting[start : start + length] for start in some]), mapping, numbers, read)
            read = 0
        waiting, first = waiting[len(starts) * step :], first + len(starts) * step
    if waiting is None or mapping is None or length is None or last is None:
        return
    count = first + len(waiting)
    if count < length:
        raise SourceError(f"{count} frames; the network takes {length} in a row")
    if volumes and len(waiting):
        raise SourceError(f"{count} planes; must be whole volumes of {length}")
    if not once and len(waiting):
        numbers = np.arange(count - length, count)
        yield Block(last[-length:][None], mapping, np.where(numbers < first, -1, numbers)[None], read)


def _numbers(starts: Array, length: int, volumes: bool, once: bool) -> Array:
    if volumes:
        return starts // length
    return starts + length - 1 if once else starts[:, None] + np.arange(length)


def _together(parts: Parts) -> tuple[Array, FrameMap]:
    everything = list(parts)
    if not everything:
        raise SourceError("no frames")
    return np.concatenate([frames for frames, _ in everything]), everything[-1][1]
