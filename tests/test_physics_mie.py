"""Scattering by a sphere against Bohren & Huffman in 50 digits, and against miepython."""

import json
from pathlib import Path
from typing import Any

import mpmath as mp
import numpy as np
import pytest
from reference import mie
from reference.make_tables import ANGLES

import simcore as sc

TABLE = json.loads((Path(__file__).parent / "reference" / "mie_large.json").read_text(encoding="utf-8"))["cases"]
SIZES = (1e-4, 3e-3, 0.0199, 0.0201, 0.1, 0.7, 1.0, 3.3, 10.0, 31.0, 100.0, 330.0, 1000.0)
INDICES = (1.01, 1.2, 1.5, 2.0, 3.0)
ABSORPTIONS = (0.0, 1e-9, 1e-4, 0.01, 0.3, 1.0, 10.0)


def corners() -> list[tuple[float, complex]]:
    """Every size, each with the ends of the indices, small ones with others in turn."""
    pairs = []
    for i, x in enumerate(SIZES):
        ends = [(1.01, 0.0), (3.0, 0.0), (3.0, 10.0), (1.01, 0.01)]
        turns = [(INDICES[(i + j) % 5], ABSORPTIONS[(i + 2 * j) % 7]) for j in range(3)]
        pairs += [(x, complex(*index)) for index in dict.fromkeys(ends if x > 50 else ends + turns)]
    return pairs


def scattered_at_random(count: int) -> list[tuple[float, complex]]:
    random = np.random.Generator(np.random.Philox(7))
    sizes = 10 ** random.uniform(-4, 2.5, count)
    indices = random.uniform(1.01, 3, count) + 1j * random.choice([0, 1], count) * 10 ** random.uniform(-6, 1, count)
    return [(float(x), complex(m)) for x, m in zip(sizes, indices, strict=True)]


CASES = corners() + scattered_at_random(40)


ALLOWED = [1e-10, 1e-10, 1e-9, 1e-10]


def off(got: Any, true: Any) -> np.ndarray:
    """Relative errors of Q_ext, Q_sca and Q_back, and the error of g, which is a mean cosine."""
    return np.abs(np.array(got) - np.array(true)) / np.append(true[:3], 1.0)


def as_array(values: list[Any]) -> np.ndarray:
    return np.array([complex(value) for value in values])


def complexes(pairs: list[list[float]]) -> np.ndarray:
    return np.array(pairs) @ np.array([1, 1j])


@pytest.fixture(scope="module")
def exact() -> dict[tuple[float, complex], tuple[list[Any], list[Any]]]:
    return {(x, m): mie.coefficients(x, m, mie.terms(x) + 1, digits=25) for x, m in CASES}


def padded(values: np.ndarray, count: int) -> np.ndarray:
    """The first ``count`` terms; terms that were cut off are zeros."""
    return np.pad(values, (0, max(0, count - len(values))))[:count]


@pytest.mark.parametrize(("x", "m"), [(1e-3, 1.5 + 0j), (0.4, 1.33 + 1e-3j), (6.0, 1.2 + 0j), (17.0, 1.5 + 0.1j)])
def test_the_reference_agrees_with_single_bessel_functions(x: float, m: complex) -> None:
    literal, recurred = mie.literal_coefficients(x, m, 12), mie.coefficients(x, m, 12)
    worst = max(abs(p / q - 1) for p, q in zip(literal[0] + literal[1], recurred[0] + recurred[1], strict=True))
    assert worst < mp.mpf(10) ** -45


def test_the_reference_has_rayleighs_limit() -> None:
    x, m = 1e-4, 1.5 + 0.2j
    polarizability = (m**2 - 1) / (m**2 + 2)
    result = mie.efficiencies(x, m)
    assert float(result.extinction) == pytest.approx(4 * x * polarizability.imag, rel=1e-7)
    assert float(result.scattering) == pytest.approx(8 / 3 * x**4 * abs(polarizability) ** 2, rel=1e-7)
    assert float(result.backscattering) == pytest.approx(4 * x**4 * abs(polarizability) ** 2, rel=1e-7)


