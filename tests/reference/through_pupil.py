"""Spheres through a pupil of any shape, under a plane wave from any direction, by two-dimensional quadrature.

As hologram.py, with the same conventions and no step shortened, and in addition:

- the light comes along the unit vector s0; a condenser turns the Jones vector, given on the axis, into the plane across it
- the field of a sphere at r = (x, y, -z) has the phases exp(i k s0 . r) of the light that reaches it and exp(-i k s . r) of
  the light that leaves it
- the plane of scattering is that of s0 and s: e_par = (s - (s . s0) s0) / sin Theta, e_perp = e_par x s0, e_theta = s x e_perp
- each direction passes the pupil P(rho_x, rho_y), rho = n s / NA
- everything is divided by what the light itself becomes: P(s0) sqrt(s0_z) exp(i k (s0_x X + s0_y Y)) J.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from .hologram import Complex, Real, Scene, rotations_about_y, rotations_about_z, sphere_amplitudes

Pupil = Callable[[Real, Real], Complex]


class View(NamedTuple):
    """What the image is seen through: the pupil, the direction cosines of the light, and its Jones vector."""

    pupil: Pupil = lambda x, y: np.ones(np.shape(x), complex)
    tilt: tuple[float, float] = (0.0, 0.0)
    jones: tuple[complex, complex] = (1.0, 0.0)


def wavefront_pupil(wavefront: Callable[[Real, Real], Real], wavelength: float) -> Pupil:
    """The pupil of a wavefront given in polar coordinates (rho, azimuth), in micrometres."""
    return lambda x, y: np.exp(2j * np.pi * wavefront(np.hypot(x, y), np.arctan2(y, x)) / wavelength)


def turned(vectors: Complex, theta: Real, phi: Real, sign: float) -> Complex:
    """Vectors turned about e_phi: from the axis to the direction (sign 1) or back (sign -1)."""
    turn = rotations_about_z(phi) @ rotations_about_y(sign * theta) @ rotations_about_z(-phi)
    return (turn @ vectors[..., None])[..., 0]


def scattered_vectors(scene: Scene, view: View, theta: Real, phi: Real) -> Complex:
    """Amplitude in each direction, turned into image space: (directions, 3)."""
    x, y = view.tilt
    s0 = np.array([x, y, np.sqrt(1 - x * x - y * y)])
    tilt, azimuth = np.array(np.arcsin(np.hypot(x, y))), np.array(np.arctan2(y, x))
    polarization = turned(np.array([*view.jones, 0.0], complex), tilt, azimuth, 1.0)
    s = np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)], axis=-1)
    cosine = s @ s0
    e_parallel = s - cosine[:, None] * s0
    e_parallel = e_parallel / np.linalg.norm(e_parallel, axis=-1, keepdims=True)
    e_perpendicular = np.cross(e_parallel, s0)
    e_theta = np.cross(s, e_perpendicular)
    s1, s2 = sphere_amplitudes(scene, cosine)
    along, across = s2 * (e_parallel @ polarization), s1 * (e_perpendicular @ polarization)
    return turned(along[:, None] * e_theta + across[:, None] * e_perpendicular, theta, phi, -1.0)


def field(scene: Scene, view: View, x: Real, y: Real, more: float = 1.0) -> Complex:
    """E_x, E_y of the scattered wave over the empty field at the points x[i], y[i] (pixels): (points, 2)."""
    k, p = scene.wavenumber, scene.pixel_size
    reach = p * float(np.hypot(np.abs(x - scene.x).max(), np.abs(y - scene.y).max()))
    largest = scene.largest_angle
    oscillation = k * (reach * np.sin(largest) + abs(scene.z) * (1 - np.cos(largest)) + 2 * scene.radius * largest)
    nodes, weights = np.polynomial.legendre.leggauss(int(more * (0.6 * oscillation + 40)))
    steps = int(more * (2.1 * k * (reach + 2 * scene.radius) * np.sin(largest) + 48))
    theta, phi = np.meshgrid(largest / 2 * (nodes + 1), 2 * np.pi * (np.arange(steps) + 0.5) / steps, indexing="ij")
    area = np.repeat(largest / 2 * weights * 2 * np.pi / steps, steps) * np.sin(theta.ravel())
    theta, phi = theta.ravel(), phi.ravel()
    sx, sy, sz = np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)
    tx, ty = view.tilt
    tz = np.sqrt(1 - tx * tx - ty * ty)
    scale = scene.refractive_index_medium / scene.numerical_aperture
    through = view.pupil(scale * sx, scale * sy)
    empty = view.pupil(np.array(scale * tx), np.array(scale * ty)) if scale * np.hypot(tx, ty) <= 1 else np.array(1.0)
    path = np.exp(1j * k * ((tx - sx) * p * scene.x + (ty - sy) * p * scene.y + (sz - tz) * scene.z))
    factor = -1 / (2 * np.pi) * area * np.sqrt(sz) / np.sqrt(tz) * path * through / empty
    vectors = factor[:, None] * scattered_vectors(scene, view, theta, phi)[:, :2]
    phases = np.exp(1j * k * p * (np.outer(x, sx - tx) + np.outer(y, sy - ty)))
    return phases @ vectors


def pixel_points(rows: Sequence[int], columns: Sequence[int], nodes: int) -> tuple[Real, Real, Real]:
    """x, y (pixel, node) and weights of Gauss points over each pixel."""
    points, weights = np.polynomial.legendre.leggauss(nodes)
    dy, dx = np.meshgrid(points / 2, points / 2, indexing="ij")
    x, y = np.array(columns)[:, None] + dx.ravel(), np.array(rows)[:, None] + dy.ravel()
    return x, y, np.outer(weights, weights).ravel() / 4


def pixel_fields(
    scenes: Sequence[Scene], view: View, rows: Sequence[int], columns: Sequence[int], nodes: int, more: float = 1.0
) -> tuple[Complex, Real]:
    """The sum of the fields of several spheres: (pixel, node, 2), and the weights of the nodes."""
    x, y, weights = pixel_points(rows, columns, nodes)
    total = sum(field(scene, view, x.ravel(), y.ravel(), more) for scene in scenes)
    return np.asarray(total).reshape(*x.shape, 2), weights


def intensity(
    scenes: Sequence[Scene],
    view: View,
    rows: Sequence[int],
    columns: Sequence[int],
    nodes: int = 6,
    transmitted: bool = True,
    analyser: tuple[complex, complex] | None = None,
) -> Real:
    """The mean over each pixel of |J + E|^2, or of its component along the analyser."""
    fields, weights = pixel_fields(scenes, view, rows, columns, nodes)
    total = fields + transmitted * np.array(view.jones)
    if analyser is not None:
        total = (total @ np.conj(np.array(analyser)))[..., None]
    return np.sum(np.abs(total) ** 2, axis=-1) @ weights


def mean_field(
    scenes: Sequence[Scene], view: View, rows: Sequence[int], columns: Sequence[int], nodes: int = 6
) -> Complex:
    """The mean over each pixel of the scattered E_x, E_y: (pixel, 2)."""
    fields, weights = pixel_fields(scenes, view, rows, columns, nodes)
    return np.einsum("pnc,n->pc", fields, weights)
