"""Disks that are full, read-only, broken or slow: one line, and nothing that was safe is lost."""

import errno
import os
import shutil
import threading
from pathlib import Path

import pytest
from fake_datasets import (
    SEED,
    all_but_about,
    assert_holds,
    flip_bit,
    generate,
    half_written,
    quick,
    snapshot,
    write,
)
from fake_recipe import FakeRecipe

import simcore as sc
from simcore import datasets
from simcore.datasets import layout as layouts
from simcore.datasets import storage as storages
from simcore.engines.recipes import remember
from simcore.errors import DatasetError, StorageError


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    quick(monkeypatch)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "train.zarr"


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc to see which file a descriptor belongs to")
def test_a_row_is_written_after_all_its_shards_are_on_the_disk(path, monkeypatch):
    dataset, layout = half_written(path, units=())
    events = []
    monkeypatch.setattr(os, "fsync", lambda fd: events.append(("sync", Path(f"/proc/self/fd/{fd}").resolve())))
    real = Path.replace
    monkeypatch.setattr(Path, "replace", lambda self, to: events.append(("rename", to)) or real(self, to))
    write(dataset, layout, 0)
    events = events[events.index(("sync", path.parent)) + 1 :] if ("sync", path.parent) in events else events
    renamed = [index for index, (what, _) in enumerate(events) if what == "rename"]
    names = [str(events[index][1].relative_to(path)) for index in renamed]
    assert names[-1] == "shard_checksum/c.0.0.0"
    assert sorted(names[:-1]) == sorted(layouts.object_key(o.name, len(o.shape) + 1, 0) for o in layout.outputs)
    for index in renamed:  # the shards are written by several threads, so other files' events may stand between
        target = events[index][1]
        before = [file.name for what, file in events[:index] if (what, file.parent) == ("sync", target.parent)]
        assert any(name.startswith(f".{target.name}.") for name in before)
        assert ("sync", target.parent) in events[index + 1 : None if index == renamed[-1] else renamed[-1]]


@pytest.mark.parametrize(
    ("number", "said"),
    [(errno.ENOSPC, "disk is full"), (errno.EROFS, "read-only"), (errno.EIO, "disk failed"), (errno.EDQUOT, "quota")],
)
def test_a_failing_disk_is_one_line_and_what_was_committed_stays(path, monkeypatch, number, said):
    half_written(path, units=(0,))
    calls = iter(range(10**6))

    def fsync(descriptor):
        if next(calls) > 45:
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(StorageError, match=said) as caught:
        generate(path)
    assert "\n" not in str(caught.value)
    assert not [name for name in snapshot(path) if name.endswith(".partial")]
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    left = datasets.open_dataset(path).missing()
    assert 0 not in left
    assert 0 < len(left) < 6  # two units are written at a time
    generate(path)
    assert_holds(path)


def test_a_parent_that_is_not_there_is_not_made(tmp_path):
    with pytest.raises(StorageError, match="no such folder"):
        generate(tmp_path / "mistyped" / "train.zarr")
    assert not (tmp_path / "mistyped").exists()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission(tmp_path):
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(StorageError, match="permission denied"):
        generate(tmp_path / "closed" / "train.zarr")


def test_a_disk_that_gives_back_other_bytes_commits_nothing(path, monkeypatch):
    dataset, layout = half_written(path, units=())
    real = storages.Folder.put

    def put(self, key, data):
        real(self, key, bytes(data)[:-1] + bytes([data[-1] ^ 1]) if "/c." in key else data)

    monkeypatch.setattr(storages.Folder, "put", put)
    with pytest.raises(StorageError, match="reads back differently"):
        write(dataset, layout, 0)
    assert not (path / "shard_checksum" / "c.0.0.0").exists()


def test_arrays_other_than_announced_are_not_stored(path):
    dataset, layout = half_written(path, units=())
    arrays = FakeRecipe().render(16, seed=SEED)
    with pytest.raises(DatasetError, match="image: rendered float64"):
        datasets.write_unit(dataset.storage, layout, 0, {**arrays, "image": arrays["image"].astype("f8")})


# -- extending and repairing ---------------------------------------------------------------------------------------


def failing_from(monkeypatch, call, number=errno.ENOSPC):
    """From its ``call``-th sync on, the disk is full."""
    calls = iter(range(10**6))

    def fsync(descriptor):
        if next(calls) >= call:
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fsync)


def extend(path):
    sc.extend(path, 118, progress=False)


def damage(path):
    for key in ("image/c.1.0.0.0", "label/c.5", "shard_checksum/c.3.0.0", "position/zarr.json"):
        flip_bit(path / key, 111)
    (path / "zarr.json").unlink()


def repair(path):
    assert sc.repair(path, FakeRecipe(), seed=SEED).good


@pytest.mark.parametrize("action", [extend, repair])
def test_a_disk_that_is_full_at_any_moment(path, tmp_path, monkeypatch, action):
    whole, begun, after = tmp_path / "whole.zarr", tmp_path / "begun.zarr", 0
    generate(whole, count=118 if action is extend else 100)
    generate(begun)
    remember(FakeRecipe())
    safe = {key: data for key, data in snapshot(begun).items() if ".6." not in key and not key.endswith("zarr.json")}
    if action is repair:
        damage(begun)
        safe = {key: data for key, data in snapshot(begun).items() if data == snapshot(whole)[key]}
    while True:
        shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(begun, path)
        failing_from(monkeypatch, after)
        try:
            action(path)
            break
        except StorageError as error:
            assert "disk is full" in str(error)
            assert "\n" not in str(error)
        left = snapshot(path)
        assert not [name for name in left if name.endswith(".partial")]
        assert all(left[key] == data for key, data in safe.items() if key != "label/c.6")
        monkeypatch.setattr(os, "fsync", lambda descriptor: None)
        action(path)
        assert all_but_about(path) == all_but_about(whole), after
        after += 1 if after < 12 else 5
    assert after > 8
    assert all_but_about(path) == all_but_about(whole)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
@pytest.mark.parametrize("action", [extend, repair])
def test_a_dataset_without_permission(path, action):
    generate(path)
    remember(FakeRecipe())
    flip_bit(path / "image" / "c.1.0.0.0", 111)
    before = snapshot(path)
    for folder in (path, path / "image"):
        folder.chmod(0o500)
    try:
        with pytest.raises(StorageError, match="permission denied"):
            action(path)
    finally:
        for folder in (path, path / "image"):
            folder.chmod(0o700)
    assert snapshot(path) == before


@pytest.mark.parametrize("action", [extend, repair])
def test_a_file_system_that_is_read_only(path, monkeypatch, action):
    generate(path)
    remember(FakeRecipe())
    flip_bit(path / "image" / "c.1.0.0.0", 111)
    before = snapshot(path)
    failing_from(monkeypatch, 0, errno.EROFS)
    with pytest.raises(StorageError, match="read-only"):
        action(path)
    assert snapshot(path) == before
    assert [fault.key for fault in sc.verify(path).faults] == ["image/c.1.0.0.0"]


def test_two_repairs_at_once_do_no_harm(path):
    generate(path)
    remember(FakeRecipe())
    expected = all_but_about(path)
    for _ in range(4):
        damage(path)
        failed = []

        def run(failed=failed):
            try:
                repair(path)
            except Exception as error:
                failed.append(error)

        threads = [threading.Thread(target=run) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failed
        assert all_but_about(path) == expected
