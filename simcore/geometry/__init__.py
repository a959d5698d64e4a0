"""What moves pixels and points alike: one feature applied to both is one draw. A new one is a class here."""

from simcore.geometry.affine import Affine
from simcore.geometry.elastic import Elastic
from simcore.geometry.flips import FlipLeftRight, FlipUpDown, QuarterTurn, Transpose
from simcore.geometry.windows import Crop, CropToMultiple, Pad, PadToMultiple

__all__ = [
    "Affine",
    "Crop",
    "CropToMultiple",
    "Elastic",
    "FlipLeftRight",
    "FlipUpDown",
    "Pad",
    "PadToMultiple",
    "QuarterTurn",
    "Transpose",
]
