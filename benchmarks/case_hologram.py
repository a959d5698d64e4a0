"""A hologram of one sphere, in the instrument that is pylorenzmie's default: 64 x 64 or 256 x 256."""

import simcore as sc

WAVELENGTH, PIXEL, MEDIUM = 0.447, 0.048, 1.34


def scene(side: int = 64) -> sc.MieSphere:
    middle = (side - 1) / 2
    return sc.MieSphere(
        x=sc.uniform(middle - 5, middle + 5),
        y=sc.uniform(middle - 5, middle + 5),
        z=sc.uniform(5, 15),
        radius=sc.uniform(0.3, 1.0),
        refractive_index=sc.uniform(1.4, 1.6),
    )


def microscope(tolerance: float, side: int = 64) -> sc.Holography:
    """The aperture is the widest of the medium's objectives: the peer has none."""
    return sc.Holography(
        numerical_aperture=1.2,
        wavelength=WAVELENGTH,
        pixel_size=PIXEL,
        refractive_index_medium=MEDIUM,
        shape=(side, side),
        tolerance=tolerance,
    )


def recipe(tolerance: float = 5e-4, side: int = 64) -> sc.Recipe:
    return sc.Recipe(image=scene(side) >> microscope(tolerance, side))
