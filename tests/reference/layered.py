"""Scattering by concentric layers, literally from the boundary conditions, in mpmath arithmetic.

In layer l the radial function of a multipole is A_l psi_n(m_l rho) + B_l chi_n(m_l rho), B_1 = 0. Where layers meet,
m psi and psi' (electric multipoles, a_n), or psi and m psi' (magnetic, b_n), are continuous (Bohren & Huffman 1983, ch. 8.1).
A 2 x 2 matrix carries (A, B) through each interface. Outside, with xi = psi - i chi, A psi + B chi = (A - i B) psi + i B xi: the
coefficient, of -xi where psi is the incident wave, is -i B / (A - i B).
"""

from collections.abc import Sequence
from typing import Any

import mpmath as mp

from .mie import _upward, riccati_bessel

Number = Any
Pairs = tuple[list[Number], list[Number]]


def coefficients(x: Sequence[float], m: Sequence[complex], count: int, digits: int = 50) -> Pairs:
    """a_n and b_n, n = 1 .. count, of layers from the inner to the outer; ``x`` belongs to the outer radius of each.

    Bessel functions by upward recurrence, which loses digits, as psi and chi do that differ little in layers that absorb:
    all is done twice, with more digits until both agree.
    """
    working = digits + 40 + int(x[-1] ** 0.5) + int(0.5 * max(mp.im(k) * s for k, s in zip(m, x, strict=True)))
    rough = _worked(x, m, count, working)
    while True:
        fine = _worked(x, m, count, working + 40)
        with mp.workdps(digits + 20):
            pairs = zip(rough[0] + rough[1], fine[0] + fine[1], strict=True)
            if all(abs(r - f) <= mp.mpf(10) ** -digits * abs(f) for r, f in pairs):
                return fine
        working = int(1.6 * working)
        rough = _worked(x, m, count, working)


def literal_coefficients(x: Sequence[float], m: Sequence[complex], count: int, digits: int = 50) -> Pairs:
    """The same, with every Bessel function by itself; for few orders."""
    with mp.workdps(digits + 40):

        def values(z: Number) -> tuple[list[Number], list[Number]]:
            both = [riccati_bessel(n, z) for n in range(count + 1)]
            return [psi for psi, _ in both], [(psi - xi) / 1j for psi, xi in both]

        return _carried(x, m, count, values)


def _worked(x: Sequence[float], m: Sequence[complex], count: int, working: int) -> Pairs:
    with mp.workdps(working):

        def values(z: Number) -> tuple[list[Number], list[Number]]:
            psi = _upward(z, mp.sin(z), mp.sin(z) / z - mp.cos(z), count)
            return psi, _upward(z, mp.cos(z), mp.cos(z) / z + mp.sin(z), count)

        return _carried(x, m, count, values)


def _carried(x: Sequence[float], m: Sequence[complex], count: int, values: Any) -> Pairs:
    sizes = [mp.mpf(size) for size in x]
    indices = [mp.mpmathify(index) for index in m] + [mp.mpf(1)]
    electric, magnetic = ([(mp.mpf(1), mp.mpf(0))] * (count + 1) for _ in range(2))
    for size, inside, outside in zip(sizes, indices, indices[1:], strict=False):
        here, there = (_with_slopes(index * size, values) for index in (inside, outside))
        electric = [_through(p, h, t, inside, outside) for p, h, t in zip(electric, here, there, strict=True)]
        magnetic = [_through(p, h, t, 1 / inside, 1 / outside) for p, h, t in zip(magnetic, here, there, strict=True)]
    return _outgoing(electric), _outgoing(magnetic)


def _with_slopes(z: Number, values: Any) -> list[tuple[Number, Number, Number, Number]]:
    psi, chi = values(z)
    slopes = [[f[max(n - 1, 0)] - n * f[n] / z for n in range(len(f))] for f in (psi, chi)]
    return list(zip(psi, slopes[0], chi, slopes[1], strict=True))


def _through(pair: Any, here: Any, there: Any, inside: Number, outside: Number) -> tuple[Number, Number]:
    """(A, B) outside, from (A, B) inside: index * u and u' are continuous; psi chi' - psi' chi = -1."""
    psi, psi_slope, chi, chi_slope = here
    value, slope = inside * (pair[0] * psi + pair[1] * chi) / outside, pair[0] * psi_slope + pair[1] * chi_slope
    psi, psi_slope, chi, chi_slope = there
    return slope * chi - value * chi_slope, value * psi_slope - slope * psi


def _outgoing(pairs: list[tuple[Number, Number]]) -> list[Number]:
    """Coefficients from A psi + B chi = (A - i B)(psi - coefficient xi); nan where the digits do not suffice."""
    return [-1j * b / (a - 1j * b) if a - 1j * b else mp.nan for a, b in pairs[1:]]
