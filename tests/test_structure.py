"""Branches, conditions, splits: each example goes its own way, and its points with it."""

import numpy as np
import pytest

import simcore as sc

MICROSCOPE = sc.Brightfield(numerical_aperture=0.8, wavelength=0.6, pixel_size=0.1, shape=(16, 20))


def clean(**changes):
    usual = {"x": sc.uniform(4, 15), "y": sc.uniform(4, 11), "radius": 0.3, "refractive_index": 1.5}
    particle = sc.MieSphere(**(usual | changes))
    return particle, particle >> MICROSCOPE


def test_one_of_several_features_in_each_example():
    particle, image = clean()
    flips = sc.OneOf(
        [sc.FlipLeftRight(probability=1), sc.FlipUpDown(probability=1), sc.IlluminationGradient(x=0.1)][:2],
        p=[0.25, 0.75],
    )
    recipe = sc.Recipe(
        before=image, image=image >> flips, position=sc.positions(particle) >> flips, start=sc.positions(particle)
    )
    arrays = recipe.render(400, seed=3)
    left = np.array([np.array_equal(a[:, ::-1], b) for a, b in zip(arrays["before"], arrays["image"], strict=True)])
    up = np.array([np.array_equal(a[::-1], b) for a, b in zip(arrays["before"], arrays["image"], strict=True)])
    assert (left ^ up).all() and 60 < left.sum() < 140
    mirrored = np.where(left[:, None], arrays["start"] * [1, -1] + [0, 19], arrays["start"] * [-1, 1] + [15, 0])
    np.testing.assert_allclose(arrays["position"], mirrored, atol=1e-5)
    assert sc.loads(recipe.canonical) == recipe
    space = {}
    exec(recipe.to_python(), space)
    assert space["recipe"] == recipe


@pytest.mark.parametrize("block", [1, 7])
def test_a_feature_in_some_examples_only(block):
    _, image = clean()
    noise = sc.PoissonNoise(snr=5, background=1, signal="deviation")
    recipe = sc.Recipe(clean=image, image=image >> sc.Maybe(noise, probability=0.3))
    arrays = recipe.render(200, seed=1, block=block)
    same = (arrays["clean"] == arrays["image"]).all(axis=(1, 2, 3))
    assert 110 < same.sum() < 170
    one = recipe.render(indices=[int(np.argmin(same))], seed=1)["image"][0]
    np.testing.assert_array_equal(one, arrays["image"][np.argmin(same)])


def test_a_condition_chooses_and_the_split_can_be_one():
    _, image = clean()
    training = sc.equal(sc.split, "train")
    recipe = sc.Recipe(
        clean=image,
        image=image >> sc.Conditional(training, sc.IlluminationGradient(x=0.1), sc.NormalizeMinMax(2, 3)),
        level=sc.where(training, sc.uniform(2, 60), 10),
    )
    train, test = recipe.render(3, seed=1), recipe.render(3, seed=1, split="test")
    assert not np.array_equal(train["clean"], train["image"]) and train["level"].min() > 2
    assert test["image"].min() == 2 and test["image"].max() == 3 and (test["level"] == 10).all()
    assert sc.loads(recipe.canonical) == recipe


def test_a_scene_can_go_through_one_of_two_microscopes():
    particle = sc.MieSphere(x=sc.uniform(4, 15), y=8, radius=0.3, refractive_index=1.5)
    other = sc.Brightfield(numerical_aperture=0.3, wavelength=0.5, pixel_size=0.1, shape=(16, 20))
    either = sc.OneOf([MICROSCOPE, other])
    scene = particle.repeat(sc.integers(1, 3))
    recipe = sc.Recipe(image=scene >> either, a=scene >> MICROSCOPE, b=scene >> other)
    arrays = recipe.render(12, seed=1)
    first = (arrays["image"] == arrays["a"]).all(axis=(1, 2, 3))
    second = (arrays["image"] == arrays["b"]).all(axis=(1, 2, 3))
    assert (first ^ second).all() and 1 < first.sum() < 11


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: sc.OneOf([]), "OneOf.features: none"),
        (lambda: sc.OneOf([1]), "OneOf.features: 1; must be a list of features"),
        (lambda: sc.OneOf([sc.FlipUpDown()], p=[0.5]), "OneOf.p: .0.5.; must be 1 probabilities"),
        (lambda: sc.Maybe(sc.FlipUpDown(), probability=2), "Maybe.probability: 2; must be >= 0 and <= 1"),
        (lambda: clean()[1] >> sc.OneOf([MICROSCOPE, sc.FlipUpDown()]), "takes a scene; Brightfield gives an image"),
        (lambda: sc.Maybe([sc.FlipUpDown(), sc.FlipUpDown()]), "must be one"),
    ],
)  # fmt: skip
def test_branches_that_cannot_be_are_refused(make, message):
    with pytest.raises(sc.SimcoreError, match=message):
        make()
