"""What microscopes under coherent light share: parameters, polarization, and the way from a scene to an image.

A new one is a class that says what interferes: see `Brightfield`, `Darkfield`, `ISCAT`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import pi
from typing import Any, ClassVar

import numpy as np

from simcore import kernels
from simcore.errors import RecipeError
from simcore.features import Applied, Flow
from simcore.optics.aberrations import Aberration, together
from simcore.optics.illumination import ring, tilted
from simcore.optics.objective import Objective
from simcore.optics.particles import ROUND, gather
from simcore.optics.refracting import Solids, add_intensity
from simcore.optics.through_pupil import pupils, report, report_beyond
from simcore.parameters import Value, between, one_of, option, parameter, parts, whole_number
from simcore.properties import Array, Constant
from simcore.scatterers import Ellipsoid, Sphere
from simcore.scatterers.volume import Filled
from simcore.scenes import Scatterer, Scene
from simcore.values import Plan

SOLID: tuple[type[Scatterer], ...] = (Ellipsoid, Sphere, Filled)  # of another refractive index


class Coherent(Objective):
    """Base of microscopes under plane waves, seen through an aplanatic objective (Debye-Wolf).

    Source: Leahy et al., Opt. Express 28, 1061 (2020); Novotny & Hecht, Principles of Nano-Optics, ch. 3.
    """

    images: ClassVar[tuple[type[Scatterer], ...]] = (*ROUND, *SOLID)
    backward: ClassVar[bool] = False

    polarization_angle: Value = parameter("angle of the light's polarization from +x towards +y; None: unpolarized", default=0.0,
                                          unit="rad", optional=True)  # fmt: skip
    tolerance: float = option(
        "largest error of the intensity, relative to the incident light", default=5e-4, read=between(1e-6, 0.1)
    )
    precision: str = option('"single" or "double": errors of at most 1e-6, float64 images', default="single",
                            read=one_of("single", "double"))  # fmt: skip
    ellipticity_angle: Value = parameter(
        "0: linear; pi/4: circular, clockwise on the screen; -pi/4: the other way round",
        default=0.0,
        unit="rad",
        least=-pi / 4,
        most=pi / 4,
    )
    analyzer_angle: Value = parameter("angle of an analyzer, from +x towards +y; None: no analyzer", default=None,
                                      unit="rad", optional=True)  # fmt: skip
    focus_depth: Value = parameter("depth of the focal plane below the coverslip, where the immersion differs from the medium",
                                   default=0.0, unit="um", least=0, plausible=1000)  # fmt: skip

    illumination_angle: Value = parameter("angle of the light to the optical axis, in the medium", default=0.0, unit="rad",
                                          least=0, below=pi / 2)  # fmt: skip
    illumination_azimuth: Value = parameter(
        "where tilted light travels to, from +x towards +y; None: from all sides",
        default=0.0,
        unit="rad",
        optional=True,
    )
    illumination_directions: int = option("number of directions that stand for light from all sides", default=8,
                                          read=whole_number(1, 1000))  # fmt: skip
    aberrations: tuple[Aberration, ...] = parts("aberrations of the pupil", "Aberration", default=())

    # -- from the scene to the image -------------------------------------------------------------------------------

    @property
    def on_axis(self) -> bool:
        """Whether light and pupil have rotational symmetry, so that radial integrals serve."""
        return is_zero(self.illumination_angle) and all(aberration.symmetric for aberration in self.aberrations)

    def apply(self, plan: Plan, data: Array, flow: Applied) -> Array:
        scene = flow.inputs[0]
        assert isinstance(scene, Scene)
        values = self.values(plan)
        optics = self.optics(values)
        members = plan.particles(scene)
        particles = gather([m for m in members if isinstance(m.scatterer, ROUND)], len(plan), optics)
        solid = [m for m in members if isinstance(m.scatterer, SOLID)]
        return self.draw(
            Shot(plan, values, optics, particles, flow, Solids.gathered(solid, len(plan)) if solid else None)
        )

    def refuse(self, flow: Flow) -> None:
        super().refuse(flow)
        for scatterer in flow.scatterers if isinstance(flow, Scene) else ():
            if isinstance(scatterer, SOLID):
                self.refuse_body(scatterer)

    def refuse_body(self, scatterer: Scatterer) -> None:
        """Raise RecipeError if the microscope cannot image a body."""
        told = isinstance(scatterer, Filled) and scatterer.of == "refractive_index"
        if not told and getattr(scatterer, "refractive_index", None) is None:
            raise RecipeError(
                f"{scatterer.title()}.refractive_index: not given; {self.title()} needs it to image the body"
            )

    def draw(self, shot: Shot) -> Array:
        """Return the block of images: spheres, and what bodies change by multi-slice."""
        image = self.draw_spheres(shot)
        if shot.solid is not None:
            beyond = add_intensity(image[..., 0], solids=shot.solid, particles=shot.particles, optics=shot.optics,
                                   pupils=pupils(self.aberrations, shot.plan), waves=self.waves(shot.values),
                                   tolerance=self.accuracy)  # fmt: skip
            report_beyond(self.title(), beyond, shot.plan.lanes.examples)
        return image

    def draw_spheres(self, shot: Shot) -> Array:
        """Return the block of images of what scatters by Mie's solution."""
        optics, particles = shot.optics, shot.particles
        if self.on_axis:
            image = shot.plan.empty((len(shot.plan), *self.shape), shot.flow.dtype)
            optics, particles = self.with_symmetric_pupil(shot)
            kernels.coherent_intensity(image, particles=particles, optics=optics, tolerance=self.accuracy)
            return image[..., None]
        image = shot.plan.zeros((len(shot.plan), *self.shape), shot.flow.dtype)
        error = kernels.add_intensity_through_pupil(
            image,
            particles=particles,
            optics=optics,
            pupils=pupils(self.aberrations, shot.plan),
            waves=self.waves(shot.values),
            tolerance=self.accuracy,
        )
        report(self.title(), error, self.accuracy, shot.plan.lanes.examples)
        return image[..., None]

    def optics(self, values: dict[str, Array]) -> kernels.CoherentOptics:
        """Return the optics of a block of images; subclasses add what interferes."""
        images = len(values["pixel_size"])
        wavelength = values["wavelength"].reshape(images, -1)
        jones, jones_weight = polarization(values.get("polarization_angle"), values["ellipticity_angle"], images)
        angle = values.get("analyzer_angle")
        return kernels.CoherentOptics(
            numerical_aperture=values["numerical_aperture"],
            pixel_size=values["pixel_size"],
            refractive_index_medium=values["refractive_index_medium"],
            refractive_index_immersion=values.get("refractive_index_immersion"),
            focus_depth=values["focus_depth"],
            wavelength=wavelength,
            weight=self.shares(values),
            jones=jones,
            jones_weight=jones_weight,
            analyzer=None if angle is None else turned(angle),
            backward=self.backward,
        )

    def waves(self, values: dict[str, Array]) -> Array:
        """Return the incident plane waves (image, wave, 3), which do not interfere: direction cosines and weight."""
        azimuth = values.get("illumination_azimuth")
        if azimuth is None:
            return ring(values["illumination_angle"], self.illumination_directions)
        return tilted(values["illumination_angle"], azimuth)

    def with_symmetric_pupil(self, shot: Shot) -> tuple[kernels.CoherentOptics, kernels.Particles]:
        """Return optics and particles with the aberrations, all of which have rotational symmetry."""
        if not self.aberrations:
            return shot.optics, shot.particles
        terms = [one.radial(one.values(shot.plan)) for one in self.aberrations]
        pupil, particles = together(terms, len(shot.plan)), shot.particles
        moved = np.repeat(pupil["refocus"], np.diff(particles.first))
        reflector = 0.0 if shot.optics.reflector is None else shot.optics.reflector
        with np.errstate(divide="ignore"):
            waist = 1 / np.sqrt(pupil["apodization"])
        optics = replace(
            shot.optics,
            wavefront=pupil["wavefront"].reshape(len(shot.plan), -1)[:, 1:] if pupil["wavefront"].ndim == 2 else None,
            waist=waist,
            stop=pupil["stop"],
            reflector=reflector - pupil["refocus"],
        )
        return optics, replace(particles, z=particles.z - moved)


