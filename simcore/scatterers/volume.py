"""Contents that a user gives place by place: an array of voxels, or (simcore/custom) a function of x, y, z."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from scipy import ndimage

from simcore.errors import ParameterError
from simcore.given_arrays import GivenArray
from simcore.parameters import Value, one_of, option, parameter
from simcore.scatterers.bodies import X, Y, Z
from simcore.scenes import Scatterer
from simcore.streams import Array

QUANTITIES = ("density", "refractive_index")
INTENSITY = "light that it emits, per volume, where the density is 1"
FILLED = "refractive index where the density is 1; None: that of the medium"
QUANTITY = '"density": how much of the place is filled; "refractive_index": the index there, 0 where nothing is'


class VoxelArray(GivenArray):
    """A number for each voxel, the lowest plane first."""

    axes = ("(z, y, x)",)
    dtype = np.complex64


def voxel_array(label: str, value: Any) -> VoxelArray:
    """Read an option that is an array of voxels."""
    return value if isinstance(value, VoxelArray) else VoxelArray(label, value)


class Filled(Scatterer):
    """Base of what is given place by place inside a box, turned as an `Ellipsoid` is.

    A subclass declares x, y, z, rotation, rotation_x, rotation_y, intensity, refractive_index and the option quantity.
    """

    @property
    def of(self) -> str:
        """What the values are: one of `QUANTITIES`."""
        declared: Any = self
        return str(declared.quantity)

    def half_sides(self, values: dict[str, Array]) -> Array:
        """Return half the sides of the boxes along their own x, y, z: (particle, 3), um."""
        raise NotImplementedError

    def spacing(self, values: dict[str, Array]) -> Array:
        """Return the distance (particle,), um, over which the contents change; infinite where that is not known."""
        raise NotImplementedError

    def fill(self, out: Array, values: dict[str, Array], row: int, first: Array, steps: Array) -> None:
        """Write to ``out`` (i, j, k) what particle ``row`` holds at first + i steps[0] + j steps[1] + k steps[2].

        Places are in um from the centre along the particle's own x, y, z; outside of its box is 0.
        """
        raise NotImplementedError


class Volume(Filled):
    """Voxels of given values, (z, y, x): what shines, or what refracts.

    The array stands in the recipe (up to 1000 values) or in a file (.npy, .npz, TIFF), held to its SHA-256. Between the
    centres of voxels a density is interpolated linearly and falls to 0 half a voxel beyond the outermost; a refractive
    index fills the box of the voxels and displaces what was there.

    Raises ParameterError for an array that is none, RecipeError for a file that is
    missing or has changed.
    """

    x: Value = parameter(X, unit="px")
    y: Value = parameter(Y, unit="px")
    voxels: VoxelArray = option("array (z, y, x), or the path of a file", read=voxel_array)
    voxel_size: Value = parameter("width of a voxel", unit="um", above=0, plausible=100)
    voxel_size_z: Value = parameter("height of a voxel; its width unless given", default=None, unit="um", above=0,
                                    plausible=100, optional=True)  # fmt: skip
    z: Value = parameter(Z, default=0.0, unit="um")
    rotation: Value = parameter("angle about z, from +x towards +y", default=0.0, unit="rad")
    rotation_x: Value = parameter("angle about x, from +y towards +z", default=0.0, unit="rad")
    rotation_y: Value = parameter("angle about y, from +z towards +x", default=0.0, unit="rad")
    intensity: Value = parameter(INTENSITY, default=1.0, unit="photons/um^3", least=0)
    refractive_index: Value = parameter(FILLED, default=None, above=0, complex_valued=True, optional=True)
    quantity: str = option(QUANTITY, default="density", read=one_of(*QUANTITIES))

    MARGIN: ClassVar[float] = 0.5  # voxels beyond the box in which a density falls to 0

    def check(self) -> None:
        place, array = self.place_of("voxels"), self.voxels.array
        if self.quantity == "refractive_index" and not ((array.real > 0) & (array.imag >= 0)).all():
            raise ParameterError(f"{place}: holds indices that are not > 0, or amplify (imaginary part < 0)")
        if self.quantity == "density" and (array.imag.any() or array.real.min() < 0):
            raise ParameterError(f"{place}: holds densities that are not real numbers >= 0")

    def verify(self) -> None:
        self.voxels.verify()

    def pitch(self, values: dict[str, Array]) -> Array:
        """Return the size of the voxels along x, y, z: (particle, 3), um."""
        width = values["voxel_size"]
        return np.stack([width, width, values.get("voxel_size_z", width)], axis=1)

    def photons(self, values: dict[str, Array]) -> Array:
        """Return the photons of each volume."""
        return np.asarray(
            self.pitch(values).prod(1) * float(self.voxels.array.real.sum(dtype=float)) * values["intensity"]
        )

    def half_sides(self, values: dict[str, Array]) -> Array:
        beyond = self.MARGIN if self.quantity == "density" else 0.0
        return self.pitch(values) * (np.array(self.voxels.array.shape[::-1]) / 2 + beyond)

    def spacing(self, values: dict[str, Array]) -> Array:
        return self.pitch(values).min(1)

    def fill(self, out: Array, values: dict[str, Array], row: int, first: Array, steps: Array) -> None:
        pitch, array = self.pitch(values)[row], self.voxels.array
        middle = (np.array(array.shape) - 1) / 2
        # ndimage counts in voxels, z first.
        matrix = (steps / pitch).T[::-1]
        offset = (first / pitch)[::-1] + middle
        given = array if np.iscomplexobj(out) else array.real
        if self.quantity == "density":
            ndimage.affine_transform(
                given, matrix, offset, out.shape, output=out, order=1, mode="grid-constant", prefilter=False
            )
            return
        inside = np.ones(array.shape, np.uint8)
        inside = ndimage.affine_transform(inside, matrix, offset, out.shape, order=0, mode="grid-constant")
        ndimage.affine_transform(given, matrix, offset, out.shape, output=out, order=1, mode="nearest", prefilter=False)
        out *= inside
