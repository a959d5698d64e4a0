"""Operations that are no noise: on intensities, on neighbourhoods, on the size of images, on complex fields."""

from simcore.operations.fields import (
    Absolute,
    Angle,
    FourierTransform,
    Imaginary,
    InverseFourierTransform,
    Propagate,
    Real,
    RealImaginary,
)
from simcore.operations.filters import GaussianBlur, MeanBlur, MedianBlur
from simcore.operations.intensities import (
    Clip,
    Grayscale,
    IlluminationGradient,
    NormalizeMinMax,
    NormalizeQuantile,
    NormalizeStandard,
)
from simcore.operations.sizes import MaxPool, MeanPool, MinPool, Resize, SumPool

__all__ = [
    "Absolute",
    "Angle",
    "Clip",
    "FourierTransform",
    "GaussianBlur",
    "Grayscale",
    "IlluminationGradient",
    "Imaginary",
    "InverseFourierTransform",
    "MaxPool",
    "MeanBlur",
    "MeanPool",
    "MedianBlur",
    "MinPool",
    "NormalizeMinMax",
    "NormalizeQuantile",
    "NormalizeStandard",
    "Propagate",
    "Real",
    "RealImaginary",
    "Resize",
    "SumPool",
]
