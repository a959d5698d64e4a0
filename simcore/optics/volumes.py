"""Images of volumes that emit: planes of voxels, each convolved with the intensity of an emitter at its depth."""

from __future__ import annotations

from math import ceil, prod, sqrt

import numpy as np
from scipy import fft

from simcore import kernels
from simcore.streams import Array

WIDEST_DEFORMATION = 2.5  # standard deviations to which outlines keep: csrc/outline.hpp
PLANES_PER_DEPTH = 2.0  # planes in a depth of field, at least; fewer where the tolerance allows
COARSEST = 0.07  # what planes a depth of field apart err by, at most, of the brightest point
MARGIN = 8.0  # of what lies beside the image, in units of wavelength / NA; less where light does not reach as far


class Scratch:
    """Arrays that are used again and again: memory that is new costs as much as the transforms."""

    def __init__(self) -> None:
        self._known: dict[str, Array] = {}

    def array(self, name: str, shape: tuple[int, ...], dtype: type) -> Array:
        """Return an array that holds anything."""
        size = prod(shape)
        if name not in self._known or self._known[name].size < size:
            self._known[name] = np.empty(size, dtype)
        return self._known[name][:size].reshape(shape)


def half_heights(bodies: kernels.Bodies) -> Array:
    """Return how far each body reaches above and below its centre, (body,) um."""
    c, s = (kernels.elementary(function, bodies.rotation.ravel()).reshape(-1, 3) for function in ("cos", "sin"))
    along = np.stack([-s[:, 1], c[:, 1] * s[:, 0], c[:, 1] * c[:, 0]], axis=1) * bodies.radius
    return np.sqrt((along * along).sum(axis=1)) * (1 + WIDEST_DEFORMATION * bodies.deformation)


def add_bodies(
    out: Array,
    *,
    bodies: kernels.Bodies,
    intensity: Array,
    optics: kernels.EmissionOptics,
    tolerance: float,
    spacing: float | None = None,
) -> None:
    """Add to ``out`` (image, y, x) the photons of bodies that emit ``intensity`` (body,) per um^3, flat ones per um^2.

    The depth that the bodies of an image fill is cut into planes ``spacing`` um apart (unless given, half a depth of field, n
    wavelength / NA^2, or as far as a ``tolerance`` above 0.02 allows), each of which is seen at its own depth: that errs
    with the square of the spacing. Light of what lies more than 8 wavelength / NA beside the image is left out, or so far that
    it would not reach it.
    """
    height = half_heights(bodies)
    pixel = optics.column("pixel_size")
    aperture = np.minimum(optics.column("numerical_aperture"), optics.column("medium"))
    wavelength = optics.wavelength.max(axis=1)
    apart = (
        max(1 / PLANES_PER_DEPTH, sqrt(tolerance / COARSEST))
        * wavelength
        * optics.column("medium")
        / (aperture * aperture)
    )
    scratch = Scratch()
    for i in range(len(out)):
        part = slice(bodies.first[i], bodies.first[i + 1])
        if part.start == part.stop:
            continue
        low, high = (bodies.z[part] - height[part]).min(), (bodies.z[part] + height[part]).max()
        planes = max(1, ceil((high - low) / (apart[i] if spacing is None else spacing)))
        step = max((high - low) / planes, 1e-3)
        one = optics.part(np.array([i]))
        _, reach = kernels.emission_reach(low=np.array([low]), high=np.array([high]), optics=one, tolerance=tolerance)
        margin = ceil(min(MARGIN * wavelength[i] / aperture[i], reach[0]) / pixel[i])
        volume = scratch.array("volume", (1, planes, out.shape[1] + 2 * margin, out.shape[2] + 2 * margin), np.float32)
        volume.fill(0)
        _fill(volume, bodies, part, intensity, margin, (low + 0.5 * step, step), pixel[i])
        z = low + step * (np.arange(planes) + 0.5)
        seen = image_volume(volume, z=z[None], optics=one, tolerance=tolerance, spare=margin, scratch=scratch)[0]
        out[i] += seen[margin : margin + out.shape[1], margin : margin + out.shape[2]]


def _fill(
    volume: Array,
    bodies: kernels.Bodies,
    part: slice,
    intensity: Array,
    margin: int,
    depths: tuple[float, float],
    pixel_size: float,
) -> None:
    """Add the photons of the bodies of one image to each voxel of ``volume`` (1, plane, y, x), wider by ``margin`` all round."""
    of_one = bodies.part(part, bodies.x[part] + margin, bodies.y[part] + margin)
    first, step = depths
    photons = intensity[part] * (pixel_size * pixel_size * step)
    one = np.array([pixel_size]), np.array([first]), np.array([step])
    kernels.voxelise(volume, of_one, photons, pixel_size=one[0], z_first=one[1], z_step=one[2])


def image_volume(
    volume: Array,
    *,
    z: Array,
    optics: kernels.EmissionOptics,
    tolerance: float = 5e-4,
    spare: int = 0,
    scratch: Scratch | None = None,
) -> Array:
    """Return the photons in each pixel, (image, y, x) float32, of freely rotating emitters spread over voxels.

    ``volume`` (image, plane, y, x) holds the photons of each voxel (those that would reach the image plane from z = 0); a
    voxel is a box as wide as a pixel, in one plane; ``z`` (image, plane) are the depths of the planes in um. Nothing lies
    outside the volume. The planes are padded by the distance at which a voxel's light has fallen to a tenth of ``tolerance`` of
    the brightest point of one in focus, less ``spare`` pixels at each edge that are not looked at; what reaches further
    comes back at the opposite edge. ``tolerance`` is the largest error of a voxel's image relative to that brightest point,
    too.

    Raises
    ------
    ValueError
        If an argument is out of range, a plane lies below the coverslip, or the pupil has a central stop.
    """
    images, planes, height, width = volume.shape
    z = np.broadcast_to(np.asarray(z, float), (images, planes))
    _, reach = kernels.emission_reach(low=z.min(1), high=z.max(1), optics=optics, tolerance=tolerance)
    out = np.empty((images, height, width), np.float32)
    scratch = scratch or Scratch()
    for i, margin in enumerate(np.ceil(reach / optics.column("pixel_size")).astype(int) - spare):
        size = tuple(fft.next_fast_len(n + min(max(int(margin), 0), n - 1), real=True) for n in (height, width))
        spectra = scratch.array("spectra", (1, planes, size[0], size[1] // 2 + 1), np.complex64)
        # Rows first, then all columns in place.
        spectra[0, :, :height] = fft.rfft(volume[i], size[1], axis=-1)
        spectra[0, :, height:] = 0
        spectra = fft.fft(spectra, axis=-2, overwrite_x=True)
        total = scratch.array("total", (1, *spectra.shape[2:]), np.complex64)
        kernels.combine_planes(
            total, spectra, size[1], z=z[i : i + 1], optics=optics.part(np.array([i])), tolerance=tolerance
        )
        out[i] = fft.irfft2(total[0], size)[:height, :width]
    return out
