"""Names of entries: new ones, and another name for one wherever it is meant."""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Iterator
from dataclasses import replace

from studio import palette
from studio.building.expression import Expression, ExpressionError, Span, normal
from studio.recipe_entries import OFF_STEP, check_name
from studio.recipe_text import Entry, RecipeText, RecipeTextError, parsed

WORDS = ("split", "time", "nm", "um", "mm", "s", "ms", "rad", "deg")  # that stand for something without being called


def is_word(name: str) -> bool:
    """Return whether a name means something in the recipe language already."""
    return name in WORDS or palette.item(name) is not None


def snake(name: str) -> str:
    """Return a class name as simcore names its features: "MieSphere" is "mie_sphere"."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def free(recipe: RecipeText, wish: str) -> str:
    """Return ``wish``, or with a number where that is taken."""
    taken = {entry.key for entry in recipe.entries}
    number, name = 1, wish
    while name in taken:
        number += 1
        name = f"{wish}_{number}"
    return name


def free_output(recipe: RecipeText, wish: str) -> str:
    """Return ``wish``, or with a number where an output has that name; a definition may have it."""
    taken, number, name = set(recipe.keys("outputs")), 1, wish
    while name in taken:
        number += 1
        name = f"{wish}_{number}"
    return name


def renamed(recipe: RecipeText, section: str, key: str, new: str) -> str:
    """Return the text with an entry under another name, and all that refers to a definition with it, off or on.

    Random numbers follow names, so the draws of a definition are others afterwards.
    """
    if new == key:
        return recipe.text
    renamed_entry = recipe.editable(section, key)
    if keyword.iskeyword(check_name(new)):
        raise RecipeTextError(f"{new!r} is a word of Python; choose another name")
    taken = [k for k in recipe.keys(section) if k == new or (k.startswith(f"{new}.") and k != key)]
    if taken:
        raise RecipeTextError(f"{section}.{taken[0]}: there is one already; choose another name")
    if section == "define" and is_word(new):
        raise RecipeTextError(f"{new!r} is a word of the recipe language; choose another name")
    edits = [_key_edit(recipe.text, renamed_entry, new)]
    keys = frozenset(e.key for e in recipe.entries if e.section == "define" and (e.on or e.key == key))
    expected = []
    for entry in recipe.entries:
        refers = section == "define" and entry.section != "code"
        words = _with_name(entry.expression, key, new, keys) if refers else entry.expression
        offs = tuple(replace(o, text=_with_name(o.text, key, new, keys)) for o in entry.off) if refers else entry.off
        name = new if entry is renamed_entry else entry.key
        expected.append((entry.section, name, normal(words), entry.on, offs))
        if refers:
            edits += _edits(recipe.text, entry, key, new, keys)
    text = recipe.text
    # From the end, so that the places before stay what they are.
    for start, end, words in sorted(set(edits), reverse=True):
        text = text[:start] + words + text[end:]
    found = [(e.section, e.key, normal(e.expression), e.on, e.off) for e in parsed(text).entries]
    if found != expected:
        raise RecipeTextError(f"{section}.{key}: cannot be given another name as the file is written; edit it there")
    return text


Edit = tuple[int, int, str]  # from where to where in the file, and what stands there then


def _key_edit(text: str, entry: Entry, new: str) -> Edit:
    """Return the edit of a name and of the spaces after its colon, which line up the expressions; one stays."""
    colon = entry.named + len(entry.key)
    spare = len(text) - len(text[colon + 1 :].lstrip(" ")) - colon - 1
    if text[colon] != ":" or spare < 2:
        return entry.named, colon, new
    return entry.named, colon + 1 + spare, new + ":" + " " * max(1, spare + len(entry.key) - len(new))


def _edits(text: str, entry: Entry, key: str, new: str, keys: frozenset[str]) -> list[Edit]:
    """Return the edits of the places in an entry, and in what is off in it, that mean a definition."""
    made: list[Edit] = []
    for line in re.finditer(r".*\n?", text[entry.comment : entry.first]):
        off = OFF_STEP.match(line[0].rstrip("\r\n"))
        if off:
            start = entry.comment + line.start() + off.start(4)
            made += [(start + a, start + b, new) for a, b in _places(off[4], key, keys)]
    found = _places(entry.expression, key, keys)
    if not found or entry.hindrance:
        return made
    # Where it is quoted, a block or a comment, the words are the same, but they stand elsewhere.
    word = re.compile(rf"(?<![\w.]){re.escape(key)}(?!\w)")
    raw = re.sub(r"(?m)^([ \t]*)# off\|", lambda f: f[1] + " " * 6, text[entry.start : entry.end])
    there, here = list(word.finditer(raw)), [f.span() for f in word.finditer(entry.expression)]
    if len(there) != len(here) or not set(found) <= set(here):
        raise RecipeTextError(
            f"{entry.section}.{entry.key}: {key} cannot be found in it as it is written; edit it in the file"
        )
    return made + [(entry.start + there[k].start(), entry.start + there[k].end(), new) for k in map(here.index, found)]


def _with_name(text: str, key: str, new: str, keys: frozenset[str]) -> str:
    for start, end in reversed(_places(text, key, keys)):
        text = text[:start] + new + text[end:]
    return text


def _places(text: str, key: str, keys: frozenset[str]) -> list[Span]:
    """Return where an expression means the definition ``key``, in order; none in what cannot be read."""
    if key.partition(".")[0] not in text:
        return []
    try:
        expression = Expression(text)
    except ExpressionError:
        return []
    return sorted(expression.span(node) for node in _meant(expression.tree, keys) if ast.unparse(node) == key)


def _meant(node: ast.AST, keys: frozenset[str]) -> Iterator[ast.AST]:
    """Yield the names of an expression that stand for definitions; of ``a.b``, all of it if there is such a definition."""
    if isinstance(node, ast.Name) or (isinstance(node, ast.Attribute) and ast.unparse(node) in keys):
        yield node
        return
    for below in ast.iter_child_nodes(node):
        if isinstance(node, ast.Call) and below is node.func:
            # What is called is a word of the language, or a repetition of what stands before the point.
            if isinstance(below, ast.Attribute):
                yield from _meant(below.value, keys)
        else:
            yield from _meant(below, keys)
