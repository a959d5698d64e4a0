"""The kernel of layered spheres against boundary conditions in 25 digits and more, and against the homogeneous one."""

from typing import Any

import mpmath as mp
import numpy as np
import pytest
from reference import layered

from simcore import _core

Sphere = tuple[list[float], list[complex]]
CASES: list[Sphere] = [
    ([2.0, 3.0], [1.5, 1.33]),
    ([10.0, 30.0], [1.5, 1.33]),
    ([10.0, 30.0], [1.5 + 1j, 1.33 + 1j]),
    ([1e-3, 30.0], [1.5 + 1j, 1.33 + 3j]),  # a core that cannot be seen
    ([29.9, 30.0], [1.5, 1.33 + 5j]),
    ([0.5, 0.5 + 1e-7], [1.5 + 10j, 1.33]),
    ([5.0, 7.0, 9.0], [0.1 + 3j, 1.4, 0.2 + 4j]),  # metal, glass, metal
    ([1e-5, 1e-4], [1.5, 1.33 + 1e-9j]),
    ([3.0, 4.0, 4.0, 6.0], [1.2, 3.0, 2.0 + 1j, 1.01]),  # a layer of no thickness
    ([50.0, 60.0, 80.0, 100.0], [1.5, 1.33 + 0.01j, 3.0, 1.2]),
    ([0.3, 12.0], [3.0, 1.0]),  # a shell of medium
]


def at_random(count: int) -> list[Sphere]:
    random = np.random.Generator(np.random.Philox(11))
    spheres = []
    for i in range(count):
        layers = int(random.integers(1, 6))
        inside = [
            random.random(layers),
            1 - 10 ** random.uniform(-7, -1, layers),  # thin
            10 ** random.uniform(-6, 0, layers),  # thick
        ][i % 3]
        x = np.sort(inside) / inside.max() * 10 ** random.uniform(-4, 1.7)
        k = 10 ** random.uniform(-9, 1, layers) * random.integers(0, 2, layers) * (i % 2)
        spheres.append((x.tolist(), (random.uniform(1.01, 3, layers) + 1j * k).tolist()))
    return spheres


