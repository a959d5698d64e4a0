"""Recipes: names, equality, text both ways, what is refused when they are built."""

import numpy as np
import pytest
import yaml
from drawn import drawn
from hypothesis import example, given
from hypothesis import strategies as st
from recipes import localization

import simcore as sc
from simcore.text import dumped


def sphere(**changes):
    return sc.MieSphere(**({"x": 5, "y": 5, "radius": 0.5, "refractive_index": 1.5} | changes))


def microscope(**changes):
    return sc.Brightfield(
        **({"numerical_aperture": 0.5, "wavelength": 0.6, "pixel_size": 0.1, "shape": (12, 16)} | changes)
    )


# -- names -----------------------------------------------------------------------------------------------------------


def test_names_follow_the_walk():
    shared = sc.uniform(0.3, 0.5)
    first, second = sphere(radius=shared, x=2 * sc.normal(5, sc.uniform(0, 1)) + sc.normal(0, 1)), sphere(radius=shared)
    recipe = sc.Recipe(image=(first + second) >> microscope(name="scope"), width=shared, free=sc.uniform(0, 1))
    assert list(recipe.names.values()) == [
        "mie_sphere", "mie_sphere.x", "mie_sphere.x.standard_deviation", "mie_sphere.x_2", "mie_sphere.radius",
        "mie_sphere_2", "scope", "free",
    ]  # fmt: skip


def test_names_given_are_kept_clear_of_and_must_differ():
    a, b = sphere(), sphere(name="mie_sphere")
    recipe = sc.Recipe(image=(a + b) >> microscope())
    assert list(recipe.names.values()) == ["mie_sphere_2", "mie_sphere", "brightfield"]
    with pytest.raises(sc.RecipeError, match="named 'a'"):
        sc.Recipe(image=(sphere(name="a") + sphere(name="a")) >> microscope())


def test_more_outputs_or_features_change_no_value():
    seed, count = 4, 5
    names = ("position", "snr", "z")
    plain = localization().render(count, seed=seed, outputs=names)
    appended = localization(extra=sc.uniform(0, 1), more=sc.normal(0, 1)).render(count, seed=seed, outputs=names)
    for name in names:
        np.testing.assert_array_equal(plain[name], appended[name])
        np.testing.assert_array_equal(plain[name], localization().render(count, seed=seed, outputs=[name])[name])


# -- text ------------------------------------------------------------------------------------------------------------


def awkward() -> sc.Recipe:
    """A recipe whose draws are shared, nested, named, first met in an output, and whose flows branch."""
    early = sc.uniform(0.2, 0.4)
    radius = sc.choice([0.1, 0.2, 0.3], p=[0.2, 0.3, 0.5])
    a = sphere(x=early * 10 + sc.normal(5, 1), radius=radius, refractive_index=sc.uniform(1.4, 1.5) + 0.01j)
    b = sphere(radius=0.5 * radius + early, z=sc.normal(0, sc.uniform(0.1, 0.2)), name="second")
    picture = (a + b) >> microscope(polarization_angle=None, numerical_aperture=sc.where(early > 0.3, 0.3, 0.4))
    snr = sc.exponential(5) + 1
    twice = sc.normal(0, 1) * early
    noisy = picture >> sc.PoissonNoise(snr=snr, signal="deviation", background=1)
    return sc.Recipe(
        early=early, image=2 * noisy - picture / (1 + early), again=picture + noisy, positions=sc.positions(a + b, axes="zyx"),
        vector=sc.normal(0, [1.0, 2.0], shape=(2,), name="kick"), flag=~(sc.integers(0, 9) > 3) & sc.equal(sc.split, "train"),
        snr=snr, square=twice * twice, again_twice=1 + twice, component=sc.normal(0, 1, shape=3)[2],
        root=np.sqrt(radius) ** -early,
    )  # fmt: skip


