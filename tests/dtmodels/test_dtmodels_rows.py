"""Movies through networks with a memory, stacks through networks of volumes: what is said of which frame."""

import keras
import numpy as np
import pandas as pd
import pytest
import tifffile
from fakes import fake_run, gaussians
from writer import write_dataset

import dtmodels as dm
from dtmodels.errors import SourceError

POINT = {"name": "position", "kind": "points", "shape": [2], "units": "px", "axes": ["y", "x"]}
POINTS = POINT | {"shape": [3, 2]}
LENGTH = 3


def rolling(frames=LENGTH):
    """Says of a sequence of 4 x 4 frames: the last frame's first pixel, and the mean of all first pixels."""
    inputs = keras.Input((frames, 4, 4, 1))
    first = inputs[:, :, 0, 0, 0]
    outputs = keras.ops.stack([first[:, -1], keras.ops.mean(first, axis=1)], axis=-1)
    return keras.Model(inputs, outputs)


def each(frames=LENGTH):
    """Says of each frame of a sequence its first pixel, and that of the first frame of the sequence."""
    inputs = keras.Input((frames, 4, 4, 1))
    first = inputs[:, :, 0, 0, 0]
    outputs = keras.ops.stack([first, first[:, :1] + 0 * first], axis=-1)
    return keras.Model(inputs, outputs)


def movie(count):
    frames = np.zeros((count, 4, 4, 1), np.float32)
    frames[:, 0, 0, 0] = np.arange(count) * 10
    return frames


@pytest.fixture(params=[7, 64 * 3 + 1])
def count(request):
    return request.param


def test_each_frame_is_told_from_those_until_then(tmp_path, count):
    run = fake_run(tmp_path / "run", rolling(), field=POINT)
    table = dm.predict(run, movie(count))
    np.testing.assert_array_equal(table["frame"], np.arange(LENGTH - 1, count))
    np.testing.assert_allclose(table["y"], 10 * table["frame"])
    np.testing.assert_allclose(table["x"], 10 * table["frame"] - 10)


