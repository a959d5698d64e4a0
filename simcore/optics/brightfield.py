"""Transmitted light: brightfield and in-line holography."""

import numpy as np

from simcore.optics.coherent import Coherent, is_zero
from simcore.optics.illumination import condenser
from simcore.parameters import Value, option, parameter, whole_number
from simcore.properties import Array


class Brightfield(Coherent):
    """Transmitted light, seen through an aplanatic objective: scattered light interferes with the wave that passes.

    The intensities of the wavelengths add, and those of the directions from which a condenser of aperture
    ``condenser_aperture`` sends light (Abbe; Born & Wolf, Principles of Optics, ch. 10); it is evenly filled and stands for
    4 ``condenser_rings``^2 directions. Image: (height, width, 1), relative to the empty field, integrated over each pixel.
    Source: Leahy et al., Opt. Express 28, 1061 (2020); Novotny & Hecht, Principles of Nano-Optics, ch. 3.

    Raises ParameterError for values out of range, for instance an aperture above the immersion's index.
    """

    condenser_aperture: Value = parameter(
        "numerical aperture of the condenser; 0: a plane wave", default=0.0, least=0, most=2
    )
    condenser_rings: int = option("rings of directions that stand for the condenser", default=3,
                                  read=whole_number(1, 100))  # fmt: skip

    @property
    def on_axis(self) -> bool:
        return is_zero(self.condenser_aperture) and super().on_axis

    def waves(self, values: dict[str, Array]) -> Array:
        if is_zero(self.condenser_aperture):
            return super().waves(values)
        sine = values["condenser_aperture"] / values["refractive_index_medium"]
        filled = condenser(np.minimum(sine, 0.999), self.condenser_rings)
        tilt = super().waves(values)[:, :1, :2]
        return np.concatenate([filled[..., :2] + tilt, filled[..., 2:]], axis=-1)


class Holography(Coherent):
    """An in-line hologram: scattered light interferes with the laser beam that passes. Image as of `Brightfield`."""
