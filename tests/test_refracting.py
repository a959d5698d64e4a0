"""Bodies under transmitted light by multi-slice, beside spheres by Mie's solution."""

import numpy as np
import pytest

import simcore as sc
from simcore import kernels
from simcore.errors import SimcoreWarning
from simcore.optics import voxels

OPTICS = {
    "numerical_aperture": 0.7,
    "wavelength": 0.6,
    "pixel_size": 0.2,
    "shape": (24, 26),
    "refractive_index_medium": 1.33,
}
BALL = {"x": 12.3, "y": 11.4, "z": 1.0, "radius": 0.7}
INDEX = 1.36
NOTHING = sc.MieSphere(x=-500, y=-500, radius=1e-3, refractive_index=1.34)


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
        (sc.Holography, {"illumination_angle": 0.3, "illumination_azimuth": None}),
        (sc.Holography, {"refractive_index_immersion": 1.515, "focus_depth": 10.0, "illumination_angle": 0.3}),
        (sc.Holography, {"refractive_index_immersion": 1.515, "focus_depth": 2.0, "numerical_aperture": 1.4}),
        (
            sc.Darkfield,
            {"illumination_angle": 0.8, "polarization_angle": np.pi / 2},
        ),  # outside; across the plane of incidence
        (sc.Holography, {"ellipticity_angle": 0.6, "polarization_angle": 0.3, "analyzer_angle": 1.1}),
    ],
)
def test_a_weak_ball_is_the_sphere_of_mie(kind, changes):
    """Index contrast 0.03: the scalar field without backward waves is good to 4 % of what a sphere does to the light."""
    slices = image(sc.Sphere(**BALL, refractive_index=INDEX), kind, **changes)
    mie = image(sc.MieSphere(**BALL, refractive_index=INDEX), kind, **changes)
    signal = abs(mie - (0 if kind is sc.Darkfield else image(NOTHING, kind, **changes))).max()
    assert signal > (1e-3 if kind is sc.Darkfield else 0.05)
    np.testing.assert_allclose(slices, mie, rtol=0, atol=0.04 * signal)


RHO = np.linspace(-1, 1, 21)
PUPILS = {
    "defocus": [sc.Defocus(0.1)],
    "spherical": [sc.Spherical(0.08)],
    "coma": [sc.ComaHorizontal(0.08), sc.ComaVertical(-0.04)],
    "astigmatism": [sc.AstigmatismOblique(0.1)],
    "apodization": [sc.GaussianApodization(0.8)],
    "stop": [sc.CentralStop(0.3)],
    "array": [sc.PupilArray((0.8 + 0.1 * RHO + 0.05 * RHO[:, None]) * np.exp(1j * RHO**2))],
    "all": [sc.TrefoilOblique(0.05), sc.CentralStop(0.1), sc.GaussianApodization(1.0), sc.Refocus(-2.0)],
}


@pytest.mark.parametrize("name", PUPILS)
@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        (sc.Holography, {}),
        (sc.Holography, {"illumination_angle": 0.3, "illumination_azimuth": 0.5}),
        (sc.Darkfield, {}),
        (sc.ComplexField, {"incident": False, "illumination_angle": 0.2}),
        (sc.OffAxisHolography, {"carrier_x": 0.21}),
        (sc.Brightfield, {"condenser_aperture": 0.3, "condenser_rings": 1}),
    ],
)
def test_a_weak_ball_is_the_sphere_of_mie_through_any_pupil(kind, changes, name):
    """To 4 % of what a sphere does to the light; the two share nothing between the particle and the pixel."""
    changes = changes | {"aberrations": PUPILS[name]}

    def seen(scene):
        return sc.Recipe(i=scene >> kind(**(OPTICS | changes))).render(1, seed=1)["i"][0, ..., 0]

    slices, mie = (seen(one(**BALL, refractive_index=INDEX)) for one in (sc.Sphere, sc.MieSphere))
    signal = abs(mie - seen(NOTHING)).max()
    assert signal > 0.03
    np.testing.assert_allclose(slices, mie, rtol=0, atol=0.04 * signal)