def kernel(x: Any, m: Any, terms: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    sizes = np.atleast_2d(np.array(x, float))
    count = int(_core.mie_terms(sizes[:, -1].copy()).max()) if terms is None else terms
    return _core.layered_coefficients(sizes, np.atleast_2d(np.array(m, complex)), count)


def homogeneous(x: float, m: complex) -> tuple[np.ndarray, np.ndarray]:
    sizes = np.array([x])
    return _core.mie_coefficients(sizes, np.array([m], complex), int(_core.mie_terms(sizes)[0]))


def as_array(values: list[Any]) -> np.ndarray:
    return np.array([complex(value) for value in values])


def off(got: tuple[np.ndarray, np.ndarray], true: tuple[np.ndarray, np.ndarray]) -> float:
    """Largest error, relative to the largest coefficient."""
    errors = np.concatenate([np.ravel(g) - np.ravel(t) for g, t in zip(got, true, strict=True)])
    return float(np.abs(errors).max() / np.abs(np.concatenate([np.ravel(t) for t in true])).max())


@pytest.mark.parametrize(("x", "m"), [CASES[2], CASES[6], CASES[7]])
def test_the_reference_agrees_with_single_bessel_functions(x: list[float], m: list[complex]) -> None:
    literal, recurred = layered.literal_coefficients(x, m, 6), layered.coefficients(x, m, 6)
    worst = max(abs(p / q - 1) for p, q in zip(literal[0] + literal[1], recurred[0] + recurred[1], strict=True))
    assert worst < mp.mpf(10) ** -45


@pytest.mark.parametrize(("x", "m"), CASES)
def test_coefficients_meet_the_boundary_conditions(x: list[float], m: list[complex]) -> None:
    a, b = kernel(x, m)
    true = layered.coefficients(x, m, a.shape[1])
    assert off((a, b), (as_array(true[0]), as_array(true[1]))) < 2e-13


def test_coefficients_of_any_layers() -> None:
    worst = {}
    for i, (x, m) in enumerate(at_random(90)):
        a, b = kernel(x, m)
        true = layered.coefficients(x, m, a.shape[1], digits=25)
        worst[i] = off((a, b), (as_array(true[0]), as_array(true[1])))
    assert {i: error for i, error in worst.items() if not error < 1e-12} == {}


def test_small_spheres_keep_the_digits_of_every_coefficient() -> None:
    """Also of b_1 and a_2, which are x^2 below a_1, and of the real parts, x^3 below, without absorption."""
    random = np.random.Generator(np.random.Philox(12))
    for i in range(30):
        layers = int(random.integers(2, 5))
        x = np.cumsum(random.uniform(0.1, 1, layers)) * 10 ** random.uniform(-5, -1)
        m = random.uniform(1.01, 3, layers) + 1j * random.uniform(0, 1, layers) * (i % 2)
        for got, true in zip(kernel(x, m), layered.coefficients(x.tolist(), m.tolist(), 3), strict=True):
            np.testing.assert_allclose(got[0, :3], as_array(true), rtol=1e-12)
            np.testing.assert_allclose(got[0, :3].real, as_array(true).real, rtol=1e-12)


@pytest.mark.parametrize("m", [1.01, 1.5, 3.0, 1.5 + 1e-6j, 1.33 + 0.01j, 2 + 1j, 3 + 10j])
@pytest.mark.parametrize("x", [1e-4, 0.02, 1.0, 10.0, 100.0, 1000.0, 1e4])
def test_equal_layers_are_a_homogeneous_sphere(x: float, m: complex) -> None:
    allowed = 1e-12 if x <= 1000 or m.imag >= 0.01 else 1e-10
    for inside in ([1.0], [0.5, 1.0], [1e-3, 0.3, 0.999, 1.0], [1 - 1e-9, 1.0], [0.7, 0.7, 1.0, 1.0]):
        assert off(kernel(x * np.array(inside), np.full(len(inside), m)), homogeneous(x, m)) < allowed


def test_an_absorbing_shell_hides_what_is_inside() -> None:
    for x, m in ((40.0, 1.4 + 2j), (1000.0, 3.0 + 10j), (1e4, 1.5 + 0.1j)):
        for core in (1.1, 3.0 + 3j):
            assert off(kernel([0.5 * x, x], [core, m]), homogeneous(x, m)) < 1e-12


def test_what_has_no_size_has_no_effect() -> None:
    for x, m in ((3.0, 1.5 + 0j), (0.01, 1.2 + 0.3j), (200.0, 1.3 + 0j)):
        for core in (1e-300, 1e-12 * x, 1e-8 * x):
            assert off(kernel([core, x], [3.0 + 1j, m]), homogeneous(x, m)) < 1e-12
        assert off(kernel([x, x, x], [m, 3.0, 1.1 + 2j]), homogeneous(x, m)) < 1e-12


@pytest.mark.parametrize("m", [[1.5, 1.33], [3.0, 1.1, 1.7]])
@pytest.mark.parametrize("x", [1e-3, 0.5, 50.0, 1e3])
def test_lossless_layers_scatter_what_they_remove(x: float, m: list[float]) -> None:
    """Re a = |a|^2, to the relative accuracy of every single coefficient."""
    for values in kernel(x * np.linspace(0.6, 1, len(m)), m):
        kept = values[np.abs(values) > 1e-100]
        np.testing.assert_allclose(kept.real, np.abs(kept) ** 2, rtol=1e-13)


def spheres(count: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.Generator(np.random.Philox(13))
    x = np.cumsum(random.uniform(0, 1, (count, 3)), axis=1) * 10 ** random.uniform(-3, 2, (count, 1))
    m = random.uniform(1.01, 3, (count, 3)) + 1j * random.uniform(0, 1, (count, 3)) * (random.random((count, 3)) < 0.5)
    return x, m


def test_a_sphere_does_not_depend_on_its_neighbours() -> None:
    x, m = spheres(21)
    terms = int(_core.mie_terms(x[:, 2].copy()).max())
    a, b = kernel(x, m, terms)
    for i in range(21):
        alone = kernel(x[i], m[i], terms)
        assert alone[0].tobytes() == a[i].tobytes()
        assert alone[1].tobytes() == b[i].tobytes()
        own = int(_core.mie_terms(x[i, 2:].copy())[0])
        assert not a[i, own:].any() and not b[i, own:].any()
        assert a[i, own - 1] != 0


def test_all_instruction_levels_give_the_same_bytes() -> None:
    x, m = spheres(29)
    results = set()
    before = _core.instruction_level()
    try:
        for level in (0, 3, 4):
            _core.set_instruction_level(level)
            a, b = kernel(x, m)
            results.add(a.tobytes() + b.tobytes())
    finally:
        _core.set_instruction_level(before)
    assert len(results) == 1


def test_bad_input_is_refused() -> None:
    x, m = np.array([[1.0, 2.0]]), np.array([[1.5, 1.3]], complex)
    with pytest.raises(TypeError):
        _core.layered_coefficients(np.ones((2, 4))[:, ::2], m, 3)
    for bad in (0.0, -1.0, np.nan, np.inf, 2e6):
        with pytest.raises(ValueError, match="size_parameter"):
            _core.layered_coefficients(np.array([[bad, 3.0]]), m, 3)
    with pytest.raises(ValueError, match="must not decrease"):
        _core.layered_coefficients(x[:, ::-1].copy(), m, 3)
    with pytest.raises(ValueError, match="at least one layer"):
        _core.layered_coefficients(np.empty((1, 0)), np.empty((1, 0), complex), 3)
    for bad in (1.5 - 0.1j, -1.0, np.nan):
        with pytest.raises(ValueError, match="relative_index"):
            _core.layered_coefficients(x, np.array([[1.5, bad]], complex), 3)
    with pytest.raises(ValueError, match="relative_index"):
        _core.layered_coefficients(x, m[:, :1].copy(), 3)
    with pytest.raises(ValueError, match="terms"):
        _core.layered_coefficients(x, m, 0)
    assert _core.layered_coefficients(np.empty((0, 2)), np.empty((0, 2), complex), 3)[0].shape == (0, 3)
    # radii of different spheres need not be ordered
    assert _core.layered_coefficients(np.array([[1.0, 2.0], [0.5, 0.6]]), np.full((2, 2), 1.5 + 0j), 3)[0].shape == (
        2,
        3,
    )
