"""The integral over pixels of what is known at the centres of finer cells."""

from __future__ import annotations

from simcore import _core
from simcore.streams import Array


def pixel_cells(frequency: float, tolerance: float) -> tuple[int, int]:
    """Return (division, reach): cells in a pixel along each axis, and cells needed beyond the image on each side.

    ``frequency``: highest angular frequency present, radians per pixel; ``tolerance``: relative error there. Cell i lies at
    (i - reach + 1/2) / division - 1/2 pixels.
    """
    division, reach = _core.pixel_cells(frequency, tolerance)
    return int(division), int(reach)


def integrate_pixels(cells: Array, out: Array, frequency: float, tolerance: float) -> None:
    """Fill ``out`` (image, y, x) with means over pixels; ``cells`` has pixels * division + 2 reach along y and x."""
    _core.integrate_pixels(cells, out, frequency, tolerance)


def radial_means(values: Array, order: int, step: float) -> None:
    """Turn ``values`` (radius,), of f(r) cos(order psi) at r = 0, ``step``, ... (pixels), into those of the mean over the pixel
    around each point, in place; the last four stay as they were.

    To the fourth order of the frequency, without what depends on its direction (`csrc/radial_mean.hpp`).
    """
    _core.radial_means(values, order, step)
