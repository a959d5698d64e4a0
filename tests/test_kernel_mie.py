"""The Mie kernel against closed forms in 50 digits and against sums written term by term."""

import mpmath as mp
import numpy as np
import pytest

from simcore import _core

INDICES = (1.01, 1.2, 1.5, 3.0, 1.5 + 1e-6j, 1.33 + 0.01j, 1.5 + 0.3j, 3.0 + 10j)


def riccati(order: int, argument: mp.mpc) -> tuple[mp.mpc, mp.mpc, mp.mpc]:
    """psi_n, psi_n' and chi_n from mpmath's Bessel functions of half-integer order."""
    scale = mp.sqrt(mp.pi * argument / 2)
    psi = scale * mp.besselj(order + mp.mpf(1) / 2, argument)
    before = scale * mp.besselj(order - mp.mpf(1) / 2, argument)
    chi = -scale * mp.bessely(order + mp.mpf(1) / 2, argument)
    return psi, before - order * psi / argument, chi


def exact(x: float, m: complex, terms: int) -> tuple[np.ndarray, np.ndarray]:
    """Bohren & Huffman (4.56, 4.57), term by term."""
    a, b = [], []
    with mp.workdps(50):
        size, index = mp.mpf(x), mp.mpc(m)
        for n in range(1, terms + 1):
            psi, slope, chi = riccati(n, size)
            before = riccati(n - 1, size)[2]
            inside, inside_slope, _ = riccati(n, index * size)
            xi, xi_slope = psi - 1j * chi, slope - 1j * (before - n * chi / size)
            a.append((index * inside * slope - psi * inside_slope) / (index * inside * xi_slope - xi * inside_slope))
            b.append((inside * slope - index * psi * inside_slope) / (inside * xi_slope - index * xi * inside_slope))
    return np.array(a, complex), np.array(b, complex)


