"""Datasets on disk: what FORMAT.md says, and that nothing is lost, believed or overwritten that should not be."""

import hashlib
import json
import os
import shutil
import threading
from pathlib import Path

import attrs
import numpy as np
import pytest
import xarray
import zarr
from drawn import drawn
from fake_datasets import (
    COUNT,
    OPTIONS,
    SEED,
    VERSION,
    assert_holds,
    edit,
    generate,
    half_written,
    quick,
    resum,
    snapshot,
    write,
)
from fake_recipe import FakeRecipe
from hypothesis import given
from hypothesis import strategies as st
from literal_reader import read

from simcore import datasets, run
from simcore.datasets import codecs
from simcore.datasets import layout as layouts
from simcore.datasets import storage as storages
from simcore.engines import unit as units
from simcore.errors import DatasetError, ParameterError


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    quick(monkeypatch)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "train.zarr"


# -- the format ----------------------------------------------------------------------------------------------------


def test_a_literal_reader_finds_what_format_md_says(path):
    made = generate(path)
    attributes, _ = read(path)
    assert_holds(path)
    assert made.identity == attributes["identity"]
    assert attributes["metadata"]["seed"] == "7"
    assert attributes["metadata"]["render_version"] == VERSION


def test_the_inner_codecs_and_the_index_end_in_crc32c(path):
    generate(path)
    for name in FakeRecipe().outputs:
        document = json.loads((path / name / "zarr.json").read_bytes())
        (sharding,) = document["codecs"]
        assert sharding["configuration"]["codecs"][-1]["name"] == "crc32c"
        assert sharding["configuration"]["index_codecs"][-1]["name"] == "crc32c"
    record = json.loads((path / "shard_checksum" / "zarr.json").read_bytes())
    assert record["codecs"][-1]["name"] == "crc32c"


@pytest.mark.parametrize("codec", ["lz4", "zstd", "none", "lz4:9:byte", "zstd:1"])
def test_codecs_change_bytes_and_no_value(path, codec):
    generate(path, codec=codec)
    assert_holds(path)


@pytest.mark.parametrize("text", ["gzip", "lz4:0", "lz4:10", "zstd:", "none:3", "lz4:byte:3", "LZ4", "", "lz4\n", 5])
def test_codecs_that_are_none_are_refused(path, text):
    with pytest.raises(ParameterError, match="codec: .*; must be none, lz4 or zstd, with a level from 1 to 9"):
        generate(path, codec=text)
    assert not path.exists()


@pytest.mark.parametrize(
    "text", ["none", *(f"{n}:{i}:{s}" for n in ("lz4", "zstd") for i in (1, 9) for s in ("bit", "byte"))]
)
def test_codecs_written_in_full_are_read_back(text):
    assert codecs.codec_text(codecs.codec_of(text)) == text
    assert codecs.is_codec(codecs.codec_of(text))


def test_a_dataset_of_an_older_codec_opens_and_goes_on(path, monkeypatch):
    old = {"name": "blosc", "cname": "lz4", "clevel": 5, "shuffle": "bitshuffle"}
    monkeypatch.setitem(codecs.CODECS, "lz4", old)
    half_written(path)
    monkeypatch.undo()
    monkeypatch.setattr(units, "render_version", lambda: VERSION)
    assert generate(path).metadata["codec"] == old
    assert_holds(path)


@pytest.mark.parametrize(
    "change",
    [
        {"clevel": 0},
        {"clevel": 1.0},
        {"clevel": True},
        {"cname": "zlib"},
        {"shuffle": "noshuffle"},
        {"name": "gzip"},
        {"more": 1},
    ],
)
def test_codecs_in_metadata_that_are_unknown_are_refused(path, change):
    half_written(path)
    edit(path, lambda attributes: (attributes["metadata"]["codec"].update(change), resum(attributes)))
    with pytest.raises(DatasetError, match="its codec is unknown"):
        datasets.open_dataset(path)


def test_xarray_opens_it_with_names(path):
    generate(path)
    opened = xarray.open_zarr(path)
    assert opened["image"].dims == ("example", "y", "x", "image_channel")
    assert opened["position"].dims == ("example", "position_axis")
    assert opened["position"].attrs["units"] == "px"
    assert opened["position"].attrs["axes"] == ["y", "x"]
    np.testing.assert_array_equal(opened["label"].values, FakeRecipe().render(COUNT, seed=SEED)["label"])


