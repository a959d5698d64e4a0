"""What the tasks of a process share: turns to render, and memory for units and for their shards, which is used again."""

import contextlib
import os
import threading
from collections.abc import Iterator
from queue import LifoQueue
from typing import TypeVar

import attrs
import numpy as np

from simcore.datasets.shards import Memory

HELD = 2  # units for each worker whose arrays are held, and as many whose shards are: one is filled, one is read
THREADS = 3  # of a worker: one renders a unit, one compresses the unit before, one waits for the disk

Arrays = dict[str, np.ndarray]
T = TypeVar("T")


@attrs.frozen
class Rooms:
    """Semaphore and rooms; whoever waits for shards holds arrays, never the other way round.

    Attributes:
        turns: one unit for each worker is rendered at a time.
        arrays: memory of units, the last used first; a task leaves its arrays there for the next.
        shards: memory of shards.

    """

    turns: threading.Semaphore
    arrays: LifoQueue[Arrays]
    shards: LifoQueue[Memory]

    @classmethod
    def for_workers(cls, workers: int) -> "Rooms":
        """Rooms for so many units rendered at once; memory is taken when it is first needed."""
        rooms = cls(threading.Semaphore(workers), LifoQueue(), LifoQueue())
        for _ in range(HELD * workers):
            rooms.arrays.put({})
            rooms.shards.put(Memory())
        return rooms


@contextlib.contextmanager
def taken(rooms: LifoQueue[T]) -> Iterator[T]:
    """One of the rooms, once there is one, for as long as this lasts."""
    room = rooms.get()
    try:
        yield room
    finally:
        rooms.put(room)


def take_turns() -> None:
    """Render one unit at a time in this process from now on, whichever threads the tasks come on."""
    _shared.rooms = Rooms.for_workers(1)


def shared() -> Rooms:
    """The rooms of this process."""
    return _shared.rooms


@attrs.define
class _Shared:
    rooms: Rooms = attrs.field(factory=lambda: Rooms.for_workers(os.cpu_count() or 1))


_shared = _Shared()
