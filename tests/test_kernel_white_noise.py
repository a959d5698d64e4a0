"""Normal and gamma numbers of the pixel streams: distribution, literal repetition, bytes. Speckle against a plain convolution."""

import hashlib
import math

import numpy as np
import pytest
from given import addresses
from reference import pixel_stream
from scipy import ndimage, stats

from simcore import _core

SEED = np.array([20240607, 11], np.uint64)
LEVELS = (4, 3, 0)


def normals(examples: int, values: int, name: int = 77) -> np.ndarray:
    out = np.full((examples, values), np.nan)
    _core.normal(out, SEED, addresses(examples, name))
    return out


def gammas(shape: np.ndarray, name: int = 77) -> np.ndarray:
    out = np.full(shape.shape, np.nan)
    _core.gamma(shape, SEED, addresses(len(shape), name), out)
    return out


# --- distribution --------------------------------------------------------------------------------------------------


def test_normal_distribution():
    z = normals(10, 100_000).ravel()
    assert stats.kstest(z, "norm").pvalue > 1e-4
    n = z.size
    spread = [1, math.sqrt(2), math.sqrt(15), math.sqrt(96), math.sqrt(945), math.sqrt(10170)]
    for power, (moment, sigma) in enumerate(zip([0, 1, 0, 3, 0, 15], spread, strict=True), start=1):
        assert abs((z**power).mean() - moment) < 4.5 * sigma / math.sqrt(n)


def test_normal_tails():
    """Chi-square on bins of a tenth of a standard deviation, each expecting 10 or more of 2e6."""
    z = normals(20, 100_000).ravel()
    edges = np.concatenate([[-np.inf], np.arange(-4.2, 4.25, 0.1), [np.inf]])
    expected = z.size * np.diff(stats.norm.cdf(edges))
    assert expected.min() > 10
    assert stats.chisquare(np.histogram(z, edges)[0], expected, sum_check=False).pvalue > 1e-4


def test_normal_numbers_are_independent():
    a, b = normals(40, 25_000), normals(40, 25_000, name=78)
    bound = 4.5 / math.sqrt(a.size)
    products = [a[1:] * a[:-1], a * b, a[:, 0::2] * a[:, 1::2], a[:, 1:-1:2] * a[:, 2::2]]
    products += [a[:, lag:] * a[:, :-lag] for lag in (1, 2, 3, 64, 128, 2048)]
    for product in products:
        assert abs(product.mean()) < bound * math.sqrt(a.size / product.size)
    # A pair shares its radius: its squares must be independent all the same.
    squares = (a[:, 0::2] ** 2 - 1) * (a[:, 1::2] ** 2 - 1)
    assert abs(squares.mean()) < 4.5 * 2 / math.sqrt(squares.size)


@pytest.mark.parametrize("shape", [0.05, 0.5, 0.99, 1.0, 1.5, 3.0, 20.0, 1e3, 1e6])
def test_gamma_distribution(shape):
    x = gammas(np.full((10, 30_000), shape)).ravel()
    assert stats.kstest(x, stats.gamma(shape).cdf).pvalue > 1e-4
    n, deviation = x.size, x - shape
    fourth, sixth = 3 * shape**2 + 6 * shape, 15 * shape**3 + 130 * shape**2 + 120 * shape
    assert abs(deviation.mean()) < 4.5 * math.sqrt(shape / n)
    assert abs((deviation**2).mean() - shape) < 4.5 * math.sqrt((fourth - shape**2) / n)
    assert abs((deviation**3).mean() - 2 * shape) < 4.5 * math.sqrt((sixth - 4 * shape**2) / n)


def test_gamma_at_a_million_draws():
    x = gammas(np.full((10, 100_000), 1.0)).ravel()
    edges = -np.log(np.linspace(1, 0, 2001)[:-1])
    counts = np.histogram(x, np.append(edges, np.inf))[0]
    assert stats.chisquare(counts).pvalue > 1e-4


def test_gamma_of_extreme_shapes():
    x = gammas(np.array([[0.0, 5e-324, 1e-5, 1e15, 1e28]]))[0]
    assert x[0] == 0 and x[1] == 0 and 0 <= x[2] < 1
    assert abs(x[3] - 1e15) < 6 * math.sqrt(1e15) and x[4] == pytest.approx(1e28, rel=1e-12)


