"""Datasets of the first format, whose shards have SHA-256, are gone on with as what they are."""

import json

import pytest
from fake_datasets import COUNT, SEED, assert_holds, edit, flip_bit, generate, half_written, quick, snapshot
from fake_recipe import FakeRecipe

import dtmodels as dm
import simcore as sc
from simcore.datasets import digests
from simcore.datasets.dataset import open_dataset
from simcore.datasets.layout import Layout
from simcore.datasets.writing import make_layout
from simcore.engines.recipes import remember
from simcore.errors import DatasetError


@pytest.fixture
def older(tmp_path, monkeypatch):
    """A dataset half made when SHA-256 was all there was."""
    quick(monkeypatch)
    remember(FakeRecipe())
    with monkeypatch.context() as then:
        then.setattr("simcore.datasets.writing.make_layout", _older_layout)
        half_written(tmp_path / "train.zarr")
    return tmp_path / "train.zarr"


def _older_layout(*arguments, **options):
    layout = make_layout(*arguments, **options)
    return Layout(layout.outputs, {key: value for key, value in layout.metadata.items() if key != "checksum"})


def format_there(path):
    return json.loads((path / "zarr.json").read_bytes())["attributes"]["simcore"]["format"]


def test_generating_goes_on(older):
    assert not open_dataset(older).complete
    assert generate(older).complete
    assert format_there(older) == "simcore-dataset/1"
    assert_holds(older)
    images, _ = dm.open_dataset(older, inputs="image", targets="position").numpy()
    assert len(images) == COUNT


def test_extending_goes_on(older):
    generate(older)
    assert len(sc.extend(older, 150, progress=False)) == 150
    assert format_there(older) == "simcore-dataset/1"
    assert_holds(older, count=150)


def test_what_is_damaged_is_found_and_mended(older):
    generate(older)
    whole = snapshot(older)
    flip_bit(older / "image" / "c.2.0.0.0", 12_345)
    assert [fault.key for fault in sc.verify(older).faults] == ["image/c.2.0.0.0"]
    assert sc.repair(older).good
    (older / "zarr.json").unlink()
    assert sc.repair(older, FakeRecipe(), count=COUNT, seed=SEED).good
    assert sc.verify(older, fraction=0.2).good
    assert {key: data for key, data in snapshot(older).items() if key != "zarr.json"} == {
        key: data for key, data in whole.items() if key != "zarr.json"
    }


def test_a_format_that_is_not_that_of_the_metadata_is_refused(older):
    edit(older, lambda attributes: attributes.update(format=digests.FORMATS["blake3"]))
    with pytest.raises(DatasetError, match=r"format is 'simcore-dataset/2', its metadata are of 'simcore-dataset/1'"):
        open_dataset(older)


def test_an_unknown_checksum_is_refused(older):
    def change(attributes):
        from simcore.datasets.layout import metadata_sha256

        attributes["metadata"]["checksum"] = "md5"
        attributes["metadata_sha256"] = metadata_sha256(attributes["metadata"])

    edit(older, change)
    with pytest.raises(DatasetError, match="its checksum is unknown: 'md5'"):
        open_dataset(older)
