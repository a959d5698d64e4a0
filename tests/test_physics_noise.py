"""The paper's Poisson noise against the exact distribution; gradient and normalisation against their formulas."""

import numpy as np
import pytest
from reference import noise

import simcore as sc

SIDE = 250


def empty_field(shape: tuple[int, int] = (SIDE, SIDE)) -> sc.MieSphere:
    """An image of one value, 1 within the tolerance."""
    nothing = sc.MieSphere(x=0, y=0, radius=0.01, refractive_index=1.3301)
    return nothing >> sc.Brightfield(numerical_aperture=0.2, wavelength=0.5, pixel_size=0.1, shape=shape)


def varied(**changed: object) -> sc.MieSphere:
    particle = sc.MieSphere(
        x=sc.uniform(22, 28), y=sc.uniform(22, 28), z=sc.normal(0, 1), radius=1.5, refractive_index=1.55
    )
    settings: dict[str, object] = {"numerical_aperture": 0.2, "wavelength": 0.55, "pixel_size": 0.2, "shape": (51, 51)}
    return particle >> sc.Brightfield(**settings | changed)


def counts_and_rates(
    clean: object, snr: float, count: int, seed: int = 20, background: float = 1.0, signal: str = "deviation"
) -> tuple[np.ndarray, np.ndarray]:
    """Noisy and clean images turned into photon counts and their means, image by image."""
    noisy = clean >> sc.PoissonNoise(snr=snr, background=background, signal=signal)  # type: ignore[operator]
    arrays = sc.Recipe(image=noisy, clean=clean).render(count=count, seed=seed)
    scale = np.array([noise.poisson_scale(image, snr, background, signal) for image in arrays["clean"]])
    scale = scale[:, None, None, None]
    photons = arrays["image"] * scale
    counts = np.round(photons)
    np.testing.assert_allclose(photons, counts, rtol=4e-7, atol=1e-4)  # Poisson(I s) / s takes values n / s only
    return counts, np.maximum(arrays["clean"].astype(float), 0) * scale


@pytest.mark.parametrize("rate", [0.01, 0.3, 1.0, 5.0, 30.0, 200.0, 1e3, 1e4, 1e6])
def test_poisson_noise_has_poissons_distribution(rate: float) -> None:
    """A field of 1 with background 0 has p = 1, so the rate is snr^2 in every pixel: a million draws at each rate."""
    counts, rates = counts_and_rates(empty_field(), np.sqrt(rate), 16, background=0.0, signal="peak")
    assert counts.size == 1_000_000
    np.testing.assert_allclose(rates, rate, rtol=1e-3)
    np.testing.assert_allclose(rates, rates.mean(), rtol=1e-5)
    if rate <= 1e3:
        assert noise.chi_square(counts.ravel(), float(rates.mean())) > 1e-4
    assert noise.randomised_pit(counts.ravel(), rates.ravel(), seed=8) > 1e-4
    assert np.abs(noise.poisson_moments(counts.ravel(), rates.ravel())).max() < 4.5


@pytest.mark.parametrize(("snr", "signal"), [(2.0, "deviation"), (30.0, "deviation"), (10.0, "peak")])
def test_each_pixel_has_its_own_rate(snr: float, signal: str) -> None:
    counts, rates = counts_and_rates(varied(), snr, 400, signal=signal)
    assert noise.randomised_pit(counts, rates, seed=9) > 1e-4
    assert np.abs(noise.poisson_moments(counts.ravel(), rates.ravel())).max() < 4.5
    dark = rates < np.quantile(rates, 0.1)
    assert noise.randomised_pit(counts[dark], rates[dark], seed=10) > 1e-4


