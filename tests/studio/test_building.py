"""The palette, values of parameters, what dropping means, and the messages of the library in their place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import simcore as sc
from simcore.catalogue import DRAWS, FEATURES, FUNCTIONS
from studio import examples, palette
from studio.building import adding, checking, values
from studio.building.thumbnails import thumbnail
from studio.panels.cards import title
from studio.recipe_text import RecipeText

ROOT = Path(__file__).parents[2]
CASE_B = (ROOT / "examples/single_particle_tracking/recipe.yaml").read_text(encoding="utf-8")
NAMES = palette.names_for()


def test_everything_that_a_recipe_may_name_is_in_the_palette() -> None:
    assert {item.name for item in palette.items()} == {*FEATURES, *DRAWS, *FUNCTIONS, "repeat"}
    for item in palette.items():
        assert item.meaning and item.text.startswith(item.name)
        assert all(p.meaning for p in item.parameters if item.name in FEATURES)


@pytest.mark.parametrize("item", [i for i in palette.items() if i.kind in ("scatterer", "microscope", "part", "draw", "feature")],
                         ids=lambda item: item.name)  # fmt: skip
def test_what_is_dropped_is_valid_as_it_is(item: palette.Item) -> None:
    text = f"format: simcore-recipe/1\ndefine:\n  dropped: {item.text}\noutputs:\n  value: 1\n"
    assert checking.check(text) is None


def test_a_search_finds_by_name_parameter_and_meaning() -> None:
    def found(words: str) -> set[str]:
        return {item.name for item in palette.items() if item.matches(words)}

    assert "Brightfield" in found("brightf") and "MieSphere" in found("refractive sphere")
    assert found("signal-to-noise") >= {"PoissonNoise"} and not found("no such thing")


def test_pictures_are_rendered_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    made = thumbnail("MieSphere")
    assert made.startswith(b"\x89PNG") and list(tmp_path.rglob("MieSphere.png"))
    assert thumbnail("MieSphere") == made and thumbnail("uniform").startswith(b"\x89PNG")
    assert thumbnail("where") == b""


OWN = '''
import simcore as sc
raise SystemExit("never run")

@sc.feature
def vignette(image, strength, power=2.0):
    """Darker towards the edge."""
    image *= 1 - strength
'''


def test_what_users_wrote_is_offered_without_being_run() -> None:
    (mine,) = palette.own_items([("mine.py", OWN)])
    assert (mine.name, mine.text, mine.kind) == ("vignette", "vignette(strength=1.0)", "feature")
    assert [p.name for p in mine.parameters] == ["strength", "power"] and mine.meaning == "Darker towards the edge."
    text = adding.in_chain(RecipeText(CASE_B), ("define", "frame"), 2, mine, palette.names_for([mine]))
    assert "microscope >> vignette(strength=1.0) >> Illumination" in text
    found = checking.check(text)
    assert found is not None and found.untrusted and "brings code of its own" in found.message
    assert checking.check(text, trust=True) is None


# -- values ----------------------------------------------------------------------------------------------------------


MODES = {
    "number": ["1.5", "-2", '"633 nm"', "(51, 51)", "1.5 + 0.1j", "None"],
    "draw": ["uniform(1, 2)", "choice([1, 2], p=[0.5, 0.5])"],
    "split": ['where(equal(split, "train"), uniform(2, 100), 10)'],
    "expression": ["radius * 2", "brownian(1, 2)", "where(big, 1, 2)", "uniform("],
}


@pytest.mark.parametrize(("text", "mode"), [(text, mode) for mode, texts in MODES.items() for text in texts])
def test_values_are_what_they_look_like(text: str, mode: str) -> None:
    assert values.read(text).mode == mode


def test_values_for_splits_go_there_and_back() -> None:
    text = RecipeText(CASE_B).find("define", "snr").expression
    found = values.read(text)
    assert found.texts == ("uniform(2, 100)", "uniform(2, 60)", "uniform(5, 100)")
    assert values.for_splits(*found.texts) == text
    assert values.for_splits("1", "1", "1") == "1"
    assert values.read(values.for_splits("1", "2", "2")).texts == ("1", "2", "2")


def test_a_distribution_is_written_as_people_write_it() -> None:
    assert values.draw_text("uniform", {"low": "1", "high": "2", "shape": "()"}) == "uniform(1, 2)"
    assert values.draw_text("choice", {"values": "[1, 2]", "p": "[0.5, 0.5]"}) == "choice([1, 2], p=[0.5, 0.5])"
    assert values.usual_draw("uniform", 0.02, 0.0, np.inf) == "uniform(0.018, 0.022)"
    assert values.usual_draw("uniform", 0.0, 0.0, np.inf) == "uniform(0, 1)"


def test_the_histogram_is_of_what_the_recipe_draws() -> None:
    drawn = checking.values(CASE_B, "particle.radius * 2")
    assert 2 <= drawn.min() < 2.1 and 3.9 < drawn.max() < 4
    with pytest.raises(sc.SimcoreError, match="not defined"):
        checking.values(CASE_B, "nothing * 2")


# -- messages --------------------------------------------------------------------------------------------------------


def test_a_message_is_told_where_it_belongs() -> None:
    found = checking.check(CASE_B.replace("radius=uniform(1, 2)", "radius=-0.5"))
    assert found == checking.Problem(
        "MieSphere.radius: -0.5 um; must be > 0", "define", "particle", "MieSphere", "radius"
    )
    found = checking.check(CASE_B.replace('"400 nm", "700 nm"', "400, 700"))
    assert found is not None and found.is_of("define", "microscope") and "lengths are in micrometres" in found.message
    found = checking.check(CASE_B.replace("image:      frame", "image:      particle"))
    assert found is not None and found.is_of("outputs", "image")
    assert checking.check(CASE_B) is None


# -- dropping --------------------------------------------------------------------------------------------------------


def drop(text: str, section: str, name: str) -> str:
    item = palette.item(name)
    assert item is not None
    put = adding.defined if section == "define" else adding.as_output
    return put(RecipeText(text), item, NAMES)[0]


def test_case_b_is_built_by_dropping() -> None:
    text = drop("", "define", "MieSphere")
    text = drop(text, "outputs", "Brightfield")
    text = drop(text, "outputs", "positions")
    noise, flip = palette.item("PoissonNoise"), palette.item("FlipLeftRight")
    assert noise is not None and flip is not None
    text = adding.in_chain(RecipeText(text), ("outputs", "image"), 2, noise, NAMES)
    text = adding.in_chain(RecipeText(text), ("outputs", "image"), 3, flip, NAMES)
    arrays = sc.loads(text).render(count=2, seed=1)
    assert arrays["image"].shape == (2, 64, 64, 1) and arrays["position"].shape == (2, 2)


def test_everything_finds_its_place() -> None:
    text = drop("", "define", "PointEmitter")
    text = drop(text, "define", "repeat")
    assert "point_emitters: point_emitter.repeat(integers(2, 9))" in text
    text = drop(text, "outputs", "Fluorescence")
    for target in ("DiskMask", "GaussianDensity", "positions", "properties", "bounds", "photons"):
        text = drop(text, "outputs", target)
    assert "point_emitters >> DiskMask(radius=4, shape=(64, 64))" in text
    coma = palette.item("ComaVertical")
    assert coma is not None
    text = adding.in_step(RecipeText(text), ("outputs", "image"), 1, coma, NAMES)
    text = adding.in_step(RecipeText(text), ("outputs", "image"), 1, coma, NAMES)
    assert "aberrations=[ComaVertical(coefficient=0.08), ComaVertical(coefficient=0.08)]" in text
    assert checking.check(text) is None


def test_what_has_no_place_is_said() -> None:
    with pytest.raises(adding.CannotAddError, match="drop a scatterer first"):
        drop("", "outputs", "Brightfield")
    with pytest.raises(adding.CannotAddError, match="drop a scatterer first"):
        drop("", "outputs", "positions")
    blur = palette.item("GaussianBlur")
    assert blur is not None
    with pytest.raises(adding.CannotAddError, match="features inside"):
        adding.in_step(RecipeText(CASE_B), ("define", "mirror"), 0, palette.item("ComaVertical") or blur, NAMES)


# -- where what is dropped goes --------------------------------------------------------------------------------------

SCENE = """\
format: simcore-recipe/1
define:
  p: MieSphere(x=4, y=4, z=1, radius=0.3, refractive_index=1.5)
  q: MieSphere(x=6, y=4, z=1, radius=0.2, refractive_index=1.5)
  m: Brightfield(numerical_aperture=0.9, wavelength=0.6, pixel_size=0.1, shape=(9, 9))
