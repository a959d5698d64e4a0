"""Noise of light and of fields. A new one is a class here: its random numbers come from ``plan.stream(self)``."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from simcore import kernels
from simcore.errors import ParameterError
from simcore.features import Applied
from simcore.operations.base import Operation, floating
from simcore.parameters import Value, one_of, option, parameter
from simcore.properties import Array
from simcore.values import Plan

__all__ = [
    "Background",
    "ComplexGaussianNoise",
    "Flicker",
    "GaussianNoise",
    "PhotonNoise",
    "PoissonNoise",
    "SpeckleNoise",
]


class Background(Operation):
    """Light that is everywhere the same: I + offset."""

    offset: Value = parameter("what is added, in the image's own unit")

    def apply(self, plan: Plan, data: Array, flow: Applied) -> Array:
        data = floating(data)
        data += per_image(plan.value(self.offset), data)
        return data


class GaussianNoise(Operation):
    """White noise: I + sigma N, with N independent standard normal numbers in every pixel and channel."""

    sigma: Value = parameter("standard deviation, in the image's own unit", least=0)

    def apply(self, plan: Plan, data: Array, flow: Applied) -> Array:
        data = floating(data)
        kernels.gaussian_noise(data, plan.value(self.sigma), plan.stream(self))
        return data


class ComplexGaussianNoise(Operation):
    """White noise of a field: E + sigma (N + i N'), sigma per quadrature and pixel, N and N' independent and standard normal."""

    takes: ClassVar[tuple[str, ...]] = ("field",)
    sigma: Value = parameter("standard deviation of the real and of the imaginary part", least=0)

    def apply(self, plan: Plan, data: Array, flow: Applied) -> Array:
        data = floating(data)
        kernels.gaussian_noise(data, plan.value(self.sigma), plan.stream(self))
        return data


class PhotonNoise(Operation):
    """Shot noise: each value, a mean number of photons, becomes a Poisson number; negative values count as 0."""

    def apply(self, plan: Plan, data: Array, flow: Applied) -> Array:
        data = floating(data)
        kernels.photon_noise(data, plan.stream(self))
        return data


class PoissonNoise(Operation):
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
        values, data = self.values(plan), floating(data)
        deviation = self.signal == "deviation"
        kernels.poisson_snr(data, values["snr"], values["background"], deviation, plan.stream(self))
        return data


class SpeckleNoise(Operation):
    """Speckle of coherent light: I times gamma numbers of mean 1 and variance 1 / looks.

    1 look is fully developed speckle (exponential), more is partial. Without ``correlation_length`` every pixel and channel has
    a number of its own. With it each channel is a weighted mean of ceil(looks) patterns |E|^2 of circular Gaussian fields, and
    the intensity's correlation over a distance r is exp(-r^2 / correlation_length^2) (true at lengths of a pixel and more);
    looks between whole numbers give the last pattern less weight, as in partly polarized light.
    Source: Goodman, Speckle Phenomena in Optics, 2nd ed. (2020), chapters 3 and 4.

    Raises ParameterError for a correlation length with less than one look.
    """

    looks: Value = parameter("number of independent patterns that add up", default=1.0, above=0, most=1e4)
    correlation_length: Value = parameter("distance at which the intensity's correlation is 1/e; 0: white", default=0.0,
                                          unit="px", least=0, most=1000)  # fmt: skip

    def check_values(self, values: dict[str, Array], examples: Array) -> None:
        looks = values["looks"]
        bad = (values["correlation_length"] > 0) & (looks < 1)
        if bad.any():
            i = int(np.argmax(bad))
            raise ParameterError(
                f"{self.place_of('looks')}: {looks[i]:g} in example {examples[i]}; must be >= 1 with a correlation_length"
            )

    def apply(self, plan: Plan, data: Array, flow: Applied) -> Array:
        values, data = self.values(plan), floating(data)
        kernels.speckle(data, values["looks"], values["correlation_length"], plan.stream(self))
        return data


class Flicker(Operation):
    """Unsteady light: each image times one number of its own, 1 + spread N with N standard normal, never below 0."""

    spread: Value = parameter("relative standard deviation of the light's power", least=0)

    def apply(self, plan: Plan, data: Array, flow: Applied) -> Array:
        number = kernels.normal(1, plan.stream(self))[:, 0]
        data = floating(data)
        data *= per_image(np.maximum(1 + plan.value(self.spread) * number, 0), data)
        return data


def per_image(values: Array, data: Array) -> Array:
    """Return one number per image, shaped and typed to be combined with the block ``data``."""
    return values.astype(data.real.dtype).reshape(-1, *(1,) * (data.ndim - 1))
