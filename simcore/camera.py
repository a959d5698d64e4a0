"""Cameras: photons to counts."""

from __future__ import annotations

from typing import Any

import numpy as np

from simcore import kernels
from simcore.errors import ParameterError, RecipeError
from simcore.features import Applied, Flow
from simcore.operations.base import Operation, floating
from simcore.parameters import Value, option, parameter
from simcore.pixel_maps import PixelMap, pixel_map
from simcore.properties import Array, Constant
from simcore.values import Plan

__all__ = ["Camera"]

MAPS = {"gain_map": "gain", "offset_map": "offset", "variance_map": "read_noise"}  # map: what it stands in for
MOST_BITS = 24  # whole counts that float32 holds
USUAL = {"gain": 1.0, "offset": 0.0, "read_noise": 0.0}  # a map beside another number than these is refused


def bits(label: str, value: Any) -> int | None:
    """Read a bit depth, or None."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not 1 <= value <= MOST_BITS:
        raise ParameterError(f"{label}: {value!r}; must be a whole number from 1 to {MOST_BITS}, or None")
    return int(value)


class Camera(Operation):
    """What a camera (CCD, sCMOS, EMCCD) reports of an image in photons: counts, whole numbers from 0 to 2^bit_depth - 1.

    Per pixel and exposure, n = min(Poisson(quantum_efficiency photons + dark_current exposure_time + spurious_charge),
    full_well) electrons; behind an EM register (em_gain > 1) em_gain Gamma(n) of them, which holds for gains well above 1; then
    counts = gain (electrons + read_noise N) + offset, N standard normal, rounded and clipped. The image holds the photons of the
    whole exposure: ``exposure_time`` acts on the dark current alone. ``bit_depth=None`` leaves counts neither rounded nor
    clipped. Maps for sCMOS sensors stand in for the numbers of all pixels, in the units of a calibration from dark and bright
    frames: ``gain_map`` (counts per electron) for gain, ``offset_map`` (counts) for offset, ``variance_map`` (counts^2) for
    read_noise. A map is an array (y, x) or (y, x, channel) of up to 1000 values, or the path of a .npy, .npz or TIFF file,
    which the recipe then names with its SHA-256.
    Source: EMVA Standard 1288, release 4.0 (2021); Hirsch et al., PLoS ONE 8, e53671 (2013); Huang et al., Nat. Methods 10, 653
    (2013).

    Raises ParameterError for values out of range, or a map beside the number that it stands in for; RecipeError for a map of
    another shape than the image, or a file that is missing or has changed.
    """

    quantum_efficiency: Value = parameter("electrons per photon", default=1.0, least=0, most=1)
    dark_current: Value = parameter("electrons per pixel and second without light", default=0.0, unit="1/s", least=0)
    exposure_time: Value = parameter("duration of the exposure", default=1.0, unit="s", least=0)
    em_gain: Value = parameter("mean gain of the EM register; 1: none", default=1.0, least=1)
    read_noise: Value = parameter("standard deviation of the read noise, in electrons", default=0.0, least=0)
    gain: Value = parameter("counts per electron", default=1.0, above=0)
    offset: Value = parameter("counts without light", default=0.0)
    bit_depth: int | None = option(
        "bits of the converter; None: counts are neither rounded nor clipped", default=16, read=bits
    )
    full_well: Value = parameter(
        "most electrons that a pixel holds; None: unlimited", default=None, above=0, optional=True
    )
    spurious_charge: Value = parameter("clock-induced electrons per pixel and exposure", default=0.0, least=0)
    gain_map: PixelMap | None = option("counts per electron of each pixel", default=None, read=pixel_map)
    offset_map: PixelMap | None = option("counts without light of each pixel", default=None, read=pixel_map)
    variance_map: PixelMap | None = option(
        "variance of the read noise of each pixel, in counts^2", default=None, read=pixel_map
    )

    def check(self) -> None:
        for field, stands_for in MAPS.items():
            number = getattr(self, stands_for)
            given = not isinstance(number, Constant) or number.value != USUAL[stands_for]
            if getattr(self, field) is not None and given:
                raise ParameterError(f"{self.place_of(field)}: stands in for {stands_for}; give one of them")
        for field, least in (("gain_map", np.nextafter(0, 1)), ("variance_map", 0.0)):
            chart = getattr(self, field)
            if chart is not None and chart.array.min() < least:
                allowed = "> 0" if least else ">= 0"
                raise ParameterError(f"{self.place_of(field)}: holds {chart.array.min():g}; must be {allowed}")

    def verify(self) -> None:
        for field in MAPS:
            chart = getattr(self, field)
            if chart is not None:
                chart.verify()

    def refuse(self, flow: Flow) -> None:
        super().refuse(flow)
        for field in MAPS:
            chart = getattr(self, field)
            if chart is not None and not chart.fits(flow.shape):
                raise RecipeError(
                    f"{self.place_of(field)}: map of shape {chart.array.shape}; must be that of the image, {flow.shape}"
                )

    def apply(self, plan: Plan, data: Array, flow: Applied) -> Array:
        values, data = self.values(plan), floating(data)
        kernels.camera(
            data,
            quantum_efficiency=values["quantum_efficiency"],
            dark=values["dark_current"] * values["exposure_time"] + values["spurious_charge"],
            em_gain=values["em_gain"],
            read_noise=values["read_noise"],
            gain=values["gain"],
            offset=values["offset"],
            full_well=values.get("full_well", np.full(len(plan), np.inf)),
            maps=self._maps(flow.shape),
            ceiling=np.inf if self.bit_depth is None else 2.0**self.bit_depth - 1,
            stream=plan.stream(self),
        )
        return data

    def _maps(self, shape: tuple[int, ...]) -> kernels.PixelMaps:
        gain, offset, variance = (
            None if chart is None else chart.spread(shape)
            for chart in (self.gain_map, self.offset_map, self.variance_map)
        )
        return kernels.PixelMaps(gain, offset, None if variance is None else np.sqrt(variance))
