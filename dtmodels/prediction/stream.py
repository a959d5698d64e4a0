"""Prepared frames, block by block, from whatever users hold."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from dtmodels.configuration import InputSection
from dtmodels.data import is_dataset, open_dataset
from dtmodels.errors import SourceError
from dtmodels.frames import FrameMap, prepare
from dtmodels.io import Source, batched_frames
from dtmodels.prediction.rows import Block, Parts, in_rows
from dtmodels.run import Run

Array = np.ndarray[Any, Any]
BLOCK = 64
BLOCK_BYTES = 64 * 2**20


def blocks(run: Run, source: Source, section: InputSection) -> Iterator[Block]:
    """Inputs of the network, with the map back to the frames; SourceError when there are none.

    The images, sequences or volumes of a dataset are taken as they are.
    """
    takes, gives = (ends[0].shape[1:] for ends in (run.model.inputs, run.model.outputs))
    if _is_dataset(source):
        read = _numbered(_of_dataset(run, str(source)), gives if len(gives) == 2 else ())
    elif len(takes) == 4:
        read = in_rows(_of_frames(source, section), takes, gives)
    else:
        read = _numbered(_of_frames(source, section))
    empty = True
    for block in read:
        empty = False
        yield block
    if empty:
        name = "the array" if isinstance(source, np.ndarray) else source
        raise SourceError(f"{name}: holds no frames")


def _numbered(parts: Parts, gives: tuple[int | None, ...] = ()) -> Iterator[Block]:
    """Examples of a dataset and frames by their numbers; of sequences each frame, through all of them."""
    first = 0
    for images, mapping in parts:
        each = images.shape[1] if gives else 1
        numbers = first * each + np.arange(len(images) * each)
        yield Block(images, mapping, numbers.reshape(len(images), each) if gives else numbers, len(images))
        first += len(images)


def _of_dataset(run: Run, source: str) -> Parts:
    examples = open_dataset(source, inputs=run.record["training"]["inputs"])
    size = max(1, min(BLOCK, BLOCK_BYTES // max(1, 4 * int(np.prod(examples.input_shape)))))
    for start in range(0, len(examples), size):
        images, _ = examples.numpy(np.arange(start, min(start + size, len(examples))))
        yield images, FrameMap((1.0, 1.0), (0.0, 0.0))


def _of_frames(source: Source, section: InputSection) -> Parts:
    for frames in batched_frames(source, BLOCK, BLOCK_BYTES):
        yield prepare(frames, section)


def _is_dataset(source: Source) -> bool:
    if isinstance(source, np.ndarray):
        return False
    name = str(source)
    return "://" in name or name.rstrip("/").endswith((".zarr", ".json")) or (Path(name).is_dir() and is_dataset(name))
