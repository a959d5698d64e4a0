"""Pixel noise, normalisation and illumination gradient: statistics, streams and bytes."""

import hashlib
import math

import numpy as np
import pytest
from given import addresses
from reference import pixel_stream
from scipy import stats

from simcore import _core

SEED = np.array([20240607, 11], np.uint64)
LEVELS = (4, 3, 0)
KERNEL_TYPES = (np.float32, np.float64)


def draw(rate: np.ndarray, name: int = 77) -> np.ndarray:
    out = np.empty(rate.shape, np.int64)
    _core.poisson(rate, SEED, addresses(len(rate), name), out)
    return out


# --- statistics ----------------------------------------------------------------------------------------------------


def chi_square_p(counts: np.ndarray, rate: float) -> float:
    """Probability of Pearson's test on the exact distribution, counts joined until each bin expects 10."""
    upper = int(stats.poisson.ppf(1 - 1e-12, rate)) + 2
    expected = counts.size * stats.poisson.pmf(np.arange(upper), rate)
    expected[-1] += counts.size * stats.poisson.sf(upper - 1, rate)
    observed = np.bincount(np.minimum(counts, upper - 1), minlength=upper)
    cumulated = np.cumsum(expected)
    edges = [0]
    for k in range(upper):
        if cumulated[k] - (cumulated[edges[-1] - 1] if edges[-1] else 0) >= 10:
            edges.append(k + 1)
    edges = edges[:-1]  # what is left beyond joins the last bin
    observed, expected = np.add.reduceat(observed, edges), np.add.reduceat(expected, edges)
    return float(stats.chi2.sf(np.sum((observed - expected) ** 2 / expected), len(edges) - 1))


def randomised_pit_p(counts: np.ndarray, rate: float) -> float:
    """Probability of Kolmogorov and Smirnov's test that F(k - 1) + v P(k), v uniform, is uniform."""
    v = np.random.default_rng(5).uniform(size=counts.size)
    return float(
        stats.kstest(stats.poisson.cdf(counts - 1, rate) + v * stats.poisson.pmf(counts, rate), "uniform").pvalue
    )


@pytest.mark.parametrize("rate", [0.01, 0.1, 0.5, 1, 3, 7.3, 9.999, 10, 13.3, 33.25, 100, 300, 1e3, 1e4, 1e5, 1e6])
def test_poisson_distribution(rate):
    counts = draw(np.full((10, 100_000), float(rate))).ravel()
    assert (chi_square_p if rate <= 1e3 else randomised_pit_p)(counts, rate) > 1e-4

    n, deviation = counts.size, counts - float(rate)
    fourth, sixth = rate + 3 * rate**2, rate + 25 * rate**2 + 15 * rate**3  # central moments
    assert abs(deviation.mean()) < 4.5 * math.sqrt(rate / n)
    assert abs((deviation**2).mean() - rate) < 4.5 * math.sqrt((fourth - rate**2) / n)
    third = ((counts - counts.mean()) ** 3).mean()
    spread = math.sqrt((sixth - rate**2 - 6 * fourth * rate + 9 * rate**3) / n)
    assert abs(third - rate) < 4.5 * spread


def test_no_correlation_between_neighbours_examples_or_names():
    rate = np.full((40, 25_000), 20.0)
    a, b = draw(rate) - 20.0, draw(rate, name=78) - 20.0
    bound = 4.5 * 20 / math.sqrt(rate.size)
    for product in (a[:, 1:] * a[:, :-1], a[1:] * a[:-1], a * b):
        assert abs(product.mean()) < bound


def test_extreme_rates():
    rate = np.array([[0.0, 1e-300, 1e-17, 5e-324, 1e15, 1e18]])
    counts = draw(rate)[0]
    assert counts[:4].tolist() == [0, 0, 0, 0]
    assert abs(counts[4] - 1e15) < 6 * math.sqrt(1e15)
    assert abs(counts[5] - 1e18) < 6e9


# --- the stream: a second, literal implementation -------------------------------------------------------------------


def uniform_pair(example: int, pixel: int, attempt: int, name: int = 77):
    return pixel_stream.uniform_pair(int(SEED[0]) | int(SEED[1]) << 64, example, name, pixel, attempt)


