"""What was found on measured frames: tables and stacks under ``results/``, with what there is to tell of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from studio.applying.frames import length_of
from studio.browsing import pictures
from studio.errors import StudioError
from studio.running.places import results_of

Array = np.ndarray[Any, Any]
TRAIL = 30  # frames of a track that are drawn behind it
ROWS = 20_000  # of a table that are shown on the page


@dataclass(frozen=True, eq=False)
class Result:
    """A table (one row per frame or per particle) or a stack of images; ``name`` is that of the run or method."""

    name: str
    path: Path
    columns: tuple[str, ...] = ()
    values: Array | None = None  # (row, column), float
    stack: Array | None = None  # (frame, y, x), or with channels
    frames: int | None = None  # of what it was found in, where that is known

    @property
    def is_table(self) -> bool:
        return self.values is not None

    def column(self, name: str) -> Array:
        """One column; empty where there is none."""
        if self.values is None or name not in self.columns:
            return np.empty(0)
        return np.asarray(self.values[:, self.columns.index(name)])

    @property
    def has_places(self) -> bool:
        return {"y", "x", "frame"} <= set(self.columns)

    @property
    def has_tracks(self) -> bool:
        return self.has_places and "particle" in self.columns

    @cached_property
    def _rows_of(self) -> dict[int, Array]:
        numbers = self.column("frame").astype(int)
        order = np.argsort(numbers, kind="stable")
        found, first = np.unique(numbers[order], return_index=True)
        return dict(zip(found.tolist(), np.split(order, first[1:]), strict=True)) if len(found) else {}

    def places(self, frame: int) -> Array:
        """What was found in a frame: (particle, 2), y and x in pixels."""
        if self.values is None or not self.has_places:
            return np.empty((0, 2))
        rows = self._rows_of.get(frame, np.empty(0, int))
        return np.stack([self.column("y")[rows], self.column("x")[rows]], axis=1)

    def counts(self) -> tuple[Array, Array]:
        """Frames, and how many were found in each, or what a counting network says.

        Frames without a row hold nothing; a place that is not finite was not found. Where the number of frames is not known,
        they end with the last row.
        """
        if "count" in self.columns:
            return self.column("frame"), self.column("count")
        if "frame" not in self.columns:
            return np.empty(0), np.empty(0)
        numbers = self.column("frame").astype(int)
        places = [self.column(name) for name in ("y", "x") if name in self.columns]
        found = numbers[np.isfinite(places).all(axis=0)] if places else numbers
        length = max(self.frames or 0, int(numbers.max(initial=-1)) + 1)
        return np.arange(length, dtype=float), np.bincount(found, minlength=length).astype(float)

    @cached_property
    def _tracks(self) -> dict[int, Array]:
        """Rows of each track in the order of its frames; one for all where each frame holds one place."""
        if not self.has_places:
            return {}
        frame = self.column("frame")
        if not self.has_tracks:
            single = bool(self._rows_of) and all(len(rows) == 1 for rows in self._rows_of.values())
            return {0: np.argsort(frame, kind="stable")} if single else {}
        particle = self.column("particle").astype(int)
        order = np.lexsort((frame, particle))
        found, first = np.unique(particle[order], return_index=True)
        return dict(zip(found.tolist(), np.split(order, first[1:]), strict=True))

    def tracks(self) -> int:
        """How many tracks there are."""
        return len(self._tracks)

    def trails(self, frame: int, colour: str, width: float) -> str:
        """The last frames of the tracks that are there in this frame, as SVG."""
        text = ""
        frames, y, x = (self.column(name) for name in ("frame", "y", "x"))
        here = (
            set(self.column("particle")[self._rows_of.get(frame, np.empty(0, int))].astype(int))
            if self.has_tracks
            else {0}
        )
        for number in here & self._tracks.keys():
            rows = self._tracks[number]
            seen = rows[(frames[rows] <= frame) & (frames[rows] > frame - TRAIL)]
            if len(seen) > 1:
                text += pictures.polyline(np.stack([y[seen], x[seen]], axis=1), colour, width)
        return text

    def numbers(self) -> dict[str, str]:
        """What there is to compare: frames, found, mean count, and of one particle its spread and its largest step."""
        if self.stack is not None:
            return {"frames": f"{len(self.stack):,}", "gives": "images"}
        frames, counts = self.counts()
        told = {
            "frames": f"{len(frames):,}",
            "found": f"{int(np.nansum(counts)):,}",
            "per frame": f"{_mean(counts):.3g}",
        }
        if self.has_tracks:
            told["tracks"] = f"{self.tracks():,}"
        if self.has_places and len(self._tracks) == 1:
            [rows] = self._tracks.values()
            y, x = self.column("y")[rows], self.column("x")[rows]
            steps = np.hypot(np.diff(y), np.diff(x))
            if np.isfinite(x + y).any():
                told |= {"std x (px)": f"{np.nanstd(x):.3f}", "std y (px)": f"{np.nanstd(y):.3f}"}
            told["largest step (px)"] = f"{np.nanmax(steps):.2f}" if np.isfinite(steps).any() else "-"
        return told

    def rows(self, first: int, count: int) -> list[dict[str, str]]:
        """Some rows as text."""
        if self.values is None:
            return []
        part = self.values[first : first + count]
        return [{name: _text(row[k]) for k, name in enumerate(self.columns)} for row in part]


def results(project: Path, measured: str) -> list[str]:
    """The results there are for measured frames, relative to the project."""
    folder = project / results_of(measured)
    found = [path for path in folder.glob("*") if path.suffix in (".csv", ".tif") and not path.name.startswith(".")]
    return [path.relative_to(project).as_posix() for path in sorted(found)]


def result(path: Path) -> Result:
    """One result; StudioError where it cannot be read."""
    try:
        found = path.stat()
        return _result(path, found.st_mtime_ns, length_of(path.parent.parent.parent, path.parent.name))
    except (OSError, ValueError) as error:
        raise StudioError(f"{path.name}: cannot be read: {error}") from None


@lru_cache(maxsize=16)
def _result(path: Path, stamp: int, frames: int | None) -> Result:
    if path.suffix == ".tif":
        import tifffile  # noqa: PLC0415

        stack = np.asarray(tifffile.imread(path))
        return Result(path.stem, path, stack=stack[None] if stack.ndim == 2 else stack)
    import pandas as pd  # noqa: PLC0415  (slow to import)

    table = pd.read_csv(path)
    # Columns of a table without rows have no type.
    columns = tuple(str(name) for name in table.columns if table[name].dtype.kind in "iufb" or table.empty)
    return Result(path.stem, path, columns, table[list(columns)].to_numpy(float), frames=frames)


def differences(one: Result, other: Result) -> dict[str, str]:
    """How far two results lie apart, where both hold one place in each frame: mean distance and mean offset in pixels."""
    if not (one.has_places and other.has_places):
        return {}
    shared = sorted(one._rows_of.keys() & other._rows_of.keys())
    pairs = [(one.places(k)[0], other.places(k)[0]) for k in shared if len(one.places(k)) == len(other.places(k)) == 1]
    if not pairs:
        return {}
    apart = np.array([a - b for a, b in pairs])
    return {
        "mean distance (px)": f"{np.nanmean(np.hypot(*apart.T)):.3f}",
        "mean offset y, x (px)": f"{np.nanmean(apart[:, 0]):+.3f}, {np.nanmean(apart[:, 1]):+.3f}",
    }


def _mean(values: Array) -> float:
    return float(np.nanmean(values)) if len(values) else 0.0


def _text(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.0f}" if value == int(value) and abs(value) < 1e9 else f"{value:.4f}"