@pytest.mark.parametrize("angle", [0.0, 0.25])
def test_refocusing_moves_a_body_and_a_wavefront_that_tilts_its_image(angle):
    """By 3 pixels for W = 3 pixel_size NA rho_x; from 12 pixels outside, too."""
    body = {"radius": 0.7, "y": 11.4, "refractive_index": INDEX}
    focus = image(sc.Sphere(**body, x=12.3, z=1.0), illumination_angle=angle, aberrations=[sc.Refocus(4.0)])
    moved = image(sc.Sphere(**body, x=12.3, z=-3.0), illumination_angle=angle)
    np.testing.assert_allclose(focus, moved, rtol=0, atol=1e-5)
    for pixels, start in ((3, 12.3), (24, 36.3)):
        tilt = sc.TiltX(pixels * OPTICS["pixel_size"] * OPTICS["numerical_aperture"] / 2)
        seen = image(sc.Sphere(**body, x=start, z=1.0), illumination_angle=angle, aberrations=[tilt])
        there = image(sc.Sphere(**body, x=start - pixels, z=1.0), illumination_angle=angle)
        np.testing.assert_allclose(seen, there, rtol=0, atol=2e-3)


@pytest.mark.parametrize("z", [20.0, -20.0, 45.0])
def test_light_far_out_of_focus_does_not_come_in_again(z):
    ball = {"x": 4.0, "y": 11.4, "z": z, "radius": 0.7, "refractive_index": INDEX}
    mie = image(sc.MieSphere(**ball))
    np.testing.assert_allclose(image(sc.Sphere(**ball)), mie, rtol=0, atol=0.015 * abs(mie - 1).max())


@pytest.mark.thorough
def test_light_goes_wide_through_a_deep_volume(monkeypatch):
    """Bodies far on both sides of the focus: the far one's light is wide where it leaves, and is needed all the same."""
    one, other = {"x": 8, "y": 9, "z": 8.0}, {"x": 16, "y": 14, "z": -8.0}
    scene = sc.Sphere(**one, radius=0.7, refractive_index=INDEX) + sc.Sphere(
        **other, radius=0.7, refractive_index=INDEX
    )
    usual = image(scene)
    monkeypatch.setattr(voxels, "MARGIN", 20.0)
    wide = image(scene)
    np.testing.assert_allclose(usual, wide, rtol=0, atol=0.005 * abs(wide - 1).max())


def test_light_beyond_the_largest_grid_is_reported(monkeypatch):
    monkeypatch.setattr(voxels.kernels, "LARGEST_GRID", 150)
    with pytest.warns(SimcoreWarning, match=r"Holography: .* [0-9.e+]+ um farther than a grid .* example 0"):
        image(sc.Sphere(x=12, y=11, z=45, radius=0.7, refractive_index=INDEX))


def test_bodies_and_spheres_share_a_field():
    """Far apart, what each does to the light adds up; the field of both is the sum of their scattered fields."""
    body, sphere = (
        sc.Sphere(**BALL, refractive_index=INDEX),
        sc.MieSphere(x=20, y=4, z=0.5, radius=0.3, refractive_index=1.5),
    )
    both = image(body + sphere)
    mie = image(sc.MieSphere(**BALL, refractive_index=INDEX) + sphere)
    np.testing.assert_allclose(both, mie, rtol=0, atol=0.04 * abs(mie - 1).max())


