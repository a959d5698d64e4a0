"""The image of a point emitter by two-dimensional quadrature over the pupil, step by step from the formulas.

Time dependence exp(-i w t), light travels to the objective along z' = -z, x to the right, y down. The steps:

- far field of a dipole p in the medium (Novotny & Hecht 10.5): e_theta (p . e_theta) + e_phi (p . e_phi), with the direction
  s = (sin t cos phi, sin t sin phi, cos t) in (x, y, z') and e_theta = (cos t cos phi, cos t sin phi, -sin t)
- its plane waves (Weyl: far field over n cos t) pass the coverslip with Fresnel's coefficients, and become a far field in the
  immersion (times n_i cos t_i); power conservation at the aplanatic lens: over sqrt(cos t_i); the lens turns e_theta into e_rho
- phase k0 [(D + z) M(n) + t_g M(n_g) - t_g' M(n_g') + t_i M(n_i) - t_i' M(n_i')] with M(n) = sqrt(n^2 - s^2), the immersion's
  thickness that of a paraxial focus at depth D (Gibson & Lanni 1992, eq. 5 and the text before it)
- sum of the plane waves; |Ex|^2 + |Ey|^2, over the integral of the pupil of the same emitter at z = 0 (Parseval)
- a freely rotating emitter is the mean of three dipoles weighted by their power.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

Real = np.ndarray
Complex = np.ndarray


@dataclass(frozen=True)
class Optics:
    numerical_aperture: float
    wavelength: float
    pixel_size: float
    medium: float = 1.33
    immersion: float = 1.33
    coverslip: float = 1.5
    immersion_nominal: float | None = None
    coverslip_nominal: float | None = None
    coverslip_thickness: float = 170.0
    coverslip_thickness_nominal: float = 170.0
    working_distance: float = 100.0
    focus_depth: float | None = None
    stop: float = 0.0
    waist: float = np.inf
    vectorial: bool = True
    aplanatic: bool = True
    wavefront: Callable[[Real, Real], Real] | None = None  # micrometres at (rho_x, rho_y)

    @property
    def k0(self) -> float:
        return 2 * np.pi / self.wavelength

    @property
    def aperture(self) -> float:
        homogeneous = self.focus_depth is None
        return min(self.numerical_aperture, self.medium) if homogeneous else self.numerical_aperture


def gauss(count: int, low: float = -1.0, high: float = 1.0) -> tuple[Real, Real]:
    x, w = np.polynomial.legendre.leggauss(count)
    return low + (high - low) * (x + 1) / 2, w * (high - low) / 2


def polar_nodes(o: Optics, radial: int, angles: int) -> tuple[Real, Real, Real]:
    """(rho, phi, weight of rho drho dphi), dense at the ends of each interval, where branch points may be."""
    ends = [o.stop, 1.0]
    if o.focus_depth is not None and o.aperture > o.medium:
        ends.insert(1, o.medium / o.aperture)
    rho, weight = [], []
    for low, high in pairwise(ends):
        q, w = gauss(radial, 0.0, 1.0)
        for _ in range(2):
            q, w = q**2 * (3 - 2 * q), 6 * q * (1 - q) * w
        rho.append(low + (high - low) * q)
        weight.append((high - low) * w * rho[-1])
    phi = 2 * np.pi * np.arange(angles) / angles
    r, p = np.meshgrid(np.concatenate(rho), phi, indexing="ij")
    return r, p, np.repeat(np.concatenate(weight)[:, None], angles, 1) * 2 * np.pi / angles


def height(n: float, s: Real) -> Complex:
    return np.sqrt(n * n - s * s + 0j)


def path(o: Optics, z: float, s: Real) -> Complex:
    """Optical path in micrometres; its imaginary part is decay."""
    if o.focus_depth is None:
        return z * height(o.medium, s)
    i0, g0 = o.immersion_nominal or o.immersion, o.coverslip_nominal or o.coverslip
    tg, tg0, ti0, depth = o.coverslip_thickness, o.coverslip_thickness_nominal, o.working_distance, o.focus_depth
    ti = o.immersion * (ti0 / i0 + tg0 / g0 - tg / o.coverslip - depth / o.medium)
    glass = tg * height(o.coverslip, s) - tg0 * height(g0, s)
    return (depth + z) * height(o.medium, s) + glass + ti * height(o.immersion, s) - ti0 * height(i0, s)


def transmission(o: Optics, s: Real) -> tuple[Complex, Complex]:
    """What becomes of the far field's components along e_theta and e_phi."""
    if o.focus_depth is None:
        cosine = height(o.medium, s) / o.medium
        plain = 1 / np.sqrt(cosine) if o.aplanatic else np.ones_like(cosine)
        return plain, plain
    c1, c2, c3 = (height(n, s) / n for n in (o.medium, o.coverslip, o.immersion))
    n1, n2, n3 = o.medium, o.coverslip, o.immersion
    lens = 1 / np.sqrt(c3) if o.aplanatic else 1.0
    if not o.vectorial:
        return lens * np.ones_like(c3), lens * np.ones_like(c3)
    across = 2 * n1 * c1 / (n1 * c1 + n2 * c2) * 2 * n2 * c2 / (n2 * c2 + n3 * c3)
    along = 2 * n1 * c1 / (n2 * c1 + n1 * c2) * 2 * n2 * c2 / (n3 * c2 + n2 * c3)
    weyl = n3 * c3 / (n1 * c1) * lens
    return along * weyl, across * weyl


