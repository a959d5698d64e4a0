"""Features inside a step, switched off and on, moved and taken out: the file says the same, and all else stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from drawn import drawn
from hypothesis import given
from hypothesis import strategies as st

import simcore as sc
from studio import palette
from studio.building import naming, steps
from studio.building.expression import Expression, ExpressionError
from studio.building.inside import Part, parts_of, with_part, with_parts
from studio.recipe_text import RecipeText, RecipeTextError

ROOT = Path(__file__).parents[2]
CASE_E = (ROOT / "examples/holograms_3d/recipe.yaml").read_text(encoding="utf-8")
NAMES = palette.names_for()
MICROSCOPE = ("define", "microscope")
LISTED = "aberrations=[ComaHorizontal(uniform(0.02, 0.05)), ComaVertical(uniform(-0.04, -0.02))]"


def parts(text: str) -> list[Part]:
    return parts_of(steps.steps_of(RecipeText(text), MICROSCOPE, NAMES)[0], "aberrations", NAMES)


def turned(text: str, k: int) -> str:
    found = parts(text)
    found[k] = Part(found[k].text, None if found[k].index is not None else -1)
    return with_parts(RecipeText(text), MICROSCOPE, 0, "aberrations", found, NAMES)


def test_off_is_a_comment_that_the_recipe_does_not_see() -> None:
    off = turned(CASE_E, 0)
    assert "  # off in 1 aberrations after 0: ComaHorizontal(uniform(0.02, 0.05))\n  microscope:" in off
    assert "aberrations=[ComaVertical(uniform(-0.04, -0.02))]" in off
    plain = CASE_E.replace(LISTED, "aberrations=[ComaVertical(uniform(-0.04, -0.02))]")
    assert sc.loads(off) == sc.loads(plain)
    assert turned(off, 0) == CASE_E
    # Both off: the argument goes, since an empty list says nothing.
    none = turned(turned(CASE_E, 1), 0)
    assert "aberrations" not in none.replace("# off in 1 aberrations", "")
    assert [part.text.partition("(")[0] for part in parts(none)] == ["ComaHorizontal", "ComaVertical"]
    assert sc.loads(turned(turned(none, 1), 0)) == sc.loads(CASE_E)


def test_what_is_off_follows_its_step() -> None:
    microscope = (
        "Holography(numerical_aperture=0.9, wavelength=0.6, pixel_size=0.1, shape=(9, 9), aberrations=[Defocus(0.1)])"
    )
    chain = f"MieSphere(x=9, y=9, radius=0.5, refractive_index=1.5) >> {microscope}"
    text = f"format: simcore-recipe/1\noutputs:\n  image: {chain} >> Clip(0, 1)\n"
    place = ("outputs", "image")
    off = with_parts(RecipeText(text), place, 1, "aberrations", [Part("Defocus(0.1)", None)], NAMES)
    assert "# off in 2 aberrations after 0: Defocus(0.1)" in off
    first = steps.inserted(RecipeText(off), place, 1, "Clip(0, 2)", NAMES)
    assert "# off in 3 aberrations after 0: Defocus(0.1)" in first
    assert "Defocus" not in steps.removed(RecipeText(first), place, 2, NAMES)
    for leaves in (
        lambda: steps.switched(RecipeText(off), place, 1, False, NAMES),
        lambda: steps.carried(RecipeText(off + "  other: 1\n"), place, 1, ("outputs", "other"), 1, NAMES),
    ):
        with pytest.raises(RecipeTextError, match="Holography: features inside it are off; switch them on, or"):
            leaves()


def test_what_is_off_is_renamed_as_well() -> None:
    text = CASE_E.replace("ComaHorizontal(uniform(0.02, 0.05))", "ComaHorizontal(coma)").replace(
        "define:\n", "define:\n  coma:       uniform(0.02, 0.05)\n"
    )
    renamed = naming.renamed(RecipeText(turned(text, 0)), "define", "coma", "skewed")
    assert "# off in 1 aberrations after 0: ComaHorizontal(skewed)" in renamed
    assert turned(renamed, 0).count("skewed") == 2


def with_defocus(microscope: Expression) -> str:
    return with_part(microscope, (), "aberrations", "Defocus(0.1)", NAMES)


@drawn(25)
@given(st.lists(st.tuples(st.sampled_from(["turn", "up", "out", "add"]), st.integers(0, 5)), max_size=8))
def test_any_edits_leave_the_listed_order(edits: list[tuple[str, int]]) -> None:
    """Beside a plain list of (name, on)."""
    text, model = CASE_E, [("ComaHorizontal", True), ("ComaVertical", True)]
    for what, number in edits:
        found = parts(text)
        if what == "add":
            text = steps.changed(RecipeText(text), MICROSCOPE, (0,), with_defocus, NAMES)
            # A new one comes after all that are on; what is off after the last of them stays before it.
            model = [(part.text.partition("(")[0], part.index is not None) for part in parts(text)]
            assert model[-1] == ("Defocus", True) or not all(on for _, on in model)
            continue
        if not found:
            continue
        k = number % len(found)
        if what == "turn":
            text = turned(text, k)
            model[k] = (model[k][0], not model[k][1])
        elif what == "up" and k:
            found[k - 1], found[k], model[k - 1], model[k] = found[k], found[k - 1], model[k], model[k - 1]
            text = with_parts(RecipeText(text), MICROSCOPE, 0, "aberrations", found, NAMES)
        elif what == "out":
            del found[k], model[k]
            text = with_parts(RecipeText(text), MICROSCOPE, 0, "aberrations", found, NAMES)
        assert [(part.text.partition("(")[0], part.index is not None) for part in parts(text)] == model
        sc.loads(text)
    others = [e for e in RecipeText(text).entries if e.key != "microscope"]
    assert [e.expression for e in others] == [e.expression for e in RecipeText(CASE_E).entries if e.key != "microscope"]


def test_one_feature_without_a_list_becomes_one() -> None:
    call = Expression("Holography(numerical_aperture=0.9, aberrations=Defocus(1))")
    assert with_part(call, (), "aberrations", "ComaVertical(1)", NAMES) == (
        "Holography(numerical_aperture=0.9, aberrations=[Defocus(1), ComaVertical(1)])"
    )


def test_a_step_that_is_gone_is_said() -> None:
    with pytest.raises(ExpressionError, match="^microscope: has no step 2$"):
        with_parts(RecipeText(CASE_E), MICROSCOPE, 1, "aberrations", [], NAMES)


def test_what_is_off_keeps_its_strings_and_hides_no_comment() -> None:
    text = CASE_E.replace("ComaHorizontal(uniform(0.02, 0.05))", 'Own("a  b",\n      1)')
    assert '  # off in 1 aberrations after 0: Own("a  b", 1)\n  microscope:' in turned(text, 0)
    block = "format: simcore-recipe/1\ndefine:\n  microscope: |\n    Holography(aberrations=[Own(1, # one\n    2), Own(3)])\n"
    with pytest.raises(ExpressionError, match="cannot stand in one line; take out the comments"):
        turned(block, 0)
    assert "Holography(aberrations=[Own(1, # one\n    2)])\n" in turned(block, 1)
