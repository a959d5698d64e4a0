"""Names of definitions: new ones, and another name for one wherever it is meant."""

from __future__ import annotations

import ast
import keyword
import re
from dataclasses import replace

from studio.building.expression import Expression, ExpressionError
from studio.recipe_text import Entry, RecipeText, RecipeTextError


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
    """Return the text with an entry under another name, and all that refers to a definition with it.

    Random numbers follow names, so the draws of a definition are others afterwards.
    """
    if new == key:
        return recipe.text
    if not re.fullmatch(r"[A-Za-z_]\w*", new) or keyword.iskeyword(new):
        raise RecipeTextError(f"{new!r} is not a name; use letters, digits and _")
    if new in recipe.keys(section):
        raise RecipeTextError(f"{section}.{new}: there is one already; choose another name")
    text = recipe.text
    # From the end, so that the places before stay what they are.
    for entry in sorted(recipe.entries, key=lambda e: e.start, reverse=True):
        if section == "define" and entry.on and entry.section != "code":
            expression = _with_name(entry, key, new)
            if expression != entry.expression:
                text = RecipeText(text).with_expression(entry.section, entry.key, expression)
        if section == "define" and entry.off:
            offs = tuple(replace(o, text=_in_text(o.text, key, new)) for o in entry.off)
            current = RecipeText(text).find(entry.section, entry.key)
            text = RecipeText(text).with_expression(entry.section, entry.key, current.expression, offs)
    return _with_key(RecipeText(text), section, key, new)


def _with_key(recipe: RecipeText, section: str, key: str, new: str) -> str:
    entry = recipe.find(section, key)
    line = recipe.text[entry.first : entry.start]
    place = entry.first + line.index(key)
    tail = recipe.text[place + len(key) :]
    spare = len(tail) - len(tail[1:].lstrip(" ")) - 1 if tail.startswith(":") else 0
    longer = len(new) - len(key)
    # The spaces that line up the expressions grow and shrink with the name, one stays.
    if spare > 1 or longer < 0:
        wanted = max(1, spare - longer) if spare > 1 else 1 - longer
        tail = ":" + " " * (wanted if spare > 1 else 1) + tail[1 + spare :]
    return recipe.text[:place] + new + tail


def _with_name(entry: Entry, key: str, new: str) -> str:
    return _in_text(entry.expression, key, new)


def _in_text(text: str, key: str, new: str) -> str:
    try:
        expression = Expression(text)
    except ExpressionError:
        return text
    spans = [expression.span(n) for n in ast.walk(expression.tree) if isinstance(n, ast.Name) and n.id == key]
    called = {expression.span(n.func) for n in ast.walk(expression.tree) if isinstance(n, ast.Call)}
    for start, end in sorted(set(spans) - called, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def references(recipe: RecipeText, key: str) -> list[Entry]:
    """Return the entries that refer to a definition."""
    found = []
    for entry in recipe.entries:
        if entry.section != "code" and entry.on and entry.key != key:
            try:
                tree = Expression(entry.expression).tree
            except ExpressionError:
                continue
            if any(isinstance(node, ast.Name) and node.id == key for node in ast.walk(tree)):
                found.append(entry)
    return found
