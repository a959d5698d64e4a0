"""What dropping something of the palette means: where it goes depends on what it is."""

from __future__ import annotations

import ast
import contextlib

from studio import palette
from studio.building import inside, naming, steps
from studio.building.expression import Expression, ExpressionError, Names, arguments, called, chain, folded
from studio.errors import StudioError
from studio.palette import Item
from studio.recipe_text import RecipeText

SCENES = ("scatterer", "repeat")


class CannotAddError(StudioError):
    """Something that has no place where it was dropped; says where it goes."""


def with_code(recipe: RecipeText, item: Item) -> RecipeText:
    """Return the recipe with the code of what users wrote, if it is not there yet."""
    if not item.source or item.name in recipe.keys("code"):
        return recipe
    return RecipeText(recipe.with_entry("code", item.name, item.source))


def defined(recipe: RecipeText, item: Item, names: Names, before: str | None = None) -> tuple[str, str]:
    """Return the text with a new definition, at the end or before another one, and its name."""
    recipe = with_code(recipe, item)
    wish = naming.snake(item.name)
    if item.name == "repeat":
        scene = last_scene(recipe)
        if scene is None:
            raise CannotAddError("repeat: drop a scatterer first; many of it come then")
        name = naming.free(recipe, f"{scene}s")
        return recipe.with_entry("define", name, f"{scene}.{item.text}"), name
    text = fitted(recipe, item, names)
    name = naming.free(recipe, wish if wish not in naming.WORDS else f"{wish}_1")
    return recipe.with_entry("define", name, text, before), name


def as_output(recipe: RecipeText, item: Item, names: Names) -> tuple[str, str]:
    """Return the text with a new output that begins with this, and its name.

    Raises CannotAddError for what nothing can flow into yet.
    """
    recipe = with_code(recipe, item)
    scene = last_scene(recipe)
    if item.family == "Targets":
        if scene is None:
            raise CannotAddError(f"{item.name}: drop a scatterer first; targets are made of a scene")
        return _target(recipe, item, scene, names)
    if item.kind == "microscope":
        if scene is None:
            raise CannotAddError(f"{item.name}: drop a scatterer first; a microscope images a scene")
        name = naming.free(recipe, naming.snake(item.name))
        text = recipe.with_entry("define", name, item.text)
        output = naming.free(RecipeText(text), "image")
        return RecipeText(text).with_entry("outputs", output, f"{scene} >> {name}"), output
    if item.kind == "feature":
        image = first_image(recipe, names)
        if image is None:
            raise CannotAddError(f"{item.name}: takes an image; drop a microscope first")
        output = naming.free(recipe, naming.snake(item.name))
        return recipe.with_entry("outputs", output, f"{image} >> {fitted(recipe, item, names)}"), output
    if item.kind in ("draw", "function"):
        output = naming.free(recipe, naming.snake(item.name))
        return recipe.with_entry("outputs", output, item.text), output
    raise CannotAddError(f"{item.name}: is no output by itself; drop it on the definitions")


def _target(recipe: RecipeText, item: Item, scene: str, names: Names) -> tuple[str, str]:
    wish = {
        "positions": "position",
        "DiskMask": "mask",
        "GaussianDensity": "density",
        "CentroidDensity": "density",
    }.get(item.name)
    output = naming.free(recipe, wish or naming.snake(item.name))
    if item.kind == "function":
        seen_by = last_microscope(recipe)
        text = {
            "positions": f"positions({scene})",
            "properties": f'properties({scene}, "x", "y")',
        }.get(item.name, f"{item.name}({scene}{', ' + seen_by if seen_by and 'seen_by' in _needed(item) else ''})")
        return recipe.with_entry("outputs", output, text), output
    return recipe.with_entry("outputs", output, f"{scene} >> {fitted(recipe, item, names)}"), output


def _needed(item: Item) -> list[str]:
    return [p.name for p in item.parameters if p.default is None]


