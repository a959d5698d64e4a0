"""Light of several wavelengths, weighted: the mean of their images, and the coherence in time that the spectrum leaves."""

import numpy as np
import pytest

import simcore as sc
from simcore.catalogue import FEATURES

WAVELENGTHS, WEIGHTS = [0.5, 0.55, 0.62], [3.0, 0.0, 1.0]
OPTICS = {"numerical_aperture": 0.9, "pixel_size": 0.12, "refractive_index_medium": 1.33, "shape": (20, 24)}
SPHERE = sc.MieSphere(x=11.3, y=8.6, z=1.0, radius=0.3, refractive_index=1.5)
BODY = sc.Ellipsoid(x=9.0, y=10.0, z=0.5, radius_x=0.8, radius_y=0.5, radius_z=0.5, refractive_index=1.38)
GLOW = sc.Ellipsoid(x=9.0, y=10.0, z=0.2, radius_x=0.8, radius_y=0.5, radius_z=0.5, intensity=1e3)
POINT = sc.PointEmitter(x=11.3, y=8.6, z=0.4, intensity=1e3)
COMA = {"aberrations": [sc.ComaHorizontal(0.05)]}
CASES = {
    "in-line": ("Holography", SPHERE, {}),
    "condenser": ("Brightfield", SPHERE, {"condenser_aperture": 0.3, "condenser_rings": 1}),
    "darkfield": ("Darkfield", SPHERE, {}),
    "iscat": ("ISCAT", SPHERE, {"interface": -0.2}),
    "symmetric pupil": ("Holography", SPHERE, {"aberrations": [sc.Spherical(0.05)]}),
    "pupil": ("Holography", SPHERE, COMA),
    "body": ("Brightfield", BODY, {}),
    "body beside a sphere": ("Darkfield", BODY + SPHERE, {}),
    "emitter": ("Fluorescence", POINT, {}),
    "emitter, coverslip": ("Fluorescence", POINT, {"focus_depth": 2.0, "refractive_index_immersion": 1.515}),
    "emitter, pupil": ("Fluorescence", POINT, COMA),
    "glowing body": ("Fluorescence", GLOW, {}),
}


def image(scene, title, **changes):
    microscope = FEATURES[title](**(OPTICS | changes))
    return sc.Recipe(image=scene >> microscope).render(1, seed=1)["image"][0, ..., 0].astype(float)


@pytest.mark.parametrize("case", CASES)
def test_an_image_is_the_weighted_mean_of_those_of_its_wavelengths(case):
    title, scene, more = CASES[case]
    single = [image(scene, title, wavelength=wavelength, **more) for wavelength in WAVELENGTHS]
    expected = np.average(single, axis=0, weights=WEIGHTS)
    got = image(scene, title, wavelength=WAVELENGTHS, spectral_weights=WEIGHTS, **more)
    allowed = 1e-3 * max(1.0, expected.max())
    assert np.abs(got - expected).max() < allowed
    assert np.abs(np.mean(single, axis=0) - expected).max() > 3 * allowed


@pytest.mark.parametrize("title", ["Brightfield", "ISCAT", "Fluorescence"])
def test_weights_count_by_their_shares(title):
    scene = POINT if title == "Fluorescence" else SPHERE
    usual = image(scene, title, wavelength=WAVELENGTHS)
    np.testing.assert_allclose(
        image(scene, title, wavelength=WAVELENGTHS, spectral_weights=[2, 2, 2]), usual, rtol=1e-6
    )
    one = image(scene, title, wavelength=[0.5], spectral_weights=7.0)
    np.testing.assert_array_equal(one, image(scene, title, wavelength=0.5))