def test_coefficients(exact: dict[tuple[float, complex], tuple[list[Any], list[Any]]]) -> None:
    worst = {}
    for (x, m), (a, b) in exact.items():
        a_true, b_true = as_array(a), as_array(b)
        a_got, b_got = (padded(values, len(a)) for values in sc.mie.coefficients(x, m))
        largest = np.abs([a_true, b_true]).max()
        worst[x, m] = np.abs([a_got - a_true, b_got - b_true]).max() / largest
    assert {case: error for case, error in worst.items() if not error < 1e-12} == {}


@pytest.mark.parametrize(
    "case", TABLE, ids=lambda case: f"{case['size_parameter']:g}-{complex(*case['relative_index']):g}"
)
def test_large_spheres(case: dict[str, Any]) -> None:
    x, m = case["size_parameter"], complex(*case["relative_index"])
    a, b = (padded(values, mie.terms(x))[np.array(case["orders"]) - 1] for values in sc.mie.coefficients(x, m))
    error = np.abs([a - complexes(case["a"]), b - complexes(case["b"])]).max() / case["largest"]
    assert error < (1e-12 if x <= 1000 or m.imag >= 0.01 else 2e-10)
    assert np.all(off(sc.mie.efficiencies(x, m), case["efficiencies"]) < ALLOWED)
    assert np.allclose(case["cos_theta"], np.cos(ANGLES), rtol=0, atol=1e-16)
    for got, name in zip(sc.mie.amplitudes(x, m, np.array(case["cos_theta"])), ("s1", "s2"), strict=True):
        true = complexes(case[name])
        assert np.abs(got - true).max() < 1e-10 * np.abs(complexes(case["s1"])).max()


def test_efficiencies(exact: dict[tuple[float, complex], tuple[list[Any], list[Any]]]) -> None:
    worst = {}
    for (x, m), (a, b) in exact.items():
        true = [float(value) for value in mie.efficiencies_from(x, a, b, digits=25)]
        worst[x, m] = off(sc.mie.efficiencies(x, m), true)
    assert {case: error for case, error in worst.items() if not np.all(error < ALLOWED)} == {}


def test_the_asymmetry_of_small_spheres_keeps_its_digits(exact: dict[tuple[float, complex], Any]) -> None:
    """It falls with x^2: there b_1 and a_2, x^2 below a_1, count."""
    worst = {}
    for (x, m), (a, b) in exact.items():
        true = float(mie.efficiencies_from(x, a, b, digits=25).asymmetry)
        worst[x, m] = abs(sc.mie.efficiencies(x, m).asymmetry / true - 1)
    assert {case: error for case, error in worst.items() if not error < 1e-10} == {}


def test_amplitudes(exact: dict[tuple[float, complex], tuple[list[Any], list[Any]]]) -> None:
    cosines = np.cos([0.0, 1e-5, 0.1, 0.9, np.pi / 2, 2.2, 3.1, np.pi])
    worst = {}
    for (x, m), (a, b) in exact.items():
        true = np.array([[complex(s) for s in mie.amplitudes_from(a, b, c, digits=20)] for c in thinned(cosines, x)])
        got = np.stack(sc.mie.amplitudes(x, m, thinned(cosines, x)), axis=-1)
        largest = max(np.abs(true).max(), abs(complex(mie.amplitudes_from(a, b, 1.0, digits=20)[0])))
        worst[x, m] = np.abs(got - true).max() / largest
    assert {case: error for case, error in worst.items() if not error < 1e-10} == {}


def thinned(cosines: np.ndarray, x: float) -> np.ndarray:
    """Fewer angles where each costs hundreds of terms in mpmath."""
    return cosines if x < 50 else cosines[2:5]


def test_arrays_broadcast() -> None:
    x, m = np.array([[0.3], [12.0]]), np.array([1.1 + 0j, 1.5 + 0.1j, 2.0 + 0j])
    a, b = sc.mie.coefficients(x, m)
    assert a.shape == b.shape and a.shape[:2] == (2, 3)
    together = sc.mie.efficiencies(x, m)
    s1, s2 = sc.mie.amplitudes(12.0, 1.5 + 0.1j, np.array([0.2, -0.4]))
    for i, j in np.ndindex(2, 3):
        alone = sc.mie.coefficients(float(x[i, 0]), complex(m[j]))
        np.testing.assert_allclose(padded(alone[0], a.shape[2]), a[i, j], rtol=0, atol=1e-15)
        np.testing.assert_allclose(padded(alone[1], b.shape[2]), b[i, j], rtol=0, atol=1e-15)
        np.testing.assert_allclose(
            [q[i, j] for q in together], sc.mie.efficiencies(float(x[i, 0]), complex(m[j])), rtol=1e-13
        )
    for k, c in enumerate((0.2, -0.4)):
        np.testing.assert_allclose([s1[k], s2[k]], np.ravel(sc.mie.amplitudes(12.0, 1.5 + 0.1j, c)), rtol=1e-13)


