"""An edit touches what was edited; all else stays byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from drawn import drawn
from hypothesis import given
from hypothesis import strategies as st

import simcore as sc
from simcore.catalogue import CONSTANTS
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


# -- entries that share their lines ----------------------------------------------------------------------------------

HEAD = """\
format: simcore-recipe/1
define:
  p: MieSphere(x=4, y=4, z=1, radius=0.3, refractive_index=1.5)
  m: Brightfield(numerical_aperture=0.9, wavelength=0.6, pixel_size=0.1, shape=(9, 9))
"""
EDITS = {
    "delete": lambda r, place: r.without_entry(*place),
    "off": lambda r, place: r.switched(*place, on=False),
    "move": lambda r, place: r.with_entry_moved(*place, before=None),
    "rename": lambda r, place: naming.renamed(r, *place, "other"),
    "step off": lambda r, place: r.with_expression(*place, "1", (Off(1, "Clip(0, 1)"),)),
}
TIED = {
    "braces": ("outputs: {image: p >> m, z: p.z}\n", ("outputs", "z"), "in one line with braces"),
    "list": ("  a:\n    - 1\n    - 2\n  # note\n  b: uniform(0, 1)\noutputs:\n  z: b\n", ("define", "a"), "is a list"),
    "alias": ("  a: &x uniform(0, 1)\n  b: *x\noutputs:\n  z: b\n", ("define", "b"), "is an alias"),
    "quoted name": ('  "a": 1\n  b: 2\noutputs:\n  z: b\n', ("define", "a"), "no plain name"),
    "a name with a mark": ("  ? a\n  : 1\n  b: 2\noutputs:\n  z: b\n", ("define", "a"), "no plain name"),
    "a name twice": ("  a: 1\n  a: 2\noutputs:\n  z: a\n", ("define", "a"), "stands there twice"),
    "a name twice, once off": ("  # off: a: 1\n  a: 2\noutputs:\n  z: a\n", ("define", "a"), "stands there twice"),
}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("tied", TIED)
def test_an_entry_that_shares_its_lines_is_left_alone(tied: str, edit: str) -> None:
    text, place, message = TIED[tied]
    if tied == "a name twice":
        with pytest.raises(sc.RecipeError, match="a: stands twice, again in line"):
            sc.loads(HEAD + text)
    else:
        assert sc.loads(HEAD + text)
    with pytest.raises(RecipeTextError, match=rf"^{'.'.join(place)}: .*{message}"):
        EDITS[edit](RecipeText(HEAD + text), place)


def test_an_expression_that_is_its_own_can_be_changed_where_the_line_is_shared() -> None:
    text = HEAD + "outputs: {image: p >> m, z: p.z}\n"
    assert RecipeText(text).with_expression("outputs", "z", "p.x") == text.replace("p.z", "p.x")
    text = HEAD + '  "a": 1\noutputs:\n  z: a\n'
    assert RecipeText(text).with_expression("define", "a", "2") == text.replace('"a": 1', '"a": 2')
    for tied in ("list", "alias", "a name twice"):
        text, place, message = TIED[tied]
        with pytest.raises(RecipeTextError, match=message):
            RecipeText(HEAD + text).with_expression(*place, "3")


def test_the_neighbours_of_what_shares_its_lines_can_be_edited() -> None:
    text = HEAD + TIED["list"][0]
    assert RecipeText(text).without_entry("define", "b") == text.replace("  b: uniform(0, 1)\n", "")
    assert RecipeText(text).switched("define", "b", on=False) == text.replace("  b:", "  # off: b:")
    last = HEAD + "  a:\n    - 1\n    - 2\n\n# the outputs\noutputs:\n  z: p.z\n"
    assert RecipeText(last).with_entry("define", "c", "1") == last.replace("    - 2\n", "    - 2\n  c: 1\n")
    last = HEAD + "  a: &x 1\n  b: *x\noutputs:\n  z: b\n"
    assert RecipeText(last).with_entry("define", "c", "1") == last.replace("*x\n", "*x\n  c: 1\n")
    with pytest.raises(RecipeTextError, match=r"define.a: would change others as well"):
        RecipeText(last).without_entry("define", "a")  # what is aliased below


def test_a_name_is_replaced_where_it_stands() -> None:
    text = HEAD + "  u: 1\n  v: u\noutputs:\n  o: p.z\n  u: p.z*2\n"
    assert naming.renamed(RecipeText(text), "outputs", "u", "w") == text.replace("u: p.z*2", "w: p.z*2")
    assert naming.renamed(RecipeText(text), "outputs", "o", "output") == text.replace("o: p.z\n", "output: p.z\n")


def test_what_is_off_in_an_entry_that_is_off_goes_where_it_goes() -> None:
    text = HEAD + "  a: p >> m >> FlipLeftRight(1)\n  b: p >> m\noutputs:\n  image: b\n"
    off = steps.switched(RecipeText(text), ("define", "a"), 2, False, NAMES)
    both = RecipeText(off).switched("define", "a", on=False)
    assert [s.on for s in steps.steps_of(RecipeText(both), ("define", "a"), NAMES)] == [True, True, False]
    assert not RecipeText(both).find("define", "b").off
    assert RecipeText(both).switched("define", "a", on=True) == off
    without = text.replace("  a: p >> m >> FlipLeftRight(1)\n", "")
    assert RecipeText(both).without_entry("define", "a") == without
    moved = RecipeText(both).with_entry_moved("define", "a", before=None)
    assert moved == without.replace(
        "  b: p >> m\n", "  b: p >> m\n  # off after 2: FlipLeftRight(1)\n  # off: a: p >> m\n"
    )
    assert RecipeText(moved).with_entry_moved("define", "a", before="b") == both


def test_what_is_off_is_found_anywhere_in_its_section() -> None:
    text = HEAD + "  # off: a: 1\noutputs: {z: p.z}\n"
    assert [(e.section, e.key) for e in RecipeText(text).entries if not e.on] == [("define", "a")]
    text = HEAD + "outputs:  # all\n\n  # off: a: 1\n\n  # note\n  z: p.z\n\n  # off: b: 2\n"
    recipe = RecipeText(text)
    assert [(e.key, e.on) for e in recipe.entries if e.section == "outputs"] == [
        ("a", False),
        ("z", True),
        ("b", False),
    ]
    assert recipe.switched("outputs", "a", on=True) == text.replace("# off: a", "a")


def test_what_is_off_does_not_vanish_with_the_last_that_is_on() -> None:
    text = HEAD + "outputs:\n  # off: image: p >> m\n  z: p.z\n"
    with pytest.raises(RecipeTextError, match=r"outputs.z: the only one that is on; switch another one on first"):
        RecipeText(text).without_entry("outputs", "z")
    moved = RecipeText(text).with_entry_moved("outputs", "z", before="image")
    assert moved == HEAD + "outputs:\n  z: p.z\n  # off: image: p >> m\n"
    assert RecipeText(moved).with_entry_moved("outputs", "z", before=None) == text


def test_a_step_that_is_off_stays_so_in_another_entry() -> None:
    text = HEAD + "  a: p >> m\n  # off after 2: FlipLeftRight(1)\n  b: p >> m\noutputs:\n  image: b\n"
    made = steps.carried(RecipeText(text), ("define", "b"), 2, ("define", "a"), 2, NAMES)
    assert made == text.replace(
        "  a: p >> m\n  # off after 2: FlipLeftRight(1)\n", "  # off after 2: FlipLeftRight(1)\n  a: p >> m\n"
    )


def test_a_step_that_is_gone_is_said() -> None:
    recipe, place = RecipeText(HEAD + "outputs:\n  image: p >> m\n"), ("outputs", "image")
    for edit in (
        lambda: steps.removed(recipe, place, 2, NAMES),
        lambda: steps.moved(recipe, place, 2, 0, NAMES),
        lambda: steps.moved(recipe, place, 1, 3, NAMES),
        lambda: steps.switched(recipe, place, 2, False, NAMES),
        lambda: steps.inserted(recipe, place, 3, "Clip(0, 1)", NAMES),
        lambda: steps.carried(recipe, place, -1, ("define", "p"), 1, NAMES),
    ):
        with pytest.raises(ExpressionError, match="^image: has "):
            edit()


# -- parentheses, comments and strings -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chain", "at", "off"),
    [
        ("(p >> m) >> FlipLeftRight(1)", 2, "p >> m"),
        ("((p >> m) >> Clip(0, 1)) >> FlipLeftRight(1)", 2, "p >> m >> FlipLeftRight(1)"),
        ("(p >> m) >> FlipLeftRight(1)", 1, "p >> FlipLeftRight(1)"),
        ("(p + p) >> m >> (Clip(0, 1))", 2, "(p + p) >> m"),
        ("stored((p >> m) >> Clip(0, 1), dtype='float32')", 2, "stored(p >> m, dtype='float32')"),
    ],
)
def test_parentheses_around_some_steps_do_not_stay_open(chain: str, at: int, off: str) -> None:
    text = HEAD + f"outputs:\n  image: {chain}\n"
    place = ("outputs", "image")
    assert RecipeText(steps.removed(RecipeText(text), place, at, NAMES)).find(*place).expression == off
    made = steps.switched(RecipeText(text), place, at, False, NAMES)
    assert RecipeText(made).find(*place).expression == off
    again = steps.switched(RecipeText(made), place, at, True, NAMES)
    assert sc.loads(again) == sc.loads(text)


def test_what_would_not_be_a_chain_is_refused() -> None:
    with pytest.raises(ExpressionError, match="put parentheses around"):
        Expression("p >> m").with_steps((), [0, "a & b", 1], NAMES)
    for text in ("1) + (2", "", "1), (2"):
        with pytest.raises(ExpressionError, match="cannot be read"):
            Expression(text)
    assert Expression("1,  # one\n2").replaced((1,), "3", NAMES) == "1,  # one\n3"
    assert Expression("1, 2").replaced((1,), "3", NAMES) == "1, 3"
    assert Expression("1, 2").replaced((), "3", NAMES) == "3"


BLOCK = """\
outputs:
  image: |
    p >> m  # the optics
      >> FlipLeftRight(1)
    # the end

  z: p.z
