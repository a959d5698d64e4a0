"""The image of a sphere by two-dimensional quadrature over the directions that the objective collects.

Time dependence exp(-i w t). Light travels along +z' = (0, 0, 1), x to the right, y down; a sphere at z > 0 lies that far
upstream of the focal plane. The steps, none of them shortened:

- far field of the sphere, for unit incident field p at its centre (Bohren & Huffman 3.12, 4.74 .. 4.75):
  E = exp(ikr) / (-ikr) [S2 (p . e_par) e_theta + S1 (p . e_perp) e_perp],  e_perp = e_par x e_z'
- its angular spectrum (Novotny & Hecht ch. 3: E_far = -2 pi i k s_z E^(kx, ky) exp(ikr) / r), so that a plane at distance z
  downstream holds  -1/(2 pi) Int S(theta, phi) exp(i k (X s_x + Y s_y + z s_z)) sin t dt dphi
- aplanatic objective: each direction is turned about e_phi into the axis (magnification is large, so no E_z is left) and
  weighted by sqrt(cos t); the plane wave on the axis keeps its amplitude, so everything is relative to the empty field
- the incident wave is 1 in the focal plane, hence exp(-ikz) at the sphere
- |E_x|^2 + |E_y|^2, mean over the pixel's area by Gauss-Legendre points.
"""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import mie

Complex = NDArray[np.complex128]
Real = NDArray[np.float64]


class Scene(NamedTuple):
    """One sphere under one objective; lengths in micrometres, x and y in pixels, the polarisation in radians or None."""

    x: float
    y: float
    z: float
    radius: float
    refractive_index: complex
    numerical_aperture: float
    wavelength: float
    pixel_size: float
    refractive_index_medium: float
    polarization_angle: float | None = 0.0

    @property
    def wavenumber(self) -> float:
        return 2 * np.pi * self.refractive_index_medium / self.wavelength

    @property
    def largest_angle(self) -> float:
        return float(np.arcsin(min(1.0, self.numerical_aperture / self.refractive_index_medium)))


@cache
def series(size: float, relative: complex) -> tuple[Complex, Complex]:
    """Return a_n and b_n, rounded to double precision."""
    a, b = mie.coefficients(size, relative, digits=30)
    return np.array([complex(value) for value in a]), np.array([complex(value) for value in b])


def sphere_amplitudes(scene: Scene, cos_theta: Real) -> tuple[Complex, Complex]:
    """S1, S2 at many angles: coefficients in mpmath, the sum over pi_n and tau_n in double precision."""
    a, b = series(scene.wavenumber * scene.radius, scene.refractive_index / scene.refractive_index_medium)
    before, now = np.zeros_like(cos_theta), np.ones_like(cos_theta)
    s1 = np.zeros(cos_theta.shape, complex)
    s2 = np.zeros(cos_theta.shape, complex)
    for n in range(1, len(a) + 1):
        if n > 1:
            before, now = now, ((2 * n - 1) * cos_theta * now - n * before) / (n - 1)
        tau = n * cos_theta * now - (n + 1) * before
        s1 += (2 * n + 1) / (n * (n + 1)) * (a[n - 1] * now + b[n - 1] * tau)
        s2 += (2 * n + 1) / (n * (n + 1)) * (a[n - 1] * tau + b[n - 1] * now)
    return s1, s2


def rotations_about_z(angle: Real) -> Real:
    cos, sin, zero = np.cos(angle), np.sin(angle), np.zeros_like(angle)
    return np.stack([cos, -sin, zero, sin, cos, zero, zero, zero, zero + 1], axis=-1).reshape(*angle.shape, 3, 3)


def rotations_about_y(angle: Real) -> Real:
    cos, sin, zero = np.cos(angle), np.sin(angle), np.zeros_like(angle)
    return np.stack([cos, zero, sin, zero, zero + 1, zero, -sin, zero, cos], axis=-1).reshape(*angle.shape, 3, 3)


def collected_vectors(theta: Real, phi: Real, s1: Complex, s2: Complex, polarization: Real) -> Complex:
    """The scattered vector amplitude in each direction, turned into image space: (..., 3), the last component zero."""
    zero = np.zeros_like(phi)
    e_parallel = np.stack([np.cos(phi), np.sin(phi), zero], axis=-1)
    e_perpendicular = np.cross(e_parallel, np.array([0.0, 0.0, 1.0]))
    e_theta = np.stack([np.cos(theta) * np.cos(phi), np.cos(theta) * np.sin(phi), -np.sin(theta)], axis=-1)
    parallel, perpendicular = s2 * (e_parallel @ polarization), s1 * (e_perpendicular @ polarization)
    scattered = parallel[..., None] * e_theta + perpendicular[..., None] * e_perpendicular
    into_axis = rotations_about_z(phi) @ rotations_about_y(-theta) @ rotations_about_z(-phi)
    return (into_axis @ scattered[..., None])[..., 0]


