"""The example that fits measured holograms: known spheres come back, measured ones are what they are made of."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest

import simcore as sc

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("DTMODELS_DATA", ROOT.parent / "shared" / "data")) / "holograms"
sys.path.insert(0, str(ROOT / "examples" / "fit_a_hologram"))

from fitting import (  # noqa: E402
    FIELDS,
    PUPIL,
    Instrument,
    Noise,
    Profiles,
    Window,
    chi_square_of_empty,
    find_spheres,
    fit,
    fit_frame,
)

INSTRUMENT = Instrument()
SPHERE = np.array([141.37, 118.72, 9.0, 0.6, 1.5])  # x, y, z, radius, index


@pytest.fixture(scope="module")
def profiles():
    return Profiles.draw(INSTRUMENT, examples=8000)


def synthetic(shape, sphere=SPHERE, noise=0.02, **changes):
    """A hologram under a slow gradient, with white noise."""
    x, y, z, radius, index = sphere
    particle = sc.MieSphere(x=x, y=y, z=z, radius=radius, refractive_index=index)
    microscope = sc.Holography(**(INSTRUMENT.known(shape) | changes), precision="double")
    image = sc.Recipe(image=particle >> microscope).render(count=1, seed=0)["image"][0, ..., 0]
    gradient = 0.98 + 0.04 * np.linspace(-1, 1, shape[1]) - 0.03 * np.linspace(-1, 1, shape[0])[:, None] ** 2
    return image * gradient + noise * np.random.default_rng(7).standard_normal(shape)


def window(frame, start, noise, margin=70):
    return Window.around(frame, start[None, len(PUPIL) :], margin, INSTRUMENT, Noise(noise, noise))


def test_spheres_are_found_to_a_few_pixels():
    frame = synthetic((300, 420)) + synthetic((300, 420), [330.2, 180.9, 14.0, 0.8, 1.42]) - 1
    found = np.array(sorted(find_spheres(frame)))
    assert found == pytest.approx(np.array([SPHERE[:2], [330.2, 180.9]]), abs=3)


def test_noise_is_that_of_the_empty_frame():
    noise = Noise.of(synthetic((640, 640)), [tuple(SPHERE[:2])], INSTRUMENT, 0.0)
    assert noise.camera == pytest.approx(0.02, rel=0.03)
    assert 0.019 < noise.empty < 0.03  # the gradient and the outermost rings too


def test_an_empty_frame_leaves_its_noise():
    found = chi_square_of_empty(synthetic((640, 640)), [tuple(SPHERE[:2])], INSTRUMENT, Noise(0.02, 0.02))
    assert found.min() == pytest.approx(1, abs=0.04) and found.max() < 1.2  # the outermost rings too


def test_a_known_sphere_comes_back_within_its_errors(profiles):
    frame = synthetic((241, 291))
    start = np.concatenate([np.zeros(len(PUPIL)), [140.0, 120.0], profiles.nearest(frame, 140.0, 120.0, 1)[0]])
    found = fit(window(frame, start, 0.02), start, passes=1)
    assert np.all(abs(found.spheres[0] - SPHERE) < 4 * found.errors[0])
    assert np.all(found.errors[0] < [0.02, 0.02, 0.01, 0.002, 0.002])
    assert found.chi_square() == pytest.approx(1, abs=4 * np.sqrt(2 / found.window.frame.size))


@pytest.mark.parametrize("amount", [-0.06, 0.06])
def test_so_does_the_spherical_aberration(amount):
    frame = synthetic((241, 291), aberrations=[sc.Spherical(amount)])
    start = np.concatenate([np.zeros(len(PUPIL)), SPHERE + np.array([0.5, -0.5, 0.1, 0.01, 0.003])])
    found = fit(window(frame, start, 0.02), start, ("spherical",), passes=1)
    error = np.sqrt(found.covariance[0, 0])
    assert abs(found.solution[0] - amount) < 4 * error and error < 0.005
    assert np.all(abs(found.spheres[0] - SPHERE) < 4 * found.errors[0])


def test_the_phase_of_scattered_light_is_found_in_a_hologram_built_of_fields():
    shape, phase = (241, 291), -0.35
    particle = sc.MieSphere(**dict(zip(FIELDS, SPHERE.tolist(), strict=True)))
    known = INSTRUMENT.known(shape) | {"incident": False}
    fields = {a: particle >> sc.ComplexField(**known, analyzer_angle=a) for a in (0.0, np.pi / 2)}
    x, y = sc.Recipe(x=fields[0.0], y=fields[np.pi / 2]).render(count=1, seed=0).values()
    frame = abs(1 + np.exp(1j * phase) * x[0, ..., 0]) ** 2 + abs(y[0, ..., 0]) ** 2
    start = np.concatenate([np.zeros(len(PUPIL)), SPHERE + np.array([0.2, -0.2, 0.05, 0.005, 0.002])])
    found = fit(window(frame.astype(float), start, 0.02), start, ("phase",), passes=1)
    # The frame has the intensity of fields averaged over pixels, the model the average of intensities.
    assert found.solution[1] == pytest.approx(phase, abs=5e-3)
    assert found.spheres[0] == pytest.approx(SPHERE, abs=5e-3)


def test_standard_errors_know_of_correlated_noise(monkeypatch):
    """Noise that is the same in blocks of 3 x 3 pixels carries a ninth of the information."""
    clean = synthetic((240, 291), noise=0)
    rng, errors = np.random.default_rng(3), []
    start = np.concatenate([np.zeros(len(PUPIL)), SPHERE])
    for size in (1, 3):
        grain = np.kron(rng.standard_normal((240 // size, 291 // size)), np.ones((size, size)))
        errors.append(fit(window(clean + 0.02 * grain, start, 0.02), start, passes=1).errors[0])
    assert errors[1] / errors[0] == pytest.approx(np.full(5, 3.0), rel=0.25)


@pytest.mark.slow
@pytest.mark.skipif(not DATA.is_dir(), reason=f"no measured holograms in {DATA}; set DTMODELS_DATA")
@pytest.mark.thorough
def test_measured_spheres_are_polystyrene_and_silica(profiles):
    import imageio.v3 as iio

    frame = iio.imread(DATA / "PS_silica.png") / 100.0
    found = fit_frame(frame, INSTRUMENT, 0.243, profiles, ["spherical, phase"], margin=60)["spherical, phase"]
    polystyrene, silica = found.spheres
    assert 1.55 < polystyrene[4] < 1.63 and 0.69 < polystyrene[3] < 0.78
    assert 1.41 < silica[4] < 1.45 and 0.46 < silica[3] < 0.50
    assert found.chi_square() < 1.8