@pytest.mark.parametrize("kind", [sc.Holography, sc.Darkfield, sc.OffAxisHolography])
def test_spheres_are_what_they_are_without_bodies(kind):
    """Beside a body that does nothing: they keep their own tolerance, not that of the slices."""
    sphere = sc.MieSphere(x=15, y=9, z=0.5, radius=0.3, refractive_index=1.5)
    beside = sphere + sc.Sphere(**BALL, refractive_index=1.33)
    for changes in ({}, {"aberrations": PUPILS["coma"]}):
        np.testing.assert_allclose(image(beside, kind, **changes), image(sphere, kind, **changes), rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"illumination_angle": 0.4, "aberrations": PUPILS["coma"]},
        {"analyzer_angle": 0.7, "polarization_angle": None},
        {"analyzer_angle": 0.7, "ellipticity_angle": 0.5},
    ],
)
def test_the_image_of_bodies_and_spheres_is_the_power_of_their_field(changes):
    """Spheres of two kinds and a body that overlap: intensities against the fields of either component on fine pixels."""
    fine, small = 8, OPTICS | {"shape": (16, 16)}
    dense = small | {"pixel_size": 0.2 / fine, "shape": (16 * fine, 16 * fine)}

    def scene(points):
        def at(x, y):
            return {"x": (x + 0.5) * points - 0.5, "y": (y + 0.5) * points - 0.5}

        layers = {"radii": [0.2, 0.3], "refractive_indices": [1.5, 1.42]}
        return (
            sc.Sphere(**at(6.2, 7.4), z=1, radius=0.7, refractive_index=1.38)
            + sc.MieSphere(**at(8.6, 8.1), z=-0.5, radius=0.3, refractive_index=1.5)
            + sc.LayeredMieSphere(**at(7.0, 10.0), z=0.5, **layers)
        )

    expected = []
    for wavelength in (0.5, 0.6):
        given, total = changes.get("analyzer_angle"), 0
        for angle in (0, np.pi / 2) if given is None else (given,):
            for state in (0, np.pi / 2) if "polarization_angle" in changes else (0,):
                share = 0.5 if "polarization_angle" in changes else 1
                how = changes | {"analyzer_angle": angle, "polarization_angle": state, "wavelength": wavelength}
                flow = scene(fine) >> sc.ComplexField(**(dense | how))
                total = total + share * abs(sc.Recipe(i=flow).render(1, seed=1)["i"][0, ..., 0]) ** 2
        expected.append(total.reshape(16, fine, 16, fine).mean((1, 3)))
    got = image(scene(1), **(small | changes | {"wavelength": [0.5, 0.6]}))
    np.testing.assert_allclose(got, np.mean(expected, axis=0), rtol=0, atol=0.004)


@pytest.mark.parametrize("changes", [{}, {"aberrations": PUPILS["coma"], "illumination_angle": 0.2}])
def test_an_off_axis_hologram_of_a_body_is_its_field_on_the_carrier(changes):
    """Against |E + R exp(i phase)|^2 of the complex field on points far below the pixel; a sphere beside it."""
    fine, carrier, amplitude = 16, (0.31, -0.22), 0.8
    small = OPTICS | {"shape": (12, 14)} | changes
    dense = small | {"pixel_size": 0.2 / fine, "shape": (12 * fine, 14 * fine)}

    def scene(points):
        def at(x, y):
            return {"x": (x + 0.5) * points - 0.5, "y": (y + 0.5) * points - 0.5}

        body = sc.Sphere(**at(6.3, 5.6), z=1.0, radius=0.7, refractive_index=1.38)
        return body + sc.MieSphere(**at(10.1, 8.2), z=0.5, radius=0.3, refractive_index=1.45)

    beam = {"carrier_x": carrier[0], "carrier_y": carrier[1], "reference_amplitude": amplitude, "analyzer_angle": 0.0}
    seen = image(scene(1), sc.OffAxisHolography, **(small | beam))
    flow = scene(fine) >> sc.ComplexField(**dense, analyzer_angle=0.0)
    field = sc.Recipe(i=flow).render(1, seed=1)["i"][0, ..., 0]
    y, x = ((np.arange(n) + 0.5) / fine - 0.5 for n in dense["shape"])
    wave = amplitude * np.exp(2j * np.pi * (carrier[0] * x[None] + carrier[1] * y[:, None]))
    expected = (abs(field + wave) ** 2).reshape(12, fine, 14, fine).mean((1, 3))
    assert abs(expected - (1 + amplitude**2)).max() > 0.5
    np.testing.assert_allclose(seen, expected, rtol=0, atol=0.005)


