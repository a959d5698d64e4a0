"""All that a recipe may name: features, draws, functions. A new feature is listed here once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simcore import draws, motion, properties, targets, units
from simcore.features import Feature
from simcore.geometry import FlipLeftRight, FlipUpDown, Transpose
from simcore.movies import MotionBlur, Movie
from simcore.noise import PoissonNoise
from simcore.operations import IlluminationGradient, NormalizeMinMax
from simcore.optics import Brightfield
from simcore.scatterers import MieSphere
from simcore.sources import Apply, Folder, Source
from simcore.stored import stored
from simcore.structure import Conditional, Maybe, OneOf

FEATURES: dict[str, type[Feature]] = {
    cls.title(): cls
    for cls in (
        MieSphere,
        Brightfield,
        IlluminationGradient,
        NormalizeMinMax,
        PoissonNoise,
        FlipLeftRight,
        FlipUpDown,
        Transpose,
        MotionBlur,
        Movie,
        OneOf,
        Maybe,
        Conditional,
        Source,
        Folder,
        Apply,
    )
}

DRAWS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        draws.uniform,
        draws.log_uniform,
        draws.normal,
        draws.truncated_normal,
        draws.lognormal,
        draws.exponential,
        draws.gamma,
        draws.poisson,
        draws.integers,
        draws.choice,
        motion.brownian,
        motion.directed,
        motion.confined,
        motion.trapped,
        motion.fractional_brownian,
        motion.orientation,
        motion.blinking,
    )
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
}

CONSTANTS: dict[str, Any] = {
    "split": properties.split,
    "time": properties.time,
    **{unit: getattr(units, unit) for unit in ("nm", "um", "mm", "s", "ms", "rad", "deg")},
}
