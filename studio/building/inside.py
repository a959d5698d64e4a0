"""Features inside a step, such as the aberrations of a microscope: put in, ordered, taken out, switched off."""

from __future__ import annotations

from dataclasses import dataclass, replace

from studio.building.expression import Expression, Names, Path, entries
from studio.building.steps import Place, Step, replaced, step_at, steps_of, written
from studio.recipe_text import Off, RecipeText, RecipeTextError


@dataclass(frozen=True)
class Part:
    """A feature inside a step, one of an argument's list; ``index`` counts those that are on, None for one that is off."""

    text: str
    index: int | None


def parts_of(step: Step, name: str, names: Names) -> list[Part]:
    """Return the features that an argument of a step lists, those that are off where they would stand."""
    on = entries(Expression(step.text), name, names)
    off = [o for o in step.inside if o.inside == name]
    made = [Part(o.text, None) for o in off if o.after == 0]
    for index, text in enumerate(on):
        last = index == len(on) - 1
        made.append(Part(text, index))
        made += [Part(o.text, None) for o in off if o.after == index + 1 or (last and o.after > index + 1)]
    return made if on else [Part(o.text, None) for o in off]


def with_parts(recipe: RecipeText, place: Place, at: int, name: str, parts: list[Part], names: Names) -> str:
    """Return the text with the features that an argument of a step lists; one whose index is -1 is new."""
    steps = steps_of(recipe, place, names)
    step = step_at(steps, place, at)
    if not step.on:
        raise RecipeTextError(f"{step.text.partition('(')[0]}: is switched off; switch it on first")
    expression, on = Expression(step.text), [part for part in parts if part.index is not None]
    order = [part.text if part.index == -1 else part.index for part in on]
    text = step.text
    if not on:
        text = expression.with_argument((), name, None, names)
    elif order != list(range(len(entries(expression, name, names)))):
        listed = expression.listed(name, names)
        text = Expression(listed).with_steps((name,), order, names)  # type: ignore[arg-type]
    off, count = [o for o in step.inside if o.inside != name], 0
    for part in parts:
        count += part.index is not None
        if part.index is None:
            off.append(Off(count, part.text, step.index or 0, name))
    steps[at] = replace(step, inside=tuple(off))
    changed_text = replaced(recipe, place, step.index or 0, text, names) if text != step.text else recipe.text
    return written(
        RecipeText(changed_text), place, [replace(s, text=text) if s is steps[at] else s for s in steps], names
    )


def with_part(expression: Expression, path: Path, name: str, text: str, names: Names) -> str:
    """Return an expression with one more feature inside the call at ``path``."""
    call = Expression(expression.source(expression.find(path, names)))
    listed = Expression(call.listed(name, names))
    order = [*range(len(entries(listed, name, names))), text]
    return expression.replaced(path, listed.with_steps((name,), order, names), names)
