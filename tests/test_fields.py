"""Operations on complex fields against NumPy and waves written out."""

import mpmath
import numpy as np
import pytest
from given import given, pictures, rendered, rendered_field

import simcore as sc

TYPES = {np.complex64: np.float32, np.complex128: np.float64}


@pytest.mark.parametrize("dtype", TYPES)
def test_parts(dtype):
    field = pictures(3, 5, 7, 2, dtype)
    np.testing.assert_array_equal(rendered(field, sc.Real()), field.real)
    np.testing.assert_array_equal(rendered(field, sc.Imaginary()), field.imag)
    both = rendered(field, sc.RealImaginary())
    assert both.shape == (3, 5, 7, 4) and both.dtype == TYPES[dtype]
    np.testing.assert_array_equal(both[..., 0::2], field.real)
    np.testing.assert_array_equal(both[..., 1::2], field.imag)
    eps = np.finfo(TYPES[dtype]).eps
    magnitude, angle = rendered(field, sc.Absolute()), rendered(field, sc.Angle())
    assert magnitude.dtype == angle.dtype == TYPES[dtype]
    np.testing.assert_allclose(magnitude, np.abs(field.astype(complex)), rtol=2 * eps)
    np.testing.assert_allclose(angle, np.angle(field.astype(complex)), rtol=2 * eps)
    np.testing.assert_array_equal(rendered(field.real.copy(), sc.Absolute()), np.abs(field.real))


def test_the_angle_within_two_units_in_the_last_place():
    rng = np.random.default_rng(1)
    size = np.exp(rng.uniform(-9, 9, 4000))
    near = np.array([np.tan(np.pi / 8), 1.0, 1 / np.tan(np.pi / 8), 0.0])[rng.integers(0, 4, 2000)]
    field = np.concatenate(
        [size * np.exp(1j * rng.uniform(-np.pi, np.pi, 4000)), rng.normal(size=2000) * (1 + 1j * near)]
    )
    field = np.concatenate([field, np.conj(field), -field])
    got = rendered(field.reshape(1, 1, -1, 1), sc.Angle()).ravel()
    worst = 0.0
    with mpmath.workdps(40):
        for z, value in zip(field[::3].tolist(), got[::3].tolist(), strict=True):
            if z.imag == 0:  # whose sign mpmath does not know; see the next test
                continue
            exact = mpmath.atan2(mpmath.mpf(z.imag), mpmath.mpf(z.real))
            worst = max(worst, float(abs(exact - mpmath.mpf(value))) / np.spacing(abs(float(exact))))
    assert worst < 2


def test_the_angle_on_the_axes():
    field = np.array([1, 1j, -1, -1j, 0, 1e-300j - 1, -1 - 1e-300j, 1e300 + 1e300j, -2 - 2j]).reshape(1, 3, 3, 1)
    np.testing.assert_array_equal(rendered(field, sc.Angle()), np.angle(field))


