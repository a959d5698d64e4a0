"""Scattered light alone."""

from dataclasses import replace

import numpy as np

from simcore import kernels
from simcore.optics.coherent import Coherent
from simcore.properties import Array


class Darkfield(Coherent):
    """The intensity of the scattered light alone, relative to the incident intensity, integrated over each pixel.

    Light that is tilted by more than the objective's aperture never enters it; with ``illumination_azimuth=None`` it comes
    from all sides. Along the axis, the light that is not scattered is taken out. Image: (height, width, 1).
    Raises ParameterError for values out of range.
    """

    def optics(self, values: dict[str, Array]) -> kernels.CoherentOptics:
        optics = super().optics(values)
        return replace(optics, reference=np.zeros(optics.wavelength.shape))