@pytest.mark.parametrize("frames", [3, 6, 7, 8, 64 * 3 + 1])
def test_each_frame_of_sequences_behind_each_other_once(tmp_path, frames):
    run = fake_run(tmp_path / "run", each(), field=POINTS)
    table = dm.predict(run, movie(frames))
    np.testing.assert_array_equal(table["frame"], np.arange(frames))
    np.testing.assert_allclose(table["y"], 10 * table["frame"])
    begins = np.minimum(np.arange(frames) // LENGTH * LENGTH, frames - LENGTH)
    begins = np.where(np.arange(frames) < frames // LENGTH * LENGTH, np.arange(frames) // LENGTH * LENGTH, begins)
    np.testing.assert_allclose(table["x"], 10.0 * begins)


def test_a_network_of_any_length_takes_the_whole_movie(tmp_path, count):
    last = dm.predict(fake_run(tmp_path / "last", rolling(None), field=POINT), movie(count))
    np.testing.assert_allclose(last[["frame", "y", "x"]], [[count - 1, 10 * (count - 1), 5 * (count - 1)]], rtol=1e-5)
    whole = dm.predict(fake_run(tmp_path / "each", each(None), field=POINTS), movie(count))
    np.testing.assert_allclose(whole[["frame", "y", "x"]], [[k, 10 * k, 0] for k in range(count)])


def test_blocks_of_any_size_give_the_same(tmp_path, monkeypatch):
    run = fake_run(tmp_path / "run", each(), field=POINTS)
    once = dm.predict(run, movie(20))
    monkeypatch.setattr("dtmodels.prediction.stream.BLOCK", 4)
    monkeypatch.setattr("dtmodels.prediction.rows.BYTES", 1)
    pd.testing.assert_frame_equal(dm.predict(run, movie(20)), once)


def test_sequences_of_a_dataset_are_told_one_by_one(tmp_path):
    frames = movie(4 * LENGTH).reshape(4, LENGTH, 4, 4, 1)
    arrays = {"image": frames, "position": np.zeros((4, LENGTH, 2), np.float32)}
    data = write_dataset(tmp_path / "movies.zarr", arrays)
    table = dm.predict(fake_run(tmp_path / "each", each(), field=POINTS), data)
    np.testing.assert_allclose(table[["frame", "y"]], [[k, 10 * k] for k in range(12)])
    table = dm.predict(fake_run(tmp_path / "last", rolling(), field=POINT), data)
    np.testing.assert_allclose(table[["frame", "y"]], [[k, 30 * k + 20] for k in range(4)])


def test_too_few_frames_are_told(tmp_path):
    with pytest.raises(SourceError, match="2 frames; the network takes 3 in a row"):
        dm.predict(fake_run(tmp_path / "run", rolling(), field=POINT), movie(2))


# -- volumes -------------------------------------------------------------------------------------------------------

PLANES = 6
MARKS = {
    "name": "mask",
    "kind": "mask",
    "shape": [PLANES, 32, 36, 1],
    "description": "scene >> SphereVolume",
    "z": [1, 4],
}


def given(shape=(PLANES, 32, 36)):
    """A network of volumes that gives its input back."""
    inputs = keras.Input((*shape, 1))
    return keras.Model(inputs, keras.layers.Conv3D(1, 1, kernel_initializer="ones")(inputs))


def stack():
    """Two volumes with two particles each, and where they are: (volume, z in um, y, x)."""
    places = [(0, 1.85, 8.3, 9.0), (0, 3.1, 20.0, 25.6), (1, 2.2, 10.0, 26.25), (1, 2.9, 22.7, 8.0)]
    step = 3 / PLANES  # um a plane; the first one's middle lies half of that above the lowest z
    volumes = [
        gaussians([(y, x, (z - 1) / step - 0.5) for k, z, y, x in places if k == v], (32, 36, PLANES), 1.2)
        for v in range(2)
    ]
    return np.concatenate([np.moveaxis(volume, -1, 0) for volume in volumes]).astype(np.float32), np.array(places)


@pytest.mark.parametrize("shape", [(PLANES, 32, 36), (PLANES, None, None)])
def test_particles_of_volumes_in_a_stack(tmp_path, shape):
    planes, places = stack()
    tifffile.imwrite(tmp_path / "stack.tif", planes)
    run = fake_run(tmp_path / "run", given(shape), field=MARKS)
    table = dm.predict(run, tmp_path / "stack.tif", method="maxima", threshold=0.5)
    found = table.sort_values(["frame", "z"])[["frame", "z", "y", "x"]].to_numpy()
    np.testing.assert_allclose(found, places, atol=0.06)


def test_images_and_masks_of_volumes_are_stacks_again(tmp_path):
    planes, _ = stack()
    run = fake_run(tmp_path / "run", given(), field=MARKS)
    np.testing.assert_allclose(dm.predict(run, planes, output="images")[..., 0], planes, atol=1e-6)
    np.testing.assert_array_equal(dm.predict(run, planes, output="masks")[..., 0], planes > 0.5)
    counts = dm.predict(run, planes, output="counts")
    np.testing.assert_allclose(counts["count"], [planes[:PLANES].sum(), planes[PLANES:].sum()], rtol=1e-5)


def test_planes_that_are_left_over_are_told(tmp_path):
    run = fake_run(tmp_path / "run", given(), field=MARKS)
    with pytest.raises(SourceError, match="11 planes; must be whole volumes of 6"):
        dm.predict(run, stack()[0][:-1])


def test_volumes_of_another_size_are_told(tmp_path):
    run = fake_run(tmp_path / "run", given(), field=MARKS)
    with pytest.raises(SourceError, match="the network takes"):
        dm.predict(run, stack()[0][:, :-2])
