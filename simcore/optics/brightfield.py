"""Transmitted light: brightfield and in-line holography."""

from simcore.optics.coherent import Coherent


class Brightfield(Coherent):
    """Transmitted light under a plane wave along the optical axis, seen through an aplanatic objective.

    The light scattered into the objective (Debye-Wolf) interferes with the wave that passes; the intensities of the wavelengths
    add. Image: (height, width, 1), relative to the empty field, integrated over each pixel.
    Source: Leahy et al., Opt. Express 28, 1061 (2020); Novotny & Hecht, Principles of Nano-Optics, ch. 3.

    Raises ParameterError for values out of range, for instance an aperture above the immersion's index.
    """


class Holography(Coherent):
    """An in-line hologram: scattered light interferes with the laser beam that passes. Image as of `Brightfield`."""
