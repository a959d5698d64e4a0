"""The integral over pixels against that of a plane wave, which is a sinc."""

import numpy as np
import pytest

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
