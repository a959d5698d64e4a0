"""A project: the folder in which all that is edited and made lies. The files on disk are the truth."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from studio.errors import ConflictError, OutsideError, ProjectError

RECIPE, TRAINING = "recipe.yaml", "training.yaml"
OWN = ".studio"  # what only the studio needs: jobs, locks, unsaved copies
PICTURES = (".png", ".tif", ".tiff", ".jpg", ".jpeg", ".bmp", ".npy", ".npz")
VIDEOS = (".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".gif")
LARGEST = 8 * 2**20  # bytes of a text file that is edited here


@dataclass(frozen=True)
class Text:
    """A file as it was read: ``digest`` is that of its bytes, None where there is no file yet."""

    text: str
    digest: str | None


class Project:
    """A project folder.

    Raises ProjectError if it is no folder or cannot be made.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder).resolve()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ProjectError(f"{folder}: {error.strerror or error}; a project is a folder") from None

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name or str(self.folder)

    @property
    def own(self) -> Path:
        """The folder of what only the studio needs, made when first asked for."""
        path = self.folder / OWN
        path.mkdir(exist_ok=True)
        return path

    def inside(self, path: str | Path) -> Path:
        """Return the absolute path of ``path``, which is relative to the project folder.

        Raises OutsideError if it leaves the folder, through ``..``, an absolute path or a symbolic link.
        """
        try:
            found = (self.folder / path).resolve()
        except (OSError, ValueError, RuntimeError) as error:
            raise OutsideError(f"{path}: no path: {error}") from None
        if found != self.folder and self.folder not in found.parents:
            raise OutsideError(f"{path}: lies outside the project folder")
        return found

    def relative(self, path: str | Path) -> str:
        """Return a path inside the project as it is called there."""
        return str(self.inside(path).relative_to(self.folder))

    # -- texts -----------------------------------------------------------------------------------------------------

    def read(self, name: str) -> Text:
        """Return a text file; without one, an empty text whose digest is None.

        Raises ProjectError if it cannot be read as text.
        """
        path = self.inside(name)
        try:
            if path.stat().st_size > LARGEST:
                raise ProjectError(f"{name}: larger than {LARGEST >> 20} MiB; such a file is not edited here")
            raw = path.read_bytes()
            return Text(raw.decode("utf-8"), hashlib.sha256(raw).hexdigest())
        except FileNotFoundError:
            return Text("", None)
        except OSError as error:
            raise ProjectError(f"{name}: {error.strerror or error}") from None
        except UnicodeDecodeError:
            raise ProjectError(f"{name}: not a text file") from None

    def write(self, name: str, text: str, based_on: str | None) -> str:
        """Write a text file whole or not at all, and return its digest.

        ``based_on`` is the digest of what the edit started from. Raises ConflictError, and writes nothing, if the file on
        disk is another one by now; ProjectError if the disk refuses.
        """
        path = self.inside(name)
        raw = text.encode("utf-8")
        try:
            with self._locked():
                found = self.read(name)
                if found.digest != based_on:
                    raise ConflictError(name, found.text)
                replace(path, raw)
        except OSError as error:
            raise ProjectError(f"{name}: not saved: {error.strerror or error}") from None
        return hashlib.sha256(raw).hexdigest()

    def write_beside(self, name: str, text: str) -> str:
        """Write a text under the first free name like ``name`` ("recipe-2.yaml") and return that name."""
        stem, ending = Path(name).stem, Path(name).suffix
        for number in range(2, 1000):
            free = f"{stem}-{number}{ending}"
            if not self.inside(free).exists():
                self.write(free, text, None)
                return free
        raise ProjectError(f"{name}: there are too many copies of it already")

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep a second studio from writing between our comparison and our writing."""
        with (self.own / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    # -- what lies in the folder -----------------------------------------------------------------------------------

    def recipes(self) -> list[str]:
        """Return the recipe files, ``recipe.yaml`` first."""
        return self._texts("simcore-recipe/", RECIPE)

    def trainings(self) -> list[str]:
        """Return the training files, ``training.yaml`` first."""
        return self._texts("dtmodels-training/", TRAINING)

    def datasets(self) -> list[str]:
        """Return the datasets (folders of zarr), also those one folder deeper."""
        found = [p.parent for pattern in ("*.zarr/zarr.json", "*/*.zarr/zarr.json") for p in self.folder.glob(pattern)]
        return self._names(found)

    def runs(self) -> list[str]:
        """Return the run directories of trainings."""
        found = {p.parent for pattern in ("*/history.csv", "*/*/history.csv") for p in self.folder.glob(pattern)}
        return self._names(found)

    def measured(self) -> list[str]:
        """Return measured images and videos: files of known endings, in the folder or one deeper."""
        wanted = (*PICTURES, *VIDEOS)
        found = [p for pattern in ("*", "*/*") for p in self.folder.glob(pattern)]
        return self._names(p for p in found if p.suffix.lower() in wanted and p.is_file())

    def _texts(self, form: str, first: str) -> list[str]:
        names = []
        for path in sorted(self.folder.glob("*.yaml")):
            with contextlib.suppress(OSError, UnicodeDecodeError, ProjectError):
                if path.name == first or f"format: {form}" in self.read(path.name).text:
                    names.append(path.name)
        return sorted(names, key=lambda name: (name != first, name))

    def _names(self, paths: object) -> list[str]:
        names = []
        for path in paths:  # type: ignore[attr-defined]
            with contextlib.suppress(OutsideError):
                name = self.relative(path)
                if not name.startswith("."):
                    names.append(name)
        return sorted(names)


def replace(path: Path, raw: bytes) -> None:
    """Write a file whole or not at all: beside it first, then renamed. Raises OSError."""
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
        Path(beside).chmod(mode)
        Path(beside).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(beside).unlink()
        raise


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