def test_reference_is_philox():
    """Known answers published with Random123."""
    assert pixel_stream.philox4x32((0, 0, 0, 0), (0, 0)) == (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)
    ones = 0xFFFFFFFF
    assert pixel_stream.philox4x32((ones,) * 4, (ones,) * 2) == (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)


@pytest.mark.parametrize("rate", [0.3, 2.0, 9.5])
def test_small_rates_are_the_quantile_of_the_stream(rate):
    counts = draw(np.full((3, 500), rate))
    u = [[uniform_pair(example, pixel, 0)[0] for pixel in range(500)] for example in range(3)]
    np.testing.assert_array_equal(counts, stats.poisson.ppf(u, rate))


def literal_rejection(rate: float, example: int, pixel: int) -> int:
    """PTRS (Hoermann 1993), its hat raised by 0.6 %, without the squeeze."""
    b = 0.931 + 2.53 * math.sqrt(rate)
    a = -0.059 + 0.02483 * b
    for attempt in range(1000):
        u, v = uniform_pair(example, pixel, attempt)
        us = 0.5 - abs(u - 0.5)
        k = math.floor((2 * a / us + b) * (u - 0.5) + rate + 0.43)
        height = 1.006 * (1.1239 + 1.1328 / (b - 3.4)) / (a / us**2 + b)
        if k >= 0 and math.log(v * height) <= k * math.log(rate) - rate - math.lgamma(k + 1):
            return k
    raise AssertionError("no candidate accepted")


@pytest.mark.parametrize("rate", [10.0, 33.25, 250.0, 1e4, 1e6])
def test_large_rates_are_the_rejection_of_the_stream(rate):
    counts = draw(np.full((2, 600), rate))
    expected = [[literal_rejection(rate, example, pixel) for pixel in range(600)] for example in range(2)]
    np.testing.assert_array_equal(counts, expected)


def test_a_pixel_depends_on_itself_alone():
    rng = np.random.default_rng(8)
    rate = np.exp(rng.uniform(-4, 12, (3, 9001)))
    counts = draw(rate)
    np.testing.assert_array_equal(draw(np.ascontiguousarray(rate[:, :4321])), counts[:, :4321])
    other = np.exp(rng.uniform(-4, 12, rate.shape))
    kept = rng.uniform(size=rate.shape) < 0.3
    np.testing.assert_array_equal(draw(np.where(kept, rate, other))[kept], counts[kept])


def test_an_image_depends_on_its_address_alone():
    image = np.linspace(1, 2, 1000)[None].repeat(4, 0)
    snr, background = np.array([5.0, 10, 20, 40]), np.ones(4)
    together = image.copy()
    _core.poisson_snr(together, snr, background, False, SEED, addresses(4))
    for i in (3, 1):
        alone = image[i : i + 1].copy()
        _core.poisson_snr(alone, snr[i : i + 1], background[i : i + 1], False, SEED, addresses(4)[i : i + 1])
        np.testing.assert_array_equal(alone[0], together[i])


# --- the paper's noise ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", KERNEL_TYPES)
@pytest.mark.parametrize("deviation", [False, True])
def test_snr_sets_the_noise_of_the_peak(dtype, deviation):
    """Variance I / s with s = (snr / p)^2, p = 0.25 above the background or 0.8 below it."""
    pixels, snr = 200_000, 10.0
    clean = np.ones((2, pixels), dtype)
    clean[:, :500], clean[:, 500:1000] = 1.25, 0.2
    noisy = clean.copy()
    _core.poisson_snr(noisy, np.full(2, snr), np.ones(2), deviation, SEED, addresses(2))
    variance = ((0.8 if deviation else 0.25) / snr) ** 2
    flat = noisy[:, 1000:].astype(float)
    assert abs(flat.mean() - 1) < 4.5 * math.sqrt(variance / flat.size)
    assert abs(flat.var() / variance - 1) < 4.5 * math.sqrt(2.1 / flat.size)
    assert abs(noisy[:, :500].var() / (1.25 * variance) - 1) < 4.5 * math.sqrt(2.1 / 1000)