def coefficients(x: float, m: complex, terms: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    sizes = np.array([x])
    count = int(_core.mie_terms(sizes)[0]) if terms is None else terms
    a, b = _core.mie_coefficients(sizes, np.array([m], complex), count)
    return a[0], b[0]


@pytest.mark.parametrize("m", INDICES)
@pytest.mark.parametrize("x", [1e-4, 0.0199, 0.3, 2.0, 9.5, 31.4, 100.0])
def test_coefficients_equal_closed_forms(x: float, m: complex) -> None:
    a, b = coefficients(x, m)
    wanted_a, wanted_b = exact(x, m, min(len(a), 45) if x > 40 else len(a))
    largest = max(np.abs(wanted_a).max(), np.abs(wanted_b).max())
    assert np.abs(a[: len(wanted_a)] - wanted_a).max() < 2e-13 * largest
    assert np.abs(b[: len(wanted_b)] - wanted_b).max() < 2e-13 * largest


@pytest.mark.parametrize("m", INDICES)
@pytest.mark.parametrize("x", [1e-4, 3e-3, 0.1, 0.9])
def test_small_spheres_keep_the_digits_of_every_coefficient(x: float, m: complex) -> None:
    """Also of b_1 and a_2, which are x^2 below a_1 and decide the asymmetry."""
    for got, wanted in zip(coefficients(x, m), exact(x, m, 3), strict=True):
        np.testing.assert_allclose(got[:3], wanted, rtol=1e-13)


def test_the_terms_left_out_are_small() -> None:
    for x in (1e-4, 0.1, 1.0, 10.0, 300.0, 1e4):
        a, b = coefficients(x, 1.5)
        assert max(abs(a[-1]), abs(b[-1])) < 1e-14 * max(np.abs(a).max(), np.abs(b).max())


@pytest.mark.parametrize(("x", "m"), [(1e-4, 1.5), (3e-3, 1.5), (0.5, 1.01), (50.0, 1.5), (1e4, 1.33)])
def test_a_lossless_sphere_scatters_what_it_removes(x: float, m: float) -> None:
    """Re a = |a|^2, to the relative accuracy of every single coefficient."""
    for values in coefficients(x, m):
        kept = values[np.abs(values) > 1e-100]
        np.testing.assert_allclose(kept.real, np.abs(kept) ** 2, rtol=1e-13)


def test_a_sphere_does_not_depend_on_its_neighbours() -> None:
    random = np.random.Generator(np.random.Philox(3))
    sizes = 10 ** random.uniform(-3, 2.3, 37)
    indices = random.uniform(1.01, 3, 37) + 1j * random.uniform(0, 1, 37) * (random.random(37) < 0.5)
    terms = int(_core.mie_terms(sizes).max())
    a, b = _core.mie_coefficients(sizes, indices, terms)
    for i in range(37):
        alone = _core.mie_coefficients(sizes[i : i + 1], indices[i : i + 1], terms)
        assert alone[0].tobytes() == a[i].tobytes()
        assert alone[1].tobytes() == b[i].tobytes()
        own = _core.mie_terms(sizes[i : i + 1])[0]
        assert not a[i, own:].any()
        assert a[i, own - 1] != 0


def slow_amplitudes(a: np.ndarray, b: np.ndarray, cosine: float) -> tuple[complex, complex]:
    """Sums of B & H (4.74), angular functions by (4.47) in 50 digits."""
    with mp.workdps(50):
        mu = mp.mpf(cosine)
        before, here, s1, s2 = mp.mpf(0), mp.mpf(1), mp.mpc(0), mp.mpc(0)
        for n, (an, bn) in enumerate(zip(a, b, strict=True), start=1):
            tau = n * mu * here - (n + 1) * before
            weight = mp.mpf(2 * n + 1) / (n * (n + 1))
            s1 += weight * (mp.mpc(an) * here + mp.mpc(bn) * tau)
            s2 += weight * (mp.mpc(an) * tau + mp.mpc(bn) * here)
            before, here = here, ((2 * n + 1) * mu * here - (n + 1) * before) / n
        return complex(s1), complex(s2)


@pytest.mark.parametrize(("x", "m"), [(0.1, 1.5), (20.0, 1.59 + 0.01j), (700.0, 1.33)])
def test_amplitudes_equal_the_sums(x: float, m: complex) -> None:
    cosines = np.concatenate([np.cos(np.linspace(0, np.pi, 19)), [1 - 1e-9, -1 + 1e-9, 0.0]])
    a, b = coefficients(x, m)
    s1, s2 = _core.mie_amplitudes(a[None], b[None], cosines)
    wanted = np.array([slow_amplitudes(a, b, cosine) for cosine in cosines])
    assert np.abs(np.stack([s1[0], s2[0]], 1) - wanted).max() < 1e-12 * np.abs(wanted).max()


def test_several_spheres_and_angles_are_independent() -> None:
    sizes, indices = np.array([3.0, 12.0, 0.2]), np.array([1.5, 1.2 + 0.1j, 2.0], complex)
    a, b = _core.mie_coefficients(sizes, indices, 40)
    cosines = np.cos(np.linspace(0.1, 3, 21))
    s1, s2 = _core.mie_amplitudes(a, b, cosines)
    for i in range(3):
        for j in (0, 7, 8, 20):
            one = _core.mie_amplitudes(a[i : i + 1], b[i : i + 1], cosines[j : j + 1])
            assert one[0].tobytes() == s1[i, j].tobytes()
            assert one[1].tobytes() == s2[i, j].tobytes()


def test_all_instruction_levels_give_the_same_bytes() -> None:
    sizes = np.geomspace(1e-4, 300, 29)
    indices = np.linspace(1.01, 3, 29) + 1j * np.linspace(0, 3, 29)[::-1]
    terms = int(_core.mie_terms(sizes).max())
    results = set()
    before = _core.instruction_level()
    try:
        for level in (0, 3, 4):
            _core.set_instruction_level(level)
            a, b = _core.mie_coefficients(sizes, indices, terms)
            s1, s2 = _core.mie_amplitudes(a, b, np.cos(np.linspace(0, np.pi, 50)))
            results.add(a.tobytes() + b.tobytes() + s1.tobytes() + s2.tobytes())
    finally:
        _core.set_instruction_level(before)
    assert len(results) == 1


def test_bad_input_is_refused() -> None:
    x, m = np.array([1.0]), np.array([1.5 + 0j])
    with pytest.raises(TypeError):
        _core.mie_terms(np.array([1]))
    with pytest.raises(TypeError):
        _core.mie_coefficients(np.ones(4)[::2], np.ones(2, complex), 3)
    for bad in (0.0, -1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match="size_parameter"):
            _core.mie_terms(np.array([bad]))
    with pytest.raises(ValueError, match="relative_index"):
        _core.mie_coefficients(x, np.array([1.5 - 0.1j]), 3)
    with pytest.raises(ValueError, match="relative_index"):
        _core.mie_coefficients(x, np.ones(2, complex), 3)
    with pytest.raises(ValueError, match="terms"):
        _core.mie_coefficients(x, m, 0)
    a, b = _core.mie_coefficients(x, m, 3)
    with pytest.raises(ValueError, match="cos_theta"):
        _core.mie_amplitudes(a, b, np.array([1.1]))
    with pytest.raises(ValueError, match="b:"):
        _core.mie_amplitudes(a, b[:, :2].copy(), np.array([1.0]))
