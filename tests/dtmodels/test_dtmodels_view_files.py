"""Views of datasets, from files written here as FORMAT.md says: trained on, evaluated, and refused where they lie."""

import hashlib
import json
import shutil

import numpy as np
import pytest
from spots import spots
from writer import write_dataset

import dtmodels as dm
from dtmodels.errors import DatasetError, EqualSeedWarning, TrainedExamplesError
from dtmodels.view_files import member_parts

SIZES = {"a": (100, 32, 8), "b": (37, 10, 5), "c": (5, 4, 1)}
RANGES = {"a": [[3, 40], [60, 100]], "b": [[0, 37]], "c": [[0, 1], [4, 5]]}


def write_view(path, members):
    """``members``: (path, identity, ranges) of each."""
    lines = [f"{identity} {','.join(f'{a}:{b}' for a, b in ranges)}\n" for _, identity, ranges in members]
    checksum = hashlib.sha256(("simcore-view/1\n" + "".join(lines)).encode()).hexdigest()
    keys = ("path", "identity", "examples")
    listed = [dict(zip(keys, member, strict=True)) for member in members]
    path.write_text(json.dumps({"format": "simcore-view/1", "members": listed, "identity": checksum}))
    return path


def identity_of(path):
    return json.loads((path / "zarr.json").read_text())["attributes"]["simcore"]["identity"]


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    folder = tmp_path_factory.mktemp("merged")
    arrays = {name: spots(count, seed) for seed, (name, (count, _, _)) in enumerate(SIZES.items(), 1)}
    for seed, (name, (_, unit, chunk)) in enumerate(SIZES.items(), 1):
        write_dataset(folder / f"{name}.zarr", arrays[name], unit=unit, chunk=chunk, seed=str(seed))
    members = [(f"{name}.zarr", identity_of(folder / f"{name}.zarr"), RANGES[name]) for name in SIZES]
    write_view(folder / "some.json", members)
    rows = {name: np.concatenate([np.arange(a, b) for a, b in ranges]) for name, ranges in RANGES.items()}
    expected = {
        key: np.concatenate([arrays[name][key][rows[name]] for name in SIZES]) for key in ("image", "position", "snr")
    }
    return folder / "some.json", expected


def test_every_value_arrives(stored):
    path, expected = stored
    data = dm.open_dataset(path, inputs="image", targets="position")
    assert len(data) == len(expected["image"]) == 116
    images, positions = data.numpy()
    np.testing.assert_array_equal(images, expected["image"])
    np.testing.assert_array_equal(positions, expected["position"])
    np.testing.assert_array_equal(data.properties(["snr"])["snr"], expected["snr"])
    order = np.random.default_rng(0).permutation(116)[:50]
    np.testing.assert_array_equal(data.numpy(order)[0], expected["image"][order])
    np.testing.assert_array_equal(data[70:115].numpy()[1], expected["position"][70:115])


def test_chunks_and_parts_cover_every_example_once(stored):
    data = dm.open_dataset(stored[0], inputs="image")
    numbers = np.concatenate([np.arange(a, b) for a, b in data.chunks()])
    np.testing.assert_array_equal(np.sort(numbers), np.arange(116))
    assert max(b - a for a, b in data.chunks()) <= 8
    train, validation = data.split(0.25, seed=3)
    together = np.concatenate([train.indices(), validation.indices()])
    np.testing.assert_array_equal(np.sort(together), data.indices())
    assert len(np.unique(together)) == 116 and len(validation) == 29


