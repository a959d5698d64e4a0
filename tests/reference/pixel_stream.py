"""The random words of a pixel, literally: Philox4x32-10 on Python integers, keyed by the feature's stream."""

import numpy as np


def philox4x32(counter: tuple[int, ...], key: tuple[int, ...]) -> tuple[int, ...]:
    """Philox4x32-10 on four Python integers (Salmon et al., SC'11)."""
    (c0, c1, c2, c3), (k0, k1) = counter, key
    for _ in range(10):
        p, q = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (q >> 32) ^ c1 ^ k0, q & 0xFFFFFFFF, (p >> 32) ^ c3 ^ k1, p & 0xFFFFFFFF
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return c0, c1, c2, c3


def uniform_pair(seed: int, example: int, name: int, pixel: int, attempt: int) -> list[float]:
    """The two uniform numbers of a pixel and attempt in the stream of (seed, example, name)."""
    words = np.random.Philox(key=seed, counter=[0, example, name, 0]).random_raw(2).tolist()
    key, high = ((word & 0xFFFFFFFF, word >> 32) for word in words)
    block = philox4x32((pixel, attempt, *high), key)
    return [(((block[i + 1] << 32 | block[i]) >> 12) + 0.5) / 2**52 for i in (0, 2)]