def test_noise_is_counts_over_scale():
    image = np.abs(np.random.default_rng(1).normal(1, 0.5, (2, 700)))
    noisy = image.copy()
    _core.poisson_snr(noisy, np.array([3.0, 30]), np.array([0.5, 1]), False, SEED, addresses(2))
    scale = (np.array([3.0, 30]) / np.abs(image.max(axis=1) - [0.5, 1]))[:, None] ** 2
    np.testing.assert_array_equal(noisy, draw(image * scale) / scale)


@pytest.mark.parametrize("dtype", KERNEL_TYPES)
def test_degenerate_images(dtype):
    image = np.ones((4, 50), dtype)
    image[1] = -1  # becomes 0 everywhere
    image[2, 0] = 1 + np.finfo(dtype).eps  # an all but invisible signal: counts of 1e14 and more
    image[3, 3] = -5
    _core.poisson_snr(image, np.full(4, 10.0), np.array([1.0, 0.5, 1, 1]), False, SEED, addresses(4))
    np.testing.assert_array_equal(image[0], 1)
    np.testing.assert_array_equal(image[1], 0)
    np.testing.assert_allclose(image[2], 1, rtol=1e-6)
    np.testing.assert_array_equal(image[3], np.where(np.arange(50) == 3, 0, 1))


@pytest.mark.parametrize("snr", [0.0, -1.0, np.nan, np.inf])
def test_refuses_a_ratio_without_meaning(snr):
    image = np.linspace(1, 2, 20).reshape(2, 10)
    kept = image.copy()
    with pytest.raises(ValueError, match=r"snr: .*must be > 0"):
        _core.poisson_snr(image, np.array([5.0, snr]), np.ones(2), False, SEED, addresses(2))
    np.testing.assert_array_equal(image, kept)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("position", [0, 40, 99])
def test_refuses_values_that_are_not_finite(bad, position):
    image = np.ones((2, 100), np.float32)
    image[1, position] = bad
    with pytest.raises(ValueError, match="image: must be finite"):
        _core.poisson_snr(image, np.ones(2), np.zeros(2), False, SEED, addresses(2))
    with pytest.raises(ValueError, match="image: must be finite"):
        _core.normalize_minmax(image, np.zeros(2), np.ones(2))
    with pytest.raises(ValueError, match="background: must be finite"):
        _core.poisson_snr(np.ones((1, 4)), np.ones(1), np.array([bad]), False, SEED, addresses(1))
    with pytest.raises(ValueError, match="rate: must be in"):
        draw(np.array([[1.0, bad]]))


def test_refuses_arrays_of_another_kind():
    snr, background, counter = np.ones(2), np.zeros(2), addresses(2)
    read_only = np.ones((2, 9))
    read_only.flags.writeable = False
    with pytest.raises(ValueError):
        _core.poisson_snr(read_only, snr, background, False, SEED, counter)
    for image in (np.ones((2, 9), np.int64), np.ones((2, 9), ">f4"), np.ones((2, 18))[:, ::2], np.ones((9, 2)).T):
        with pytest.raises(TypeError):
            _core.poisson_snr(image, snr, background, False, SEED, counter)
    for arguments, name in (
        ((np.ones(9), snr, background), "image"),
        ((np.ones((2, 9)), np.ones(3), background), "snr"),
        ((np.ones((2, 9)), snr, np.zeros(1)), "background"),
    ):
        with pytest.raises(ValueError, match=f"{name} .*wrong shape"):
            _core.poisson_snr(*arguments, False, SEED, counter)
    with pytest.raises(ValueError, match=r"counter .*wrong shape"):
        _core.poisson_snr(np.ones((2, 9)), snr, background, False, SEED, addresses(3))
    with pytest.raises(ValueError, match=r"key .*wrong shape"):
        _core.poisson_snr(np.ones((2, 9)), snr, background, False, SEED[:1].copy(), counter)


