"""Scattering by spheres."""

from __future__ import annotations

import numpy as np

from simcore import _core
from simcore.kernels.views import flat
from simcore.streams import Array


def mie_terms(size_parameter: Array) -> Array:
    """Return the number of multipoles that each sphere needs."""
    return _core.mie_terms(flat(size_parameter))


def mie_coefficients(size_parameter: Array, relative_index: Array, terms: int) -> tuple[Array, Array]:
    """Return a_n and b_n, (sphere, term), zero past what a sphere needs."""
    return _core.mie_coefficients(flat(size_parameter), np.ascontiguousarray(relative_index, np.complex128), terms)


def layered_coefficients(size_parameter: Array, relative_index: Array, terms: int) -> tuple[Array, Array]:
    """Return a_n and b_n, (sphere, term), of spheres of layers (sphere, layer), from the inner to the outer."""
    return _core.layered_coefficients(flat(size_parameter), np.ascontiguousarray(relative_index, np.complex128), terms)


def mie_amplitudes(a: Array, b: Array, cos_theta: Array) -> tuple[Array, Array]:
    """Return S1 and S2, (sphere, angle)."""
    return _core.mie_amplitudes(a, b, flat(cos_theta))
