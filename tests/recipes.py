"""Recipes that several tests render."""

import simcore as sc


def localization(shape=(51, 51), wavelengths=3, **outputs) -> sc.Recipe:
    """The example of the documentation: one sphere, brightfield, noise, a flip shared by image and position."""
    particle = sc.MieSphere(
        x=sc.uniform(22, 28),
        y=sc.uniform(22, 28),
        z=sc.normal(0, 1.0),
        radius=sc.uniform(1.0, 2.0),
        refractive_index=sc.uniform(1.5, 1.6),
    )
    microscope = sc.Brightfield(
        numerical_aperture=sc.uniform(0.15, 0.25),
        wavelength=sc.spectrum(0.4, 0.7, count=wavelengths),
        pixel_size=0.2,
        refractive_index_medium=1.33,
        shape=shape,
    )
    snr = sc.uniform(2, 60)
    flip = sc.FlipLeftRight(probability=0.5)
    clean = particle >> microscope
    frame = (
        clean
        >> sc.IlluminationGradient(x=sc.normal(0, 3e-3), y=sc.normal(0, 3e-3))
        >> sc.PoissonNoise(snr=snr, background=1)
        >> sc.NormalizeMinMax(sc.uniform(0, 0.2), sc.uniform(0.8, 1))
    )
    return sc.Recipe(
        image=frame >> flip,
        position=sc.positions(particle) >> flip,
        clean=clean >> flip,
        snr=snr,
        z=particle.z,
        **outputs,
    )
