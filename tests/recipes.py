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


def every_kind(shape=(20, 24), **outputs) -> sc.Recipe:
    """Stills with an output of every kind: images, fields, masks, labels, points, tables, boxes, numbers, other frames."""
    particle = sc.MieSphere(
        x=sc.uniform(4, 20), y=sc.uniform(4, 16), radius=sc.uniform(0.2, 0.4), refractive_index=1.5, z=sc.normal(0, 0.5)
    )
    scene = particle.repeat(sc.integers(1, 4))
    optics = {"numerical_aperture": 0.8, "wavelength": 0.6, "shape": shape}
    bright = scene >> sc.Brightfield(pixel_size=0.1, **optics)
    disk = scene >> sc.DiskMask(radius=3, shape=shape)
    return sc.Recipe(
        image=bright >> sc.PoissonNoise(snr=sc.uniform(5, 50), background=1),
        field=scene >> sc.ComplexField(pixel_size=0.1, **optics),
        small=bright >> sc.MeanPool(size=2),
        coarse=sc.stored(bright, dtype="uint16", scale=1000),
        inside=disk,
        labels=scene >> sc.InstanceMask(pixel_size=0.1, shape=shape, merge="overwrite"),
        position=sc.positions(scene, axes="zyx"),
        radius=sc.properties(scene, "radius", "refractive_index"),
        pair=sc.uniform(0, 1, shape=2),
        number=sc.integers(0, 2**40),
        flag=sc.integers(0, 2) > 0,
        **outputs,
    )


def moving(frames=3) -> sc.Recipe:
    """A movie of two particles, their tracks, and a property that changes with time."""
    x, y = (sc.brownian(start, diffusion=0.1, pixel_size=0.1) for start in (sc.uniform(5, 15), sc.uniform(5, 15)))
    scene = sc.PointEmitter(x=x, y=y, intensity=sc.uniform(100, 200)).repeat(sc.integers(1, 3))
    camera = sc.Fluorescence(numerical_aperture=0.8, wavelength=0.6, pixel_size=0.1, shape=(18, 20))
    movie = sc.Movie(frames=frames, interval=0.5)
    drift = sc.each_frame(sc.normal(0, 1))
    return sc.Recipe(movie=scene >> camera >> movie, track=sc.tracks(scene) >> movie, drift=drift)
