"""Sections of serial-section electron microscopy, and which tissue each pixel shows."""

from pathlib import Path
from typing import Any

import imageio.v3 as iio
import numpy as np
from measured import folder

Array = np.ndarray[Any, Any]
HELD_OUT = 4  # the last sections by name: never trained on
BACKGROUND, MITOCHONDRION, MEMBRANE = 0, 1, 2


def sections(held_out: bool) -> tuple[Array, Array]:
    """Micrographs (section, y, x), 0 to 255, and their tissue; those to train on or the others. MissingData without them."""
    root = folder("sstem/stack1")
    names = sorted(path.stem for path in (root / "raw").glob("*.tif"))
    chosen = names[-HELD_OUT:] if held_out else names[:-HELD_OUT]
    images = np.stack([iio.imread(root / "raw" / f"{name}.tif") for name in chosen])
    return images, np.stack([_tissue(root, name) for name in chosen])


def _tissue(root: Path, name: str) -> Array:
    inside = iio.imread(root / "mitochondria" / f"{name}.png") > 127
    membrane = iio.imread(root / "membranes" / f"{name}.png") > 0
    return np.where(membrane, MEMBRANE, np.where(inside, MITOCHONDRION, BACKGROUND)).astype(np.uint8)


def cut(arrays: Array, size: int, step: int) -> Array:
    """Square patches (patch, y, x, 1) of sections, ``step`` pixels apart."""
    windows = np.lib.stride_tricks.sliding_window_view(arrays, (size, size), axis=(1, 2))[:, ::step, ::step]
    return np.ascontiguousarray(windows.reshape(-1, size, size, 1))