def directions(scene: Scene, reach: float, more: float) -> tuple[Real, Real, Real]:
    """Nodes theta, phi and their weights: Gauss-Legendre in theta, equal steps in phi; ``reach``: farthest point asked for."""
    k, largest = scene.wavenumber, scene.largest_angle
    oscillation = k * (reach * np.sin(largest) + abs(scene.z) * (1 - np.cos(largest)) + 2 * scene.radius * largest)
    nodes, weights = np.polynomial.legendre.leggauss(int(more * (0.6 * oscillation + 24)))
    theta, weights = largest / 2 * (nodes + 1), largest / 2 * weights
    steps = int(more * (2.1 * k * reach * np.sin(largest) + 32))
    phi = 2 * np.pi * np.arange(steps) / steps
    return theta, phi, np.outer(weights, np.full(steps, 2 * np.pi / steps))


def angular_spectrum(scene: Scene, theta: Real, phi: Real, polarization: Real) -> Complex:
    """-1/(2 pi) S_vec sqrt(cos t) sin t exp(ikz (cos t - 1)) in all directions: (theta, phi, 3)."""
    s1, s2 = sphere_amplitudes(scene, np.cos(theta))
    tilts, turns = np.meshgrid(theta, phi, indexing="ij")
    vectors = collected_vectors(tilts, turns, s1[:, None], s2[:, None], polarization)
    defocus = np.exp(1j * scene.wavenumber * scene.z * (np.cos(theta) - 1))
    factor = -1 / (2 * np.pi) * np.sqrt(np.cos(theta)) * np.sin(theta) * defocus
    return factor[:, None, None] * vectors


def scattered_field(
    scene: Scene, angle: float, x_points: Sequence[Real], y_points: Sequence[Real], more: float = 1.0
) -> list[Complex]:
    """E_x, E_y of the scattered wave over the empty field, on grids x_points[i] (x) y_points[i] (micrometres from the sphere)."""
    reach = max(float(np.hypot(np.abs(x).max(), np.abs(y).max())) for x, y in zip(x_points, y_points, strict=True))
    theta, phi, weights = directions(scene, reach, more)
    polarization = np.array([np.cos(angle), np.sin(angle), 0])
    spectrum = weights[:, :, None] * angular_spectrum(scene, theta, phi, polarization)
    kx = scene.wavenumber * np.outer(np.sin(theta), np.cos(phi)).ravel()
    ky = scene.wavenumber * np.outer(np.sin(theta), np.sin(phi)).ravel()
    fields = []
    for x, y in zip(x_points, y_points, strict=True):
        along_x, along_y = np.exp(1j * np.outer(x, kx)), np.exp(1j * np.outer(y, ky))
        components = [(along_y * spectrum[:, :, c].ravel()) @ along_x.T for c in (0, 1)]
        fields.append(np.stack(components, axis=-1))
    return fields


def intensity(scene: Scene, rows: Sequence[int], columns: Sequence[int], nodes: int = 8, more: float = 1.0) -> Real:
    """The image at pixels (rows[i], columns[i]): mean of |E_x|^2 + |E_y|^2 over each pixel."""
    angles = (0.0, np.pi / 2) if scene.polarization_angle is None else (scene.polarization_angle,)
    points, weights = np.polynomial.legendre.leggauss(nodes)
    x_points = [(column + points / 2 - scene.x) * scene.pixel_size for column in columns]
    y_points = [(row + points / 2 - scene.y) * scene.pixel_size for row in rows]
    mean = np.outer(weights, weights) / 4
    result = np.zeros(len(rows))
    for angle in angles:
        empty = np.array([np.cos(angle), np.sin(angle)])
        for i, field in enumerate(scattered_field(scene, angle, x_points, y_points, more)):
            result[i] += np.sum(mean * np.sum(np.abs(empty + field) ** 2, axis=-1)) / len(angles)
    return result


def incoherent(scene: Scene, wavelengths: Sequence[float], rows: Sequence[int], columns: Sequence[int]) -> Real:
    """The mean of the images at several wavelengths, equal weights."""
    images = [intensity(scene._replace(wavelength=wavelength), rows, columns) for wavelength in wavelengths]
    return np.asarray(np.mean(images, axis=0))


def collected_cross_section(scene: Scene, count: int = 400) -> float:
    """Scattered power inside the cone over the incident irradiance, from S1 and S2: (pi / k^2) Int (|S1|^2 + |S2|^2) sin t dt."""
    nodes, weights = np.polynomial.legendre.leggauss(count)
    theta = scene.largest_angle / 2 * (nodes + 1)
    s1, s2 = sphere_amplitudes(scene, np.cos(theta))
    power = scene.largest_angle / 2 * np.sum(weights * (np.abs(s1) ** 2 + np.abs(s2) ** 2) * np.sin(theta))
    return float(np.pi / scene.wavenumber**2 * power)


def extinction_cross_section(scene: Scene) -> float:
    """(4 pi / k^2) Re S(0) (Bohren & Huffman 4.76)."""
    s1, _ = sphere_amplitudes(scene, np.array([1.0]))
    return float(4 * np.pi / scene.wavenumber**2 * s1[0].real)
