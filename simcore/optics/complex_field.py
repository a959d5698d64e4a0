"""The complex field itself, as off-axis holography or a phase-shifting interferometer recovers it."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np

from simcore import kernels
from simcore.errors import ParameterError
from simcore.optics.coherent import Coherent, Shot, is_zero
from simcore.optics.refracting import add_field
from simcore.optics.through_pupil import pupils, report, report_beyond
from simcore.parameters import Value, option, parameter, switch
from simcore.properties import Array


class OneField(Coherent):
    """Base of microscopes that need the field of a single plane wave."""

    def check(self) -> None:
        super().check()
        if self.illumination_azimuth is None:
            raise ParameterError(
                f"{self.place_of('illumination_azimuth')}: None; must be a number: fields of many waves do not add"
            )
        if self.wavelength.shape not in ((), (1,)):
            raise ParameterError(
                f"{self.place_of('wavelength')}: {self.wavelength.shape[0]} of them; must be one for a field"
            )

    def field(self, shot: Shot, shape: tuple[int, int], noise: Array | None = None, incident: bool = True) -> Array:
        """Return the field (image, y, x) behind the analyzer of one state of polarization, averaged over each pixel.

        ``noise`` (image,): standard deviation of white noise before the pupil, for each quadrature and pixel.
        """
        kind = np.complex128 if self.double else np.complex64
        out = shot.plan.empty((len(shot.plan), *shape, 1), kind)
        self._fill_spheres(out, shot, noise, incident)
        if shot.solid is not None:
            beyond = add_field(out[..., 0], solids=shot.solid, optics=shot.optics,
                               pupils=pupils(self.aberrations, shot.plan), waves=self.waves(shot.values),
                               tolerance=self.accuracy)  # fmt: skip
            report_beyond(self.title(), beyond, shot.plan.lanes.examples)
        return out[..., 0]

    def _fill_spheres(self, out: Array, shot: Shot, noise: Array | None, incident: bool) -> None:
        """Fill ``out`` (image, y, x, 1) with the field of what scatters by Mie's solution."""
        if self.on_axis:
            optics, particles = self.with_symmetric_pupil(shot)
            kernels.coherent_field(out, particles=particles, optics=optics, tolerance=self.accuracy, incident=incident)
            return
        nothing = np.zeros(shot.optics.wavelength.shape)
        error = kernels.fill_field_through_pupil(
            out,
            particles=shot.particles,
            optics=shot.optics if incident else replace(shot.optics, reference=nothing),
            pupils=pupils(self.aberrations, shot.plan),
            waves=self.waves(shot.values),
            noise=noise,
            stream=shot.plan.stream(self),
            tolerance=self.accuracy,
        )
        report(self.title(), error, self.accuracy, shot.plan.lanes.examples)


def states_of(shot: Shot) -> list[tuple[Shot, Array, Array]]:
    """Return the states of polarization one by one: the shot behind their analyzer, Jones vector and analyzer (image, 2).

    The analyzer is parallel to the light unless one is given.
    """
    jones = shot.optics.jones
    assert jones is not None
    found = []
    for state in range(jones.shape[1]):
        one = jones[:, state]
        analyzer = one if shot.optics.analyzer is None else shot.optics.analyzer
        optics = replace(shot.optics, jones=one[:, None], jones_weight=None, analyzer=analyzer)
        found.append((replace(shot, optics=optics), one, analyzer))
    return found


class ComplexField(OneField):
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

    @property
    def on_axis(self) -> bool:
        return is_zero(self.object_noise) and super().on_axis

    def draw(self, shot: Shot) -> Array:
        states = states_of(shot)
        noise = shot.values["object_noise"] * len(states)
        return mean_of(
            [
                self.field(one, self.shape, None if number else noise, self.incident)
                for number, (one, _, _) in enumerate(states)
            ]
        )


def mean_of(fields: list[Array]) -> Array:
    """Return the mean of fields (image, y, x), with a channel."""
    total, *rest = fields
    for other in rest:
        total += other
    if rest:
        parts = total.view(total.real.dtype)  # NumPy's complex quotient is not the same on every machine
        parts /= len(fields)
    return total[..., None]
