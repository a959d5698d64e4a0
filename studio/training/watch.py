"""What a network said of watched frames while it was trained, epoch by epoch; and frames to watch, taken from a dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import yaml

import simcore as sc
from simcore.errors import SimcoreError
from studio.applying.frames import frames
from studio.applying.results import Result, result
from studio.browsing import pictures
from studio.errors import StudioError
from studio.training.runs import TRAINING, WATCH, Run

Array = np.ndarray[Any, Any]
COUNT = 16


def said(run: Run, epoch: int) -> Result:
    """What it said after an epoch."""
    stem = run.folder / WATCH / f"epoch_{epoch:05d}"
    for ending in (".csv", ".tif"):
        if stem.with_suffix(ending).is_file():
            return result(stem.with_suffix(ending))
    raise StudioError(f"{run.path}: nothing was watched after epoch {epoch}")


def frames_watched(run: Run, project: Path) -> Path:
    """The file that was watched."""
    try:
        section = yaml.safe_load((run.folder / TRAINING).read_text(encoding="utf-8"))["fit"]["watch"]
        return project / section["frames"]
    except (OSError, KeyError, TypeError, yaml.YAMLError):
        raise StudioError(f"{run.path}: no frames were watched in this training") from None


def sheet(run: Run, project: Path, epoch: int, count: int = COUNT) -> list[str]:
    """The watched frames, with what the network said after an epoch drawn over them, and the truth where it is known."""
    path = frames_watched(run, project)
    held, found = frames(path), said(run, epoch)
    truth = _truth(path)
    made = []
    for k in range(min(count, len(held))):
        scale = max(held.shape) / 64
        overlay = ""
        if truth is not None and k < len(truth):
            overlay += pictures.crosses(truth[k], 2.2 * scale, pictures.TRUTH, 0.7 * scale)
        if found.stack is not None and k < len(found.stack):
            overlay += pictures.layer(pictures.labels(_shown(found.stack[k])))
        elif found.has_places:
            overlay += pictures.circles(found.places(k), 3 * scale, pictures.FOUND, 0.8 * scale)
        made.append(pictures.figure(held.pixels(k), overlay, f"frame {k}, after epoch {epoch}"))
    return made


def take(project: Path, dataset: str, image: str, points: str | None, count: int = COUNT) -> str:
    """Write the last examples of a dataset as frames to watch, of the validation part, with their true places beside."""
    name = Path(dataset).name.removesuffix(".zarr")
    out = project / ".studio" / "watch" / f"{name}-{image}.npy"
    try:
        view = sc.open_dataset(project / dataset)
        first = max(0, len(view) - count)
        out.parent.mkdir(parents=True, exist_ok=True)
        np.save(out, np.asarray(view[image][first:]))
        if points and points in view.arrays and view[points].attributes.get("kind") == "points":
            places = np.asarray(view[points][first:], float)
            np.save(_beside(out), places.reshape(len(places), -1, places.shape[-1])[..., -2:])
        else:
            _beside(out).unlink(missing_ok=True)
    except (SimcoreError, OSError) as error:
        raise StudioError(f"{dataset}: examples to watch cannot be taken: {error}") from None
    return out.relative_to(project).as_posix()


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.stem}.places.npy")


def _truth(path: Path) -> Array | None:
    try:
        return np.asarray(np.load(_beside(path), allow_pickle=False))
    except (OSError, ValueError):
        return None


def _shown(image: Array) -> Array:
    # Stacks have their channels before y and x.
    one = image[0] if image.ndim == 3 and image.shape[0] <= 4 else image
    return np.asarray(one != 0 if one.dtype == np.uint8 else one)
