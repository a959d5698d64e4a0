"""Frames of every kind are read alike, and positions go through the resize and back without a shift."""

import re

import imageio.v3 as iio
import numpy as np
import pytest
import tifffile

from dtmodels.configuration import InputSection, validated
from dtmodels.errors import ConfigurationError, SourceError
from dtmodels.frames import area_weights, grey, normalize, prepare, resize
from dtmodels.io import batched_frames, read_frames

FRAMES = np.random.default_rng(1).integers(0, 255, (5, 12, 10), dtype=np.uint8)


def test_arrays_and_files_give_the_same_frames(tmp_path):
    np.save(tmp_path / "a.npy", FRAMES)
    np.savez(tmp_path / "a.npz", frames=FRAMES)
    tifffile.imwrite(tmp_path / "a.tif", FRAMES, photometric="minisblack")
    folder = tmp_path / "folder"
    folder.mkdir()
    for k, frame in enumerate(FRAMES):
        iio.imwrite(folder / f"{k:03}.png", frame)
    for source in (FRAMES, FRAMES[..., None], *(tmp_path / f"a.{kind}" for kind in ("npy", "npz", "tif")), folder):
        np.testing.assert_array_equal(read_frames(source)[..., 0], FRAMES)
    np.testing.assert_array_equal(read_frames(FRAMES[0])[0, ..., 0], FRAMES[0])
    assert [len(batch) for batch in batched_frames(folder, 2)] == [2, 2, 1]
    assert len(read_frames(folder, count=3)) == 3


def test_channels_of_a_tiff_stack_come_last(tmp_path):
    colour = np.random.default_rng(2).integers(0, 255, (4, 12, 10, 3), dtype=np.uint8)
    tifffile.imwrite(tmp_path / "rgb.tif", colour, photometric="rgb")
    np.testing.assert_array_equal(read_frames(tmp_path / "rgb.tif"), colour)
    planar = np.moveaxis(colour, -1, 1)
    tifffile.imwrite(tmp_path / "planar.tif", planar[0], photometric="rgb", planarconfig="separate")
    np.testing.assert_array_equal(read_frames(tmp_path / "planar.tif"), colour[:1])
    tifffile.imwrite(tmp_path / "planar-stack.tif", planar, photometric="rgb", planarconfig="separate")
    np.testing.assert_array_equal(read_frames(tmp_path / "planar-stack.tif"), colour)
    planes = np.random.default_rng(2).integers(0, 999, (4, 2, 12, 10), dtype=np.uint16)
    tifffile.imwrite(tmp_path / "tcyx.tif", planes, imagej=True, metadata={"axes": "TCYX"})
    np.testing.assert_array_equal(read_frames(tmp_path / "tcyx.tif"), planes.transpose(0, 2, 3, 1))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("none.mp4", None, "no such file"),
        ("a.txt", b"x", "not read; known"),
        ("a.mp4", b"not a video", "cannot be decoded"),
        ("a.npy", b"junk", "cannot be read as npy"),
        ("a.tif", b"junk", "cannot be read as TIFF"),
    ],
)
def test_what_cannot_be_read(tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=message):
        read_frames(tmp_path / name)


