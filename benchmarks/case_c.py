"""Case C, the sizing of particles from their complex field: 64 x 64 x 2, coma and noise, radius and index as label."""

import numpy as np

import simcore as sc

SIDE = 64
CENTRE = (SIDE - 1) / 2


def scene() -> sc.MieSphere:
    return sc.MieSphere(
        x=sc.uniform(CENTRE - 2, CENTRE + 2),
        y=sc.uniform(CENTRE - 2, CENTRE + 2),
        z=sc.normal(0, 0.23),
        radius=sc.uniform(0.1, 0.4),
        refractive_index=sc.uniform(1.37, 1.67),
    )


def microscope(tolerance: float, coma: float = 0.005, noise: float = 0.02) -> sc.ComplexField:
    """The objective; ``coma`` in um, ``noise`` before the pupil."""
    aberrations = [sc.ComaVertical(sc.normal(0, coma)), sc.ComaHorizontal(sc.normal(0, coma))] if coma else []
    return sc.ComplexField(
        numerical_aperture=1.07,
        wavelength=0.635,
        pixel_size=0.113,
        polarization_angle=sc.uniform(0, 2 * np.pi),
        shape=(SIDE, SIDE),
        incident=False,
        aberrations=aberrations,
        object_noise=sc.uniform(0, noise) if noise else 0.0,
        tolerance=tolerance,
    )


def recipe(tolerance: float = 5e-4) -> sc.Recipe:
    """What deeptrack_cases.py describes for the peer."""
    particle = scene()
    field = particle >> microscope(tolerance)
    return sc.Recipe(image=field >> sc.RealImaginary(), label=sc.properties(particle, "radius", "refractive_index"))
