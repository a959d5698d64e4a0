"""Views: what they read is what lies in their datasets, and nothing else is ever read instead."""

import contextlib
import json
import os
import pickle
import shutil
from pathlib import Path

import dask
import numpy as np
import pytest
from drawn import drawn
from fake_recipe import FakeRecipe
from hypothesis import given
from hypothesis import strategies as st
from literal_reader import read

import simcore as sc
from simcore import datasets, run
from simcore.datasets import views
from simcore.errors import DatasetError, ParameterError, StorageError

CONDITIONS = """
format: simcore-recipe/1
outputs:
  snr:   uniform(2, 60)
  pair:  uniform(0, 1, shape=2)
  label: integers(0, 10)
  odd:   integers(0, 2) > 0
"""


@pytest.fixture(autouse=True, scope="module")
def _fast_disk():
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(os, "fsync", lambda descriptor: None)
        yield


def generate(path, count, seed, recipe=None, **options):
    return run.generate(recipe or FakeRecipe(), path, count, seed, progress=False, **options)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three datasets of one recipe, cut differently."""
    folder = tmp_path_factory.mktemp("views")
    generate(folder / "a.zarr", 50, 1, unit=16, chunk=8)
    generate(folder / "b.zarr", 23, 2, unit=10, chunk=5)
    generate(folder / "c.zarr", 7, 3, unit=3, chunk=1)
    run.generate(sc.loads(CONDITIONS), folder / "properties.zarr", 300, 4, progress=False, unit=64, chunk=16)
    return folder


@pytest.fixture(scope="module")
def literal(folder):
    """All examples of the three, by the literal reader, one after the other."""
    found = [read(folder / f"{name}.zarr")[1] for name in "abc"]
    return {name: np.concatenate([arrays[name] for arrays in found]) for name in found[0]}


def paths(folder, names="abc"):
    return [folder / f"{name}.zarr" for name in names]


def assert_equal(view, arrays):
    assert list(view.arrays) == list(arrays)
    for name, expected in arrays.items():
        array = view[name]
        assert (array.shape, array.dtype, len(array)) == (expected.shape, expected.dtype, len(expected))
        np.testing.assert_array_equal(array[:], expected, err_msg=name)


# -- merge ---------------------------------------------------------------------------------------------------------


def test_merged_datasets_read_as_one(folder, literal):
    view = sc.merge(paths(folder))
    assert len(view) == 80
    assert_equal(view, literal)


@given(start=st.integers(-90, 90), stop=st.integers(-90, 90), step=st.integers(1, 9), size=st.integers(500, 9000))
@drawn(5)
def test_any_slice_and_any_block_give_the_same(folder, literal, start, stop, step, size):
    view = sc.merge(paths(folder))
    np.testing.assert_array_equal(view["image"][start:stop:step, 1:, 2], literal["image"][start:stop:step, 1:, 2])
    pieces = list(view.chunks(["image", "label"], size))
    assert [first for first, _ in pieces] == np.cumsum([0, *(len(p["label"]) for _, p in pieces)])[:-1].tolist()
    np.testing.assert_array_equal(np.concatenate([piece["image"] for _, piece in pieces]), literal["image"])


def test_chunks_are_bounded_and_decode_no_stored_chunk_twice(folder, monkeypatch):
    asked = []
    original = views._slice
    monkeypatch.setattr(views, "_slice", lambda d, n, a, p: asked.append((d.path, p // 8)) or original(d, n, a, p))
    pieces = [piece for _, piece in sc.open_dataset(folder / "a.zarr").chunks(["image"], size=3 * 8 * 120)]
    assert [len(piece["image"]) for piece in pieces] == [24, 24, 2]
    touched = [chunk for _, chunks in asked for chunk in np.unique(chunks)]
    assert touched == sorted(set(touched))


def test_single_examples_and_wrong_keys(folder, literal):
    array = sc.merge(paths(folder))["image"]
    np.testing.assert_array_equal(array[-1], literal["image"][-1])
    np.testing.assert_array_equal(array[60, 2], literal["image"][60, 2])
    np.testing.assert_array_equal(np.asarray(array), literal["image"])
    with pytest.raises(IndexError):
        array[80]
    with pytest.raises(ParameterError, match="step -1"):
        array[::-1]
    with pytest.raises(ParameterError, match="slice"):
        array[[1, 2]]
    with pytest.raises(DatasetError, match=r"no array 'images'; there are image"):
        sc.merge(paths(folder))["images"]


def test_a_merged_view_kept_in_a_file_moves_with_its_datasets(folder, literal, tmp_path):
    shutil.copytree(folder, tmp_path / "data")
    made = sc.merge(paths(tmp_path / "data"), tmp_path / "data" / "all.json")
    (tmp_path / "data").rename(tmp_path / "moved")
    opened = sc.open_dataset(tmp_path / "moved" / "all.json")
    assert_equal(opened, literal)
    assert opened.identity == made.identity
    document = json.loads((tmp_path / "moved" / "all.json").read_text())
    assert [member["path"] for member in document["members"]] == ["a.zarr", "b.zarr", "c.zarr"]
    assert document["members"][0]["identity"] == read(folder / "a.zarr")[0]["identity"]


def test_views_of_views(folder, literal, tmp_path):
    one = sc.subset(sc.merge(paths(folder, "ab")), slice(40, 60), tmp_path / "middle.json")
    both = sc.merge([tmp_path / "middle.json", folder / "c.zarr"])
    rows = np.r_[40:60, 73:80]
    assert_equal(both, {name: array[rows] for name, array in literal.items()})
    again = sc.subset(both, [0, 1, 9, 10, 19, 20, 26])
    assert_equal(again, {name: array[rows[[0, 1, 9, 10, 19, 20, 26]]] for name, array in literal.items()})
    assert len({view.identity for view in (one, both, again)}) == 3


def test_a_view_at_a_url(folder, literal, tmp_path):
    for name, count, seed in (("a", 50, 1), ("b", 23, 2)):
        generate(f"memory://shared/{name}.zarr", count, seed, unit=16, chunk=8)
    sc.merge(["memory://shared/a.zarr", "memory://shared/b.zarr"], "memory://shared/all.json")
    np.testing.assert_array_equal(sc.open_dataset("memory://shared/all.json")["image"][:], literal["image"][:73])
    sc.merge(["memory://shared/a.zarr", folder / "c.zarr"], tmp_path / "mixed.json")
    np.testing.assert_array_equal(sc.open_dataset(tmp_path / "mixed.json")["label"][50:], literal["label"][73:])
    with pytest.raises(DatasetError, match="lies on this machine"):
        sc.merge([folder / "c.zarr"], "memory://shared/c.json")


def test_what_does_not_go_together_is_refused(folder, tmp_path):
    generate(tmp_path / "wide.zarr", 8, 9, FakeRecipe(6, 9, "wide"))
    with pytest.raises(DatasetError, match=r"wide.zarr .* image is float32 \(6, 9, 1\)"):
        sc.merge([folder / "a.zarr", tmp_path / "wide.zarr"])
    with pytest.raises(DatasetError, match="only one of them holds"):
        sc.merge([folder / "a.zarr", folder / "properties.zarr"])
    other = FakeRecipe(text="other units")
    object.__setattr__(other.outputs["label"], "units", "um")
    generate(tmp_path / "units.zarr", 8, 9, other)
    with pytest.raises(DatasetError, match="units of label is 'um', and '1'"):
        sc.merge([folder / "a.zarr", tmp_path / "units.zarr"])
    with pytest.raises(DatasetError, match="share 50 examples"):
        sc.merge([folder / "a.zarr", folder / "a.zarr"])
    with pytest.raises(ParameterError, match="at least one"):
        sc.merge([])


def test_an_unsealed_dataset_is_refused(tmp_path):
    datasets.create(FakeRecipe(), tmp_path / "half.zarr", 20, 1, render_version=1)
    for attempt in (sc.open_dataset, lambda path: sc.merge([path]), lambda path: sc.subset(path, slice(2))):
        with pytest.raises(DatasetError, match="not complete"):
            attempt(tmp_path / "half.zarr")


def test_nothing_is_replaced_unasked(folder, tmp_path):
    path = tmp_path / "all.json"
    path.write_text("mine")
    with pytest.raises(DatasetError, match="something lies there already"):
        sc.merge(paths(folder), path)
    assert path.read_text() == "mine"
    assert len(sc.merge(paths(folder), path, overwrite=True)) == len(sc.open_dataset(path)) == 80
    with pytest.raises(ParameterError, match=r"must end in .json"):
        sc.merge(paths(folder), tmp_path / "all.zarr")


# -- a view that is not what it was --------------------------------------------------------------------------------


@pytest.fixture
def kept(folder, tmp_path):
    for name in "ab":
        shutil.copytree(folder / f"{name}.zarr", tmp_path / f"{name}.zarr")
    sc.merge(paths(tmp_path, "ab"), tmp_path / "all.json")
    return tmp_path


def test_a_dataset_that_was_made_anew_is_refused(kept):
    shutil.rmtree(kept / "b.zarr")
    generate(kept / "b.zarr", 23, 77)
    with pytest.raises(DatasetError, match=r"b.zarr: is no longer the dataset"):
        sc.open_dataset(kept / "all.json")


def test_a_dataset_that_is_gone_is_refused(kept):
    shutil.rmtree(kept / "b.zarr")
    with pytest.raises(DatasetError, match="no dataset there"):
        sc.open_dataset(kept / "all.json")


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d["members"][0].update(examples=[[0, 51]]),
        lambda d: d["members"][0].update(examples=[[-1, 5]]),
        lambda d: d["members"][0].update(examples=[[5, 9], [7, 12]]),
        lambda d: d["members"][0].update(examples=[[5, 5]]),
        lambda d: d["members"][0].update(examples=[]),
        lambda d: d["members"][0].update(examples=[[0, 1, 2]]),
        lambda d: d["members"][0].update(examples="all"),
        lambda d: d["members"][0].update(examples=[[0.5, 3.5]]),
        lambda d: d["members"][0].update(examples=[[0, 1], [2]]),
        lambda d: d["members"][0].update(path="/etc"),
        lambda d: d["members"][0].update(path="../../etc"),
        lambda d: d["members"][0].update(path=None),
        lambda d: d["members"][0].update(identity="0" * 64),
        lambda d: d["members"][0].pop("path"),
        lambda d: d.update(members=[]),
        lambda d: d.update(members={}),
        lambda d: d.update(members=7),
        lambda d: d.update(members=[None]),
        lambda d: d.update(format="simcore-view/2"),
        lambda d: d.pop("format"),
    ],
)
def test_a_view_that_was_edited_is_refused_in_one_line(kept, change):
    document = json.loads((kept / "all.json").read_text())
    change(document)
    (kept / "all.json").write_text(json.dumps(document))
    with pytest.raises(DatasetError) as unsigned:
        sc.open_dataset(kept / "all.json")
    with contextlib.suppress(KeyError, TypeError, ValueError):  # whoever edited it mended the checksum too
        lines = [(str(m["identity"]), m["examples"]) for m in document["members"]]
        document["identity"] = views.view_identity(lines)
    (kept / "all.json").write_text(json.dumps(document))
    with pytest.raises(DatasetError) as signed:
        sc.open_dataset(kept / "all.json")
    assert "\n" not in f"{unsigned.value}{signed.value}"


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "[" * 100_000, "\ud800".encode("utf-8", "surrogatepass")])
def test_what_is_no_view_is_refused(tmp_path, text):
    (tmp_path / "all.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DatasetError, match="not a view"):
        sc.open_dataset(tmp_path / "all.json")
    with pytest.raises(DatasetError, match="no view there"):
        sc.open_dataset(tmp_path / "none.json")


def test_a_damaged_shard_is_no_traceback_of_codecs(kept):
    shard = kept / "a.zarr" / "image" / "c.1.0.0.0"
    data = bytearray(shard.read_bytes())
    data[40] ^= 1
    shard.write_bytes(data)
    view = sc.open_dataset(kept / "all.json")
    assert len(view["image"][:16]) == 16
    with pytest.raises(StorageError, match=r"a.zarr: image of examples"):
        view["image"][16:32]


# -- subset --------------------------------------------------------------------------------------------------------


@given(rows=st.sets(st.integers(0, 79), min_size=1), size=st.integers(500, 9000))
@drawn(5)
def test_any_choice_of_examples(folder, literal, rows, size):
    chosen = sorted(rows)
    view = sc.subset(sc.merge(paths(folder)), chosen)
    assert_equal(view, {name: array[chosen] for name, array in literal.items()})
    pieces = [piece["image"] for _, piece in view.chunks(["image"], size)]
    np.testing.assert_array_equal(np.concatenate(pieces), literal["image"][chosen])
    mask = np.isin(np.arange(80), chosen)
    assert sc.subset(sc.merge(paths(folder)), mask).identity == view.identity


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("snr > 5", lambda a: a["snr"] > 5),
        ("10 < snr <= 20", lambda a: (a["snr"] > 10) & (a["snr"] <= 20)),
        ("snr > 30 and label == 3 or not odd", lambda a: (a["snr"] > 30) & (a["label"] == 3) | ~a["odd"]),
        ("(snr > 30) & ~odd | (label != 2)", lambda a: (a["snr"] > 30) & ~a["odd"] | (a["label"] != 2)),
        ("abs(pair[0] - pair[1]) < 0.25", lambda a: np.abs(a["pair"][:, 0] - a["pair"][:, 1]) < 0.25),
        ("-snr / 2 + 3 * label >= 1", lambda a: -a["snr"] / 2 + 3 * a["label"] >= 1),
        ("odd", lambda a: a["odd"]),
    ],
)
def test_conditions_choose_what_numpy_chooses(folder, tmp_path, text, expected):
    _, arrays = read(folder / "properties.zarr")
    rows = np.flatnonzero(expected(arrays))
    assert 0 < len(rows) < 300
    view = sc.subset(folder / "properties.zarr", text, tmp_path / "some.json")
    assert_equal(view, {name: array[rows] for name, array in arrays.items()})
    assert sc.open_dataset(tmp_path / "some.json").condition == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("snr > 100", "no example is chosen"),
        ("snr", "must be true or false"),
        ("snr > 5 & label > 3", "put comparisons in brackets"),
        ("pair > 0.5", "must be true or false for every example"),
        ("pair[2] > 0.5", "out of bounds"),
        ("pair[snr] > 0.5", "whole numbers"),
        ("pair[0:1] > 0.5", "whole numbers"),
        ("snr > 'five'", "not part of the language"),
        ("snr in (1, 2)", "not part of the language"),
        ("True", "names no array"),
        ("", "cannot be read"),
        ("snr >", "cannot be read"),
        ("snr > 5; import os", "cannot be read"),
        ("snr ** 9 ** 9 > 1", "not part of the language"),
        ("snr.__class__ == 1", "not part of the language"),
        ("__import__('os').system('touch hacked') or snr > 1", "no array '__import__'"),
        ("snr(1) > 2", "not part of the language"),
        ("[snr for snr in snr]", "not part of the language"),
        ("(lambda: snr)() > 1", "not part of the language"),
        ("(snr := 3) > 1", "not part of the language"),
        ("not " * 5000 + "odd", "longer than"),
        ("(" * 4000 + "odd" + ")" * 4000, "cannot be read"),
        ("-" * 9000 + "snr > 1", "condition"),
        ("snrr > 5", "no array 'snrr'"),
    ],
)
def test_other_conditions_are_refused_and_run_nothing(folder, tmp_path, monkeypatch, text, said):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((ParameterError, DatasetError), match=said.replace("(", r"\(")):
        sc.subset(folder / "properties.zarr", text)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("numbers", [[3, 2], [1, 1], [-1, 2], [0, 300], [0.5], [[1, 2]], slice(5, 0, -1), [], [True]])
def test_other_numbers_are_refused(folder, numbers):
    with pytest.raises(ParameterError):
        sc.subset(folder / "properties.zarr", numbers)


# -- dask ----------------------------------------------------------------------------------------------------------


def test_views_as_dask_arrays(folder, literal):
    view = sc.subset(sc.merge(paths(folder)), [*range(5, 40), 52, 79])
    lazy = view.dask()
    assert list(lazy) == list(literal)
    (computed,) = dask.compute(lazy, scheduler="threads")
    for name, array in computed.items():
        np.testing.assert_array_equal(array, literal[name][[*range(5, 40), 52, 79]])
        assert lazy[name].dtype == array.dtype
    np.testing.assert_array_equal(view["image"].dask()[30:36, 2].compute(), view["image"][30:36, 2])


def test_dask_reads_only_the_chunks_it_is_asked_for(folder, monkeypatch):
    monkeypatch.setattr("simcore.lazy.LAZY_BYTES", 8 * 120)
    asked = []
    original = views._slice
    monkeypatch.setattr(views, "_slice", lambda d, n, a, p: asked.extend(p.tolist()) or original(d, n, a, p))
    lazy = sc.open_dataset(folder / "a.zarr")["image"].dask()
    assert not asked
    lazy[15:17].compute(scheduler="sync")  # dask hands a slice of a block on to the array
    assert sorted(asked) == [15, 16]


def test_views_travel_to_workers(folder, literal):
    again = pickle.loads(pickle.dumps(sc.merge(paths(folder))))
    np.testing.assert_array_equal(again["label"][45:60], literal["label"][45:60])


# -- splits --------------------------------------------------------------------------------------------------------


@given(st.integers(0, 2**126 - 1), st.integers(0, 2**126 - 1))
def test_no_seed_of_one_split_is_that_of_another(one, other):
    seeds = {split: {sc.split_seed(seed, split) for seed in (one, other)} for split in ("train", "validation", "test")}
    assert not seeds["train"] & seeds["validation"] and not seeds["train"] & seeds["test"]
    assert not seeds["validation"] & seeds["test"]
    assert seeds["train"] == {one, other} and max(seeds["test"]) < 2**128


@pytest.mark.parametrize(("seed", "split"), [(2**126, "train"), (-1, "test"), (1, "dev"), (1.5, "test")])
def test_seeds_that_cannot_be(seed, split):
    with pytest.raises(ParameterError):
        sc.split_seed(seed, split)


def test_splits_share_no_image(tmp_path):
    recipe = sc.loads(CONDITIONS.replace("odd: ", "size: where(equal(split, 'train'), uniform(2, 3), 9)\n  odd: "))
    made = sc.generate_splits(recipe, tmp_path / "data", train=40, validation=10, test=20, seed=6, progress=False)
    arrays = {split: read(tmp_path / "data" / f"{split}.zarr")[1] for split in made}
    assert {split: len(found["snr"]) for split, found in arrays.items()} == {"train": 40, "validation": 10, "test": 20}
    values = np.concatenate([found["snr"] for found in arrays.values()])
    assert len(np.unique(values)) == 70
    assert (arrays["test"]["size"] == 9).all() and (arrays["train"]["size"] < 3).all()
    np.testing.assert_array_equal(arrays["test"]["snr"], recipe.render(20, seed=6 + 2**127)["snr"])
    again = sc.generate_splits(recipe, tmp_path / "data", train=40, test=20, seed=6, progress=False)
    assert again["test"].identity == made["test"].identity


def test_datasets_that_could_share_an_example_are_refused(folder, tmp_path):
    generate(tmp_path / "a.zarr", 30, 1, FakeRecipe(text="another recipe"), split="test")
    with pytest.raises(DatasetError, match=r"share the random numbers of 30 examples"):
        sc.require_disjoint(folder / "b.zarr", folder / "a.zarr", tmp_path / "a.zarr")
    sc.require_disjoint(*paths(folder))
    halves = sc.subset(folder / "a.zarr", slice(0, 25)), sc.subset(folder / "a.zarr", slice(25, None))
    sc.require_disjoint(*halves)
    with pytest.raises(DatasetError, match="of 2 examples"):
        sc.require_disjoint(
            sc.subset(folder / "a.zarr", [1, 3, 5, 7, 11]), sc.subset(folder / "a.zarr", [0, 3, 6, 7, 12])
        )


def test_the_start_of_a_dataset_counts(folder, monkeypatch):
    view = sc.open_dataset(folder / "a.zarr")
    later = sc.open_dataset(Path(folder / "a.zarr"))
    later.members[0].dataset.metadata["first"] = 45
    with pytest.raises(DatasetError, match="of 5 examples"):
        sc.require_disjoint(view, later)
    later.members[0].dataset.metadata["first"] = 50
    sc.require_disjoint(view, later)
