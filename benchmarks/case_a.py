"""Case A, augmented digits: affine and elastic maps of 28 x 28 pixels. Digits of our own making stand in for MNIST's."""

import tempfile
from functools import cache
from pathlib import Path

import numpy as np

import simcore as sc

SIDE, DIGITS = 28, 1000


@cache
def _folder() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory(prefix="simcore-digits-")


@cache
def stand_ins() -> Path:
    """Write strokes that fill about as much of the image as digits do, and return the file: what is in it costs no time."""
    random = np.random.Generator(np.random.Philox(1))
    y, x = np.mgrid[:SIDE, :SIDE]
    radius, angle, bend = (random.uniform(a, b, (DIGITS, 1, 1)) for a, b in ((4, 8), (0, 2 * np.pi), (1, 3)))
    along = np.arctan2(y - 13.5, x - 13.5) - angle
    stroke = np.exp(-(((np.hypot(y - 13.5, x - 13.5) - radius * np.cos(along / bend)) / 1.5) ** 2))
    path = Path(_folder().name) / "digits.npz"
    np.savez(path, x_train=(255 * stroke).astype(np.uint8), y_train=random.integers(0, 10, DIGITS))
    return path


def recipe(path: Path | None = None) -> sc.Recipe:
    """What deeptrack_worker.py describes for the peer; ``path`` names another file of digits."""
    digits = sc.Source(str(path or stand_ins()), image="x_train", label="y_train")
    affine = sc.Affine(
        scale_x=sc.uniform(0.8, 1.2),
        scale_y=sc.uniform(0.8, 1.2),
        shear=sc.where(sc.uniform(0, 1) < 0.5, sc.uniform(-0.35, 0.35), 0.0),
        rotation=sc.uniform(-0.35, 0.35),
        translation_x=sc.integers(-2, 3),
        translation_y=sc.integers(-2, 3),
    )
    elastic = sc.Elastic(alpha=sc.uniform(0, 40), sigma=sc.uniform(5, 7))
    return sc.Recipe(image=digits.image / 255 >> affine >> elastic, label=digits.label)