@pytest.mark.parametrize("shape", [(4, 6), (5, 7), (1, 8)])
@pytest.mark.parametrize("shift", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.complex64, np.complex128])
def test_fourier_transforms(shape, shift, dtype):
    images = pictures(2, *shape, 2, dtype)
    expected = np.fft.fft2(images.astype(complex), axes=(1, 2))
    expected = np.fft.fftshift(expected, axes=(1, 2)) if shift else expected
    tolerance = 1e-12 if dtype == np.complex128 else 1e-5
    got = rendered_field(images, sc.FourierTransform(shift))
    np.testing.assert_allclose(got, expected, rtol=0, atol=tolerance)
    if shift:
        middle = got[:, shape[0] // 2, shape[1] // 2]
        np.testing.assert_allclose(middle, images.sum((1, 2)), rtol=0, atol=tolerance)
    back = rendered_field(images, sc.FourierTransform(shift), sc.InverseFourierTransform(shift))
    np.testing.assert_allclose(back, images, rtol=0, atol=tolerance)


# --- propagation ---------------------------------------------------------------------------------------------------

SETTING = {"wavelength": 0.55, "pixel_size": 0.12, "refractive_index_medium": 1.4}
K = 2 * np.pi * 1.4 / 0.55


def plane_wave(shape: tuple[int, int], p: int, q: int) -> tuple[np.ndarray, float]:
    """exp(i (kx x + ky y)) with whole periods in the field, and its kz."""
    ky, kx = 2 * np.pi * p / (shape[0] * 0.12), 2 * np.pi * q / (shape[1] * 0.12)
    y, x = np.mgrid[: shape[0], : shape[1]] * 0.12
    return np.exp(1j * (kx * x + ky * y))[None, ..., None], np.emath.sqrt(K**2 - kx**2 - ky**2)


@pytest.mark.parametrize("shape", [(20, 31), (24, 18)])
@pytest.mark.parametrize(("p", "q"), [(0, 0), (1, 0), (0, -3), (4, 5), (-7, 2)])
@pytest.mark.parametrize("distance", [3.7, -12.0, 100.0])
def test_plane_waves_gain_their_phase(shape, p, q, distance):
    wave, kz = plane_wave(shape, p, q)
    got = rendered_field(wave, sc.Propagate(distance, **SETTING))
    expected = wave * np.exp(1j * (np.real(kz) - K) * distance - np.imag(kz) * abs(distance))
    np.testing.assert_allclose(got, expected, rtol=0, atol=2e-12)


def test_waves_that_do_not_travel_die_out():
    setting = SETTING | {"wavelength": 1.5}
    wave, _ = plane_wave((20, 20), 8, 3)
    k = 2 * np.pi * 1.4 / 1.5
    decay = np.sqrt((2 * np.pi / (20 * 0.12)) ** 2 * (8**2 + 3**2) - k**2)
    for distance in (0.3, -0.3):
        got = rendered_field(wave, sc.Propagate(distance, **setting))
        np.testing.assert_allclose(np.abs(got), np.exp(-decay * 0.3), rtol=1e-11)


def test_there_and_back_and_the_empty_field():
    """With pixels so coarse that every wave travels."""
    field, setting = pictures(2, 30, 40, 1, np.complex128), SETTING | {"pixel_size": 0.3}
    there, back = sc.Propagate(5.0, **setting), sc.Propagate(-5.0, **setting)
    np.testing.assert_allclose(rendered_field(field, there, back), field, rtol=0, atol=1e-12)
    ones = np.ones((1, 16, 16, 1), np.complex64)
    np.testing.assert_allclose(rendered_field(ones, there), 1, rtol=0, atol=1e-6)


def test_light_from_a_point_is_a_spherical_wave():
    """A narrow Gaussian beam, paraxial: w(z) = w0 sqrt(1 + (z / zR)^2), phase on the axis -atan(z / zR), curved forwards.

    After z > 0 the wavefront lags off the axis: the wave diverges, so its phase grows as k r^2 / (2 R), R > 0.
    """
    waist, n = 1.5, 128
    y, x = (np.mgrid[:n, :n] - n // 2) * 0.12
    beam = np.exp(-(x**2 + y**2) / waist**2).astype(complex)[None, ..., None]
    rayleigh = K * waist**2 / 2
    z = 0.5 * rayleigh
    got = rendered_field(beam, sc.Propagate(z, **SETTING))[0, ..., 0]
    q = z - 1j * rayleigh
    expected = -1j * rayleigh / q * np.exp(1j * K * (x**2 + y**2) / (2 * q))
    np.testing.assert_allclose(got, expected, rtol=0, atol=5e-3)
    assert np.angle(got[n // 2, n // 2 + 8] / got[n // 2, n // 2]) > 0.1


def test_each_image_has_its_own_distance():
    field, distance = pictures(4, 12, 15, 1, np.complex64), sc.uniform(-5, 5)
    flow = given(field) >> sc.Propagate(distance, **SETTING) >> sc.RealImaginary()
    recipe = sc.Recipe(image=flow, distance=distance)
    together = recipe.render(4, seed=3)
    for i in range(4):
        alone = recipe.render(indices=[i], seed=3)["image"]
        assert alone.tobytes() == together["image"][i].tobytes()
        single = rendered(field[i : i + 1], sc.Propagate(float(together["distance"][i]), **SETTING))
        np.testing.assert_allclose(single[0], together["image"][i], rtol=0, atol=1e-5)


def test_an_image_is_no_field():
    images = pictures(1, 4, 4)
    with pytest.raises(sc.RecipeError, match="Propagate takes a field; given|Propagate takes a field"):
        given(images) >> sc.Propagate(1.0, **SETTING)
    with pytest.raises(sc.RecipeError, match="Camera takes an image"):
        given(images.astype(complex)) >> sc.Camera()
