"""The pinned elementary functions against mpmath, in units in the last place."""

import mpmath
import numpy as np
import pytest

from simcore import _core

ORACLES = {"sin": mpmath.sin, "cos": mpmath.cos, "exp": mpmath.exp, "log": mpmath.log}
LEVELS = (4, 3, 0)


def largest_error(name: str, x: np.ndarray) -> float:
    """Largest error in ulps of the exact result."""
    got = _core.elementary(name, x)
    worst = 0.0
    with mpmath.workdps(60):
        for argument, value in zip(x.tolist(), got.tolist(), strict=True):
            exact = ORACLES[name](mpmath.mpf(argument))
            ulp = float(np.spacing(abs(float(exact))))
            worst = max(worst, float(abs(exact - mpmath.mpf(value)) / ulp))
    return worst


@pytest.mark.parametrize("name", ["sin", "cos"])
@pytest.mark.parametrize("span", [1e-6, 1.0, 10.0, 1e3, 1e6])
def test_trigonometry_within_one_ulp(name, span):
    assert largest_error(name, np.random.default_rng(1).uniform(-span, span, 4000)) < 1


@pytest.mark.parametrize("name", ["sin", "cos"])
def test_trigonometry_beside_multiples_of_half_pi(name):
    n = np.r_[np.arange(0, 2000), np.random.default_rng(2).integers(2000, 600_000, 3000)]
    x = n * (np.pi / 2)
    x = np.concatenate([np.nextafter(x, 0), x, np.nextafter(x, np.inf)])
    assert largest_error(name, x) < 1


def test_exponential_within_one_ulp():
    rng = np.random.default_rng(3)
    x = np.concatenate([rng.uniform(-1, 1, 4000), rng.uniform(-708, 709.7, 4000), rng.uniform(-1e-9, 1e-9, 500)])
    assert largest_error("exp", x) < 1
    assert largest_error("exp", rng.uniform(-744, -708.5, 1000)) < 2


def test_logarithm_within_one_ulp():
    rng = np.random.default_rng(4)
    near_one = 1 + np.concatenate([rng.uniform(-0.3, 0.4, 4000), rng.uniform(-1e-9, 1e-9, 1000)])
    x = np.concatenate([near_one, np.exp(rng.uniform(-744, 709, 4000)), 2.0 ** np.arange(-1074, 1024)])
    assert largest_error("log", x) < 1


def test_limits():
    inf, nan = np.inf, np.nan

    def value(name, *x):
        return _core.elementary(name, np.array(x))

    np.testing.assert_array_equal(value("exp", inf, -inf, nan, 800.0, -800.0, 0.0), [inf, 0, nan, inf, 0, 1])
    np.testing.assert_array_equal(value("exp", 709.782712893384, 709.782712893385), [1.7976931348622732e308, inf])
    np.testing.assert_array_equal(
        value("log", 0.0, -0.0, -1.0, -inf, inf, nan, 1.0), [-inf, -inf, nan, nan, inf, nan, 0]
    )
    np.testing.assert_array_equal(value("sin", inf, -inf, nan, 1e13, 0.0), [nan, nan, nan, nan, 0])
    np.testing.assert_array_equal(value("cos", inf, -inf, nan, 1e13, 0.0), [nan, nan, nan, nan, 1])
    assert np.signbit(value("sin", -0.0))[0]


@pytest.mark.parametrize("name", list(ORACLES))
def test_same_bytes_on_every_instruction_level(name, restore_level):
    rng = np.random.default_rng(5)
    x = np.concatenate(
        [rng.uniform(-1e6, 1e6, 10_001), rng.normal(size=10_001), np.exp(rng.uniform(-740, 700, 10_001))]
    )
    results = []
    for level in LEVELS:
        _core.set_instruction_level(level)
        results.append(_core.elementary(name, x).tobytes())
    assert len(set(results)) == 1


def test_odd_lengths_and_shapes_give_the_same_values():
    x = np.random.default_rng(6).normal(size=(3, 7))
    got = _core.elementary("sin", x)
    assert got.shape == (3, 7)
    np.testing.assert_array_equal(got.ravel(), [_core.elementary("sin", np.array([v]))[0] for v in x.ravel()])


def test_refuses_other_names_and_arrays():
    with pytest.raises(ValueError, match="name: 'tan'"):
        _core.elementary("tan", np.zeros(3))
    with pytest.raises(TypeError):
        _core.elementary("sin", np.zeros(3, np.float32))
    with pytest.raises(TypeError):
        _core.elementary("sin", np.zeros(8)[::2])


def test_phases_in_turns_keep_single_precision_whatever_their_size():
    rng = np.random.default_rng(6)
    x = np.concatenate([rng.uniform(-1, 1, 20_000), rng.uniform(-1e4, 1e4, 20_000), np.arange(-16, 17) / 8])
    rest = 2 * np.pi * (x - np.round(x))
    for name, exact in (("cos", np.cos(rest)), ("sin", np.sin(rest))):
        assert np.abs(_core.elementary(f"single {name} of turns", x) - exact).max() < 1.5e-7


def test_logarithms_of_uniform_numbers_keep_single_precision_next_to_0_and_1():
    rng = np.random.default_rng(7)
    x = np.concatenate(
        [rng.uniform(0, 1, 20_000), 2.0 ** -rng.uniform(0, 53, 20_000), 1 - 2.0 ** -rng.uniform(1, 53, 20_000)]
    )
    x = x[x < 1]
    got = _core.elementary("single log of uniform", x)
    assert np.abs(got / np.log(x) - 1).max() < 3e-7
