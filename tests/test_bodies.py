"""Bodies that emit: against emitters spread over them, closed forms of their light, and themselves with finer planes."""

import numpy as np
import pytest

import simcore as sc
from simcore.optics import volumes

OPTICS = {
    "numerical_aperture": 1.0,
    "wavelength": 0.5,
    "pixel_size": 0.15,
    "shape": (40, 44),
    "refractive_index_medium": 1.33,
}


def image(scene, **changes):
    return sc.Recipe(i=scene >> sc.Fluorescence(**(OPTICS | changes))).render(1, seed=1)["i"][0, ..., 0].astype(float)


@pytest.mark.parametrize("tolerance", [5e-4, 5e-3])
def test_a_flat_patch_is_as_many_emitters(tolerance):
    """Emitters at the nodes of Gauss's rule over the radius, and in equal steps around."""
    patch = sc.Ellipse(x=21.3, y=19.4, radius_x=0.9, radius_y=0.6, rotation=0.4, intensity=100.0)
    seen = image(patch, tolerance=tolerance)
    nodes, weights = np.polynomial.legendre.leggauss(14)
    r, angle = (nodes + 1) / 2, 2 * np.pi * np.arange(28) / 28
    along, across = 0.9 * np.outer(r, np.cos(angle)).ravel(), 0.6 * np.outer(r, np.sin(angle)).ravel()
    x = 21.3 + (along * np.cos(0.4) - across * np.sin(0.4)) / 0.15
    y = 19.4 + (along * np.sin(0.4) + across * np.cos(0.4)) / 0.15
    light = 100 * 0.9 * 0.6 * np.repeat(weights / 2 * r, 28) * 2 * np.pi / 28
    places = image(sum_of(x, y, light), tolerance=1e-5)
    np.testing.assert_allclose(seen, places, rtol=0, atol=tolerance * places.max())


def sum_of(x, y, photons):
    scene = sc.PointEmitter(x=x[0], y=y[0], intensity=photons[0]).scene
    for a, b, light in zip(x[1:], y[1:], photons[1:], strict=True):
        scene = scene + sc.PointEmitter(x=a, y=b, intensity=light)
    return scene


def test_the_light_of_a_body_is_its_volume_times_its_intensity():
    wide = {"shape": (160, 160)}
    ball = sc.Ellipsoid(x=80, y=79, radius_x=1.5, radius_y=1.0, radius_z=0.5, rotation_y=0.3, intensity=20.0)
    assert image(ball, **wide).sum() == pytest.approx(20 * 4 / 3 * np.pi * 1.5 * 1.0 * 0.5, rel=0.03)


@pytest.mark.parametrize(
    ("contents", "more"), [({}, 0.0), ({"texture": 0.35, "texture_scale": 1.0}, 7e-3), ({"deformation": 0.05}, 1e-2)]
)
def test_the_light_is_the_same_whatever_the_tolerance(contents, more):
    """Grains of a few pixels are boxes as wide as a pixel, irregular rims are found to a percent: so much may be left."""
    cell = sc.Ellipsoid(x=20, y=20, radius_x=1.8, radius_y=1.3, radius_z=0.6, intensity=20.0, **contents)
    fine = image(cell, tolerance=3e-4)
    for tolerance in (1e-3, 5e-3, 0.03):
        np.testing.assert_allclose(image(cell, tolerance=tolerance), fine, rtol=0, atol=(tolerance + more) * fine.max())


def test_what_stands_beside_the_frame_shines_into_it():
    inside = sc.Sphere(x=25, y=20, radius=0.6, intensity=20.0)
    wide = image(inside, shape=(40, 44))
    np.testing.assert_allclose(image(inside, shape=(40, 24)), wide[:, :24], rtol=0, atol=5e-4 * wide.max())


def test_a_wide_image_is_the_narrow_one_with_more_around_it():
    """The weights of so many cells are not kept but made row by row."""
    ball = {"radius_x": 2.0, "radius_y": 1.4, "radius_z": 1.0, "rotation": 0.4, "intensity": 10.0}
    optics = {"pixel_size": 0.2, "tolerance": 1e-2}
    narrow = image(sc.Ellipsoid(x=60.3, y=60.3, **ball), shape=(120, 120), **optics)
    wide = image(sc.Ellipsoid(x=450.3, y=450.3, **ball), shape=(900, 900), **optics)
    np.testing.assert_allclose(wide[390:510, 390:510], narrow, rtol=0, atol=1e-3 * narrow.max())


def test_a_body_that_does_not_shine_is_dark():
    body = sc.Ellipsoid(x=20, y=20, radius_x=1.5, radius_y=1, radius_z=1, intensity=0.0)
    assert not image(body).any()


def test_a_body_under_the_coverslip_is_refused():
    scene = sc.Sphere(x=20, y=20, z=0.3, radius=0.6) >> sc.Fluorescence(**OPTICS, focus_depth=0.2)
    with pytest.raises(sc.ParameterError, match=r"Sphere\.z: -0.3 um; must be >= -focus_depth"):
        sc.Recipe(i=scene).render(1, seed=1)


def test_a_wavefront_and_a_refocus_act_on_bodies_as_on_emitters():
    """A small ball is as six emitters around its centre: the same second moments."""
    bent = [sc.Spherical(0.06), sc.GaussianApodization(1.2), sc.Refocus(0.4)]
    ball = image(sc.Sphere(x=20, y=20, z=0.2, radius=0.07, intensity=1e4), aberrations=bent)
    away = 0.07 * np.sqrt(0.6) * np.vstack([np.eye(3), -np.eye(3)])
    light = 1e4 * 4 / 3 * np.pi * 0.07**3 / 6
    spots = [sc.PointEmitter(x=20 + x / 0.15, y=20 + y / 0.15, z=0.2 + z, intensity=light) for x, y, z in away]
    spots = image(sum(spots[1:], spots[0].scene), aberrations=bent)
    np.testing.assert_allclose(ball, spots, rtol=0, atol=1e-3 * spots.max())


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


