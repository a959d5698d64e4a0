"""The image of a sphere by two-dimensional quadrature over the directions that the objective collects.

Time dependence exp(-i w t). Detected light travels along +z' = (0, 0, 1), x to the right, y down; a sphere at z > 0 lies that
far upstream of the focal plane. The steps, none of them shortened:

- far field of the sphere, for unit incident field p at its centre (Bohren & Huffman 3.12, 4.74 .. 4.75), e_i the direction
  of the incident wave, s that of the scattered one, both e_par in the plane that they span:
  E = exp(ikr) / (-ikr) [S2 (p . e_par_i) e_par_s + S1 (p . e_perp) e_perp],  e_perp = e_par_i x e_i,  e_par_s = s x e_perp
- its angular spectrum (Novotny & Hecht ch. 3: E_far = -2 pi i k s_z E^(kx, ky) exp(ikr) / r), so that a plane at distance z
  downstream holds  -1/(2 pi) Int S(theta, phi) exp(i k (X s_x + Y s_y + z s_z)) sin t dt dphi
- aplanatic objective: each direction is turned about e_phi into the axis (magnification is large, so no E_z is left) and
  weighted by sqrt(cos t); the wave on the axis keeps its amplitude
- pupil: exp(2 pi i W(rho) / wavelength - (rho / waist)^2), opaque below rho = stop, rho = n sin t / NA; a medium of another
  index than the immersion's adds the paths through both layers (Gibson & Lanni 1992), focus_depth n_i / n being the thickness
  by which the immersion was shortened to focus at focus_depth
- transmitted light: the incident wave travels along +z' and is 1 in the focal plane, hence exp(-ikz) at the sphere; it is
  the reference. Backwards: it travels along -z', hence exp(+ikz) at the sphere, and the reference is what is reflected at
  z = reflector, exp(2ikz) there and back to the focal plane; everything is relative to it (Taylor & Sandoghdar, Nano
  Lett. 19, 4827 (2019)), its amplitude is `reference`
- |E_x|^2 + |E_y|^2, or |analyzer* . E|^2; mean over the pixel's area by Gauss-Legendre points.
"""

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import mie

Complex = NDArray[np.complex128]
Real = NDArray[np.float64]
Amplitudes = Callable[[Real], tuple[Complex, Complex]]


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
    jones: tuple[complex, complex] | None = None  # instead of the angle
    analyzer: tuple[complex, complex] | None = None
    reference: complex = 1.0
    wavefront: tuple[float, ...] = ()  # micrometres, of rho^2, rho^4, ...
    waist: float = np.inf
    stop: float = 0.0
    refractive_index_immersion: float | None = None
    focus_depth: float = 0.0
    backward: bool = False
    reflector: float = 0.0

    @property
    def wavenumber(self) -> float:
        return 2 * np.pi * self.refractive_index_medium / self.wavelength

    @property
    def largest_angle(self) -> float:
        return float(np.arcsin(min(1.0, self.numerical_aperture / self.refractive_index_medium)))

    @property
    def smallest_angle(self) -> float:
        return float(np.arcsin(min(1.0, self.stop * self.numerical_aperture / self.refractive_index_medium)))

    @property
    def states(self) -> list[Complex]:
        """Jones vectors of equal weight."""
        if self.jones is not None:
            return [np.array(self.jones)]
        angles = (0.0, np.pi / 2) if self.polarization_angle is None else (self.polarization_angle,)
        return [linear(angle) for angle in angles]

    @property
    def empty(self) -> complex:
        """Amplitude of the wave on the axis."""
        return self.reference if self.stop == 0 else 0.0


BASE = Scene(
    x=12.3,
    y=9.6,
    z=1.2,
    radius=0.4,
    refractive_index=1.59,
    numerical_aperture=1.1,
    wavelength=0.53,
    pixel_size=0.1,
    refractive_index_medium=1.33,
    polarization_angle=0.4,
)


def linear(angle: float) -> Complex:
    """Jones vector of light polarized at an angle."""
    return np.array([np.cos(angle), np.sin(angle)], complex)


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


