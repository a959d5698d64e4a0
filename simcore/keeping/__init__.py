"""Datasets kept for years: verified, repaired, extended."""

from simcore.keeping.extending import extend
from simcore.keeping.repairing import Repair, repair
from simcore.keeping.verifying import Verification, verify

__all__ = ["Repair", "Verification", "extend", "repair", "verify"]
