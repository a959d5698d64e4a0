"""Render a case when told to: a line with a count comes in, the processor seconds it took go out."""

import sys
import time

import numpy as np

from benchmarks.cases import CASES


def main() -> None:
    case, tolerance = CASES[sys.argv[1]], float(sys.argv[2])
    recipe, done = case.recipe(tolerance=tolerance), 0
    recipe.render(count=2, seed=1)
    print("ready", flush=True)
    for line in sys.stdin:
        count = int(line)
        started = time.process_time()
        arrays = recipe.render(indices=np.arange(done, done + count), seed=1)
        spent = time.process_time() - started
        assert all(len(array) == count for array in arrays.values())
        done += count
        print(spent, flush=True)


if __name__ == "__main__":
    main()