def in_chain(recipe: RecipeText, place: steps.Place, at: int, item: Item, names: Names) -> str:
    """Return the text with this put before the step at ``at`` of a chain.

    A scatterer joins the scene at the chain's start, a repetition repeats it; a part goes into the step before.
    """
    recipe = with_code(recipe, item)
    found = steps.steps_of(recipe, place, names)
    if item.kind == "scatterer":
        # A definition has to stand above those that name it.
        text, name = defined(recipe, item, names, before=place[1] if place[0] == "define" else None)
        joined = RecipeText(text)
        return steps.changed(joined, place, (0,), lambda e: f"({e.text} + {name})", names)
    if item.kind == "repeat":
        return steps.changed(recipe, place, (0,), lambda e: f"{e.grouped()}.{item.text}", names)
    if item.kind == "part":
        return in_step(recipe, place, max(0, at - 1), item, names)
    if item.kind in ("draw", "function"):
        raise CannotAddError(f"{item.name}: is a value, no step; drop it on the definitions, or choose it in a form")
    return steps.inserted(recipe, place, max(1, at) if found else at, fitted(recipe, item, names), names)


def in_step(recipe: RecipeText, place: steps.Place, at: int, item: Item, names: Names) -> str:
    """Return the text with this among the features inside a step: an aberration in its microscope."""
    step = steps.step_at(steps.steps_of(recipe, place, names), place, at)
    owner: steps.Place = place
    if step.text.isidentifier() and step.text in recipe.keys("define"):
        owner, at = ("define", step.text), 0
        step = steps.step_at(steps.steps_of(recipe, owner, names), owner, 0)
    outer = palette.item(called(Expression(step.text).tree) or "")
    listing = next((p.name for p in outer.parameters if p.kind == "parts"), None) if outer else None
    if listing is None:
        raise CannotAddError(
            f"{item.name}: goes into a step that has features inside, such as a microscope's aberrations"
        )
    return steps.changed(recipe, owner, (at,), lambda e: inside.with_part(e, (), listing, item.text, names), names)


# -- what is there ---------------------------------------------------------------------------------------------------


def fitted(recipe: RecipeText, item: Item, names: Names) -> str:
    """Return the item's call; a target gets the size of the image, and a scatterer stands in its middle."""
    size = image_shape(recipe, names)
    text = item.text
    if size is None:
        return text
    try:
        expression = Expression(text)
        given = {a.name for a in arguments(expression.tree, names)}
        if item.family == "Targets" and "shape" in given:
            text = expression.with_argument((), "shape", f"({size[0]}, {size[1]})", names)
        elif item.kind == "scatterer" and {"x", "y"} <= given:
            text = expression.with_argument((), "x", f"{(size[1] - 1) / 2:g}", names)
            text = Expression(text).with_argument((), "y", f"{(size[0] - 1) / 2:g}", names)
    except ExpressionError:
        return item.text
    return text


def image_shape(recipe: RecipeText, names: Names) -> tuple[int, int] | None:
    """Return the shape that the recipe's microscope says, as far as it stands in numbers."""
    for _, node, expression in _calls(recipe):
        known = palette.item(called(node) or "")
        if known and known.kind == "microscope":
            shape = [a.node for a in arguments(node, names) if a.name == "shape"]
            words = expression.source(shape[0]).strip("()[] ").split(",") if shape else []
            if len(words) == 2 and all(word.strip().isdigit() for word in words):
                return int(words[0]), int(words[1])
    return None


def _calls(recipe: RecipeText) -> list[tuple[str, ast.expr, Expression]]:
    found: list[tuple[str, ast.expr, Expression]] = []
    for entry in recipe.entries:
        if entry.section == "code" or not entry.on:
            continue
        try:
            expression = Expression(entry.expression)
        except ExpressionError:
            continue
        found += [(entry.key, step, expression) for step in chain(expression.tree)]
    return found


