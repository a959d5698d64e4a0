"""Microscopes. A new one is a file here."""

from simcore.optics.brightfield import Brightfield

__all__ = ["Brightfield"]
