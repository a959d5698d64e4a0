"""Plain arithmetic in the first-level cache, when told to: a line with a count comes in, the seconds by the clock go out.

What two of these gain over one is what the machine gives two cores at that moment; memory, disk and Python's lock are out of it.
"""

import sys

import numpy as np

from benchmarks.timing import wall_seconds

VALUES = 2048  # float32: 8 KiB each of two arrays


def arithmetic(count: int) -> None:
    a, b = np.full((2, VALUES), 0.5, np.float32)
    for _ in range(count):
        np.multiply(a, b, out=a)
        np.add(a, b, out=a)


def main() -> None:
    arithmetic(1000)
    print("ready", flush=True)
    for line in sys.stdin:
        print(wall_seconds(lambda line=line: arithmetic(int(line))), flush=True)


if __name__ == "__main__":
    main()
