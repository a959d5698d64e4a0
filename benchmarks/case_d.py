"""Case D, quantum dots: 10 to 19 point emitters in 128 x 128, normalisation and Poisson noise, disks as label."""

import simcore as sc
from simcore.scenes import Scene

SIDE = 128


def scene() -> Scene:
    dot = sc.PointEmitter(
        x=sc.uniform(0, SIDE),
        y=sc.uniform(0, SIDE),
        z=sc.normal(0, 0.5),
        intensity=sc.uniform(1, 10),
    )
    return dot.repeat(sc.integers(10, 20))


def microscope(tolerance: float) -> sc.Fluorescence:
    return sc.Fluorescence(
        numerical_aperture=sc.uniform(0.6, 0.8),
        wavelength=0.5,
        pixel_size=0.1,
        shape=(SIDE, SIDE),
        tolerance=tolerance,
    )


def recipe(tolerance: float = 5e-4) -> sc.Recipe:
    """What deeptrack_cases.py describes for the peer."""
    dots, darkest = scene(), sc.uniform(0, 0.4)
    normal = dots >> microscope(tolerance) >> sc.NormalizeMinMax(darkest, darkest + 0.1 + sc.uniform(0, 0.5))
    noisy = normal >> sc.PoissonNoise(snr=sc.uniform(4, 7), background=darkest)
    return sc.Recipe(image=noisy, label=dots >> sc.DiskMask(radius=3, shape=(SIDE, SIDE)))
