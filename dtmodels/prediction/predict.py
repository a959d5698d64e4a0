"""A trained network on measured frames, in memory or into a file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dtmodels.configuration import InputSection, validated
from dtmodels.errors import ConfigurationError
from dtmodels.io import Source
from dtmodels.prediction.linking import check_linkable
from dtmodels.prediction.linking import link as linked
from dtmodels.prediction.network import Applied
from dtmodels.prediction.outputs import TABLES, OutputSection, chosen, names_in, one_by_one, pictures_of, table_of
from dtmodels.prediction.progress import Pace
from dtmodels.prediction.sampling import combined
from dtmodels.prediction.stream import blocks
from dtmodels.prediction.writing import check_suffix, write_pictures, write_table
from dtmodels.run import Run, open_run

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Written:
    """What ``predict_to`` wrote."""

    path: Path
    rows: int | None  # of a table; None for images and masks
    columns: tuple[str, ...]
    frames: int
    rate: float  # frames per second, reading and writing included

    def __str__(self) -> str:
        what = f"{self.frames} images" if self.rows is None else f"{self.rows} rows, {', '.join(self.columns)}"
        return f"{self.path}: {what}; {self.frames} frames, {self.rate:.3g} frames/s"


def predict(
    run: Run | str | PathLike[str],
    source: Source,
    *,
    output: str | None = None,
    threshold: float = 0.5,
    method: str = "components",
    radius: float = 3.0,
    minimal_area: int = 1,
    z: tuple[float, float] | None = None,
    link: float | None = None,
    memory: int = 0,
    input: Mapping[str, Any] | None = None,
    batch_size: int | None = None,
    dropout_draws: int | None = None,
) -> pd.DataFrame | Array:
    """What a network says of each frame of a video, TIFF stack, folder, npy, npz, array or zarr dataset.

    ``output`` is, by default as fits the target of the training:

    - "numbers": one row per frame with trackpy's columns, positions in pixels of the frame, then what else it gives;
    - "particles": one row per particle: ``frame``, ``y``, ``x``, of volumes ``z`` in um (between the two of ``z``, by default
      as the dataset said; else ``plane``), ``mass``, ``area``, ``signal``. ``method`` "components" takes connected regions above
      ``threshold`` of at least ``minimal_area`` pixels, "maxima" the local maxima above it, none brighter within ``radius`` px;
    - "counts": the integral of a density, one row per frame;
    - "masks" (above ``threshold``; of several channels the largest) and "images": an array (frame, y, x, channel).

    ``link`` (px, needs trackpy) adds the column ``particle``: steps of so many pixels at most, lost for up to ``memory`` frames.
    The frames are brought to the network's input as the run's ``input:`` says, or ``input`` here; larger ones than a
    network of images was trained on go through it in overlapping tiles. To a network of volumes the frames are the planes of one
    volume after the other, whose numbers then stand for ``frame``; one of sequences tells of each frame from those until then, or
    of each in one sequence after the other, as it was trained. The images of a dataset are taken as they are. An
    array is (y, x), (frame, y, x) or (frame, y, x, channel). ``batch_size`` counts images or tiles.

    A network that says variances, or with ``dropout_draws`` one that was trained with dropout and answers so many times, other
    units dropped each time, gives for each number also ``<name>_sigma``, the standard deviation; of images the mean is taken.

    RunError when the network gives neither numbers nor images; SourceError when frames cannot be read or do not fit;
    ConfigurationError for values out of range.
    """
    asked = _asked(output, threshold, method, radius, minimal_area, z)
    prediction = Prediction(run, asked, input, batch_size, link, dropout_draws)
    parts = list(prediction.parts(source, Pace()))
    if prediction.pictures:
        return np.concatenate(parts)
    return _linked(pd.concat(parts, ignore_index=True), link, memory)


def predict_to(
    path: str | PathLike[str],
    run: Run | str | PathLike[str],
    source: Source,
    *,
    output: str | None = None,
    threshold: float = 0.5,
    method: str = "components",
    radius: float = 3.0,
    minimal_area: int = 1,
    z: tuple[float, float] | None = None,
    link: float | None = None,
    memory: int = 0,
    input: Mapping[str, Any] | None = None,
    batch_size: int | None = None,
    dropout_draws: int | None = None,
    progress: bool = False,
) -> Written:
    """Write what ``predict`` returns to ``path``: a table as .csv, .parquet or "-" (printed), images and masks as .tif.

    Frames are read, and images written, block by block: memory does not grow with the movie, but for the table's rows.
    Masks are 0 and 255. With ``progress`` the frames done are shown on stderr. Raises as ``predict`` does;
    ConfigurationError for another ending, MissingPackageError for parquet without pyarrow.
    """
    asked, file = _asked(output, threshold, method, radius, minimal_area, z), Path(path)
    prediction = Prediction(run, asked, input, batch_size, link, dropout_draws)
    check_suffix(file, prediction.pictures)
    with Pace(progress) as pace:
        if prediction.pictures:
            write_pictures(file, prediction.parts(source, pace))
            return Written(file, None, (), pace.frames, pace.rate)
        table = _linked(pd.concat(prediction.parts(source, pace), ignore_index=True), link, memory)
        write_table(file, table)
    return Written(file, len(table), tuple(table.columns), pace.frames, pace.rate)


class Prediction:
    """A run, what shall be made of its output, and how frames are brought to it."""

    def __init__(
        self,
        run: Run | str | PathLike[str],
        asked: OutputSection,
        input: Mapping[str, Any] | None = None,
        batch_size: int | None = None,
        link: float | None = None,
        dropout_draws: int | None = None,
    ) -> None:
        self.run, self.asked = open_run(run), asked
        for name, value, least in (("batch_size", batch_size, 1), ("dropout_draws", dropout_draws, 2)):
            if value is not None and value < least:
                raise ConfigurationError(f"{name}: {value}; must be at least {least}")
        self.section = self.run.input if input is None else validated(InputSection, input, "input")
        self.kind = chosen(self.run, asked)
        self.pictures = self.kind not in TABLES
        if link is not None:
            check_linkable(self._columns(), link)
        self._network = Applied(self.run.model, self.section, batch_size, dropout_draws)

    def parts(self, source: Source, pace: Pace) -> Iterator[Any]:
        """Tables, or arrays (frame, y, x, channel), of one block of frames after the other."""
        for block in blocks(self.run, source, self.section):
            outputs, numbers = one_by_one(self._answer(block.images), block.frames, self.pictures)
            if self.pictures:
                yield pictures_of(self.kind, outputs, block.mapping, self.asked)
            else:
                table = table_of(self.kind, outputs, block.mapping, self.run, self.asked)
                table["frame"] = numbers[table["frame"]]
                yield table
            pace.add(block.read)

    def _answer(self, images: Array) -> Array:
        answers = self._network.answers(images)
        if len(answers) == 1:
            return answers[0]
        count = sum(len(names_in(item)) for item in self.run.fields)
        return combined(answers, count) if self.kind == "numbers" else np.mean(answers, axis=0)

    def _columns(self) -> list[str]:
        if self.kind == "particles":
            return ["y", "x"]
        return [name for item in self.run.fields for name in names_in(item)] if self.kind == "numbers" else []


def _asked(
    output: str | None, threshold: float, method: str, radius: float, minimal_area: int, z: tuple[float, float] | None
) -> OutputSection:
    values = {"output": output, "threshold": threshold, "method": method, "radius": radius}
    return validated(OutputSection, values | {"minimal_area": minimal_area, "z": z}, "predict")


def _linked(table: pd.DataFrame, search_range: float | None, memory: int) -> pd.DataFrame:
    return table if search_range is None else linked(table, search_range, memory)
