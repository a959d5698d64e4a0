"""Render case A or B when told to: a line with a count comes in, the processor seconds it took go out."""

import sys
import time

import numpy as np

from benchmarks import case_a, case_b

CASES = {"a": case_a, "b": case_b}


def main() -> None:
    case = CASES[sys.argv[1]]
    images, done = case.recipe(), 0
    images.render(count=16, seed=1)
    print("ready", flush=True)
    for line in sys.stdin:
        count = int(line)
        started = time.process_time()
        arrays = images.render(indices=np.arange(done, done + count), seed=1)
        spent = time.process_time() - started
        assert arrays["image"].shape == (count, case.SIDE, case.SIDE, 1)
        done += count
        print(spent, flush=True)


if __name__ == "__main__":
    main()
