"""A stack of 32 planes of the point spread function of an emitter, 64 x 64, scalar or vectorial."""

import simcore as sc

SIDE, PLANES, STEP = 64, 32, 0.1
MIDDLE = SIDE // 2  # where psfmodels has the emitter


def scene() -> sc.PointEmitter:
    """An emitter in one plane after the other, the frames of a movie."""
    return sc.PointEmitter(x=MIDDLE, y=MIDDLE, z=-1.6 + STEP * sc.time, intensity=1)


def microscope(tolerance: float, model: str = "scalar") -> sc.Fluorescence:
    return sc.Fluorescence(
        numerical_aperture=0.9,
        wavelength=sc.uniform(0.5, 0.6),
        pixel_size=0.1,
        shape=(SIDE, SIDE),
        model=model,
        tolerance=tolerance,
    )


def recipe(tolerance: float = 5e-4, model: str = "scalar") -> sc.Recipe:
    """What peers_worker.py asks of psfmodels."""
    return sc.Recipe(image=scene() >> microscope(tolerance, model) >> sc.Movie(frames=PLANES, interval=1.0))


def clean(tolerance: float, model: str = "scalar") -> sc.Recipe:
    """The same, and what is drawn for it."""
    optics = microscope(tolerance, model)
    movie = sc.Movie(frames=PLANES, interval=1.0)
    return sc.Recipe(image=scene() >> optics >> movie, wavelength=optics.wavelength)
