"""Warps against scipy.ndimage and against loops written from the formulas; the elastic field against scipy's filter."""

import numpy as np
import pytest
import scipy.ndimage
from reference import warp as literal

from simcore import _core, kernels
from simcore.streams import Lanes, seed_key

SCIPY_EDGES = {"constant": "grid-constant", "reflect": "reflect", "nearest": "nearest"}
MATRICES = {  # no place lies halfway between pixels, where rounding decides which is the nearest
    "identity": [[1, 0, 0], [0, 1, 0]],
    "shift": [[1, 0, 0.3], [0, 1, -2.6]],
    "turn": [[0.8013, 0.6027, -1.2131], [-0.6041, 0.8057, 3.7083]],
    "far": [[1.7019, -0.4037, -40.0233], [0.9071, 2.1053, 33.0391]],
    "shrunk": [[3.1043, 0.2011, -5.3217], [0.1023, 2.9067, -7.7149]],
}
TYPES = [np.float32, np.float64, np.complex64, np.complex128, np.uint8, np.uint16, np.int32, np.int64, np.bool_]


def images(dtype, shape=(1, 11, 13, 1), seed=1):
    rng = np.random.default_rng(seed)
    if np.dtype(dtype).kind in "biu":
        return rng.integers(0, 2 if dtype is np.bool_ else 200, shape).astype(dtype)
    values = rng.standard_normal(shape)
    return (values + 1j * rng.standard_normal(shape) if np.dtype(dtype).kind == "c" else values).astype(dtype)


def warped(image, matrix, order, edge, value=0.0):
    """The result of the kernel, the image left alone."""
    result, n = image.copy(), len(image)
    matrices = np.broadcast_to(np.asarray(matrix, float), (n, 2, 3))
    kernels.warp_affine(result, matrices, np.ones(n, bool), order, edge, np.full(n, value))
    return result


def places(matrix, shape):
    y, x = np.mgrid[: shape[0], : shape[1]]
    m = np.asarray(matrix, float)
    return (m[:, 0, None, None] * y + m[:, 1, None, None] * x) + m[:, 2, None, None]


@pytest.mark.parametrize("edge", list(SCIPY_EDGES))
@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("name", list(MATRICES))
@pytest.mark.parametrize("shape", [(11, 13), (64, 41)])
def test_nearest_and_bilinear_as_scipy(name, order, edge, shape):
    image = images(np.float64, (2, *shape, 2))
    got = warped(image, MATRICES[name], order, edge, 0.7)
    where = places(MATRICES[name], shape)
    for i in range(2):
        for c in range(2):
            expected = scipy.ndimage.map_coordinates(
                image[i, ..., c], where, order=order, mode=SCIPY_EDGES[edge], cval=0.7
            )
            np.testing.assert_allclose(got[i, ..., c], expected, rtol=0, atol=2e-13)


@pytest.mark.parametrize("edge", list(SCIPY_EDGES))
@pytest.mark.parametrize("order", [0, 1, 3])
@pytest.mark.parametrize("name", list(MATRICES))
def test_all_orders_as_written_out(name, order, edge):
    for dtype, tolerance in ((np.float64, 1e-13), (np.complex128, 1e-13), (np.float32, 2e-6), (np.complex64, 2e-6)):
        image = images(dtype, (1, 9, 7, 2))
        got = warped(image, MATRICES[name], order, edge, 0.7)
        expected = literal.warp(image[0], *places(MATRICES[name], (9, 7)), order, edge, 0.7)
        np.testing.assert_allclose(got[0], expected, rtol=0, atol=tolerance)
        assert got.dtype == dtype


@pytest.mark.parametrize("dtype", [t for t in TYPES if np.dtype(t).kind in "biu"])
def test_masks_and_integers_take_the_nearest_pixel_and_are_filled_with_zero(dtype):
    image = images(dtype, (1, 9, 7, 2))
    for edge in SCIPY_EDGES:
        got = warped(image, MATRICES["turn"], 3, edge, 0.7)
        expected = literal.warp(image[0], *places(MATRICES["turn"], (9, 7)), 0, edge, 0)
        np.testing.assert_array_equal(got[0], expected)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("order", [0, 1, 3])
def test_whole_pixels_change_no_value(dtype, order):
    image = images(dtype, (3, 8, 9, 3))
    for edge in SCIPY_EDGES:
        np.testing.assert_array_equal(warped(image, MATRICES["identity"], order, edge), image)
        moved = warped(image, [[1, 0, 2], [0, 1, -3]], order, edge)
        np.testing.assert_array_equal(moved[:, :6, 3:], image[:, 2:, :6])


