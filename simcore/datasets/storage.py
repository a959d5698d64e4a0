"""Objects that are there whole or not at all: a folder, or anything fsspec reaches."""

import contextlib
import errno
import os
import re
import secrets
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from simcore.errors import DatasetError, StorageError

READ_BACK = 1 << 20  # bytes at a time
DIRECT, PAGE = 1 << 20, 4096  # bytes: what is written past the cache, and what it must be a multiple of
AT_ONCE = 32  # requests to an object store, where many small objects are read
TEMPORARY = re.compile(r"\.[^/]+\.[0-9a-f]{16}\.partial")
_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the quota is used up",
    errno.EFBIG: "the file is larger than is allowed here",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.ENOENT: "no such folder",
    errno.EIO: "the disk failed (input/output error)",
}


class Storage(Protocol):
    """What a dataset needs of the place where it lies. Keys are relative, with ``/`` between their parts."""

    url: str

    def exists(self) -> bool:
        """Whether anything but leftovers of an interrupted start lies there."""

    def get(self, key: str) -> bytes | None:
        """The whole object, None where there is none."""

    def get_each(self, keys: Sequence[str]) -> list[bytes | None]:
        """Many small objects, each as `get` gives it."""

    def holds(self, key: str, data: bytes | memoryview) -> bool:
        """Whether the object is there and reads back as these bytes."""

    def put(self, key: str, data: bytes | memoryview) -> None:
        """Store an object whole and for good, in place of any older one."""

    def put_new(self, key: str, data: bytes) -> bool:
        """Store an object unless there is one; False where another was first."""

    def size(self, key: str) -> int:
        """Bytes of an object, 0 where there is none."""

    def sizes(self, folder: str) -> dict[str, int]:
        """Bytes of every object directly in a folder, by name, leftovers included."""

    def remove(self, key: str) -> None:
        """Delete an object; nothing happens where there is none."""


def open_storage(path: str | os.PathLike[str]) -> Storage:
    """The storage at a local path or at an fsspec URL (``s3://``, ``gs://``, ``memory://``)."""
    text = os.fspath(path)
    if not text:
        raise DatasetError("the path of the dataset is empty")
    return ObjectStore(text) if "://" in text else Folder(text)


@contextlib.contextmanager
def _storage_errors(url: str, action: str) -> Iterator[None]:
    try:
        yield
    except StorageError:
        raise
    except OSError as error:
        reason = _REASONS.get(error.errno or 0) or error.strerror or str(error) or type(error).__name__
        raise StorageError(f"{url}: {reason} ({action})") from error


