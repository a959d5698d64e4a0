"""Point emitters through a pupil without rotational symmetry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from simcore import kernels
from simcore.streams import Array

# Of the pupil's coordinates (node,), in units of its radius: values (image, node), or (node,) for all images.
PupilFunction = Callable[[Array, Array], Array]


@dataclass(frozen=True)
class Pupil:
    """A pupil: ``wavefront`` gives W in um, ``amplitude`` a further complex factor, both at pupil coordinates."""

    wavefront: PupilFunction
    amplitude: PupilFunction


GRADIENT_POINTS = 65  # along each axis, where the slope of a wavefront is looked for


def image_aberrated(
    out: Array,
    *,
    emitters: kernels.Emitters,
    optics: kernels.EmissionOptics,
    tolerance: float,
    wavefront: PupilFunction,
    amplitude: PupilFunction | None = None,
) -> None:
    """Fill ``out`` (image, y, x), float32 or float64, with the photons in each pixel.

    ``wavefront`` gives W in um (factor exp(2 pi i W / wavelength)), ``amplitude`` a further complex factor, both at pupil
    coordinates (x right, y down). The pupil is summed over nodes whose number follows from the phases over it, so W should
    be smooth: an edge in it costs accuracy, as does a numerical aperture within 2 % of the medium's index or above (3e-3).

    Raises
    ------
    ValueError
        If an argument is out of range, or a field of view needs more than 2048 x 2048 nodes.
    """
    slope = steepest(wavefront, len(out))
    counts, reach = _plan(out, emitters, optics, tolerance, slope)
    for count in np.unique(counts):
        images = np.flatnonzero(counts == count)
        x, y, _ = kernels.pupil_nodes(int(count))
        shape = (len(out), x.size)
        phase = np.broadcast_to(wavefront(x, y), shape)[images]
        factor = np.broadcast_to(1.0 if amplitude is None else amplitude(x, y), shape)[images]
        part = out if len(images) == len(out) else np.empty((len(images), *out.shape[1:]), out.dtype)
        kernels.image_aberrated(
            part,
            emitters=emitters.part(images),
            optics=optics.part(images),
            tolerance=tolerance,
            count=int(count),
            phase=phase,
            amplitude=factor,
            reach=reach[images],
        )
        if part is not out:
            out[images] = part


def steepest(wavefront: PupilFunction, images: int) -> Array:
    """Return the steepest slope (um per pupil radius), (image,), on a grid over the pupil."""
    axis = np.linspace(-1, 1, GRADIENT_POINTS)
    y, x = np.meshgrid(axis, axis, indexing="ij")
    scale = np.maximum(np.sqrt(x * x + y * y), 1.0)  # points outside are brought to the rim
    values = np.broadcast_to(wavefront((x / scale).ravel(), (y / scale).ravel()), (images, x.size))
    grid = values.reshape(images, *x.shape)
    step = axis[1] - axis[0]
    along, across = np.diff(grid, axis=2) / step, np.diff(grid, axis=1) / step
    return np.sqrt((along**2).max((1, 2)) + (across**2).max((1, 2)))


def _plan(
    out: Array, emitters: kernels.Emitters, optics: kernels.EmissionOptics, tolerance: float, slope: Array
) -> tuple[Array, Array]:
    """Return the number of nodes along each axis and the reach in um, each (image,)."""
    images, (height, width) = len(out), out.shape[1:]
    pixel, medium = optics.column("pixel_size"), optics.column("medium")
    aperture = optics.column("numerical_aperture").copy()
    layered = np.isfinite(optics.column("focus_depth"))
    aperture[~layered] = np.minimum(aperture, medium)[~layered]
    low, high, farthest = np.zeros(images), np.zeros(images), np.zeros(images)
    dx = np.maximum(emitters.x + 8, width + 7 - emitters.x)
    dy = np.maximum(emitters.y + 8, height + 7 - emitters.y)
    for i in range(images):
        part = slice(emitters.first[i], emitters.first[i + 1])
        if emitters.first[i] < emitters.first[i + 1]:
            low[i], high[i] = emitters.z[part].min(), emitters.z[part].max()
            farthest[i] = np.sqrt(dx[part] ** 2 + dy[part] ** 2).max() * pixel[i]
    stray, reach = kernels.emission_reach(low=low, high=high, optics=optics, tolerance=tolerance)
    reach = reach + slope / aperture
    wavenumber = 2 * np.pi / optics.wavelength.min(axis=1)
    distance = np.minimum(1.5 * reach, np.maximum(farthest, pixel)) + stray
    phase = wavenumber * (aperture * distance + slope)
    double = out.dtype == np.float64 or tolerance < 1e-5
    # Gauss's rule resolves half a node per radian; more for a branch point just outside, as in csrc/emission.cpp.
    ratio = np.minimum((aperture / medium) ** 2, 0.98)
    nearby = 2 / ratio - 1
    rate = kernels.elementary("log", nearby + np.sqrt(nearby * nearby - 1))
    wanted = 0.52 * phase + (14 if double else 8) + (10 if double else 6) / rate
    return (4 * np.ceil(wanted / 4)).astype(np.int64), reach
