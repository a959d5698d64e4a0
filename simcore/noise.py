"""Noise. A new one is a class here: its random numbers come from ``plan.stream(self)``."""

from simcore import kernels
from simcore.features import Applied, Feature
from simcore.parameters import Value, one_of, option, parameter
from simcore.properties import Array
from simcore.values import Plan


class PoissonNoise(Feature):
    """Photon noise of a given signal-to-noise ratio (Midtvedt et al., Appl. Phys. Rev. 8, 011310 (2021)).

    With p = |max(I) - background| (``signal="peak"``) or max|I - background| (``"deviation"``, which also serves dark
    particles) and s = (snr / p)^2, a pixel becomes Poisson(I s) / s; negative intensities count as 0. An image that is
    nowhere different from the background (p = 0) has no such ratio and stays as it is.
    """

    snr: Value = parameter("signal-to-noise ratio", above=0)
    background: Value = parameter("intensity without particles", default=0.0)
    signal: str = option(
        'what counts as the signal: "peak" or "deviation"', default="peak", read=one_of("peak", "deviation")
    )

    def apply(self, plan: Plan, data: Array, flow: Applied) -> Array:
        values = self.values(plan)
        deviation = self.signal == "deviation"
        kernels.poisson_snr(data, values["snr"], values["background"], deviation, plan.stream(self))
        return data