def pupil(o: Optics, dipole: Real | None, z: float, rho: Real, phi: Real) -> Complex:
    """(component, ...): Ex, Ey, or one for the scalar model."""
    s = rho * o.aperture
    along, across = transmission(o, s)
    phase = o.k0 * path(o, z, s)
    if o.wavefront is not None:
        phase = phase + o.k0 * o.wavefront(rho * np.cos(phi), rho * np.sin(phi))
    common = np.exp(1j * phase) * np.exp(-((rho / o.waist) ** 2))
    if not o.vectorial:
        return (along * common)[None]
    assert dipole is not None
    sine, cosine = s / o.medium, height(o.medium, s) / o.medium
    theta = np.stack([cosine * np.cos(phi), cosine * np.sin(phi), sine + 0j])  # z' = -z turns -sin t round
    azimuth = np.stack([-np.sin(phi), np.cos(phi), 0 * phi])
    e_rho = np.stack([np.cos(phi), np.sin(phi)])
    p = np.asarray(dipole, float)
    far_theta, far_phi = np.tensordot(p, theta, 1) * along, np.tensordot(p, azimuth, 1) * across
    return (far_theta * e_rho + far_phi * azimuth[:2]) * common


def density(
    o: Optics, z: float, x: Real, y: Real, dipole: Real | None = None, radial: int = 60, angles: int = 96
) -> Real:
    """Photons per square micrometre at (x, y) micrometres from an emitter of intensity 1; dipole None: freely rotating."""
    rho, phi, weight = polar_nodes(o, radial, angles)
    kx, ky = (o.k0 * o.aperture * rho * f(phi) for f in (np.cos, np.sin))
    waves = np.exp(1j * (np.multiply.outer(x, kx.ravel()) + np.multiply.outer(y, ky.ravel())))
    dipoles = [dipole] if dipole is not None or not o.vectorial else list(np.eye(3))
    light, total = np.zeros(np.shape(x)), 0.0
    for p in dipoles:
        at_zero = pupil(o, p, 0.0, rho, phi)
        total += (np.abs(at_zero) ** 2 * weight).sum()
        for component in pupil(o, p, z, rho, phi):
            light += np.abs(waves @ (component * weight).ravel()) ** 2
    return light * (o.k0 * o.aperture) ** 2 / (2 * np.pi) ** 2 / total


def pixels(o: Optics, emitter: tuple[float, float, float], at: Real, points: int = 10, dipole: Real | None = None,
           radial: int = 60, angles: int = 96) -> Real:  # fmt: skip
    """Photons in the pixels (row, column) of ``at`` (n, 2), by points x points Gauss points in each."""
    x0, y0, z = emitter
    q, w = gauss(points, -0.5, 0.5)
    y = (at[:, 0, None, None] + q[:, None] + 0 * q - y0) * o.pixel_size
    x = (at[:, 1, None, None] + q + 0 * q[:, None] - x0) * o.pixel_size
    light = density(o, z, x.ravel(), y.ravel(), dipole, radial, angles).reshape(x.shape)
    return np.einsum("nij,i,j->n", light, w, w) * o.pixel_size**2


def direction(polar: float, azimuth: float) -> Real:
    """Unit vector (x, y, z)."""
    return np.array([np.sin(polar) * np.cos(azimuth), np.sin(polar) * np.sin(azimuth), np.cos(polar)])
