"""An edit touches what was edited; all else stays byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from drawn import drawn
from hypothesis import given
from hypothesis import strategies as st

import simcore as sc
from studio import palette
from studio.building import naming, steps
from studio.building.expression import Expression, ExpressionError
from studio.recipe_text import Off, RecipeText, RecipeTextError

ROOT = Path(__file__).parents[2]
RECIPES = sorted((ROOT / "examples").glob("*/recipe*.yaml"))
TEXTS = [path.read_text(encoding="utf-8") for path in RECIPES]
CASE_B = (ROOT / "examples/single_particle_tracking/recipe.yaml").read_text(encoding="utf-8")
NAMES = palette.names_for()
recipes = st.sampled_from([*TEXTS, *(text.replace("\n", "\r\n") for text in TEXTS)])


def meaning(text: str) -> dict[str, dict[str, str]]:
    found = yaml.safe_load(text)
    return {s: {k: " ".join(str(v).split()) for k, v in (found.get(s) or {}).items()} for s in ("define", "outputs")}


def test_entries_are_those_of_yaml() -> None:
    for text in TEXTS:
        found = RecipeText(text)
        for section, entries in meaning(text).items():
            assert {e.key: " ".join(e.expression.split()) for e in found.entries if e.section == section} == entries


def expressions_of(text: str) -> list[tuple[str, str]]:
    return [(e.section, e.key) for e in RecipeText(text).entries]


@given(recipes, st.data())
@drawn(5)
def test_another_expression_leaves_the_rest_as_it_is(text: str, data: st.DataObject) -> None:
    place = data.draw(st.sampled_from(expressions_of(text)))
    new = data.draw(
        st.sampled_from(["1.5", "uniform(2, 3)", 'stored(a >> B(x="c: d # e"), dtype="uint8")', "None", "'it''s'"])
    )
    entry = RecipeText(text).find(*place)
    made = RecipeText(text).with_expression(*place, new)
    assert made.startswith(text[: entry.start]) and made.endswith(text[entry.end :])
    assert " ".join(RecipeText(made).find(*place).expression.split()) == new
    back = RecipeText(made).with_expression(*place, entry.expression)
    assert meaning(back) == meaning(text)
    if not made[entry.start :].startswith("'"):  # what had to be quoted stays so
        assert back == text


@given(recipes, st.data())
@drawn(5)
def test_off_and_on_again_is_as_it_was(text: str, data: st.DataObject) -> None:
    place = data.draw(st.sampled_from(expressions_of(text)))
    recipe = RecipeText(text)
    if sum(e.section == place[0] for e in recipe.entries) == 1:
        return
    off = recipe.switched(*place, on=False)
    expected = meaning(text)
    del expected[place[0]][place[1]]
    assert meaning(off) == expected
    assert [(e.section, e.key) for e in RecipeText(off).entries] == expressions_of(text)
    assert not RecipeText(off).find(*place).on
    assert RecipeText(off).switched(*place, on=True) == text


def chains(text: str) -> list[tuple[str, str]]:
    return [place for place in expressions_of(text) if len(steps.steps_of(RecipeText(text), place, NAMES)) > 1]


@given(st.sampled_from([text for text in TEXTS if chains(text)]), st.data())
@drawn(5)
def test_steps_survive_being_moved_switched_and_put_back(text: str, data: st.DataObject) -> None:
    place = data.draw(st.sampled_from(chains(text)))
    recipe = RecipeText(text)
    before = steps.steps_of(recipe, place, NAMES)
    at = data.draw(st.integers(1, len(before) - 1))
    to = data.draw(st.integers(1, len(before)))
    moved = steps.moved(recipe, place, at, to, NAMES)
    landed = to - (to > at)
    back = steps.moved(RecipeText(moved), place, landed, at + (at > landed), NAMES)
    assert back == text
    off = steps.switched(recipe, place, at, False, NAMES)
    found = steps.steps_of(RecipeText(off), place, NAMES)
    assert [" ".join(s.text.split()) for s in found] == [" ".join(s.text.split()) for s in before]
    assert [s.on for s in found] == [k != at for k in range(len(before))]
    again = steps.switched(RecipeText(off), place, at, True, NAMES)
    assert meaning(again) == meaning(text)
    others = [p for p in expressions_of(text) if p != place]
    for other in others:
        assert RecipeText(off).find(*other).expression == recipe.find(*other).expression


@given(st.sampled_from([text for text in TEXTS if chains(text)]), st.data())
@drawn(5)
def test_a_step_put_in_and_taken_out_leaves_no_trace(text: str, data: st.DataObject) -> None:
    place = data.draw(st.sampled_from(chains(text)))
    recipe = RecipeText(text)
    at = data.draw(st.integers(1, len(steps.steps_of(recipe, place, NAMES))))
    made = steps.inserted(recipe, place, at, "GaussianBlur(sigma=1)", NAMES)
    assert steps.steps_of(RecipeText(made), place, NAMES)[at].text == "GaussianBlur(sigma=1)"
    assert steps.removed(RecipeText(made), place, at, NAMES) == text


@given(st.sampled_from(TEXTS), st.data())
@drawn(5)
def test_an_argument_set_and_taken_away_leaves_no_trace(text: str, data: st.DataObject) -> None:
    recipe = RecipeText(text)
    place = data.draw(st.sampled_from([p for p in expressions_of(text) if p[0] == "define"]))
    head = Expression(recipe.find(*place).expression)
    found = palette.item(str(getattr(getattr(head.tree, "func", None), "id", "")))
    if found is None or found.kind in ("draw", "function"):
        return
    given_names = {a.name for a in arguments_of(head)}
    missing = [p.name for p in found.parameters if p.name not in given_names]
    if not missing:
        return
    name = data.draw(st.sampled_from(missing))
    made = head.with_argument((), name, "0.25", NAMES)
    again = Expression(made)
    assert again.source(again.find((name,), NAMES)) == "0.25"
    assert again.with_argument((), name, None, NAMES) == head.text


def arguments_of(expression: Expression) -> list:
    from studio.building.expression import arguments

    return arguments(expression.tree, NAMES)


def test_comments_move_with_what_they_describe() -> None:
    made = RecipeText(CASE_B).with_entry_moved("define", "microscope", before="frame")
    assert made.index("# Camera pitch") > made.index("swap:") and meaning(made)["define"] == meaning(CASE_B)["define"]
    assert RecipeText(made).with_entry_moved("define", "microscope", before="snr") == CASE_B


def test_new_entries_line_up_and_old_ones_go() -> None:
    made = RecipeText(CASE_B).with_entry("define", "blur", "GaussianBlur(sigma=1)")
    assert "\n  blur:       GaussianBlur(sigma=1)\noutputs:" in made
    assert RecipeText(made).without_entry("define", "blur") == CASE_B
    made = RecipeText(CASE_B).with_entry("outputs", "aperture", "microscope.numerical_aperture", before="snr")
    assert list(meaning(made)["outputs"]) == ["image", "position", "aperture", "snr", "z", "radius"]
    with pytest.raises(RecipeTextError, match="there is one already"):
        RecipeText(CASE_B).with_entry("define", "snr", "1")


def test_a_recipe_starts_from_nothing() -> None:
    text = RecipeText("").with_entry("define", "particle", "MieSphere(x=3, y=3, radius=1, refractive_index=1.5)")
    text = RecipeText(text).with_entry("outputs", "z", "particle.z")
    assert sc.loads(text).render(count=1, seed=1)["z"].shape == (1,)
    assert text.startswith("format: simcore-recipe/1\n")


def test_another_name_goes_wherever_it_is_meant() -> None:
    made = naming.renamed(RecipeText(CASE_B), "define", "particle", "sphere")
    assert "\n  sphere:     MieSphere(" in made and "positions(sphere)" in made and "sphere.radius" in made
    assert "particle" not in "".join(e.expression for e in RecipeText(made).entries)
    assert naming.renamed(RecipeText(made), "define", "sphere", "particle") == CASE_B
    with pytest.raises(RecipeTextError, match="is not a name"):
        naming.renamed(RecipeText(CASE_B), "define", "particle", "my sphere")


def test_what_is_off_is_renamed_as_well() -> None:
    off = steps.switched(RecipeText(CASE_B), ("define", "frame"), 3, False, NAMES)
    assert "  # off after 3: PoissonNoise(snr=snr" in off
    assert sc.loads(off).outputs["image"].shape == (51, 51, 1)
    renamed = naming.renamed(RecipeText(off), "define", "snr", "ratio")
    assert RecipeText(renamed).find("define", "frame").off == (
        Off(3, 'PoissonNoise(snr=ratio, background=1, signal="deviation")'),
    )


def test_parts_of_an_expression_are_found_and_replaced() -> None:
    text = "scene >> Holography(numerical_aperture=0.9, aberrations=[ComaHorizontal(0.1), ComaVertical((0.2))]) >> Clip(0, 1)"
    expression = Expression(text)
    assert expression.source(expression.find((1, "aberrations", 1, "coefficient"), NAMES)) == "0.2"
    assert expression.replaced((1, "aberrations", 0), "Defocus(1)", NAMES) == text.replace(
        "ComaHorizontal(0.1)", "Defocus(1)"
    )
    assert expression.with_steps((1, "aberrations"), [1, 0], NAMES) == text.replace(
        "ComaHorizontal(0.1), ComaVertical((0.2))", "ComaVertical((0.2)), ComaHorizontal(0.1)"
    )
    assert expression.with_argument((2,), "maximum", "uniform(1, 2)", NAMES).endswith("Clip(0, uniform(1, 2))")
    with pytest.raises(ExpressionError, match="cannot be read"):
        Expression("uniform(1, ")


@pytest.mark.parametrize("text", ["a: [", "- 1\n- 2", "define: 5\noutputs:\n  a: 1\n", "\tx", "a: &b [*b]"])
def test_what_is_no_recipe_is_said_or_has_no_entries(text: str) -> None:
    try:
        assert all(e.section == "outputs" for e in RecipeText(text).entries)
    except RecipeTextError as error:
        assert str(error)
