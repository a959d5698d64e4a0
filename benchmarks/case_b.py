"""Case B, the localisation of a trapped sphere: ten wavelengths, 51 x 51, gradient, Poisson noise, min-max normalisation."""

import simcore as sc

WAVELENGTHS = 10
SIDE = 51


def scene() -> sc.MieSphere:
    return sc.MieSphere(
        x=sc.uniform(22, 28),
        y=sc.uniform(22, 28),
        z=sc.normal(0, 1.0),
        radius=sc.uniform(1.0, 2.0),
        refractive_index=sc.uniform(1.5, 1.6),
    )


def microscope(tolerance: float) -> sc.Brightfield:
    return sc.Brightfield(
        numerical_aperture=sc.uniform(0.15, 0.25),
        wavelength=sc.spectrum(0.4, 0.7, count=WAVELENGTHS),
        pixel_size=sc.uniform(0.2 / 1.5, 0.4 / 1.5),
        refractive_index_medium=1.33,
        shape=(SIDE, SIDE),
        tolerance=tolerance,
    )


def recipe(tolerance: float = 5e-4) -> sc.Recipe:
    """What deeptrack_cases.py describes for the peer; neither flips."""
    clean = scene() >> microscope(tolerance)
    lit = clean >> sc.IlluminationGradient(x=sc.normal(0, 3e-3), y=sc.normal(0, 3e-3))
    noisy = lit >> sc.PoissonNoise(snr=sc.uniform(2, 60), background=1, signal="deviation")
    return sc.Recipe(image=noisy >> sc.NormalizeMinMax(sc.uniform(0, 0.2), sc.uniform(0.8, 1)))