@pytest.mark.parametrize("make", [localization, awkward])
def test_text_and_python_rebuild_the_recipe(make, tmp_path):
    recipe = make()
    path = tmp_path / "recipe.yaml"
    recipe.save(path)
    loaded = sc.load(path)
    space: dict = {}
    exec(recipe.to_python(), space)
    from_loaded: dict = {}
    exec(loaded.to_python(), from_loaded)
    for other in (loaded, space["recipe"], from_loaded["recipe"]):
        assert other == recipe and hash(other) == hash(recipe)
        assert sorted(other.names.values()) == sorted(recipe.names.values())
        outputs = [name for name, spec in recipe.outputs.items() if spec.kind != "image"]
        expected, values = (r.render(6, seed=9, outputs=outputs) for r in (recipe, other))
        for name in outputs:
            np.testing.assert_array_equal(values[name], expected[name])


def shared_radius(value):
    return sphere(x=value, radius=value) >> microscope()


def shared_in_an_expression(value):
    return sphere(radius=value, z=value - 0.2) >> microscope()


def shared_with_a_part(value):
    return sphere() >> microscope(wavelength=value, aberrations=[sc.Spherical(value - 0.2)])


@pytest.mark.parametrize("value", [lambda: sc.uniform(0.3, 0.5), lambda: 2 * sc.uniform(0.2, 0.25)])
@pytest.mark.parametrize("make", [shared_radius, shared_in_an_expression, shared_with_a_part])
def test_a_value_in_two_places_of_a_feature_stays_one_draw(make, value):
    recipe = sc.Recipe(image=make(value()))
    space: dict = {}
    exec(recipe.to_python(), space)
    expected = recipe.render(2, seed=1)["image"]
    for other in (sc.loads(recipe.canonical), space["recipe"]):
        assert other == recipe and sorted(other.names.values()) == sorted(recipe.names.values())
        np.testing.assert_array_equal(other.render(2, seed=1)["image"], expected)


@drawn(60)
@given(st.dictionaries(st.text(max_size=9), st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=30)))
@example({"code": "a = '\x85'\nb = '\u2028'\n", "line": "\u2029"})  # line breaks to YAML
def test_documents_read_back_as_they_are(document):
    assert yaml.safe_load(dumped(document)) == document


def test_recipes_differ_by_what_they_say():
    base = localization()
    assert base == localization() and base.sha256 == localization().sha256
    assert base != localization(shape=(51, 52)) and base != localization(wavelengths=4)
    assert base != "a recipe"
    assert len({base, localization(), localization(wavelengths=4)}) == 2


HAND_WRITTEN = """
format: simcore-recipe/1
define:
  particle:   MieSphere(x=uniform(22, 28), y=uniform(22, 28), z=normal(0, 1.0), radius=uniform(1.0, 2.0), refractive_index=1.5)
  microscope: Brightfield(numerical_aperture=uniform(0.15, 0.25), wavelength=spectrum("400 nm", "700 nm", count=10),
                pixel_size="200 nm", refractive_index_medium=1.33, shape=(51, 51))
  snr:        uniform(2, 60)
  flip:       FlipLeftRight(probability=0.5)
  clean:      particle >> microscope
  frame:      clean >> PoissonNoise(snr=snr, background=1) >> NormalizeMinMax(uniform(0, 0.2), uniform(0.8, 1))
outputs:
  image:      frame >> flip
  position:   positions(particle) >> flip
  snr:        snr
  half:       0.5 * particle.radius
"""


def test_keys_of_a_recipe_file_are_names():
    recipe = sc.loads(HAND_WRITTEN)
    assert list(recipe.names.values())[:4] == ["particle", "particle.x", "particle.y", "particle.radius"]
    assert {"microscope", "snr", "flip", "flip.applied", "poisson_noise"} <= set(recipe.names.values())
    assert "spectrum(0.4, 0.7, count=10), pixel_size=0.2" in recipe.canonical


