"""The particles of a scene as the kernels of coherent light take them."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi

import numpy as np

from simcore import kernels
from simcore.errors import ParameterError
from simcore.scatterers import LayeredMieSphere, MieSphere
from simcore.scatterers.scattering_table import GivenAmplitudes
from simcore.scenes import Scatterer
from simcore.streams import Array
from simcore.values import Members, in_images

ROUND: tuple[type[Scatterer], ...] = (MieSphere, LayeredMieSphere, GivenAmplitudes)  # that scatter alike all round


def gather(members: Sequence[Members], images: int, optics: kernels.CoherentOptics) -> kernels.Particles:
    """Return the particles of a block of images, image by image."""
    first, order = in_images(members, images)
    counts = [len(m.image) for m in members]

    def laid(parts: list[Array], kind: type = np.float64) -> Array:
        return np.ascontiguousarray(np.concatenate(parts)[order]) if parts else np.zeros(0, kind)

    x, y, z = (laid([m.values[axis].astype(float) for m in members]) for axis in ("x", "y", "z"))
    return kernels.Particles(
        first,
        x,
        y,
        z,
        radius=laid([_of_spheres(m, "radius", 1.0) for m in members]),
        refractive_index=laid([_of_spheres(m, "refractive_index", 1.0 + 0j) for m in members], np.complex128),
        source=laid(_sources(members, counts), np.int64),
        multipoles=_multipoles([_layered(m, optics) for m in members if isinstance(m.scatterer, LayeredMieSphere)]),
        amplitudes=_amplitudes(members),
    )


def _of_spheres(members: Members, field: str, other: complex) -> Array:
    """Return a property of homogeneous spheres, a number that is not read of others."""
    if isinstance(members.scatterer, MieSphere):
        return np.asarray(members.values[field], type(other))
    return np.full(len(members.image), other)


def _sources(members: Sequence[Members], counts: Sequence[int]) -> list[Array]:
    """Return where each particle's scattering is found: -1 for spheres, else the row of the multipoles, then of the tables."""
    rows, found = 0, {}
    for kind in (LayeredMieSphere, GivenAmplitudes):
        for i, m in enumerate(members):
            if isinstance(m.scatterer, kind):
                found[i] = rows + np.arange(counts[i])
                rows += counts[i]
    return [found.get(i, np.full(count, -1)).astype(np.int64) for i, count in enumerate(counts)]


def _layered(members: Members, optics: kernels.CoherentOptics) -> Array:
    """Return a_n and b_n of layered spheres, (2, particle, wavelength, term)."""
    image, waves = members.image, optics.wavelength.shape[1]
    particles = len(image)
    layers = int(np.prod(members.values["radii"].shape[1:]))  # known without any particle, too
    radii = members.values["radii"].reshape(particles, 1, layers)
    indices = members.values["refractive_indices"].reshape(particles, 1, layers).astype(np.complex128)
    medium = optics.refractive_index_medium[image]
    wavenumber = 2 * pi * medium[:, None] / optics.wavelength[image]
    size = (wavenumber[:, :, None] * radii).reshape(particles * waves, layers)
    relative = np.repeat(indices / medium[:, None, None], waves, axis=1).reshape(size.shape)
    terms = int(kernels.mie_terms(size[:, -1]).max(initial=1))
    return np.stack(kernels.layered_coefficients(size, relative, terms)).reshape(2, particles, waves, terms)


def _multipoles(parts: list[Array]) -> tuple[Array, Array] | None:
    """Return the rows of several scatterers one after the other, filled up with zeros to the longest."""
    if not parts:
        return None
    longest = max(part.shape[-1] for part in parts)
    wide = [np.pad(part, [(0, 0)] * 3 + [(0, longest - part.shape[-1])]) for part in parts]
    a, b = np.concatenate(wide, axis=1)
    return a, b


def _amplitudes(members: Sequence[Members]) -> tuple[Array, Array] | None:
    """Return S1 and S2 of the particles given by tables, (particle, 1, angle)."""
    parts = [
        m.scatterer.amplitudes(m.values, len(m.image)) for m in members if isinstance(m.scatterer, GivenAmplitudes)
    ]
    if not parts:
        return None
    angles = {part.shape[-1] for part in parts}
    if len(angles) > 1:
        raise ParameterError(f"amplitudes at {sorted(angles)} angles in one scene; must be equally many")
    s1, s2 = np.concatenate(parts, axis=1)[:, :, None]
    return s1, s2