def test_halfway_the_nearest_pixel_is_the_next():
    image = images(np.uint8, (1, 6, 7, 1))
    moved = warped(image, [[1, 0, 0.5], [0, 1, 0.5]], 0, "constant")
    np.testing.assert_array_equal(moved[:, :-1, :-1], image[:, 1:, 1:])


@pytest.mark.parametrize("shape", [(1, 1), (1, 6), (5, 1), (2, 3), (600, 3), (3, 600)])
@pytest.mark.parametrize("order", [0, 1, 3])
@pytest.mark.parametrize("edge", list(SCIPY_EDGES))
def test_every_size(shape, order, edge):
    image = images(np.float64, (1, *shape, 1))
    matrix = [[0.9013, 0.0217, -0.4131], [0.0371, 1.1037, 0.3119]]
    expected = literal.warp(image[0], *places(matrix, shape), order, edge, -2.0)
    np.testing.assert_allclose(warped(image, matrix, order, edge, -2.0)[0], expected, rtol=0, atol=1e-12)


def test_places_far_away_are_no_danger():
    image = images(np.float32)
    for size in (1e10, 1e300, -1e300):
        for edge in SCIPY_EDGES:
            assert np.isfinite(warped(image, [[size, -size, size], [-size, size, 1]], 3, edge)).all()


def test_displacement_as_scipy_and_as_written_out():
    image, field = images(np.float64, (2, 23, 17, 1)), images(np.float32, (2, 2, 23, 17), 2) * 3
    for order in (0, 1, 3):
        for edge, mode in SCIPY_EDGES.items():
            got = image.copy()
            kernels.warp_displaced(got, field, np.array([True, False]), order, edge, np.full(2, 0.5))
            where = np.mgrid[:23, :17] + field[0].astype(float)
            np.testing.assert_allclose(got[0], literal.warp(image[0], *where, order, edge, 0.5), rtol=0, atol=1e-13)
            if order < 3:
                expected = scipy.ndimage.map_coordinates(image[0, ..., 0], where, order=order, mode=mode, cval=0.5)
                np.testing.assert_allclose(got[0, ..., 0], expected, rtol=0, atol=2e-13)
            np.testing.assert_array_equal(got[1], image[1])


# -- the elastic displacement --------------------------------------------------------------------------------------------


def stream(examples, seed=5, name="elastic"):
    indices = np.asarray(examples, np.uint64)
    return Lanes(seed_key(seed), indices, np.zeros(len(indices), np.uint64), "train").stream(name)


def field(frame, alpha, sigma, examples, **where):
    n = len(examples)
    ones = np.ones(n)
    return kernels.elastic_displacement(frame, alpha * ones, sigma * ones, np.ones(n, bool), stream(examples, **where))


@pytest.mark.parametrize("frame", [(28, 28), (1, 1), (9, 150), (70, 33)])
@pytest.mark.parametrize("sigma", [0.8, 3.0, 6.5, 40.0])
def test_the_displacement_is_scipys_filter_of_its_noise(frame, sigma):
    """White noise is what a filter so narrow that it is none leaves."""
    noise = field(frame, 1.0, 0.1, range(2))
    got = field(frame, 30.0, sigma, range(2))
    filtered = scipy.ndimage.gaussian_filter(noise.astype(float), sigma, mode="constant", axes=(2, 3))
    np.testing.assert_allclose(got, 30 * filtered, rtol=0, atol=3e-5 / sigma)


def test_the_noise_is_uniform_and_white():
    noise = field((200, 300), 1.0, 0.1, range(4)).astype(float)
    n = noise.size
    assert -1 <= noise.min() < -0.9999 and 0.9999 < noise.max() <= 1
    for power in range(1, 7):
        mean = 1 / (power + 1) if power % 2 == 0 else 0.0
        spread = np.sqrt((1 / (2 * power + 1) - mean**2) / n)
        assert abs((noise**power).mean() - mean) < 4.5 * spread
    correlations = np.fft.ifft2(np.abs(np.fft.fft2(noise)) ** 2).real / (200 * 300 / 3)
    assert np.abs(correlations[..., 1:, :]).max() < 5.5 / np.sqrt(200 * 300)
    assert abs((noise[:, 0] * noise[:, 1]).mean() * 3) < 4.5 / np.sqrt(n / 2)
    assert abs((noise[0] * noise[1]).mean() * 3) < 4.5 / np.sqrt(n / 4)


