"""Large objects are written past the cache of the system: the same bytes, where a file system has no such thing too."""

import errno
import mmap
import os

import numpy as np
import pytest

from simcore.datasets import storage as storages
from simcore.datasets.storage import DIRECT, PAGE, open_storage

SIZES = [0, 1, PAGE, DIRECT - 1, DIRECT, DIRECT + 1, 3 * DIRECT + PAGE, 5 * DIRECT - 3]


def aligned(size, offset=0):
    """Random bytes that begin so many bytes after the start of a page."""
    memory = memoryview(mmap.mmap(-1, size + PAGE))[offset : offset + size]
    memory[:] = np.random.default_rng(size).bytes(size)
    return memory


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("offset", [0, 1, 512])
def test_what_is_written_is_there(tmp_path, size, offset):
    storage, data = open_storage(tmp_path / "x.zarr"), aligned(size, offset)
    storage.put("image/c.0", data)
    assert (tmp_path / "x.zarr/image/c.0").read_bytes() == bytes(data)
    assert storage.holds("image/c.0", data)
    assert [file.name for file in (tmp_path / "x.zarr/image").iterdir()] == ["c.0"]


@pytest.mark.skipif(not hasattr(os, "O_DIRECT"), reason="the system has no O_DIRECT")
@pytest.mark.parametrize("function", ["open", "write"])
def test_a_file_system_without_it(tmp_path, monkeypatch, function):
    """Some refuse when the file is opened, some when it is written to."""
    original, refused = getattr(os, function), []
    monkeypatch.setattr(storages, "_written_directly", _refusing(function, original, refused, monkeypatch))
    data = aligned(2 * DIRECT + 5)
    open_storage(tmp_path / "x.zarr").put("image/c.0", data)
    assert (tmp_path / "x.zarr/image/c.0").read_bytes() == bytes(data)
    assert refused


def _refusing(function, original, refused, monkeypatch):
    directly = storages._written_directly

    def refuse(*arguments):
        refused.append(function)
        raise OSError(errno.EINVAL, "Invalid argument")

    def call(path, data):
        monkeypatch.setattr(os, function, refuse)
        try:
            return directly(path, data)
        finally:
            monkeypatch.setattr(os, function, original)

    return call


@pytest.mark.skipif(not hasattr(os, "O_DIRECT"), reason="the system has no O_DIRECT")
def test_a_full_disk_is_said(tmp_path, monkeypatch):
    def full(descriptor, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(storages.StorageError, match="the disk is full"):
        open_storage(tmp_path / "x.zarr").put("image/c.0", aligned(2 * DIRECT))
    monkeypatch.undo()
    assert not list((tmp_path / "x.zarr/image").iterdir())