def test_shards_of_zeros_lie_on_the_disk(path):
    generate(path)
    for unit in range(-(-COUNT // OPTIONS["unit"])):
        assert (path / "nothing" / f"c.{unit}.0.0.0").stat().st_size > 0


def test_metadata_follows_from_the_arguments_alone(path, tmp_path):
    generate(path)
    generate(tmp_path / "again.zarr")
    one, other = snapshot(path), snapshot(tmp_path / "again.zarr")
    groups = [json.loads(files.pop("zarr.json")) for files in (one, other)]
    for group in groups:
        group["attributes"]["simcore"].pop("about")
    assert one == other
    assert groups[0] == groups[1]


def test_an_object_store_gets_the_same_objects(path):
    made = generate("memory://bucket/train.zarr")
    assert made.identity == generate(path).identity
    np.testing.assert_array_equal(made["image"][:], FakeRecipe().render(COUNT, seed=SEED)["image"])
    with pytest.raises(DatasetError, match="seed"):
        generate("memory://bucket/train.zarr", seed=8)


# -- units and chunks ----------------------------------------------------------------------------------------------


@given(
    height=st.integers(1, 600),
    width=st.integers(1, 600),
    count=st.one_of(st.integers(1, 5000), st.integers(1, 10**7)),
)
@drawn(100)
def test_sizes_chosen_keep_their_limits(height, width, count):
    outputs = tuple(FakeRecipe(height, width).outputs.values())
    sizes = [int(np.prod(output.shape)) * output.dtype.itemsize for output in outputs]
    unit, chunk = layouts.choose_sizes(outputs, count, None, None)
    assert unit % chunk == 0
    assert chunk == 1 or chunk * max(sizes) <= 1 << 20
    assert unit == chunk or unit * sum(sizes) <= 64 << 20
    assert -(-count // unit) >= min(count, 8)  # a small count is still cut up
    assert count < 10**5 or chunk * max(sizes) > 1 << 18 or chunk == 4096


@pytest.mark.parametrize(
    "options",
    [{"unit": 10, "chunk": 4}, {"unit": 0}, {"chunk": -1}, {"unit": 2.5}, {"codec": "gzip"}, {"split": "dev"}],
)
def test_impossible_options_are_refused_before_anything_is_made(path, options):
    with pytest.raises(ParameterError, match=next(iter(options))):
        run.generate(FakeRecipe(), path, COUNT, SEED, progress=False, **options)
    assert not path.exists()


@pytest.mark.parametrize(("count", "seed"), [(0, 1), (-5, 1), (1.5, 1), ("many", 1), (10, -1), (10, 2**128), (True, 1)])
def test_impossible_numbers_are_refused(path, count, seed):
    with pytest.raises(ParameterError, match="must be a whole number"):
        run.generate(FakeRecipe(), path, count, seed)
    assert not path.exists()


def test_a_seed_may_have_128_bits(path):
    generate(path, seed=np.uint64(3), count=8)
    made = generate(path.with_name("big.zarr"), recipe=_Constant(), seed=2**128 - 1, count=8)
    assert made.metadata["seed"] == str(2**128 - 1)


class _Constant(FakeRecipe):
    def render(self, count=None, *, seed, **options):
        return super().render(count, seed=seed % 1000, **options)


# -- a unit exists if and only if ... ------------------------------------------------------------------------------


def cut(file):
    file.write_bytes(file.read_bytes()[:-5])


def empty(file):
    file.write_bytes(b"")


def flip(file):
    data = bytearray(file.read_bytes())
    data[3] ^= 1
    file.write_bytes(data)


def zeros(file):
    file.write_bytes(b"\0" * file.stat().st_size)


@pytest.mark.parametrize("harm", [cut, empty, flip, zeros, Path.unlink])
def test_a_unit_whose_row_is_not_whole_does_not_exist(path, harm):
    dataset, _ = half_written(path)
    assert dataset.missing() == [2, 4, 5, 6]
    harm(path / "shard_checksum" / "c.1.0.0")
    assert dataset.missing() == [1, 2, 4, 5, 6]
    generate(path)
    assert_holds(path)


@pytest.mark.parametrize("harm", [empty, Path.unlink])
def test_a_unit_that_lost_an_object_does_not_exist(path, harm):
    dataset, _ = half_written(path)
    harm(path / "position" / "c.3.0")
    assert dataset.missing() == [2, 3, 4, 5, 6]
    generate(path)
    assert_holds(path)


def test_a_torn_shard_without_a_row_is_rendered_again(path):
    _, layout = half_written(path)
    key, shard = datasets.encode_shard(
        layout, layout.outputs[0], 2, FakeRecipe().render(indices=range(32, 48), seed=SEED)["image"]
    )
    (path / key).write_bytes(shard[: len(shard) // 2])
    generate(path)
    assert_holds(path)


def test_going_on_renders_only_what_is_missing(path):
    half_written(path)
    rendered = []
    generate(path, recipe=FakeRecipe(before=lambda indices: rendered.extend(indices.tolist())))
    assert sorted(rendered) == [*range(32, 48), *range(64, 100)]
    assert_holds(path)


def test_stopped_between_the_group_and_its_arrays_goes_on(path):
    half_written(path, units=())
    for name in ("image", "shard_checksum"):
        shutil.rmtree(path / name)
    assert datasets.open_dataset(path).missing() == list(range(7))
    generate(path)
    assert_holds(path)


def test_every_flipped_bit_of_a_shard_is_noticed_on_reading(path):
    generate(path, count=16)
    file = path / "image" / "c.0.0.0.0"
    good = file.read_bytes()
    places = np.random.default_rng(0).integers(0, 8 * len(good), 60)
    for place in places:
        data = bytearray(good)
        data[place // 8] ^= 1 << (place % 8)
        file.write_bytes(data)
        with pytest.raises(Exception, match=r"(?i)checksum|crc|codec|decompress"):
            zarr.open_array(path, path="image", mode="r")[:]


# -- sealing -------------------------------------------------------------------------------------------------------


def test_sealing_refuses_what_is_not_whole(path):
    dataset, layout = half_written(path)
    with pytest.raises(DatasetError, match="4 of 7 units are missing"):
        datasets.seal(dataset, layout)
    assert not datasets.open_dataset(path).complete


def test_sealing_sweeps_leftovers_and_nothing_else(path):
    half_written(path)
    leftovers = [".zarr.json.0123456789abcdef.partial", "image/.c.1.0.0.0.0123456789abcdef.partial", "image/c.99.0.0.0"]
    for name in leftovers:
        (path / name).write_bytes(b"left over")
    (path / "notes.txt").write_text("mine")
    generate(path)
    assert not any((path / name).exists() for name in leftovers)
    assert (path / "notes.txt").read_text() == "mine"
    assert_holds(path)


def test_a_writer_survives_the_sweep_of_another(path, monkeypatch):
    dataset, layout = half_written(path, units=range(1, 7))
    swept = []

    def fsync(descriptor):
        if not swept:
            swept.extend(path.glob("image/.c.0.*.partial"))
            for file in swept:
                file.unlink()

    monkeypatch.setattr(os, "fsync", fsync)
    write(dataset, layout, 0)
    assert swept
    datasets.seal(dataset, layout)
    assert_holds(path)


def test_sealed_is_left_alone(path):
    first = generate(path)
    before = snapshot(path)
    assert generate(path).identity == first.identity
    assert snapshot(path) == before


# -- what lies there already ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"seed": 8}, "seed 7, asked for 8"),
        ({"count": 101}, "count 100, asked for 101"),
        ({"split": "test"}, "split"),
        ({"recipe": FakeRecipe(text="other: 1\n")}, "recipe_sha256"),
        ({"unit": 32}, "unit 16, asked for 32"),
        ({"codec": "zstd"}, "codec lz4:1:bit, asked for zstd:3:bit"),
    ],
)
@pytest.mark.parametrize("finished", [False, True])
def test_a_dataset_of_other_arguments_is_refused_and_untouched(path, options, named, finished):
    if finished:
        generate(path)
    else:
        half_written(path)
    before = snapshot(path)
    with pytest.raises(DatasetError, match=named):
        generate(path, **options)
    assert snapshot(path) == before


def test_a_dataset_of_another_render_version_is_refused(path, monkeypatch):
    half_written(path)
    monkeypatch.setattr(units, "render_version", lambda: VERSION + 1)
    with pytest.raises(DatasetError, match="render_version 3, asked for 4"):
        generate(path)


def test_options_left_open_follow_the_dataset_that_is_there(path):
    half_written(path)
    run.generate(FakeRecipe(), path, COUNT, SEED, progress=False)
    assert_holds(path)


def test_a_foreign_folder_is_refused_and_untouched(path):
    path.mkdir()
    (path / "thesis.tex").write_text("ten years of work")
    with pytest.raises(DatasetError, match="something else lies there"):
        generate(path)
    assert snapshot(path) == {"thesis.tex": b"ten years of work"}


def test_a_foreign_zarr_group_is_refused_and_untouched(path):
    zarr.create_group(path).create_array("image", shape=(3,), dtype="f4")[:] = 1
    before = snapshot(path)
    with pytest.raises(DatasetError, match="not a dataset of simcore"):
        generate(path)
    assert snapshot(path) == before


def test_a_file_is_refused_and_untouched(path):
    path.write_text("mine")
    with pytest.raises(DatasetError):
        generate(path)
    assert path.read_text() == "mine"


def test_an_empty_folder_will_do(path):
    path.mkdir()
    generate(path)
    assert_holds(path)


def test_many_that_begin_at_once_agree(path):
    recipes = [FakeRecipe(text=f"recipe: {number % 2}\n") for number in range(8)]
    barrier, results = threading.Barrier(len(recipes)), []

    def begin(recipe):
        barrier.wait()
        try:
            dataset, _ = datasets.create(recipe, path, COUNT, SEED, render_version=VERSION, **OPTIONS)
            results.append(dataset.metadata["recipe"])
        except DatasetError as error:
            results.append(str(error))

    threads = [threading.Thread(target=begin, args=(recipe,)) for recipe in recipes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winner = datasets.open_dataset(path).metadata["recipe"]
    assert sorted(result == winner for result in results) == [False] * 4 + [True] * 4
    assert all("recipe_sha256" in result for result in results if result != winner)


def test_a_dataset_begun_by_another_between_two_looks_is_taken_up(path, monkeypatch):
    real = storages.Folder.exists

    def exists(self):
        monkeypatch.setattr(storages.Folder, "exists", real)
        half_written(path, units=(0,))
        return real(self)

    monkeypatch.setattr(storages.Folder, "exists", exists)
    generate(path)
    assert_holds(path)


# -- datasets that lie ---------------------------------------------------------------------------------------------


def change_count(attributes):
    attributes["metadata"]["count"] = 5


def exchange_metadata(attributes):
    attributes["metadata"]["seed"] = "8"
    resum(attributes)


def lead_outside(attributes):
    attributes["metadata"]["arrays"][0] = "../../outside"
    resum(attributes)


def divide_by_zero(attributes):
    attributes["metadata"]["unit"] = 0
    resum(attributes)


def exchange_recipe(attributes):
    attributes["metadata"]["recipe"] = "fake: 2\n"
    resum(attributes)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (change_count, "metadata was changed"),
        (exchange_metadata, "does not belong to its commit record"),
        (lead_outside, "cannot be the name of an array"),
        (divide_by_zero, "no sensible 'unit'"),
        (exchange_recipe, "recipe was changed"),
        (lambda attributes: attributes.update(format="simcore-dataset/9"), "simcore-dataset/9"),
        (lambda attributes: attributes.update(metadata=[1]), "metadata was changed"),
    ],
)
def test_edited_metadata_is_noticed(path, change, said):
    half_written(path)
    edit(path, change)
    before = snapshot(path)
    with pytest.raises(DatasetError, match=said):
        datasets.open_dataset(path)
    with pytest.raises(DatasetError, match=said):
        generate(path)
    assert snapshot(path) == before


def test_a_group_that_is_no_json_is_refused(path):
    half_written(path)
    (path / "zarr.json").write_bytes(b"\xff{")
    with pytest.raises(DatasetError, match="not a dataset"):
        datasets.open_dataset(path)


def test_an_array_made_differently_is_refused(path):
    half_written(path)
    file = path / "image" / "zarr.json"
    file.write_text(file.read_text().replace('"float32"', '"float64"'))
    with pytest.raises(DatasetError, match=r"image.zarr.json was changed"):
        generate(path)


def test_links_are_not_followed_out_of_the_dataset(path, tmp_path):
    half_written(path, units=())
    outside = tmp_path / "outside"
    shutil.move(path / "image", outside)
    (path / "image").symlink_to(outside)
    before = snapshot(outside)
    with pytest.raises(DatasetError, match="leads out of the dataset"):
        generate(path)
    assert snapshot(outside) == before


@pytest.mark.parametrize("name", ["../image", "a/b", "", "shard_checksum", ".image", "c d"])
def test_names_that_are_no_names_are_refused(path, name):
    recipe = FakeRecipe()
    recipe.outputs = {name: attrs.evolve(recipe.outputs["image"], name=name)}
    with pytest.raises(DatasetError, match="cannot be the name"):
        generate(path, recipe=recipe)
    assert not path.exists()


def test_one_dimension_of_two_lengths_is_refused(path):
    recipe = FakeRecipe()
    recipe.outputs["nothing"] = attrs.evolve(recipe.outputs["nothing"], shape=(6, 9, 1))
    with pytest.raises(DatasetError, match="dimension 'x' is 5 in 'image' but 9 in 'nothing'"):
        generate(path, recipe=recipe)


def test_identity_tells_recipes_and_seeds_apart(tmp_path):
    made = [
        generate(tmp_path / "a.zarr"),
        generate(tmp_path / "b.zarr", seed=8),
        generate(tmp_path / "c.zarr", recipe=FakeRecipe(text="other: 1\n")),
        generate(tmp_path / "d.zarr", split="test"),
    ]
    assert len({dataset.identity for dataset in made}) == len(made)
    assert all(len(dataset.identity) == hashlib.sha256().digest_size * 2 for dataset in made)