@pytest.mark.parametrize(("sigma", "alpha"), [(1.5, 10.0), (6.0, 40.0)])
def test_variance_and_smoothness_as_in_closed_form(sigma, alpha):
    """At every pixel alpha^2 / 3 times the squared weights that meet the image; between neighbours the covariance alike."""
    frame, count = (28, 31), 3000
    d = field(frame, alpha, sigma, range(count)).astype(float).transpose(1, 0, 2, 3).reshape(-1, *frame)
    steps = np.arange(int(4 * sigma + 0.5) + 1)
    weights = np.exp(-0.5 * (steps / sigma) ** 2)
    weights /= weights[0] + 2 * weights[1:].sum()

    def matrix(size):
        apart = np.abs(np.subtract.outer(np.arange(size), np.arange(size)))
        return np.where(apart < len(weights), weights[np.minimum(apart, len(weights) - 1)], 0)

    down, across = (matrix(size) @ matrix(size).T for size in frame)
    expected = alpha**2 / 3 * np.outer(np.diag(down), np.diag(across))
    spread = np.sqrt(2 / len(d))  # nearly normal: thousands of pixels add up
    assert np.abs((d**2).mean(0) / expected - 1).max() < 5 * spread * 1.05
    covariance = alpha**2 / 3 * np.outer(np.diag(down), np.diag(across, 1))
    assert np.abs((d[:, :, 1:] * d[:, :, :-1]).mean(0) / covariance - 1).max() < 5 * spread * 1.1
    assert np.abs(d.mean(0) / np.sqrt(expected)).max() < 5 / np.sqrt(len(d))
    if sigma == 6.0:  # beyond 4 sigma from all edges, as the documentation has it
        middle = field((60, 60), 1.0, sigma, range(400))[:, :, 28:32, 28:32].astype(float)
        assert middle.std() == pytest.approx(0.163 / sigma, rel=0.06)


def test_points_go_where_the_displacement_takes_them():
    """Between pixels the displacement is meant to be the sum of the Gaussians of all noise, at that place."""
    frame, n, alpha, sigma = (40, 50), 5, 60.0, 5.0
    noise = field(frame, 1.0, 0.1, range(n)).astype(float)
    points = np.random.default_rng(3).uniform(-3, 50, (n, 30, 2))
    moved = points.copy()
    happens = np.array([True, True, False, True, True])
    kernels.move_displaced(moved, field(frame, alpha, sigma, range(n)), happens)
    np.testing.assert_array_equal(moved[2], points[2])

    def gaussians(at, size):
        apart = np.clip(at, 0, size - 1)[:, None] - np.arange(size)
        return np.exp(-0.5 * (apart / sigma) ** 2) / (np.sqrt(2 * np.pi) * sigma)

    for i in np.flatnonzero(happens):
        down, across = (gaussians(moved[i, :, axis], frame[axis]) for axis in (0, 1))
        back = moved[i] + alpha * np.einsum("py,cyx,px->pc", down, noise[i], across)
        np.testing.assert_allclose(back, points[i], rtol=0, atol=1e-3)
        assert np.abs(moved[i] - points[i]).max() > 1


def test_points_at_the_places_of_pixels_come_back_to_them():
    d = field((40, 50), 60.0, 5.0, range(3))
    pixels = np.moveaxis(np.mgrid[:40, :50], 0, -1).reshape(-1, 2).astype(float)
    points = np.ascontiguousarray(pixels + d.reshape(3, 2, -1).transpose(0, 2, 1))
    kernels.move_displaced(points, d, np.ones(3, bool))
    np.testing.assert_allclose(points, np.broadcast_to(pixels, points.shape), rtol=0, atol=1e-5)


def test_strong_stretches_are_inverted_and_folds_are_survived():
    y, x = np.mgrid[:40, :40].astype(float)
    stretch = np.stack([2.5 * (y - 19.5), 3.0 * (x - 19.5)])[None].astype(np.float32)
    points = np.array([[[30.0, 10.0], [19.5, 19.5]]])
    kernels.move_displaced(points, stretch, np.ones(1, bool))
    np.testing.assert_allclose(points, [[[22.5, 19.5 - 9.5 / 4], [19.5, 19.5]]], rtol=0, atol=1e-4)
    points = np.array([[[np.nan, 1.0], [np.inf, 2.0], [11.0, 12.0]]])
    kernels.move_displaced(points, field((40, 40), 3000.0, 2.0, [0]), np.ones(1, bool))
    np.testing.assert_array_equal(points[0, :2], [[np.nan, 1.0], [np.inf, 2.0]])
    assert np.isfinite(points[0, 2]).all()


