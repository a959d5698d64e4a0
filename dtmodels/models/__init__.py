"""Networks by kind. A new kind is a module with one builder, marked ``@network`` and imported here."""

from dtmodels.models.cgan import cgan
from dtmodels.models.cnn import cnn
from dtmodels.models.dense import dense
from dtmodels.models.encoder_decoder import encoder_decoder
from dtmodels.models.recurrent import recurrent
from dtmodels.models.registry import KINDS, build, check, network, section_of
from dtmodels.models.unet import unet

__all__ = [
    "KINDS",
    "build",
    "cgan",
    "check",
    "cnn",
    "dense",
    "encoder_decoder",
    "network",
    "recurrent",
    "section_of",
    "unet",
]
