"""Fluorescence as users meet it: scenes, point spread functions, localization bounds."""

import numpy as np
import pytest
from reference import psf as reference

import simcore as sc

AIR = {"numerical_aperture": 0.7, "wavelength": 0.5, "pixel_size": 0.1, "refractive_index_medium": 1.0}
OIL = {
    "numerical_aperture": 1.4, "wavelength": 0.55, "pixel_size": 0.1, "refractive_index_immersion": 1.515, "focus_depth": 1.0,
}  # fmt: skip


def test_a_scene_adds_up():
    emitter = sc.PointEmitter(
        x=sc.uniform(5, 25), y=sc.uniform(5, 25), z=sc.normal(0, 0.3), intensity=sc.uniform(100, 200)
    )
    scene = emitter.repeat(sc.integers(0, 4))
    image = scene >> sc.Fluorescence(**AIR, shape=(32, 32))
    recipe = sc.Recipe(
        image=image, count=scene.count, where=sc.positions(scene, axes="zyx"), light=sc.properties(scene, "intensity")
    )
    made = recipe.render(6, seed=3)
    assert len(set(made["count"])) > 1
    for i, count in enumerate(made["count"]):
        alone = np.zeros((32, 32))
        for (z, y, x), light in zip(made["where"][i][:count], made["light"][i].ravel()[:count], strict=True):
            one = sc.PointEmitter(x=float(x), y=float(y), z=float(z), intensity=float(light))
            alone += sc.Recipe(image=one >> sc.Fluorescence(**AIR, shape=(32, 32))).render(1, seed=0)["image"][
                0, ..., 0
            ]
        assert abs(made["image"][i, ..., 0] - alone).max() < 1e-3 * max(alone.max(), 1)


def test_psf_is_a_centred_unit_of_light():
    microscope = sc.Fluorescence(**AIR, shape=(33, 41))
    stack = sc.psf(microscope, z=[-0.5, 0.0, 0.5])
    assert stack.shape == (3, 33, 41) and stack.dtype == np.float64
    assert np.unravel_index(stack[1].argmax(), (33, 41)) == (16, 20)
    assert abs(stack - stack[:, ::-1, ::-1]).max() < 1e-9 and abs(stack[0] - stack[2]).max() < 1e-9
    wide = sc.psf(microscope, 0.0, shape=(401, 401))[0].sum()
    assert 0.99 < wide < 1


def test_upright_and_lying_dipoles():
    microscope = sc.Fluorescence(**OIL, shape=(31, 31))
    upright = sc.psf(microscope, 0.0, dipole=(0.0, 0.0))[0]
    assert upright[15, 15] < 0.2 * upright.max()  # a ring
    assert abs(upright - upright.T).max() < 1e-9
    lying = sc.psf(microscope, 0.0, dipole=(np.pi / 2, 0.0))[0]
    across = sc.psf(microscope, 0.0, dipole=(np.pi / 2, np.pi / 2))[0]
    assert abs(lying - across.T).max() < 1e-9 and abs(lying - lying.T).max() > 1e-3 * lying.max()
    leaning = sc.psf(microscope, 0.3, dipole=(0.6, 0.0))[0]
    assert abs(leaning - sc.psf(microscope, 0.3, dipole=(-0.6, 0.0))[0][:, ::-1]).max() < 1e-9
    o = reference.Optics(1.4, 0.55, 0.1, immersion=1.515, coverslip=1.5255, focus_depth=1.0)
    at = np.array([[15, 12], [15, 18], [13, 15]])
    wanted = reference.pixels(o, (15.0, 15.0, 0.3), at, points=6, dipole=reference.direction(0.6, 0.0), angles=64)
    assert abs(leaning[at[:, 0], at[:, 1]] - wanted).max() < 1e-6 * leaning.max()
    assert abs(wanted[0] - wanted[1]) > 1e-2 * leaning.max()