class Folder:
    """Objects as files below one folder; nothing outside it is read, written or deleted."""

    def __init__(self, path: str) -> None:
        self.root = Path(path).absolute()
        self.url = str(self.root)
        self._made: set[Path] = set()

    def exists(self) -> bool:
        if not self.root.is_dir():
            return os.path.lexists(self.root)
        with _storage_errors(self.url, "listing it"), os.scandir(self.root) as entries:
            return any(not TEMPORARY.fullmatch(entry.name) for entry in entries)

    def get(self, key: str) -> bytes | None:
        try:
            with _storage_errors(self.url, f"reading {key}"):
                return self.inside(key).read_bytes()
        except StorageError as error:
            if isinstance(error.__cause__, FileNotFoundError | NotADirectoryError):
                return None
            raise

    def get_each(self, keys: Sequence[str]) -> list[bytes | None]:
        return [self.get(key) for key in keys]

    def holds(self, key: str, data: bytes | memoryview) -> bool:
        left, piece = np.frombuffer(data, np.uint8), np.empty(READ_BACK, np.uint8)
        with _storage_errors(self.url, f"reading {key}"), self.inside(key).open("rb", buffering=0) as file:
            while count := file.readinto(piece.data):
                if not _equal(piece[:count], left[:count]):
                    return False
                left = left[count:]
        return not len(left)

    def put(self, key: str, data: bytes | memoryview) -> None:
        with _storage_errors(self.url, f"writing {key}"):
            path = self._parent_made(key)
            try:
                _replace(path, data)
            except FileNotFoundError:  # another run sealed the dataset meanwhile, and swept our temporary file
                _replace(path, data)
            _sync_folder(path.parent)

    def put_new(self, key: str, data: bytes) -> bool:
        with _storage_errors(self.url, f"writing {key}"):
            path = self._parent_made(key)
            with _temporary(path, data) as temporary:
                try:
                    os.link(temporary, path)  # unlike a rename, it never replaces
                except FileExistsError:
                    return False
                except OSError as error:
                    if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS):
                        raise
                    if not _written_if_absent(path, data):  # a file system without hard links
                        return False
            _sync_folder(path.parent)
            return True

    def size(self, key: str) -> int:
        path = self.inside(key)
        with _storage_errors(self.url, f"looking for {key}"):
            try:
                return path.stat().st_size if path.is_file() else 0
            except FileNotFoundError:  # deleted meanwhile
                return 0

    def sizes(self, folder: str) -> dict[str, int]:
        path = self.inside(folder)
        if not path.is_dir():
            return {}
        with _storage_errors(self.url, f"listing {folder}"), os.scandir(path) as entries:
            return {e.name: e.stat(follow_symlinks=False).st_size for e in entries if e.is_file(follow_symlinks=False)}

    def remove(self, key: str) -> None:
        with _storage_errors(self.url, f"deleting {key}"):
            self.inside(key).unlink(missing_ok=True)

    def inside(self, key: str) -> Path:
        """The file of an object; a key or a link that leads out of the folder is refused."""
        path = self.root / key
        if ".." in Path(key).parts or not path.is_relative_to(self.root):
            raise DatasetError(f"{self.url}: {key!r} leads out of the dataset")
        for part in [path, *path.parents]:
            if part == self.root:
                break
            if part.is_symlink():
                raise DatasetError(f"{self.url}: {key!r} leads out of the dataset through the link {part.name!r}")
        return path

    def _parent_made(self, key: str) -> Path:
        path = self.inside(key)
        if path.parent not in self._made:
            # The parent of the dataset is not made: a mistyped path must not grow into a tree.
            for folder in dict.fromkeys((self.root, path.parent)):
                folder.mkdir(exist_ok=True)
                _sync_folder(folder.parent)
            self._made.add(path.parent)
        return path