# -- bytes and refusals --------------------------------------------------------------------------------------------------


def everything(n=3, part=slice(None)):
    """All kernels on the examples of a part of a block."""
    frame, ok = (37, 41), np.ones(n, bool)[part]
    examples = np.arange(n)[part]
    matrix = np.array([np.array(MATRICES["turn"]) + 0.01 * i for i in range(n)])[part]
    alpha, sigma = np.linspace(10, 40, n)[part], np.linspace(2, 7, n)[part]
    d = kernels.elastic_displacement(frame, alpha, sigma, ok, stream(examples))
    results = [d]
    for dtype in (np.float32, np.float64, np.complex64, np.uint8):
        for order in (0, 1, 3):
            for edge in SCIPY_EDGES:
                for channels in (1, 3):
                    image = images(dtype, (n, *frame, channels))[part].copy()
                    kernels.warp_affine(image, matrix, ok, order, edge, np.full(len(ok), 0.3))
                    kernels.warp_displaced(image, d, ok, order, edge, np.full(len(ok), 0.3))
                    results.append(image)
    points = np.random.default_rng(1).uniform(0, 40, (n, 4, 2))[part].copy()
    kernels.move_displaced(points, d, ok)
    return [*results, points]


def test_alone_or_in_a_block_the_same_bytes():
    together = everything()
    for i in range(3):
        for all_of_them, one in zip(together, everything(part=slice(i, i + 1)), strict=True):
            assert all_of_them[i].tobytes() == one[0].tobytes()


@pytest.mark.parametrize("level", [0, 3])
def test_instruction_levels_change_no_byte(level):
    before = kernels.instruction_level()
    best = everything()
    try:
        if kernels.set_instruction_level(level) != level:
            pytest.skip(f"the processor lacks instruction level {level}")
        lower = everything()
    finally:
        kernels.set_instruction_level(before)
    assert all(a.tobytes() == b.tobytes() for a, b in zip(best, lower, strict=True))


def test_nothing_to_warp():
    nothing = np.empty((0, 4, 4, 1), np.float32)
    kernels.warp_affine(nothing, np.empty((0, 2, 3)), np.empty(0, bool), 1, "constant", np.empty(0))
    empty = np.empty((1, 0, 4, 1), np.float32)
    kernels.warp_affine(empty, np.zeros((1, 2, 3)), np.ones(1, bool), 1, "reflect", np.zeros(1))
    assert kernels.elastic_displacement((0, 4), np.ones(1), np.ones(1), np.ones(1, bool), stream([0])).size == 0


def test_refusals():
    image, yes, matrix = np.zeros((1, 4, 4, 1), np.float32), np.ones(1, bool), np.zeros((1, 2, 3))
    value = np.zeros((1, 1), np.float32)
    with pytest.raises(ValueError, match="order"):
        _core.warp_affine(image, matrix, yes, 2, "constant", value)
    with pytest.raises(ValueError, match="order"):
        _core.warp_affine(image.view(np.uint32), matrix, yes, 1, "constant", value.view(np.uint32))
    with pytest.raises(ValueError, match="edge"):
        _core.warp_affine(image, matrix, yes, 1, "wrap", value)
    with pytest.raises(ValueError, match="matrix: must be finite"):
        _core.warp_affine(image, matrix + np.nan, yes, 1, "constant", value)
    with pytest.raises(ValueError, match="matrix .*wrong shape"):
        _core.warp_affine(image, np.zeros((1, 3, 3)), yes, 1, "constant", value)
    with pytest.raises(ValueError, match="displacement: must be finite"):
        _core.warp_displaced(image, np.full((1, 2, 4, 4), np.inf, np.float32), yes, 1, "constant", value)
    with pytest.raises(ValueError, match="displacement .*wrong shape"):
        _core.warp_displaced(image, np.zeros((1, 2, 4, 5), np.float32), yes, 1, "constant", value)
    with pytest.raises(TypeError):
        _core.warp_affine(image.astype(np.int64), matrix, yes, 0, "constant", value)
    with pytest.raises(TypeError):
        _core.warp_affine(image[:, :, ::2], matrix, yes, 1, "constant", value)
    for sigma in (0.0, 1001.0, np.nan):
        with pytest.raises(ValueError, match="sigma"):
            field((4, 4), 1.0, sigma, [0])
    with pytest.raises(ValueError, match="alpha"):
        field((4, 4), np.inf, 1.0, [0])
