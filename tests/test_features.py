"""What holds of every feature in the catalogue, from its declarations: limits, text, independence of its company."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
import tifffile

import simcore as sc
from simcore.catalogue import FEATURES
from simcore.scenes import Microscope, Scatterer

FOLDER = Path(tempfile.mkdtemp())
np.save(FOLDER / "stack.npy", np.arange(3 * 12 * 12, dtype=np.float32).reshape(3, 12, 12))
tifffile.imwrite(FOLDER / "page0.tif", np.arange(12 * 12, dtype=np.uint16).reshape(12, 12))
tifffile.imwrite(FOLDER / "page1.tif", np.zeros((12, 12), np.uint16))

# A value for each parameter that has no default.
NEEDED = {
    "MieSphere": {"x": 5.0, "y": 6.0, "radius": 0.3, "refractive_index": 1.5},
    "Brightfield": {"numerical_aperture": 0.5, "wavelength": 0.6, "pixel_size": 0.1, "shape": (12, 12)},
    "PoissonNoise": {"snr": 5.0},
    "Movie": {"frames": 2},
    "OneOf": {"features": [sc.FlipLeftRight(), sc.FlipUpDown()]},
    "Maybe": {"feature": sc.FlipUpDown()},
    "Conditional": {"condition": True, "feature": sc.FlipUpDown(probability=0.5)},
    "Source": {"path": str(FOLDER / "stack.npy")},
    "Folder": {"pattern": str(FOLDER / "*.tif")},
    "Apply": {"function": "numpy:negative"},
}


def make(title, **changes):
    return FEATURES[title](**(NEEDED.get(title, {}) | changes))


def limits():
    for title, feature in FEATURES.items():
        for field, declared in feature.declarations():
            yield from ((title, field, value, declared.allowed()) for value in outside(declared))


def outside(declared):
    values = [np.nan, np.inf]
    values += [limit for limit in (declared.above, declared.below) if np.isfinite(limit)]
    values += [declared.least - 0.01] if np.isfinite(declared.least) else []
    values += [declared.most + 0.01] if np.isfinite(declared.most) else []
    return values


@pytest.mark.parametrize(("title", "field", "value", "allowed"), list(limits()))
def test_values_outside_the_declared_range_are_refused_in_its_words(title, field, value, allowed):
    with pytest.raises(sc.ParameterError) as caught:
        make(title, **{field: value})
    assert str(caught.value).startswith(f"{title}.{field}: ") and str(caught.value).endswith(allowed)
    if np.isfinite(value):
        hidden = np.floor(sc.uniform(0, 1)) + value  # of which nothing is known before it is drawn
        drawn = recipe(make(title, **{field: hidden}))
        with pytest.raises(sc.ParameterError, match=rf"^{title}\.{field}: .* in example 0; {allowed}$"):
            drawn.render(1, seed=1)


@pytest.mark.parametrize("title", FEATURES)
def test_every_parameter_says_what_it_is_and_refuses_what_is_no_number(title):
    for field, declared in FEATURES[title].declarations():
        assert declared.doc and declared.unit
        for wrong in ("seven", object(), [[1.0, 2.0]], {}):
            with pytest.raises(sc.ParameterError, match=f"{title}.{field}"):
                make(title, **{field: wrong})
    with pytest.raises(sc.ParameterError, match=f"{title}.nonsense: unknown parameter"):
        make(title, nonsense=1)


def random(title):
    """The feature with every parameter drawn, a little around its usual value."""
    drawn = {}
    for field, declared in FEATURES[title].declarations():
        value = NEEDED.get(title, {}).get(field, getattr(make(title), field))
        if value is not None:
            usual = float(value if isinstance(value, (float, int)) else value.value)
            low, high = (
                (usual, usual + 0.05) if usual + 0.05 <= min(declared.most, declared.below) else (usual - 0.05, usual)
            )
            drawn[field] = sc.uniform(low, high)
    return make(title, **drawn)


def recipe(feature):
    if isinstance(feature, (sc.Source, sc.Folder)):
        return sc.Recipe(image=feature.image, points=sc.positions(make("MieSphere")))
    timed = isinstance(feature, (sc.Movie, sc.MotionBlur))
    moving = {"x": 5 + sc.time} if timed else {"x": sc.uniform(4, 7), "y": sc.uniform(4, 8)}
    particle = feature if isinstance(feature, Scatterer) else make("MieSphere", **moving)
    microscope = feature if isinstance(feature, Microscope) else make("Brightfield")
    image, points = particle >> microscope, sc.positions(particle, axes="zyx")
    if not isinstance(feature, (Scatterer, Microscope)):
        image = image >> feature
        points = points >> feature if "points" in feature.takes else points
        if isinstance(feature, sc.MotionBlur):
            movie = sc.Movie(frames=2)
            image, points = image >> movie, points >> movie
    return sc.Recipe(image=image, points=points)


@pytest.mark.parametrize("title", FEATURES)
def test_every_feature_survives_text_and_does_not_see_its_company(title):
    made = recipe(random(title))
    assert sc.loads(made.canonical, trust=True) == made
    together = made.render(7, seed=11, block=4)
    again = sc.loads(made.canonical, trust=True).render(7, seed=11)
    for i in range(7):
        alone = made.render(indices=[i], seed=11)
        for name in ("image", "points"):
            assert np.isfinite(together[name]).all()
            assert alone[name][0].tobytes() == together[name][i].tobytes() == again[name][i].tobytes()
    assert len({image.tobytes() for image in together["image"]}) > 1