def _equal(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether bytes are the same, eight at a time: NumPy writes a boolean for each pair that it compares."""
    if len(one) != len(other):
        return False
    most = len(one) // 8 * 8
    words, others = one[:most].view(np.uint64), other[:most].view(np.uint64)
    return np.array_equal(words, others) and np.array_equal(one[most:], other[most:])


def _replace(path: Path, data: bytes | memoryview) -> None:
    with _temporary(path, data) as temporary:
        temporary.replace(path)


@contextlib.contextmanager
def _temporary(path: Path, data: bytes | memoryview) -> Iterator[Path]:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.partial")
    try:
        _write(temporary, data)
        yield temporary
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _write(path: Path, data: bytes | memoryview) -> None:
    """Write a new file for good; a large one past the cache of the system, which costs a copy and a page for each page."""
    whole, end = memoryview(data), 0
    with path.open("xb", buffering=0) as file:
        if len(data) >= DIRECT and hasattr(os, "O_DIRECT") and np.frombuffer(data, np.uint8).ctypes.data % PAGE == 0:
            end = _written_directly(path, whole[: len(whole) // PAGE * PAGE])
            file.seek(end)
        _write_all(file.fileno(), whole[end:])
        os.fsync(file.fileno())


def _written_directly(path: Path, data: memoryview) -> int:
    """Bytes of whole pages that went to the file past the cache: all of them, or none on a file system without that."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_DIRECT | os.O_CLOEXEC)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        return 0
    try:
        _write_all(descriptor, data)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        return 0
    finally:
        os.close(descriptor)
    return len(data)


def _write_all(descriptor: int, data: memoryview) -> None:
    while len(data):
        data = data[os.write(descriptor, data) :]


def _written_if_absent(path: Path, data: bytes) -> bool:
    try:
        with path.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        return False
    return True


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # a folder cannot be opened there; the rename itself is journalled
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network file systems sync no folders
            raise
    finally:
        os.close(descriptor)


class ObjectStore:
    """Objects of an object store, reached through fsspec: each is put whole."""

    def __init__(self, url: str) -> None:
        try:
            import fsspec  # noqa: PLC0415  (optional: only for URLs)
        except ImportError as error:
            raise StorageError(f"{url}: URLs need fsspec; pip install 'simcore[remote]'") from error
        self.url = url.rstrip("/")
        self.options = _driver_options(self.url)
        try:
            self.fs, self.root = fsspec.core.url_to_fs(self.url, **self.options)
        except (ImportError, ValueError) as error:
            raise StorageError(f"{url}: {error}") from error

    def exists(self) -> bool:
        with self._errors("listing it"):
            return bool(self.fs.exists(self.root))

    def get(self, key: str) -> bytes | None:
        with self._errors(f"reading {key}"):
            try:
                return bytes(self.fs.cat_file(self._path(key)))
            except FileNotFoundError:
                return None

    def get_each(self, keys: Sequence[str]) -> list[bytes | None]:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(self.get, keys))

    def holds(self, key: str, data: bytes | memoryview) -> bool:
        return self.get(key) == data

    def put(self, key: str, data: bytes | memoryview) -> None:
        with self._errors(f"writing {key}"):
            self.fs.pipe_file(self._path(key), bytes(data))

    def put_new(self, key: str, data: bytes) -> bool:
        with self._errors(f"writing {key}"):
            try:
                if self.fs.exists(self._path(key)):  # for those that ignore the mode
                    return False
                self.fs.pipe_file(self._path(key), bytes(data), mode="create")
            except FileExistsError:
                return False
            return True

    def size(self, key: str) -> int:
        with self._errors(f"looking for {key}"):
            self.fs.invalidate_cache()
            try:
                return int(self.fs.size(self._path(key)) or 0)
            except FileNotFoundError:
                return 0

    def sizes(self, folder: str) -> dict[str, int]:
        with self._errors(f"listing {folder}"):
            try:
                found: list[dict[str, Any]] = self.fs.ls(self._path(folder), detail=True)
            except FileNotFoundError:
                return {}
        return {i["name"].rsplit("/", 1)[-1]: int(i["size"] or 0) for i in found if i["type"] == "file"}

    def remove(self, key: str) -> None:
        with self._errors(f"deleting {key}"), contextlib.suppress(FileNotFoundError):
            self.fs.rm_file(self._path(key))

    def remove_all(self) -> None:
        """Delete every object below this URL."""
        with self._errors("deleting it"), contextlib.suppress(FileNotFoundError):
            self.fs.rm(self.root, recursive=True)

    def _path(self, key: str) -> str:
        if ".." in key.split("/"):
            raise DatasetError(f"{self.url}: {key!r} leads out of the dataset")
        return f"{self.root.rstrip('/')}/{key}"

    @contextlib.contextmanager
    def _errors(self, action: str) -> Iterator[None]:
        with _storage_errors(self.url, action):
            try:
                yield
            except (OSError, DatasetError):
                raise
            except Exception as error:  # what the drivers of object stores raise shares no base class
                raise StorageError(f"{self.url}: {error or type(error).__name__} ({action})") from error


def _driver_options(url: str) -> dict[str, Any]:
    """What the driver is told beside what it finds in the environment: to look anew, and to ask for each object once."""
    if "::" in url:  # one driver on top of another: which one would get them?
        return {}
    asked_once = (
        {"max_concurrency": 1} if url.startswith(("s3://", "s3a://")) else {}
    )  # else it asks for each size first
    return {"use_listings_cache": False, **asked_once}
