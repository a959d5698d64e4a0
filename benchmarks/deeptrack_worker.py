"""A case in DeepTrack, in an environment of its own: a line with a count comes in, the processor seconds it took go out.

A line with the name of an .npz file asks instead for the clean images of the scenes in it, which are written over it.
"""

import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from deeptrack_cases import CASES, case_a


def pipeline(name: str, digits: str) -> Callable[[], tuple[Any, Any]]:
    """Return a function that makes one image and its label."""
    if name == "a":
        images = case_a(digits)
        return lambda: (np.asarray(images.update().resolve()), 0)
    image, label = CASES[name]().pipeline()
    return lambda: (np.asarray(image.update().resolve()), np.asarray(label()))


def check(name: str, make: Callable[[], tuple[Any, Any]]) -> None:
    """Refuse a case that does not give what it should."""
    (first, label), (second, _) = make(), make()
    if name in CASES:
        case = CASES[name]()
        assert (first.shape, label.shape) == (case.shape, case.label_shape)
    else:
        assert first.shape == (28, 28, 1)
    assert np.isfinite(first).all() and not np.array_equal(first, second)


def scenes(name: str, path: str) -> None:
    """Replace the scenes in ``path``, as `errors.scenes` writes them, by their images."""
    with np.load(path) as given:
        values = {field: given[field] for field in given.files}
    fields, particles = [str(field) for field in values.pop("fields")], values.pop("particles")
    case, images = CASES[name](), []
    for i, table in enumerate(particles):
        rows = [dict(zip(fields, row, strict=True)) for row in table if np.isfinite(row[0])]
        optics = {field: float(array[i]) for field, array in values.items()}
        images.append(case.scene([{**row, **optics} for row in rows], optics))
    np.savez(path, image=images)


def main() -> None:
    warnings.filterwarnings("ignore")
    name, digits = sys.argv[1:3]
    make = pipeline(name, digits)
    check(name, make)
    print("ready", flush=True)
    for line in map(str.strip, sys.stdin):
        if line.endswith(".npz"):
            scenes(name, line)
            print(0.0, flush=True)
            continue
        started = time.process_time()
        for _ in range(int(line)):
            make()
        print(time.process_time() - started, flush=True)


if __name__ == "__main__":
    main()
