"""Coherent images of particles that scatter with rotational symmetry, by radial integrals.

The light that the particles scatter, collected by an aplanatic objective, interferes with a reference wave along the axis
(Leahy et al., Opt. Express 28, 1061 (2020); Novotny & Hecht, Principles of Nano-Optics, ch. 3). Illumination is a plane wave
along the axis, from behind the particles or, backwards, through the objective (Taylor & Sandoghdar, Nano Lett. 19, 4827
(2019)). The pupil has rotational symmetry. Positions in px, all other lengths in um.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from simcore import _core
from simcore.kernels.tables import tables
from simcore.kernels.views import flat
from simcore.streams import Array


def _complex(values: Array) -> Array:
    return np.ascontiguousarray(values, np.complex128)


@dataclass(frozen=True)
class Particles:
    """The particles of a block of images: those of image i are ``first[i]`` to ``first[i + 1]``.

    ``first`` (image + 1,) int64; ``x``, ``y`` px and ``z`` um, (particle,). ``source`` (particle,) says what each of them is:
    below 0 a homogeneous sphere of its ``radius`` (um) and complex ``refractive_index`` (not read otherwise); else it counts
    through the rows of ``multipoles`` and then those of ``amplitudes``. ``multipoles``: a_n and b_n, each (row, wavelength,
    term), zero past the last that counts (Bohren & Huffman 1983, ch. 4). ``amplitudes``: S1 and S2, each (row, wavelength or
    one for all, angle), at 16 or more equal steps of the scattering angle from 0 to pi; with 2 pi steps for each order of
    multipole in it, interpolation errs by less than 1e-6 of the largest.
    """

    first: Array
    x: Array
    y: Array
    z: Array
    radius: Array
    refractive_index: Array
    source: Array | None = None
    multipoles: tuple[Array, Array] | None = None
    amplitudes: tuple[Array, Array] | None = None

    def arguments(self, wavelengths: int) -> list[Array]:
        """Return the arrays in the order of the kernel."""
        source = np.full(len(self.x), -1, np.int64) if self.source is None else self.source
        a, b = (np.zeros((0, wavelengths, 0)),) * 2 if self.multipoles is None else self.multipoles
        s1, s2 = (np.zeros((0, 1, 0)),) * 2 if self.amplitudes is None else self.amplitudes
        real = [flat(values) for values in (self.x, self.y, self.z, self.radius)]
        integer = [np.ascontiguousarray(values, np.int64) for values in (self.first, source)]
        index, *series = (_complex(values) for values in (self.refractive_index, a, b, s1, s2))
        return [integer[0], *real, index, integer[1], *series]


@dataclass(frozen=True)
class CoherentOptics:
    """The optics of a block of images, arrays (image, ...); see each field.

    Intensities are ``weight`` times |reference + scattered|^2, summed over wavelengths and states of polarization: relative to
    the incident wave for transmitted light. Backwards the scattered light is relative to the incident wave too, and
    ``reference`` is the amplitude of the wave reflected at ``reflector``: its phase there, over the incident one's, is that of
    ``reference``. So divide the weight by |reference|^2 for images relative to the reflected wave.
    """

    numerical_aperture: Array  # (image,)
    pixel_size: Array  # (image,), um
    refractive_index_medium: Array  # (image,)
    wavelength: Array  # (image, wavelength), vacuum, um
    weight: Array | None = None  # (image, wavelength) of the intensities; equal shares unless given
    jones: Array | None = None  # (image, state, 2), complex; light polarized along x unless given
    jones_weight: Array | None = None  # (image, state); equal shares unless given
    analyzer: Array | None = None  # (image, 2), complex, normalized: the state that passes; none unless given
    reference: Array | None = None  # (image, wavelength), complex; 1 unless given, 0 for scattered light alone
    wavefront: Array | None = None  # (image, k), um: coefficients of rho^2, rho^4, ...; 0 unless given
    waist: Array | None = None  # (image,): amplitude exp(-(rho / waist)^2), inf for none
    stop: Array | None = None  # (image,): rho < stop is blocked, and with it the reference; 0 unless given
    refractive_index_immersion: Array | None = None  # (image,): the medium's unless given
    focus_depth: Array | None = None  # (image,), um: focal plane under the coverslip; 0 unless given
    reflector: Array | None = None  # (image,), um: height z of the mirror in backscattered light; 0 unless given
    backward: bool = False  # light comes through the objective, and the scattered part returns into it

    def arguments(self) -> list[Array]:
        """Return the arrays in the order of the kernel."""
        images, waves = np.shape(self.wavelength)

        def given(values: Array | None, default: Array | float, shape: tuple[int, ...]) -> Array:
            return np.full(shape, default) if values is None else np.asarray(values)

        one = (images,)
        optics = np.stack(
            [
                given(self.numerical_aperture, 0.0, one),
                given(self.pixel_size, 0.0, one),
                given(self.refractive_index_medium, 0.0, one),
                given(self.refractive_index_immersion, np.asarray(self.refractive_index_medium), one),
                given(self.focus_depth, 0.0, one),
                given(self.waist, np.inf, one),
                given(self.stop, 0.0, one),
                given(self.reflector, 0.0, one),
            ],
            axis=1,
        )
        jones = given(self.jones, np.array([1.0, 0.0]), (images, 1, 2))
        states = jones.shape[1]
        analyzer = np.zeros((images, 0, 2)) if self.analyzer is None else np.asarray(self.analyzer)[:, None]
        return [
            flat(optics),
            flat(given(self.wavefront, 0.0, (images, 0))),
            flat(self.wavelength),
            flat(given(self.weight, 1 / waves, (images, waves))),
            _complex(given(self.reference, 1.0, (images, waves))),
            _complex(jones),
            flat(given(self.jones_weight, 1 / states, (images, states))),
            _complex(analyzer),
        ]


def _draw(out: Array, particles: Particles, optics: CoherentOptics, tolerance: float) -> None:
    light = optics.arguments()
    waves = light[2].shape[1]
    _core.coherent_image(tables(), out, *particles.arguments(waves), *light, optics.backward, tolerance)


def coherent_intensity(out: Array, *, particles: Particles, optics: CoherentOptics, tolerance: float) -> None:
    """Fill ``out`` (image, y, x), float32 or float64, with intensities averaged over the pixels.

    ``tolerance``: largest error, relative to the incident intensity; where light adds up to more than ten times that,
    relative to a tenth of what there is.

    Raises
    ------
    ValueError
        For values out of range, or a field of view or defocus that would need too many directions.
    """
    _draw(out, particles, optics, tolerance)


def coherent_field(
    out: Array, *, particles: Particles, optics: CoherentOptics, tolerance: float, incident: bool = True
) -> None:
    """Fill ``out`` (image, y, x, component), complex64 or complex128, with fields averaged over the pixels.

    Components are Ex and Ey, or what the analyzer passes. One wavelength and one state of polarization. Without
    ``incident`` the field is that of the scattered light alone. ``tolerance``: largest error, relative to the incident wave.

    Raises
    ------
    ValueError
        As `coherent_intensity`, and for several wavelengths or states.
    """
    if not incident:
        optics = replace(optics, reference=np.zeros(np.shape(optics.wavelength)))
    _draw(out, particles, optics, tolerance)
