"""Datasets and views opened; views kept as small files, as FORMAT.md describes them."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from simcore.datasets import dataset as datasets
from simcore.datasets.dataset import Dataset, attributes_of
from simcore.datasets.storage import open_storage
from simcore.datasets.views import VIEW_FORMAT, Member, View, view_identity, view_of
from simcore.errors import DatasetError, ParameterError, StorageError

Openable = str | os.PathLike[str] | Dataset | View
SUFFIX = ".json"
_SEEN = ("units", "kind", "axes", "columns", "scale_factor", "add_offset")  # what gives numbers their meaning


def open_dataset(path: Openable) -> View:
    """Open a sealed dataset, or a view (a file that ends in ``.json``), to read from it.

    Args:
        path: a local path or a URL.

    Raises:
        DatasetError: nothing there, not sealed, or a view whose datasets are not what they were when it was made.
        StorageError: the disk or the object store refused.

    """
    if isinstance(path, View):
        return path
    if isinstance(path, Dataset):
        return view_of(path)
    text = os.fspath(path)
    return _open_view(text) if text.endswith(SUFFIX) else view_of(datasets.open_dataset(text))


def save_view(view: View, path: str | os.PathLike[str], *, overwrite: bool = False) -> View:
    """Keep a view as a small file: its datasets by relative path or URL, with their identities."""
    text = os.fspath(path)
    if not text.endswith(SUFFIX):
        raise ParameterError(f"path of a view: {text!r}; must end in {SUFFIX}")
    folder, name = _split(text)
    if "://" not in folder and not Path(folder).is_dir():
        raise StorageError(f"{text}: no such folder: {folder}")
    members = [_written(member, folder) for member in view.members]
    document: dict[str, Any] = {"format": VIEW_FORMAT, "members": members, "identity": _identity(members)}
    if view.condition is not None:
        document["condition"] = view.condition
    data, storage = json.dumps(document, ensure_ascii=False).encode(), open_storage(folder)
    if overwrite:
        storage.put(name, data)
    elif not storage.put_new(name, data):
        raise DatasetError(f"{text}: something lies there already; choose another path, or say overwrite")
    return attrs.evolve(view, path=text if "://" in text else str(Path(text).absolute()))


def _open_view(path: str) -> View:
    folder, name = _split(path)
    data = open_storage(folder).get(name)
    if data is None:
        raise DatasetError(f"{path}: no view there")
    try:
        document = json.loads(data)
        members, condition = document["members"], document.get("condition")
        if document["format"] != VIEW_FORMAT:
            raise DatasetError(f"{path}: its format is {document['format']!r}; this version reads {VIEW_FORMAT!r}")
        if _identity(members) != document["identity"] or not members:
            raise DatasetError(f"{path}: the view was changed (its identity does not fit)")
        opened = tuple(_opened(member, folder, path) for member in members)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DatasetError(f"{path}: not a view of datasets") from error
    for member in opened:
        refuse_other_arrays(opened[0].dataset, member.dataset)
    return View(opened, path if "://" in path else str(Path(path).absolute()), condition and str(condition))


def _opened(member: dict[str, Any], folder: str, path: str) -> Member:
    where = str(member["path"])
    if Path(where).is_absolute() and "://" not in where:
        raise DatasetError(f"{path}: names {where!r}; members are relative paths or URLs")
    dataset = datasets.open_dataset(where if "://" in where else _joined(folder, where))
    if dataset.identity is None or dataset.identity != member["identity"]:
        raise DatasetError(f"{dataset.path}: is no longer the dataset that {path} was made from: identity "
                           f"{str(dataset.identity)[:12]}, was {str(member['identity'])[:12]}")  # fmt: skip
    view_of(dataset)
    ranges = np.asarray(member["examples"])
    if not _ascend(ranges, len(dataset)):
        raise DatasetError(f"{path}: its ranges do not ascend within the {len(dataset)} examples of {dataset.path}")
    return Member(dataset, ranges.astype(np.int64))


def _ascend(ranges: np.ndarray, count: int) -> bool:
    if ranges.dtype.kind != "i" or ranges.ndim != 2 or ranges.shape[1] != 2 or not len(ranges):
        return False
    inside = ranges[0, 0] >= 0 and ranges[-1, 1] <= count
    return bool(inside and (np.diff(ranges.ravel()) >= 0).all() and (ranges[:, 0] < ranges[:, 1]).all())


def _written(member: Member, folder: str) -> dict[str, Any]:
    path, base = member.dataset.path, folder.rstrip("/") + "/"
    if "://" in folder:
        if "://" not in path:
            raise DatasetError(f"{path}: lies on this machine; a view at a URL cannot name it")
        path = path.removeprefix(base)
    elif "://" not in path:
        path = Path(os.path.relpath(path, folder)).as_posix()
    return {"path": path, "identity": member.dataset.identity, "examples": member.ranges.tolist()}


def _identity(members: Sequence[dict[str, Any]]) -> str:
    return view_identity([(str(member["identity"]), member["examples"]) for member in members])


def _split(path: str) -> tuple[str, str]:
    if "://" in path:
        folder, _, name = path.rpartition("/")
        return folder, name
    return str(Path(path).absolute().parent), Path(path).name


def _joined(folder: str, path: str) -> str:
    return f"{folder}/{path}" if "://" in folder else os.path.normpath(Path(folder) / path)


def refuse_other_arrays(first: Dataset, other: Dataset) -> None:
    """Refuse, with DatasetError, two datasets whose arrays differ in name, shape, dtype or meaning."""
    if other is first:
        return
    if set(first.arrays) != set(other.arrays):
        differing = ", ".join(sorted(set(first.arrays) ^ set(other.arrays)))
        raise DatasetError(f"{other.path} and {first.path} do not go together: only one of them holds {differing}")
    for name in first.arrays:
        ours, theirs = ((d[name].shape[1:], str(d[name].dtype)) for d in (first, other))
        if ours != theirs:
            raise DatasetError(f"{other.path} and {first.path} do not go together: {name} is {theirs[1]} {theirs[0]}, "
                               f"and {ours[1]} {ours[0]}")  # fmt: skip
        meanings = [{key: attributes_of(d[name]).get(key) for key in _SEEN} for d in (first, other)]
        if meanings[0] != meanings[1]:
            key = next(key for key in _SEEN if meanings[0][key] != meanings[1][key])
            raise DatasetError(f"{other.path} and {first.path} do not go together: {key} of {name} is "
                               f"{meanings[1][key]!r}, and {meanings[0][key]!r}")  # fmt: skip