"""


def dropped(text: str, place: tuple[str, str], name: str) -> str:
    item = palette.item(name)
    assert item is not None
    return adding.in_chain(RecipeText(text), place, 1, item, NAMES)


@pytest.mark.parametrize(
    ("scene", "repeated"),
    [
        ("p + q", "(p + q)."),
        ("(p + q)", "(p + q)."),
        ("p", "p."),
        ("(p)", "(p)."),
        ("(p + q) + (p)", "((p + q) + (p))."),
    ],
)
def test_all_of_a_scene_is_repeated(scene: str, repeated: str) -> None:
    text = SCENE + f"outputs:\n  image: {scene} >> m\n"
    made = dropped(text, ("outputs", "image"), "repeat")
    assert made == text.replace(f"{scene} >>", f"{repeated}repeat(integers(2, 9)) >>")
    assert sc.loads(made).render(count=1, seed=1)["image"].shape == (1, 9, 9, 1)


def test_a_scatterer_is_defined_above_what_it_joins() -> None:
    text = SCENE + "  # the frame\n  frame: p >> m\noutputs:\n  image: frame\n"
    made = dropped(text, ("define", "frame"), "MieSphere")
    assert "  frame: (p + mie_sphere) >> m\n" in made
    assert checking.check(made) is None and "  # the frame\n  frame:" in made


@pytest.mark.parametrize(
    ("outputs", "branch"),
    [
        ("  image: p >> m\n  mask: p >> DiskMask(radius=3, shape=(9, 9))\n", "p >> m"),
        ("  mask: p >> DiskMask(radius=3, shape=(9, 9))\n  image: p >> m\n  other: q >> m\n", "p >> m"),
        ("  mask: p >> DiskMask(radius=3, shape=(9, 9))\n  image: frame\n", "frame"),
        ("  z: p.z\n  image: p\n    >> optics\n    >> Clip(0, 9)\n", "p >> optics >> Clip(0, 9)"),
        ("  image: stored(p >> m, dtype='float32')\n  other: q >> m\n", "p >> m"),
        ("  z: p.z\n  mask: p >> DiskMask(radius=3, shape=(9, 9))\n", "frame"),
    ],
)
def test_a_feature_takes_the_first_image(outputs: str, branch: str) -> None:
    text = SCENE + f"  optics: m\n  frame: p >> optics\noutputs:\n{outputs}"
    made = drop(text, "outputs", "FlipLeftRight")
    added = RecipeText(made).find("outputs", "flip_left_right")
    assert added.expression.startswith(f"{branch} >> FlipLeftRight(") and checking.check(made) is None


def test_measured_images_are_taken_where_there_is_no_microscope() -> None:
    text = 'format: simcore-recipe/1\noutputs:\n  image: Folder("a  b/*.tif") >> Clip(0, 1)\n'
    assert 'Folder("a  b/*.tif") >> Clip(0, 1) >> FlipLeftRight(' in drop(text, "outputs", "FlipLeftRight")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("MieSphere(x=1.5, y=5).repeat(3)", "MieSphere, repeated"),
        ("particle.repeat(integers(1, 2))", "particle, repeated"),
        ("(p + q).repeat(3)", "p + q, repeated"),
        ("Clip(0, 1)", "Clip"),
        ("uniform(0.5, 1)", "uniform(0.5, 1)"),
    ],
)
def test_a_chip_says_what_it_is(text: str, said: str) -> None:
    assert title(text) == said


# -- examples --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("example", examples.EXAMPLES, ids=lambda e: e.name)
def test_example_projects_open(example: examples.Example, tmp_path: Path) -> None:
    folder = examples.copy(example, tmp_path / example.name)
    for path in folder.glob("*.yaml"):
        theirs = ROOT / "examples" / example.name / path.name
        assert not theirs.exists() or path.read_bytes() == theirs.read_bytes()
    text = (folder / "recipe.yaml").read_text(encoding="utf-8")
    found = checking.check(text)
    assert found is None if not example.needs else found is not None and found.is_of("define", found.key)
    with pytest.raises(examples.ProjectError, match="holds something already"):
        examples.copy(example, folder)


def test_there_is_an_example_for_each_case() -> None:
    assert [e.case for e in examples.EXAMPLES] == list("ABCDEFG")


def test_properties_are_offered_to_be_stored() -> None:
    found = adding.properties(RecipeText(CASE_B), NAMES)
    assert found[:5] == [f"particle.{name}" for name in ("x", "y", "radius", "refractive_index", "z")]
    assert "snr" in found and "mirror" not in found and "frame" not in found
    for text in found:
        made = RecipeText(CASE_B).with_entry("outputs", "stored", text)
        assert checking.check(made) is None or "microscope.wavelength" in text