def last_scene(recipe: RecipeText) -> str | None:
    """Return the definition that is a scene: a repetition rather than what it repeats."""
    best: str | None = None
    for entry in recipe.entries:
        if entry.section != "define" or not entry.on:
            continue
        try:
            tree = Expression(entry.expression).tree
        except ExpressionError:
            continue
        known = palette.item(called(tree) or "")
        if known and known.kind in SCENES:
            best = entry.key
    return best


def properties(recipe: RecipeText, names: Names) -> list[str]:
    """Return what an output can store: ``particle.z`` of definitions that are one call, and definitions that are values."""
    found: list[str] = []
    for entry in recipe.entries:
        if entry.section != "define" or not entry.on or "." in entry.key:
            continue
        try:
            nodes = chain(Expression(entry.expression).tree)
        except ExpressionError:
            continue
        known = palette.item(called(nodes[0]) or "")
        if len(nodes) > 1:
            continue
        if known is None or known.kind in ("draw", "function"):
            found += [] if isinstance(nodes[0], ast.Name) else [entry.key]
        elif known.kind not in ("part", "source", "repeat"):
            given = {a.name for a in arguments(nodes[0], names) if not _is_none(a.node)}
            found += [f"{entry.key}.{p.name}" for p in known.parameters if p.kind == "number" and p.name in given]
        elif known.kind == "repeat":
            found.append(f"{entry.key}.count")
    return found


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def last_microscope(recipe: RecipeText) -> str | None:
    """Return the definition that is a microscope."""
    found = [e.key for e in recipe.entries if e.section == "define" and e.on and _kind(e.expression) == "microscope"]
    return found[-1] if found else None


def first_image(recipe: RecipeText, names: Names) -> str | None:
    """Return the first output that a microscope images, else the last definition that it does.

    A recipe may hold images of another make, such as measured ones: then it is the first output that is a chain and no
    target, else the last definition that is a chain.
    """
    chains = _chains(recipe, names)
    outputs = [place for place in chains if place[0] == "outputs"]
    defined = [place for place, (nodes, _) in reversed(chains.items()) if place[0] == "define" and len(nodes) > 1]
    imaged = [place for place in [*outputs, *defined] if _images(place, chains)]
    others = [p for p in outputs if len(chains[p][0]) > 1 and not any(_family(n) == "Targets" for n in chains[p][0])]
    for place in [*imaged, *others, *defined]:
        if place[0] == "define":
            return place[1]
        with contextlib.suppress(ExpressionError):  # comments within it, which one line cannot hold
            return folded(chains[place][1])
    return None


def _chains(recipe: RecipeText, names: Names) -> dict[steps.Place, tuple[list[ast.expr], str]]:
    """Return the steps of all entries that are on and can be read, and the text of their chain."""
    found: dict[steps.Place, tuple[list[ast.expr], str]] = {}
    for entry in recipe.entries:
        if entry.on and entry.section != "code":
            with contextlib.suppress(ExpressionError):
                expression = Expression(entry.expression)
                path = steps.main_path(expression)
                text = expression.source(expression.find(path, names)) if path else entry.expression
                found[entry.section, entry.key] = expression.steps(path, names), text
    return found


def _images(place: steps.Place, chains: dict[steps.Place, tuple[list[ast.expr], str]]) -> bool:
    """Return whether there is a microscope among the steps of an entry, or in a definition that one of them names."""
    seen, todo = set[steps.Place](), [place]
    while todo:
        place = todo.pop()
        seen.add(place)
        for node in chains[place][0]:
            known = palette.item(called(node) or "")
            if known and known.kind == "microscope":
                return True
            named = ("define", node.id if isinstance(node, ast.Name) else "")
            if named in chains and named not in seen:
                todo.append(named)
    return False


def _family(node: ast.expr) -> str:
    known = palette.item(called(node) or "")
    return known.family if known else ""


def _kind(text: str) -> str:
    try:
        known = palette.item(called(Expression(text).tree) or "")
    except ExpressionError:
        return ""
    return known.kind if known else ""
