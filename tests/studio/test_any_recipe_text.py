"""Any edit of any recipe, however it is written, against what YAML reads: it changes its own entry alone or is refused."""

from __future__ import annotations

import ast

import yaml
from drawn import drawn
from hypothesis import assume, given
from hypothesis import strategies as st

from studio import palette
from studio.building import naming, steps
from studio.building.expression import Expression, ExpressionError, chain, normal
from studio.errors import StudioError
from studio.recipe_text import RecipeText

NAMES = palette.names_for()
Place = tuple[str, str]
STYLES = {
    "plain": "{}",
    "quoted": "'{}'",
    "double": '"{}"',
    "literal": "|\n    {}  # why",
    "folded": ">-\n    {}",
    "list": "\n    - 1\n    - 2",
    "anchor": "&x {}",
    "alias": "*x",
    "said": "{}  # said",
}
EXPRESSIONS = [
    "p",
    "p.x * 2",
    "p >> m",
    "(p >> m) >> Clip(0, 1)",
    "p >> m\n    >> Clip(0, 1)",
    "p + a.b",
    "None",
    "[1, 2]",
]
ABOVE = [
    "",
    "",
    "\n",
    "  # note\n",
    "  # off after 1: Clip(p.x, 1)\n",
    "  # off in 1 aberrations after 0: Defocus(p.x)\n",
]


@st.composite
def entries(draw: st.DrawFn, key: str) -> str:
    above, expression = draw(st.sampled_from(ABOVE)), draw(st.sampled_from(EXPRESSIONS))
    if draw(st.integers(0, 4)) == 0:
        return f"{above}  # off: {key}: {expression.replace(chr(10), chr(10) + '  # off|')}\n"
    name = draw(st.sampled_from([key] * 9 + [f'"{key}"']))
    style = draw(st.sampled_from(["plain"] * 8 + list(STYLES)))
    value = STYLES[style].format(expression)
    return f"{above}  {name}:{draw(st.sampled_from(['', '  ']))}{'' if style == 'list' else ' '}{value}\n"


@st.composite
def recipes(draw: st.DrawFn) -> str:
    text = "format: simcore-recipe/1\n"
    for section, keys in (("define", ["p", "m", "a", "a.b"]), ("outputs", ["image", "z", "p"])):
        if draw(st.integers(0, 9)) == 0:
            text += f"{section}: {{p: p, z: 1}}\n"
        else:
            text += f"{section}:\n" + "".join(draw(entries(key)) for key in keys if draw(st.integers(0, 4)))
    text = draw(st.sampled_from([text, text[:-1], text + "\n# the end\n"]))
    return draw(st.sampled_from([text, text.replace("\n", "\r\n")]))


def on(text: str) -> dict[Place, str]:
    found = yaml.safe_load(text)
    return {(s, str(k)): normal(str(v)) for s in ("define", "outputs") for k, v in (found.get(s) or {}).items()}


def off(text: str) -> dict[Place, object]:
    return {(e.section, e.key): (normal(e.expression), e.off) for e in RecipeText(text).entries if not e.on}


def without(found: dict[Place, object], place: Place) -> dict[Place, object]:
    return {other: said for other, said in found.items() if other != place}


@given(recipes(), st.data())
@drawn(80)
def test_an_edit_changes_its_own_entry_or_is_refused(text: str, data: st.DataObject) -> None:
    try:
        before = on(text)
    except yaml.YAMLError:
        assume(False)
    recipe = RecipeText(text)
    assume(recipe.entries)
    entry = data.draw(st.sampled_from(recipe.entries))
    place = (entry.section, entry.key)
    others = [key for key in recipe.keys(entry.section) if key != entry.key]
    target = data.draw(st.sampled_from([*others, None]))
    edit = data.draw(st.sampled_from(["delete", "switch", "move", "rename", "change", "step", "new"]))
    try:
        if edit == "delete":
            made = recipe.without_entry(*place)
            assert place not in on(made) and place not in off(made)
        elif edit == "switch":
            made = recipe.switched(*place, on=not entry.on)
            assert (place in on(made), place in off(made)) == (not entry.on, entry.on)
            if entry.on and text.endswith("\n"):
                assert RecipeText(made).switched(*place, on=True) == text
        elif edit == "move":
            made = recipe.with_entry_moved(*place, before=target)
            assert (on(made), off(made)) == (before, off(text))
            place_now = others.index(target) if target else len(others)
            assert RecipeText(made).keys(entry.section).index(entry.key) == place_now
        elif edit == "rename":
            made = naming.renamed(recipe, *place, "new_name")
            back = naming.renamed(RecipeText(made), entry.section, "new_name", "q")
            assert len(on(made)) == len(before) and len(off(made)) == len(off(text))
            straight = naming.renamed(recipe, *place, "q")
            assert (on(back), off(back)) == (on(straight), off(straight))
            return
        elif edit == "change":
            made = recipe.with_expression(*place, 'f("a  b: # c")')
            assert on(made)[place] == 'f("a  b: # c")' and off(made) == off(text)
        elif edit == "step":
            found = steps.steps_of(recipe, place, NAMES)
            at = data.draw(st.integers(0, len(found) - 1))
            made = steps.switched(recipe, place, at, not found[at].on, NAMES)
            now = steps.steps_of(RecipeText(made), place, NAMES)
            assert [normal(step.text) for step in now] == [normal(step.text) for step in found]
            assert [step.on for step in now] == [step.on ^ (k == at) for k, step in enumerate(found)]
        else:
            made = recipe.with_entry(entry.section, "new", "p >> m", before=target)
            place = (entry.section, "new")
            assert on(made)[place] == "p >> m"
    except StudioError as error:
        assert str(error)
        return
    assert without(on(made), place) == without(before, place)
    assert without(off(made), place) == without(off(text), place)


@st.composite
def written_chains(draw: st.DrawFn) -> str:
    text = draw(st.sampled_from(["p", "(p + q)", "p.repeat(2)"]))
    for step in draw(st.lists(st.sampled_from(["m", "Clip(0, 1)", "(m)", "Blur(s='# (')"]), min_size=1, max_size=4)):
        text += draw(st.sampled_from([" >> ", ">>", "\n  >> ", "  # (why\n >> ", " >>\n"])) + step
        text = draw(st.sampled_from([text, text, f"({text})", f"({text}  # said)\n)"]))
    return text


@given(written_chains(), st.data())
@drawn(80)
def test_a_chain_has_the_steps_that_it_is_given(text: str, data: st.DataObject) -> None:
    expression = Expression(text)
    before = [ast.dump(step) for step in chain(expression.tree)]
    order = data.draw(st.permutations(range(len(before))))[: data.draw(st.integers(1, len(before)))]
    if data.draw(st.booleans()):
        order = sorted(order)
    made = Expression(expression.with_steps((), order, NAMES))
    assert [ast.dump(step) for step in chain(made.tree)] == [before[k] for k in order]


@given(
    st.lists(st.sampled_from(["a", '"', "'", '\\"', "\\'", "#", " ", "\n", "(", ")", '"""']), max_size=12).map("".join)
)
@drawn(100)
def test_spaces_are_folded_where_they_mean_nothing(text: str) -> None:
    try:
        tree = Expression(text).tree
    except ExpressionError:
        return
    assert ast.dump(Expression(normal(text)).tree) == ast.dump(tree)
    assert normal(normal(text)) == normal(text)
