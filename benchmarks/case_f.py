"""Case F, the counting of cells: nuclei in 256 x 256, a density that integrates to 1 for each as label."""

import numpy as np

import simcore as sc
from simcore.scenes import Scene

SIDE, PIXEL = 256, 0.24
FEW, MANY, ALL = (5, 10), (20, 40), (5, 43)


def cell(deformation: float = 0.0, texture: float = 0.0) -> sc.Ellipsoid:
    """A nucleus of an area-equivalent radius of 5.6 to 18 px; outline and contents are smooth unless given otherwise."""
    radius = PIXEL * sc.truncated_normal(14.4, 2.5, 5.6, 18)
    stretch = np.sqrt(sc.uniform(1, 1.5))
    return sc.Ellipsoid(
        x=sc.uniform(0, SIDE),
        y=sc.uniform(0, SIDE),
        radius_x=radius * stretch,
        radius_y=radius / stretch,
        radius_z=radius * sc.uniform(0.2, 0.4),
        rotation=sc.uniform(0, np.pi),
        intensity=sc.uniform(0.7, 1.3),
        deformation=deformation,
        texture=texture,
    )


def scene(count: tuple[int, int] = FEW) -> Scene:
    return cell().repeat(sc.integers(*count))


def microscope(tolerance: float) -> sc.Fluorescence:
    return sc.Fluorescence(
        numerical_aperture=sc.uniform(0.9, 1.1),
        wavelength=0.45,
        pixel_size=PIXEL,
        shape=(SIDE, SIDE),
        tolerance=tolerance,
    )


def recipe(tolerance: float = 5e-4, count: tuple[int, int] = FEW) -> sc.Recipe:
    """What deeptrack_cases.py describes for the peer: smooth cells that may overlap."""
    return _with_noise(scene(count), tolerance)


def full(tolerance: float = 5e-4) -> sc.Recipe:
    """5 to 42 cells of irregular outline and grainy contents that do not overlap."""
    one = cell(deformation=0.06, texture=0.35)
    diameter = 2 * one.radius_x / PIXEL
    return _with_noise(one.repeat(sc.integers(*ALL), min_distance=diameter, crowded="fewer"), tolerance)


def _with_noise(cells: Scene, tolerance: float) -> sc.Recipe:
    light = cells >> microscope(tolerance) >> sc.Background(sc.uniform(0.5, 1.5))
    label = cells >> sc.GaussianDensity(sigma=10, shape=(SIDE, SIDE))
    return sc.Recipe(image=light >> sc.GaussianNoise(sc.uniform(0.05, 0.2)), label=label)
