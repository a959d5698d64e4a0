"""What is rendered lies where it is kept from the start: the same values, and no second array."""

import tracemalloc

import numpy as np
import pytest

import simcore as sc
from simcore.plan import plan
from simcore.render import render_plan

SHAPE = (32, 32)
LIGHT = {"numerical_aperture": 0.9, "wavelength": 0.55, "pixel_size": 0.1, "shape": SHAPE}
CAMERA = sc.Fluorescence(**LIGHT)
HOLOGRAM = {**LIGHT, "refractive_index_medium": 1.33, "tolerance": 0.01}
DOT = sc.PointEmitter(x=sc.uniform(8, 24), y=sc.uniform(8, 24), intensity=1000)
DOTS = DOT.repeat(sc.integers(0, 3))
BODY = sc.Ellipsoid(x=sc.uniform(8, 24), y=16, radius_x=0.4, radius_y=0.3, radius_z=0.3, intensity=50)
SPHERE = sc.MieSphere(x=sc.uniform(8, 24), y=sc.uniform(8, 24), z=1, radius=0.2, refractive_index=1.58)
IMAGE = DOTS >> CAMERA
FIELD = sc.ComplexField(**HOLOGRAM)
COMA = sc.Brightfield(**HOLOGRAM, aberrations=[sc.ComaVertical(0.05)])

RECIPES = {
    "noise": {"image": IMAGE >> sc.PhotonNoise()},
    "bodies": {"image": BODY >> CAMERA >> sc.GaussianNoise(0.1)},
    "both": {"image": DOT + BODY >> CAMERA},
    "field": {"image": SPHERE >> FIELD >> sc.RealImaginary() >> sc.GaussianNoise(0.01)},
    "coma": {"image": SPHERE >> COMA >> sc.PhotonNoise()},
    "movie": {"image": DOTS >> CAMERA >> sc.GaussianNoise(1) >> sc.Movie(frames=3)},
    "arithmetic": {"image": (2 * IMAGE + 1) / sc.uniform(1, 2) - (BODY >> CAMERA)},
    "shared": {"image": IMAGE, "noisy": IMAGE >> sc.PhotonNoise(), "again": IMAGE, "twice": IMAGE + IMAGE},
    "mask": {"mask": DOTS >> sc.DiskMask(3, SHAPE), "scaled": (DOTS >> sc.DiskMask(2, SHAPE, merge="max")) * 3},
    "stored": {"image": sc.stored(IMAGE >> sc.PhotonNoise(), dtype="uint16")},
    "flipped": {"image": IMAGE >> sc.FlipLeftRight()},
}


@pytest.mark.parametrize("name", RECIPES)
def test_images_are_the_same_wherever_they_are_drawn(name):
    """Into new arrays, into given ones full of something else, and handed on from feature to feature, example by example."""
    recipe = sc.Recipe(**RECIPES[name])
    whole = recipe.render(7, seed=3, block=3)
    given = {output: np.full(array.shape, 77).astype(array.dtype) for output, array in whole.items()}
    recipe.render(7, seed=3, block=3, out=given)
    handed = render_plan(recipe, plan(recipe, 3, np.arange(7), list(whole), None), list(whole))
    for output, array in whole.items():
        assert np.array_equal(array, given[output]) and np.array_equal(array, handed[output])


@pytest.mark.parametrize("name", ["noise", "bodies", "field", "coma", "movie", "mask"])
def test_a_block_is_not_held_twice(name):
    recipe = sc.Recipe(**RECIPES[name])
    count = 512
    given = recipe.render(count, seed=1, block=count)
    size = sum(array.nbytes for array in given.values())
    tracemalloc.start()
    recipe.render(count, seed=1, block=count, out=given)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.9 * size
