"""The camera against the exact distribution of its counts; noise features against theirs."""

import hashlib
import math

import numpy as np
import pytest
from given import rendered, rendered_field
from reference import noise
from scipy import special, stats

import simcore as sc

SHAPE = (10, 250, 400, 1)  # a million pixels


def flat(photons: float, shape: tuple[int, ...] = SHAPE, dtype: type = np.float64) -> np.ndarray:
    return np.full(shape, photons, dtype)


# --- shot noise ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [0.01, 1.0, 30.0, 1e3, 1e6])
def test_photon_noise_is_poissons(rate):
    counts = rendered(flat(rate), sc.PhotonNoise()).ravel()
    if rate <= 1e3:
        assert noise.chi_square(counts, rate) > 1e-4
    else:
        assert noise.randomised_pit(counts, np.full(counts.shape, rate), seed=3) > 1e-4
    assert np.abs(noise.poisson_moments(counts, np.full(counts.shape, rate))).max() < 4.5


@pytest.mark.parametrize("rate", [0.05, 3.0, 200.0])
def test_a_camera_with_nothing_but_shot_noise_counts_electrons(rate):
    """Quantum efficiency, dark current and spurious charge add up to one Poisson number."""
    camera = sc.Camera(quantum_efficiency=0.5, dark_current=0.2 * rate, exposure_time=2, spurious_charge=0.1 * rate)
    counts = rendered(flat(rate), camera).ravel()
    assert noise.chi_square(counts, rate) > 1e-4
    assert np.abs(noise.poisson_moments(counts, np.full(counts.shape, rate))).max() < 4.5


# --- the EM register -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [0.3, 2.0, 15.0, 300.0])
@pytest.mark.parametrize("gain", [20.0, 300.0])
def test_em_register_has_the_compound_distribution(rate, gain):
    """Poisson electrons through a gamma register: the Bessel form of Hirsch et al., on 300 bins and the bin of none."""
    electrons = rendered(flat(rate), sc.Camera(em_gain=gain, bit_depth=None)).ravel()
    n = electrons.size
    mean, spread = rate * gain, gain * math.sqrt(2 * rate)
    edges = np.linspace(max(0, mean - 5 * spread), mean + 6 * spread, 301)
    inside = n * noise.register_probabilities(edges, rate, gain)
    none = n * math.exp(-rate)
    expected = np.concatenate([[none], inside, [n - none - inside.sum()]])
    observed = np.histogram(electrons[electrons > 0], edges)[0]
    nothing = np.sum(electrons == 0)
    observed = np.concatenate([[nothing], observed, [n - nothing - observed.sum()]])
    assert noise.chi_square_bins(observed, np.maximum(expected, 0)) > 1e-4
    variance = 2 * rate * gain**2
    assert abs(electrons.mean() - mean) < 4.5 * math.sqrt(variance / n)
    fourth = (24 * rate + 12 * rate**2) * gain**4  # of the compound: cumulant 24 r g^4 and 3 variance^2
    assert abs(((electrons - mean) ** 2).mean() - variance) < 4.5 * math.sqrt((fourth - variance**2) / n)
    third = ((electrons - mean) ** 3).mean()
    sixth = compound_sixth(rate) * gain**6
    assert abs(third - 6 * rate * gain**3) < 4.5 * math.sqrt((sixth - (6 * rate * gain**3) ** 2) / n)


def compound_sixth(rate: float) -> float:
    """Central moment 6 for cumulants k_j = rate j!: k6 + 15 k4 k2 + 10 k3^2 + 15 k2^3."""
    k2, k3, k4, k6 = 2 * rate, 6 * rate, 24 * rate, 720 * rate
    return k6 + 15 * k4 * k2 + 10 * k3**2 + 15 * k2**3


# --- read noise, gain, offset, rounding ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("photons", "read_noise", "gain", "offset"), [(0.5, 1.2, 0.47, 100), (6, 0.3, 3.1, 12.3), (40, 2, 1, 5)]
)
def test_counts_have_the_exact_distribution(photons, read_noise, gain, offset):
    camera = sc.Camera(quantum_efficiency=0.9, read_noise=read_noise, gain=gain, offset=offset)
    counts = rendered(flat(photons, dtype=np.float32), camera).ravel()
    assert counts.dtype == np.float32
    np.testing.assert_array_equal(counts, np.round(counts))
    levels = np.arange(0, counts.max() + 2)
    rate, deviation = np.array(0.9 * photons), np.array(read_noise * gain)
    below = noise.camera_distribution(rate, np.array(gain), np.array(offset), deviation, levels[:-1] + 0.5)
    expected = counts.size * np.diff(np.concatenate([[0.0], below, [1.0]]))
    assert noise.chi_square_bins(np.bincount(counts.astype(int), minlength=levels.size), expected) > 1e-4


