"""What is made of a network's output: decided from its target, written as tables and images, streamed."""

import re
import sys

import imageio.v3 as iio
import numpy as np
import pandas as pd
import pytest
import tifffile
from fakes import fake_run, gaussians, identity
from test_dtmodels_cli import call

import dtmodels as dm
from dtmodels import io
from dtmodels.errors import ConfigurationError, MissingPackageError
from dtmodels.prediction.outputs import kind_of
from dtmodels.prediction.writing import write_pictures

PLACES = [np.array([[10.3 + 0.6 * k, 12.7], [30.0, 14.5 + 0.4 * k], [22.25, 40.9]]) for k in range(5)]
MOVIE = np.stack([gaussians(places, (48, 56)) for places in PLACES]).astype(np.float32)


@pytest.fixture(scope="module")
def marks(tmp_path_factory):
    """A run whose network gives its input back as the mask of particles."""
    return fake_run(tmp_path_factory.mktemp("marks") / "run", identity(), field={"description": "scene >> DiskMask"})


def test_the_output_is_decided_from_the_target(tmp_path):
    volume = {"description": "scene >> SphereVolume", "shape": [32, 32, 4]}
    expected = {
        "particles": [{"description": "scene >> DiskMask"}, {}, volume, {"z": [2.0, 30.0], "kind": "image"}],
        "masks": [{"description": "scene >> InstanceMask"}, {"description": "scene >> SemanticMask"}],
        "counts": [{"kind": "image", "description": "scene >> GaussianDensity >> FlipLeftRight"}],
        "images": [{"kind": "image", "description": "scene >> Fluorescence"}, {"kind": "image"}],
    }
    network = identity()
    for kind, fields in expected.items():
        for number, field in enumerate(fields):
            assert kind_of(dm.open_run(fake_run(tmp_path / f"{kind}{number}", network, field=field))) == kind


def test_particles_of_a_movie(marks):
    table = dm.predict(marks, MOVIE, threshold=1e-3)
    assert list(table.columns) == ["frame", "y", "x", "mass", "area", "signal"]
    for k, places in enumerate(PLACES):
        found = table[table["frame"] == k].sort_values("y")[["y", "x"]].to_numpy()
        np.testing.assert_allclose(found, places[np.argsort(places[:, 0])], atol=5e-3)


def test_counts_masks_and_images(marks, tmp_path):
    counts = dm.predict(marks, MOVIE, output="counts")
    np.testing.assert_allclose(counts["count"], MOVIE.sum(axis=(1, 2)), rtol=1e-5)
    masks = dm.predict(marks, MOVIE, output="masks", threshold=0.3)
    assert masks.dtype == bool
    np.testing.assert_array_equal(masks[..., 0], MOVIE > 0.3)
    np.testing.assert_array_equal(dm.predict(marks, MOVIE, output="images")[..., 0], MOVIE)
    classes = fake_run(tmp_path / "run", identity(3), field={"kind": "mask"})
    found = dm.predict(classes, np.random.default_rng(1).random((2, 16, 16, 3)), output="masks")
    assert found.dtype == np.uint8 and set(np.unique(found)) == {0, 1, 2}


def test_images_come_back_at_the_size_of_the_frames(marks):
    """Frames halved for the network, its image doubled again: a smooth image comes back."""
    smooth = gaussians([(23.5, 27.5)], (48, 56), sigma=8)[None]
    back = dm.predict(marks, smooth, output="images", input={"resize": [24, 28]})
    assert back.shape == (1, 48, 56, 1)
    assert np.abs(back[..., 0] - smooth).max() < 0.02
    table = dm.predict(marks, smooth, threshold=0.01, input={"resize": [24, 28]})
    np.testing.assert_allclose(table[["y", "x"]].to_numpy(), [[23.5, 27.5]], atol=0.01)


