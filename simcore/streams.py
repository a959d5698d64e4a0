"""Where random numbers come from: a function of (seed, name, example, copy), see CONVENTIONS.md."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from simcore.errors import ParameterError

Array = np.ndarray


@dataclass(frozen=True)
class Lanes:
    """What a value may depend on: the seed and, for each row, the example and the copy (0 without copies)."""

    key: Array  # uint64 (2,): the seed's low and high word
    examples: Array  # uint64 (n,)
    copies: Array  # uint64 (n,)
    split: str

    def __len__(self) -> int:
        return len(self.examples)

    def stream(self, name: str) -> Stream:
        """Return the random stream of the pixel noise of the feature of that name."""
        counter = np.empty((len(self), 3), np.uint64)
        counter[:, 0] = self.examples
        counter[:, 1] = name_word(name)
        counter[:, 2] = self.copies
        return Stream(self.key, counter)


@dataclass(frozen=True)
class Stream:
    """Where the pixel noise of one feature comes from: Philox key and, for each image, (example, name, copy)."""

    key: Array  # uint64 (2,)
    counter: Array  # uint64 (n, 3)


def name_word(name: str) -> int:
    """Return the 64-bit word that stands for a name in a counter: BLAKE2b of its UTF-8 bytes, little endian."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")


def seed_key(seed: int) -> Array:
    """Return the Philox key of a seed (0 <= seed < 2**128): its low and its high 64 bits."""
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**128:
        raise ParameterError(f"seed: {seed!r}; must be a whole number from 0 to 2**128 - 1")
    return np.array([int(seed) & (2**64 - 1), int(seed) >> 64], np.uint64)