def test_a_network_is_trained_on_a_view_and_refuses_its_examples(stored, tmp_path):
    path, _ = stored
    data = dm.open_dataset(path, inputs="image", targets="position")
    train, validation = data.split(0.2)
    model = dm.models.cnn(data.input_shape, convolutions=(4,), dense=(), outputs=2, seed=1)
    run = dm.fit(model, train, validation, loss="mae", epochs=1, batch_size=16, directory=tmp_path / "run")
    members = [m["identity"] for m in run.record["training"]["dataset"]["members"]]
    assert members == [identity_of(path.parent / f"{name}.zarr") for name in SIZES]
    with pytest.raises(TrainedExamplesError, match="trained on 77 of these 100"):
        dm.evaluate(run, path.parent / "a.zarr")
    with pytest.raises(TrainedExamplesError):
        dm.evaluate(run, path)
    rest = [("a.zarr", members[0], [[0, 3], [40, 60]]), ("c.zarr", members[2], [[1, 4]])]
    write_view(path.parent / "rest.json", rest)
    with pytest.warns(EqualSeedWarning, match="seed of the training set, 1, 3"):
        report = dm.evaluate(run, path.parent / "rest.json")
    assert report.numbers["examples"] == 26 and report.directory.name == "rest"
    again = dm.fit(
        model, train, validation, loss="mae", epochs=2, batch_size=16, directory=tmp_path / "run", resume=True
    )
    assert len(again.history) == 2


@pytest.fixture
def copied(stored, tmp_path):
    shutil.copytree(stored[0].parent, tmp_path / "copy")
    return tmp_path / "copy" / "some.json"


def test_a_dataset_that_was_made_anew_is_refused(copied):
    shutil.rmtree(copied.parent / "b.zarr")
    write_dataset(copied.parent / "b.zarr", spots(37, 77), unit=10, chunk=5, seed="77")
    with pytest.raises(DatasetError, match=r"b.zarr: no longer the dataset"):
        dm.open_dataset(copied, inputs="image")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d["members"][0].update(examples=[[3, 41]]), "identity does not fit"),
        (lambda d: d["members"][0].update(examples=[[9, 3]]), "do not ascend"),
        (lambda d: d["members"][0].update(examples=[]), "do not ascend"),
        (lambda d: d["members"][0].update(examples=[[1]]), "not a view"),
        (lambda d: d["members"][0].update(path="/data/a.zarr"), "relative paths"),
        (lambda d: d["members"][0].update(path="../a.zarr"), "no dataset here"),
        (lambda d: d["members"][0].pop("path"), "not a view"),
        (lambda d: d.update(members=[]), "identity does not fit"),
        (lambda d: d.update(members=3), "not a view"),
        (lambda d: d.update(format="simcore-view/9"), "this version reads"),
    ],
)
def test_a_view_that_was_edited_is_refused(copied, change, said):
    document = json.loads(copied.read_text())
    change(document)
    copied.write_text(json.dumps(document))
    with pytest.raises(DatasetError, match=said):
        dm.open_dataset(copied, inputs="image")


def test_ranges_beyond_a_dataset_are_refused(copied):
    write_view(copied, [("c.zarr", identity_of(copied.parent / "c.zarr"), [[0, 6]])])
    with pytest.raises(DatasetError, match="beyond the 5 of"):
        dm.open_dataset(copied, inputs="image")
    for text in ("", "[]", "{", "[" * 100_000):
        copied.write_text(text)
        with pytest.raises(DatasetError, match="not a view"):
            dm.open_dataset(copied, inputs="image")
    copied.unlink()
    with pytest.raises(DatasetError, match="no view here"):
        dm.open_dataset(copied, inputs="image")


def test_arrays_that_differ_are_refused(copied):
    write_dataset(copied.parent / "small.zarr", spots(8, 9, size=15), unit=8, chunk=4, seed="9")
    members = [(f"{name}.zarr", identity_of(copied.parent / f"{name}.zarr"), [[0, 4]]) for name in ("a", "small")]
    write_view(copied, members)
    with pytest.raises(DatasetError, match=r"small.zarr and .*image is \(15, 15, 1\)"):
        dm.open_dataset(copied, inputs="image")


def test_ranges_are_found_in_mixtures_of_mixtures():
    counts = {"a": 10, "b": 5, "c": 20}
    a, b, c = ({"recipe_sha256": name, "seed": "1", "first": 0, "count": count} for name, count in counts.items())
    whole = {"count": 35, "members": [{"count": 15, "members": [a, b]}, c]}
    assert member_parts(whole, [(8, 12), (14, 17), (30, 35)]) == [
        (a, [(8, 10)]),
        (b, [(0, 2), (4, 5)]),
        (c, [(0, 2), (15, 20)]),
    ]
