"""Case E, particles in three dimensions from in-line holograms: 128 x 128 or 256 x 256, a volume of 56 planes as label."""

import simcore as sc
from simcore.scenes import Scene

COUNTS = {128: (2, 8), 256: (8, 32)}  # the same density
DEPTHS, PLANES = (2.0, 30.0), 56


def sphere(side: int = 128) -> sc.MieSphere:
    return sc.MieSphere(
        x=sc.uniform(0, side),
        y=sc.uniform(0, side),
        z=sc.uniform(*DEPTHS),
        radius=sc.uniform(0.19, 0.29),
        refractive_index=sc.uniform(1.45, 1.55),
    )


def scene(side: int = 128) -> Scene:
    return sphere(side).repeat(sc.integers(*COUNTS[side]))


def microscope(tolerance: float, side: int = 128, coma: bool = False) -> sc.Holography:
    horizontal, vertical = sc.ComaHorizontal(sc.uniform(0.02, 0.05)), sc.ComaVertical(sc.uniform(-0.04, -0.02))
    return sc.Holography(
        numerical_aperture=0.9,
        wavelength=0.633,
        pixel_size=0.345,
        shape=(side, side),
        aberrations=[horizontal, vertical] if coma else [],
        tolerance=tolerance,
    )


def recipe(tolerance: float = 5e-4, side: int = 128, coma: bool = False) -> sc.Recipe:
    """What deeptrack_cases.py describes for the peer, without coma."""
    spheres = scene(side)
    hologram = spheres >> microscope(tolerance, side, coma)
    noisy = hologram >> sc.PoissonNoise(snr=sc.uniform(7, 17), background=1)
    lit = noisy >> sc.IlluminationGradient(x=sc.normal(0, 1e-4), y=sc.normal(0, 1e-4))
    darkest = sc.uniform(0, 0.3)
    image = lit >> sc.NormalizeMinMax(darkest, darkest + 0.7 + sc.uniform(0, 0.3))
    volume = spheres >> sc.SphereVolume(radius=3, z=DEPTHS, planes=PLANES, shape=(side, side))
    return sc.Recipe(image=image, label=volume)
