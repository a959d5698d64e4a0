"""Zernike polynomials by Noll's index as polynomials in the pupil's Cartesian coordinates.

Unit RMS over the unit disk (Noll, J. Opt. Soc. Am. 66, 207 (1976)); azimuth from +x towards +y. With n the radial and m the
azimuthal order, Z = sqrt(n + 1) R(rho) for m = 0, else sqrt(2 (n + 1)) R(rho) cos(m azimuth) for even indices and with the
sine for odd ones.
"""

from __future__ import annotations

from functools import cache
from math import comb, factorial, isqrt, sqrt

import numpy as np

from simcore.streams import Array

LARGEST_INDEX = 231  # radial orders up to 20: beyond, the coefficients cancel


def orders(index: int) -> tuple[int, int]:
    """Return (n, m) of Noll's index; m >= 0 belongs to the cosine, m < 0 to the sine."""
    n = (isqrt(8 * index - 7) - 1) // 2
    place = index - n * (n + 1) // 2  # from 1 within the order
    m = 2 * (place // 2) if n % 2 == 0 else 2 * ((place - 1) // 2) + 1
    return n, m if index % 2 == 0 else -m


def radial_coefficients(n: int, m: int) -> dict[int, int]:
    """Return the whole numbers r_s of R(rho) = sum of r_s rho^(m + 2 s)."""
    low, high = (n - abs(m)) // 2, (n + abs(m)) // 2
    return {
        low - k: (-1) ** k * factorial(n - k) // (factorial(k) * factorial(high - k) * factorial(low - k))
        for k in range(low + 1)
    }


@cache
def cartesian(index: int) -> Array:
    """Return the coefficients (i, j) of rho_x^i rho_y^j."""
    n, m = orders(index)
    whole = np.zeros((n + 1, n + 1), object)
    # rho^m cos(m azimuth) and the sine are the parts of (x + i y)^m.
    for k in range(abs(m) + 1):
        if k % 2 == (0 if m >= 0 else 1):
            angular = (-1) ** (k // 2) * comb(abs(m), k)
            for s, radial in radial_coefficients(n, m).items():
                for q in range(s + 1):
                    whole[abs(m) - k + 2 * (s - q), k + 2 * q] += angular * radial * comb(s, q)
    norm = sqrt(n + 1 if m == 0 else 2 * (n + 1))
    coefficients = whole.astype(float) * norm
    coefficients.setflags(write=False)
    return coefficients


@cache
def rotational(index: int) -> Array:
    """Return the coefficients c_k of rho^(2 k) of a polynomial with rotational symmetry (m = 0)."""
    n, m = orders(index)
    assert m == 0
    radial = radial_coefficients(n, 0)
    coefficients = np.array([radial[k] for k in range(n // 2 + 1)], float) * sqrt(n + 1)
    coefficients.setflags(write=False)
    return coefficients
