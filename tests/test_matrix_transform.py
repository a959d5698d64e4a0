"""Small images by matrix products, in single precision, against transforms in double precision of the same grid."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from test_through_pupil import BASE, COMA, TWO, View, known, light, spheres, stream, zernikes

from simcore import _core, kernels
from simcore.kernels import through_pupil as module
from simcore.kernels.grids import transformed

SHAPES = [(40, 40), (31, 44), (17, 16), (1, 9)]
TILTS = [(0.0, 0.0), (0.21, -0.13)]
LOOSE = 5e-3


def dipoles() -> kernels.Particles:
    """Electric dipoles: their amplitudes are parabolas, which either precision interpolates without error."""
    a, b = np.full((2, 1, 1), 0.9 + 0.3j), np.zeros((2, 1, 1), complex)
    return replace(spheres(TWO), source=np.array([0, 1]), multipoles=(a, b))


def block_of(tilt: tuple[float, float], tolerance: float) -> Any:
    lamp = light(View(tilt=tilt, jones=(0.6, 0.8j)))
    optics = lamp.optics(BASE)
    states, weight = module._states(optics)
    return module._block(
        dipoles(), optics, known(zernikes(COMA)), lamp.waves[None], 0, states, weight, tolerance, kernels.LARGEST_GRID
    )


def exact(block: Any, begin: Any) -> tuple[Any, Any]:
    """The imager in double precision, its grid of the least size filled and transformed."""
    imager = _core.PupilImagerDouble(block, 1)
    least, columns = begin(imager)
    imager.settle(least)
    grid = np.zeros((2, least, least), complex)
    return imager, transformed(grid, imager.fill(0, grid), columns)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("tilt", TILTS)
@pytest.mark.parametrize("sigma", [0.0, 1.0])
def test_fields_and_noise(shape: tuple[int, int], tilt: tuple[float, float], sigma: float) -> None:
    """The noise is the same too: from the same uniform numbers."""
    draws, block = stream(1), block_of(tilt, LOOSE)
    got, error = np.zeros((1, *shape, 2), np.complex64), np.zeros(1)
    single = _core.PupilImagerSingle(block, 1)
    assert single.draw_fields(0, got, np.array([sigma]), draws.key, draws.counter, error)[:2] == (1, 0)
    imager, grid = exact(block, lambda one: one.begin_field(0, *shape, sigma, draws.key, draws.counter[0]))
    expected = np.zeros((*shape, 2), complex)
    imager.finish_field(expected, grid)
    assert error[0] == 0 and np.abs(expected).max() > 0.8
    assert np.abs(got[0] - expected).max() < 1e-6


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("tilt", TILTS)
def test_intensities(shape: tuple[int, int], tilt: tuple[float, float]) -> None:
    block = block_of(tilt, LOOSE)
    got, error = np.zeros((1, *shape), np.float32), np.zeros(1)
    assert _core.PupilImagerSingle(block, 1).draw_intensities(0, got, np.array([0.7]), error)[:2] == (1, 0)
    imager, grid = exact(block, lambda one: one.begin_intensity(0, *shape))
    imager.add_intensity(grid)
    expected = np.zeros(shape)
    imager.finish_intensity(expected, 0.7)
    assert np.abs(got[0] - expected).max() < 1e-6


def test_images_that_need_transforms_are_left_in_their_turn() -> None:
    """A block of a small image, one with a large defocus and a small one: each as alone."""
    scenes = [BASE, BASE._replace(z=40.0), BASE._replace(z=-1.0)]
    many = replace(spheres(scenes), first=np.arange(4))
    lamp = light(View())
    shared: dict[str, Any] = {"tolerance": LOOSE}
    together = np.zeros((3, 40, 40, 2), np.complex64)
    kernels.fill_field_through_pupil(
        together, particles=many, optics=lamp.optics(BASE, 3), pupils=known(zernikes(COMA), 3),
        waves=np.tile(lamp.waves, (3, 1, 1)), **shared,
    )  # fmt: skip
    for scene, image in zip(scenes, together, strict=True):
        alone = np.zeros((1, 40, 40, 2), np.complex64)
        kernels.fill_field_through_pupil(
            alone, particles=spheres([scene]), optics=lamp.optics(BASE), pupils=known(zernikes(COMA)),
            waves=lamp.waves[None], **shared,
        )  # fmt: skip
        assert alone[0].tobytes() == image.tobytes()


def test_arguments_of_the_wrong_kind_are_refused() -> None:
    imager = _core.PupilImagerSingle(block_of((0.0, 0.0), LOOSE), 1)
    key, counter, error = np.zeros(2, np.uint64), np.zeros((1, 3), np.uint64), np.zeros(1)
    out = np.zeros((1, 8, 8, 2), np.complex64)
    with pytest.raises(ValueError, match="sigma"):
        imager.draw_fields(0, out, np.array([np.nan]), key, counter, error)
    with pytest.raises(ValueError, match="out"):
        imager.draw_fields(0, out[..., :1].copy(), np.zeros(1), key, counter, error)
    with pytest.raises(ValueError, match="none of this number"):
        imager.draw_fields(-1, out, np.zeros(1), key, counter, error)
    with pytest.raises(ValueError, match="weight"):
        imager.draw_intensities(0, np.zeros((1, 8, 8), np.float32), np.zeros(2), error)