def broken(line: str, old: str = "  snr:        uniform(2, 60)") -> str:
    assert old in HAND_WRITTEN
    return HAND_WRITTEN.replace(old, line)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: b: c", "not YAML"),
        ("format: simcore-recipe/1\noutputs:\n  a: 1\n  b: 1\n  a: 2\n", "a: stands twice, again in line 5"),
        ("format: simcore-recipe/1\noutputs:\n  a: uniform(0, 1e999)\n", "outputs.a: a number beyond 1.8e308"),
        ("format: simcore-recipe/1\noutputs:\n  a: uniform(0, 1e999j)\n", "outputs.a: a number beyond 1.8e308"),
        ("- 1", "format: None; a recipe starts with"),
        ("format: simcore-recipe/9\noutputs: {a: 1}", "simcore-recipe/9"),
        ("format: simcore-recipe/1\ndefine: {}", "outputs: missing"),
        ("format: simcore-recipe/1\noutputs: {a: 1}\nextra: {}", "extra: unknown section"),
        (broken("  snr: unifrom(2, 60)"), "define.snr: unifrom: unknown; did you mean uniform"),
        (broken("  snr: uniform(2, sixty)"), "'sixty' is not defined"),
        (broken("  snr: uniform(2"), "define.snr: cannot be read"),
        (broken("  snr: __import__('os').system('true')"), "not part of the recipe language"),
        (broken("  snr: '(lambda: 3)()'"), "not part of the recipe language"),
        (broken("  snr: uniform(*[1, 2])"), r"\* and \*\* are not part"),
        (broken("  snr: particle.__class__"), "no such property"),
        (broken("  snr: 9 ** 9 ** 9 ** 9 ** 9"), "define.snr"),
        (broken("  snr: '[x for x in 5]'"), "not part of the recipe language"),
        (broken("  snr: " + "(" * 3000 + "1" + ")" * 3000), "define.snr"),
        (broken("  flip: FlipLeftRight(probabillity=0.5)", "  flip:       FlipLeftRight(probability=0.5)"),
         "FlipLeftRight.probabillity: unknown parameter; did you mean probability"),
        (broken('"200 px"', '"200 nm"'), "unit 'px' does not fit"),
        (broken("pixel_size=200", 'pixel_size="200 nm"'), "200 um. lengths are in micrometres; 200 nm is 0.2"),
        (broken("half:       particle", "half:       0.5 * particle.radius"), "output 'half' is a scene"),
        (broken("half:       flip", "half:       0.5 * particle.radius"), "applied to nothing"),
        (broken("half:       '\"red\"'", "half:       0.5 * particle.radius"), "cannot be stored"),
    ],
)  # fmt: skip
def test_bad_recipe_files_are_refused_in_one_line(text, message, tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(sc.RecipeError, match=message) as caught:
        sc.load(path)
    assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)


def test_a_comment_ends_with_its_line_and_what_follows_still_counts():
    shape = "    >> Brightfield(numerical_aperture=0.9, wavelength=0.6, pixel_size=0.1, shape=(9, 9))"
    lines = ["  image: |", '    MieSphere(x=4, y=4, radius=0.3, refractive_index=1.5)  # isn\'t it "round"', shape]
    head = "format: simcore-recipe/1\noutputs:\n"
    with_comments = sc.loads(head + "\n".join([*lines, "    >> Clip(0, 0)  # black", ""]))
    assert with_comments == sc.loads(
        head + "\n".join([*lines, "    >> Clip(0, 0)", ""]).replace('# isn\'t it "round"', "")
    )
    assert not with_comments.render(count=1, seed=1)["image"].any()
    assert sc.loads(head + '  a: |\n    equal(split,  # which\n    "# train \'x")\n').outputs["a"] is not None
    with pytest.raises(sc.RecipeError, match="cannot be read"):
        sc.loads(head + "  a: '1) + (2'\n")
    with pytest.raises(sc.RecipeError, match="cannot be read"):
        sc.loads(head + "  a: |\n    1 + # nothing follows\n")
    with pytest.raises(sc.RecipeError, match="cannot be read"):
        sc.loads(head + "  a: '" + '"' + '\\"' * 40_000 + "'\n")  # a string without an end, read in linear time


