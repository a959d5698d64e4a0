"""A point that emits light: a molecule, a quantum dot, a bead smaller than the resolution."""

from simcore.errors import ParameterError
from simcore.parameters import Value, parameter
from simcore.properties import Array
from simcore.scenes import Scatterer


class PointEmitter(Scatterer):
    """A point that emits incoherently, as a freely rotating dipole or one that is fixed.

    ``intensity`` counts the photons that reach the image plane from this emitter at z = 0, before quantum efficiency. With
    ``dipole_polar``, the angle to the optical axis from the direction of z, the dipole is fixed.

    Raises ParameterError for values out of range, or an azimuth without a polar angle.
    """

    x: Value = parameter("position, to the right, from the centre of pixel (0, 0)", unit="px")
    y: Value = parameter("position, downwards, from the centre of pixel (0, 0)", unit="px")
    intensity: Value = parameter("photons in the image plane", unit="photons", least=0)
    z: Value = parameter("height; > 0 is farther from the objective than the focus", default=0.0, unit="um")
    dipole_polar: Value = parameter("angle of a fixed dipole to the optical axis; None: freely rotating", default=None,
                                    unit="rad", optional=True)  # fmt: skip
    dipole_azimuth: Value = parameter("azimuth of a fixed dipole, from +x towards +y; 0 unless given", default=None,
                                      unit="rad", optional=True)  # fmt: skip

    def check(self) -> None:
        if self.dipole_polar is None and self.dipole_azimuth is not None:
            raise ParameterError(f"{self.place_of('dipole_azimuth')}: needs dipole_polar, which makes the dipole fixed")

    def photons(self, values: dict[str, Array]) -> Array:
        """Return the photons of each emitter."""
        return values["intensity"]
