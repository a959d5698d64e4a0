"""miepython, compiled by Numba, in an environment of its own: a line with a word and an .npz file comes in, seconds go out.

``coefficients FILE`` and ``amplitudes FILE`` compute once, time it, and write the results over what the file asked for.
"""

import sys
import time

import miepython
import numba
import numpy as np


@numba.njit
def batch(index, size, a, b):
    """Coefficients of many spheres: a loop over the package's own compiled function."""
    for i in range(len(size)):
        one_a, one_b = miepython.mie_jit._an_bn_nb(index[i], size[i], 0)
        a[i, : len(one_a)], b[i, : len(one_b)] = one_a, one_b


def coefficients(given):
    size = given["size"]
    a, b = np.zeros((2, len(size), miepython.core.wiscombe_terms(size.max())), complex)
    batch(given["index"].astype(complex), size, a, b)
    return a, b


def amplitudes(given):
    return miepython.S1_S2(complex(given["index"][0]), float(given["size"][0]), given["cosine"], norm="wiscombe")


def main() -> None:
    words = {"coefficients": coefficients, "amplitudes": amplitudes}
    print("ready", flush=True)
    for line in sys.stdin:
        word, path = line.split()
        with np.load(path) as stored:
            given = {name: stored[name] for name in stored.files}
        words[word]({**given, "size": given["size"][:1], "index": given["index"][:1]})
        started = time.process_time()
        first, second = words[word](given)
        spent = time.process_time() - started
        np.savez(path, **given, first=first, second=second)
        print(spent, flush=True)


if __name__ == "__main__":
    main()
