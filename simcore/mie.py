"""Mie's solution for direct use: coefficients, efficiencies, amplitudes of spheres, homogeneous or of concentric layers.

Conventions of Bohren & Huffman, Absorption and Scattering of Light by Small Particles (1983), ch. 4: time dependence
exp(-i w t), so an absorbing sphere has an index n + 1j * k with k > 0. The size parameter is 2 pi n_medium radius / wavelength,
the relative index that of the sphere over that of the medium.

Layered spheres have a last axis for the layers, from the inner to the outer: size parameters of the layers' outer radii and their
indices (Yang, Appl. Opt. 42, 1710 (2003); Pena & Pal, Comput. Phys. Commun. 180, 2348 (2009)).
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
        If a size parameter is not > 0 or above 1e6, or an index is above 1e3, or has no positive real or a negative imaginary
        part.
    """
    x, m = _broadcast(size_parameter, relative_index)
    try:  # the kernel looks at every number
        terms = int(kernels.mie_terms(x.ravel()).max(initial=1))
        a, b = kernels.mie_coefficients(x.ravel(), m.ravel(), terms)
    except ValueError as error:
        raise ParameterError(str(error)) from None
    return a.reshape(*x.shape, terms), b.reshape(*x.shape, terms)


def layered_coefficients(size_parameters: ArrayLike, relative_indices: ArrayLike) -> tuple[Array, Array]:
    """Return a_n and b_n of layered spheres, complex arrays (..., n - 1); both arguments are (..., layer) and broadcast.

    Raises
    ------
    ParameterError
        As `coefficients`, or if there is no layer, or a size parameter is smaller than that of the layer inside.
    """
    x, m = _checked_layers(size_parameters, relative_indices)
    rows = (-1, x.shape[-1])
    try:
        terms = int(kernels.mie_terms(x[..., -1].ravel()).max(initial=1))
        a, b = kernels.layered_coefficients(x.reshape(rows), m.reshape(rows), terms)
    except ValueError as error:
        raise ParameterError(str(error)) from None
    return a.reshape(*x.shape[:-1], terms), b.reshape(*x.shape[:-1], terms)


def efficiencies(size_parameter: ArrayLike, relative_index: ArrayLike) -> Efficiencies:
    """Return extinction, scattering and backscattering efficiencies and the asymmetry parameter (ch. 4.4).

    Raises
    ------
    ParameterError
        As `coefficients`.
    """
    x, _ = _broadcast(size_parameter, relative_index)
    return _efficiencies(x, *coefficients(size_parameter, relative_index))


def layered_efficiencies(size_parameters: ArrayLike, relative_indices: ArrayLike) -> Efficiencies:
    """Return `efficiencies` of layered spheres, relative to the cross section of the outermost layer.

    Raises
    ------
    ParameterError
        As `layered_coefficients`.
    """
    x, _ = _checked_layers(size_parameters, relative_indices)
    return _efficiencies(x[..., -1], *layered_coefficients(size_parameters, relative_indices))


def amplitudes(size_parameter: ArrayLike, relative_index: ArrayLike, cos_theta: ArrayLike) -> tuple[Array, Array]:
    """Return S1 and S2, complex arrays (..., angle), at the cosines ``cos_theta`` (angle,) of the scattering angle.

    Raises
    ------
    ParameterError
        As `coefficients`, or if a cosine lies outside -1 .. 1.
    """
    return _amplitudes("amplitudes", *coefficients(size_parameter, relative_index), cos_theta)


def layered_amplitudes(
    size_parameters: ArrayLike, relative_indices: ArrayLike, cos_theta: ArrayLike
) -> tuple[Array, Array]:
    """Return `amplitudes` of layered spheres.

    Raises
    ------
    ParameterError
        As `layered_coefficients`, or if a cosine lies outside -1 .. 1.
    """
    return _amplitudes("layered_amplitudes", *layered_coefficients(size_parameters, relative_indices), cos_theta)


def _efficiencies(x: Array, a: Array, b: Array) -> Efficiencies:
    n = np.arange(1, a.shape[-1] + 1)
    extinction = 2 / x**2 * ((2 * n + 1) * (a + b).real).sum(-1)
    scattering = 2 / x**2 * ((2 * n + 1) * (abs(a) ** 2 + abs(b) ** 2)).sum(-1)
    backscattering = abs(((2 * n + 1) * (-1.0) ** n * (a - b)).sum(-1)) ** 2 / x**2
    neighbours = (a[..., :-1] * a[..., 1:].conj() + b[..., :-1] * b[..., 1:].conj()).real
    k = n[:-1]
    mixed = ((2 * n + 1) / (n * (n + 1)) * (a * b.conj()).real).sum(-1)
    asymmetry = 4 / x**2 * ((k * (k + 2) / (k + 1) * neighbours).sum(-1) + mixed) / scattering
    return Efficiencies(extinction, scattering, backscattering, asymmetry)


def _amplitudes(function: str, a: Array, b: Array, cos_theta: ArrayLike) -> tuple[Array, Array]:
    cosines, rows = np.atleast_1d(np.asarray(cos_theta, float)), (-1, a.shape[-1])
    try:
        s1, s2 = kernels.mie_amplitudes(a.reshape(rows), b.reshape(rows), cosines)
    except ValueError:
        raise ParameterError(f"{function}.cos_theta: must be one-dimensional, from -1 to 1") from None
    return s1.reshape(*a.shape[:-1], len(cosines)), s2.reshape(*a.shape[:-1], len(cosines))


def _broadcast(size_parameter: ArrayLike, relative_index: ArrayLike) -> tuple[Array, Array]:
    x, m = np.asarray(size_parameter, float), np.asarray(relative_index, complex)
    if x.shape != m.shape:
        x, m = np.broadcast_arrays(x, m)
    return x, m


def _checked(size_parameter: ArrayLike, relative_index: ArrayLike) -> tuple[Array, Array]:
    x, m = _broadcast(size_parameter, relative_index)
    if not np.all(np.isfinite(x) & (x > 0)):
        raise ParameterError("size_parameter: must be > 0")
    if not np.all(np.isfinite(m) & (m.real > 0) & (m.imag >= 0)):
        raise ParameterError("relative_index: must be n + 1j * k with n > 0 and k >= 0")
    return x, m


def _checked_layers(size_parameters: ArrayLike, relative_indices: ArrayLike) -> tuple[Array, Array]:
    x, m = _checked(size_parameters, relative_indices)
    if x.ndim == 0 or x.shape[-1] == 0:
        raise ParameterError("size_parameters: must have a last axis, the layers from the inner to the outer")
    if np.any(np.diff(x, axis=-1) < 0):
        raise ParameterError("size_parameters: must not decrease from the inner layer to the outer")
    return x, m
