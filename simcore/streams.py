"""Where random numbers come from: a function of (seed, name, example, place), see CONVENTIONS.md."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from simcore.errors import ParameterError

Array = np.ndarray


@dataclass(frozen=True)
class Clock:
    """The moments of rows that change with time: row ``rows[s, f, p]`` is part p of frame f of series s, at ``time`` seconds."""

    rows: Array  # int64 (series, frame, part)
    time: Array  # float64 (row,)
    end: Array  # float64 (series,): when the frame after the last begins
    after: Lanes | None  # what that frame's draws depend on, one for each series; None where frames have one part


@dataclass(frozen=True)
class Lanes:
    """What a value may depend on: the seed and, for each row, the example and the place in it (0: the whole)."""

    key: Array  # uint64 (2,): the seed's low and high word
    examples: Array  # uint64 (n,)
    places: Array  # uint64 (n,): `place_word` of copy and frame
    split: str
    clock: Clock | None = None

    def __len__(self) -> int:
        return len(self.examples)

    def stream(self, name: str) -> Stream:
        """Return the random stream of the pixel noise of the feature of that name."""
        counter = np.empty((len(self), 3), np.uint64)
        counter[:, 0] = self.examples
        counter[:, 1] = name_word(name)
        counter[:, 2] = self.places
        return Stream(self.key, counter)

    def take(self, rows: Array) -> Lanes:
        """Return the lanes of some rows, without their clock."""
        return Lanes(self.key, self.examples[rows], self.places[rows], self.split)


@dataclass(frozen=True)
class Stream:
    """Where the pixel noise of one feature comes from: Philox key and, for each image, (example, name, place)."""

    key: Array  # uint64 (2,)
    counter: Array  # uint64 (n, 3)

    def take(self, rows: Array) -> Stream:
        """Return the streams of some rows."""
        return Stream(self.key, np.ascontiguousarray(self.counter[rows]))


def name_word(name: str) -> int:
    """Return the 64-bit word that stands for a name in a counter: BLAKE2b of its UTF-8 bytes, little endian."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")


def place_word(text: str) -> int:
    """Return the 64-bit word of a place, such as "copy=3,frame=7": BLAKE2b as for names; "" (the whole example) is 0."""
    return name_word(text) if text else 0


def place_words(rows: int, **parts: Array | None) -> Array:
    """Return the words of places that differ in whole numbers ``parts`` (row,); those that are None or < 0 are left out."""
    known = {label: part for label, part in parts.items() if part is not None}
    if not known:
        return np.zeros(rows, np.uint64)
    table = np.stack(list(known.values()), axis=1).astype(np.int64)
    sizes = [int(column.max(initial=-1)) + 2 for column in table.T]
    flat = np.zeros(rows, np.int64)
    for column, size in zip(table.T, sizes, strict=True):
        flat = flat * size + column + 1
    _, first, inverse = np.unique(flat, return_index=True, return_inverse=True)
    labels = tuple(known)
    words = [_numbered(labels, tuple(numbers)) for numbers in table[first].tolist()]
    return np.array(words, np.uint64)[inverse]


@lru_cache(maxsize=1 << 20)
def _numbered(labels: tuple[str, ...], numbers: tuple[int, ...]) -> int:
    """Return the word of a place, whose numbers below 0 are left out."""
    return place_word(",".join(f"{label}={n}" for label, n in zip(labels, numbers, strict=True) if n >= 0))


def seed_key(seed: int) -> Array:
    """Return the Philox key of a seed (0 <= seed < 2**128): its low and its high 64 bits."""
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**128:
        raise ParameterError(f"seed: {seed!r}; must be a whole number from 0 to 2**128 - 1")
    return np.array([int(seed) & (2**64 - 1), int(seed) >> 64], np.uint64)