# --- the stream: literal repetition ---------------------------------------------------------------------------------


def uniform_pair(example: int, pixel: int, attempt: int, name: int = 77):
    return pixel_stream.uniform_pair(int(SEED[0]) | int(SEED[1]) << 64, example, name, pixel, attempt)


def normal_pair(example: int, pixel: int, attempt: int):
    u, v = uniform_pair(example, pixel, attempt)
    radius = math.sqrt(-2 * math.log(u))
    return radius * math.cos(2 * math.pi * v), radius * math.sin(2 * math.pi * v)


def test_normal_numbers_are_box_and_mullers_of_the_stream():
    expected = [[z for pair in range(150) for z in normal_pair(example, pair, 0)] for example in range(3)]
    np.testing.assert_allclose(normals(3, 300), expected, rtol=0, atol=5e-15)


def literal_gamma(shape: float, example: int, pixel: int) -> float:
    """Marsaglia and Tsang (2000)."""
    d = (shape if shape >= 1 else shape + 1) - 1 / 3
    c = 1 / math.sqrt(9 * d)
    for attempt in range(1000):
        x = normal_pair(example, pixel, 2 * attempt)[0]
        u, boost = uniform_pair(example, pixel, 2 * attempt + 1)
        v = (1 + c * x) ** 3
        if v > 0 and math.log(u) < 0.5 * x * x + d - d * v + d * math.log(v):
            return d * v * (1 if shape >= 1 else boost ** (1 / shape))
    raise AssertionError("no candidate accepted")


@pytest.mark.parametrize("shape", [0.3, 1.0, 2.0, 77.0])
def test_gamma_numbers_are_marsaglia_and_tsangs_of_the_stream(shape):
    expected = [[literal_gamma(shape, example, pixel) for pixel in range(400)] for example in range(2)]
    np.testing.assert_allclose(gammas(np.full((2, 400), shape)), expected, rtol=1e-12)


def test_a_value_depends_on_itself_alone():
    z = normals(3, 9001)
    for length in (1, 2, 127, 129, 4321):
        np.testing.assert_array_equal(normals(3, length), z[:, :length])
    rng = np.random.default_rng(8)
    shape, other = np.exp(rng.uniform(-3, 9, (2, 2, 9001)))
    x = gammas(shape)
    np.testing.assert_array_equal(gammas(np.ascontiguousarray(shape[:, :4321])), x[:, :4321])
    kept = rng.uniform(size=shape.shape) < 0.3
    np.testing.assert_array_equal(gammas(np.where(kept, shape, other))[kept], x[kept])


# --- images --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gaussian_noise_adds_sigma_times_the_normal_numbers(dtype):
    image = np.random.default_rng(1).uniform(0, 5, (3, 4999)).astype(dtype)
    noisy, sigma = image.copy(), np.array([0.1, 0.0, 30.0])
    _core.gaussian_noise(noisy, sigma, SEED, addresses(3))
    expected = (image.astype(float) + sigma[:, None] * normals(3, 4999)).astype(dtype)
    np.testing.assert_array_equal(noisy, expected)


def test_speckle_without_correlation_is_gamma():
    image = np.full((3, 50, 40, 2), 2.0)
    looks = np.array([0.5, 1.0, 4.5])
    _core.speckle(image, looks, np.zeros(3), SEED, addresses(3))
    expected = 2 * gammas(np.repeat(looks, 4000).reshape(3, 4000)) / looks[:, None]
    np.testing.assert_allclose(image.reshape(3, -1), expected, rtol=1e-14)