def test_no_absorption_scatters_what_it_takes_out() -> None:
    x = np.geomspace(1e-4, 1e4, 60)
    result = sc.mie.efficiencies(x, 1.5)
    np.testing.assert_allclose(result.extinction, result.scattering, rtol=1e-10)


def test_amplitudes_meet_in_the_forward_and_backward_direction() -> None:
    """S1(0) = S2(0), S1(pi) = -S2(pi), and the optical theorem Q_ext = 4 Re S(0) / x^2."""
    for x, m in ((0.01, 1.5 + 0j), (5.0, 1.3 + 0.2j), (300.0, 1.1 + 0j)):
        s1, s2 = sc.mie.amplitudes(x, m, np.array([1.0, -1.0]))
        assert s1[0] == pytest.approx(s2[0], rel=1e-12)
        assert s1[1] == pytest.approx(-s2[1], rel=1e-10, abs=1e-13 * abs(s1[0]))
        result = sc.mie.efficiencies(x, m)
        assert result.extinction == pytest.approx(4 * s1[0].real / x**2, rel=1e-10)
        assert result.backscattering == pytest.approx(4 * abs(s1[1]) ** 2 / x**2, rel=1e-9)


def test_miepython_agrees() -> None:
    """Its time dependence is exp(+i w t): m = n - i k, amplitudes conjugate. It cuts its series at 1e-8 of Q_back."""
    miepython = pytest.importorskip("miepython")
    cosines = np.linspace(-1, 1, 9)
    for x, m in ((0.3, 1.5 + 0j), (1.0, 1.33 + 0.01j), (12.0, 1.55 + 0j), (80.0, 1.2 + 0.5j), (400.0, 2.0 + 0j)):
        theirs = miepython.efficiencies_mx(np.conj(m), x)
        assert np.all(off(sc.mie.efficiencies(x, m), theirs) < [1e-9, 1e-9, 1e-7, 1e-9])
        ours = sc.mie.amplitudes(x, m, cosines)
        their_amplitudes = miepython.S1_S2(np.conj(m), x, cosines, norm="wiscombe")
        largest = np.abs(ours[0]).max()
        for got, peer in zip(ours, their_amplitudes, strict=True):
            assert np.abs(got - np.conj(peer)).max() < 1e-8 * largest


@pytest.mark.parametrize(
    ("size", "index", "message"),
    [
        (0.0, 1.2, "size_parameter: must be > 0"),
        (np.nan, 1.2, "size_parameter"),
        (1e7, 1.2, "size_parameter.* at most 1e6"),
        (1.0, -1.2, "relative_index"),
        ([1.0, 2.0], [1.2, 1.2 - 1j], "relative_index"),
    ],
)
def test_spheres_that_cannot_be_are_refused_by_name(size: Any, index: Any, message: str) -> None:
    with pytest.raises(sc.errors.ParameterError, match=message):
        sc.mie.amplitudes(size, index, [0.5])


def test_layered_spheres_that_are_too_large_are_refused_by_name() -> None:
    with pytest.raises(sc.errors.ParameterError, match="size_parameter.* at most 1e6"):
        sc.mie.layered_amplitudes([1.0, 1e7], [1.2, 1.3], [0.5])


@pytest.mark.parametrize("cosine", [1.5, [np.nan], [[0.5]]])
def test_directions_that_cannot_be_are_refused_by_name(cosine: Any) -> None:
    with pytest.raises(sc.errors.ParameterError, match="^amplitudes.cos_theta: must be one-dimensional, from -1 to 1"):
        sc.mie.amplitudes(1.0, 1.2, cosine)


def test_no_spheres_have_no_amplitudes() -> None:
    s1, s2 = sc.mie.amplitudes([], 1.2, [0.0, 0.5])
    assert s1.shape == s2.shape == (0, 2)