def test_bounds_tend_to_the_closed_form_of_an_airy_disc():
    """Ober et al., Biophys. J. 86, 1185 (2004): wavelength / (2 pi NA sqrt(photons)) without pixels, frame and background."""
    wanted = 0.5 / (2 * np.pi * 0.5 * np.sqrt([100, 400]))
    excess = []
    for pixel, width in ((0.08, 151), (0.04, 301)):
        microscope = sc.Fluorescence(
            numerical_aperture=0.5, wavelength=0.5, pixel_size=pixel, shape=(width, width), refractive_index_medium=1.0,
            model="scalar", apodization="none",
        )  # fmt: skip
        middle = width // 2
        found = sc.emitter_bounds(microscope, x=middle, y=middle, intensity=[100.0, 400.0], unknown=("x", "y"))
        assert np.allclose(found.y, found.x) and (found.z == 0).all()
        excess.append(found.x * pixel / wanted - 1)
    # Pixels blur the dark rings: an excess in proportion to their size. Of the information 4 Int (dE/dx)^2 = 2 Int |grad E|^2,
    # E = 2 J1(v) / v, the part 4 / (pi v) lies beyond v; half of it is the frame's excess: v = 2 pi 6 in its inscribed circle,
    # 1.12 times as far on the mean.
    assert (excess[1] > 0).all() and (excess[0] > excess[1]).all()
    beyond = 2 / (np.pi * 1.12 * 2 * np.pi * 6.02)
    assert (abs(2 * excess[1] - excess[0] - beyond) < 2e-3).all()


def test_bounds_are_those_of_an_independent_image():
    """Fisher's information by differences of images made by quadrature."""
    o = reference.Optics(1.2, 0.55, 0.12)
    microscope = sc.Fluorescence(numerical_aperture=1.2, wavelength=0.55, pixel_size=0.12, shape=(9, 9))
    place, light, background = np.array([4.2, 3.9, 0.25]), 1500.0, 3.0
    at = np.argwhere(np.ones((9, 9)))

    def image(shift):
        return light * reference.pixels(o, tuple(place + shift), at, points=4, radial=20, angles=28)

    step = np.array([0.02, 0.02, 0.01])
    slopes = [(image(e) - image(-e)) / (2 * e.sum()) for e in np.diag(step)]
    slopes += [image(0.0) / light, np.ones(81)]
    information = np.array([[(a * b / (image(0.0) + background)).sum() for b in slopes] for a in slopes])
    wanted = np.sqrt(np.diag(np.linalg.inv(information)))[:3]
    x, y, z = place
    found = sc.emitter_bounds(microscope, x=x, y=y, z=z, intensity=light, background=background)
    assert np.allclose(np.ravel(found), wanted, rtol=2e-3)


def test_what_cannot_be_found_has_no_bound():
    microscope = sc.Fluorescence(**AIR, shape=(15, 15))
    found = sc.emitter_bounds(microscope, x=7, y=7, z=[0.0, 0.3], intensity=500, background=2)
    assert np.isinf(found.z[0]) and np.isfinite(found.z[1]) and np.isfinite(found.x).all()
    for wrong in ({"unknown": ("x", "colour")}, {"intensity": 0.0}, {"background": -1.0}):
        with pytest.raises(sc.ParameterError, match="emitter_bounds"):
            sc.emitter_bounds(microscope, **({"x": 7, "y": 7, "intensity": 500} | wrong))
    with pytest.raises(sc.ParameterError, match=r"Fluorescence\.wavelength: is drawn"):
        sc.psf(sc.Fluorescence(**(AIR | {"wavelength": sc.uniform(0.5, 0.6)}), shape=(9, 9)))


def test_what_does_not_fit_is_refused():
    make, still = sc.Fluorescence, sc.PointEmitter(x=3, y=3, intensity=10)
    with pytest.raises(sc.ParameterError, match=r"numerical_aperture: 1.4; must be <= 1.33, .* of the immersion"):
        make(**(AIR | {"numerical_aperture": 1.4, "refractive_index_medium": 1.33}), shape=(9, 9))
    with pytest.raises(sc.ParameterError, match="index of the coverslip"):
        make(**(OIL | {"refractive_index_coverslip": 1.33}), shape=(9, 9))
    with pytest.raises(sc.RecipeError, match="fixed dipole"):
        sc.PointEmitter(x=3, y=3, intensity=10, dipole_polar=0.1) >> make(**AIR, shape=(9, 9), model="scalar")
    with pytest.raises(sc.ParameterError, match=r"dipole_azimuth: needs dipole_polar"):
        sc.PointEmitter(x=3, y=3, intensity=10, dipole_azimuth=0.1)
    low = sc.PointEmitter(x=3, y=3, z=-1.5, intensity=10) >> make(**OIL, shape=(9, 9))
    with pytest.raises(sc.ParameterError, match=r"PointEmitter\.z: -1.5 um; must be >= -focus_depth"):
        sc.Recipe(image=low).render(1, seed=0)
    with pytest.raises(sc.RecipeError, match="cannot image"):
        still >> sc.Brightfield(numerical_aperture=0.5, wavelength=0.5, pixel_size=0.1, shape=(9, 9))


