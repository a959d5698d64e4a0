"""Networks by kind. A new kind is a module with one builder, marked ``@network`` and imported here."""

from dtmodels.models.cnn import cnn
from dtmodels.models.registry import KINDS, build, check, network, section_of

__all__ = ["KINDS", "build", "check", "cnn", "network", "section_of"]