def test_fringes_of_a_gaussian_line_fade_as_its_fourier_transform():
    """exp(-(s d)^2 / 2) for a line of deviation s in k = 2 pi / wavelength, where the path of the scattered light is longer by d.

    A sphere much smaller than the wavelength, 20 um from focus. The visibility at a place is the complex factor by which the
    fringes there are those of the middle wavelength (Goodman, Statistical Optics, ch. 5).
    """
    medium, z, deviation, middle = 1.33, 20.0, 0.3, 2 * np.pi / 0.5
    k = middle + deviation * np.linspace(-4, 4, 41)
    light = {"wavelength": 2 * np.pi / k, "spectral_weights": np.exp(-0.5 * ((k - middle) / deviation) ** 2)}
    known = {"numerical_aperture": 1.1, "pixel_size": 0.1, "refractive_index_medium": medium, "shape": (1, 160)}
    known |= {"precision": "double", "polarization_angle": np.pi / 2}
    sphere = sc.MieSphere(x=0.0, y=0.0, z=z, radius=0.05, refractive_index=1.5)
    recipe = sc.Recipe(
        hologram=sphere >> sc.Holography(**known, **light),
        scattered=sphere >> sc.Darkfield(**known, **light),
        field=sphere >> sc.ComplexField(**known, wavelength=0.5, incident=False),
    )
    drawn = {name: array.reshape(-1) for name, array in recipe.render(1, seed=1).items()}
    fringes, field = drawn["hologram"] - 1 - drawn["scattered"], drawn["field"]
    seen = []
    for place in range(40, 160, 15):
        near = slice(place - 7, place + 8)
        basis = np.stack([2 * field[near].real, -2 * field[near].imag], axis=1)
        seen.append(np.hypot(*np.linalg.lstsq(basis, fringes[near], rcond=None)[0]))
    path = medium * (np.hypot(np.arange(40, 160, 15) * 0.1, z) - z)
    expected = np.exp(-0.5 * (deviation * path) ** 2)
    assert expected[0] > 0.9 and expected[-1] < 0.3
    np.testing.assert_allclose(seen, expected, atol=0.02)


def test_weights_may_be_drawn_and_follow_the_wavelengths():
    """A line of random width, Gauss's over equal steps, as in the docstring of `spectrum`."""
    wavelength, width = sc.spectrum(0.5, 0.6, count=5), sc.uniform(0.02, 0.05)
    weights = np.exp(-4 * np.log(2) * ((wavelength - 0.55) / width) ** 2)
    microscope = sc.Holography(**OPTICS, wavelength=wavelength, spectral_weights=weights)
    recipe = sc.Recipe(image=SPHERE >> microscope, width=width)
    drawn = recipe.render(2, seed=3)
    for i in range(2):
        line = np.exp(-4 * np.log(2) * ((np.linspace(0.5, 0.6, 5) - 0.55) / drawn["width"][i]) ** 2)
        expected = image(SPHERE, "Holography", wavelength=np.linspace(0.5, 0.6, 5), spectral_weights=line)
        np.testing.assert_allclose(drawn["image"][i, ..., 0], expected, atol=1e-6)
    again = sc.loads(recipe.canonical)
    assert again == recipe
    np.testing.assert_array_equal(again.render(2, seed=3)["image"], drawn["image"])


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ([1, 2], "2 of them; must be as many as there are wavelengths, 3"),
        (1.0, "1 of them; must be as many as there are wavelengths, 3"),
        ([0, 0, 0], "all 0; at least one must be > 0"),
        ([1, -0.5, 1], "-0.5; must be >= 0"),
    ],
)
@pytest.mark.parametrize("title", ["Brightfield", "Fluorescence"])
def test_refusals(title, weights, words):
    with pytest.raises(sc.ParameterError, match=rf"^{title}\.spectral_weights: {words}$"):
        FEATURES[title](**OPTICS, wavelength=WAVELENGTHS, spectral_weights=weights)


def test_light_that_is_drawn_away_is_refused():
    microscope = sc.Holography(
        **OPTICS, wavelength=WAVELENGTHS, spectral_weights=np.floor(sc.uniform(0, 1)) * np.ones(3)
    )
    with pytest.raises(sc.ParameterError, match=r"^Holography\.spectral_weights: all 0; .* \(example 0\)$"):
        sc.Recipe(image=SPHERE >> microscope).render(1, seed=1)
