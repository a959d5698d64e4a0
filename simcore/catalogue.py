"""All that a recipe may name: features, draws, functions. A new feature is listed here once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simcore import draws, motion, properties, targets, units
from simcore.camera import Camera
from simcore.features import Feature
from simcore.geometry import (
    Affine,
    Crop,
    CropToMultiple,
    Elastic,
    FlipLeftRight,
    FlipUpDown,
    Pad,
    PadToMultiple,
    QuarterTurn,
    Transpose,
)
from simcore.movies import MotionBlur, Movie
from simcore.noise import (
    Background,
    ComplexGaussianNoise,
    Flicker,
    GaussianNoise,
    PhotonNoise,
    PoissonNoise,
    SpeckleNoise,
)
from simcore.operations import (
    Absolute,
    Angle,
    Clip,
    FourierTransform,
    GaussianBlur,
    Grayscale,
    IlluminationGradient,
    Imaginary,
    InverseFourierTransform,
    MaxPool,
    MeanBlur,
    MeanPool,
    MedianBlur,
    MinPool,
    NormalizeMinMax,
    NormalizeQuantile,
    NormalizeStandard,
    Propagate,
    Real,
    RealImaginary,
    Resize,
    SumPool,
)
from simcore.optics import ISCAT, Brightfield, ComplexField, Darkfield, Holography
from simcore.rasters import (
    BorderDistance,
    DiskMask,
    DistanceMap,
    GaussianDensity,
    InstanceMask,
    SemanticMask,
    SphereVolume,
    boxes,
)
from simcore.scatterers import Ellipse, Ellipsoid, MieSphere, Sphere
from simcore.sources import Apply, Folder, Source
from simcore.stored import stored
from simcore.structure import Conditional, Maybe, OneOf

FEATURES: dict[str, type[Feature]] = {
    cls.title(): cls
    for cls in (
        MieSphere,
        Ellipsoid,
        Sphere,
        Ellipse,
        Brightfield,
        Holography,
        ComplexField,
        Darkfield,
        ISCAT,
        IlluminationGradient,
        NormalizeMinMax,
        NormalizeStandard,
        NormalizeQuantile,
        Clip,
        Grayscale,
        GaussianBlur,
        MeanBlur,
        MedianBlur,
        MeanPool,
        SumPool,
        MaxPool,
        MinPool,
        Resize,
        Real,
        Imaginary,
        Absolute,
        Angle,
        RealImaginary,
        FourierTransform,
        InverseFourierTransform,
        Propagate,
        Background,
        GaussianNoise,
        ComplexGaussianNoise,
        PhotonNoise,
        PoissonNoise,
        SpeckleNoise,
        Flicker,
        Camera,
        FlipLeftRight,
        FlipUpDown,
        Transpose,
        QuarterTurn,
        Affine,
        Elastic,
        Crop,
        CropToMultiple,
        Pad,
        PadToMultiple,
        MotionBlur,
        Movie,
        OneOf,
        Maybe,
        Conditional,
        Source,
        Folder,
        Apply,
        DiskMask,
        GaussianDensity,
        SphereVolume,
        InstanceMask,
        SemanticMask,
        DistanceMap,
        BorderDistance,
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
    "boxes": boxes,
}

CONSTANTS: dict[str, Any] = {
    "split": properties.split,
    "time": properties.time,
    **{unit: getattr(units, unit) for unit in ("nm", "um", "mm", "s", "ms", "rad", "deg")},
}