def test_noise_before_the_pupil_adds_to_the_field_of_a_body():
    """The same noise as without a body; of the variance sigma^2 pixel_size^2 pi (NA / wavelength)^2 that the pupil passes."""
    fine = OPTICS | {"pixel_size": 0.1, "shape": (64, 64), "aberrations": PUPILS["coma"]}
    body = sc.Sphere(x=30, y=31, z=1.0, radius=0.7, refractive_index=INDEX)

    def fields(scene, sigma):
        return sc.Recipe(i=scene >> sc.ComplexField(**fine, object_noise=sigma)).render(20, seed=1)["i"]

    noise = fields(body, 0.1) - fields(body, 0.0)
    np.testing.assert_allclose(noise, fields(body.repeat(0), 0.1) - 1, rtol=0, atol=1e-6)
    wanted = 0.1**2 * 0.1**2 * np.pi * (0.7 / 0.6) ** 2
    for part in (noise.real, noise.imag):
        assert part.var() == pytest.approx(wanted, rel=0.06)
        assert part.mean() == pytest.approx(0, abs=5 * np.sqrt(wanted / 2000))


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


ABERRATED = [sc.ComaVertical(sc.uniform(0.02, 0.05)), sc.Refocus(sc.uniform(-1, 1)), sc.GaussianApodization(1.5)]


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        (sc.Brightfield, {"condenser_aperture": 0.3, "condenser_rings": 1, "wavelength": [0.5, 0.6]}),
        (
            sc.Holography,
            {"illumination_angle": sc.uniform(0, 0.3), "focus_depth": 4.0, "refractive_index_immersion": 1.5},
        ),
        (sc.Darkfield, {"illumination_angle": sc.uniform(0.6, 0.8), "illumination_azimuth": None}),
        (sc.ComplexField, {"object_noise": sc.uniform(0, 0.1), "polarization_angle": None}),
        (sc.OffAxisHolography, {"illumination_angle": 0.2, "precision": "double"}),
    ],
)
@pytest.mark.parametrize("aberrations", [pytest.param([], marks=pytest.mark.thorough), ABERRATED])
def test_bodies_do_not_see_their_company_or_the_instruction_level(kind, changes, aberrations, restore_level):
    cell = sc.Ellipsoid(x=sc.uniform(4, 16), y=sc.uniform(4, 16), radius_x=0.9, radius_y=0.6, radius_z=sc.uniform(0.3, 0.6),
                        rotation=sc.uniform(0, 3), refractive_index=1.36 + 0.01j, deformation=0.1)  # fmt: skip
    ball = sc.MieSphere(x=sc.uniform(4, 16), y=7, radius=0.3, refractive_index=1.5).repeat(sc.integers(0, 2))
    flow = cell.repeat(sc.integers(0, 3)) + ball >> kind(
        **(OPTICS | {"shape": (16, 18)} | changes), aberrations=aberrations
    )
    recipe = sc.Recipe(i=flow)
    assert sc.loads(recipe.canonical) == recipe
    together = recipe.render(6, seed=3, block=4)["i"]
    assert np.isfinite(together).all() and len({one.tobytes() for one in together}) > 3
    for i in range(6):
        assert recipe.render(indices=[i], seed=3)["i"][0].tobytes() == together[i].tobytes()
    for level in (0, 3):
        kernels.set_instruction_level(level)
        assert recipe.render(6, seed=3)["i"].tobytes() == together.tobytes()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: sc.Sphere(**BALL) >> sc.Holography(**OPTICS), "Sphere.refractive_index: not given"),
        (lambda: sc.Sphere(**BALL, refractive_index=1.4) >> sc.ISCAT(**OPTICS), "ISCAT cannot image Sphere"),
        (lambda: sc.Ellipse(x=1, y=1, radius_x=1, radius_y=1) >> sc.Holography(**OPTICS), "cannot image Ellipse"),
    ],
)  # fmt: skip
def test_bodies_that_cannot_be_imaged_are_refused(make, message):
    with pytest.raises(sc.SimcoreError, match=message):
        make()
