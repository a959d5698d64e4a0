"""Measured frames and what is found on them."""

import asyncio
import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from studio import examples, settings
from studio.applying import results
from studio.applying.classical import locate
from studio.applying.files import keep_upload
from studio.applying.frames import frames
from studio.browsing import pictures
from studio.errors import ProjectError, StudioError
from studio.project import Project


@pytest.fixture
def movie(tmp_path: Path) -> Path:
    """A bright spot that moves along x, 20 frames of 40 x 48 pixels."""
    y, x = np.mgrid[:40, :48]
    stack = [np.exp(-((y - 18) ** 2 + (x - 15 - 0.5 * k) ** 2) / 18) * 200 + 20 for k in range(20)]
    (tmp_path / "measured").mkdir()
    path = tmp_path / "measured" / "spot.tif"
    tifffile.imwrite(path, np.array(stack, np.uint8))
    return path


def test_frames_are_read_once_and_shown_alike(movie: Path) -> None:
    held = frames(movie)
    assert len(held) == 20
    assert held.shape == (40, 48)
    assert frames(movie) is held
    assert held.pixels(3).shape == (40, 48)
    assert held.pixels(3).dtype == np.uint8


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "bad.tif").write_bytes(b"no")
    with pytest.raises(StudioError, match=r"bad\.tif"):
        frames(tmp_path / "bad.tif")
    with pytest.raises(StudioError, match=r"gone\.mp4"):
        frames(tmp_path / "gone.mp4")


@pytest.mark.parametrize(
    "values", [np.full((9, 8), "a"), np.zeros((9, 8), "f4,i4"), np.zeros((0, 9, 8)), np.zeros((2, 0, 8))]
)
def test_arrays_that_cannot_be_shown_are_told(tmp_path: Path, values: Any) -> None:
    np.save(tmp_path / "bad.npy", values)
    with pytest.raises(StudioError, match=r"^bad\.npy: "):
        frames(tmp_path / "bad.npy")


def test_half_an_archive_and_what_nobody_foresaw_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bad.npz"
    np.savez(path, frames=np.ones((3, 9, 8)))
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(StudioError, match=r"^bad\.npz: "):
        frames(path)

    def fail(_: Path) -> None:
        raise RuntimeError("no\nway")

    monkeypatch.setattr("dtmodels.io.iterate_frames", fail)
    path.write_bytes(b"other")
    with pytest.raises(StudioError, match=r"^bad\.npz: cannot be read: no way$"):
        frames(path)


def test_magnitudes_and_bools_are_shown(tmp_path: Path) -> None:
    np.save(tmp_path / "field.npy", np.full((2, 9, 8), 3 - 4j) * np.array([1, 2])[:, None, None])
    np.testing.assert_array_equal(frames(tmp_path / "field.npy").images[..., 0], np.full((2, 9, 8), 5) * [[[1]], [[2]]])
    checks = np.indices((9, 8)).sum(axis=0) % 2 == 0
    np.save(tmp_path / "mask.npy", checks)
    np.testing.assert_array_equal(frames(tmp_path / "mask.npy").pixels(0), checks * np.uint8(255))


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_colours_are_seen_where_any_channel_differs(tmp_path: Path, kind: type) -> None:
    top = np.iinfo(kind).max
    image = np.zeros((20, 30, 3), kind)
    image[:10, :, 2] = top  # red and green are alike everywhere
    image[10:, :15] = top // 5
    tifffile.imwrite(tmp_path / "blue.tif", image, photometric="rgb")
    shown = frames(tmp_path / "blue.tif").pixels(0)
    np.testing.assert_array_equal(shown, (image / top * 255).astype(np.uint8))


def test_large_frames_are_sent_smaller_and_keep_their_coordinates() -> None:
    def seen(pixels: np.ndarray) -> np.ndarray:
        html = pictures.figure(pixels)
        assert f'viewBox="0 0 {pixels.shape[1]} {pixels.shape[0]}"' in html
        assert f'width="{pixels.shape[1]}" height="{pixels.shape[0]}"' in html
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(html.partition("base64,")[2].partition('"')[0]))))

    large = np.kron(np.random.default_rng(1).integers(0, 255, (1024, 512), np.uint8), np.ones((2, 2), np.uint8))
    np.testing.assert_array_equal(seen(large), large[::2, ::2])
    small = large[:1024]
    np.testing.assert_array_equal(seen(small), small)


def test_folders_that_cannot_be_are_neither_recent_nor_copied_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    settings.keep("recent", [str(tmp_path), "/" + "x" * 5000, "a\0b"])
    assert settings.recent() == [str(tmp_path)]
    for folder in ("~nouser1/x", "a\0b"):
        with pytest.raises(ProjectError, match="no folder"):
            examples.copy(examples.EXAMPLES[1], Path(folder))


def test_classical_methods_write_tables_like_those_of_networks(movie: Path, tmp_path: Path) -> None:
    path = locate(tmp_path, "measured/spot.tif", "radial_center")
    assert path == "results/measured_spot.tif/radial_center.csv"
    found = results.result(tmp_path / path)
    assert found.columns == ("frame", "y", "x")
    assert np.allclose(found.places(6), [[18, 18]], atol=0.2)
    assert found.tracks() == 1
    assert "<polyline" in found.trails(10, "#fff", 0.5)
    numbers = found.numbers()
    assert numbers["found"] == "20"
    assert float(numbers["largest step (px)"]) < 1
    assert results.results(tmp_path, "measured/spot.tif") == [path]


