"""Images of point emitters and of volumes that emit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from simcore import _core
from simcore.kernels.tables import tables
from simcore.kernels.views import flat
from simcore.streams import Array

# Columns of the optics of an image, in the order of csrc/emission_pupil.hpp.
COLUMNS = (
    "numerical_aperture", "pixel_size", "medium", "immersion", "coverslip", "immersion_nominal", "coverslip_nominal",
    "coverslip_thickness", "coverslip_thickness_nominal", "working_distance", "focus_depth", "stop", "waist",
)  # fmt: skip


NO_LUMPS: Array = np.zeros((0, 4))


@dataclass(frozen=True)
class EmissionOptics:
    """What lies between the emitters and a block of images; lengths in um.

    ``optics`` (image, column) holds `COLUMNS`; ``wavelength`` and ``weight`` are (image, wavelength); ``wavefront``
    (image, order) the coefficients of rho^2, rho^4, ... of an aberration with rotational symmetry.
    """

    optics: Array
    wavelength: Array
    weight: Array
    wavefront: Array
    vectorial: bool = True
    aplanatic: bool = True

    @classmethod
    def of(
        cls,
        *,
        numerical_aperture: Array,
        pixel_size: Array,
        wavelength: Array,
        refractive_index_medium: Array,
        refractive_index_immersion: Array | None = None,
        refractive_index_coverslip: Array | None = None,
        refractive_index_immersion_nominal: Array | None = None,
        refractive_index_coverslip_nominal: Array | None = None,
        coverslip_thickness: Array | None = None,
        coverslip_thickness_nominal: Array | None = None,
        working_distance: Array | None = None,
        focus_depth: Array | None = None,
        stop: Array | None = None,
        waist: Array | None = None,
        weight: Array | None = None,
        wavefront: Array | None = None,
        vectorial: bool = True,
        aplanatic: bool = True,
    ) -> EmissionOptics:
        """Gather the values, each (image,); those not given are those that change nothing.

        ``focus_depth`` None: the medium reaches up to the objective.
        """
        images = len(numerical_aperture)
        medium = flat(refractive_index_medium)
        immersion = medium if refractive_index_immersion is None else refractive_index_immersion
        coverslip = immersion if refractive_index_coverslip is None else refractive_index_coverslip
        thickness = np.zeros(images) if coverslip_thickness is None else coverslip_thickness
        columns = (
            numerical_aperture,
            pixel_size,
            medium,
            immersion,
            coverslip,
            immersion if refractive_index_immersion_nominal is None else refractive_index_immersion_nominal,
            coverslip if refractive_index_coverslip_nominal is None else refractive_index_coverslip_nominal,
            thickness,
            thickness if coverslip_thickness_nominal is None else coverslip_thickness_nominal,
            np.zeros(images) if working_distance is None else working_distance,
            np.full(images, np.nan) if focus_depth is None else focus_depth,
            np.zeros(images) if stop is None else stop,
            np.full(images, np.inf) if waist is None else waist,
        )
        waves = flat(wavelength).reshape(images, -1)
        return cls(
            np.ascontiguousarray(np.stack(columns, axis=1), np.float64),
            waves,
            np.full(waves.shape, 1 / waves.shape[1]) if weight is None else flat(weight).reshape(waves.shape),
            np.zeros((images, 0)) if wavefront is None else flat(wavefront).reshape(images, -1),
            vectorial,
            aplanatic,
        )

    def column(self, name: str) -> Array:
        """Return one column of the optics, (image,)."""
        return self.optics[:, COLUMNS.index(name)]

    def part(self, images: Array | slice) -> EmissionOptics:
        """Return the optics of some of the images."""
        optics, wavelength, weight, wavefront = (
            np.ascontiguousarray(a[images]) for a in (self.optics, self.wavelength, self.weight, self.wavefront)
        )
        return EmissionOptics(optics, wavelength, weight, wavefront, self.vectorial, self.aplanatic)


@dataclass(frozen=True)
class Emitters:
    """The point emitters of a block of images: those of image i are ``first[i]`` to ``first[i + 1]``.

    x, y in px, z in um, intensity in photons; polar and azimuth of fixed dipoles in rad, polar nan: freely rotating.
    """

    first: Array
    x: Array
    y: Array
    z: Array
    intensity: Array
    polar: Array
    azimuth: Array

    def part(self, images: Array) -> Emitters:
        """Return the emitters of some of the images."""
        counts = np.diff(self.first)[images]
        first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        rows = np.repeat(self.first[:-1][images] - first[:-1], counts) + np.arange(first[-1])
        return Emitters(first, *(a[rows] for a in (self.x, self.y, self.z, self.intensity, self.polar, self.azimuth)))

    def values(self) -> tuple[Array, ...]:
        """Return the arrays as the kernels take them."""
        floats = (self.x, self.y, self.z, self.intensity, self.polar, self.azimuth)
        return np.ascontiguousarray(self.first, np.int64), *(flat(a) for a in floats)


def image_emitters(out: Array, *, emitters: Emitters, optics: EmissionOptics, tolerance: float) -> None:
    """Fill ``out`` (image, y, x) with the photons in each pixel; a pupil with rotational symmetry.

    ``tolerance``: largest error of a pixel, relative to the brightest point of the emitter.
    """
    o = optics
    light = (o.optics, o.wavefront, o.wavelength, o.weight)
    _core.image_emitters(tables(), out, *emitters.values(), *light, o.vectorial, o.aplanatic, tolerance)


def emission_reach(*, low: Array, high: Array, optics: EmissionOptics, tolerance: float) -> tuple[Array, Array]:
    """Return how far (um) the rays of emitters at z = low .. high (um) stray, and where light may be left out; (image,)."""
    o = optics
    out = np.empty((len(o.optics), 2))
    _core.emission_reach(out, flat(low), flat(high), o.optics, o.wavefront, o.wavelength, o.weight, tolerance)
    return out[:, 0], out[:, 1]


def pupil_nodes(count: int) -> Array:
    """Return x, y, weight, (3, count * count), of a quadrature over the unit disc."""
    return _core.pupil_nodes(count)


def image_aberrated(
    out: Array,
    *,
    emitters: Emitters,
    optics: EmissionOptics,
    tolerance: float,
    count: int,
    phase: Array,
    amplitude: Array,
    reach: Array,
) -> None:
    """As `image_emitters`, with the wavefront ``phase`` (image, node) in um and the complex ``amplitude`` (image, node) of the
    pupil at `pupil_nodes` (count); light farther than ``reach`` (image,), um, may be left out.
    """
    o = optics
    pupil = (flat(phase), np.ascontiguousarray(amplitude, np.complex128), flat(reach))
    light = (o.optics, o.wavefront, o.wavelength, o.weight)
    _core.image_aberrated(out, *pupil, *emitters.values(), *light, o.vectorial, o.aplanatic, tolerance, count)


@lru_cache(maxsize=8)  # the same for all images of a size
def _cell_aliases(height: int, width: int, count: int) -> Any:
    return _core.CellAliases(height, width, count)


class EmissionPlanes:
    """The planes through which a volume from ``low`` to ``high`` (um) is imaged, for the optics of one image.

    ``z`` (plane,) are their heights (um), ``shares`` (depth, plane) the part that each plane gets of the light at depths
    ``first``, ``first + step``, ...; there are ``division`` cells in a pixel along each axis.

    ``tolerance``: largest error, relative to the brightest point, of images of ``lumps`` (lump, 4): ellipsoids of radius, half
    height, height of the middle, um, and intensity; of half height 0: discs. Without any: of the image of an edge relative to its
    plateau, if all depths erred to one side.

    Raises
    ------
    ValueError
        For values out of range, a plane below the coverslip, a pupil with a stop, or too large a defocus.
    """

    def __init__(
        self,
        *,
        optics: EmissionOptics,
        low: float,
        high: float,
        division: int,
        tolerance: float,
        lumps: Array = NO_LUMPS,
    ) -> None:
        o = optics
        model = (o.optics, o.wavefront, o.wavelength, o.weight, o.vectorial, o.aplanatic)
        self._known = _core.EmissionPlanes(*model, low, high, flat(lumps), division, tolerance)
        self.z, self.shares = self._known.z, self._known.shares
        self.first, self.step = self._known.first, self._known.step

    def combine(self, total: Array, spectra: list[Array], cells: tuple[int, int]) -> None:
        """Fill ``total`` (y, x / 2 + 1) with the spectrum of the image, from those (y, x / 2 + 1), complex64, of ``cells``."""
        self._known.combine(_cell_aliases(*cells, self._known.aliases), total, spectra)
