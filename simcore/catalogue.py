"""All that a recipe may name: features, draws, functions. A new feature is listed here once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simcore import draws, properties, units
from simcore.features import Feature
from simcore.geometry import FlipLeftRight, FlipUpDown, Transpose
from simcore.noise import PoissonNoise
from simcore.operations import IlluminationGradient, NormalizeMinMax
from simcore.optics import Brightfield
from simcore.scatterers import LayeredMieSphere, MieSphere
from simcore.targets import positions

FEATURES: dict[str, type[Feature]] = {
    cls.title(): cls
    for cls in (
        MieSphere,
        LayeredMieSphere,
        Brightfield,
        IlluminationGradient,
        NormalizeMinMax,
        PoissonNoise,
        FlipLeftRight,
        FlipUpDown,
        Transpose,
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
    )
}

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "where": properties.where,
    "equal": properties.equal,
    "spectrum": properties.spectrum,
    "positions": positions,
}

CONSTANTS: dict[str, Any] = {
    "split": properties.split,
    **{unit: getattr(units, unit) for unit in ("nm", "um", "mm", "s", "ms", "rad", "deg")},
}
