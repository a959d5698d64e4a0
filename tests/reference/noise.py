"""The paper's Poisson noise written out, and how draws are held against the exact distribution."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

Real = NDArray[np.float64]


def poisson_scale(image: NDArray[Any], snr: float, background: float, signal: str) -> float:
    """Factor s of Poisson(I s) / s for one image: (snr / p)^2, with p by the image's peak or by its largest deviation."""
    clipped = np.maximum(np.asarray(image, float), 0)
    peak = abs(clipped.max() - background) if signal == "peak" else np.abs(clipped - background).max()
    return float((snr / peak) ** 2)


class Moments(NamedTuple):
    """How many standard errors the mean, the variance and the skewness are off."""

    mean: float
    variance: float
    skewness: float


def poisson_moments(counts: Real, rate: Real) -> Moments:
    """Standardised counts against the moments of Poisson(rate), each rate its own; standard errors from exact cumulants."""
    n = counts.size
    moment = exact_central_moments(rate)
    deviation = counts - rate
    mean = deviation.sum() / np.sqrt(moment[2].sum())
    variance = (deviation**2 - moment[2]).sum() / np.sqrt((moment[4] - moment[2] ** 2).sum())
    third = (deviation**3 - moment[3]).sum() / np.sqrt((moment[6] - moment[3] ** 2).sum())
    assert n == rate.size
    return Moments(float(mean), float(variance), float(third))


def exact_central_moments(rate: Real) -> dict[int, Real]:
    """Central moments 2, 3, 4 and 6 of Poisson(rate)."""
    return {
        2: rate,
        3: rate,
        4: rate + 3 * rate**2,
        6: rate + 25 * rate**2 + 15 * rate**3,
    }


def chi_square(counts: Real, rate: float) -> float:
    """The p-value of the counts under Poisson(rate), on bins in which at least 10 are expected."""
    n = counts.size
    low, high = stats.poisson.ppf([10 / n, 1 - 10 / n], rate).astype(int)
    values = np.arange(low, high + 1)
    expected = stats.poisson.pmf(values, rate)
    expected[0] = stats.poisson.cdf(low, rate)
    expected[-1] = stats.poisson.sf(high - 1, rate)
    observed = np.bincount(np.clip(counts, low, high).astype(int) - low, minlength=values.size)
    expected, observed = _joined(n * expected, observed.astype(float))
    return float(stats.chisquare(observed, expected, sum_check=False).pvalue)


def _joined(expected: Real, observed: Real) -> tuple[Real, Real]:
    groups, total = np.zeros(expected.size, int), 0.0
    for i, value in enumerate(expected[:-1]):
        total += value
        groups[i + 1] = groups[i] + (total >= 10)
        total = 0.0 if total >= 10 else total
    if expected[groups == groups[-1]].sum() < 10 and groups[-1] > 0:
        groups[groups == groups[-1]] -= 1
    return np.bincount(groups, expected), np.bincount(groups, observed)


def randomised_pit(counts: Real, rate: Real, seed: int) -> float:
    """The p-value of the Kolmogorov-Smirnov test of F(n - 1) + u (F(n) - F(n - 1)): uniform if n ~ Poisson(rate)."""
    u = np.random.Generator(np.random.Philox(seed)).random(counts.shape)
    below, at = stats.poisson.cdf(counts - 1, rate), stats.poisson.pmf(counts, rate)
    return float(stats.kstest((below + u * at).ravel(), "uniform").pvalue)


def chi_square_bins(observed: Real, expected: Real) -> float:
    """The p-value of counts in bins, neighbours joined until at least 10 are expected in each."""
    expected, observed = _joined(np.asarray(expected, float), np.asarray(observed, float))
    return float(stats.chisquare(observed, expected, sum_check=False).pvalue)


def register_density(x: Real, rate: float, gain: float) -> Real:
    """Density, for x > 0, of the electrons behind an EM register for Poisson(rate) before it; exp(-rate) is that of none.

    Hirsch et al., PLoS ONE 8, e53671 (2013): exp(-rate - x / g) sqrt(rate / (x g)) I1(2 sqrt(rate x / g)).
    """
    argument = 2 * np.sqrt(rate * x / gain)
    return np.exp(argument - rate - x / gain) * np.sqrt(rate / (x * gain)) * special.ive(1, argument)


def register_probabilities(edges: Real, rate: float, gain: float) -> Real:
    """Probabilities of the bins between ``edges`` > 0, by Gauss-Legendre quadrature of the density."""
    nodes, weights = np.polynomial.legendre.leggauss(48)
    middle, half = 0.5 * (edges[1:] + edges[:-1]), 0.5 * np.diff(edges)
    x = middle[:, None] + half[:, None] * nodes
    return np.asarray(half * (register_density(x, rate, gain) @ weights))


def camera_distribution(rate: Real, gain: Real, offset: Real, deviation: Real, level: Real) -> Real:
    """P(counts <= level) without rounding: Poisson(rate) gain + offset + deviation N; arrays of one shape."""
    most = int(stats.poisson.isf(1e-12, np.max(rate))) + 1
    total = np.zeros(np.broadcast_shapes(rate.shape, level.shape))
    for n in range(most + 1):
        total += stats.poisson.pmf(n, rate) * special.ndtr((level - offset - gain * n) / deviation)
    return total