@pytest.mark.parametrize("model", ["scalar", "vectorial"])
@pytest.mark.parametrize("precision", ["single", "double"])
def test_an_emitter_moved_by_037_px_moves_its_image_by_0370(model, precision):
    """Band-limited images obey the shift theorem; what is left after shifting one onto the other is fitted by its slope."""
    microscope = sc.Fluorescence(
        numerical_aperture=0.8, wavelength=0.5, pixel_size=0.1, shape=(64, 64), model=model, precision=precision
    )

    def image(x):
        return sc.Recipe(i=sc.PointEmitter(x=x, y=31.2, intensity=1.0) >> microscope).render(1, seed=1)["i"][0, ..., 0]

    frequency = 2j * np.pi * np.fft.fftfreq(64)
    spectrum = np.fft.fft(image(31.0).astype(float), axis=1) * np.exp(-0.37 * frequency)
    moved, slope = np.fft.ifft(spectrum, axis=1).real, np.fft.ifft(-frequency * spectrum, axis=1).real
    left = (image(31.37) - moved)[8:-8, 8:-8]
    assert abs((left * slope[8:-8, 8:-8]).sum() / (slope[8:-8, 8:-8] ** 2).sum()) < 1e-4


@pytest.mark.parametrize("model", ["scalar", "vectorial"])
def test_aberrations_of_one_kind_are_the_same_on_both_ways(model):
    """By radial integrals and, beside a coma of 0, by sums over the pupil."""
    common = {"numerical_aperture": 1.0, "wavelength": 0.6, "pixel_size": 0.1, "shape": (31, 33), "model": model}
    symmetric = [sc.Spherical(0.05), sc.GaussianApodization(1.5), sc.Refocus(0.4)]
    radial = sc.psf(sc.Fluorescence(**common, aberrations=symmetric), z=[-0.5, 0.3])
    nodes = sc.psf(sc.Fluorescence(**common, aberrations=[*symmetric, sc.ComaVertical(0.0)]), z=[-0.5, 0.3])
    np.testing.assert_allclose(nodes, radial, rtol=0, atol=2e-5 * radial.max())
    shifted = sc.psf(sc.Fluorescence(**common, aberrations=[sc.Refocus(0.4)]), z=0.9)
    np.testing.assert_allclose(shifted, sc.psf(sc.Fluorescence(**common), z=0.5), rtol=0, atol=1e-6)


def test_coma_and_a_pupil_array_bend_the_spot_where_they_should():
    common = {"numerical_aperture": 0.9, "wavelength": 0.6, "pixel_size": 0.1, "shape": (41, 41)}
    plain = sc.psf(sc.Fluorescence(**common))[0]
    tilt = sc.TiltX(2 * 0.1 * 0.9 / 2)  # moves the image by 2 px towards -x
    moved = sc.psf(sc.Fluorescence(**common, aberrations=[tilt]))[0]
    np.testing.assert_allclose(moved[:, :-2], plain[:, 2:], rtol=0, atol=1e-4 * plain.max())
    ones = sc.psf(sc.Fluorescence(**common, aberrations=[sc.PupilArray([[1, 1], [1, 1]])]))[0]
    np.testing.assert_allclose(ones, plain, rtol=0, atol=2e-5 * plain.max())
    coma = sc.psf(sc.Fluorescence(**common, aberrations=[sc.ComaHorizontal(0.05)]))[0]
    np.testing.assert_allclose(coma, coma[::-1], rtol=0, atol=1e-6 * coma.max())
    assert abs(coma - coma[:, ::-1]).max() > 0.1 * coma.max()


def test_aberrated_scenes_are_drawn_written_and_bounded():
    coma = sc.ComaHorizontal(sc.uniform(0, 0.05))
    microscope = sc.Fluorescence(
        numerical_aperture=0.9, wavelength=0.6, pixel_size=0.1, shape=(24, 24), aberrations=[coma]
    )
    scene = sc.PointEmitter(x=sc.uniform(6, 18), y=12, intensity=500.0).repeat(sc.integers(1, 3))
    recipe = sc.Recipe(image=scene >> microscope, bound=sc.bounds(scene, microscope, background=2))
    arrays = recipe.render(3, seed=1)
    np.testing.assert_array_equal(recipe.render(indices=[2], seed=1)["image"][0], arrays["image"][2])
    assert np.isfinite(arrays["bound"][:, 0, :2]).all() and sc.loads(recipe.canonical) == recipe
    with pytest.raises(sc.ParameterError, match="a CentralStop goes with symmetric aberrations only"):
        sc.Fluorescence(numerical_aperture=0.9, wavelength=0.6, pixel_size=0.1, shape=(9, 9),
                        aberrations=[coma, sc.CentralStop(0.2)])  # fmt: skip
