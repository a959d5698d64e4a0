"""Property draws against NumPy's own generators, bit for bit, and expressions against plain arithmetic."""

import hashlib

import numpy as np
import pytest
from drawn import drawn
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import simcore as sc

SEED = (987 << 64) + 123


def numpy_generator(name, example, seed=SEED):
    word = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")
    return np.random.Generator(np.random.Philox(key=seed, counter=np.array([0, example, word, 0], np.uint64)))


CASES = {
    "uniform": (sc.uniform(-1.5, 7), lambda g: g.uniform(-1.5, 7)),
    "normal": (sc.normal(0.3, 2), lambda g: g.normal(0.3, 2)),
    "lognormal": (sc.lognormal(0.1, 0.4), lambda g: g.lognormal(0.1, 0.4)),
    "exponential": (sc.exponential(3), lambda g: g.exponential(3)),
    "gamma": (sc.gamma(0.4, 2), lambda g: g.gamma(0.4, 2)),
    "poisson": (sc.poisson(17), lambda g: g.poisson(17)),
    "integers": (sc.integers(-3, 9), lambda g: g.integers(-3, 9)),
    "choice": (sc.choice([1.5, 2.5, 9.0]), lambda g: g.choice([1.5, 2.5, 9.0])),
    "weighted": (
        sc.choice([1, 2, 9], p=[0.2, 0.5, 0.3]),
        lambda g: [1, 2, 9][g.choice(3, p=[0.2, 0.5, 0.3])],
    ),
    "vector": (sc.normal(0, [1.0, 2.0], shape=(4, 2)), lambda g: g.normal(0, [1.0, 2.0], size=(4, 2))),
}


@pytest.mark.parametrize("name", CASES)
def test_a_draw_is_what_numpy_gives(name):
    node, from_numpy = CASES[name]
    examples = [0, 1, 2, 3, 1000, 123_456_789, 2**63]
    recipe = sc.Recipe(**{name: sc.where(True, node, node)})  # an expression keeps float64 inside
    drawn = recipe.render(indices=examples, seed=SEED)[name]
    expected = np.array([from_numpy(numpy_generator(name, i)) for i in examples])
    np.testing.assert_array_equal(drawn, expected.astype(drawn.dtype))


def test_draws_made_of_others():
    log_uniform = sc.log_uniform(0.01, 100)
    truncated = sc.truncated_normal(1.0, 2.0, 3.0, 9.0)
    values = sc.Recipe(a=log_uniform, b=truncated).render(20_000, seed=5)
    assert stats.kstest(np.log(values["a"]), stats.uniform(np.log(0.01), np.log(1e4)).cdf).pvalue > 1e-4
    assert stats.kstest(values["b"], stats.truncnorm(1, 4, 1.0, 2.0).cdf).pvalue > 1e-4
    far_tail = sc.Recipe(c=sc.truncated_normal(0, 1, 12, 13)).render(2000, seed=5)["c"]
    assert stats.kstest(far_tail, stats.truncnorm(12, 13).cdf).pvalue > 1e-4


@drawn(30)
@given(seed=st.integers(0, 2**128 - 1), examples=st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=20))
def test_an_example_does_not_depend_on_its_company(seed, examples):
    a = sc.uniform(0, 1)
    recipe = sc.Recipe(a=a, b=a * sc.normal(0, 1), n=sc.integers(0, 1000), w=a ** sc.integers(0, 7))
    together = recipe.render(indices=np.array(examples, np.uint64), seed=seed)
    for i, example in enumerate(examples):
        alone = recipe.render(indices=np.array([example], np.uint64), seed=seed)
        for name in together:
            assert together[name][i] == alone[name][0]


def test_one_draw_is_one_value_and_two_are_two():
    a, b = sc.uniform(0, 1), sc.uniform(0, 1)
    v = sc.Recipe(a=a, twice=a + a, b=b).render(100, seed=1)
    np.testing.assert_array_equal(v["twice"], 2 * v["a"])
    assert not np.any(v["a"] == v["b"])


