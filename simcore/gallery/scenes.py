"""Standard scenes and images: what features are shown on."""

from __future__ import annotations

from typing import Any

import attrs

from simcore.catalogue import FEATURES
from simcore.draws import uniform
from simcore.features import Feature, Flow
from simcore.gallery.examples import SIDE, example, settings
from simcore.scenes import Microscope, Scatterer, Scene

HEIGHTS = (-2.0, -1.0, 0.0, 1.0, 2.0)  # um
# (x, y) px and z um of the particles: no symmetry of the frame maps them on each other.
PLACES = ((15.0, 18.0, 0.0), (47.0, 14.0, 0.6), (26.0, 45.0, -0.8), (52.0, 48.0, 1.5))
PREFERRED = ("Fluorescence", "Brightfield")  # microscopes, before those that come first in the catalogue

# Particles that suit a microscope better than the usual ones.
SMALL: dict[str, dict[str, Any]] = {"ISCAT": {"radius": 0.05}, "Darkfield": {"radius": 0.15}}


def fields(title: str) -> set[str]:
    """Return the names of a feature's fields."""
    return {field.name for field in attrs.fields(FEATURES[title])}


def titles_of(kind: type[Feature]) -> list[str]:
    """Return the features of a kind, in the order of the catalogue."""
    return [title for title, cls in FEATURES.items() if issubclass(cls, kind)]


def microscopes_for(title: str) -> list[str]:
    """Return the microscopes that image a scatterer, the preferred ones first."""
    able = [m for m in titles_of(Microscope) if issubclass(FEATURES[title], FEATURES[m].images)]  # type: ignore[attr-defined]
    return sorted(able, key=lambda m: PREFERRED.index(m) if m in PREFERRED else len(PREFERRED))


def particle_for(microscope: str, **changes: Any) -> Any:
    """Return the first scatterer that a microscope images, in its usual setting."""
    title = next(t for t in titles_of(Scatterer) if issubclass(FEATURES[t], FEATURES[microscope].images))  # type: ignore[attr-defined]
    if microscope == "Fluorescence" and "PointEmitter" in FEATURES:
        title = "PointEmitter"
    elif issubclass(FEATURES["MieSphere"], FEATURES[microscope].images):  # type: ignore[attr-defined]
        title = "MieSphere"
    small = {name: value for name, value in SMALL.get(microscope, {}).items() if name in fields(title)}
    return example(title, **small | changes)


def scene_for(microscope: str) -> Scene:
    """Return particles at several heights, for a microscope."""
    first, *others = (particle_for(microscope, x=x, y=y, z=z).scene for x, y, z in PLACES)
    for other in others:
        first = first + other
    return first


def standard_image(microscope: str = "Brightfield", **changes: Any) -> Flow:
    """Return the standard image under a microscope."""
    return scene_for(microscope) >> example(microscope, **changes)


def cells() -> tuple[Scene, Feature]:
    """Return many bodies of two kinds, some of which overlap, and a microscope that images them."""
    title = "Ellipsoid" if microscopes_for("Ellipsoid") else "MieSphere"
    kinds = []
    for size, count in ((0.5, 4), (0.3, 3)):
        sizes = {name: size * value for name, value in settings(title)[0].items() if name.startswith("radius")}
        turns = {"rotation": uniform(0, 3)} if "rotation" in fields(title) else {}
        place = {"x": uniform(8, SIDE - 8), "y": uniform(8, SIDE - 8), "z": uniform(-1, 1)}
        particle: Any = example(title, **place, **sizes, **turns)
        kinds.append(particle.repeat(count, min_distance=24 * size))
    return kinds[0] + kinds[1], example(microscopes_for(title)[0])
