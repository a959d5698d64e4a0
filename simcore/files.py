"""Files and datasets that a recipe names: found by path, held to their SHA-256 or identity, read without pickles."""

from __future__ import annotations

import glob
import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from simcore.errors import DatasetError, RecipeError, StorageError
from simcore.streams import Array

READ = 1 << 20


def checked(label: str, paths: tuple[str, ...], known: str | None, thorough: bool = False) -> str:
    """Return the SHA-256 of the files together, or the identity of a dataset; RecipeError if missing or not ``known``.

    ``thorough``: of a dataset the commit record is looked through too.
    """
    dataset = len(paths) == 1 and is_dataset(paths[0])
    found = _identity(label, paths[0], thorough) if dataset else _files_sha256(label, paths)
    if known is not None and known != found:
        what = "identity" if dataset else "SHA-256"
        raise RecipeError(
            f"{label}: {paths[0]}{' ...' * (len(paths) > 1)} has changed: its {what} is {found}, the recipe says {known}"
        )
    return found


def _files_sha256(label: str, paths: tuple[str, ...]) -> str:
    return _together(tuple((path, *_stamp(label, path)) for path in paths))


def is_dataset(path: str) -> bool:
    """Whether a path leads to a dataset rather than to a file."""
    return "://" in path or (Path(path) / "zarr.json").is_file()


def _identity(label: str, path: str, thorough: bool) -> str:
    from simcore import datasets  # noqa: PLC0415  (slow to import)

    try:
        return datasets.identity(datasets.open_dataset(path), thorough)
    except (DatasetError, StorageError) as error:
        raise RecipeError(f"{label}: {error}") from None


def matching(label: str, pattern: str) -> tuple[str, ...]:
    """Return the files that a pattern such as "images/*.tif" matches, in the order of their names."""
    found = tuple(sorted(glob.glob(pattern, recursive=True)))  # noqa: PTH207  (patterns may be absolute)
    if not found:
        raise RecipeError(f"{label}: no file matches {pattern!r}")
    return found


def _stamp(label: str, path: str) -> tuple[int, int]:
    try:
        status = Path(path).stat()
    except OSError as error:
        raise RecipeError(f"{label}: {path}: {error.strerror or error}") from None
    return status.st_mtime_ns, status.st_size


@lru_cache(maxsize=256)
def _together(stamps: tuple[tuple[str, int, int], ...]) -> str:
    digest = hashlib.sha256()
    for path, _, _ in stamps:
        one = digest if len(stamps) == 1 else hashlib.sha256()
        with Path(path).open("rb") as file:
            while part := file.read(READ):
                one.update(part)
        if one is not digest:
            digest.update(one.digest())
    return digest.hexdigest()


def load_array(label: str, path: str, field: str | None, sha256: str, whole: bool = False) -> Any:
    """Return an array of an .npy file (mapped), of an .npz file (``field``), of the pages of a TIFF file or of a dataset.

    What a dataset gives is read when it is indexed, unless the ``whole`` is asked for.
    """
    try:
        return _load_whole(path, field, sha256) if whole else _load(path, field, sha256)
    except KeyError:
        raise RecipeError(f"{label}: {path} holds no array {field!r}; it holds {', '.join(_fields(path))}") from None
    except (DatasetError, StorageError) as error:
        raise RecipeError(f"{label}: {error}") from None
    except (OSError, ValueError) as error:
        raise RecipeError(f"{label}: {path}: {error}") from None


@lru_cache(maxsize=64)
def _load_whole(path: str, field: str | None, sha256: str) -> Array:
    return np.asarray(_load(path, field, sha256)[:])


@lru_cache(maxsize=64)
def _load(path: str, field: str | None, sha256: str) -> Any:
    if is_dataset(path):
        from simcore import datasets  # noqa: PLC0415  (slow to import)

        return datasets.StoredArray(datasets.open_dataset(path), str(field))
    suffix = Path(path).suffix.lower()
    if suffix == ".npy":
        return np.load(path, mmap_mode="r", allow_pickle=False)
    if suffix == ".npz":
        with np.load(path, allow_pickle=False) as arrays:
            return arrays[str(field)]
    return read_picture(path)


def _fields(path: str) -> list[str]:
    with np.load(path, allow_pickle=False) as arrays:
        return list(arrays.files)


def read_picture(path: str) -> Any:
    """Return an image file, or the pages of a TIFF, as an array."""
    if Path(path).suffix.lower() in (".tif", ".tiff"):
        import tifffile  # noqa: PLC0415  (slow to import)

        return tifffile.imread(path)
    import imageio.v3  # noqa: PLC0415  (as above)

    return imageio.v3.imread(path)
