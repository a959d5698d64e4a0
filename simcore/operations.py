"""Operations on intensities that are no noise: gradients, normalisations."""

from simcore import kernels
from simcore.features import Applied, Feature
from simcore.parameters import Value, parameter
from simcore.properties import Array
from simcore.values import Plan


class IlluminationGradient(Feature):
    """A linear gradient: I + x (column - centre) + y (row - centre), clipped at 0; nothing changes at the image's centre."""

    x: Value = parameter("slope to the right, per pixel", default=0.0, unit="1/px")
    y: Value = parameter("slope downwards, per pixel", default=0.0, unit="1/px")

    def apply(self, plan: Plan, data: Array, flow: Applied) -> Array:
        values = self.values(plan)
        kernels.illumination_gradient(data, values["x"], values["y"])
        return data


class NormalizeMinMax(Feature):
    """Each image linearly to [minimum, maximum], over all channels; a constant image becomes ``minimum``."""

    minimum: Value = parameter("value of the darkest pixel", default=0.0)
    maximum: Value = parameter("value of the brightest pixel", default=1.0)

    def apply(self, plan: Plan, data: Array, flow: Applied) -> Array:
        values = self.values(plan)
        kernels.normalize_minmax(data, values["minimum"], values["maximum"])
        return data
