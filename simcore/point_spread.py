"""Point spread functions and localization bounds for direct use."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from simcore import kernels
from simcore.errors import ParameterError
from simcore.features import Feature
from simcore.optics.fluorescence import FINEST, Fluorescence
from simcore.properties import Array, Constant

STEP_PIXELS = 0.02  # of the numerical derivatives
STEP_Z = 0.01
UNKNOWN = ("x", "y", "z", "intensity", "background")


class Bounds(NamedTuple):
    """Least standard deviations of unbiased estimates, (emitter,): x and y in px, z in um."""

    x: Array
    y: Array
    z: Array


def psf(
    microscope: Fluorescence,
    z: ArrayLike = 0.0,
    *,
    dipole: tuple[float, float] | None = None,
    shape: tuple[int, int] | None = None,
) -> Array:
    """Return the image of an emitter in the middle of the frame, (z, y, x) float64, for heights ``z`` (um).

    Integrated over the pixels; the integral over the infinite plane is 1 for an emitter at z = 0. ``dipole``: (polar, azimuth) in
    rad of a fixed one, ``shape`` another frame than the microscope's.

    Raises
    ------
    ParameterError
        If a parameter of the microscope is drawn, or an emitter would lie under the coverslip.
    """
    heights = np.atleast_1d(np.asarray(z, float))
    height, width = microscope.shape if shape is None else shape
    centre = np.full((2, len(heights)), [[(width - 1) / 2], [(height - 1) / 2]])
    angles = (np.nan, 0.0) if dipole is None else dipole
    rows = [*centre, heights, *(np.full(len(heights), value) for value in (1.0, *angles))]
    return _images(microscope, _known(microscope, len(heights)), rows, (height, width))


def emitter_bounds(
    microscope: Fluorescence,
    *,
    x: ArrayLike,
    y: ArrayLike,
    z: ArrayLike = 0.0,
    intensity: ArrayLike,
    background: ArrayLike = 0.0,
    dipole: tuple[float, float] | None = None,
    unknown: tuple[str, ...] = UNKNOWN,
) -> Bounds:
    """Return the Cramer-Rao bounds of emitters that each stand alone in the microscope's frame, under Poisson noise.

    ``x``, ``y`` px, ``z`` um, ``intensity`` in detected photons, ``background`` in photons per pixel, broadcast to (emitter,).
    ``unknown`` are the quantities that are estimated together, among x, y, z, intensity, background; what is not estimated
    counts as known and has the bound 0; what cannot be estimated (z of a pupil without aberrations in focus) has inf.
    Fisher's information (Ober et al., Biophys. J. 86, 1185 (2004); Smith et al., Nat. Methods 7, 373 (2010)) from numerical
    derivatives of the pixel-integrated image.

    Raises
    ------
    ParameterError
        As `psf`, or for a quantity that is not known here, or an intensity or background that is not > 0 or >= 0.
    """
    if not unknown or not set(unknown) <= set(UNKNOWN):
        raise ParameterError(f"emitter_bounds.unknown: {unknown!r}; must be among {', '.join(UNKNOWN)}")
    values = np.broadcast_arrays(*(np.atleast_1d(np.asarray(v, float)) for v in (x, y, z, intensity, background)))
    if not (values[3] > 0).all() or not (values[4] >= 0).all():
        raise ParameterError("emitter_bounds: intensity must be > 0 and background >= 0 photons")
    angles = [np.full(len(values[0]), value) for value in ((np.nan, 0.0) if dipole is None else dipole)]
    optics = _known(microscope, len(values[0]))
    return bounds_of(microscope, optics, [np.array(v) for v in values], angles, unknown)


def bounds_of(
    microscope: Fluorescence,
    optics: dict[str, Any],
    values: list[Array],
    angles: list[Array],
    unknown: tuple[str, ...] = UNKNOWN,
) -> Bounds:
    """Return the bounds of emitters under optics that differ from one to the other.

    ``optics``: values of the parameters, (emitter, ...); ``values``: x, y, z, intensity, background, ``angles``: of the
    dipoles, each (emitter,).
    """
    mean, slopes = _derivatives(microscope, optics, values, angles, unknown)
    information = np.einsum("inp,jnp,np->nij", slopes, slopes, 1 / np.maximum(mean, 1e-300))
    sigma = dict(zip(unknown, _invert(information).T, strict=True))
    known = np.zeros(len(mean))
    return Bounds(*(sigma.get(name, known) for name in ("x", "y", "z")))


def _known(microscope: Fluorescence, count: int) -> dict[str, Any]:
    """Return the parameters of a microscope without draws, the same for ``count`` images."""
    values: dict[str, Any] = _known_part(microscope, count)
    known = [_known_part(aberration, count) for aberration in microscope.aberrations]
    return values | {"aberrations": microscope.terms(known, count)}


def _known_part(feature: Feature, count: int) -> dict[str, Array]:
    found = {}
    for field, node in feature.properties():
        if not isinstance(node, Constant):
            raise ParameterError(f"{feature.place_of(field)}: is drawn; must be a number here")
        found[field] = np.broadcast_to(node.value, (count, *node.shape))
    return found


def _images(microscope: Fluorescence, values: dict[str, Any], rows: list[Array], shape: tuple[int, int]) -> Array:
    """Return one image, float64, for each of the emitters with ``rows`` x, y, z, intensity, polar, azimuth.

    ``values`` are those of the microscope and, under "aberrations", the terms of its pupil.
    """
    count = len(rows[0])
    emitters = kernels.Emitters(np.arange(count + 1, dtype=np.int64), *rows)
    image = np.empty((count, *shape))
    terms: Any = values.get("aberrations")
    microscope.draw(image, emitters, values, FINEST, terms)
    return image


def _derivatives(
    microscope: Fluorescence,
    optics: dict[str, Any],
    values: list[Array],
    angles: list[Array],
    unknown: tuple[str, ...],
) -> tuple[Array, Array]:
    """Return the expected photons (emitter, pixel) and their derivatives (unknown, emitter, pixel)."""
    *place, intensity, background = values

    def light(axis: int = 0, shift: float = 0.0) -> Array:
        moved = [position + shift * (axis == i) for i, position in enumerate(place)]
        image = _images(microscope, optics, [*moved, np.ones(len(intensity)), *angles], microscope.shape)
        return image.reshape(len(image), -1)

    def slope(axis: int, step: float) -> Array:
        # Central differences of fourth order.
        near, far = light(axis, step) - light(axis, -step), light(axis, 2 * step) - light(axis, -2 * step)
        return (8 * near - far) / (12 * step)

    still = light()
    slopes = []
    for name in unknown:
        if name in ("x", "y", "z"):
            axis = "xyz".index(name)
            slopes.append(intensity[:, None] * slope(axis, STEP_Z if name == "z" else STEP_PIXELS))
        else:
            slopes.append(still if name == "intensity" else np.ones_like(still))
    return intensity[:, None] * still + background[:, None], np.stack(slopes)


def _invert(information: Array) -> Array:
    """Return the roots of the diagonals of the inverses, inf where there is no information."""
    sigma = np.full(information.shape[:2], np.inf)
    for i, matrix in enumerate(information):
        size = np.sqrt(np.diag(matrix))
        kept = size > 1e-6 * size.max()
        scaled = matrix[np.ix_(kept, kept)] / np.outer(size[kept], size[kept])
        sigma[i, kept] = np.sqrt(np.diag(np.linalg.inv(scaled))) / size[kept]
    return sigma