def test_missing_files_and_binary_ones_are_refused(tmp_path):
    with pytest.raises(sc.RecipeError, match=r"none.yaml: No such file"):
        sc.load(tmp_path / "none.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(sc.RecipeError, match="binary.yaml: not"):
        sc.load(tmp_path / "binary.yaml")


# -- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: sphere(radius=-0.5), r"MieSphere.radius: -0.5 um; must be > 0"),
        (lambda: sphere(radius=sc.uniform(-1, 1)), r"MieSphere.radius: can be -1 um; must be > 0"),
        (lambda: sphere(radius=200), "200 um. lengths are in micrometres; 200 nm is 0.2"),
        (lambda: microscope(wavelength=633), "633 um. lengths are in micrometres; 633 nm is 0.633"),
        (lambda: microscope(wavelength=sc.spectrum(400, 700)), "400 um. lengths are in micrometres; 400 nm is 0.4"),
        (lambda: sphere(radius=sc.uniform(150, 250)), "150 um. lengths are in micrometres; 150 nm is 0.15"),
        (lambda: sphere(refractive_index=1.5 - 0.1j), "refractive_index"),
        (lambda: sphere(x=float("nan")), "MieSphere.x: nan px; must be a finite number"),
        (lambda: sphere(x="left"), "MieSphere.x: 'left'; must be a number in px"),
        (lambda: sphere(x=[1, 2]), r"array of shape \(2,\); must be one number"),
        (lambda: sphere(raduis=1), "MieSphere.raduis: unknown parameter; did you mean radius"),
        (lambda: sc.MieSphere(x=1, y=2), "missing a required argument: 'radius'"),
        (lambda: sphere(name="two words"), "MieSphere.name"),
        (lambda: microscope(numerical_aperture=1.4), r"numerical_aperture: 1.4; must be <= 1.33, the refractive index of the"),
        (lambda: microscope(numerical_aperture=sc.uniform(1, 1.4)), "1.4; must be <= 1.33"),
        (lambda: microscope(shape=(0, 5)), r"Brightfield.shape: \(0, 5\) px"),
        (lambda: microscope(shape=51), "must be .height, width."),
        (lambda: microscope(tolerance=0), "Brightfield.tolerance: 0; must be a number from 1e-06 to 0.1"),
        (lambda: microscope(precision="half"), "must be one of 'single', 'double'"),
        (lambda: sc.FlipLeftRight(probability=1.5), "probability: 1.5; must be >= 0 and <= 1"),
        (lambda: sphere() >> sc.PoissonNoise(snr=5), "PoissonNoise takes an image; MieSphere gives a scene"),
        (lambda: (sphere() >> microscope()) >> microscope(), "Brightfield takes a scene; Brightfield gives an image"),
        (lambda: (sphere() >> microscope()) >> sc.FlipUpDown, r"write >> FlipUpDown\(...\)"),
        (lambda: (sphere() >> microscope()) >> sphere(), "stands at the start"),
        (lambda: sc.positions(sphere()) >> sc.NormalizeMinMax(), "takes an image; points gives points"),
        (lambda: (sphere() >> microscope()) >> sc.Transpose(), "square images; not of 12 x 16"),
        (lambda: (sphere() >> microscope()) + sphere(), "arithmetic works on images and fields; MieSphere gives a scene"),
        (lambda: (sphere() >> microscope()) + (sphere() >> microscope(shape=(5, 5))), "cannot be combined"),
        (lambda: sc.positions(sphere(), axes="xy"), 'positions.axes: .xy.; must be "yx" or "zyx"'),
        (lambda: sc.positions(sphere() >> microscope()), "positions takes a scene; Brightfield is none"),
        (sc.Recipe, "at least one output"),
        (lambda: sc.Recipe(image=sphere()), "output 'image' is a scene"),
        (lambda: sc.Recipe(position=sc.positions(sphere()) >> sc.FlipLeftRight()), r"write positions\(scene, microscope=...\)"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_when_it_is_built(make, message):
    with pytest.raises(sc.SimcoreError, match=message):
        make()


def test_values_drawn_out_of_range_are_named():
    recipe = sc.Recipe(position=sc.positions(sphere(radius=sc.normal(0, 1))))
    with pytest.raises(sc.ParameterError, match=r"MieSphere.radius: -.* um in example \d+; must be > 0"):
        recipe.render(100, seed=1)
    wide = sc.Recipe(image=sphere() >> microscope(numerical_aperture=sc.normal(1.3, 0.1)))
    with pytest.raises(
        sc.ParameterError, match=r"must be <= 1.33, the refractive index of the immersion \(example \d+\)"
    ):
        wide.render(100, seed=1, outputs=["image"])


@pytest.mark.parametrize(
    "call",
    [
        lambda r: r.render(seed=1),
        lambda r: r.render(3, indices=[1], seed=1),
        lambda r: r.render(-1, seed=1),
        lambda r: r.render(indices=[-1], seed=1),
        lambda r: r.render(indices=[0.5], seed=1),
        lambda r: r.render(1, seed=1, outputs=["nothing"]),
        lambda r: r.render(1, seed=1, threads=0),
        lambda r: r.render(1, seed=1, block=0),
    ],
)
def test_impossible_requests_are_refused(call):
    with pytest.raises(sc.ParameterError):
        call(sc.Recipe(a=sc.uniform(0, 1)))


# -- structure -------------------------------------------------------------------------------------------------------


def test_positions_of_one_and_of_many():
    a, b = sphere(x=1, y=2, z=3), sphere(x=4, y=5, z=6)
    v = sc.Recipe(one=sc.positions(a), many=sc.positions(a + b, axes="zyx")).render(2, seed=1)
    np.testing.assert_array_equal(v["one"], [[2, 1]] * 2)
    np.testing.assert_array_equal(v["many"], [[[3, 2, 1], [6, 5, 4]]] * 2)


def test_frames_come_from_the_one_microscope_that_images_the_scene():
    a, b = sphere(x=1, y=2), sphere(x=4, y=5)
    flip = sc.FlipLeftRight(probability=1)
    image = (a + b) >> microscope()
    v = sc.Recipe(image=image, p=sc.positions(a) >> flip).render(1, seed=1, outputs=["p"])
    np.testing.assert_array_equal(v["p"], [[2, 14]])
    other = microscope(shape=(8, 8))
    with pytest.raises(sc.RecipeError, match="microscope="):
        sc.Recipe(image=image, second=a >> other, p=sc.positions(a) >> flip)
    v = sc.Recipe(image=image, second=a >> other, p=sc.positions(a, microscope=other) >> flip).render(
        1, seed=1, outputs=["p"]
    )
    np.testing.assert_array_equal(v["p"], [[2, 6]])


def test_a_microscope_that_only_frames_positions_is_part_of_the_recipe():
    flip = sc.FlipLeftRight(probability=1)
    recipe = sc.Recipe(p=sc.positions(sphere(), microscope=microscope()) >> flip)
    assert sc.loads(recipe.canonical) == recipe and "microscope=brightfield" in recipe.canonical


def test_outputs_are_specified_before_anything_is_rendered():
    specs = localization(extra=(sphere() >> microscope())).outputs
    assert specs["image"].shape == (51, 51, 1) and specs["image"].dimensions == ("y", "x", "image_channel")
    assert specs["extra"].dimensions == ("extra_y", "extra_x", "extra_channel")
    assert specs["position"].attributes == {"axes": ["y", "x"], "frame": [51, 51]} and specs["position"].units == "px"
    assert (specs["z"].units, specs["z"].dtype, specs["z"].shape) == ("um", np.float32, ())
