"""Interferometric scattering microscopy."""

from dataclasses import replace
from typing import ClassVar

import numpy as np

from simcore import kernels
from simcore.errors import ParameterError
from simcore.optics.coherent import Coherent, is_zero, with_reference
from simcore.optics.particles import ROUND
from simcore.parameters import Value, parameter
from simcore.properties import Array
from simcore.scenes import Scatterer


class ISCAT(Coherent):
    """Backscattered light that interferes with the light reflected at the coverslip, relative to the reflected light alone.

    The light comes through the objective and reaches a particle with its own phase; ``interface`` is the height of the
    reflecting surface (particles lie above it, farther from the objective), ``reflectance`` the amplitude reflected there
    relative to the incident one (Fresnel, between glass and medium, unless given). Image: (height, width, 1).
    Source: Taylor & Sandoghdar, Nano Lett. 19, 4827 (2019). Raises ParameterError for values out of range.
    """

    backward: ClassVar[bool] = True
    images: ClassVar[tuple[type[Scatterer], ...]] = ROUND  # multi-slice has no backward wave

    interface: Value = parameter("height of the reflecting surface", default=0.0, unit="um", plausible=1000)
    refractive_index_glass: Value = parameter("refractive index of the coverslip", default=1.518, least=1, most=4)
    reflectance: Value = parameter("reflected amplitude relative to the incident one; Fresnel's unless given", default=None,
                                   complex_valued=True, any_phase=True, optional=True)  # fmt: skip

    def check(self) -> None:
        super().check()
        if not is_zero(self.illumination_angle):
            raise ParameterError("ISCAT.illumination_angle: must be 0: light goes in and comes back along the axis")

    def optics(self, values: dict[str, Array]) -> kernels.CoherentOptics:
        glass, medium = values["refractive_index_glass"], values["refractive_index_medium"]
        given = values.get("reflectance")
        # Seen from the glass, at normal incidence; the scattered light passes the surface twice.
        reflected = (glass - medium) / (glass + medium) if given is None else given
        passed = 4 * glass * medium / (glass + medium) ** 2
        amplitude = np.asarray(reflected / passed, np.complex128)
        return replace(with_reference(super().optics(values), amplitude), reflector=values["interface"])
