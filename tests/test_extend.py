"""Extending: a longer dataset is what it would be had it been made so at once, and the first examples are never lost."""

import json
import shutil
import threading

import numpy as np
import pytest
import zarr
from fake_datasets import (
    COUNT,
    SEED,
    VERSION,
    all_but_about,
    assert_holds,
    edit,
    generate,
    half_written,
    quick,
    snapshot,
)
from fake_recipe import FakeRecipe

import dtmodels as dm
import simcore as sc
from dtmodels import errors
from simcore import cli
from simcore.datasets import storage as storages
from simcore.datasets.dataset import open_dataset
from simcore.engines import recipes
from simcore.engines import unit as units
from simcore.engines.recipes import remember
from simcore.errors import DatasetError, ParameterError, StorageError, UntrustedCodeError

LONGER = 150


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    quick(monkeypatch)
    remember(FakeRecipe())


@pytest.fixture
def path(tmp_path):
    return tmp_path / "train.zarr"


SHORTER = 118  # of a unit that was short and becomes whole, and one more


def extend(path, count=LONGER, **options):
    return sc.extend(path, count, progress=False, **options)


def at_once(path, count=LONGER, **options):
    """What a dataset of that many examples is when it is made at once."""
    other = path.with_name(f"at_once_{count}.zarr")
    if not other.exists():
        generate(other, count=count, **options)
    return all_but_about(other)


