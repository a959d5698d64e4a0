"""The complex field itself, as off-axis holography or a phase-shifting interferometer recovers it."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np

from simcore import kernels
from simcore.errors import ParameterError
from simcore.optics.coherent import Coherent, Shot, is_zero
from simcore.optics.through_pupil import pupils, report
from simcore.parameters import Value, option, parameter, switch
from simcore.properties import Array


class ComplexField(Coherent):
    """The field behind an analyzer, parallel to the light's polarization unless ``analyzer_angle`` is given; of unpolarized
    light the mean of two crossed states. (height, width, 1) complex, relative to the empty field, averaged over each pixel.

    ``incident=False`` leaves the light out that is not scattered. ``object_noise`` is white noise in the plane of the specimen,
    filtered by the pupil like the light. Images with channels come from `RealImaginary` and the like.
    Raises ParameterError for values out of range.
    """

    gives: ClassVar[str] = "field"
    incident: bool = option("whether the light that is not scattered takes part", default=True, read=switch)
    object_noise: Value = parameter(
        "noise before the pupil: standard deviation for each quadrature and camera pixel", default=0.0, least=0
    )

    def check(self) -> None:
        super().check()
        if self.illumination_azimuth is None:
            raise ParameterError(
                "ComplexField.illumination_azimuth: None; must be a number: fields of many waves do not add"
            )
        if self.wavelength.shape not in ((), (1,)):
            raise ParameterError(
                f"ComplexField.wavelength: {self.wavelength.shape[0]} of them; must be one for a field"
            )

    @property
    def on_axis(self) -> bool:
        return is_zero(self.object_noise) and super().on_axis

    def draw(self, shot: Shot) -> Array:
        jones = shot.optics.jones
        assert jones is not None
        total = np.zeros((len(shot.plan), *self.shape, 1), shot.flow.dtype)
        for state in range(jones.shape[1]):
            one = jones[:, state]
            analyzer = one if shot.optics.analyzer is None else shot.optics.analyzer
            optics = replace(shot.optics, jones=one[:, None], jones_weight=None, analyzer=analyzer)
            total += self.field(replace(shot, optics=optics), noisy=state == 0)
        return total / total.dtype.type(jones.shape[1])

    def field(self, shot: Shot, noisy: bool) -> Array:
        """Return the field of one state of polarization."""
        out = np.empty((len(shot.plan), *self.shape, 1), shot.flow.dtype)
        if self.on_axis:
            optics, particles = self.with_symmetric_pupil(shot)
            kernels.coherent_field(
                out, particles=particles, optics=optics, tolerance=self.accuracy, incident=self.incident
            )
            return out
        nothing = np.zeros(shot.optics.wavelength.shape)
        noise = shot.values["object_noise"] * shot.optics.jones.shape[1] if noisy else None  # type: ignore[union-attr]
        error = kernels.fill_field_through_pupil(
            out,
            particles=shot.particles,
            optics=shot.optics if self.incident else replace(shot.optics, reference=nothing),
            pupils=pupils(self.aberrations, shot.plan),
            waves=self.waves(shot.values),
            noise=noise,
            stream=shot.plan.stream(self),
            tolerance=self.accuracy,
        )
        report(self.title(), error, self.accuracy, shot.plan.lanes.examples)
        return out