def test_expressions_are_arithmetic():
    a, b = sc.uniform(1, 2, name="a"), sc.uniform(3, 4, name="b")
    recipe = sc.Recipe(
        a=a, b=b,
        sum=a + b, difference=1 - a, product=2 * a * b, ratio=a / b, root=np.sqrt(a + b), power=a**3, real=a**b,
        waves=np.sin(a) + np.cos(b) * np.exp(-a) - np.log(b), where=sc.where(a > 1.5, a, b),
        both=(a > 1.2) & (b < 3.5), either=~(a > 1.2) | sc.equal(b, b), largest=np.maximum(a, b), whole=7 // a,
        part=sc.normal(0, 1, shape=3, name="v")[1], vector=a * sc.normal(0, 1, shape=3, name="w"),
    )  # fmt: skip
    v = {name: values.astype(float) for name, values in recipe.render(50, seed=3).items()}
    A, B = v["a"], v["b"]
    expected = {
        "sum": A + B, "difference": 1 - A, "product": 2 * A * B, "ratio": A / B, "root": np.sqrt(A + B), "power": A**3,
        "real": A**B, "waves": np.sin(A) + np.cos(B) * np.exp(-A) - np.log(B), "where": np.where(A > 1.5, A, B),
        "both": (A > 1.2) & (B < 3.5), "either": np.ones(50), "largest": np.maximum(A, B), "whole": 7 // A,
        "part": [numpy_generator("v", i, 3).normal(0, 1, 3)[1] for i in range(50)],
        "vector": A[:, None] * [numpy_generator("w", i, 3).normal(0, 1, 3) for i in range(50)],
    }  # fmt: skip
    for name, values in expected.items():
        np.testing.assert_allclose(v[name], values, rtol=3e-6, atol=1e-6, err_msg=name)


def test_a_parameter_can_be_a_draw():
    width = sc.uniform(1, 2)
    v = sc.Recipe(width=width, x=sc.normal(10, width)).render(20_000, seed=2)
    assert stats.kstest((v["x"] - 10) / v["width"], "norm").pvalue > 1e-4


def test_split_chooses():
    snr = sc.where(sc.equal(sc.split, "train"), sc.uniform(2, 60), 10)
    recipe = sc.Recipe(snr=snr)
    assert len(set(recipe.render(10, seed=1)["snr"])) == 10
    assert set(recipe.render(10, seed=1, split="validation")["snr"]) == {10}
    with pytest.raises(sc.ParameterError, match="split: 'all'; must be one of train, validation, test"):
        recipe.render(1, seed=1, split="all")


@pytest.mark.parametrize(
    "comparison", [lambda a: a == 1, lambda a: a != 1, bool, lambda a: 1 < a < 2, lambda a: a and 1]
)
def test_comparisons_without_a_value_point_to_the_right_form(comparison):
    with pytest.raises(sc.RecipeError, match=r"sc\.equal|&"):
        comparison(sc.uniform(0, 1))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: sc.uniform(2, 1), "uniform: low 2 is above high 1"),
        (lambda: sc.normal(0, -1), r"normal.standard_deviation: -1; must be >= 0"),
        (lambda: sc.integers(5, 5), "low must be < high"),
        (lambda: sc.choice([1, 2], p=[0.5, 0.6]), "add up to 1"),
        (lambda: sc.choice([]), "at least one value"),
        (lambda: sc.log_uniform(0, 1), "log_uniform.low: 0; must be > 0"),
        (lambda: sc.spectrum(0.4, 0.7, count=0), "spectrum.count: 0"),
        (lambda: sc.uniform(float("nan"), 1), "nan"),
        (lambda: sc.uniform(object(), 1), "neither a number"),
    ],
)
def test_impossible_draws_are_refused_when_made(make, message):
    with pytest.raises(sc.ParameterError, match=message):
        make()


@pytest.mark.parametrize("seed", [-1, 2**128, 1.5, True, "1"])
def test_seeds_out_of_range_are_refused(seed):
    with pytest.raises(sc.ParameterError, match="seed: .*; must be a whole number from 0 to 2"):
        sc.Recipe(a=sc.uniform(0, 1)).render(1, seed=seed)
