"""Bodies that emit: against emitters spread over them, closed forms of their light, and themselves with finer planes."""

import numpy as np
import pytest

import simcore as sc

OPTICS = {
    "numerical_aperture": 1.0,
    "wavelength": 0.5,
    "pixel_size": 0.15,
    "shape": (40, 44),
    "refractive_index_medium": 1.33,
}


def image(scene, **changes):
    return sc.Recipe(i=scene >> sc.Fluorescence(**(OPTICS | changes))).render(1, seed=1)["i"][0, ..., 0].astype(float)


def test_a_flat_patch_is_as_many_emitters():
    """Voxels are as wide as a pixel, so a sharp edge is blurred by a pixel's width once more: 5 % of the plateau here."""
    seen = image(sc.Ellipse(x=21.3, y=19.4, radius_x=0.9, radius_y=0.6, rotation=0.4, intensity=100.0))
    u, v = np.meshgrid(*(2 * (np.arange(60) + 0.5) / 60 - 1,) * 2)
    inside = u**2 + v**2 < 1
    along, across = 0.9 * u[inside], 0.6 * v[inside]
    x = 21.3 + (along * np.cos(0.4) - across * np.sin(0.4)) / 0.15
    y = 19.4 + (along * np.sin(0.4) + across * np.cos(0.4)) / 0.15
    scene = sum_of(x, y, 100 * np.pi * 0.9 * 0.6 / inside.sum())
    places = image(scene, tolerance=1e-4)
    np.testing.assert_allclose(seen, places, rtol=0, atol=5e-2 * places.max())
    np.testing.assert_allclose(seen[18:21, 20:23], places[18:21, 20:23], rtol=0, atol=1e-2 * places.max())
    assert seen.sum() == pytest.approx(places.sum(), rel=1e-3)


def sum_of(x, y, photons):
    scene = sc.PointEmitter(x=x[0], y=y[0], intensity=photons).scene
    for a, b in zip(x[1:], y[1:], strict=True):
        scene = scene + sc.PointEmitter(x=a, y=b, intensity=photons)
    return scene


def test_the_light_of_a_body_is_its_volume_times_its_intensity():
    wide = {"shape": (160, 160)}
    ball = sc.Ellipsoid(x=80, y=79, radius_x=1.5, radius_y=1.0, radius_z=0.5, rotation_y=0.3, intensity=20.0)
    assert image(ball, **wide).sum() == pytest.approx(20 * 4 / 3 * np.pi * 1.5 * 1.0 * 0.5, rel=0.03)


def test_planes_half_a_depth_of_field_apart_are_enough():
    cell = sc.Ellipsoid(x=20, y=20, radius_x=1.8, radius_y=1.3, radius_z=0.8, intensity=20.0)
    coarse, fine = image(cell), image(cell, plane_spacing=0.04)
    np.testing.assert_allclose(coarse, fine, rtol=0, atol=8e-3 * fine.max())


def test_bodies_and_emitters_share_an_image_and_no_example_sees_another():
    cell = sc.Ellipsoid(x=sc.uniform(5, 35), y=sc.uniform(5, 35), z=sc.normal(0, 0.3), radius_x=sc.uniform(0.5, 1), radius_y=0.6,
                        radius_z=0.4, rotation=sc.uniform(0, 3), intensity=50.0, deformation=0.1, texture=0.3)  # fmt: skip
    spot = sc.PointEmitter(x=10, y=12, intensity=300.0)
    cells = cell.repeat(sc.integers(0, 4), min_distance=8)
    microscope = sc.Fluorescence(**(OPTICS | {"numerical_aperture": sc.uniform(0.9, 1.1)}))
    recipe = sc.Recipe(both=(cells + spot) >> microscope, cells=cells >> microscope, spot=spot >> microscope)
    arrays = recipe.render(5, seed=2)
    np.testing.assert_allclose(arrays["both"], arrays["cells"] + arrays["spot"], rtol=1e-5, atol=1e-4)
    for i in range(5):
        np.testing.assert_array_equal(recipe.render(indices=[i], seed=2)["both"][0], arrays["both"][i])
    assert sc.loads(recipe.canonical) == recipe
