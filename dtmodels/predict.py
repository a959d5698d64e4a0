"""A trained network on measured frames."""

from collections.abc import Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dtmodels.configuration import InputSection, validated
from dtmodels.data import is_dataset, open_dataset
from dtmodels.errors import RunError, SourceError
from dtmodels.evaluate import predict_in_batches
from dtmodels.examples import Field, fits
from dtmodels.frames import FrameMap, prepare
from dtmodels.io import Source, batched_frames
from dtmodels.run import Run, open_run

Array = np.ndarray[Any, Any]
BLOCK = 64


def predict(
    run: Run | str | PathLike[str],
    source: Source,
    *,
    input: Mapping[str, Any] | None = None,
    batch_size: int = 256,
) -> pd.DataFrame:
    """What a network says of each frame of a video, TIFF stack, folder, npy, npz, array or zarr dataset.

    A table with trackpy's columns: ``frame``, positions ``y`` and ``x`` in pixels of the frame, then what else the
    network gives. The frames are brought to the network's input as the run's ``input:`` says, or ``input`` here; the
    images of a dataset are taken as they are. An array is (y, x), (frame, y, x) or (frame, y, x, channel).

    RunError when the network gives no numbers per frame; SourceError when frames cannot be read or do not fit.
    """
    opened = open_run(run)
    gives = tuple(opened.model.outputs[0].shape[1:])
    if len(gives) != 1:
        raise RunError(f"{opened.directory}: the network gives {gives} per image; a table takes one row of numbers")
    section = opened.input if input is None else validated(InputSection, input, "input")
    tables, first = [], 0
    for images, mapping in _blocks(opened, source, section):
        _check(opened, images)
        outputs = predict_in_batches(opened.model, images, batch_size)
        tables.append(_table(opened.fields, outputs, mapping, first))
        first += len(images)
    if not tables:
        raise SourceError(f"{source}: holds no frames")
    return pd.concat(tables, ignore_index=True)


def _blocks(run: Run, source: Source, section: InputSection) -> Iterator[tuple[Array, FrameMap]]:
    if not isinstance(source, np.ndarray) and _looks_like_zarr(str(source)):
        examples = open_dataset(source, inputs=run.record["training"]["inputs"])
        for start in range(0, len(examples), BLOCK):
            images, _ = examples.numpy(np.arange(start, min(start + BLOCK, len(examples))))
            yield images, FrameMap((1.0, 1.0), (0.0, 0.0))
        return
    for frames in batched_frames(source, BLOCK):
        yield prepare(frames, section)


def _looks_like_zarr(source: str) -> bool:
    if "://" in source or source.rstrip("/").endswith((".zarr", ".json")):
        return True
    return Path(source).is_dir() and is_dataset(source)


def _check(run: Run, images: Array) -> None:
    takes = tuple(run.model.inputs[0].shape[1:])
    if not fits(takes, images.shape[1:]):
        raise SourceError(
            f"frames become {images.shape[1:]} after `input:`, the network takes {takes}: set grey, crop, resize"
        )
    if not np.isfinite(images).all():
        raise SourceError("frames hold values that are not finite")


def _table(fields: tuple[Field, ...], outputs: Array, mapping: FrameMap, first: int) -> pd.DataFrame:
    columns: dict[str, Array] = {"frame": np.arange(first, first + len(outputs))}
    position = 0
    for item in fields:
        for name in item.columns():
            values = outputs[:, position].astype(np.float64)
            columns[name] = _in_frame(values, name, item, mapping)
            position += 1
    ordered = [name for name in ("frame", "y", "x") if name in columns]
    return pd.DataFrame(columns)[[*ordered, *(name for name in columns if name not in ordered)]]


def _in_frame(values: Array, name: str, item: Field, mapping: FrameMap) -> Array:
    if item.kind != "points" or name not in ("y", "x"):
        return values
    return mapping.to_frame(values, ("y", "x").index(name))
