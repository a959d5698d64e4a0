"""Features and draws that users write: against the same lines in plain NumPy."""

import math

import numpy as np
import pytest

import simcore as sc


@sc.feature
def vignette(image, strength):
    h, w, _ = image.shape
    for i in range(h):
        for j in range(w):
            r2 = ((i - h / 2) / h) ** 2 + ((j - w / 2) / w) ** 2
            image[i, j] *= 1 - strength * r2


@sc.draw
def flicker(rng, mean, spread=0.1):
    return mean * (1 + spread * rng.standard_normal())


OUTSIDE = 3.0


def clean():
    particle = sc.MieSphere(x=6, y=6, radius=0.5, refractive_index=1.5)
    return particle >> sc.Brightfield(numerical_aperture=0.5, wavelength=0.6, pixel_size=0.1, shape=(12, 16))


def test_a_feature_does_to_each_image_what_it_says():
    image = clean()
    strength = sc.uniform(0, 0.5)
    v = sc.Recipe(before=image, after=image >> vignette(strength=strength), strength=strength).render(5, seed=1)
    i, j = np.mgrid[:12, :16]
    r2 = ((i - 6) / 12) ** 2 + ((j - 8) / 16) ** 2
    expected = v["before"] * (1 - v["strength"][:, None, None, None] * r2[..., None])
    np.testing.assert_allclose(v["after"], expected, rtol=1e-6)


def test_a_draw_gets_a_generator_of_its_examples_own():
    mean = sc.uniform(1, 2)
    values = sc.Recipe(mean=mean, light=flicker(mean, spread=0.3)).render(indices=[5, 0, 7], seed=3)
    from test_draws import numpy_generator

    expected = [m * (1 + 0.3 * numpy_generator("light", i, 3).standard_normal())
                for i, m in zip([5, 0, 7], values["mean"], strict=True)]  # fmt: skip
    np.testing.assert_allclose(values["light"], expected, rtol=1e-6)


def test_code_is_part_of_the_recipe_and_runs_only_when_trusted(tmp_path):
    recipe = sc.Recipe(image=clean() >> vignette(strength=sc.uniform(0, 0.5)), light=flicker(mean=2))
    path = tmp_path / "recipe.yaml"
    recipe.save(path)
    with pytest.raises(sc.UntrustedCodeError, match=r"recipe.yaml: .*code of its own \(vignette, flicker\).*--trust"):
        sc.load(path)
    loaded = sc.load(path, trust=True)
    assert loaded == recipe
    a, b = recipe.render(2, seed=1), loaded.render(2, seed=1)
    assert all(np.array_equal(a[name], b[name]) for name in a)
    other = sc.loads(recipe.canonical.replace("1 - strength * r2", "1 - strength * r2 * r2"), trust=True)
    assert other != recipe


def test_python_export_brings_the_code_along(tmp_path):
    import importlib.util

    recipe = sc.Recipe(image=clean() >> vignette(strength=sc.uniform(0, 0.5)), light=flicker(mean=2))
    path = tmp_path / "exported.py"
    path.write_text(recipe.to_python())
    spec = importlib.util.spec_from_file_location("exported", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.recipe == recipe


def test_names_from_outside_are_refused():
    local = 2.0

    def closure(image):
        image *= local

    def uses_global(image):
        image *= OUTSIDE

    def uses_module(image):
        image *= os.getpid()  # noqa: F821

    def fine(image, a, b=2.0):
        image *= math.sqrt(a) + np.exp(b) + max(1, 2)

    for function, name in ((closure, "local"), (uses_global, "OUTSIDE"), (uses_module, "os")):
        with pytest.raises(sc.RecipeError, match=f"uses {name}; it may use its arguments, its locals, np and math"):
            sc.feature(function)
    sc.feature(fine)


@pytest.mark.parametrize(
    "source", ["1 +", "import os", "def other(image): pass", "@sc.feature\ndef f(image): pass\nprint(1)"]
)
def test_stored_code_must_be_one_function(source):
    text = f"format: simcore-recipe/1\ncode:\n  f: {source!r}\noutputs: {{a: 1}}\n"
    with pytest.raises(sc.RecipeError, match=r"code\.f"):
        sc.loads(text, trust=True)