"""


def test_comments_in_a_block_stay_and_hide_nothing() -> None:
    recipe, place = RecipeText(HEAD + BLOCK), ("outputs", "image")
    plain = HEAD + "outputs:\n  image: {}\n  z: p.z\n"
    assert [s.text for s in steps.steps_of(recipe, place, NAMES)] == ["p", "m", "FlipLeftRight(1)"]
    assert sc.loads(recipe.text) == sc.loads(plain.format("p >> m >> FlipLeftRight(1)"))
    made = steps.inserted(recipe, place, 2, "Clip(0, 1)", NAMES)
    assert sc.loads(made) == sc.loads(plain.format("p >> m >> Clip(0, 1) >> FlipLeftRight(1)"))
    assert "# the optics\n" in made and "# the end\n\n  z: p.z\n" in made
    made = steps.replaced(recipe, place, 2, "FlipUpDown(1)", NAMES)
    assert made == recipe.text.replace("FlipLeftRight", "FlipUpDown")
    off = steps.switched(recipe, place, 2, False, NAMES)
    assert sc.loads(off) == sc.loads(plain.format("p >> m"))
    with pytest.raises(ExpressionError, match="a comment at the end would hide what follows"):
        steps.inserted(recipe, place, 2, "Clip(0, 1) # white", NAMES)
    with pytest.raises(ExpressionError, match="cannot stand in one line"):
        recipe.with_expression("outputs", "z", "p.z  # depth\n  * 2")


def test_a_comment_that_goes_on_to_the_end_is_shown_as_it_is_read() -> None:
    text = HEAD + "outputs:\n  image: p >> m >>Clip(0, 0)#black\n    >> FlipLeftRight(1)\n"
    found = steps.steps_of(RecipeText(text), ("outputs", "image"), NAMES)
    assert [s.text for s in found] == ["p", "m", "Clip(0, 0)"]
    assert sc.loads(text) == sc.loads(text.partition("#")[0] + "\n")


def test_spaces_in_strings_stay() -> None:
    path = "my  data:   x/*.tif"
    text = HEAD + f"  s: 'Folder(\"{path}\")'\n  c: s\n    >> Clip(0, 1)\noutputs:\n  image: c\n"
    recipe = RecipeText(text)
    assert path in recipe.with_expression("define", "c", f'Folder("{path}")\n  >> Clip(0, 1)')
    off = steps.switched(RecipeText(recipe.with_expression("define", "c", f'p >> Clip(0,\n  1, "{path}")')),
                         ("define", "c"), 1, False, NAMES)  # fmt: skip
    assert f'# off after 1: Clip(0, 1, "{path}")\n' in off
    with pytest.raises(ExpressionError, match="cannot stand in one line"):
        recipe.with_expression("define", "c", "'a\n  b'")


# -- other names -----------------------------------------------------------------------------------------------------

OFFS = """\
  # off: spare: p >> m
  # off after 2: Clip(p.z, 1)
  # off: long: p
  # off|    >> m  # the optics of p
  image: p >> m