def test_pixels_examples_and_seeds_are_independent() -> None:
    counts, rates = counts_and_rates(empty_field(), 3.0, 16, background=0.0, signal="peak")
    other, _ = counts_and_rates(empty_field(), 3.0, 16, seed=6, background=0.0, signal="peak")
    z, w = ((c[..., 0] - rates[..., 0]) / np.sqrt(rates[..., 0]) for c in (counts, other))
    pairs = [(z[:, :, 1:], z[:, :, :-1]), (z[:, 1:], z[:, :-1]), (z[1:], z[:-1]), (z, w)]
    pairs += [(z[:, :, lag:], z[:, :, :-lag]) for lag in (2, 3, 4, 8, 16)]
    for one, two in pairs:
        assert abs(np.sum(one * two)) / np.sqrt(one.size) < 4.5


@pytest.mark.parametrize("signal", ["peak", "deviation"])
def test_signal_to_noise_ratio(signal: str) -> None:
    """Per pixel of intensity I the standard deviation is sqrt(I / s): at I = 1, p / snr."""
    counts, rates = counts_and_rates(varied(), 20.0, 200, seed=5, signal=signal)
    clean = sc.Recipe(image=varied()).render(count=200, seed=5)["image"].astype(float)
    peak = np.abs(clean.max(axis=(1, 2, 3)) - 1) if signal == "peak" else np.abs(clean - 1).max(axis=(1, 2, 3))
    deviation = np.std((counts - rates) / rates * clean / np.sqrt(clean), axis=(1, 2, 3)) / peak
    assert np.mean(deviation) == pytest.approx(1 / 20, rel=0.01)


def test_negative_intensities_count_as_nothing() -> None:
    """The gradient clips at 0, so a steep one makes dark pixels: they stay exactly dark."""
    clean = varied() >> sc.IlluminationGradient(x=0.1, y=0.05)
    noisy = clean >> sc.PoissonNoise(snr=5, background=1, signal="deviation")
    arrays = sc.Recipe(image=noisy, clean=clean).render(count=4, seed=1)
    dark = arrays["clean"] == 0
    assert dark.any() and np.all(arrays["image"][dark] == 0) and np.all(arrays["image"] >= 0)


@pytest.mark.parametrize("shape", [(51, 51), (20, 37)])
def test_illumination_gradient(shape: tuple[int, int]) -> None:
    """I + gx (x - cx) + gy (y - cy), c the centre of the image, clipped at 0."""
    x, y = sc.normal(0, 3e-2), sc.normal(0, 3e-2)
    clean = varied(shape=shape)
    arrays = sc.Recipe(image=clean >> sc.IlluminationGradient(x=x, y=y), clean=clean, x=x, y=y).render(count=30, seed=1)
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    gx, gy = arrays["x"][:, None, None], arrays["y"][:, None, None]
    plane = gx * (columns - (shape[1] - 1) / 2) + gy * (rows - (shape[0] - 1) / 2)
    expected = np.maximum(arrays["clean"][..., 0] + plane, 0)
    assert (expected == 0).any()
    np.testing.assert_allclose(arrays["image"][..., 0], expected, rtol=0, atol=5e-7)


def test_normalize_min_max() -> None:
    low, high = sc.uniform(0, 0.2), sc.uniform(0.8, 1)
    clean = varied()
    recipe = sc.Recipe(image=clean >> sc.NormalizeMinMax(low, high), clean=clean, low=low, high=high)
    arrays = recipe.render(count=30, seed=1)
    smallest, largest = (f(arrays["clean"].astype(float), axis=(1, 2, 3), keepdims=True) for f in (np.min, np.max))
    a, b = (arrays[name].reshape(-1, 1, 1, 1) for name in ("low", "high"))
    expected = a + (b - a) * (arrays["clean"] - smallest) / (largest - smallest)
    np.testing.assert_allclose(arrays["image"], expected, rtol=0, atol=5e-7)
    np.testing.assert_allclose(arrays["image"].min(axis=(1, 2, 3)), arrays["low"], rtol=0, atol=1e-7)
    np.testing.assert_allclose(arrays["image"].max(axis=(1, 2, 3)), arrays["high"], rtol=0, atol=1e-7)