def test_every_source_is_streamed_alike(marks, tmp_path):
    frames = (np.clip(MOVIE, 0, 1) * 255).round().astype(np.uint8)
    tifffile.imwrite(tmp_path / "stack.tif", frames, photometric="minisblack")
    tifffile.imwrite(tmp_path / "imagej.tif", frames, imagej=True, metadata={"axes": "TYX"})
    np.save(tmp_path / "stack.npy", frames)
    (tmp_path / "folder").mkdir()
    for k, frame in enumerate(frames):
        iio.imwrite(tmp_path / "folder" / f"{k}.png", frame)
    expected = dm.predict(marks, frames, threshold=60)
    for name in ("stack.tif", "imagej.tif", "stack.npy", "folder"):
        pd.testing.assert_frame_equal(dm.predict(marks, tmp_path / name, threshold=60), expected)


def test_frames_are_read_when_they_are_needed(tmp_path):
    """A stack of many pages gives its first frames without the others; large frames come a few at a time."""
    tifffile.imwrite(tmp_path / "long.tif", np.zeros((300, 64, 64), np.uint16), photometric="minisblack")
    read = []
    original = tifffile.TiffPage.asarray

    def counted(page, *arguments, **named):
        read.append(page.index)
        return original(page, *arguments, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tifffile.TiffPage, "asarray", counted)
        patch.setattr(tifffile.TiffFrame, "asarray", counted, raising=False)
        next(io.batched_frames(tmp_path / "long.tif", 4))
    assert len(read) <= 4
    sizes = [len(batch) for batch in io.batched_frames(np.zeros((7, 10, 10), np.uint8), 64, batch_bytes=1200)]
    assert sizes == [3, 3, 1]


def test_images_are_written_one_by_one(tmp_path):
    """Each block is written before the next is made."""
    made = []

    def blocks():
        for k in range(5):
            assert k == 0 or (tmp_path / ".part-a.tif").stat().st_size > 64 * 64 * 4 * (k - 1)
            made.append(k)
            yield np.full((1, 64, 64, 1), k, np.float32)

    assert write_pictures(tmp_path / "a.tif", blocks()) == 5
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "a.tif")[:, 0, 0], range(5))


def test_an_interrupted_file_is_not_left_behind(tmp_path):
    def blocks():
        yield np.zeros((1, 8, 8, 1), np.float32)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_pictures(tmp_path / "a.tif", blocks())
    assert list(tmp_path.iterdir()) == []


def test_tracks(marks, tmp_path):
    pytest.importorskip("trackpy", reason="trackpy is an optional extra")
    table = dm.predict(marks, MOVIE, threshold=1e-3, link=2.0)
    assert table["particle"].nunique() == 3
    for _, track in table.groupby("particle"):
        assert track["frame"].tolist() == [0, 1, 2, 3, 4]
        assert np.abs(np.diff(track[["y", "x"]].to_numpy(), axis=0)).max() < 0.7
    empty = dm.predict(marks, MOVIE, threshold=9, link=2.0)
    assert len(empty) == 0 and "particle" in empty
    with pytest.raises(ConfigurationError, match="link: needs particles or positions"):
        dm.predict(marks, MOVIE, output="counts", link=2.0)


def test_linking_without_trackpy_says_what_to_install(marks, monkeypatch):
    monkeypatch.setitem(sys.modules, "trackpy", None)
    with pytest.raises(MissingPackageError, match=r"pip install 'dtmodels\[tracking\]'"):
        dm.predict(marks, MOVIE, link=2.0)


def test_parquet(marks, tmp_path):
    pytest.importorskip("pyarrow", reason="pyarrow is an optional extra")
    written = dm.predict_to(tmp_path / "t.parquet", marks, MOVIE, threshold=1e-3)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "t.parquet"), dm.predict(marks, MOVIE, threshold=1e-3))
    assert (written.rows, written.frames) == (15, 5)
    assert written.rate > 0


def test_parquet_without_pyarrow_says_what_to_install(marks, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingPackageError, match=r"parquet needs pyarrow: pip install 'dtmodels\[parquet\]'"):
        dm.predict_to(tmp_path / "t.parquet", marks, MOVIE)


