"""Repairing: whatever is damaged becomes again what it was, byte for byte, and nothing else is touched."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from fake_datasets import (
    COUNT,
    OPTIONS,
    SEED,
    VERSION,
    all_but_about,
    assert_holds,
    edit,
    flip_bit,
    generate,
    half_written,
    quick,
    resum,
    snapshot,
)
from fake_recipe import FakeRecipe

import simcore as sc
from simcore import datasets
from simcore.datasets import shards
from simcore.datasets import storage as storages
from simcore.engines import recipes
from simcore.engines import unit as units
from simcore.engines.recipes import remember
from simcore.errors import DatasetError, ParameterError, StorageError, UntrustedCodeError

GIVEN = {"recipe": FakeRecipe(), "count": COUNT, "seed": SEED}


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    quick(monkeypatch)
    remember(FakeRecipe())


@pytest.fixture
def path(tmp_path):
    return tmp_path / "train.zarr"


@pytest.fixture
def whole(path):
    """An undisturbed dataset, as bytes."""
    generate(path)
    return snapshot(path)


class Counting(FakeRecipe):
    """Remembers which examples are rendered."""

    def __init__(self):
        self.rendered = []
        super().__init__(before=lambda indices: self.rendered.extend(indices.tolist()))


def objects(whole, *beginnings):
    return [key for key in whole if key.startswith(beginnings)]


# -- what is mended ------------------------------------------------------------------------------------------------


def test_a_whole_dataset_is_not_touched(path, whole):
    result = sc.repair(path)
    assert (result.good, result.faults, result.missing) == (True, (), 0)
    assert snapshot(path) == whole


def test_flipped_bits_anywhere_but_in_the_group(path, whole):
    rng = np.random.default_rng(2)
    for round_ in range(4):
        keys = rng.choice([key for key in whole if key != "zarr.json"], 12, replace=False)
        for key in keys:
            flip_bit(path / key, int(rng.integers(8 * len(whole[key]))))
        result = sc.repair(path, workers=2)
        assert {fault.key for fault in result.faults} == set(keys), round_
        assert result.good
        assert snapshot(path) == whole


def test_flipped_bits_of_the_group(path, whole):
    expected = all_but_about(path)
    rng = np.random.default_rng(3)
    for place in rng.integers(0, 8 * len(whole["zarr.json"]), 60):
        flip_bit(path / "zarr.json", int(place))
        assert sc.repair(path, **GIVEN).good
        assert all_but_about(path) == expected, place
        assert sc.verify(path).good
        (path / "zarr.json").write_bytes(whole["zarr.json"])


@pytest.mark.parametrize("key", ["image/c.1.0.0.0", "label/c.6", "shard_checksum/c.0.0.0", "image/zarr.json"])
def test_what_was_lost(path, whole, key):
    (path / key).unlink()
    assert sc.repair(path).good
    assert snapshot(path) == whole


def test_folders_that_were_lost(path, whole):
    shutil.rmtree(path / "image")
    shutil.rmtree(path / "shard_checksum")
    assert sc.repair(path).good
    assert snapshot(path) == whole


def test_leftovers_are_swept_and_nothing_else(path, whole):
    for key in ("image/c.9.0.0.0", ".zarr.json.0123456789abcdef.partial"):
        (path / key).write_bytes(b"left over")
    (path / "notes.txt").write_text("mine")
    assert sc.repair(path).good
    assert snapshot(path) == {**whole, "notes.txt": b"mine"}


def test_only_what_is_damaged_is_rendered_and_written(path, whole, monkeypatch):
    recipe, written = Counting(), []
    remember(recipe)
    flip_bit(path / "image" / "c.2.0.0.0", 100)
    real = storages.Folder.put
    monkeypatch.setattr(storages.Folder, "put", lambda self, key, data: (written.append(key), real(self, key, data)))
    assert sc.repair(path).good
    assert sorted(recipe.rendered) == list(range(32, 48))
    assert written == ["image/c.2.0.0.0"]
    assert snapshot(path) == whole


def test_a_row_whose_own_checksum_was_harmed_needs_no_rendering(path, whole):
    recipe = Counting()
    remember(recipe)
    flip_bit(path / "shard_checksum" / "c.2.0.0", 8 * 32 * len(recipe.outputs) + 5)
    assert sc.repair(path).good
    assert recipe.rendered == []
    assert snapshot(path) == whole


# -- lost metadata -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lost", ["zarr.json", "*/zarr.json", "**/zarr.json", "shard_checksum/*", "[!i]*/*"])
@pytest.mark.parametrize("torn", [False, True])
def test_lost_metadata_is_made_again(path, whole, lost, torn):
    expected = all_but_about(path)
    for file in path.glob(lost):
        file.write_bytes(b'{"zarr_format": 3, "shape"') if torn else file.unlink()
    sizes = OPTIONS if lost == "**/zarr.json" else {}
    assert sc.repair(path, **GIVEN, **sizes).good
    assert all_but_about(path) == expected
    assert sc.verify(path).good


def test_the_arrays_tell_how_many_and_how_cut(path, tmp_path):
    made = generate(path, codec="zstd", unit=40, chunk=4, split="test")
    (path / "zarr.json").unlink()
    assert sc.repair(path, FakeRecipe(), seed=SEED, split="test").dataset.metadata == made.metadata
    assert datasets.open_dataset(path).identity == made.identity


def test_documents_that_contradict_each_other_are_outvoted(path, whole):
    expected = all_but_about(path)
    (path / "zarr.json").unlink()
    for name, old, new in (("image", "100", "104"), ("label", '"lz4"', '"zstd"')):
        file = path / name / "zarr.json"
        file.write_text(file.read_text().replace(old, new, 1))
    assert sc.repair(path, FakeRecipe(), seed=SEED).good
    assert all_but_about(path) == expected


def test_without_a_recipe_it_says_what_is_needed(path, whole):
    (path / "zarr.json").unlink()
    with pytest.raises(DatasetError, match=r"--recipe recipe.yaml --count N --seed N"):
        sc.repair(path)
    for file in path.glob("*/zarr.json"):
        file.unlink()
    with pytest.raises(ParameterError, match="count: not given"):
        sc.repair(path, FakeRecipe(), seed=SEED)


@pytest.mark.parametrize(
    "wrong",
    [
        {"seed": 8},
        {"count": 99},
        {"count": 96},
        {"count": 112},
        {"count": 120},
        {"unit": 32},
        {"unit": 8, "chunk": 8},
        {"chunk": 16},
        {"codec": "zstd"},
        {"recipe": FakeRecipe(height=7, text="fake: 2\n")},
    ],
)
@pytest.mark.parametrize("kept", [False, True])
def test_metadata_other_than_it_was_made_from_is_refused_and_nothing_changed(path, whole, wrong, kept):
    for file in [path / "zarr.json", *([] if kept else path.glob("*/zarr.json"))]:
        file.unlink()
    before = snapshot(path)
    with pytest.raises(DatasetError, match="do not give what lies there"):
        sc.repair(path, **{**GIVEN, **OPTIONS, **wrong})
    assert snapshot(path) == before


def test_arguments_that_contradict_a_whole_group_are_refused(path, whole):
    with pytest.raises(DatasetError, match="seed 7, asked for 8"):
        sc.repair(path, FakeRecipe(), seed=8)
    assert sc.repair(path, FakeRecipe(), seed=SEED).good
    assert snapshot(path) == whole


def test_a_group_exchanged_for_that_of_another_seed_is_refused(path, whole):
    edit(path, lambda a: (a["metadata"].update(seed=str(SEED + 1)), resum(a)))
    before = snapshot(path)
    with pytest.raises(DatasetError, match="do not give what lies there"):
        sc.repair(path)
    assert snapshot(path) == before


def test_nothing_is_made_where_nothing_was(path, tmp_path):
    for harm in (lambda: None, path.mkdir, (path / "thesis.tex").touch, lambda: (path / "zarr.json").write_text("{}")):
        harm()
        before = snapshot(path)
        with pytest.raises(DatasetError, match="no dataset there"):
            sc.repair(path, **GIVEN)
        assert snapshot(path) == before


# -- what must not be mended ---------------------------------------------------------------------------------------


class Newer(FakeRecipe):
    """Renders other bytes without saying so, as another version of a library would."""

    def render(self, count=None, **options):
        found = super().render(count, **options)
        found["image"] += 1
        if options.get("out"):
            options["out"]["image"][:] = found["image"]
        return found


def test_a_shard_that_comes_out_differently_is_left_and_told_of(path, whole):
    remember(Newer())
    for key in ("image/c.2.0.0.0", "label/c.2", "image/c.4.0.0.0"):
        flip_bit(path / key, 200)
    before = snapshot(path)
    result = sc.repair(path)
    assert [fault.key for fault in result.left] == ["image/c.2.0.0.0", "image/c.4.0.0.0"]
    assert "another version of simcore or of the compression library" in str(result.left[0])
    assert snapshot(path) == {**before, "label/c.2": whole["label/c.2"]}
    remember(FakeRecipe())
    assert sc.repair(path).good
    assert snapshot(path) == whole


def test_a_whole_shard_without_a_row_that_comes_out_differently_is_left(path, whole):
    remember(Newer())
    (path / "shard_checksum" / "c.3.0.0").unlink()
    before = snapshot(path)
    result = sc.repair(path)
    assert [fault.key for fault in result.left] == ["image/c.3.0.0.0"]
    assert snapshot(path) == before


def test_an_identity_that_would_change_is_told_of(path, whole):
    remember(Newer())
    for file in path.rglob("c.3*"):
        file.unlink()
    result = sc.repair(path)
    assert (
        not result.good
        or result.dataset.identity == json.loads(whole["zarr.json"])["attributes"]["simcore"]["identity"]
    )
    assert any("identity would be" in fault.what for fault in result.left) or result.good
    assert not sc.verify(path).good


def test_another_render_version_is_refused(path, whole, monkeypatch):
    monkeypatch.setattr(units, "render_version", lambda: VERSION + 1)
    with pytest.raises(DatasetError, match="render version 3, but 4"):
        sc.repair(path)
    assert snapshot(path) == whole


def test_code_is_not_run_unless_trusted(path):
    @sc.draw
    def flicker(rng, mean):
        return mean + 0 * rng.standard_normal()

    generate(path, recipe=sc.Recipe(brightness=flicker(sc.uniform(1, 2))))
    before = snapshot(path)
    (path / "brightness" / "c.1").unlink()
    recipes._recipes.clear()
    with pytest.raises(UntrustedCodeError, match="--trust"):
        sc.repair(path)
    assert sc.repair(path, trust=True).good
    assert snapshot(path) == before


@pytest.mark.parametrize("folder", [False, True])
def test_links_are_not_followed(path, whole, tmp_path, folder):
    outside, key = tmp_path / "outside", "image" if folder else "image/c.2.0.0.0"
    shutil.move(path / key, outside)
    (path / key).symlink_to(outside)
    flip_bit(outside / "c.1.0.0.0" if folder else outside, 300)
    before = snapshot(tmp_path)
    assert not sc.verify(path).good
    with pytest.raises(DatasetError, match="leads out of the dataset"):
        sc.repair(path)
    assert snapshot(tmp_path) == before


# -- unfinished datasets, interruptions ----------------------------------------------------------------------------


def test_one_that_is_not_sealed_is_mended_and_not_finished(path):
    half_written(path)
    before = snapshot(path)
    flip_bit(path / "image" / "c.1.0.0.0", 90)
    flip_bit(path / "shard_checksum" / "c.3.0.0", 90)
    (path / "label" / "zarr.json").write_text("{}")
    result = sc.repair(path)
    assert (result.good, result.missing) == (True, 4)
    assert snapshot(path) == before
    generate(path)
    assert_holds(path)


def test_interrupted_anywhere_it_goes_on(path, whole, tmp_path, monkeypatch):
    expected = all_but_about(path)
    damaged = tmp_path / "damaged.zarr"
    shutil.copytree(path, damaged)
    rng = np.random.default_rng(4)
    for key in ("image/c.0.0.0.0", "label/c.2", "shard_checksum/c.4.0.0", "image/zarr.json", "nothing/c.6.0.0.0"):
        flip_bit(damaged / key, int(rng.integers(8 * len(whole[key]))))
    (damaged / "zarr.json").unlink()
    lost = {key for key in whole if key not in snapshot(damaged) or snapshot(damaged)[key] != whole[key]}
    real, after = storages.Folder.put, 0
    while True:
        shutil.rmtree(path)
        shutil.copytree(damaged, path)
        left = iter(range(after))

        def put(self, key, data, left=left):
            if next(left, None) is None:
                raise StorageError("the disk failed")
            real(self, key, data)

        monkeypatch.setattr(storages.Folder, "put", put)
        try:
            sc.repair(path, **GIVEN)
            break
        except StorageError as error:
            assert "repair again to go on" in str(error)
        monkeypatch.setattr(storages.Folder, "put", real)
        now = snapshot(path)
        assert all(now[key] == whole[key] for key in whole if key not in lost)
        assert sc.repair(path, **GIVEN).good
        assert all_but_about(path) == expected
        after += 1
    assert after >= 7
    assert all_but_about(path) == expected


def test_an_object_store():
    made = generate("memory://repair/train.zarr")
    import fsspec

    memory = fsspec.filesystem("memory")
    good = memory.cat("/repair/train.zarr/image/c.1.0.0.0")
    memory.pipe_file("/repair/train.zarr/image/c.1.0.0.0", b"other")
    memory.rm_file("/repair/train.zarr/zarr.json")
    assert sc.repair("memory://repair/train.zarr", **GIVEN).dataset.identity == made.identity
    assert memory.cat("/repair/train.zarr/image/c.1.0.0.0") == good
    assert shards.broken(good, 2) is None
    assert not Path("repair").exists()
