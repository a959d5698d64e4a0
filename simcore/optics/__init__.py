"""Microscopes. A new one is a file here."""

from simcore.optics.brightfield import Brightfield, Holography
from simcore.optics.complex_field import ComplexField
from simcore.optics.darkfield import Darkfield
from simcore.optics.fluorescence import Fluorescence
from simcore.optics.iscat import ISCAT
from simcore.optics.off_axis import OffAxisHolography

__all__ = ["ISCAT", "Brightfield", "ComplexField", "Darkfield", "Fluorescence", "Holography", "OffAxisHolography"]