def test_counts_saturate_and_never_fall_below_nothing():
    photons = flat(500.0, (2, 100, 100, 1))
    photons[1] = 0
    counts = rendered(photons, sc.Camera(bit_depth=8, read_noise=3.0, offset=1.0))
    assert counts.max() == 255 and np.all(counts[0] == 255)
    below = special.ndtr(-0.5 / 3)  # the counts of 0: offset 1 and noise beneath 1/2
    assert counts.min() == 0
    assert abs(np.mean(counts[1] == 0) - below) < 4.5 * math.sqrt(below / 1e4)
    full = rendered(photons, sc.Camera(full_well=300.0, gain=2.0))
    assert np.all(full[0] == 600)
    real = rendered(photons, sc.Camera(bit_depth=None, read_noise=1.0))
    assert real.min() < 0 and np.any(real != np.round(real))


def test_full_well_is_before_the_register():
    electrons = rendered(flat(1e4, (1, 200, 500, 1)), sc.Camera(full_well=50.0, em_gain=100.0, bit_depth=None)).ravel()
    assert stats.kstest(electrons, stats.gamma(50, scale=100).cdf).pvalue > 1e-4


def test_per_pixel_maps(tmp_path):
    """Each pixel has its own gain, offset and variance: probability integral transform of 1e6 counts, and each pixel's mean."""
    rng = np.random.default_rng(2)
    height, width, count, rate = 40, 50, 500, 4.0
    gain, offset = rng.uniform(0.5, 4, (height, width)), rng.uniform(90, 110, (height, width))
    variance = rng.gamma(2, 3, (height, width)) + 0.1
    for name, array in (("gain", gain), ("offset", offset), ("variance", variance)):
        np.save(tmp_path / f"{name}.npy", array)
    maps = {f"{name}_map": str(tmp_path / f"{name}.npy") for name in ("gain", "offset", "variance")}
    counts = rendered(flat(rate, (count, height, width, 1)), sc.Camera(bit_depth=None, **maps))[..., 0]
    distribution = noise.camera_distribution(np.array(rate), gain, offset, np.sqrt(variance), counts)
    assert stats.kstest(distribution.ravel(), "uniform").pvalue > 1e-4
    spread = np.sqrt((rate * gain**2 + variance) / count)
    z = (counts.mean(axis=0) - offset - rate * gain) / spread
    assert np.abs(z).max() < 5.5 and abs(z.std() - 1) < 4.5 / math.sqrt(2 * z.size)


def test_a_camera_is_drawn_per_image_and_sees_no_neighbour():
    camera = sc.Camera(
        quantum_efficiency=sc.uniform(0.3, 0.9), em_gain=sc.uniform(1, 50), read_noise=sc.uniform(0, 4), gain=sc.uniform(0.1, 2),
        offset=sc.uniform(0, 300), full_well=sc.uniform(100, 1e4),
    )  # fmt: skip
    photons = np.random.default_rng(4).uniform(0, 300, (6, 47, 51, 1)).astype(np.float32)
    together = rendered(photons, camera)
    np.testing.assert_array_equal(together, rendered(photons, camera, block=1))
    np.testing.assert_array_equal(together, rendered(photons, camera, block=4))


# --- other noise ---------------------------------------------------------------------------------------------------


def test_background_and_gaussian_noise():
    offset, sigma = 3.0, 0.7
    noisy = rendered(flat(2.0), sc.Background(offset), sc.GaussianNoise(sigma)).ravel()
    assert stats.kstest((noisy - 5) / sigma, "norm").pvalue > 1e-4


