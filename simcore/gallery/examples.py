"""Features as the catalogue shows them, built from their declarations.

A feature that is new needs no line here as long as a value guessed from name, range and unit of its parameters shows what it
does; `SHOWN` has better ones, a list of settings for each feature.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

import attrs
import numpy as np

from simcore import mie
from simcore.catalogue import DRAWS, FEATURES, FUNCTIONS
from simcore.draws import choice
from simcore.errors import RecipeError, SimcoreError
from simcore.features import Feature
from simcore.parameters import Declaration, Option, Parts
from simcore.properties import equal

SIDE = 64
FRAME = (SIDE, SIDE)
MIDDLE = (SIDE - 1) / 2

# What a parameter of that name usually is, where nothing else is known of it.
USUAL: dict[str, Any] = {
    "x": MIDDLE,
    "y": MIDDLE,
    "radius": 0.5,
    "radius_x": 1.2,
    "radius_y": 0.8,
    "radius_z": 0.6,
    "intensity": 3000.0,
    "refractive_index": 1.5,
    "numerical_aperture": 0.9,
    "wavelength": 0.6,
    "pixel_size": 0.1,
    "coefficient": 0.08,
    "distance": 1.0,
    "waist": 0.5,
    "sigma": 2.0,
    "size": 4,
    "shape": FRAME,
    "start": MIDDLE,
    "center": MIDDLE,
    "diffusion": 0.5,
    "velocity": 1.5,
    "low": 0.0,
    "high": 10.0,
    "mean": 3.0,
    "standard_deviation": 1.0,
    "scale": 1.0,
    "shape_parameter": 2.0,
    "values": (1.0, 2.0, 4.0),
    "relaxation_time": 0.2,
    "hurst": 0.25,
    "on_time": 0.5,
    "off_time": 0.3,
    "lifetime": 1.0,
}
BY_UNIT = {"um": 0.5, "px": 3.0, "rad": 0.5}
OPTIONS: tuple[Any, ...] = (
    FRAME,
    3,
    0.5,
    (-1.0, 1.0),
    "numpy:negative",
)  # tried in turn where an option has no default

BODY = {"radius_x": 1.6, "radius_y": 1.1, "rotation": 0.5, "deformation": 0.08, "texture": 0.3, "texture_scale": 0.6}


@cache
def shown() -> dict[str, list[dict[str, Any]]]:
    """Return the settings that show a feature, the usual one first."""
    flips = [FEATURES[title](probability=1.0) for title in ("FlipLeftRight", "FlipUpDown")]  # type: ignore[call-arg]
    s1, s2 = mie.amplitudes(6.0, 1.15, np.cos(np.linspace(0, np.pi, 65)))
    return {
        "Ellipsoid": [BODY | {"radius_z": 0.9, "refractive_index": 1.38, "intensity": 500.0}],
        "Sphere": [{"radius": 1.2, "refractive_index": 1.38, "texture": 0.3, "texture_scale": 0.6, "intensity": 500.0}],
        "Ellipse": [BODY | {"intensity": 500.0}],
        "Volume": [{"voxels": shell(), "voxel_size": 0.3, "rotation": 0.5, "refractive_index": 1.4, "intensity": 500.0}],
        "LayeredMieSphere": [{"radii": [0.35, 0.6], "refractive_indices": [1.33, 1.6]}],
        "ScatteringTable": [{"s1": s1, "s2": s2}],
        "MieSphere": [{"radius": 0.5, "refractive_index": 1.42}],
        "ISCAT": [{"interface": -2.1}],  # beneath all heights that are shown
        "TiltX": [{"coefficient": 0.2}],
        "TiltY": [{"coefficient": 0.2}],
        "Zernike": [{"index": 14, "coefficient": 0.08}],
        "PupilArray": [{"array": vortex()}],
        "PoissonNoise": [{"snr": snr, "background": 1.0, "signal": "deviation"} for snr in (3.0, 10.0, 30.0)],
        "GaussianNoise": [{"sigma": sigma} for sigma in (0.02, 0.05, 0.1)],
        "ComplexGaussianNoise": [{"sigma": sigma} for sigma in (0.05, 0.2)],
        "SpeckleNoise": [{"looks": 1.0}, {"looks": 10.0}, {"looks": 4.0, "correlation_length": 3.0}],
        "Flicker": [{"spread": 0.2}],
        "Background": [{"offset": offset} for offset in (0.2, 1.0)],
        "Camera": [
            {"quantum_efficiency": 0.8, "read_noise": 1.5, "offset": 100.0},
            {"em_gain": 300.0, "read_noise": 50.0, "quantum_efficiency": 0.9},
            {"quantum_efficiency": 0.8, "read_noise": 1.5, "gain": 0.2, "bit_depth": 4},
        ],
        "GaussianBlur": [{"sigma": sigma} for sigma in (1.0, 2.0, 4.0)],
        "MeanBlur": [{"size": size} for size in (3, 5, 9)],
        "MedianBlur": [{"size": size} for size in (3, 5, 9)],
        "Clip": [{"minimum": 0.9, "maximum": 1.1}],
        "Grayscale": [{}, {"weights": (0.2, 0.8)}],
        "IlluminationGradient": [{"x": 0.005}, {"y": -0.01}],
        "NormalizeMinMax": [{}, {"minimum": -1.0, "maximum": 1.0}],
        "NormalizeQuantile": [{}, {"low": 0.2, "high": 0.8}],
        "Resize": [{"shape": (32, 32)}, {"shape": (100, 150)}, {"shape": (96, 96), "interpolation": "cubic"}],
        "Propagate": [{"distance": z, "wavelength": 0.6, "pixel_size": 0.1} for z in (-1.0, 1.0, 2.0)],
        "FlipLeftRight": [{"probability": 1.0}],
        "FlipUpDown": [{"probability": 1.0}],
        "Transpose": [{"probability": 1.0}],
        "QuarterTurn": [{"times": times} for times in (1, 2, 3)],
        "Affine": [{"rotation": 0.4}, {"shear": 0.4}, {"scale_x": 1.3, "scale_y": 0.8, "translation_x": 5.0}],
        "Elastic": [{"alpha": 60.0, "sigma": 4.0}, {"alpha": 200.0, "sigma": 8.0}],
        "Crop": [{"shape": (40, 40)}, {"shape": (40, 32), "y": 2, "x": 4}],
        "CropToMultiple": [{"multiple": (48, 40)}],
        "Pad": [{"top": 12, "right": 20}, {"shape": (88, 88), "fill": "reflect"}],
        "PadToMultiple": [{"multiple": 48, "value": 1.0}],
        "DiskMask": [{"radius": 4.0}],
        "GaussianDensity": [{"sigma": 4.0}],
        "CentroidDensity": [{"sigma": 4.0}],
        "SphereVolume": [{"radius": [6.0, 6.0, 1.0], "z": (-1.5, 1.5), "planes": 4}],
        "DistanceMap": [{"limit": 20.0}],
        "BorderDistance": [{"limit": 20.0}],
        "Movie": [{"frames": 5, "interval": 0.2}],
        "MotionBlur": [{"exposure": exposure} for exposure in (0.25, 0.5, 1.0)],
        "OneOf": [{"features": flips}],
        "Maybe": [{"feature": flips[:1]}],
        "Conditional": [{"condition": equal(choice([0, 1]), 1), "feature": flips[:1], "otherwise": flips[1:]}],
        "Apply": [{"function": "numpy:negative"}],
        # Distributions and motion, by their arguments.
        "uniform": [{"low": 2.0, "high": 5.0}],
        "log_uniform": [{"low": 0.1, "high": 10.0}],
        "lognormal": [{"mean": 0.0, "standard_deviation": 0.5}],
        "truncated_normal": [{"mean": 3.0, "standard_deviation": 1.0, "low": 2.0, "high": 6.0}],
        "integers": [{"low": 0, "high": 6}],
        "choice": [{"values": [1.0, 2.0, 4.0], "p": [0.5, 0.3, 0.2]}],
        "directed": [{"diffusion": 0.1}],
        "confined": [{"low": 26.0, "high": 37.0}],
    }  # fmt: skip


def shell() -> Any:
    """Return the voxels of a hollow ball with a piece cut out."""
    z, y, x = np.meshgrid(*(np.arange(n) - (n - 1) / 2 for n in (9, 10, 10)), indexing="ij")
    radius = np.sqrt(x * x + y * y + z * z)
    return ((radius > 2.6) & (radius < 4.6) & ~((x > 0) & (y > 0))).astype(float)


def vortex(side: int = 21) -> list[list[complex]]:
    """Return a pupil whose phase goes round once, which makes a ring of a point."""
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    return np.round(np.exp(1j * np.arctan2(y, x)), 6).tolist()


def settings(title: str) -> list[dict[str, Any]]:
    """Return the settings of a feature that its picture shows, those that the declarations leave open not included."""
    return shown().get(title, [{}])


def example(title: str, **changes: Any) -> Feature:
    """Return the feature in its usual setting, with some parameters changed.

    Raises
    ------
    SimcoreError
        If no values can be guessed that it takes.
    """
    return built(FEATURES[title], settings(title)[0] | changes)


def built(cls: type[Feature], given: dict[str, Any]) -> Feature:
    """Return a feature of ``cls``; what it needs and ``given`` does not say is guessed."""
    guessed = {field.alias: _guess(cls, field) for field in _needed(cls) if field.alias not in given}
    return cls(**guessed | given)


def _needed(cls: type[Feature]) -> list[Any]:
    """Return the fields without a default."""
    return [field for field in attrs.fields(cls) if field.init and field.default is attrs.NOTHING]


def _guess(cls: type[Feature], field: Any) -> Any:
    """Return a value for a field, from its declaration."""
    declared: Declaration | Option = field.metadata.get("declaration") or field.metadata["option"]
    if isinstance(declared, Option):
        return _first_accepted(f"{cls.title()}.{field.alias}", declared, USUAL.get(field.alias))
    low, high = max(declared.above, declared.least), min(declared.below, declared.most)
    wish = float(USUAL.get(field.alias, BY_UNIT.get(declared.unit, 1.0)))
    if not declared.outside(np.asarray(wish)):
        return wish
    middle = (low + high) / 2 if np.isfinite(low + high) else (low + 1 if np.isfinite(low) else high - 1)
    return float(np.ceil(middle)) if declared.whole else middle


def _first_accepted(label: str, setting: Option, wish: Any) -> Any:
    for value in OPTIONS if wish is None else (wish, *OPTIONS):
        try:
            setting.read(label, value)
        except SimcoreError:
            continue
        return value
    raise RecipeError(f"{label}: no value known that the catalogue could show it with; see simcore/gallery/examples.py")


def function(name: str) -> Callable[..., Any]:
    """Return a draw, a motion or another function that a recipe may name."""
    return DRAWS.get(name) or FUNCTIONS[name]


def arguments(name: str) -> dict[str, Any]:
    """Return the arguments of a draw or a motion in its usual setting."""
    parameters = inspect.signature(function(name)).parameters.values()
    guessed = {p.name: USUAL.get(p.name, 1.0) for p in parameters if p.default is inspect.Parameter.empty}
    spatial = {"pixel_size": USUAL["pixel_size"]} if any(p.name == "pixel_size" for p in parameters) else {}
    return guessed | spatial | settings(name)[0]


def parts_of(cls: type[Feature]) -> dict[str, Parts]:
    """Return the declarations of the features that stand inside those of ``cls``."""
    return {field.name: field.metadata["parts"] for field in attrs.fields(cls) if "parts" in field.metadata}