def collected_vectors(theta: Real, phi: Real, backward: bool, amplitudes: Amplitudes, jones: Complex) -> Complex:
    """The scattered vector amplitude in each direction, turned into image space: (..., 3), the last component zero."""
    incident = np.array([0.0, 0.0, -1.0 if backward else 1.0])
    polarization = np.array([*jones, 0.0])
    outgoing = np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)], axis=-1)
    cosine = outgoing @ incident
    across_axis = outgoing - cosine[..., None] * incident
    e_parallel = across_axis / np.linalg.norm(across_axis, axis=-1, keepdims=True)
    e_perpendicular = np.cross(e_parallel, incident)
    s1, s2 = amplitudes(cosine[:, 0])
    parallel = s2[:, None] * (e_parallel @ polarization)
    perpendicular = s1[:, None] * (e_perpendicular @ polarization)
    scattered = parallel[..., None] * np.cross(outgoing, e_perpendicular) + perpendicular[..., None] * e_perpendicular
    into_axis = rotations_about_z(phi) @ rotations_about_y(-theta) @ rotations_about_z(-phi)
    return np.asarray((into_axis @ scattered[..., None])[..., 0])


def pupil(scene: Scene, theta: Real) -> Complex:
    """What the pupil and the layers do to each direction, relative to the axis."""
    rho = scene.refractive_index_medium * np.sin(theta) / scene.numerical_aperture
    path = sum(c * rho ** (2 * k) for k, c in enumerate(scene.wavefront, 1))
    if scene.refractive_index_immersion is not None:
        n, immersion = scene.refractive_index_medium, scene.refractive_index_immersion
        inside = np.sqrt(1 - (n * np.sin(theta) / immersion) ** 2)
        path = path + n * scene.focus_depth * (np.cos(theta) - 1)
        path = path - immersion * (scene.focus_depth * immersion / n) * (inside - 1)
    return np.asarray(np.exp(2j * np.pi / scene.wavelength * path - (rho / scene.waist) ** 2))


def travel(scene: Scene, theta: Real) -> Complex:
    """Phase of the way by which light comes to the sphere and from there to the focal plane, relative to the reference."""
    k, z = scene.wavenumber, scene.z
    to_sphere = np.exp(1j * k * z) if scene.backward else np.exp(-1j * k * z)
    reference = np.exp(2j * k * scene.reflector) if scene.backward else 1.0
    return np.asarray(to_sphere * np.exp(1j * k * z * np.cos(theta)) / reference)


def directions(scene: Scene, reach: float, more: float) -> tuple[Real, Real, Real]:
    """Nodes theta, phi and their weights: Gauss-Legendre in theta, equal steps in phi; ``reach``: farthest point asked for."""
    k, largest, smallest = scene.wavenumber, scene.largest_angle, scene.smallest_angle
    depth = abs(scene.z) + (0.0 if scene.refractive_index_immersion is None else 2 * scene.focus_depth)
    oscillation = k * (reach * np.sin(largest) + depth * (1 - np.cos(largest)) + 2 * scene.radius * largest)
    oscillation += 2 * np.pi / scene.wavelength * sum(2 * k * abs(c) for k, c in enumerate(scene.wavefront, 1))
    nodes, weights = np.polynomial.legendre.leggauss(int(more * (0.6 * oscillation + 24)))
    v, weights = (nodes + 1) / 2, weights / 2
    if scene.refractive_index_immersion is None:
        theta, weights = smallest + (largest - smallest) * v, (largest - smallest) * weights
    else:  # the path through the immersion may begin like a square root at the rim
        theta, weights = largest - (largest - smallest) * v**2, 2 * (largest - smallest) * v * weights
    steps = int(more * (2.1 * k * reach * np.sin(largest) + 32))
    phi = 2 * np.pi * np.arange(steps) / steps
    return theta, phi, np.outer(weights, np.full(steps, 2 * np.pi / steps))


