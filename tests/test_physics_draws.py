"""Property draws are NumPy's own distributions on the Philox stream of (seed, example, name), bit for bit."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.random import Generator
from reference import draws
from scipy import stats

import simcore as sc
from simcore.plan import plan

SEEDS = (0, 1, 2**63 + 5, 2**64 + 1, 2**128 - 1)
CASES: dict[str, tuple[Callable[[], Any], Callable[[Generator], Any]]] = {
    "uniform": (lambda: sc.uniform(-2, 5), lambda g: g.uniform(-2, 5)),
    "uniform_narrow": (lambda: sc.uniform(1.5, 1.6), lambda g: g.uniform(1.5, 1.6)),
    "normal": (lambda: sc.normal(0.3, 2), lambda g: g.normal(0.3, 2)),
    "lognormal": (lambda: sc.lognormal(0.1, 0.5), lambda g: g.lognormal(0.1, 0.5)),
    "exponential": (lambda: sc.exponential(3), lambda g: g.exponential(3)),
    "gamma_small": (lambda: sc.gamma(0.3, 2), lambda g: g.gamma(0.3, 2)),
    "gamma_one": (lambda: sc.gamma(1, 2), lambda g: g.gamma(1, 2)),
    "gamma_large": (lambda: sc.gamma(20, 0.5), lambda g: g.gamma(20, 0.5)),
    "poisson_small": (lambda: sc.poisson(0.7), lambda g: g.poisson(0.7)),
    "poisson_large": (lambda: sc.poisson(3000), lambda g: g.poisson(3000)),
    "integers": (lambda: sc.integers(2, 9), lambda g: g.integers(2, 9)),
    "integers_negative": (lambda: sc.integers(-100_000, 100_001), lambda g: g.integers(-100_000, 100_001)),
    "integers_one": (lambda: sc.integers(4, 5), lambda g: g.integers(4, 5)),
    "integers_wide": (lambda: sc.integers(0, 2**40), lambda g: g.integers(0, 2**40)),
    "choice": (lambda: sc.choice([1.5, 2.5, 4.0]), lambda g: g.choice([1.5, 2.5, 4.0])),
    "choice_weighted": (
        lambda: sc.choice([1.5, 2.5, 4.0], p=[0.2, 0.5, 0.3]),
        lambda g: g.choice([1.5, 2.5, 4.0], p=[0.2, 0.5, 0.3]),
    ),
    "vector": (lambda: sc.uniform(0, 1, shape=5), lambda g: g.uniform(0, 1, size=5)),
    "matrix": (lambda: sc.normal(0, 1, shape=(2, 3)), lambda g: g.normal(0, 1, size=(2, 3))),
    "integer_vector": (lambda: sc.integers(0, 1000, shape=7), lambda g: g.integers(0, 1000, size=7)),
    "poisson_vector": (lambda: sc.poisson(40, shape=4), lambda g: g.poisson(40, size=4)),
}
EXAMPLES = (0, 1, 2, 17, 123_456_789, 2**40)


@pytest.mark.parametrize("seed", SEEDS)
def test_draws_are_numpys(seed: int) -> None:
    """In float64, as they are drawn; what is stored is rounded from them."""
    nodes = {name: build() for name, (build, _) in CASES.items()}
    recipe = sc.Recipe(**nodes)
    drawn = plan(recipe, seed, np.array(EXAMPLES), list(nodes))
    stored = recipe.render(indices=EXAMPLES, seed=seed)
    for name, (_, repeat) in CASES.items():
        expected = np.array([repeat(draws.generator(seed, example, name)) for example in EXAMPLES])
        values = drawn.value(nodes[name])
        assert values.dtype == expected.dtype and values.tobytes() == expected.tobytes(), name
        np.testing.assert_array_equal(stored[name], expected.astype(stored[name].dtype))


def test_a_property_of_a_feature_is_named_after_both() -> None:
    particle = sc.MieSphere(x=sc.uniform(22, 28), y=sc.uniform(22, 28), radius=sc.uniform(1, 2), refractive_index=1.5)
    objective = sc.Brightfield(numerical_aperture=sc.uniform(0.15, 0.25), wavelength=0.6, pixel_size=0.2, shape=(8, 8))
    truths = {"x": particle.x, "radius": particle.radius, "aperture": objective.numerical_aperture}
    drawn = plan(sc.Recipe(image=particle >> objective, **truths), 11, np.array([3, 9]), list(truths))
    for i, example in enumerate((3, 9)):
        for node, name, low, high in (
            (particle.x, "mie_sphere.x", 22, 28),
            (particle.radius, "mie_sphere.radius", 1, 2),
            (objective.numerical_aperture, "brightfield.numerical_aperture", 0.15, 0.25),
        ):
            assert drawn.value(node)[i] == draws.generator(11, example, name).uniform(low, high)


def test_draws_that_numpy_does_not_have() -> None:
    """log_uniform and truncated_normal against their distribution functions."""
    drawn = sc.Recipe(
        wide=sc.log_uniform(1e-3, 10), cut=sc.truncated_normal(1, 2, 0.5, 3), tail=sc.truncated_normal(0, 1, 8, 9)
    )
    arrays = drawn.render(count=20_000, seed=4)
    truncated = stats.truncnorm((0.5 - 1) / 2, (3 - 1) / 2, loc=1, scale=2)
    assert stats.kstest(np.log(arrays["wide"]), stats.uniform(np.log(1e-3), np.log(1e4)).cdf).pvalue > 1e-4
    assert stats.kstest(arrays["cut"], truncated.cdf).pvalue > 1e-4
    assert stats.kstest(arrays["tail"], stats.truncnorm(8, 9).cdf).pvalue > 1e-4
    assert arrays["tail"].min() >= 8 and arrays["tail"].max() <= 9
