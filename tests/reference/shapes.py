"""Ellipsoids with random outlines and grains, written from the formulas: point by point, in Python and SciPy."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import sph_harm_y

Real = NDArray[np.float64]
DEGREES = (2, 3, 4, 5)
OCTAVES = 3
MASK = 0xFFFFFFFF


def philox4x32(counter: Sequence[int], key: Sequence[int]) -> tuple[int, int, int, int]:
    """Philox4x32-10 (Salmon et al., SC'11)."""
    c, k = list(counter), list(key)
    for _ in range(10):
        first, second = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(second >> 32) ^ c[1] ^ k[0], second & MASK, (first >> 32) ^ c[3] ^ k[1], first & MASK]
        k = [(k[0] + 0x9E3779B9) & MASK, (k[1] + 0xBB67AE85) & MASK]
    return c[0], c[1], c[2], c[3]


class Stream:
    """The stream of one body: blocks of four words at (index, kind)."""

    def __init__(self, seed: int, address: Sequence[int]) -> None:
        words = np.random.Philox(key=seed, counter=[0, *address]).random_raw(2).tolist()
        halves = [half for word in words for half in (word & MASK, word >> 32)]
        self.key, self.high = halves[:2], halves[2:]

    def block(self, index: int, kind: int) -> tuple[int, int, int, int]:
        return philox4x32((index, kind, *self.high), self.key)

    def normals(self, count: int) -> list[float]:
        """Box and Muller's pairs."""
        values: list[float] = []
        for index in range((count + 1) // 2):
            a, b, c, d = self.block(index, 0)
            u, v = (((high << 32 | low) >> 12) / 2**52 + 2.0**-53 for low, high in ((a, b), (c, d)))
            radius = np.sqrt(-2 * np.log(u))
            values += [radius * np.cos(2 * np.pi * v), radius * np.sin(2 * np.pi * v)]
        return values[:count]


def outline(stream: Stream, deformation: float, direction: Real) -> Real:
    """1 + d f(u): real harmonics of degree 2 .. 5, the variance of degree l proportional to 1 / l^2; direction (..., 3)."""
    x, y, z = np.moveaxis(direction, -1, 0)
    theta, phi = np.arccos(np.clip(z, -1, 1)), np.arctan2(y, x)
    normal = iter(stream.normals(sum(2 * degree + 1 for degree in DEGREES)))
    total = sum(1 / degree**2 for degree in DEGREES)
    f = np.zeros(x.shape)
    for degree in DEGREES:
        sigma = np.sqrt(1 / degree**2 / total / (2 * degree + 1))
        for order in range(degree + 1):
            # without the sign (-1)^m of Condon and Shortley; mean square 1 over the sphere
            wave = np.sqrt(4 * np.pi) * (-1) ** order * sph_harm_y(degree, order, theta, phi)
            if order == 0:
                f += sigma * next(normal) * wave.real
            else:
                f += sigma * np.sqrt(2) * (next(normal) * wave.real + next(normal) * wave.imag)
    return 1 + deformation * np.clip(f, -2.5, 2.5)


def rotation(angles: Sequence[float]) -> Real:
    """About x (from +y towards +z), then about y (from +z towards +x), then about z (from +x towards +y)."""
    (a, b, c), cos, sin = angles, np.cos, np.sin
    about_x = np.array([[1, 0, 0], [0, cos(a), -sin(a)], [0, sin(a), cos(a)]])
    about_y = np.array([[cos(b), 0, sin(b)], [0, 1, 0], [-sin(b), 0, cos(b)]])
    about_z = np.array([[cos(c), -sin(c), 0], [sin(c), cos(c), 0], [0, 0, 1]])
    return np.asarray(about_z @ about_y @ about_x)


def inside(
    points: Real, centre: Real, radius: Real, angles: Sequence[float], stream: Stream, deformation: float
) -> NDArray[np.bool_]:
    """Whether points (..., 3), um, lie in the body."""
    q = (points - centre) @ rotation(angles) / radius
    r = np.maximum(np.linalg.norm(q, axis=-1), 1e-12)
    held = r < 1 - 2.5 * deformation
    near = ~held & (r < 1 + 2.5 * deformation)
    held[near] = r[near] < outline(stream, deformation, q[near] / r[near, None])
    return held


def volume(stream: Stream, deformation: float, radius: Real, nodes: int = 40) -> float:
    """Product of the radii times the integral of s^3 / 3 over the sphere."""
    z, weights = np.polynomial.legendre.leggauss(nodes)
    phi = 2 * np.pi * np.arange(2 * nodes) / (2 * nodes)
    rho = np.sqrt(1 - z**2)[:, None]
    direction = np.stack(np.broadcast_arrays(rho * np.cos(phi), rho * np.sin(phi), z[:, None]), axis=-1)
    s = outline(stream, deformation, direction)
    return float(np.prod(radius) * np.sum(weights[:, None] * s**3 / 3) * 2 * np.pi / (2 * nodes))


PRIMES = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D  # Teschner et al., VMV 2003: one for each axis
FAINTEST = 0.02  # amplitude, relative to the coarsest octave's, below which an octave is left out


def _gradient(point: Sequence[int]) -> list[float]:
    """Three components in [-1, 1) from the bits of lowbias32 (Wellons, 2018)."""
    word = 0
    for number, prime in zip(point, PRIMES, strict=True):
        word ^= number * prime & MASK
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B), (16, 1)):
        word = (word ^ (word >> shift)) * factor & MASK
    return [(part - 2**32 if part >= 2**31 else part) / 2**31 for part in (word << skip & MASK for skip in (0, 11, 22))]


def gradient_noise(point: Sequence[float], key: Sequence[int]) -> float:
    """One octave at a point in lattice steps: gradients of the eight corners, faded into each other."""
    cell = [int(np.floor(p)) for p in point]
    total = 0.0
    for corner in np.ndindex(2, 2, 2):
        gradient = _gradient([(c + d + k) & MASK for c, d, k in zip(cell, corner, key, strict=True)])
        distance = [p - c - d for p, c, d in zip(point, cell, corner, strict=True)]
        weight = np.prod([1 - t**3 * (t * (6 * t - 15) + 10) for t in np.abs(distance)])
        total += weight * sum(g * d for g, d in zip(gradient, distance, strict=True))
    return float(total)


def texture(stream: Stream, amplitude: float, scale: float, pixel_size: float, point: Sequence[float]) -> float:
    """The factor at a point of the body's own axes, um."""
    variance = 17527135 / 480729249 * sum(4.0**-octave for octave in range(OCTAVES))
    factor = 1.0
    for octave in range(OCTAVES):
        step = scale / 2**octave
        kept = np.clip(step / pixel_size - 1, 0, 1)
        if octave == 0:
            coarsest = kept
        if kept / 2**octave < FAINTEST * coarsest:
            continue
        shift = [word / 2**32 for word in stream.block(octave, 2)[:3]]
        place = [p / step + s for p, s in zip(point, shift, strict=True)]
        noise = gradient_noise(place, stream.block(octave, 1)[:3])
        factor += amplitude * kept / 2**octave * noise / np.sqrt(variance)
    return float(max(factor, 0.0))
