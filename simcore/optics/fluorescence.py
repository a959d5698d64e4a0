"""Fluorescence: the light that a scene emits, added up without interference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from simcore import kernels
from simcore.bodies import BODIES, gather_bodies
from simcore.errors import ParameterError, RecipeError
from simcore.features import Applied, Flow
from simcore.optics.aberrated import Pupil, image_aberrated
from simcore.optics.aberrations import Aberration, CentralStop, Terms, interpolated, rows_of, together, wavefront_at
from simcore.optics.filled import placed_in_images
from simcore.optics.objective import Objective
from simcore.optics.volumes import add_bodies, add_filled
from simcore.parameters import Value, between, one_of, option, parameter, parts
from simcore.properties import Array
from simcore.scatterers import PointEmitter
from simcore.scatterers.volume import Filled
from simcore.scenes import Scatterer, Scene
from simcore.values import Members, Plan, in_images


class Fluorescence(Objective):
    """Emitted light seen through an objective: photons in each pixel, (height, width, 1), before quantum efficiency.

    The light of each emitter comes from the integrals over the pupil (``model="vectorial"``: dipoles, Richards & Wolf, Proc. R.
    Soc. A 253, 358 (1959); ``"scalar"``: one component), of an aplanatic objective, whose pupil is brighter by 1 / cos t at the
    angle t on a uniform (kx, ky) grid, or ``apodization="none"``. Its integral over the infinite plane is the
    emitter's intensity when it stands at z = 0, whatever the pupil lets pass (Parseval), and does not depend on z but for
    evanescent light.

    Without ``focus_depth`` the medium reaches up to the objective, and an aperture above its index collects what the index
    allows. With it there are a coverslip and an immersion between (Gibson & Lanni, JOSA A 9, 154 (1992)): the objective is set
    so that its paraxial focus lies ``focus_depth`` above the coverslip, at z = 0. The vectorial model then has Fresnel's
    coefficients and the evanescent light of emitters near the coverslip, whose z is at least -focus_depth; the scalar one
    with ``apodization="none"`` is the published integral. Values without a mismatch are those that the objective was made
    for: ``*_nominal`` unless given are as the actual ones.

    Bodies (`Ellipsoid`, `Sphere`, `Ellipse`, `Volume`) emit from all their volume or area, freely rotating. ``tolerance`` is
    then the largest error relative to the brightest pixel of the bodies, not below 3e-4 (nor with ``precision="double"``); it
    decides the planes and the cells that they are cut into, and with them the time. Rims of irregular outlines are found to about
    1 % of the plateau (2 % at a deformation of 0.1); grains of a few pixels are boxes as wide as a pixel, which adds up to 0.02
    ``texture``. A pupil without rotational symmetry costs ten to a hundred times the time.

    Raises ParameterError for values out of range, for instance an aperture above the immersion's index or an emitter under the
    coverslip; RecipeError for a fixed dipole in the scalar model.
    """

    images: ClassVar[tuple[type[Scatterer], ...]] = (PointEmitter, *BODIES, Filled)

    focus_depth: Value = parameter("from the coverslip to the focus; None: nothing but medium", default=None, unit="um", least=0,
                                   plausible=1000, optional=True)  # fmt: skip
    refractive_index_coverslip: Value = parameter("refractive index of the coverslip", default=1.5255, least=1, most=4)
    coverslip_thickness: Value = parameter(
        "thickness of the coverslip", default=170.0, unit="um", least=0, plausible=2000
    )
    refractive_index_coverslip_nominal: Value = parameter("index of the coverslip that the objective is made for", default=None,
                                                          least=1, most=4, optional=True)  # fmt: skip
    coverslip_thickness_nominal: Value = parameter("thickness of the coverslip that the objective is made for", default=None,
                                                   unit="um", least=0, plausible=2000, optional=True)  # fmt: skip
    refractive_index_immersion_nominal: Value = parameter("index of the immersion that the objective is made for", default=None,
                                                          least=1, most=4, optional=True)  # fmt: skip
    working_distance: Value = parameter("nominal thickness of the immersion", default=150.0, unit="um", least=0)
    model: str = option('"vectorial" or "scalar"', default="vectorial", read=one_of("vectorial", "scalar"))
    apodization: str = option('"aplanatic" or "none"', default="aplanatic", read=one_of("aplanatic", "none"))
    tolerance: float = option(
        "largest error of a pixel, relative to the emitter's brightest point", default=5e-4, read=between(1e-6, 0.1)
    )
    precision: str = option('"single" or "double": errors of at most 1e-6, float64 images', default="single",
                            read=one_of("single", "double"))  # fmt: skip
    aberrations: tuple[Aberration, ...] = parts("aberrations of the pupil", "Aberration", default=())

    def check(self) -> None:
        if not self.symmetric and any(isinstance(aberration, CentralStop) for aberration in self.aberrations):
            raise ParameterError(f"{self.place_of('aberrations')}: a CentralStop goes with symmetric aberrations only")
        super().check()

    def limits(self) -> list[str]:
        if self.focus_depth is None:
            return super().limits()
        names = [
            "refractive_index_coverslip",
            "refractive_index_coverslip_nominal",
            "refractive_index_immersion_nominal",
        ]
        return [*super().limits(), *(name for name in names if getattr(self, name) is not None)]

    def refuse(self, flow: Flow) -> None:
        super().refuse(flow)
        for scatterer in flow.scatterers if isinstance(flow, Scene) else ():
            if isinstance(scatterer, (*BODIES, Filled)) and any(isinstance(a, CentralStop) for a in self.aberrations):
                raise RecipeError(
                    f"{self.title()} with a CentralStop images point emitters only, not {scatterer.title()}"
                )
            if isinstance(scatterer, Filled) and scatterer.of != "density":
                raise RecipeError(f"{scatterer.title()}.quantity: {scatterer.of!r}; {self.title()} images a density")
            if self.model == "scalar" and getattr(scatterer, "dipole_polar", None) is not None:
                raise RecipeError(
                    f'{self.title()} with model="scalar" cannot image a fixed dipole; take model="vectorial"'
                )

    @property
    def symmetric(self) -> bool:
        """Whether the pupil looks the same from all sides."""
        return all(aberration.symmetric for aberration in self.aberrations)

    def terms(self, values: Sequence[dict[str, Array]], count: int) -> Terms:
        """Return what the aberrations do to ``count`` images, for the values of each; {} without aberrations."""
        if not self.aberrations:
            return {}
        pairs = zip(self.aberrations, values, strict=True)
        return together([one.radial(v) if self.symmetric else one.terms(v) for one, v in pairs], count)

    def pupils(self, terms: Terms, count: int) -> list[Pupil] | None:
        """Return the pupils of ``count`` images, for what `terms` gives; None with rotational symmetry."""
        if not terms or self.symmetric:
            return None
        return [_pupil(rows_of(terms, np.array([i]))) for i in range(count)]

    def optics(self, values: dict[str, Array], terms: Terms | None = None) -> kernels.EmissionOptics:
        """Return the optics of a block of images, for drawn values (image, ...) and the terms of symmetric aberrations."""
        pupil: dict[str, Any] = {}
        if terms and self.symmetric:
            with np.errstate(divide="ignore"):
                pupil = {"stop": terms["stop"], "waist": 1 / np.sqrt(terms["apodization"])}
            if terms["wavefront"].ndim == 2:
                pupil["wavefront"] = terms["wavefront"][:, 1:]
        layers: dict[str, Any] = {}
        if "focus_depth" in values:
            layered = (
                "focus_depth", "refractive_index_coverslip", "coverslip_thickness", "refractive_index_coverslip_nominal",
                "coverslip_thickness_nominal", "refractive_index_immersion_nominal", "working_distance",
            )  # fmt: skip
            layers = {name: values.get(name) for name in layered}
        return kernels.EmissionOptics.of(
            numerical_aperture=values["numerical_aperture"],
            pixel_size=values["pixel_size"],
            wavelength=values["wavelength"],
            weight=self.shares(values),
            refractive_index_medium=values["refractive_index_medium"],
            refractive_index_immersion=values.get("refractive_index_immersion"),
            **layers,
            **pupil,
            vectorial=self.model == "vectorial",
            aplanatic=self.apodization == "aplanatic",
        )

    def apply(self, plan: Plan, data: Array, flow: Applied) -> Array:
        scene = flow.inputs[0]
        assert isinstance(scene, Scene)
        values = self.values(plan)
        image = plan.empty((len(plan), *self.shape), flow.dtype)
        members = plan.particles(scene)
        points = [m for m in members if isinstance(m.scatterer, PointEmitter)]
        terms = self.terms([one.values(plan) for one in self.aberrations], len(plan))
        if points:
            self.draw(image, gather(points, len(plan)), values, self.accuracy, terms)
        else:
            image.fill(0)
        extended = [m for m in members if isinstance(m.scatterer, BODIES)]
        if extended:
            self.draw_bodies(image, extended, values, terms)
        filled = [m for m in members if isinstance(m.scatterer, Filled)]
        if filled:
            self.draw_filled(image, filled, values, terms)
        return image[..., None]

    def draw_bodies(self, image: Array, members: list[Members], values: dict[str, Array], terms: Terms) -> None:
        """Add the photons of bodies to ``image`` (image, y, x).

        Raises
        ------
        ParameterError
            If a body reaches under the coverslip.
        """
        bodies, order = gather_bodies(members, len(image))
        intensity = np.concatenate([np.asarray(m.values["intensity"], float) for m in members])[order]
        lowest = bodies.z - kernels.body_extents(bodies)[:, 2]
        _above_coverslip(members[0].scatterer.title(), lowest, values, bodies.first)
        if terms:
            bodies = replace(bodies, z=bodies.z - np.repeat(terms["refocus"], np.diff(bodies.first)))
        add_bodies(image, bodies=bodies, intensity=intensity, optics=self.optics(values, terms), tolerance=self.accuracy,
                   pupils=self.pupils(terms, len(image)))  # fmt: skip

    def draw_filled(self, image: Array, members: list[Members], values: dict[str, Array], terms: Terms) -> None:
        """Add the photons of contents given place by place to ``image`` (image, y, x).

        Raises
        ------
        ParameterError
            If something reaches under the coverslip.
        """
        placed = placed_in_images(members, len(image))
        lowest = np.array([one.z - one.half_sides[2] for inside in placed for one in inside])
        first = np.cumsum([0, *(len(inside) for inside in placed)])
        _above_coverslip(members[0].scatterer.title(), lowest, values, first)
        if terms:
            placed = placed_in_images(members, len(image), terms["refocus"])
        add_filled(image, placed=placed, optics=self.optics(values, terms), tolerance=self.accuracy,
                   pupils=self.pupils(terms, len(image)))  # fmt: skip

    def draw(
        self,
        image: Array,
        emitters: kernels.Emitters,
        values: dict[str, Array],
        tolerance: float,
        terms: Terms | None = None,
    ) -> None:
        """Fill ``image`` (image, y, x) with the photons in each pixel; ``terms`` as `terms` gives them.

        Raises
        ------
        ParameterError
            If an emitter lies under the coverslip.
        """
        _above_coverslip("PointEmitter", emitters.z, values, emitters.first)
        if terms:
            emitters = replace(emitters, z=emitters.z - np.repeat(terms["refocus"], np.diff(emitters.first)))
        optics = self.optics(values, terms)
        if terms and not self.symmetric:
            pupil = _pupil(terms)
            image_aberrated(
                image,
                emitters=emitters,
                optics=optics,
                tolerance=tolerance,
                wavefront=pupil.wavefront,
                amplitude=pupil.amplitude,
            )
            return
        kernels.image_emitters(image, emitters=emitters, optics=optics, tolerance=tolerance)


def _above_coverslip(title: str, lowest: Array, values: dict[str, Array], first: Array) -> None:
    """Refuse what reaches down to z = ``lowest`` (particle,) under the coverslip."""
    if "focus_depth" not in values:
        return
    depth = lowest + np.repeat(values["focus_depth"], np.diff(first))
    if (depth < 0).any():
        z = lowest[int(np.argmax(depth < 0))]
        raise ParameterError(f"{title}.z: {z:g} um; must be >= -focus_depth, above the coverslip")


def _pupil(terms: Terms) -> Pupil:
    return Pupil(lambda x, y: wavefront_at(terms["wavefront"], x, y), lambda x, y: _amplitude(terms, x, y))


def _amplitude(terms: Terms, x: Array, y: Array) -> Array:
    """Return the amplitude of a pupil (image, point), complex."""
    square = x * x + y * y
    dark = kernels.elementary("exp", (-terms["apodization"][:, None] * square).ravel())
    factor = dark.reshape(-1, len(x)).astype(np.complex128)
    if terms["transmission"].size:
        factor *= interpolated(terms["transmission"], x, y)
    return factor


def gather(members: Sequence[Members], images: int) -> kernels.Emitters:
    """Return the point emitters of a block of images, image by image."""
    first, order = in_images(members, images)

    def laid(name: str, absent: float) -> Array:
        columns = [np.broadcast_to(m.values.get(name, absent), m.image.shape).astype(float) for m in members]
        return np.concatenate(columns)[order] if columns else np.empty(0)

    names = ("x", "y", "z", "intensity", "dipole_polar", "dipole_azimuth")
    return kernels.Emitters(first, *(laid(name, np.nan if name == "dipole_polar" else 0.0) for name in names))