MORE = ((96, 97), (100, 112), (100, 300))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (100, 150),
        (96, 112),
        (100, 101),
        (3, 100),
        (16, 16),
        *(pytest.param(*n, marks=pytest.mark.thorough) for n in MORE),
    ],
)
def test_it_equals_one_made_at_once(path, before, after):
    generate(path, count=before)
    about = open_dataset(path).about
    whole_units = {key: data for key, data in snapshot(path).items() if _unit(key) in range(before // 16)}
    made = extend(path, after)
    assert all_but_about(path) == at_once(path, after)
    assert_holds(path, count=after)
    assert (len(made), made.complete, made.about) == (after, True, about)
    now = snapshot(path)
    assert all(now[key] == data for key, data in whole_units.items())
    assert sc.verify(path, fraction=0.2).good


def _unit(key):
    return int(key.split("/c.")[1].split(".")[0]) if "/c." in key else None


def test_whole_units_are_neither_rendered_nor_written(path):
    generate(path)
    times = {file: file.stat().st_mtime_ns for file in path.rglob("c.*") if _unit(str(file)) < 6}
    rendered = []
    remember(FakeRecipe(before=lambda indices: rendered.extend(indices.tolist())))
    extend(path)
    assert sorted(rendered) == list(range(96, 150))
    assert times == {file: file.stat().st_mtime_ns for file in times}


def test_options_and_splits_stay(path):
    generate(path, codec="zstd", unit=24, chunk=4, split="test")
    extend(path, workers=2)
    assert all_but_about(path) == at_once(path, codec="zstd", unit=24, chunk=4, split="test")


def test_twice(path):
    generate(path)
    extend(path, 130)
    extend(path, LONGER)
    assert all_but_about(path) == at_once(path)


def test_an_object_store():
    generate("memory://extend/train.zarr")
    longer = extend("memory://extend/train.zarr")
    assert longer.identity == generate("memory://extend/other.zarr", count=LONGER).identity


RECIPE = """
format: simcore-recipe/1
define:
  radius: uniform(1, 2)
outputs:
  radius: radius
  vector: uniform(0, 1, shape=2)
"""


def test_worker_processes(path, monkeypatch):
    monkeypatch.undo()
    recipe = sc.loads(RECIPE)
    recipe.generate(path, count=COUNT, seed=SEED, unit=16, chunk=4, progress=False)
    recipe.generate(path.with_name("other.zarr"), count=LONGER, seed=SEED, unit=16, chunk=4, progress=False)
    extend(path, workers=2, processes=True)
    assert all_but_about(path) == all_but_about(path.with_name("other.zarr"))


def test_from_the_command_line(path, capsys):
    (path.parent / "recipe.yaml").write_text(RECIPE)
    sc.load(path.parent / "recipe.yaml").generate(path, 40, 1, unit=16, progress=False)
    assert cli.run(["extend", str(path), "--count", "1e2"]) == 0
    assert "100 examples, identity" in capsys.readouterr().out
    assert cli.run(["extend", str(path), "--count", "50"]) == 1
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 1)
    assert "must not become smaller" in err


# -- refused -------------------------------------------------------------------------------------------------------


def test_a_smaller_count_is_refused(path):
    generate(path)
    before = snapshot(path)
    with pytest.raises(DatasetError, match="holds 100 examples; count: 99"):
        extend(path, 99)
    with pytest.raises(ParameterError, match="count"):
        extend(path, 1.5)
    assert snapshot(path) == before


def test_an_incomplete_dataset_is_refused(path):
    half_written(path)
    before = snapshot(path)
    with pytest.raises(DatasetError, match="not complete, 4 units are missing; generate it first"):
        extend(path)
    assert snapshot(path) == before


def test_another_render_version_is_refused(path, monkeypatch):
    generate(path)
    before = snapshot(path)
    monkeypatch.setattr(units, "render_version", lambda: VERSION + 1)
    with pytest.raises(DatasetError, match="render version 3, but 4 is installed"):
        extend(path)
    assert snapshot(path) == before


def test_a_damaged_array_is_refused(path):
    generate(path)
    file = path / "image" / "zarr.json"
    file.write_text(file.read_text().replace('"float32"', '"float64"'))
    before = snapshot(path)
    with pytest.raises(DatasetError, match=r"image.zarr.json is missing or was changed; repair it first"):
        extend(path)
    assert snapshot(path) == before


def test_code_is_not_run_unless_trusted(path):
    @sc.draw
    def flicker(rng, mean):
        return mean + 0 * rng.standard_normal()

    generate(path, recipe=sc.Recipe(brightness=flicker(sc.uniform(1, 2))))
    before = snapshot(path)
    recipes._recipes.clear()
    with pytest.raises(UntrustedCodeError, match="--trust"):
        extend(path)
    assert snapshot(path) == before
    assert len(extend(path, trust=True)) == LONGER


# -- interrupted ---------------------------------------------------------------------------------------------------


class Stop(Exception):  # noqa: N818
    pass


def stopping_after(monkeypatch, number):
    """A store that ends the run after its put number ``number``."""
    real, calls = storages.Folder.put, iter(range(10**6))

    def put(self, key, data):
        real(self, key, data)
        if next(calls) == number:
            raise Stop

    monkeypatch.setattr(storages.Folder, "put", put)
    return lambda: monkeypatch.setattr(storages.Folder, "put", real)


def interrupted(path, whole, monkeypatch):
    """Every state in which an interrupted extension can leave a dataset."""
    for number in range(10**6):
        shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(whole, path)
        restore = stopping_after(monkeypatch, number)
        try:
            extend(path, SHORTER)
            return
        except Stop:
            yield number
        finally:
            restore()


def test_interrupted_anywhere_nothing_is_lost_and_it_goes_on(path, monkeypatch, tmp_path):
    whole, expected, stops = tmp_path / "whole.zarr", at_once(path, SHORTER), 0
    generate(whole)
    for number in interrupted(path, whole, monkeypatch):
        stops += 1
        _assert_readable(path)
        extend(path, SHORTER)
        assert all_but_about(path) == expected, number
    assert stops > 1 + 1 + 6 + 1 + 2 * 6
    assert all_but_about(path) == expected


def _assert_readable(path):
    now, examples = open_dataset(path), FakeRecipe().render(SHORTER, seed=SEED)
    for name in now.arrays:  # zarr, without a look at the record, still finds all that were there
        found = zarr.open_array(path, path=name, mode="r")[:COUNT]
        np.testing.assert_array_equal(found, examples[name][:COUNT])
    if now.complete:
        assert len(now) == SHORTER
        return
    committed = now.committed()
    assert committed[:6].all()
    with pytest.raises(errors.DatasetError, match="not complete"):
        dm.open_dataset(path, inputs="image")
    data = dm.open_dataset(path, inputs="image", allow_partial=True)
    places = np.flatnonzero(np.repeat(committed, 16)[: len(now)])
    assert len(data) == len(places)
    np.testing.assert_array_equal(now["image"].oindex[places], examples["image"][places])


def test_interrupted_another_count_and_generating_are_refused(path, monkeypatch):
    generate(path)
    restore = stopping_after(monkeypatch, 2)
    with pytest.raises(Stop):
        extend(path)
    restore()
    before = snapshot(path)
    with pytest.raises(DatasetError, match="is being extended to 150 examples"):
        extend(path, 200)
    with pytest.raises(DatasetError, match=r"is being extended; go on with: simcore extend .* --count 150"):
        generate(path)
    with pytest.raises(DatasetError, match="is being extended; go on with"):
        sc.repair(path)
    result = sc.verify(path)
    assert (result.good, result.faults) == (False, ())
    assert "being extended to 150" in result.notes[0]
    assert snapshot(path) == before
    extend(path)
    assert all_but_about(path) == at_once(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda a: a["extending"].update(count=10**30),
        lambda a: a["extending"].update(count=50),
        lambda a: a["extending"].update(metadata_sha256="0" * 64),
        lambda a: a.update(extending=[1]),
        lambda a: a["extending"].update(more="../outside"),
    ],
)
def test_what_it_shall_become_is_not_believed_blindly(path, monkeypatch, change):
    generate(path)
    restore = stopping_after(monkeypatch, 0)
    with pytest.raises(Stop):
        extend(path)
    restore()
    edit(path, change)
    for action in (open_dataset, extend, sc.repair):
        with pytest.raises(DatasetError, match="extending"):
            action(path)
    assert not sc.verify(path).good


@pytest.mark.thorough
def test_two_at_once_do_no_harm(path):
    for round_ in range(6):
        shutil.rmtree(path, ignore_errors=True)
        generate(path)
        barrier, failed = threading.Barrier(2), []

        def run(barrier=barrier, failed=failed):
            barrier.wait()
            try:
                extend(path)
            except DatasetError as error:  # seldom: both began at the same moment, and the other goes on
                failed.append(error)

        threads = [threading.Thread(target=run) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(failed) < 2, round_
        assert all_but_about(path) == at_once(path), round_


def test_a_full_disk_at_any_moment_is_one_line_and_nothing_is_lost(path, monkeypatch):
    generate(path)
    real = storages.Folder.put

    def put(self, key, data):
        if "/c.8." in key:
            raise StorageError("the disk is full")
        real(self, key, data)

    monkeypatch.setattr(storages.Folder, "put", put)
    with pytest.raises(StorageError, match="the disk is full; .* examples are safe"):
        extend(path)
    monkeypatch.setattr(storages.Folder, "put", real)
    assert json.loads((path / "zarr.json").read_bytes())["attributes"]["simcore"]["complete"] is False
    extend(path)
    assert all_but_about(path) == at_once(path)