@pytest.mark.parametrize("length", [0.2, 1.0, 3.7])
@pytest.mark.parametrize("shape", [(1, 1), (12, 17), (40, 9)])
def test_correlated_speckle_is_the_filtered_field_squared(length, shape):
    """One look: E = white circular noise convolved with exp(-r^2 / l^2), whose self-convolution is exp(-r^2 / (2 l^2))."""
    image = np.ones((2, *shape, 1))
    _core.speckle(image, np.ones(2), np.full(2, length), SEED, addresses(2))
    radius = math.ceil(5.5 * length / math.sqrt(2))
    kernel = np.exp(-(np.arange(-radius, radius + 1) ** 2) / length**2)
    kernel /= math.sqrt(np.sum(kernel**2))
    height, width = (n + 2 * radius for n in shape)
    for i in range(2):
        white = normals(2, 2 * height * width)[i].reshape(height, width, 2)
        for axis in (0, 1):
            white = ndimage.convolve1d(white, kernel, axis=axis, mode="constant")
        field = white[radius : radius + shape[0], radius : radius + shape[1]]
        np.testing.assert_allclose(image[i, ..., 0], np.sum(field**2, axis=-1) / 2, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("looks", [1.0, 2.0, 2.6, 3.0])
def test_correlated_speckle_has_its_moments_and_correlation(looks):
    length, count = 2.0, 3000
    image = np.ones((count, 8, 8, 1))
    _core.speckle(image, np.full(count, looks), np.full(count, length), SEED, addresses(count))
    values = image[..., 0]
    single = values[:, 3, 4]  # independent from image to image
    if looks == int(looks):
        assert stats.kstest(single, stats.gamma(looks, scale=1 / looks).cdf).pvalue > 1e-4
    assert values.mean() == pytest.approx(1, abs=4.5 / math.sqrt(looks * count))
    deviation = values - 1
    for lag in (0, 1, 2, 3):
        covariance = np.mean(deviation[:, :, : 8 - lag] * deviation[:, :, lag:], axis=(1, 2))
        error = covariance.std() / math.sqrt(count)
        assert abs(covariance.mean() - math.exp(-((lag / length) ** 2)) / looks) < 4.5 * error


def test_channels_of_correlated_speckle_are_independent():
    image = np.ones((500, 6, 6, 2))
    _core.speckle(image, np.full(500, 2.0), np.full(500, 1.5), SEED, addresses(500))
    product = np.prod(image - 1, axis=-1).mean(axis=(1, 2))
    assert abs(product.mean()) < 4.5 * product.std() / math.sqrt(500)


def test_refuses_numbers_out_of_range():
    image = np.ones((1, 2, 2, 1))
    for looks, length, message in ((0, 0, "looks"), (np.nan, 0, "looks"), (0.5, 1, "looks"), (1, -1, "correlation")):
        with pytest.raises(ValueError, match=message):
            _core.speckle(image, np.array([float(looks)]), np.array([float(length)]), SEED, addresses(1))
    for sigma in (-1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match="sigma"):
            _core.gaussian_noise(image.reshape(1, 4), np.array([sigma]), SEED, addresses(1))
    with pytest.raises(ValueError, match="shape"):
        gammas(np.array([[1.0, np.nan]]))
    with pytest.raises(ValueError, match="sigma .*wrong shape"):
        _core.gaussian_noise(image.reshape(1, 4), np.ones(2), SEED, addresses(1))
    np.testing.assert_array_equal(image, 1)


# --- bytes ---------------------------------------------------------------------------------------------------------


def all_bytes(dtype) -> bytes:
    image = (1 + (7 * np.arange(2 * 3001) % 101) / 50).astype(dtype).reshape(2, 3001)
    _core.gaussian_noise(image, np.array([0.3, 7]), SEED, addresses(2))
    speckled = np.ones((3, 9, 11, 2), dtype)
    _core.speckle(speckled, np.array([0.4, 1, 2.5]), np.array([0, 0, 1.3]), SEED, addresses(3))
    shape = (1 + np.arange(2 * 3001) % 57).reshape(2, 3001) / 8
    return image.tobytes() + speckled.tobytes() + normals(2, 3001).tobytes() + gammas(shape).tobytes()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_same_bytes_on_every_instruction_level(dtype, restore_level):
    results = []
    for level in LEVELS:
        _core.set_instruction_level(level)
        results.append(all_bytes(dtype))
    assert len(set(results)) == 1


@pytest.mark.parametrize(
    ("dtype", "digest"),
    [
        (np.float32, "ab6d6098fb82e844aaaed6a21ff90946e296480fae5ba43c23fa4a7c59fa383e"),
        (np.float64, "d0163bd4231b91a3476c80ad4d41e653b858706af7a6df9d2d55a5b47557c5e1"),
    ],
)
def test_frozen_bytes(dtype, digest):
    """Render version 1: a change here changes every dataset and asks for a new version."""
    assert hashlib.sha256(all_bytes(dtype)).hexdigest() == digest
