"""Where an export comes to lie: written beside its place, then renamed into it; only older exports are replaced."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from simcore.errors import DatasetError, ParameterError, StorageError
from simcore.exports.selection import DESCRIPTION, FORMAT

HDF5 = b"\x89HDF\r\n\x1a\n"


@contextlib.contextmanager
def placed(out: str | os.PathLike[str], *, folder: bool, overwrite: bool) -> Iterator[Path]:
    """Give a path to write to; what lies there afterwards gets its name, unless something went wrong."""
    if "://" in os.fspath(out):
        raise ParameterError(f"out: {os.fspath(out)!r}; exports are written to local paths")
    place = Path(out).absolute()
    _refuse(place, folder=folder, overwrite=overwrite)
    partial = place.with_name(f".{place.name}.{secrets.token_hex(8)}.partial")
    try:
        if folder:
            partial.mkdir()
        yield partial
        _replace(partial, place)
    except OSError as error:
        raise StorageError(f"{out}: {error.strerror or error}; nothing was exported") from error
    finally:
        _remove(partial)


def _refuse(place: Path, *, folder: bool, overwrite: bool) -> None:
    if not place.parent.is_dir():
        raise StorageError(f"{place}: no such folder: {place.parent}")
    empty = place.is_dir() and not place.is_symlink() and not any(place.iterdir())
    if not os.path.lexists(place) or (empty and folder):
        return
    if not overwrite:
        raise DatasetError(f"{place}: something lies there already; choose another path, or say overwrite")
    if not _is_export(place, folder):
        raise DatasetError(f"{place}: is not such an export, and is not replaced; choose another path")


def _is_export(place: Path, folder: bool) -> bool:
    try:
        if folder:
            return not place.is_symlink() and json.loads((place / DESCRIPTION).read_bytes())["format"] == FORMAT
        with place.open("rb") as file:
            return not place.is_symlink() and file.read(len(HDF5)) == HDF5
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _replace(partial: Path, place: Path) -> None:
    if not place.is_dir():
        partial.replace(place)
        return
    old = place.with_name(f".{place.name}.{secrets.token_hex(8)}.old")
    place.rename(old)
    try:
        partial.rename(place)
    except OSError:
        old.rename(place)
        raise
    _remove(old)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
