"""Grids of directions and their transforms, for kernels that fill a grid and read what becomes of it.

The transforms are those of scipy.fft, so that `scipy.fft.set_backend` plugs in others.
"""

from __future__ import annotations

import numpy as np
from scipy import fft

from simcore.streams import Array

LINE = 64  # bytes of a cache line


class Grids:
    """Memory that the grids of a block of images share: fresh arrays would cost more than the transforms."""

    def __init__(self, dtype: np.dtype) -> None:
        self._memory = np.empty(0, dtype)

    def of(self, states: int, least: int, largest: int) -> Array:
        """Return a grid (state, size, stride), not cleared, of a good size between ``least`` and ``largest``."""
        size = min(fft.next_fast_len(least), largest)
        stride = self._stride(size)
        needed = states * size * stride
        if len(self._memory) < needed:
            self._memory = np.empty(needed, self._memory.dtype)
        return self._memory[:needed].reshape(states, size, stride)

    def _stride(self, size: int) -> int:
        """Return an odd number of cache lines, so that columns do not meet in few places of the cache."""
        values = LINE // self._memory.itemsize
        return (-(-size // values) | 1) * values


def transformed(grid: Array, lines: int, columns: int) -> Array:
    """Transform the first ``lines`` of ``grid`` (state, size, stride), then the first ``columns``, and return it.

    Sums over m of grid[m] exp(2 pi i m j / size), on ``size`` places along both axes, the others of a line left alone.
    """
    size = grid.shape[1]
    for part, axis in ((grid[:, :lines, :size], 2), (grid[:, :, : min(columns, size)], 1)):
        result = fft.ifft(part, axis=axis, norm="forward", overwrite_x=True, workers=1)
        if not np.may_share_memory(result, part):  # other libraries may leave their input alone
            part[...] = result
    return grid
