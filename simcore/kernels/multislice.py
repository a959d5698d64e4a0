"""The pointwise steps of multi-slice propagation, on one image (y, x) of complex64 or complex128."""

from __future__ import annotations

from typing import Any

import numpy as np

from simcore import _core
from simcore.streams import Array


def plane_waves(
    wavenumber: float, tilt: tuple[float, float], pixel_size: float, shape: tuple[int, int], least_cosine: float
) -> Any:
    """Return the plane waves of a grid: ``wavenumber`` in the medium (rad/um), ``tilt`` the incident direction (x, y)."""
    return _core.PlaneWaves(wavenumber, tilt[0], tilt[1], pixel_size, shape[0], shape[1], least_cosine)


def plane_wave_phases(waves: Any, distance: float, shape: tuple[int, int], dtype: np.dtype) -> Array:
    """Return the factors of plane waves that travel by ``distance`` (um), relative to the incident one."""
    factor = np.empty(shape, dtype)
    _core.plane_wave_phases(factor, waves, distance)
    return factor


def obliquity_phases(waves: Any, distance: float, shape: tuple[int, int], dtype: np.dtype) -> Array:
    """Return the factors of plane waves that a thin slice radiates and that travel by ``distance`` (um)."""
    factor = np.empty(shape, dtype)
    _core.obliquity_phases(factor, waves, distance)
    return factor


def aplanatic_pupil(waves: Any, aperture: float, shape: tuple[int, int], dtype: np.dtype) -> Array:
    """Return the pupil of an aplanatic objective up to the transverse wavenumber ``aperture`` (rad/um)."""
    factor = np.empty(shape, dtype)
    _core.aplanatic_pupil(factor, waves, aperture)
    return factor


def thin_slice(
    field: Array, waves: Any, *, vacuum: float, medium: float, thickness: float, contrast: Array, window: Array
) -> None:
    """Replace ``field`` by what a slice of index ``medium + contrast`` and the absorbing ``window`` add to it."""
    _core.thin_slice(field, waves, vacuum, medium, thickness, contrast, window)


def advance(spectrum: Array, straight: Array, oblique: Array, added: Array) -> None:
    """Replace ``spectrum`` by ``spectrum * straight + added * oblique``."""
    _core.advance(spectrum, straight, oblique, added)
