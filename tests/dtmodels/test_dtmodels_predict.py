"""A network on measured frames: positions in pixels of the frame, in trackpy's columns."""

import imageio.v3 as iio
import numpy as np
import pandas as pd
import pytest
from spots import SIZE, spots

import dtmodels as dm
from dtmodels.errors import SourceError

FACTOR = 4


def frames(positions):
    """RGB frames four times as large as the network's input, with a spot of sigma 8 px at each (y, x)."""
    y, x = np.mgrid[: SIZE * FACTOR, : SIZE * FACTOR]
    width = 2 * (2.0 * FACTOR) ** 2
    shape = np.exp(-((y - positions[:, 0, None, None]) ** 2 + (x - positions[:, 1, None, None]) ** 2) / width)
    return np.repeat((30 + 180 * shape).round().astype(np.uint8)[..., None], 3, axis=-1)


@pytest.fixture(scope="module")
def truth():
    return (SIZE * FACTOR - 1) / 2 + np.random.default_rng(7).uniform(-12, 12, (30, 2))


@pytest.mark.parametrize("kind", ["mp4", pytest.param("avi", marks=pytest.mark.thorough), "npy", "array"])
def test_a_video_is_followed(run, truth, tmp_path, kind):
    images = frames(truth)
    source = images
    if kind == "npy":
        np.save(tmp_path / "video.npy", images)
        source = tmp_path / "video.npy"
    elif kind != "array":
        source = tmp_path / f"video.{kind}"
        iio.imwrite(source, images, plugin="pyav", codec={"mp4": "h264", "avi": "mpeg4"}[kind], fps=10)
    table = dm.predict(run.directory, source, input={"grey": True, "resize": [SIZE, SIZE], "normalize": "minmax"})
    assert list(table.columns) == ["frame", "y", "x"]
    assert table["frame"].tolist() == list(range(30))
    errors = np.hypot(*(table[["y", "x"]].to_numpy() - truth).T)
    assert errors.mean() < (0.15 if kind == "avi" else 0.1) * FACTOR  # MPEG-4 costs something
    bias = (table[["y", "x"]].to_numpy() - truth).mean(axis=0)
    assert np.abs(bias).max() < 0.05 * FACTOR


def test_an_image_of_the_size_of_the_network_is_taken_as_it_is(run, datasets):
    images = spots(5, 9)["image"]
    table = dm.predict(run, images, input={})
    np.testing.assert_allclose(table[["y", "x"]], run.model.predict(images, verbose=0), atol=1e-5)
    whole = dm.predict(run, datasets[1])
    inputs, _ = dm.open_dataset(datasets[1], inputs="image").numpy()
    np.testing.assert_allclose(whole[["y", "x"]], run.model.predict(inputs, verbose=0), atol=1e-5)


def test_frames_that_do_not_fit(run):
    with pytest.raises(SourceError, match=r"become \(30, 30, 1\) after `input:`, the network takes \(21, 21, 1\)"):
        dm.predict(run, np.zeros((2, 30, 30)), input={})
    with pytest.raises(SourceError, match="not finite"):
        dm.predict(run, np.full((2, 30, 30), np.nan))
    with pytest.raises(SourceError, match="no such file"):
        dm.predict(run, "nothing.mp4")


def test_the_radial_centre_of_a_video(truth):
    """Whole frames, in colour, dark or bright: the tail of the spots cut at the border costs a little."""
    for images in (frames(truth), 255 - frames(truth)):
        table = dm.track_radial_center(images)
        assert list(table.columns) == ["frame", "y", "x"]
        assert np.hypot(*(table[["y", "x"]].to_numpy() - truth).T).max() < 0.2


def test_trackpy_links_the_table(run, truth):
    trackpy = pytest.importorskip("trackpy", reason="trackpy is an optional extra")
    trackpy.quiet()
    linked = trackpy.link(dm.predict(run, frames(truth)), search_range=40)
    assert isinstance(linked, pd.DataFrame)
    assert linked["particle"].nunique() == 1