@dataclass(frozen=True)
class Shot:
    """What a block of images is made of."""

    plan: Plan
    values: dict[str, Array]
    optics: kernels.CoherentOptics
    particles: kernels.Particles
    flow: Applied
    solid: Solids | None = None


def is_zero(node: Any) -> bool:
    """Whether a parameter is the number 0 in all examples."""
    return isinstance(node, Constant) and not np.any(node.value)


def turned(angle: Array) -> Array:
    """Return Jones vectors (image, 2) of light polarized at ``angle``."""
    cosine, sine = (kernels.elementary(function, angle) for function in ("cos", "sin"))
    return np.stack([cosine, sine], axis=1).astype(np.complex128)


def polarization(angle: Array | None, ellipticity: Array, images: int) -> tuple[Array, Array]:
    """Return Jones vectors (image, state, 2) and weights (image, state); without ``angle`` two crossed states."""
    if angle is None:
        states = np.array([[1, 0], [0, 1]], np.complex128)
        return np.broadcast_to(states, (images, 2, 2)), np.full((images, 2), 0.5)
    along = turned(angle).real
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    cosine, sine = (kernels.elementary(function, ellipticity)[:, None] for function in ("cos", "sin"))
    # exp(-i w t): i across lags by a quarter of a period, so the field turns from along to across, clockwise on the screen.
    jones = np.empty((images, 1, 2), np.complex128)
    jones[:, 0].real, jones[:, 0].imag = along * cosine, across * sine
    return jones, np.ones((images, 1))


def with_reference(optics: kernels.CoherentOptics, amplitude: Array) -> kernels.CoherentOptics:
    """Return ``optics`` with another amplitude (image,) of the wave that interferes, and intensities relative to it."""
    waves = optics.wavelength.shape[1]
    size = amplitude.real**2 + amplitude.imag**2
    empty = np.where(size > 0, size, 1.0)[:, None]
    weight = np.repeat(1 / (waves * empty), waves, axis=1) if optics.weight is None else optics.weight / empty
    return replace(optics, reference=np.repeat(amplitude[:, None], waves, axis=1), weight=weight)
