"""Curves by which a measured image is compared with a simulated one, and measured frames as they are shown and compared."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from dtmodels.frames import resize
from studio.errors import OutsideError, StudioError
from studio.panels.curves import Curves, data_of, drawn
from studio.project import Project
from studio.watching import curves, measured


def test_the_power_spectrum_of_white_noise_is_flat_and_its_variance() -> None:
    image = np.random.default_rng(1).normal(3, 2, (256, 256))
    frequencies, power = curves.power_spectrum(image)
    assert frequencies[0] < 0.01 and frequencies[-1] <= 0.5
    np.testing.assert_allclose(power[8:].mean(), 4, rtol=0.05)


@pytest.mark.parametrize(("height", "width"), [(64, 64), (51, 51), (64, 160)])
@pytest.mark.parametrize("turned", [False, True])
def test_the_power_spectrum_shows_a_period_where_it_is(height: int, width: int, turned: bool) -> None:
    for cycles in range(1, height // 2):
        image = np.broadcast_to(np.cos(2 * np.pi * cycles * np.arange(height) / height)[:, None], (height, width))
        frequencies, power = curves.power_spectrum(image.T if turned else image)
        assert abs(frequencies[np.argmax(power)] - cycles / height) < 0.1 / height


def test_curves_of_pixels_that_are_not_finite() -> None:
    image = np.random.default_rng(1).normal(3, 2, (64, 64))
    holed = image.copy()
    holed[7], holed[9, 3] = np.nan, np.inf
    finite = holed[np.isfinite(holed)]
    assert curves.limits(holed, np.full((2, 2), np.nan)) == (finite.min(), finite.max())
    assert curves.histogram(holed, curves.limits(holed))[1].sum() == pytest.approx(1)
    filled = np.where(np.isfinite(holed), holed, finite.mean())
    np.testing.assert_allclose(curves.power_spectrum(holed)[1], curves.power_spectrum(filled)[1], rtol=1e-9)
    for how in ("minmax", "standard"):
        np.testing.assert_array_equal(np.isfinite(curves.scaled(holed, how)), np.isfinite(holed))
    assert np.nanmin(curves.scaled(np.where(np.isinf(holed), np.nan, holed), "minmax")) == 0
    assert curves.limits() == curves.limits(np.full((2, 2), np.nan)) == (0, 1)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (2, 2), (3, 40)])
def test_small_images_have_curves(shape: tuple[int, int]) -> None:
    frequencies, power = curves.power_spectrum(np.ones(shape))
    assert len(frequencies) == len(power) == min(shape) // 2 and np.isfinite(power).all()


def test_what_charts_are_given_of_an_image_with_holes() -> None:
    image = np.arange(64.0).reshape(8, 8)
    image[4] = np.nan
    given = drawn(image, None, "y", 0.5)
    assert [one is None for pair in given for one in pair] == [False, True] * 3
    assert data_of(given[2][0])[4] == [4.0, None]
    assert drawn(np.full((8, 8), np.nan), None, "x", 0) == [(None, None)] * 3


def test_of_curves_that_are_asked_for_fast_the_last_ones_are_shown() -> None:
    class Fake:
        def __init__(self) -> None:
            self.chart, self.shown = SimpleNamespace(is_deleted=False), []

        def show(self, *pair: Any) -> None:
            self.shown.append(pair)

    async def ask() -> list[Any]:
        page = object.__new__(Curves)
        page.waiting = page.task = None
        page.histogram, page.spectrum, page.profile = charts = [Fake() for _ in range(3)]  # type: ignore[assignment]
        for number in range(5):
            page.show(np.full((8, 8), float(number)), None, "x", 0)
        assert page.task is not None
        await page.task
        return [chart.shown for chart in charts]

    with ThreadPoolExecutor(1) as thread:  # the browser's tests keep a loop of their own in this one
        _, _, ((line, other),) = thread.submit(asyncio.run, ask()).result()
    assert other is None and line[1].tolist() == [4.0] * 8


def test_histogram_profile_and_scales() -> None:
    image = np.arange(12.0).reshape(3, 4)
    assert curves.histogram(image, (0, 11), bins=4)[1].tolist() == [0.25, 0.25, 0.25, 0.25]
    assert curves.histogram(np.ones((2, 2)), (1, 1))[1].sum() == 1
    assert curves.profile(image, "x", 1)[1].tolist() == [4, 5, 6, 7]
    assert curves.profile(image, "y", 99)[1].tolist() == [3, 7, 11]
    assert curves.scaled(image, "minmax").max() == 1 and abs(curves.scaled(image, "standard").mean()) < 1e-12
    assert np.isfinite(curves.scaled(np.ones((2, 2)), "standard")).all()


# -- measured --------------------------------------------------------------------------------------------------------


def test_measured_frames_are_read_and_brought_to_size(tmp_path: Path) -> None:
    project = Project(tmp_path)
    stack = np.random.default_rng(1).integers(0, 255, (4, 40, 60), np.uint8)
    tifffile.imwrite(tmp_path / "stack.tif", stack, photometric="minisblack")
    frames = measured.frames(project, "stack.tif")
    np.testing.assert_array_equal(frames, stack)
    assert measured.brought_to(frames[0], (20, 30), "resize").shape == (20, 30)
    np.testing.assert_array_equal(measured.brought_to(frames[0], (20, 30), "crop"), stack[0, 10:30, 15:45])
    assert measured.brought_to(frames[0], (20, 30), "none").shape == (40, 60)
    flat = measured.brought_to(np.full((40, 60), 7.0), (51, 51), "resize")
    np.testing.assert_allclose(flat, 7, rtol=1e-6)


def test_a_measured_frame_is_resized_as_a_network_gets_it() -> None:
    frame = np.random.default_rng(1).normal(size=(40, 60)).astype(np.float32)
    for shape in ((20, 30), (51, 51), (13, 80)):
        truth = resize(frame[None, :, :, None], shape)[0, :, :, 0]
        np.testing.assert_array_equal(measured.brought_to(frame, shape, "resize"), truth)
    holed = frame.copy()
    holed[4] = np.nan
    half = measured.brought_to(holed, (20, 30), "resize")
    lost = np.isnan(half)
    assert lost[2].all() and lost.sum() <= 3 * 30
    np.testing.assert_allclose(half[~lost], measured.brought_to(frame, (20, 30), "resize")[~lost], atol=1e-6)


@pytest.mark.parametrize(("mode", "colour", "grey"), [
    ("RGBA", (100, 100, 100, 255), 100), ("LA", (100, 255), 100), ("L", 100, 100), ("RGB", (255, 0, 0), 0.299 * 255),
])  # fmt: skip
def test_opacity_is_no_colour(tmp_path: Path, mode: str, colour: Any, grey: float) -> None:
    Image.new(mode, (30, 20), colour).save(tmp_path / "a.png")
    np.testing.assert_allclose(measured.frames(Project(tmp_path), "a.png"), np.full((1, 20, 30), grey), rtol=1e-6)


def test_half_an_archive_is_said_and_magnitudes_are_seen(tmp_path: Path) -> None:
    np.savez(tmp_path / "bad.npz", frames=np.ones((3, 9, 8)))
    (tmp_path / "bad.npz").write_bytes((tmp_path / "bad.npz").read_bytes()[:200])
    with pytest.raises(StudioError, match=r"^bad\.npz: "):
        measured.frames(Project(tmp_path), "bad.npz")
    np.save(tmp_path / "field.npy", np.full((9, 8), 3 - 4j))
    np.testing.assert_array_equal(measured.frames(Project(tmp_path), "field.npy"), np.full((1, 9, 8), 5))


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    project = Project(tmp_path)
    (tmp_path / "bad.tif").write_bytes(b"nothing")
    with pytest.raises(StudioError, match=r"bad\.tif"):
        measured.frames(project, "bad.tif")
    with pytest.raises(StudioError, match="No such file"):
        measured.frames(project, "gone.tif")
    with pytest.raises(OutsideError):
        measured.frames(project, "../x.tif")


# -- sliders ---------------------------------------------------------------------------------------------------------
