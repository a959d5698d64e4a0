"""What holds of every feature in the catalogue, from its declarations: limits, text, independence of its company."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
import tifffile

import simcore as sc
from simcore import kernels
from simcore.catalogue import FEATURES
from simcore.optics.aberrations import Aberration
from simcore.rasters import SceneImage
from simcore.scenes import Microscope, Scatterer

FOLDER = Path(tempfile.mkdtemp())
np.save(FOLDER / "stack.npy", np.arange(3 * 12 * 12, dtype=np.float32).reshape(3, 12, 12))
tifffile.imwrite(FOLDER / "page0.tif", np.arange(12 * 12, dtype=np.uint16).reshape(12, 12))
tifffile.imwrite(FOLDER / "page1.tif", np.zeros((12, 12), np.uint16))

# A value for each parameter that has no default.
NEEDED = {
    "PointEmitter": {"x": 5.0, "y": 6.0, "intensity": 300.0},
    "Ellipsoid": {"x": 5.0, "y": 6.0, "radius_x": 0.4, "radius_y": 0.3, "radius_z": 0.2, "refractive_index": 1.4},
    "Sphere": {"x": 5.0, "y": 6.0, "radius": 0.3, "refractive_index": 1.4},
    "Ellipse": {"x": 5.0, "y": 6.0, "radius_x": 0.4, "radius_y": 0.3},
    "DiskMask": {"radius": 3.0, "shape": (12, 12)},
    "GaussianDensity": {"sigma": 2.0, "shape": (12, 12)},
    "CentroidDensity": {"sigma": 2.0, "pixel_size": 0.1, "shape": (12, 12)},
    "SphereVolume": {"radius": 3.0, "z": (-2, 2), "planes": 5, "shape": (12, 12)},
    "InstanceMask": {"pixel_size": 0.1, "shape": (12, 12)},
    "SemanticMask": {"pixel_size": 0.1, "shape": (12, 12)},
    "DistanceMap": {"limit": 9.0, "shape": (12, 12)},
    "BorderDistance": {"pixel_size": 0.1, "limit": 9.0, "shape": (12, 12)},
    "MieSphere": {"x": 5.0, "y": 6.0, "radius": 0.3, "refractive_index": 1.5},
    "LayeredMieSphere": {"x": 5.0, "y": 6.0, "radii": 0.3, "refractive_indices": 1.5},
    "Brightfield": {"numerical_aperture": 0.5, "wavelength": 0.6, "pixel_size": 0.1, "shape": (12, 12)},
    **{
        title: {"numerical_aperture": 0.5, "wavelength": 0.6, "pixel_size": 0.1, "shape": (12, 12)}
        for title in ("Holography", "ComplexField", "Darkfield", "ISCAT", "Fluorescence", "OffAxisHolography")
    },
    "PoissonNoise": {"snr": 5.0},
    "QuarterTurn": {"times": 1.0},
    "Elastic": {"alpha": 20.0, "sigma": 3.0},
    "Crop": {"shape": (9, 8), "y": 1.0, "x": 2.0},
    "CropToMultiple": {"multiple": 5},
    "Pad": {"top": 1, "right": 2},
    "PadToMultiple": {"multiple": (5, 8)},
    "Background": {"offset": 1.0},
    "GaussianNoise": {"sigma": 0.1},
    "ComplexGaussianNoise": {"sigma": 0.1},
    "Flicker": {"spread": 0.1},
    "Camera": {"quantum_efficiency": 0.8},
    "NormalizeQuantile": {"high": 0.9},
    "GaussianBlur": {"sigma": 1.0},
    "MeanBlur": {"size": 3},
    "MedianBlur": {"size": 3},
    "MeanPool": {"size": 2},
    "SumPool": {"size": 2},
    "MaxPool": {"size": 2},
    "MinPool": {"size": 2},
    "Resize": {"shape": (7, 15)},
    "Propagate": {"distance": 1.0, "wavelength": 0.6, "pixel_size": 0.1},
    "Movie": {"frames": 2},
    "OneOf": {"features": [sc.FlipLeftRight(), sc.FlipUpDown()]},
    "Maybe": {"feature": sc.FlipUpDown()},
    "Conditional": {"condition": True, "feature": sc.FlipUpDown(probability=0.5)},
    "Source": {"path": str(FOLDER / "stack.npy")},
    "Folder": {"pattern": str(FOLDER / "*.tif")},
    "Apply": {"function": "numpy:negative"},
}


ABERRATIONS = [title for title, cls in FEATURES.items() if issubclass(cls, Aberration)]
NEEDED |= {title: {"coefficient": 0.03} for title in ABERRATIONS}
NEEDED |= {
    "Zernike": {"index": 8, "coefficient": 0.03},
    "CentralStop": {"radius": 0.2},
    "GaussianApodization": {"waist": 0.8},
    "Refocus": {"distance": 1.0},
    "PupilArray": {"array": [[1, 0.9], [1, 1j]]},
}
FIXED = {("ISCAT", "illumination_angle"), ("Brightfield", "illumination_angle")}  # parameters that stay as they are

S1, S2 = sc.mie.amplitudes(2.0, 1.2, np.cos(np.linspace(0, np.pi, 65)))
NEEDED["Volume"] = {
    "x": 5.0,
    "y": 6.0,
    "voxels": [[[1.0, 0.5], [0.2, 0.0]]],
    "voxel_size": 0.4,
    "refractive_index": 1.4,
}
NEEDED["ScatteringTable"] = {"x": 5.0, "y": 6.0, "s1": S1, "s2": S2}


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
    if np.isfinite(value) and (title, field) not in FIXED:
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
        if value is not None and (title, field) not in FIXED:
            if np.size(getattr(value, "value", value)) > 1:
                drawn[field] = value * sc.uniform(1, 1.05)
                continue
            usual = float(value if isinstance(value, (float, int)) else value.value)
            low, high = (
                (usual, usual + 0.05) if usual + 0.05 <= min(declared.most, declared.below) else (usual - 0.05, usual)
            )
            drawn[field] = sc.integers(usual, usual + 2) if declared.whole else sc.uniform(low, high)
    return make(title, **drawn)


def microscope_for(particle):
    """The first microscope that images the particle; None if none does."""
    titles = (
        title for title, cls in FEATURES.items() if issubclass(cls, Microscope) and isinstance(particle, cls.images)
    )
    return next((make(title) for title in titles), None)


def recipe(feature):
    if isinstance(feature, (sc.Source, sc.Folder)):
        return sc.Recipe(image=feature.image, points=sc.positions(make("MieSphere")))
    timed = isinstance(feature, (sc.Movie, sc.MotionBlur))
    moving = {"x": 5 + sc.time} if timed else {"x": sc.uniform(4, 7), "y": sc.uniform(4, 8)}
    if isinstance(feature, Aberration):
        return recipe(make("Holography", aberrations=[feature]))
    title = feature.images[0].title() if isinstance(feature, Microscope) else "MieSphere"
    title = "Sphere" if isinstance(feature, SceneImage) else title
    particle = feature if isinstance(feature, Scatterer) else make(title, **moving)
    points = sc.positions(particle, axes="zyx")
    if isinstance(feature, SceneImage):
        return sc.Recipe(image=particle >> feature, points=points)
    microscope = feature if isinstance(feature, Microscope) else microscope_for(particle)
    if microscope is None:
        return sc.Recipe(points=points)
    image = particle >> microscope
    if not isinstance(feature, (Scatterer, Microscope)):
        image = image if "image" in feature.takes else image >> sc.FourierTransform(name="to_field")
        image = image >> feature
        image = image >> sc.RealImaginary(name="to_image") if image.kind == "field" else image
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
        for name in together:
            assert np.isfinite(together[name]).all()
            assert alone[name][0].tobytes() == together[name][i].tobytes() == again[name][i].tobytes()
    assert len({image.tobytes() for image in together.get("image", together["points"])}) > 1


PAIRS = [
    (microscope, scatterer)
    for microscope, cls in FEATURES.items()
    for scatterer, other in FEATURES.items()
    if issubclass(cls, Microscope) and issubclass(other, cls.images)
]


@pytest.mark.parametrize(("microscope", "scatterer"), PAIRS)
def test_every_microscope_images_each_scatterer_that_it_lists_through_any_pupil(microscope, scatterer):
    pupil = [sc.Refocus(sc.uniform(0, 1))]
    pupil += [] if microscope == "Fluorescence" else [sc.CentralStop(0.1)]
    pupil += [sc.ComaVertical(sc.uniform(0.02, 0.05))]
    made = sc.Recipe(image=make(scatterer).repeat(sc.integers(0, 3)) >> make(microscope, aberrations=pupil))
    together = made.render(4, seed=2, block=3)["image"]
    assert np.isfinite(together).all() and len({image.tobytes() for image in together}) > 1
    for i in range(4):
        assert made.render(indices=[i], seed=2)["image"][0].tobytes() == together[i].tobytes()


@pytest.mark.parametrize("title", FEATURES)
def test_instruction_levels_change_no_byte_of_any_feature(title):
    made = recipe(random(title))
    usual = made.render(3, seed=5)
    before = kernels.instruction_level()
    try:
        for level in (0, 3):
            if kernels.set_instruction_level(level) != level:
                pytest.skip(f"the processor lacks instruction level {level}")
            for name, array in made.render(3, seed=5).items():
                assert array.tobytes() == usual[name].tobytes(), (level, name)
            kernels.set_instruction_level(before)
    finally:
        kernels.set_instruction_level(before)
