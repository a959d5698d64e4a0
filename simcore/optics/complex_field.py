"""The complex field itself, as off-axis holography or a phase-shifting interferometer recovers it."""

from dataclasses import replace
from typing import ClassVar

import numpy as np

from simcore import kernels
from simcore.features import Applied
from simcore.optics.coherent import Coherent
from simcore.parameters import option, switch
from simcore.properties import Array


class ComplexField(Coherent):
    """The field behind an analyzer, parallel to the light's polarization unless ``analyzer_angle`` is given; of unpolarized
    light the mean of two crossed states. (height, width, 1) complex, relative to the empty field, averaged over each pixel.

    ``incident=False`` leaves the light out that is not scattered. Images with channels come from `RealImaginary` and the like.
    Raises ParameterError for values out of range.
    """

    gives: ClassVar[str] = "field"
    incident: bool = option("whether the light that is not scattered takes part", default=True, read=switch)

    def draw(
        self, values: dict[str, Array], particles: kernels.Particles, optics: kernels.CoherentOptics, flow: Applied
    ) -> Array:
        assert optics.jones is not None
        total = np.zeros((len(values["pixel_size"]), *self.shape, 1), flow.dtype)
        states = optics.jones.shape[1]
        for state in range(states):
            jones = optics.jones[:, state]
            analyzer = jones if optics.analyzer is None else optics.analyzer
            one = replace(optics, jones=jones[:, None], jones_weight=None, analyzer=analyzer)
            field = np.empty_like(total)
            kernels.coherent_field(
                field, particles=particles, optics=one, tolerance=self.accuracy, incident=self.incident
            )
            total += field
        return total / total.dtype.type(states)
