"""Images through an aberrated pupil or under tilted light: pupil on a grid of directions, Fourier transforms.

The way for microscopes whose pupil has no rotational symmetry, whose light does not come along the axis, or that put noise
before the pupil; without any of these the radial integrals of `kernels.image_spheres` serve.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simcore import kernels
from simcore.errors import ParameterError, SimcoreWarning
from simcore.features import Feature
from simcore.optics import aberrations as aberration
from simcore.optics.aberrations import Aberration
from simcore.properties import Constant
from simcore.scenes import Microscope
from simcore.streams import Array, Stream
from simcore.values import Plan


@dataclass(frozen=True)
class Optics:
    """What the images of a block share with their microscope, each (example,)."""

    numerical_aperture: Array
    pixel_size: Array
    refractive_index_medium: Array

    def arrays(self) -> dict[str, Array]:
        return {
            "numerical_aperture": self.numerical_aperture,
            "pixel_size": self.pixel_size,
            "refractive_index_medium": self.refractive_index_medium,
        }


def pupils(aberrations: Sequence[Aberration], plan: Plan) -> kernels.Pupils:
    """Return the pupils of a block of images."""
    terms = [one.terms(one.values(plan)) for one in aberrations]
    return kernels.Pupils(**aberration.together(terms, len(plan)))


def spheres_at(spheres: kernels.Spheres, wavelength: Array, refractive_index_medium: Array) -> kernels.Particles:
    """Return the spheres as they scatter at one wavelength (example,)."""
    image = np.repeat(np.arange(len(spheres.first) - 1), np.diff(spheres.first))
    medium = refractive_index_medium[image]
    size = 2 * np.pi * medium * spheres.radius / wavelength[image]
    terms = int(kernels.mie_terms(size).max(initial=1))
    a, b = kernels.mie_coefficients(size, spheres.refractive_index / medium, terms)
    return kernels.Particles(spheres.first, spheres.x, spheres.y, spheres.z, a, b)


def intensity(
    spheres: kernels.Spheres,
    optics: Optics,
    pupil: kernels.Pupils,
    light: kernels.Light,
    wavelength: Array,
    shape: tuple[int, int],
    *,
    dtype: np.dtype,
    tolerance: float,
    largest: int = kernels.LARGEST_GRID,
) -> tuple[Array, Array]:
    """Return images (example, y, x) and the estimated errors (example,) of grids that would have to be larger.

    ``wavelength`` (example, wavelength): of equal weight. Relative to the empty field; if no light passes directly (``light``
    without ``transmitted``, or behind a stop), to the incident light.
    """
    count, waves = wavelength.shape
    images, error = np.zeros((count, *shape), dtype), np.zeros(count)
    for one in wavelength.T:
        particles = spheres_at(spheres, one, optics.refractive_index_medium)
        found = kernels.add_intensity_through_pupil(
            images,
            particles=particles,
            pupils=pupil,
            light=light,
            wavelength=one,
            weight=np.full(count, 1 / waves),
            tolerance=tolerance,
            largest=largest,
            **optics.arrays(),
        )
        error = np.maximum(error, found)
    return images, error


def field(
    spheres: kernels.Spheres,
    optics: Optics,
    pupil: kernels.Pupils,
    light: kernels.Light,
    wavelength: Array,
    shape: tuple[int, int],
    *,
    dtype: np.dtype,
    tolerance: float,
    noise: Array | None = None,
    stream: Stream | None = None,
    largest: int = kernels.LARGEST_GRID,
) -> tuple[Array, Array]:
    """Return complex fields (example, y, x, state) over the empty field, and errors as `intensity` does.

    ``wavelength`` (example,). With ``light.transmitted`` the empty field, 1 for parallel polarisers, is part of it. ``noise``
    (example,): standard deviation of white noise before the pupil, per quadrature and pixel, drawn from ``stream``.
    """
    fields = np.empty((len(wavelength), *shape, light.states.shape[1]), dtype)
    error = kernels.fill_field_through_pupil(
        fields,
        particles=spheres_at(spheres, wavelength, optics.refractive_index_medium),
        pupils=pupil,
        light=light,
        wavelength=wavelength,
        noise=np.zeros(len(wavelength)) if noise is None else noise,
        stream=stream,
        tolerance=tolerance,
        largest=largest,
        **optics.arrays(),
    )
    return fields, error


def report(title: str, error: Array, tolerance: float, examples: Array) -> None:
    """Warn (SimcoreWarning) of images whose grid would have to be larger than it can be."""
    if error.max(initial=0.0) > tolerance:
        worst = int(np.argmax(error))
        warnings.warn(
            f"{title}: the defocus or the field of view asks for a larger pupil than {kernels.LARGEST_GRID} points; the field of "
            f"example {examples[worst]} is uncertain by about {error[worst]:.1g}",
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
    pupil = aberration.together(terms, 1)
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
        result = result * aberration.resampled(pupil["transmission"], size)
    return result


def _known(feature: Feature, field: str, node: object) -> Array:
    if not isinstance(node, Constant):
        raise ParameterError(f"{feature.place_of(field)}: is drawn for each example; must be a number here")
    return np.asarray(node.value, float).reshape(-1)[:1]
