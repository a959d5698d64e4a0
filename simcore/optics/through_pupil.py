"""Pupils of microscopes: their aberrations together, and what they do to the light, for direct use."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from simcore import kernels
from simcore.errors import ParameterError, SimcoreWarning
from simcore.features import Feature
from simcore.optics.aberrations import Aberration, resampled, together
from simcore.properties import Constant
from simcore.scenes import Microscope
from simcore.streams import Array
from simcore.values import Plan


def pupils(aberrations: Sequence[Aberration], plan: Plan) -> kernels.Pupils:
    """Return the pupils of a block of images."""
    terms = [one.terms(one.values(plan)) for one in aberrations]
    return kernels.Pupils(**together(terms, len(plan)))


def report(title: str, error: Array, tolerance: float, examples: Array) -> None:
    """Warn (SimcoreWarning) of images whose grid would have to be larger than it can be."""
    if error.max(initial=0.0) > tolerance:
        worst = int(np.argmax(error))
        warnings.warn(
            f"{title}: the defocus, the field of view or the aperture asks for a larger pupil than {kernels.LARGEST_GRID} "
            f"points; the field of example {examples[worst]} is uncertain by about {error[worst]:.1g}",
            SimcoreWarning,
            stacklevel=2,
        )


def report_beyond(title: str, beyond: Array, examples: Array) -> None:
    """Warn (SimcoreWarning) of images into which light of bodies falls that should land elsewhere, ``beyond`` (image,) um."""
    if beyond.max(initial=0.0) > 0:
        worst = int(np.argmax(beyond))
        warnings.warn(
            f"{title}: defocus or aberrations move light of bodies {beyond[worst]:.2g} um farther than a grid of "
            f"{kernels.LARGEST_GRID} points holds, into the image of example {examples[worst]}",
            SimcoreWarning,
            stacklevel=2,
        )


def pupil(microscope: Microscope, size: int = 256) -> Array:
    """Return the complex pupil of a microscope (size, size) on rho = -1 .. 1, rows along y, 0 outside the unit disk.

    At its (first) wavelength; without the aplanatic factor. Raises ParameterError if a parameter that matters is drawn.
    """

    def known(name: str) -> float:
        return float(_known(microscope, name, getattr(microscope, name))[0])

    return pupil_values(
        getattr(microscope, "aberrations", ()),
        known("numerical_aperture"),
        known("wavelength"),
        known("refractive_index_medium"),
        size,
    )


def pupil_values(
    aberrations: Sequence[Aberration],
    numerical_aperture: float,
    wavelength: float,
    refractive_index_medium: float,
    size: int = 256,
) -> Array:
    """Return the complex pupil (size, size) on rho = -1 .. 1, rows along y, 0 outside the unit disk.

    Without the aplanatic factor. Raises ParameterError if a parameter of an aberration is drawn.
    """
    values = [{field: _known(one, field, node) for field, node in one.properties()} for one in aberrations]
    terms = [one.terms(value) for one, value in zip(aberrations, values, strict=True)]
    pupil = together(terms, 1)
    rho = np.linspace(-1.0, 1.0, size)
    x, y = np.meshgrid(rho, rho)
    square = x * x + y * y
    wave = np.polynomial.polynomial.polyval2d(x, y, pupil["wavefront"][0]) if pupil["wavefront"].size else 0 * x
    sine = np.minimum(1.0, np.sqrt(square) * numerical_aperture / refractive_index_medium)
    path = -pupil["refocus"][0] * refractive_index_medium * (np.sqrt(1 - sine**2) - 1)
    phase = 2 * np.pi / wavelength * (wave + path)
    amplitude = kernels.elementary("exp", (-pupil["apodization"][0] * square).ravel()).reshape(x.shape)
    inside = (square <= 1) & (square >= pupil["stop"][0] ** 2)
    turn = kernels.elementary("cos", phase.ravel()) + 1j * kernels.elementary("sin", phase.ravel())
    result = np.where(inside, amplitude * turn.reshape(x.shape), 0)
    if pupil["transmission"].size:
        result = result * resampled(pupil["transmission"], size)
    return result


def _known(feature: Feature, field: str, node: object) -> Array:
    if not isinstance(node, Constant):
        raise ParameterError(f"{feature.place_of(field)}: is drawn for each example; must be a number here")
    return np.asarray(node.value, float).reshape(-1)[:1]