def test_trackpy_and_the_radial_centre_agree_on_a_spot(
    movie: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("trackpy")
    monkeypatch.setattr("studio.applying.frames.MOST_BYTES", 1)  # of all its frames, however few a page can hold
    one = results.result(tmp_path / locate(tmp_path, "measured/spot.tif", "trackpy", diameter=13, minmass=100))
    other = results.result(tmp_path / locate(tmp_path, "measured/spot.tif", "radial_center"))
    assert set(one.column("frame")) == set(range(20))
    apart = results.differences(one, other)
    assert float(apart["mean distance (px)"]) < 0.3
    with pytest.raises(StudioError, match="must be odd"):
        locate(tmp_path, "measured/spot.tif", "trackpy", diameter=12)


def test_tracks_of_many_particles(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    lines = [f"{k},{10 + p},{20 + k},{p}" for k in range(5) for p in range(3)]
    path.write_text("\n".join(["frame,y,x,particle", *lines]))
    found = results.result(path)
    assert found.tracks() == 3
    assert len(found.places(2)) == 3
    assert found.trails(4, "#fff", 1).count("<polyline") == 3
    assert list(found.counts()[1]) == [3] * 5
    assert found.numbers()["tracks"] == "3"
    assert found.rows(0, 1) == [{"frame": "0", "y": "10", "x": "20", "particle": "0"}]


def test_counts_and_empty_tables(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("frame,count\n0,3.5\n1,4\n")
    assert list(results.result(path).counts()[1]) == [3.5, 4]
    path = tmp_path / "b.csv"
    path.write_text("frame,y,x\n")
    found = results.result(path)
    assert len(found.places(0)) == 0
    assert found.numbers()["found"] == "0"
    with pytest.raises(StudioError, match=r"c\.csv: cannot be read"):
        results.result(tmp_path / "c.csv")


def test_frames_in_which_nothing_was_found_count(movie: Path, tmp_path: Path) -> None:
    path = tmp_path / "results/measured_spot.tif/a.csv"
    path.parent.mkdir(parents=True)
    path.write_text("frame,y,x\n7,1,2\n7,3,4\n7,5,6\n9,,\n")
    found = results.result(path)
    assert list(found.counts()[1]) == [0, 0, 0, 0, 0, 0, 0, 3, 0, 0]
    frames(movie)  # its 20 frames are known from now on
    found = results.result(path)
    assert list(found.counts()[0]) == list(range(20))
    assert list(found.counts()[1]) == [3 if k == 7 else 0 for k in range(20)]
    assert found.numbers() == {"frames": "20", "found": "3", "per frame": "0.15"}
    path.write_text("frame,y,x\n")
    assert results.result(path).numbers() == {"frames": "20", "found": "0", "per frame": "0"}
    path.write_text("frame,y,x\n0,,\n1,,\n")
    assert results.result(path).numbers()["largest step (px)"] == "-"


class Upload:
    """As NiceGUI hands a file over."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name, self._data = name, data

    def size(self) -> int:
        return len(self._data)

    async def save(self, path: Path) -> None:
        Path(path).write_bytes(self._data)


def test_dropped_files_go_to_measured_and_replace_nothing(tmp_path: Path) -> None:
    project = Project(tmp_path)
    assert asyncio.run(keep_upload(project, Upload("v.mp4", b"one"))) == "measured/v.mp4"
    assert asyncio.run(keep_upload(project, Upload("v.mp4", b"one"))) == "measured/v.mp4"
    assert asyncio.run(keep_upload(project, Upload("v.mp4", b"other"))) == "measured/v-2.mp4"
    assert (tmp_path / "measured/v.mp4").read_bytes() == b"one"


def test_a_file_of_the_same_name_and_size_is_another_one(tmp_path: Path) -> None:
    project = Project(tmp_path)
    first, second = b"A" * 1000, b"B" * 1000
    kept = [asyncio.run(keep_upload(project, Upload("frames.npy", data))) for data in (first, second, second, first)]
    assert kept == ["measured/frames.npy", "measured/frames-2.npy", "measured/frames-2.npy", "measured/frames.npy"]
    assert [(tmp_path / name).read_bytes() for name in kept[:2]] == [first, second]
    assert len(list((tmp_path / "measured").iterdir())) == 2


def test_files_that_arrive_at_once_are_all_kept(tmp_path: Path) -> None:
    async def both() -> list[str]:
        files = [Upload("a.npy", bytes([k]) * 9) for k in range(3)]
        return await asyncio.gather(*(keep_upload(Project(tmp_path), file) for file in files))

    kept = asyncio.run(both())
    assert sorted((tmp_path / name).read_bytes()[0] for name in kept) == [0, 1, 2]


@pytest.mark.parametrize("name", ["../../evil.tif", "/etc/x.tif", "a\\b\\c.tif", "..\\evil.tif"])
def test_dropped_files_never_leave_the_folder(tmp_path: Path, name: str) -> None:
    kept = asyncio.run(keep_upload(Project(tmp_path / "p"), Upload(name, b"x")))
    assert (tmp_path / "p" / kept).parent == tmp_path / "p" / "measured"
    assert [path.name for path in tmp_path.iterdir()] == ["p"]


def test_files_of_other_kinds_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="is no video"):
        asyncio.run(keep_upload(Project(tmp_path), Upload("x.py", b"x")))