@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
def test_complex_noise_has_sigma_per_quadrature(dtype):
    field = rendered_field(np.full((4, 250, 250, 1), 1 - 2j, dtype), sc.ComplexGaussianNoise(0.3))
    assert field.dtype == dtype
    real, imaginary = ((field.real - 1) / 0.3).ravel(), ((field.imag + 2) / 0.3).ravel()
    for part in (real, imaginary):
        assert stats.kstest(part, "norm").pvalue > 1e-4
    assert abs(np.mean(real * imaginary)) < 4.5 / math.sqrt(real.size)


def test_flicker_is_one_number_for_each_image():
    image = np.random.default_rng(3).uniform(1, 2, (20_000, 2, 3, 1))
    factor = rendered(image, sc.Flicker(0.05)) / image
    np.testing.assert_allclose(factor, np.broadcast_to(factor[:, :1, :1], factor.shape), rtol=1e-14)
    assert stats.kstest((factor[:, 0, 0, 0] - 1) / 0.05, "norm").pvalue > 1e-4
    assert rendered(image, sc.Flicker(10.0)).min() == 0


def test_flicker_is_new_in_every_frame():
    image = rendered(np.ones((2000, 1, 1, 1)), sc.Flicker(0.1))
    assert len(np.unique(image)) == 2000
    particle = sc.MieSphere(x=2, y=2, radius=0.2, refractive_index=1.5)
    clean = particle >> sc.Brightfield(numerical_aperture=0.5, wavelength=0.6, pixel_size=0.1, shape=(4, 4))
    movie = sc.Recipe(image=clean >> sc.Flicker(0.1) >> sc.Movie(frames=5)).render(3, seed=1)["image"]
    assert len(np.unique(movie[:, :, 0, 0, 0])) == 15


def test_speckle_looks():
    speckled = rendered(flat(3.0), sc.SpeckleNoise(looks=2.5)).ravel()
    assert stats.kstest(speckled / 3, stats.gamma(2.5, scale=1 / 2.5).cdf).pvalue > 1e-4
    with pytest.raises(sc.ParameterError, match=r"SpeckleNoise.looks: 0.5 in example 0; must be >= 1"):
        rendered(flat(1.0, (1, 4, 4, 1)), sc.SpeckleNoise(looks=0.5, correlation_length=2.0))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.bool_, np.int64])
def test_whole_numbers_become_float32(dtype):
    """As measured images come: noise on them is no noise in whole numbers."""
    noisy = rendered(np.ones((2, 5, 5, 1), dtype), sc.GaussianNoise(0.1), sc.PhotonNoise(), sc.Camera())
    assert noisy.dtype == np.float32


def test_refuses_what_is_not_finite():
    bad = np.array([[[[np.nan]]]])
    for feature in (sc.PhotonNoise(), sc.Camera()):
        with pytest.raises(ValueError, match="image: must be finite"):
            rendered(bad, feature)


# --- bytes ---------------------------------------------------------------------------------------------------------


def camera_bytes(dtype: type) -> bytes:
    image = ((7 * np.arange(2 * 60 * 51) % 401) / 3).astype(dtype).reshape(2, 60, 51, 1)
    plain = sc.Camera(quantum_efficiency=0.7, dark_current=0.3, read_noise=1.5, gain=0.5, offset=100)
    multiplied = sc.Camera(em_gain=200.0, read_noise=30.0, gain=0.1, offset=50, bit_depth=14, full_well=90)
    features = (plain, multiplied, sc.PhotonNoise(), sc.Flicker(0.1))
    return b"".join(rendered(image, feature).tobytes() for feature in features)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_same_bytes_on_every_instruction_level(dtype):
    level = sc.kernels.instruction_level()
    try:
        results = set()
        for lower in (4, 3, 0):
            sc.kernels.set_instruction_level(lower)
            results.add(camera_bytes(dtype))
        assert len(results) == 1
    finally:
        sc.kernels.set_instruction_level(level)


@pytest.mark.parametrize(
    ("dtype", "digest"),
    [
        (np.float32, "2f5a151accc4a70d24e5c9b65d79aa6429ba2f60940e1c61ad983fc2989c4f7e"),
        (np.float64, "6ce4a51cc7f2dc38547ebc054171fc694dd37527784a781c7daa43676bdc431f"),
    ],
)
def test_frozen_bytes(dtype, digest):
    """Render version 1: a change here changes every dataset and asks for a new version."""
    assert hashlib.sha256(camera_bytes(dtype)).hexdigest() == digest
