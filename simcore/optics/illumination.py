"""Where light comes from: plane waves that do not interfere with each other."""

from __future__ import annotations

import numpy as np

from simcore import kernels
from simcore.streams import Array


def _turn(angle: Array) -> tuple[Array, Array]:
    angle = np.asarray(angle, float)
    return kernels.elementary("cos", angle.ravel()).reshape(angle.shape), kernels.elementary(
        "sin", angle.ravel()
    ).reshape(angle.shape)


def tilted(angle: Array, azimuth: Array) -> Array:
    """Return one wave in each example at ``angle`` to the axis, in the medium; (example, 1, 3).

    It travels towards ``azimuth``, counted from +x towards +y.
    """
    sine = _turn(angle)[1]
    c, s = _turn(azimuth)
    return np.stack([sine * c, sine * s, np.ones_like(sine)], axis=-1)[:, None, :]


def ring(angle: Array, count: int) -> Array:
    """Return ``count`` waves at ``angle`` to the axis, in the medium, from all sides alike; (example, count, 3)."""
    c, s = _turn(2 * np.pi / count * (np.arange(count) + 0.5))
    sine = _turn(angle)[1][:, None]
    return np.stack([sine * c, sine * s, np.ones((len(sine), count))], axis=-1)


def condenser(sine: Array, rings: int) -> Array:
    """Return the waves (example, 4 rings^2, 3) that stand for a condenser's evenly filled aperture.

    ``sine`` (example,): NA of the condenser / index of the medium. The source is equally bright everywhere, so equal parts of
    the aperture have equal weight (Born & Wolf, Principles of Optics, ch. 10). Gauss points over the squared radius, equal
    steps around: exact for polynomials of degree 4 rings - 1 in the direction cosines. What lies R from a particle needs about
    3 + pi NA R / (2 wavelength) rings.
    """
    square, weight = _gauss(rings)
    c, s = _turn(2 * np.pi / (4 * rings) * (np.arange(4 * rings) + 0.5))
    radius = np.asarray(sine, float)[:, None, None] * np.sqrt(square)[:, None]
    weights = np.broadcast_to((weight / (4 * rings))[:, None], (len(radius), rings, 4 * rings))
    return np.stack([radius * c, radius * s, weights], axis=-1).reshape(len(radius), -1, 3)


def _gauss(count: int) -> tuple[Array, Array]:
    """Return the nodes and weights of Gauss and Legendre on 0 .. 1, the same on every machine: by Newton's iteration."""
    x = kernels.elementary("cos", np.pi * (np.arange(count) + 0.75) / (count + 0.5))
    slope = np.ones(count)
    for _ in range(8):
        before, now = np.ones(count), x
        for n in range(2, count + 1):
            before, now = now, ((2 * n - 1) * x * now - (n - 1) * before) / n
        slope = count * (before - x * now) / (1 - x * x)
        x = x - now / slope
    return (x + 1) / 2, 1 / ((1 - x * x) * slope * slope)
