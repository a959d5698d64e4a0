"""The one crossing into the compiled core: what the rest of simcore calls, with NumPy arrays in and out.

All kernels take blocks, release the GIL and run on the caller's thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from simcore import _core
from simcore.streams import Array, Stream


@cache
def _tables() -> object:
    """Return the Bessel functions on the nodes of the radial integrals, filled as images need them, shared by all threads."""
    return _core.RadialTables()


@dataclass(frozen=True)
class Spheres:
    """The spheres of a block of images: those of image i are ``first[i]`` to ``first[i + 1]``."""

    first: Array
    x: Array
    y: Array
    z: Array
    radius: Array
    refractive_index: Array

    @classmethod
    def of(cls, spheres: Sequence[Mapping[str, Array]], images: int) -> Spheres:
        """Gather the values, each (image,), of spheres that stand in every image."""

        def flat(field: str, dtype: type) -> Array:
            return np.ascontiguousarray(np.stack([sphere[field] for sphere in spheres], axis=1).ravel(), dtype)

        first = np.arange(images + 1, dtype=np.int64) * len(spheres)
        x, y, z, radius = (flat(field, np.float64) for field in ("x", "y", "z", "radius"))
        return cls(first, x, y, z, radius, flat("refractive_index", np.complex128))


def image_spheres(
    out: Array,
    *,
    spheres: Spheres,
    numerical_aperture: Array,
    pixel_size: Array,
    refractive_index_medium: Array,
    polarization_angle: Array,
    wavelength: Array,
    weight: Array,
    tolerance: float,
) -> None:
    """Fill ``out`` (image, y, x) with intensities relative to the empty field; angle nan: unpolarized."""
    s = spheres
    optics = [_flat(a) for a in (numerical_aperture, pixel_size, refractive_index_medium, polarization_angle)]
    _core.image_spheres(
        _tables(),
        out,
        s.first,
        s.x,
        s.y,
        s.z,
        s.radius,
        s.refractive_index,
        *optics,
        _flat(wavelength),
        _flat(weight),
        tolerance,
    )


def mie_terms(size_parameter: Array) -> Array:
    """Return the number of multipoles that each sphere needs."""
    return _core.mie_terms(_flat(size_parameter))


def mie_coefficients(size_parameter: Array, relative_index: Array, terms: int) -> tuple[Array, Array]:
    """Return a_n and b_n, (sphere, term), zero past what a sphere needs."""
    return _core.mie_coefficients(_flat(size_parameter), np.ascontiguousarray(relative_index, np.complex128), terms)


def mie_amplitudes(a: Array, b: Array, cos_theta: Array) -> tuple[Array, Array]:
    """Return S1 and S2, (sphere, angle)."""
    return _core.mie_amplitudes(a, b, _flat(cos_theta))


def poisson_snr(image: Array, snr: Array, background: Array, deviation: bool, stream: Stream) -> None:
    """Put Poisson noise of a signal-to-noise ratio on each image, in place."""
    _core.poisson_snr(_rows(image), _flat(snr), _flat(background), deviation, stream.key, stream.counter)


def normalize_minmax(image: Array, minimum: Array, maximum: Array) -> None:
    """Bring each image to [minimum, maximum], in place."""
    _core.normalize_minmax(_rows(image), _flat(minimum), _flat(maximum))


def illumination_gradient(image: Array, x: Array, y: Array) -> None:
    """Add a linear gradient to each image (image, y, x, channel), in place."""
    _core.illumination_gradient(image, _flat(x), _flat(y))


def flip_left_right(image: Array, happens: Array) -> None:
    """Mirror the images in which it happens, in place."""
    _core.flip_left_right(image, happens)


def flip_up_down(image: Array, happens: Array) -> None:
    """Mirror the images in which it happens, in place."""
    _core.flip_up_down(image, happens)


def transpose(image: Array, happens: Array) -> None:
    """Exchange rows and columns of the square images in which it happens, in place."""
    _core.transpose(image, happens)


def elementary(name: str, argument: Array) -> Array:
    """Return sin, cos, exp or log of ``argument`` (float64), the same bytes on every machine."""
    return _core.elementary(name, _flat(argument))


def instruction_level() -> int:
    """Return the instruction level in force: 4 (AVX-512), 3 (AVX2) or 0."""
    return int(_core.instruction_level())


def set_instruction_level(level: int) -> int:
    """Lower the instruction level, never above the machine's; return the one in force. It changes no byte."""
    return int(_core.set_instruction_level(level))


def _flat(values: Array) -> Array:
    return np.ascontiguousarray(values, np.float64)


def _rows(image: Array) -> Array:
    return image.reshape(len(image), -1)  # a view: images are C-contiguous
