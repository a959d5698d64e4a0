"""The integral over pixels against that of a plane wave, which is a sinc."""

import numpy as np
import pytest
from scipy.special import jv

from simcore import kernels


@pytest.mark.parametrize("frequency", [0.3, 1.5, 2.7, 6.0])
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-6), (np.float32, 1e-4)])
def test_waves_up_to_the_highest_frequency(frequency: float, dtype: type, tolerance: float) -> None:
    division, reach = kernels.pixel_cells(frequency, tolerance)
    at = [(np.arange(count * division + 2 * reach) - reach + 0.5) / division - 0.5 for count in (7, 9)]
    for part in (0.4, 1.0):
        u, v = part * frequency, 0.7 * part * frequency
        y, x = np.meshgrid(*at, indexing="ij")
        cells = np.stack([np.cos(u * x + v * y), np.ones_like(x)]).astype(dtype)
        out = np.empty((2, 7, 9), dtype)
        kernels.integrate_pixels(cells, out, frequency, tolerance)
        py, px = np.mgrid[:7, :9]
        mean = np.sinc(u / 2 / np.pi) * np.sinc(v / 2 / np.pi)
        assert np.abs(out[0] - mean * np.cos(u * px + v * py)).max() < 2 * tolerance
        assert np.abs(out[1] - 1).max() < 1e-6


def test_cells_of_another_number_are_refused() -> None:
    with pytest.raises(ValueError, match="cells"):
        kernels.integrate_pixels(np.ones((1, 5, 5)), np.ones((1, 4, 4)), 1.0, 1e-3)
    with pytest.raises(ValueError, match="frequency"):
        kernels.pixel_cells(0.0, 1e-3)


@pytest.mark.parametrize("order", [0, 1, 2, 4])
@pytest.mark.parametrize(("dtype", "noise"), [(np.float64, 1e-9), (np.float32, 3e-6)])
def test_radial_means_are_those_over_square_pixels(order: int, dtype: type, noise: float) -> None:
    """Against quadrature over the pixel; what is left out turns with the angle four times, k^4 / 11520."""
    node, weight = np.polynomial.legendre.leggauss(12)
    for k in (0.4, 1.0, 2.0):
        step = 0.25 / k
        radius = step * np.arange(80)
        means = jv(order, k * radius).astype(dtype)
        kernels.radial_means(means, order, step)
        for i in (0, 1, 2, 5, 30, 75):
            for psi in (0.0, 0.3, 0.8):
                x, y = radius[i] * np.cos(psi) + node[:, None] / 2, radius[i] * np.sin(psi) + node / 2
                around = jv(order, k * np.hypot(x, y)) * np.cos(order * np.arctan2(y, x))
                mean = weight @ around @ weight / 4
                assert abs(means[i] * np.cos(order * psi) - mean) < 1.2 * k**4 / 11520 + 4e-6 * k**2 + noise
        assert np.array_equal(means[-4:], jv(order, k * radius[-4:]).astype(dtype))


def test_radial_means_of_few_values_are_refused() -> None:
    with pytest.raises(ValueError, match="12 or more"):
        kernels.radial_means(np.ones(11), 0, 0.5)
    for order, step, match in ((-1, 0.5, "order"), (0, 0.0, "step"), (0, np.nan, "step")):
        with pytest.raises(ValueError, match=match):
            kernels.radial_means(np.ones(20), order, step)
    values = np.ones(20)
    values.flags.writeable = False
    with pytest.raises(ValueError, match="read-only|writeable"):
        kernels.radial_means(values, 0, 0.5)
