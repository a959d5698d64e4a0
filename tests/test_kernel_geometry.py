"""Flips and transposition in place, against NumPy's views."""

import numpy as np
import pytest

from simcore import _core

MOVES = {
    "flip_left_right": lambda image: image[:, ::-1],
    "flip_up_down": lambda image: image[::-1],
    "transpose": lambda image: image.swapaxes(0, 1),
}
TYPES = [np.bool_, np.uint8, np.int16, np.float16, np.float32, np.int32, np.float64, np.complex64, np.complex128]
APPLY = np.array([True, False, True])


def images(dtype, height, width, channels):
    values = np.random.default_rng(1).integers(0, 255, (3, height, width, channels))
    return (values % 2 == 0) if dtype is np.bool_ else values.astype(dtype)


@pytest.mark.parametrize("name", list(MOVES))
@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("shape", [(1, 1), (8, 8), (37, 37), (6, 11), (11, 6)])
def test_moves_as_numpy(name, dtype, channels, shape):
    if name == "transpose" and shape[0] != shape[1]:
        shape = (shape[0], shape[0])
    image = images(dtype, *shape, channels)
    expected = np.stack([MOVES[name](one) if apply else one for one, apply in zip(image, APPLY, strict=True)])
    getattr(_core, name)(image, APPLY)
    np.testing.assert_array_equal(image, expected)
    getattr(_core, name)(image, APPLY)
    np.testing.assert_array_equal(image, images(dtype, *shape, channels))


def test_left_right_mirrors_x_and_up_down_mirrors_y():
    image = np.zeros((1, 4, 4, 1))
    image[0, 0, 1] = 1  # y = 0, x = 1
    yes = np.array([True])
    _core.flip_left_right(image, yes)
    assert image[0, 0, 2, 0] == 1
    _core.flip_up_down(image, yes)
    assert image[0, 3, 2, 0] == 1
    _core.transpose(image, yes)
    assert image[0, 2, 3, 0] == 1


@pytest.mark.parametrize("name", list(MOVES))
def test_nothing_to_move(name):
    getattr(_core, name)(np.empty((0, 4, 4, 1)), np.empty(0, bool))
    getattr(_core, name)(np.empty((3, 0, 0, 1)), APPLY)


@pytest.mark.parametrize("name", list(MOVES))
def test_refusals(name):
    move = getattr(_core, name)
    read_only = np.zeros((3, 4, 4, 1))
    read_only.flags.writeable = False
    with pytest.raises(ValueError):
        move(read_only, APPLY)
    for image in (np.zeros((3, 4, 8, 1))[:, :, ::2], np.zeros((3, 4, 4, 1), object), np.zeros((3, 4, 4, 1), "S3")):
        with pytest.raises(TypeError, match="image"):
            move(image, APPLY)
    with pytest.raises(TypeError):
        move([[1.0]], APPLY)
    with pytest.raises(ValueError, match=r"image .*wrong shape"):
        move(np.zeros((3, 4, 4)), APPLY)
    with pytest.raises(ValueError, match=r"apply .*wrong shape"):
        move(np.zeros((3, 4, 4, 1)), APPLY[:2].copy())
    with pytest.raises(TypeError):
        move(np.zeros((3, 4, 4, 1)), APPLY.astype(np.uint8))


def test_transpose_asks_for_squares():
    with pytest.raises(ValueError, match="height and width must be equal"):
        _core.transpose(np.zeros((3, 4, 5, 1)), APPLY)