def angular_spectrum(scene: Scene, theta: Real, phi: Real, jones: Complex, amplitudes: Amplitudes) -> Complex:
    """-1/(2 pi) S_vec sqrt(cos t) sin t times pupil and phases in all directions: (theta, phi, 3)."""
    tilts, turns = np.meshgrid(theta, phi, indexing="ij")
    vectors = collected_vectors(tilts, turns, scene.backward, amplitudes, jones)
    factor = -1 / (2 * np.pi) * np.sqrt(np.cos(theta)) * np.sin(theta) * pupil(scene, theta) * travel(scene, theta)
    return np.asarray(factor[:, None, None] * vectors)


def scattered_field(
    scene: Scene,
    jones: Complex,
    x_points: Sequence[Real],
    y_points: Sequence[Real],
    more: float = 1.0,
    amplitudes: Amplitudes | None = None,
) -> list[Complex]:
    """E_x, E_y of the scattered wave on grids x_points[i] (x) y_points[i] (micrometres from the sphere).

    ``amplitudes``: S1 and S2 of the cosine of the scattering angle, instead of the sphere's.
    """
    reach = max(float(np.hypot(np.abs(x).max(), np.abs(y).max())) for x, y in zip(x_points, y_points, strict=True))
    theta, phi, weights = directions(scene, reach, more)
    own = partial(sphere_amplitudes, scene)
    spectrum = weights[:, :, None] * angular_spectrum(scene, theta, phi, jones, amplitudes or own)
    kx = scene.wavenumber * np.outer(np.sin(theta), np.cos(phi)).ravel()
    ky = scene.wavenumber * np.outer(np.sin(theta), np.sin(phi)).ravel()
    fields = []
    for x, y in zip(x_points, y_points, strict=True):
        along_x, along_y = np.exp(1j * np.outer(x, kx)), np.exp(1j * np.outer(y, ky))
        components = [(along_y * spectrum[:, :, c].ravel()) @ along_x.T for c in (0, 1)]
        fields.append(np.stack(components, axis=-1))
    return fields


def seen(scene: Scene, field: Complex) -> Complex:
    """E_x and E_y, or the one component that the analyzer passes."""
    return field if scene.analyzer is None else field @ np.conj(np.array(scene.analyzer))[:, None]


def pixel_points(scene: Scene, rows: Sequence[int], columns: Sequence[int], nodes: int) -> tuple[Any, Any, Real]:
    """Points in the pixels (rows[i], columns[i]), micrometres from the sphere, and their weights."""
    points, weights = np.polynomial.legendre.leggauss(nodes)
    x_points = [(column + points / 2 - scene.x) * scene.pixel_size for column in columns]
    y_points = [(row + points / 2 - scene.y) * scene.pixel_size for row in rows]
    return x_points, y_points, np.outer(weights, weights) / 4


def intensity(
    scene: Scene,
    rows: Sequence[int],
    columns: Sequence[int],
    nodes: int = 8,
    more: float = 1.0,
    amplitudes: Amplitudes | None = None,
) -> Real:
    """The image at pixels (rows[i], columns[i]): mean of |E_x|^2 + |E_y|^2 over each pixel."""
    x_points, y_points, mean = pixel_points(scene, rows, columns, nodes)
    result = np.zeros(len(rows))
    for jones in scene.states:
        fields = scattered_field(scene, jones, x_points, y_points, more, amplitudes)
        for i, field in enumerate(fields):
            both = seen(scene, scene.empty * jones + field)
            result[i] += np.sum(mean * np.sum(np.abs(both) ** 2, axis=-1)) / len(scene.states)
    return result


def pixel_field(
    scene: Scene, rows: Sequence[int], columns: Sequence[int], nodes: int = 8, more: float = 1.0
) -> Complex:
    """The field at pixels (rows[i], columns[i]): mean of each component over each pixel."""
    x_points, y_points, mean = pixel_points(scene, rows, columns, nodes)
    (jones,) = scene.states
    fields = scattered_field(scene, jones, x_points, y_points, more)
    return np.stack([np.tensordot(mean, seen(scene, scene.empty * jones + field), 2) for field in fields])


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
