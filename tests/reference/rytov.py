"""The scalar field behind a weak sphere, relative to the plane wave along +z that meets it: Born's and Rytov's first order.

Time dependence exp(-i w t). For (laplacian + k^2) u = -V u, V = k0^2 (n^2 - n_m^2) in the sphere, u0 = exp(i k z):

- Born (Born & Wolf, Principles of Optics, ch. 13.1): u_B(r) = u0 + Int exp(i k |r - r'|) / (4 pi |r - r'|) V u0(r') d3r'. With
  Weyl's plane waves, exp(i k R) / (4 pi R) = i / (8 pi^2) Int exp(i (k_x X + k_y Y + k_z |Z|)) / k_z dk_x dk_y, each behind the
  sphere has the amplitude i V F(q) / (2 k_z), F the Fourier integral of the sphere, 4 pi (sin qa - qa cos qa) / q^3, at the
  difference q of the wave vectors: 2 k sin(t / 2) on the Ewald sphere. In the angle t, k_perp dk_perp / k_z = k sin t dt, so
  the integral has no singularity; evanescent waves are left out (a wavelength behind the sphere they are).
- Rytov (ch. 13.5): u = u0 exp((u_B - u0) / u0). It sums what Born's order leaves out of a phase that grows beyond a radian.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import eval_legendre, j0, spherical_jn, spherical_yn

Complex = NDArray[np.complex128]
Real = NDArray[np.float64]


def born(rho: Real, distance: float, radius: float, index: complex, medium: float, wavelength: float) -> Complex:
    """(u_B - u0) / u0 at ``rho`` from the axis, ``distance`` behind the centre; lengths in micrometres, distance > radius."""
    vacuum = 2 * np.pi / wavelength
    k = vacuum * medium
    count = int(k * (rho.max() + distance + 2 * radius)) + 60
    nodes, weights = np.polynomial.legendre.leggauss(count)
    angle, weights = np.pi / 4 * (nodes + 1), np.pi / 4 * weights
    q = 2 * k * np.sin(angle / 2)
    form = 4 * np.pi * (np.sin(q * radius) - q * radius * np.cos(q * radius)) / q**3
    phase = np.exp(1j * k * distance * (np.cos(angle) - 1))
    waves = weights * k * np.sin(angle) * form * phase * 1j / (4 * np.pi) * vacuum**2 * (index**2 - medium**2)
    return np.asarray(j0(np.multiply.outer(rho, k * np.sin(angle))) @ waves)


def rytov(rho: Real, distance: float, radius: float, index: complex, medium: float, wavelength: float) -> Complex:
    """Return u / u0 to Rytov's first order, as `born`."""
    return np.asarray(np.exp(born(rho, distance, radius, index, medium, wavelength)))


def partial_waves(rho: Real, distance: float, radius: float, index: float, medium: float, wavelength: float) -> Complex:
    """Return u / u0 exactly, as `born`: u = sum (2 n + 1) i^n (j_n + b_n h_n)(k r) P_n(cos t), smooth at the rim."""
    k = 2 * np.pi / wavelength * medium
    x, m = k * radius, index / medium
    n = np.arange(int(x + 5 * x ** (1 / 3)) + 12)
    j, slope, inside, turn = (spherical_jn(n, a, d) for a in (x, m * x) for d in (False, True))
    h, h_slope = j + 1j * spherical_yn(n, x), slope + 1j * spherical_yn(n, x, True)
    b = -(m * turn * j - inside * slope) / (m * turn * h - inside * h_slope)
    r = np.hypot(rho, distance)[:, None]
    outgoing = spherical_jn(n, k * r) + 1j * spherical_yn(n, k * r)
    waves = (2 * n + 1) * (1j**n) * b * outgoing * eval_legendre(n, distance / r)
    return np.asarray(1 + waves.sum(axis=1) * np.exp(-1j * k * distance))
