"""A dataset to look at: facts, a page of examples with their truths, histograms; read through simcore's own reader."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

import simcore as sc
from simcore.datasets import describe, open_dataset
from simcore.errors import SimcoreError
from studio.browsing import pictures
from studio.errors import StudioError
from studio.running.progress import size

Array = np.ndarray[Any, Any]
DRAWN = ("points", "boxes", "mask")
NUMBERS = ("property", "points", "table")
BINS, MOST = 40, 100_000
MOVIE = 5  # axes: example, frame, y, x, channel
AT_ONCE = 16 * 2**20  # bytes of movies that are read at a time


@dataclass(frozen=True)
class Row:
    """A dataset in the list: ``state`` is complete, incomplete or broken; ``note`` says why it is broken."""

    path: str
    state: str
    examples: int = 0
    bytes: int = 0
    seed: str = ""
    split: str = ""
    arrays: tuple[str, ...] = ()
    note: str = ""


def row(project: Path, path: str) -> Row:
    """What the list says of a dataset; never raises."""
    try:
        dataset = open_dataset(project / path)
        metadata = dataset.metadata
        stored = sum(each["stored"] for each in describe(dataset)[1]) if dataset.complete else 0
    except (SimcoreError, OSError) as error:
        return Row(path, "broken", note=str(error))
    state = "complete" if dataset.complete else "incomplete"
    facts = (len(dataset), stored, str(metadata["seed"]), metadata["split"] or "", dataset.arrays)
    return Row(path, state, *facts)


class Browser:
    """A sealed dataset, opened. StudioError where it cannot be, or is no longer there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._open()

    def _open(self) -> None:
        self._stamp = stamp(self.path)
        try:
            self.view = sc.open_dataset(self.path)
        except (SimcoreError, OSError) as error:
            raise StudioError(str(error)) from None

    def _check(self) -> None:
        """Open it again where it was extended. Of one that has vanished zarr reads zeros, so that must be seen before."""
        found = stamp(self.path)
        if not found:
            raise StudioError(f"{self.path.name}: cannot be read, it is no longer there")
        if found != self._stamp:
            self._open()

    def __len__(self) -> int:
        return len(self.view)

    @property
    def facts(self) -> dict[str, str]:
        """What ``simcore info`` says."""
        try:
            facts, arrays = describe(self.view.members[0].dataset)
        except (SimcoreError, OSError) as error:
            raise StudioError(str(error)) from None
        return facts | {"size": size(sum(each["stored"] for each in arrays))}

    @property
    def arrays(self) -> list[dict[str, Any]]:
        """Name, axes, shape, dtype, units and bytes of each array."""
        return describe(self.view.members[0].dataset)[1]

    @property
    def images(self) -> list[str]:
        """Arrays that can be shown as pictures, masks last."""
        found = [name for name in self.view.arrays if self.view[name].is_picture]
        return sorted(found, key=lambda name: self._kind(name) == "mask")

    @property
    def drawn(self) -> list[str]:
        """Arrays that can be drawn over a picture: points, boxes, masks."""
        return [name for name in self.view.arrays if self._kind(name) in DRAWN and not name.endswith("_count")]

    @property
    def properties(self) -> list[str]:
        """Stored numbers, one of each example."""
        return [name for name in self.view.arrays if self._kind(name) == "property" and self.view[name].ndim == 1]

    @property
    def counted(self) -> list[str]:
        """Arrays of numbers, of which there are histograms."""
        return [name for name in self.view.arrays if self._kind(name) in NUMBERS]

    def _kind(self, name: str) -> str:
        return str(self.view[name].attributes.get("kind", ""))

    def page(self, first: int, count: int, image: str, drawn: list[str] | None = None, frame: int = 0) -> list[str]:
        """Examples ``first`` .. as SVG, with what is drawn over them; StudioError where the dataset has vanished."""
        self._check()
        first = max(0, min(first, len(self) - 1))
        stop = min(len(self), first + count)
        try:
            images = self._still(image, first, stop, frame)
            truths = {name: self._still(name, first, stop, frame) for name in drawn or [] if name != image}
        except (SimcoreError, OSError) as error:
            raise StudioError(f"{self.path.name}: examples {first} to {stop - 1} cannot be read: {error}") from None
        bounds = pictures.limits(np.abs(images) if np.iscomplexobj(images) else images)
        if images.dtype.kind in "bi" and self._kind(image) == "mask":
            return [
                pictures.figure(
                    pictures.labels(each), self._overlay(truths, k, each.shape, frame), f"example {first + k}"
                )
                for k, each in enumerate(images)
            ]
        return [
            pictures.figure(
                pictures.grey(each, *bounds), self._overlay(truths, k, each.shape, frame), f"example {first + k}"
            )
            for k, each in enumerate(images)
        ]

    def _still(self, name: str, first: int, stop: int, frame: int) -> Array:
        """Examples of an array, of movies one frame alone; read some at a time, for movies are large."""
        array = self.view[name]
        if array.ndim != MOVIE:
            return np.asarray(array[first:stop])
        step = max(1, AT_ONCE // max(1, array.example_bytes))
        frame = min(frame, array.shape[1] - 1)
        read = (array[low : min(low + step, stop)][:, frame].copy() for low in range(first, stop, step))
        return np.concatenate(list(read))

    def numbers(self, place: int) -> list[tuple[str, str]]:
        """All stored numbers of one example, by name, as text with units."""
        self._check()
        told = []
        for name in self.view.arrays:
            array = self.view[name]
            if array.is_picture:
                continue
            try:
                values = np.asarray(array[place])
            except (SimcoreError, OSError) as error:
                raise StudioError(f"{self.path.name}: example {place} cannot be read: {error}") from None
            unit = str(array.attributes.get("units", "1"))
            told.append((name, f"{_text(values)}{'' if unit == '1' else f' {unit}'}"))
        return told

    def _overlay(self, truths: dict[str, Array], k: int, shape: tuple[int, ...], frame: int) -> str:
        text, scale = "", max(shape[:2]) / 64
        for number, (name, values) in enumerate(truths.items()):
            attributes, found = self.view[name].attributes, values[k]
            if "frame" in self.view[name].dimensions and self.view[name].ndim != MOVIE:
                found = found[min(frame, len(found) - 1)]
            kind = attributes.get("kind")
            colour = (pictures.TRUTH, *pictures.COLOURS)[number % 7]
            if kind == "mask":
                text += pictures.layer(pictures.labels(found))
            elif attributes.get("frame", list(shape[:2])) != list(shape[:2]):
                continue  # counted in pixels of another image
            elif kind == "points":
                text += pictures.circles(found.reshape(-1, found.shape[-1])[:, -2:], 3 * scale, colour, 0.7 * scale)
            elif kind == "boxes":
                text += pictures.boxes(found.reshape(-1, 4), colour, 0.7 * scale)
        return text


@dataclass(frozen=True, eq=False)
class Histogram:
    """The values of one number over all examples, or over ``MOST`` of them spread evenly."""

    name: str
    units: str
    edges: Array
    counts: Array
    mean: float


@lru_cache(maxsize=256)
def spread(path: Path, stamp: float, name: str) -> tuple[Histogram, ...]:
    """Histograms of an array of numbers: one for a property, one for each coordinate or column.

    ``stamp`` is when the dataset was last written, so that each is counted once.
    """
    try:
        array = sc.open_dataset(path)[name]
        step = max(1, len(array) // MOST)
        values = np.asarray(array[:] if step == 1 else array[::step])
    except (SimcoreError, OSError) as error:
        raise StudioError(str(error)) from None
    labels = array.labels
    columns = values.reshape(-1, values.shape[-1]).T if labels else values.reshape(1, -1)
    names = [f"{name} {label}" for label in labels] or [name]
    units = str(array.attributes.get("units", "1")).split(", ")
    units = units if len(units) == len(names) else units[:1] * len(names)
    return tuple(_histogram(*each) for each in zip(names, units, columns, strict=True))


def _histogram(name: str, units: str, values: Array) -> Histogram:
    finite = values[np.isfinite(values)].astype(np.float64)
    if not finite.size:
        return Histogram(name, "", np.array([0.0, 1.0]), np.array([0]), float("nan"))
    low, high = float(finite.min()), float(finite.max())
    whole = values.dtype.kind in "biu" and high - low < BINS
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            counts, found = np.histogram(finite, np.arange(low - 0.5, high + 1) if whole else BINS)
    except ValueError:  # so close together, or so far apart, that a float cannot say the edges of the bins
        margin, largest = 1e-6 * max(abs(low), abs(high)), np.finfo(np.float64).max
        counts, found = np.array([finite.size]), np.array([max(low - margin, -largest), min(high + margin, largest)])
    mean = float((finite / finite.size).sum())  # the sum of large ones is none that a float can say
    return Histogram(name, "" if units == "1" else units, found, counts, mean)


def stamp(path: Path) -> float:
    """When a dataset was last sealed or extended; 0 where it is not there."""
    try:
        return (path / "zarr.json").stat().st_mtime
    except OSError:
        return 0.0


def _text(values: Array) -> str:
    flat = values.ravel()
    if flat.size > 12:
        return f"{values.shape} numbers"
    return ", ".join("-" if isinstance(v, float) and np.isnan(v) else f"{v:.4g}" for v in flat.tolist())
