"""Mie's solution for direct use: coefficients, efficiencies, amplitudes of a homogeneous sphere.

Conventions of Bohren & Huffman, Absorption and Scattering of Light by Small Particles (1983), ch. 4: time dependence
exp(-i w t), so an absorbing sphere has an index n + 1j * k with k > 0. The size parameter is 2 pi n_medium radius / wavelength,
the relative index that of the sphere over that of the medium.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from simcore import kernels
from simcore.errors import ParameterError

Array = np.ndarray


class Efficiencies(NamedTuple):
    """Cross sections over the geometric one, and the mean cosine of the scattering angle."""

    extinction: Array
    scattering: Array
    backscattering: Array
    asymmetry: Array


def coefficients(size_parameter: ArrayLike, relative_index: ArrayLike) -> tuple[Array, Array]:
    """Return a_n and b_n, complex arrays (..., n - 1) for the broadcast shape of the arguments, zero past the last needed.

    Raises
    ------
    ParameterError
        If a size parameter is not > 0, or an index has no positive real or a negative imaginary part.
    """
    x, m = _checked(size_parameter, relative_index)
    terms = int(kernels.mie_terms(x.ravel()).max())
    a, b = kernels.mie_coefficients(x.ravel(), m.ravel(), terms)
    return a.reshape(*x.shape, terms), b.reshape(*x.shape, terms)


def efficiencies(size_parameter: ArrayLike, relative_index: ArrayLike) -> Efficiencies:
    """Return extinction, scattering and backscattering efficiencies and the asymmetry parameter (ch. 4.4).

    Raises
    ------
    ParameterError
        As `coefficients`.
    """
    x, _ = _checked(size_parameter, relative_index)
    a, b = coefficients(size_parameter, relative_index)
    n = np.arange(1, a.shape[-1] + 1)
    extinction = 2 / x**2 * ((2 * n + 1) * (a + b).real).sum(-1)
    scattering = 2 / x**2 * ((2 * n + 1) * (abs(a) ** 2 + abs(b) ** 2)).sum(-1)
    backscattering = abs(((2 * n + 1) * (-1.0) ** n * (a - b)).sum(-1)) ** 2 / x**2
    neighbours = (a[..., :-1] * a[..., 1:].conj() + b[..., :-1] * b[..., 1:].conj()).real
    k = n[:-1]
    mixed = ((2 * n + 1) / (n * (n + 1)) * (a * b.conj()).real).sum(-1)
    asymmetry = 4 / x**2 * ((k * (k + 2) / (k + 1) * neighbours).sum(-1) + mixed) / scattering
    return Efficiencies(extinction, scattering, backscattering, asymmetry)


def amplitudes(size_parameter: ArrayLike, relative_index: ArrayLike, cos_theta: ArrayLike) -> tuple[Array, Array]:
    """Return S1 and S2, complex arrays (..., angle), at the cosines ``cos_theta`` (angle,) of the scattering angle.

    Raises
    ------
    ParameterError
        As `coefficients`, or if a cosine lies outside -1 .. 1.
    """
    x, _ = _checked(size_parameter, relative_index)
    cosines = np.atleast_1d(np.asarray(cos_theta, float))
    if cosines.ndim != 1 or not np.all(np.abs(cosines) <= 1):
        raise ParameterError("amplitudes.cos_theta: must be one-dimensional, from -1 to 1")
    a, b = coefficients(size_parameter, relative_index)
    rows = (int(np.prod(x.shape)), a.shape[-1])
    s1, s2 = kernels.mie_amplitudes(a.reshape(rows), b.reshape(rows), cosines)
    return s1.reshape(*x.shape, -1), s2.reshape(*x.shape, -1)


def _checked(size_parameter: ArrayLike, relative_index: ArrayLike) -> tuple[Array, Array]:
    x, m = np.broadcast_arrays(np.asarray(size_parameter, float), np.asarray(relative_index, complex))
    if not np.all(np.isfinite(x) & (x > 0)):
        raise ParameterError("size_parameter: must be > 0")
    if not np.all(np.isfinite(m) & (m.real > 0) & (m.imag >= 0)):
        raise ParameterError("relative_index: must be n + 1j * k with n > 0 and k >= 0")
    return x, m
