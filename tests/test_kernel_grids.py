"""Grids of directions and their transforms: against the sum written out, and with another library behind scipy.fft."""

from typing import Any

import numpy as np
import pytest
from scipy import fft
from test_through_pupil import BASE, COMA, View, intensity, known, light, spheres, stream, zernikes

from simcore import kernels
from simcore.kernels.grids import Grids, transformed
from simcore.optics import illumination


@pytest.mark.parametrize(("dtype", "allowed"), [(np.complex64, 1e-6), (np.complex128, 1e-15)])
def test_transforms_are_the_sum_written_out(dtype: Any, allowed: float) -> None:
    grid = Grids(np.dtype(dtype)).of(2, 21, 4096)
    states, size, lines, columns = 2, grid.shape[1], 7, 9
    rng = np.random.Generator(np.random.Philox(1))
    grid[...] = np.nan  # whatever lies there
    grid[:, :lines, :size] = rng.normal(size=(states, lines, size)) + 1j * rng.normal(size=(states, lines, size))
    grid[:, lines:, :columns] = 0
    turn = np.exp(2j * np.pi * (np.outer(np.arange(size), np.arange(size)) % size) / size)
    expected = turn[:, :lines] @ grid[:, :lines, :size].astype(complex) @ turn[:, :columns]
    got = transformed(grid, lines, columns)[:, :, :columns]
    assert np.abs(got - expected).max() < allowed * np.abs(expected).max()


def test_grids_have_good_sizes_and_share_memory() -> None:
    grids = Grids(np.dtype(np.complex64))
    large, small = grids.of(2, 401, 4096), grids.of(1, 97, 4096)
    assert large.shape[:2] == (2, fft.next_fast_len(401)) and grids.of(1, 401, 402).shape[1] == 402
    assert np.shares_memory(large, small)
    assert all(grid.shape[2] >= grid.shape[1] and grid.shape[2] // 8 % 2 == 1 for grid in (large, small))


class Apart:
    """A library that leaves its input alone and counts its calls."""

    __ua_domain__ = "numpy.scipy.fft"
    calls = 0

    @classmethod
    def __ua_function__(cls, method: Any, args: Any, kwargs: Any) -> Any:
        if method is not fft.ifft:
            return NotImplemented
        cls.calls += 1
        return np.fft.ifft(args[0], axis=kwargs["axis"], norm=kwargs["norm"])


def test_other_libraries_plug_in() -> None:
    expected = intensity([BASE], zernikes(COMA), light(View()), 1e-6)
    with fft.set_backend(Apart):
        got = intensity([BASE], zernikes(COMA), light(View()), 1e-6)
    assert Apart.calls == 2
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("pixel_size", [0.35, 0.9])
def test_pixels_coarser_than_the_aperture_resolves(pixel_size: float) -> None:
    """The light of many lines falls on the same ones; a pixel's mean is that of the finer pixels in it."""
    fold = 9
    fine = BASE._replace(pixel_size=pixel_size / fold, x=fold * 5.0 + 6.3, y=fold * 4.0 + 3.1)
    middle = (fold - 1) / 2
    coarse = fine._replace(pixel_size=pixel_size, x=(fine.x - middle) / fold, y=(fine.y - middle) / fold)
    side = 10
    shared = {
        "particles": spheres([fine]),
        "pupils": known(zernikes(COMA)),
        "waves": illumination.axial(1),
        "tolerance": 1e-6,
    }
    small = np.zeros((1, side * fold, side * fold, 2), complex)
    kernels.fill_field_through_pupil(small, optics=light(View()).optics(fine), **shared)
    large = np.zeros((1, side, side, 2), complex)
    kernels.fill_field_through_pupil(
        large, optics=light(View()).optics(coarse), **shared | {"particles": spheres([coarse])}
    )
    expected = small.reshape(1, side, fold, side, fold, 2).mean(axis=(2, 4))
    np.testing.assert_allclose(large, expected, rtol=0, atol=3e-6)


def test_grids_smaller_than_the_image_repeat_it() -> None:
    lamp = light(View(), transmitted=False)
    image = np.zeros((1, 40, 70))
    error = kernels.add_intensity_through_pupil(
        image, particles=spheres([BASE]), optics=lamp.optics(BASE), pupils=known(zernikes(COMA)),
        waves=lamp.waves[None], tolerance=1e-6, largest=64,
    )  # fmt: skip
    assert error[0] > 1e-3 and np.isfinite(image).all()


def test_noise_of_an_empty_scene_fills_the_image() -> None:
    """Of any width: opposite edges are not neighbours."""
    width, count = 65, 40
    nothing = kernels.Particles(np.zeros(count + 1, np.int64), *(np.zeros(0),) * 4, np.zeros(0, complex))
    out = np.zeros((count, width, width, 1), np.complex64)
    scene = BASE._replace(pixel_size=0.12)
    kernels.fill_field_through_pupil(
        out, particles=nothing, optics=light(View(), 0.0).optics(scene, count), pupils=known(zernikes(COMA), count),
        waves=illumination.axial(count), noise=np.full(count, 0.01), stream=stream(count), tolerance=5e-4,
    )  # fmt: skip
    noise = out[..., 0] - 1
    power = (np.abs(noise) ** 2).mean()
    neighbours = (noise[:, :, 1:] * noise[:, :, :-1].conj()).mean().real / power
    edges = abs((noise[:, :, 0] * noise[:, :, -1].conj()).mean()) / power
    assert neighbours > 0.2 and edges < 0.1
    assert (np.abs(noise) ** 2).mean(axis=(0, 1)) == pytest.approx(np.full(width, power), rel=0.25)


def test_images_are_the_same_alone_and_in_a_block_of_other_sizes() -> None:
    scenes = [BASE._replace(z=z) for z in (0.0, 9.0, 1.0)]
    optics = light(View()).optics(BASE, 3)
    first = np.arange(4)
    images = np.zeros((3, 40, 40), np.float32)
    many = spheres(scenes)
    shared: dict[str, Any] = {"waves": illumination.axial(3), "tolerance": 5e-4}
    kernels.add_intensity_through_pupil(
        images, particles=kernels.Particles(first, many.x, many.y, many.z, many.radius, many.refractive_index),
        optics=optics, pupils=known(zernikes(COMA), 3), **shared,
    )  # fmt: skip
    for scene, image in zip(scenes, images, strict=True):
        assert intensity([scene], zernikes(COMA), light(View()), 5e-4).tobytes() == image.tobytes()


def test_grids_are_refused_out_of_turn() -> None:
    from simcore.kernels import through_pupil as module

    lamp = light(View())
    optics, waves = lamp.optics(BASE), lamp.waves[None]
    states, weight = module._states(optics)
    block = module._block(spheres([BASE]), optics, known([]), waves, 0, states, weight, 5e-4, 4096)
    imager = module._imager(block, np.zeros((1, 8, 8), np.float32))
    with pytest.raises(ValueError, match="no image has begun"):
        imager.settle(64)
    least, _ = imager.begin_intensity(0, 8, 8)
    with pytest.raises(ValueError, match="smaller"):
        imager.settle(least - 1)
    imager.settle(least)
    with pytest.raises(ValueError, match="wrong shape"):
        imager.fill(0, np.zeros((2, least + 1, least + 1), np.complex64))
    grid = np.zeros((2, least, least), np.complex64)
    with pytest.raises(ValueError, match="not been filled"):
        imager.add_intensity(grid)
    with pytest.raises(ValueError, match="none of this number"):
        imager.fill(1, grid)
    with pytest.raises(TypeError):
        imager.fill(0, grid.astype(complex))
