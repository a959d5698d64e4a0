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


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("edge", ["constant", "reflect", "nearest"])
def test_windows_as_numpys_pad_and_slice(dtype, edge):
    image = images(dtype, 5, 7, 2)
    value = np.full((3, 2), True if dtype is np.bool_ else 3, dtype)
    far = 40
    mode = {"constant": "constant", "reflect": "symmetric", "nearest": "edge"}[edge]
    more = {"constant_values": value[0, 0]} if edge == "constant" else {}
    plane = np.pad(image, [(0, 0), (far, far), (far, far), (0, 0)], mode, **more)
    for shape in ((3, 4), (9, 2), (1, 30), (0, 3)):
        for first in ([(0, 0), (2, 3), (-1, -2)], [(-30, 1), (9, -25), (4, 8)]):
            corner = np.array(first, np.int64)
            out = np.empty((3, *shape, 2), dtype)
            _core.window(image, out, corner[:, 0].copy(), corner[:, 1].copy(), edge, value)
            for i, (y, x) in enumerate(corner + far):
                np.testing.assert_array_equal(out[i], plane[i, y : y + shape[0], x : x + shape[1]])


def test_window_refusals():
    image, out, first = np.zeros((1, 4, 4, 1)), np.zeros((1, 2, 2, 1)), np.zeros(1, np.int64)
    value = np.zeros((1, 1))
    with pytest.raises(TypeError, match="of the image's type"):
        _core.window(image, out.astype(np.float32), first, first, "constant", value)
    with pytest.raises(ValueError, match=r"out .*wrong shape"):
        _core.window(image, np.zeros((1, 2, 2, 3)), first, first, "constant", value)
    with pytest.raises(ValueError, match=r"value .*wrong shape"):
        _core.window(image, out, first, first, "constant", np.zeros((1, 2)))
    with pytest.raises(ValueError, match="between -2.31 and 2.31"):
        _core.window(image, out, first + 2**31, first, "constant", value)
    with pytest.raises(ValueError, match="edge"):
        _core.window(image, out, first, first, "wrap", value)
    with pytest.raises(ValueError, match="must have pixels"):
        _core.window(np.zeros((1, 0, 4, 1)), out, first, first, "constant", value)
