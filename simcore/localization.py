"""How well each emitter can be localized at best: a truth beside its position."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from simcore.errors import RecipeError
from simcore.features import Feature, Flow
from simcore.optics import Fluorescence
from simcore.optics.aberrations import rows_of
from simcore.point_spread import bounds_of
from simcore.properties import Array, Property, as_property
from simcore.scatterers import PointEmitter
from simcore.scenes import Scatterer, Scene, as_scene
from simcore.targets import SceneTarget
from simcore.values import Members, Plan

__all__ = ["bounds"]


class EmitterBounds(SceneTarget):
    """Cramer-Rao bounds of the emitters of a scene: see `bounds`."""

    kind = "table"
    units = "px, px, um"

    def __init__(self, scene: Scene, seen_by: Fluorescence, background: Property) -> None:
        super().__init__(scene)
        self.seen_by, self.background = seen_by, background
        self.columns = ("x", "y", "z")
        self.finish()

    @property
    def key(self) -> tuple[Any, ...]:
        return ("bounds", id(self.seen_by), id(self.background), self.scene.key)

    def features(self) -> tuple[Feature, ...]:
        return (self.seen_by,)

    def properties(self) -> Iterator[Property]:
        yield from self.seen_by.all_properties()
        yield self.background

    def written(self, write: Callable[[Any], str]) -> tuple[str, list[str]]:
        return "bounds", [write(self.scene), write(self.seen_by), f"background={write(self.background)}"]

    def rows(self, plan: Plan, members: Members) -> Array:
        microscope = self.seen_by
        optics: dict[str, Any] = {field: values[members.image] for field, values in microscope.values(plan).items()}
        terms = microscope.terms([one.values(plan) for one in microscope.aberrations], len(plan))
        background = plan.value(self.background)[members.image]
        values = [members.values[name].astype(float) for name in ("x", "y", "z", "intensity")]
        free = np.full(len(members.image), np.nan)
        angles = [members.values.get("dipole_polar", free), members.values.get("dipole_azimuth", 0 * free)]
        angles[1] = np.nan_to_num(angles[1])
        # A dark emitter says nothing about where it is.
        lit = values[3] > 0
        found = np.full((len(lit), 3), np.inf)
        if lit.any():
            optics = {field: value[lit] for field, value in optics.items()}
            optics["aberrations"] = rows_of(terms, members.image[lit])
            rows = [value[lit] for value in (*values, background)]
            found[lit] = np.stack(bounds_of(microscope, optics, rows, [angle[lit] for angle in angles]), axis=1)
        return found.astype(np.float32)


def bounds(scene: Flow | Scatterer, seen_by: Fluorescence, background: object = 0.0) -> EmitterBounds:
    """Return the least standard deviations of x, y (px) and z (um) with which each emitter can be localized in the image.

    Each as if it stood alone, in photon noise on ``background`` photons per pixel; position, intensity and background are
    estimated together, see `emitter_bounds`. inf where nothing can be known. One emitter gives (example, 3), several or
    repeated ones (example, particle, 3), padded with NaN.

    Raises
    ------
    RecipeError
        If the scene holds anything but point emitters, or ``seen_by`` is no `Fluorescence`.
    """
    flow = as_scene(scene, "bounds")
    for scatterer in flow.scatterers:
        if not isinstance(scatterer, PointEmitter):
            raise RecipeError(f"bounds: {scatterer.title()} is no point emitter")
    if not isinstance(seen_by, Fluorescence):
        raise RecipeError(f"bounds.seen_by: {seen_by!r}; must be a Fluorescence microscope")
    return EmitterBounds(flow, seen_by, as_property(background))