def test_refocusing_moves_bodies_as_it_moves_emitters():
    ball = {"x": 20, "y": 20, "radius": 0.3, "intensity": 50.0}
    moved = image(sc.Sphere(z=0.9, **ball), aberrations=[sc.Refocus(0.4)])
    np.testing.assert_allclose(moved, image(sc.Sphere(z=0.5, **ball)), rtol=0, atol=1e-5 * moved.max())


@pytest.mark.parametrize(
    ("pixel_size", "tolerance"), [(0.1, 5e-4), pytest.param(0.3, 1e-2, marks=pytest.mark.thorough)]
)
def test_bodies_behind_a_pupil_without_symmetry_are_as_many_emitters(pixel_size, tolerance):
    """Emitters at the nodes of Gauss's rule in a turned ellipsoid, each seen through coma and a tilt."""
    blurred = [sc.ComaHorizontal(0.03), sc.TiltX(0.1)]
    optics = {"pixel_size": pixel_size, "shape": (36, 40), "aberrations": blurred}
    body = sc.Ellipsoid(
        x=19.3, y=17.2, z=0.3, radius_x=0.45, radius_y=0.35, radius_z=0.3, rotation=0.4, rotation_x=0.5, intensity=10.0
    )
    seen = image(body, tolerance=tolerance, **optics)
    r, of_r = np.polynomial.legendre.leggauss(8)
    cosine, of_cosine = np.polynomial.legendre.leggauss(8)
    radius, c, angle = np.meshgrid((r + 1) / 2, cosine, 2 * np.pi * np.arange(18) / 18, indexing="ij")
    light = (of_r / 2 * ((r + 1) / 2) ** 2)[:, None, None] * of_cosine[:, None] * np.full(18, 2 * np.pi / 18)
    s = np.sqrt(1 - c * c)
    places = np.stack([0.45 * radius * s * np.cos(angle), 0.35 * radius * s * np.sin(angle), 0.3 * radius * c]).reshape(
        3, -1
    )
    about_x = [[1, 0, 0], [0, np.cos(0.5), -np.sin(0.5)], [0, np.sin(0.5), np.cos(0.5)]]
    about_z = [[np.cos(0.4), -np.sin(0.4), 0], [np.sin(0.4), np.cos(0.4), 0], [0, 0, 1]]
    x, y, z = np.array(about_z) @ about_x @ places
    emitters = [
        sc.PointEmitter(
            x=19.3 + a / pixel_size, y=17.2 + b / pixel_size, z=0.3 + c, intensity=10 * 0.45 * 0.35 * 0.3 * p
        )
        for a, b, c, p in zip(x, y, z, light.ravel(), strict=True)
    ]
    total = emitters[0].scene
    for one in emitters[1:]:
        total = total + one
    expected = image(total, tolerance=1e-4, **optics)
    np.testing.assert_allclose(seen, expected, rtol=0, atol=tolerance * expected.max())


@pytest.mark.parametrize("tolerance", [5e-4, 1e-2, 8e-2])
@pytest.mark.parametrize(
    ("radius", "flat", "z", "aperture"), [(0.3, 0.3, 0.8, 1.2), (0.3, 1.0, 0.8, 1.2), (0.3, 0.3, 0.0, 0.7)]
)
def test_small_bodies_keep_the_tolerance_out_of_focus_too(radius, flat, z, aperture, tolerance, monkeypatch):
    """Their brightest pixel is far below that of a wide body of their thickness."""
    body = sc.Ellipsoid(x=20.2, y=19.7, z=z, radius_x=radius, radius_y=0.8 * radius, radius_z=flat * radius)
    seen = image(body, tolerance=tolerance, numerical_aperture=aperture)
    monkeypatch.setattr(volumes, "FINEST", 1e-5)
    fine = image(body, tolerance=3e-5, numerical_aperture=aperture)
    np.testing.assert_allclose(seen, fine, rtol=0, atol=1.1 * tolerance * fine.max())


@pytest.mark.parametrize("tolerance", [3e-3, 1e-2, 8e-2])
@pytest.mark.parametrize(
    ("radius", "flat", "z", "tilt", "aperture"),
    [(3.1, 0.2, 0.0, 0.9, 1.0), (2.4, 1.0, 0.0, 0.0, 1.17), (2.6, 0.2, 0.9, 0.0, 0.8), (3.5, 0.15, 0.1, 0.4, 0.8)],
)
def test_wide_and_turned_bodies_keep_the_tolerance(radius, flat, z, tilt, aperture, tolerance, monkeypatch):
    """Few planes are taken for them when the tolerance is loose."""
    body = sc.Ellipsoid(
        x=24.2, y=23.7, z=z, radius_x=radius, radius_y=0.8 * radius, radius_z=flat * radius, rotation_x=tilt
    )
    optics = {"numerical_aperture": aperture, "pixel_size": 0.2, "shape": (48, 48)}
    seen = image(body, tolerance=tolerance, **optics)
    monkeypatch.setattr(volumes, "FINEST", 1e-4)
    fine = image(body, tolerance=1e-4, **optics)
    np.testing.assert_allclose(seen, fine, rtol=0, atol=tolerance * fine.max())