def test_the_command_line(marks, tmp_path, capsys):
    np.save(tmp_path / "movie.npy", MOVIE)
    movie = tmp_path / "movie.npy"
    assert call("predict", marks, movie, "--threshold", "0.001", "--out", tmp_path / "t.csv") == 0
    assert re.search(r"t.csv: 15 rows, frame, y, x.*; 5 frames, [\d.e+]+ frames/s", capsys.readouterr().out)
    assert len(pd.read_csv(tmp_path / "t.csv")) == 15
    assert call("predict", marks, movie, "--threshold", "0.001") == 0
    printed = capsys.readouterr()
    assert printed.out == (tmp_path / "t.csv").read_text()
    assert "frames/s" in printed.err
    options = ("--output", "masks", "--tile", "32,32", "--overlap", "8", "--threshold", "0.3")
    assert call("predict", marks, movie, *options, "--out", tmp_path / "m.tif") == 0
    assert "m.tif: 5 images" in capsys.readouterr().out
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "m.tif"), (MOVIE > 0.3) * 255)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--output", "numbers"), "output: 'numbers'; a network that gives (None, None, 1) per image gives particles"),
        (("--output", "stars"), "predict: output: 'stars'"),
        (("--tile", "a"), "--tile: 'a'; must be numbers"),
        (("--tile", "8,8", "--overlap", "9"), "overlap 9 px must be less than the tile [8, 8]"),
        (("--z", "3,2"), "predict: z: (3.0, 2.0); must be [lowest, highest] in um"),
        (("--method", "magic"), "predict: method: 'magic'"),
        (("--link", "-1"), "link: -1.0 px; must be above 0"),
        (("--out", "t.xlsx"), "--out t.xlsx: must end in .csv or .parquet: tables are written"),
        (("--output", "masks"), "--out -: must end in .tif or .tiff: images and masks are written"),
    ],
)
def test_wrong_options_are_one_line(marks, tmp_path, capsys, options, message):
    np.save(tmp_path / "movie.npy", MOVIE)
    assert call("predict", marks, tmp_path / "movie.npy", *options) == 1
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert message in line


def broken(folder, marks):
    """Run, frames and message of everything that can be wrong with them."""
    nan = MOVIE.copy()
    nan[2, 5, 5] = np.nan
    files = {
        "nan.npy": nan,
        "colour.npy": np.zeros((2, 20, 20, 3)),
        "empty.npy": np.zeros((0, 20, 20)),
        "movie.npy": MOVIE,
    }
    for name, values in files.items():
        np.save(folder / name, values)
    (folder / "a.mp4").write_bytes(b"not a video")
    (folder / "a.tif").write_bytes(b"II*\0\0\0\0\0")
    (folder / "cut.tif").write_bytes(_cut_tiff(folder))
    (folder / "none").mkdir()
    without = folder / "without"
    without.mkdir()
    (without / "run.json").write_text((marks / "run.json").read_text())
    damaged = folder / "damaged"
    damaged.mkdir()
    (damaged / "run.json").write_text((marks / "run.json").read_text())
    (damaged / "model.keras").write_bytes(b"PK\3\4 not a model")
    return [
        (marks, "nan.npy", "frames hold values that are not finite"),
        (marks, "colour.npy", "frames become (20, 20, 3) after `input:`, the network takes (None, None, 1)"),
        (marks, "empty.npy", "empty.npy: holds no frames"),
        (marks, "a.mp4", "a.mp4: cannot be decoded"),
        (marks, "a.tif", "a.tif: cannot be read as TIFF"),
        (marks, "cut.tif", "cut.tif: cannot be read as TIFF"),
        (marks, "none", "none: no images here"),
        (marks, "missing.mp4", "missing.mp4: no such file"),
        (without, "movie.npy", "without: holds no model.keras"),
        (damaged, "movie.npy", "model.keras: cannot be loaded"),
        (folder / "none", "movie.npy", "none: no run here"),
    ]


def _cut_tiff(folder):
    tifffile.imwrite(folder / "whole.tif", MOVIE, photometric="minisblack")
    return (folder / "whole.tif").read_bytes()[:-20000]


@pytest.mark.parametrize("number", range(11))
def test_broken_inputs_are_one_line(marks, tmp_path, capsys, number):
    run, source, message = broken(tmp_path, marks)[number]
    assert call("predict", run, tmp_path / source, "--out", tmp_path / "t.csv") == 1
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert message in line
    assert not (tmp_path / "t.csv").exists()
