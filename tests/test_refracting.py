"""Bodies under transmitted light by multi-slice, beside spheres by Mie's solution."""

import numpy as np
import pytest

import simcore as sc

OPTICS = {
    "numerical_aperture": 0.7,
    "wavelength": 0.6,
    "pixel_size": 0.2,
    "shape": (24, 26),
    "refractive_index_medium": 1.33,
}
BALL = {"x": 12.3, "y": 11.4, "z": 1.0, "radius": 0.7}
INDEX = 1.36


def image(scene, kind=sc.Holography, **changes):
    return sc.Recipe(i=scene >> kind(**(OPTICS | changes))).render(1, seed=1)["i"][0, ..., 0].astype(float)


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        (sc.Holography, {}),
        (sc.Holography, {"polarization_angle": None, "wavelength": [0.5, 0.6]}),
        (sc.Darkfield, {}),
        (sc.Brightfield, {"condenser_aperture": 0.3, "condenser_rings": 2}),
        (sc.Holography, {"illumination_angle": 0.2}),
    ],
)
def test_a_weak_ball_is_the_sphere_of_mie(kind, changes):
    """Index contrast 0.03: the scalar field without backward waves is good to 4 % of what a sphere does to the light."""
    slices = image(sc.Sphere(**BALL, refractive_index=INDEX), kind, **changes)
    mie = image(sc.MieSphere(**BALL, refractive_index=INDEX), kind, **changes)
    signal = abs(mie - (kind is not sc.Darkfield)).max()
    assert signal > (1e-3 if kind is sc.Darkfield else 0.05)
    np.testing.assert_allclose(slices, mie, rtol=0, atol=0.04 * signal)


def test_bodies_and_spheres_share_a_field():
    """Far apart, what each does to the light adds up; the field of both is the sum of their scattered fields."""
    body, sphere = (
        sc.Sphere(**BALL, refractive_index=INDEX),
        sc.MieSphere(x=20, y=4, z=0.5, radius=0.3, refractive_index=1.5),
    )
    both = image(body + sphere)
    mie = image(sc.MieSphere(**BALL, refractive_index=INDEX) + sphere)
    np.testing.assert_allclose(both, mie, rtol=0, atol=0.04 * abs(mie - 1).max())


@pytest.mark.parametrize("changes", [{}, {"incident": False, "polarization_angle": 0.4}, {"polarization_angle": None}])
def test_the_field_of_a_weak_ball_is_that_of_mie(changes):
    def field(ball):
        return sc.Recipe(i=ball >> sc.ComplexField(**OPTICS, **changes)).render(1, seed=1)["i"][0, ..., 0]

    slices, mie = field(sc.Sphere(**BALL, refractive_index=INDEX)), field(sc.MieSphere(**BALL, refractive_index=INDEX))
    signal = abs(mie - changes.get("incident", True)).max()
    np.testing.assert_allclose(slices, mie, rtol=0, atol=0.04 * signal)


def test_absorbing_bodies_are_dark_and_examples_stand_alone():
    cell = sc.Ellipsoid(x=sc.uniform(8, 16), y=sc.uniform(8, 16), radius_x=0.9, radius_y=0.6, radius_z=sc.uniform(0.3, 0.6),
                        rotation=sc.uniform(0, 3), refractive_index=1.34 + 0.05j, deformation=0.1)  # fmt: skip
    recipe = sc.Recipe(i=cell.repeat(sc.integers(0, 3)) >> sc.Brightfield(**OPTICS))
    arrays = recipe.render(4, seed=3)["i"]
    for i in range(4):
        np.testing.assert_array_equal(recipe.render(indices=[i], seed=3)["i"][0], arrays[i])
    assert arrays.min() < 0.8 and sc.loads(recipe.canonical) == recipe
    empty = sc.Recipe(i=cell.repeat(0) >> sc.Brightfield(**OPTICS)).render(1, seed=1)["i"]
    np.testing.assert_allclose(empty, 1, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: sc.Sphere(**BALL) >> sc.Holography(**OPTICS), "Sphere.refractive_index: not given"),
        (lambda: sc.Sphere(**BALL, refractive_index=1.4) >> sc.ISCAT(**OPTICS), "ISCAT cannot image Sphere"),
        (lambda: sc.Ellipse(x=1, y=1, radius_x=1, radius_y=1) >> sc.Holography(**OPTICS), "cannot image Ellipse"),
        (
            lambda: sc.Sphere(**BALL, refractive_index=1.4) >> sc.Holography(**OPTICS, aberrations=[sc.Spherical(0.1)]),
            "with aberrations images spheres only",
        ),
    ],
)  # fmt: skip
def test_bodies_that_cannot_be_imaged_are_refused(make, message):
    with pytest.raises(sc.SimcoreError, match=message):
        make()
