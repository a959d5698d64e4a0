"""A draw repeated with NumPy alone: the rule of randomness in four lines."""

import hashlib

import numpy as np
from numpy.random import Generator, Philox


def generator(seed: int, example: int, name: str) -> Generator:
    """The stream of one draw of one example: key = seed, counter words [running, example, name, copy and frame]."""
    word = int.from_bytes(hashlib.blake2b(name.encode("utf-8"), digest_size=8).digest(), "little")
    counter = np.array([0, example, word, 0], np.uint64)  # a plain list would turn into floats if a word is >= 2**63
    return Generator(Philox(key=seed, counter=counter))