"""


def test_what_is_off_gets_the_other_name_too() -> None:
    text = HEAD + "outputs:\n" + OFFS
    made = naming.renamed(RecipeText(text), "define", "p", "dot")
    assert made == text.replace("  p: Mie", "  dot: Mie").replace("p >>", "dot >>").replace("p.z", "dot.z").replace(
        "long: p", "long: dot"
    )
    assert naming.renamed(RecipeText(made), "define", "dot", "p") == text
    off = text.replace("  image:", "  # off: image:").replace("m: B", "# off: m: B") + "  z: p.z\n"
    assert "  # off: optics: B" in naming.renamed(RecipeText(off), "define", "m", "optics")
    assert "# off: image: p >> optics" in naming.renamed(RecipeText(off), "define", "m", "optics")


def test_names_with_points_are_told_from_properties() -> None:
    text = HEAD + "  a: MieSphere(x=1, y=1, z=2, radius=0.2, refractive_index=1.5)\n  a.b: uniform(0, 1)\n"
    text += "  v: a.z + a.b * positions(a.repeat(3))\noutputs:\n  z: v\n"
    assert naming.renamed(RecipeText(text), "define", "a.b", "c") == text.replace("  a.b:", "  c:").replace(
        "a.b *", "c *"
    )
    assert naming.renamed(RecipeText(text), "define", "a", "c") == text.replace("  a:", "  c:").replace(
        "a.z", "c.z"
    ).replace("a.repeat", "c.repeat")
    with pytest.raises(RecipeTextError, match=r"define.a.b: there is one already"):
        naming.renamed(RecipeText(text.replace("  a:", "  e:")), "define", "p", "a")


@pytest.mark.parametrize("name", ["nm", "split", "where", "uniform", "repeat", "MieSphere", "lambda", "on", "null"])
def test_words_of_the_language_are_no_names(name: str) -> None:
    with pytest.raises(RecipeTextError, match=f"^'{name}' .*choose another name"):
        naming.renamed(RecipeText(CASE_B), "define", "snr", name)


def test_the_words_are_those_of_the_library() -> None:
    assert set(naming.WORDS) == set(CONSTANTS)


@pytest.mark.parametrize(
    "written", ["'p.z * 2'", '"p.z * 2"', "|\n    p.z *\n    2", ">-\n    p.z\n    * 2", "p.z\n    * 2"]
)
def test_a_name_is_replaced_however_it_is_written(written: str) -> None:
    text = HEAD + f"outputs:\n  image: p >> m\n  z: {written}\n  s: '\"p\"'\n  m: p.x\n"
    made = naming.renamed(RecipeText(text), "define", "p", "dot")
    assert made == text.replace("  p: M", "  dot: M").replace("p.", "dot.").replace("p >>", "dot >>")


def test_another_name_is_quick_where_it_is_meant_often() -> None:
    text = HEAD + "".join(f"  v{k}: p.z * {k}\n" for k in range(100)) + "outputs:\n  image: p >> m\n"
    recipe = RecipeText(text)
    read = []

    def counted(text: str) -> RecipeText:
        read.append(text)
        return RecipeText(text)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(naming, "parsed", counted)
        made = naming.renamed(recipe, "define", "p", "dot")
    assert made == text.replace("  p: M", "  dot: M").replace("p.z", "dot.z").replace("p >>", "dot >>")
    assert len(read) == 1
