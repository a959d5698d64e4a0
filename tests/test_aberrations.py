"""Aberrations: Zernike polynomials by numerical integration, and what the features refuse."""

import numpy as np
import pytest
from test_through_pupil import noll

import simcore as sc
from simcore.optics import aberrations, through_pupil, zernike


def disk(count: int = 24) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """rho, azimuth and weights (their sum is 1) that integrate polynomials over the unit disk exactly."""
    nodes, weights = np.polynomial.legendre.leggauss(count)
    azimuth = 2 * np.pi * (np.arange(2 * count) + 0.3) / (2 * count)
    square, turn = np.meshgrid((nodes + 1) / 2, azimuth, indexing="ij")
    return np.sqrt(square), turn, np.repeat(weights / 2 / (2 * count), 2 * count).reshape(square.shape)


def values(index: int, rho: np.ndarray, azimuth: np.ndarray) -> np.ndarray:
    x, y = rho * np.cos(azimuth), rho * np.sin(azimuth)
    return np.polynomial.polynomial.polyval2d(x, y, zernike.cartesian(index))


def test_polynomials_are_orthonormal() -> None:
    rho, azimuth, weights = disk()
    basis = np.stack([values(index, rho, azimuth) for index in range(1, 67)])
    products = np.einsum("iab,jab,ab->ij", basis, basis, weights)
    np.testing.assert_allclose(products, np.eye(66), rtol=0, atol=1e-11)


def test_the_largest_index_has_unit_rms_still() -> None:
    rho, azimuth, weights = disk()
    assert (values(zernike.LARGEST_INDEX, rho, azimuth) ** 2 * weights).sum() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("index", range(1, 12))
def test_signs_and_order_are_those_of_nolls_table(index: int) -> None:
    rho, azimuth, _ = disk()
    np.testing.assert_allclose(values(index, rho, azimuth), noll(index, rho, azimuth), rtol=0, atol=1e-13)


def test_names_stand_for_indices() -> None:
    names = [aberrations.Piston, aberrations.TiltX, aberrations.TiltY, aberrations.Defocus, aberrations.AstigmatismOblique,
             aberrations.AstigmatismVertical, aberrations.ComaVertical, aberrations.ComaHorizontal,
             aberrations.TrefoilVertical, aberrations.TrefoilOblique, aberrations.Spherical]  # fmt: skip
    given = {"coefficient": np.array([0.3, -0.1])}
    for index, named in enumerate(names, 1):
        mine, other = named(0.1), aberrations.Zernike(index, 0.1)
        np.testing.assert_array_equal(mine.terms(given)["wavefront"], other.terms(given)["wavefront"])
        assert mine.symmetric == other.symmetric == (index in (1, 4, 11))


def test_symmetric_wavefronts_as_polynomials_of_the_radius() -> None:
    given = {"coefficient": np.array([0.3, -0.1])}
    rho = np.linspace(0, 1, 7)
    for index in (1, 4, 11, 22, 37):
        one = aberrations.Zernike(index, 0.0)
        radial = np.polynomial.polynomial.polyval(rho**2, one.radial(given)["wavefront"].T)
        whole = given["coefficient"][:, None] * values(index, rho, 0 * rho)
        np.testing.assert_allclose(radial, whole, rtol=0, atol=1e-12)


def test_the_pupil_for_direct_use() -> None:
    features = [aberrations.ComaVertical(0.02), aberrations.GaussianApodization(1.5), aberrations.CentralStop(0.2),
                aberrations.Refocus(0.7)]  # fmt: skip
    pupil = through_pupil.pupil_values(features, 1.1, 0.6, 1.33, size=42)
    x, y = np.meshgrid(*[np.linspace(-1, 1, 42)] * 2)
    rho, azimuth = np.hypot(x, y), np.arctan2(y, x)
    path = -0.7 * 1.33 * (np.sqrt(1 - np.minimum(rho * 1.1 / 1.33, 1) ** 2) - 1)
    expected = np.exp(-((rho / 1.5) ** 2) + 2j * np.pi / 0.6 * (0.02 * noll(7, rho, azimuth) + path))
    inside = (rho**2 <= 1) & (rho**2 >= 0.2**2)
    np.testing.assert_allclose(pupil, expected * inside, rtol=0, atol=1e-12)
    plain = sc.Brightfield(numerical_aperture=1.1, wavelength=0.6, pixel_size=0.1, shape=(8, 8))
    np.testing.assert_array_equal(through_pupil.pupil(plain, size=42), rho**2 <= 1)
    with pytest.raises(sc.ParameterError, match=r"ComaVertical.coefficient: is drawn"):
        through_pupil.pupil_values([aberrations.ComaVertical(sc.uniform(0, 1))], 1.1, 0.6, 1.33)


def test_arrays_over_the_pupil(tmp_path) -> None:
    factor = np.exp(1j * np.arange(16.0).reshape(4, 4))
    np.save(tmp_path / "pupil.npy", factor)
    stored = aberrations.PupilArray(str(tmp_path / "pupil.npy"))
    np.testing.assert_array_equal(stored.factor(), aberrations.PupilArray(factor).factor())
    np.save(tmp_path / "pupil.npy", factor + 1)
    with pytest.raises(sc.RecipeError, match="has changed"):
        stored.verify()
    for wrong, message in (
        (np.ones((3, 4)), "square"),
        (np.ones((40, 40)), "up to 1000"),
        ("none.npy", "none.npy"),
        ([1, 2], "square"),
    ):
        with pytest.raises((sc.ParameterError, sc.RecipeError), match=message):
            aberrations.PupilArray(wrong)


def test_an_aberration_is_no_step_of_a_chain() -> None:
    image = sc.MieSphere(x=5, y=5, radius=0.3, refractive_index=1.5) >> sc.Brightfield(
        numerical_aperture=0.5, wavelength=0.6, pixel_size=0.1, shape=(8, 8)
    )
    with pytest.raises(sc.RecipeError, match=r"stands inside a microscope"):
        image >> aberrations.Defocus(0.1)
    with pytest.raises(sc.ParameterError, match=r"Zernike.index: 0; must be a whole number from 1"):
        aberrations.Zernike(0, 0.1)