def test_a_part_of_an_npz_is_told_in_one_line(tmp_path):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, frames=FRAMES)
    whole = path.read_bytes()
    damaged = bytearray(whole)
    damaged[120:160] = bytes(40)
    (tmp_path / "array.npy").write_bytes(whole)
    np.save(tmp_path / "one.npy", FRAMES)
    for content in (whole[: len(whole) // 2], bytes(damaged), (tmp_path / "one.npy").read_bytes()):
        path.write_bytes(content)
        with pytest.raises(SourceError, match=r"a\.npz: cannot be read as npz: [^\n]+$"):
            read_frames(path)
    with pytest.raises(SourceError, match=r"array\.npy: holds several arrays"):
        read_frames(tmp_path / "array.npy")


@pytest.mark.parametrize(
    "values", [np.full((12, 10), "a"), np.zeros((12, 10), "f4,i4"), np.zeros((2, 12, 10), "M8[s]")]
)
@pytest.mark.parametrize("ending", ["npy", "npz"])
def test_arrays_of_what_is_no_number_are_refused(tmp_path, values, ending):
    path = tmp_path / f"a.{ending}"
    (np.save if ending == "npy" else np.savez)(path, values)
    with pytest.raises(SourceError, match="must be numbers"):
        read_frames(path)


def test_a_single_colour_frame_is_not_taken_for_a_stack():
    with pytest.raises(SourceError, match="must be"):
        read_frames(np.zeros((12, 10, 3)))


@pytest.mark.parametrize(("count", "new"), [(120, 51), (51, 120), (7, 7), (400, 51), (10, 3)])
def test_resize_keeps_a_ramp_and_the_mean(count, new):
    """A ramp along pixel centres keeps its place: x_frame = (x_new + 0.5) * count / new - 0.5, away from the border."""
    weights = area_weights(count, new)
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-12)
    places = (np.arange(new) + 0.5) * count / new - 0.5
    inner = (places - count / new / 2 > 0) & (places + count / new / 2 < count - 1)
    np.testing.assert_allclose((weights @ np.arange(count))[inner], places[inner], rtol=1e-12)


def test_resize_is_the_mean_over_the_area():
    """Against a fine numerical average of the linear interpolant."""
    signal = np.random.default_rng(5).normal(size=30)
    fine = (np.arange(13 * 2000) + 0.5) * 30 / (13 * 2000) - 0.5
    expected = np.interp(fine, np.arange(30), signal).reshape(13, 2000).mean(axis=1)
    np.testing.assert_allclose(area_weights(30, 13) @ signal, expected, atol=1e-5)


def test_a_spot_stays_where_it_is():
    """The centroid of a spot, brought back by the map, is its position in the frame to a thousandth of a pixel."""
    y, x = np.mgrid[:120, :100]
    frames = np.exp(-((y - 63.3) ** 2 + (x - 41.8) ** 2) / (2 * 6.0**2))[None, ..., None]
    section = InputSection(crop=(10, 4, 100, 92), resize=(51, 40))
    images, mapping = prepare(frames, section)
    ny, nx = np.mgrid[:51, :40]
    total = images[0, ..., 0].sum()
    found = [(images[0, ..., 0] * grid).sum() / total for grid in (ny, nx)]
    np.testing.assert_allclose([mapping.to_frame(found[0], 0), mapping.to_frame(found[1], 1)], [63.3, 41.8], atol=2e-3)


def test_grey_and_normalize():
    colour = np.zeros((1, 2, 2, 3), np.uint8)
    colour[0, 0, 0] = (255, 0, 0)
    colour[0, 0, 1] = (255, 255, 255)
    np.testing.assert_allclose(grey(colour)[0, 0, :, 0], [0.299 * 255, 255], rtol=1e-6)
    np.testing.assert_allclose(grey(colour, "mean")[0, 0, :, 0], [85, 255], rtol=1e-6)
    np.testing.assert_array_equal(grey(colour[..., :1]), colour[..., :1])
    scaled = normalize(grey(colour), 0.1, 0.9)
    assert scaled.min() == pytest.approx(0.1)
    assert scaled.max() == pytest.approx(0.9)
    np.testing.assert_array_equal(normalize(np.full((1, 3, 3, 1), 7.0), 0, 1), 0)
    with pytest.raises(SourceError, match="crop"):
        prepare(colour, InputSection(crop=(1, 1, 2, 2)))


def test_percentiles_stand_for_darkest_and_brightest():
    """Of 0 .. 100, each once, the 10th and the 90th percentile are 10 and 90; one pixel that is far too bright changes little."""
    image = np.arange(101.0).reshape(1, 101, 1, 1)
    scaled = normalize(image, 0.2, 0.7, (10, 90))
    np.testing.assert_allclose(scaled[0, :, 0, 0], 0.2 + 0.5 * (np.arange(101) - 10) / 80)
    image[0, 100] = 1e6
    np.testing.assert_allclose(normalize(image, 0.2, 0.7, (10, 90))[0, :100], scaled[0, :100])
    section = InputSection.model_validate({"normalize": {"minmax": [0.2, 0.7], "percentiles": [10, 90]}})
    np.testing.assert_allclose(prepare(image, section)[0][0, 10], 0.2, atol=1e-6)
    with pytest.raises(ValueError, match="0 <= low < high <= 100"):
        InputSection.model_validate({"normalize": {"percentiles": [90, 10]}})


def test_resize_of_the_same_size_changes_nothing():
    images = FRAMES[..., None].astype(np.float32)
    np.testing.assert_array_equal(resize(images, (12, 10)), images)


def test_the_background_is_the_commonest_level_of_the_darker_half():
    """A camera's offset with noise, nearly half of the frame bright: the offset becomes 0, 1000 counts above it 1."""
    generator = np.random.default_rng(3)
    frames = generator.normal(np.array([200.0, 1500.0])[:, None, None, None], 5.0, (2, 100, 80, 1)).astype(np.float32)
    frames[:, :45] += 1000
    section = InputSection.model_validate({"normalize": {"unit": 1000}})
    seen, _ = prepare(frames, section)
    np.testing.assert_allclose(seen[:, 45:].mean(axis=(1, 2, 3)), 0, atol=0.005)
    np.testing.assert_allclose(seen[:, :45].mean(axis=(1, 2, 3)), 1, atol=0.005)
    flat = np.full((1, 4, 4, 1), 7.0, np.float32)
    np.testing.assert_allclose(prepare(flat, section)[0], 0, atol=1e-5)
    assert np.isnan(prepare(np.full((1, 4, 4, 1), np.nan), section)[0]).all()


@pytest.mark.parametrize(
    ("normalize", "message"),
    [
        ({"unit": 0}, "input: normalize.unit: 0; Input should be greater than 0"),
        ({"unit": "x"}, "input: normalize.unit: 'x'"),
        ({"units": 5}, "input: normalize.units: unknown key; known: minmax, percentiles, unit"),
        ({"unit": 5, "minmax": [0, 2]}, "input: normalize.unit: 5; excludes minmax and percentiles"),
    ],
)
def test_what_normalize_refuses(normalize, message):
    with pytest.raises(ConfigurationError, match=re.escape(message)):
        validated(InputSection, {"normalize": normalize}, "input")
