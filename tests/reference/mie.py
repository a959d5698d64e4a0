"""Scattering by a sphere, literally as in Bohren & Huffman (1983), chapter 4, in mpmath arithmetic.

Time dependence exp(-i w t); relative index m = n + i k; size parameter x in the medium. Numbers come in as Python floats or
complex and are taken as they are, bit for bit; numbers go out as mpf and mpc with at least ``digits`` right digits.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import mpmath as mp

Number = Any  # mpmath's mpf and mpc


class Efficiencies(NamedTuple):
    extinction: Number
    scattering: Number
    backscattering: Number
    asymmetry: Number


def terms(x: float) -> int:
    """Terms after which the series has converged far below 1e-20 (Wiscombe's count, half as much again beyond x)."""
    return int(x + 8 * x ** (1 / 3) + 12)


def riccati_bessel(n: int, z: Number) -> tuple[Number, Number]:
    """psi_n(z) = z j_n(z) and xi_n(z) = z h_n^(1)(z), from mpmath's own Bessel functions."""
    half = mp.mpf(1) / 2
    factor = mp.sqrt(mp.pi * z / 2)
    psi = factor * mp.besselj(n + half, z)
    return psi, psi + 1j * factor * mp.bessely(n + half, z)


def literal_coefficients(x: float, m: complex, count: int, digits: int = 50) -> tuple[list[Number], list[Number]]:
    """a_n and b_n, n = 1 .. count (eq. 4.53), every Bessel function by itself; for small x."""
    with mp.workdps(digits + 20):
        size, index = mp.mpf(x), mp.mpmathify(m)
        outside = [riccati_bessel(n, size) for n in range(count + 1)]
        inside = [riccati_bessel(n, index * size)[0] for n in range(count + 1)]
        return _combine(size, index, inside, [o[0] for o in outside], [o[1] for o in outside])


def coefficients(x: float, m: complex, count: int | None = None, digits: int = 50) -> tuple[list[Number], list[Number]]:
    """a_n and b_n, n = 1 .. count, with psi and xi by upward recurrence.

    Upward, psi loses digits as n grows; so the same is done with 40 digits more, and both with more again until the two agree.
    """
    count = terms(x) if count is None else count
    working = digits + 40 + int(x**0.5)
    rough = _recurred(x, m, count, working)
    while True:
        fine = _recurred(x, m, count, working + 40)
        if _agree(rough, fine, digits):
            return fine
        working = int(1.6 * working)
        rough = _recurred(x, m, count, working)


def efficiencies(x: float, m: complex, digits: int = 50) -> Efficiencies:
    """Q_ext (4.62), Q_sca (4.61), Q_back (4.82) and g (from Q_sca <cos t>, p. 120)."""
    a, b = coefficients(x, m, terms(x) + 1, digits)
    return efficiencies_from(x, a, b, digits)


def efficiencies_from(x: float, a: Sequence[Number], b: Sequence[Number], digits: int = 50) -> Efficiencies:
    with mp.workdps(digits + 20):
        size = mp.mpf(x)
        extinction = scattering = backscattering = asymmetry = mp.mpf(0)
        for n in range(1, len(a)):
            an, bn, after_a, after_b = a[n - 1], b[n - 1], a[n], b[n]
            extinction += (2 * n + 1) * mp.re(an + bn)
            scattering += (2 * n + 1) * (abs(an) ** 2 + abs(bn) ** 2)
            backscattering += (2 * n + 1) * (-1) ** n * (an - bn)
            asymmetry += mp.mpf(n * (n + 2)) / (n + 1) * mp.re(an * mp.conj(after_a) + bn * mp.conj(after_b))
            asymmetry += mp.mpf(2 * n + 1) / (n * (n + 1)) * mp.re(an * mp.conj(bn))
        return Efficiencies(
            2 / size**2 * extinction,
            2 / size**2 * scattering,
            abs(backscattering) ** 2 / size**2,
            2 * asymmetry / scattering,
        )


def amplitudes(x: float, m: complex, cos_theta: float, digits: int = 50) -> tuple[Number, Number]:
    """S1 and S2 (4.74) at one angle."""
    a, b = coefficients(x, m, digits=digits)
    return amplitudes_from(a, b, cos_theta, digits)


def amplitudes_from(
    a: Sequence[Number], b: Sequence[Number], cos_theta: float, digits: int = 50
) -> tuple[Number, Number]:
    """S1 and S2 from the coefficients, with pi_n and tau_n by (4.47)."""
    with mp.workdps(digits + 20):
        mu = mp.mpf(cos_theta)
        before, now = mp.mpf(0), mp.mpf(1)
        s1 = s2 = mp.mpc(0)
        for n in range(1, len(a) + 1):
            if n > 1:
                before, now = now, ((2 * n - 1) * mu * now - n * before) / (n - 1)
            tau = n * mu * now - (n + 1) * before
            weight = mp.mpf(2 * n + 1) / (n * (n + 1))
            s1 += weight * (a[n - 1] * now + b[n - 1] * tau)
            s2 += weight * (a[n - 1] * tau + b[n - 1] * now)
        return s1, s2


def _recurred(x: float, m: complex, count: int, working: int) -> tuple[list[Number], list[Number]]:
    with mp.workdps(working):
        size, index = mp.mpf(x), mp.mpmathify(m)
        psi = _upward(size, mp.sin(size), mp.sin(size) / size - mp.cos(size), count)
        chi = _upward(size, mp.cos(size), mp.cos(size) / size + mp.sin(size), count)
        xi = [p - 1j * c for p, c in zip(psi, chi, strict=True)]
        inner = index * size
        inside = _upward(inner, mp.sin(inner), mp.sin(inner) / inner - mp.cos(inner), count)
        return _combine(size, index, inside, psi, xi)


def _upward(z: Number, first: Number, second: Number, count: int) -> list[Number]:
    values = [first, second]
    for n in range(1, count):
        values.append((2 * n + 1) / z * values[n] - values[n - 1])
    return values


def _combine(
    x: Number, m: Number, inside: list[Number], psi: list[Number], xi: list[Number]
) -> tuple[list[Number], list[Number]]:
    a, b = [], []
    for n in range(1, len(psi)):
        d_inside = inside[n - 1] - n * inside[n] / (m * x)
        d_psi = psi[n - 1] - n * psi[n] / x
        d_xi = xi[n - 1] - n * xi[n] / x
        a.append((m * inside[n] * d_psi - psi[n] * d_inside) / (m * inside[n] * d_xi - xi[n] * d_inside))
        b.append((inside[n] * d_psi - m * psi[n] * d_inside) / (inside[n] * d_xi - m * xi[n] * d_inside))
    return a, b


def _agree(rough: tuple[list[Number], list[Number]], fine: tuple[list[Number], list[Number]], digits: int) -> bool:
    bound = mp.mpf(10) ** -digits
    with mp.workdps(digits + 20):
        pairs = zip(rough[0] + rough[1], fine[0] + fine[1], strict=True)
        return all(abs(r - f) <= bound * abs(f) for r, f in pairs)
