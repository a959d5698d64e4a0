"""Transmitted light: brightfield and in-line holography."""

import numpy as np

from simcore.errors import ParameterError
from simcore.optics.coherent import Coherent, is_zero
from simcore.optics.illumination import condenser
from simcore.parameters import Value, option, parameter, whole_number
from simcore.properties import Array


class Brightfield(Coherent):
    """Transmitted light, seen through an aplanatic objective: scattered light interferes with the wave that passes.

    The intensities of the wavelengths add, and those of the directions from which a condenser of aperture
    ``condenser_aperture`` sends light (Abbe; Born & Wolf, Principles of Optics, ch. 10). It is evenly filled, no wider than the
    objective's aperture, and stands for 4 ``condenser_rings``^2 directions. Image: (height, width, 1), relative to the empty
    field, integrated over each pixel.
    Source: Leahy et al., Opt. Express 28, 1061 (2020); Novotny & Hecht, Principles of Nano-Optics, ch. 3.

    Raises ParameterError for values out of range, for instance an aperture above the immersion's index.
    """

    condenser_aperture: Value = parameter(
        "numerical aperture of the condenser; 0: a plane wave", default=0.0, least=0, most=2
    )
    condenser_rings: int = option("rings of directions that stand for the condenser", default=3,
                                  read=whole_number(1, 100))  # fmt: skip

    def check(self) -> None:
        super().check()
        if not is_zero(self.condenser_aperture) and not is_zero(self.illumination_angle):
            raise ParameterError("Brightfield.illumination_angle: must be 0 under a condenser, whose light has an axis")

    def check_values(self, values: dict[str, Array], examples: Array) -> None:
        super().check_values(values, examples)
        condenser, objective = values["condenser_aperture"], values["numerical_aperture"]
        bad = condenser > np.minimum(objective, 0.999 * values["refractive_index_medium"])
        if bad.any():
            i = int(np.argmax(bad))
            raise ParameterError(
                f"Brightfield.condenser_aperture: {condenser[i]:g} in example {examples[i]}; must be <= the objective's "
                f"aperture, {objective[i]:g}, and below the medium's index: light beyond makes a darkfield image"
            )

    @property
    def on_axis(self) -> bool:
        return is_zero(self.condenser_aperture) and super().on_axis

    def waves(self, values: dict[str, Array]) -> Array:
        if is_zero(self.condenser_aperture):
            return super().waves(values)
        return condenser(values["condenser_aperture"] / values["refractive_index_medium"], self.condenser_rings)


class Holography(Coherent):
    """An in-line hologram: scattered light interferes with the laser beam that passes. Image as of `Brightfield`."""