# --- normalisation and gradient ------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", KERNEL_TYPES)
@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-1 / 3, 7.1), (5.0, -2.0), (3.3, 3.3)])
def test_normalisation(dtype, low, high):
    image = np.random.default_rng(3).normal(100, 7, (3, 1003)).astype(dtype)
    source = image.astype(float)
    _core.normalize_minmax(image, np.full(3, low), np.full(3, high))
    least, span = source.min(1, keepdims=True), np.ptp(source, axis=1, keepdims=True)
    expected = low + (source - least) / span * (high - low)
    np.testing.assert_allclose(image, expected, rtol=0, atol=8 * np.finfo(dtype).eps)
    for row, before in zip(image, source, strict=True):
        assert row[before.argmin()] == dtype(low)
        assert row[before.argmax()] == dtype(high)
        assert row.min() == dtype(min(low, high))
        assert row.max() == dtype(max(low, high))


def test_normalisation_of_a_constant_image_and_of_none():
    image = np.full((2, 40), 7.0)
    _core.normalize_minmax(image, np.array([0.25, -1]), np.ones(2))
    np.testing.assert_array_equal(image, np.array([0.25, -1])[:, None].repeat(40, 1))
    _core.normalize_minmax(np.empty((0, 5)), np.empty(0), np.empty(0))
    _core.normalize_minmax(np.empty((2, 0)), np.zeros(2), np.ones(2))


@pytest.mark.parametrize("dtype", KERNEL_TYPES)
@pytest.mark.parametrize("shape", [(2, 7, 10, 1), (2, 8, 5, 3)])
def test_illumination_gradient(dtype, shape):
    image = np.random.default_rng(4).uniform(0, 1, shape).astype(dtype)
    x, y = np.array([0.1, -0.02]), np.array([-0.3, 0.01])
    rows, columns = np.mgrid[: shape[1], : shape[2]]
    plane = x[:, None, None] * (columns - (shape[2] - 1) / 2) + y[:, None, None] * (rows - (shape[1] - 1) / 2)
    expected = np.maximum(image + plane[..., None], 0)
    assert (expected == 0).any()
    _core.illumination_gradient(image, x, y)
    np.testing.assert_allclose(image, expected, rtol=0, atol=4 * np.finfo(dtype).eps)
    with pytest.raises(ValueError, match="x: must be finite"):
        _core.illumination_gradient(image, np.array([0, np.nan]), y)


# --- bytes ---------------------------------------------------------------------------------------------------------


def noisy_bytes(dtype) -> bytes:
    """Everything here on an image made of integers: no libm in the input either."""
    values = (1 + (7 * np.arange(3 * 6007) % 101) / 50 + (np.arange(3 * 6007) % 997 == 0) * 40).astype(dtype)
    image = values.reshape(3, 6007)
    _core.poisson_snr(image, np.array([0.8, 25, 400]), np.ones(3), False, SEED, addresses(3))
    stretched = image.copy()
    _core.normalize_minmax(stretched, np.full(3, 0.1), np.full(3, 0.9))
    tilted = stretched.copy()
    _core.illumination_gradient(tilted.reshape(3, 1, 6007, 1), np.full(3, 1e-4), np.ones(3))
    return image.tobytes() + stretched.tobytes() + tilted.tobytes()


@pytest.mark.parametrize("dtype", KERNEL_TYPES)
def test_same_bytes_on_every_instruction_level(dtype, restore_level):
    rate = np.exp(np.random.default_rng(6).uniform(-3, 16, (2, 20_011)))
    results = []
    for level in LEVELS:
        _core.set_instruction_level(level)
        results.append(noisy_bytes(dtype) + draw(rate).tobytes())
    assert len(set(results)) == 1


@pytest.mark.parametrize(
    ("dtype", "digest"),
    [
        (np.float32, "9bc4f06fba13c80c09ddc40878bc786fbd5dd9d259b7c8cefb9d34cba8765b77"),
        (np.float64, "1755ffd5b510dc0964b79410a2f35bb111653f97853fffbacecb73d92782b2aa"),
    ],
)
def test_frozen_bytes(dtype, digest):
    """Render version 1: a change here changes every dataset and asks for a new version."""
    assert hashlib.sha256(noisy_bytes(dtype)).hexdigest() == digest
