"""Images of volumes that emit: planes of voxels, each convolved with the intensity of an emitter at its depth."""

from __future__ import annotations

import numpy as np
from scipy import fft

from simcore import kernels
from simcore.streams import Array


def image_volume(volume: Array, *, z: Array, optics: kernels.EmissionOptics, tolerance: float = 5e-4) -> Array:
    """Return the photons in each pixel, (image, y, x) float32, of freely rotating emitters spread over voxels.

    ``volume`` (image, plane, y, x) holds the photons of each voxel (those that would reach the image plane from z = 0); a
    voxel is a box as wide as a pixel, in one plane; ``z`` (image, plane) are the depths of the planes in um. Nothing lies
    outside the volume. The planes are padded by the distance at which a voxel's light has fallen to a tenth of ``tolerance`` of
    the brightest point of one in focus; what reaches further comes back at the opposite edge. ``tolerance`` is the
    largest error of a voxel's image relative to that brightest point, too.

    Raises
    ------
    ValueError
        If an argument is out of range, a plane lies below the coverslip, or the pupil has a central stop.
    """
    images, planes, height, width = volume.shape
    z = np.broadcast_to(np.asarray(z, float), (images, planes))
    _, reach = kernels.emission_reach(low=z.min(1), high=z.max(1), optics=optics, tolerance=tolerance)
    out = np.empty((images, height, width), np.float32)
    spectra = total = np.empty(0, np.complex64)
    for i, margin in enumerate(np.ceil(reach / optics.column("pixel_size")).astype(int)):
        size = tuple(fft.next_fast_len(n + min(int(margin), n - 1), real=True) for n in (height, width))
        half = (size[0], size[1] // 2 + 1)
        if spectra.shape[2:] != half:  # memory that is new costs as much as the transforms
            spectra, total = np.empty((1, planes, *half), np.complex64), np.empty((1, *half), np.complex64)
        for p in range(planes):
            spectra[0, p] = fft.rfft2(np.asarray(volume[i, p], np.float32), size)
        part = optics.part(np.array([i]))
        kernels.combine_planes(total, spectra, size[1], z=z[i : i + 1], optics=part, tolerance=tolerance)
        out[i] = fft.irfft2(total[0], size)[:height, :width]
    return out
