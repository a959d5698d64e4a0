"""All that a recipe may name: features, draws, functions. A module lists its own in ``__all__``; its family is named here."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from simcore import (
    camera,
    draws,
    geometry,
    localization,
    motion,
    movies,
    noise,
    operations,
    optics,
    properties,
    rasters,
    scatterers,
    sources,
    structure,
    targets,
    units,
)
from simcore.features import Feature
from simcore.optics import aberrations
from simcore.stored import stored

FAMILIES: dict[str, tuple[ModuleType, ...]] = {
    "Scatterers": (scatterers,),
    "Microscopes": (optics,),
    "Aberrations": (aberrations,),
    "Noise and camera": (noise, camera),
    "Operations on images": (operations,),
    "Geometry": (geometry,),
    "Movies": (movies,),
    "Targets": (rasters,),
    "Structure": (structure,),
    "Measured images": (sources,),
}

FEATURES: dict[str, type[Feature]] = {
    name: getattr(module, name) for modules in FAMILIES.values() for module in modules for name in module.__all__
}

DRAWS: dict[str, Callable[..., Any]] = {
    name: getattr(module, name) for module in (draws, motion) for name in module.__all__
}

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "where": properties.where,
    "equal": properties.equal,
    "spectrum": properties.spectrum,
    "bleaching": motion.bleaching,
    "shared": properties.shared,
    "each_frame": properties.each_frame,
    "stored": stored,
    "positions": targets.positions,
    "properties": targets.properties,
    "tracks": targets.tracks,
    "photons": targets.photons,
    "bounds": localization.bounds,
    "boxes": rasters.boxes,
}

CONSTANTS: dict[str, Any] = {
    "split": properties.split,
    "time": properties.time,
    **{unit: getattr(units, unit) for unit in ("nm", "um", "mm", "s", "ms", "rad", "deg")},
}
