"""What is done to steps of a chain: put in, taken out, moved, copied, switched off. Each gives the new text of the recipe."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, replace

from studio.building.expression import Expression, ExpressionError, Names, Path, called, closed
from studio.recipe_text import Off, RecipeText, RecipeTextError

Place = tuple[str, str]  # section and key of an entry


@dataclass(frozen=True)
class Step:
    """One step of an entry's chain; ``index`` counts the steps that are on, None for one that is off.

    ``inside`` are the features inside it that are switched off.
    """

    text: str
    index: int | None
    inside: tuple[Off, ...] = ()

    @property
    def on(self) -> bool:
        """Whether it is switched on."""
        return self.index is not None


def main_path(expression: Expression) -> Path:
    """Return where the chain of an entry stands: within ``stored(chain, ...)`` if that is around it."""
    return ("image",) if called(expression.tree) == "stored" else ()


def _names(names: Names) -> Names:
    return lambda name: names(name) or (("image", "dtype", "scale", "offset") if name == "stored" else None)


def steps_of(recipe: RecipeText, place: Place, names: Names) -> list[Step]:
    """Return the steps of an entry, those that are off where they would stand; ExpressionError if it cannot be read."""
    entry = recipe.find(*place)
    expression = Expression(entry.expression)
    path = main_path(expression)
    texts = [entry.expression[slice(*span)] for span in expression.step_spans(path, _names(names))]
    made: list[Step] = []
    for index, text in enumerate(texts):
        last = index == len(texts) - 1

        def here(number: int, index: int = index, last: bool = last) -> bool:
            return max(1, number) == index + 1 or (last and number > index + 1)

        made.append(Step(text, index, tuple(o for o in entry.off if o.inside and here(o.step))))
        made += [Step(o.text, None) for o in entry.off if not o.inside and here(o.after)]
    return made


def written(recipe: RecipeText, place: Place, steps: list[Step], names: Names) -> str:
    """Return the text with the entry made of these steps; a step whose index is -1 is new."""
    entry = recipe.find(*place)
    expression = Expression(entry.expression)
    on = [step for step in steps if step.on]
    if not on or not steps[0].on:
        raise RecipeTextError(f"{place[1]}: something must flow; the first step stays on")
    order = [step.text if step.index == -1 else step.index for step in on]
    same = order == list(range(len(expression.steps(main_path(expression), _names(names)))))
    if not same and isinstance(expression.find(main_path(expression), _names(names)), ast.List | ast.Tuple):
        raise RecipeTextError(f"{place[1]}: is a list, which flows nowhere; it cannot have other steps")
    text = entry.expression if same else expression.with_steps(main_path(expression), order, _names(names))  # type: ignore[arg-type]
    off, count = [], 0
    for step in steps:
        count += step.on
        if not step.on:
            _nothing_off_inside(step)
        off += [replace(o, step=count) for o in step.inside] if step.on else [Off(count, step.text)]
    return recipe.with_expression(*place, text, tuple(off))


def _nothing_off_inside(step: Step) -> None:
    """Raise RecipeTextError where a step would leave behind what is switched off inside it."""
    if step.inside:
        name = step.text.partition("(")[0]
        raise RecipeTextError(f"{name}: features inside it are off; switch them on, or take them out, first")


def inserted(recipe: RecipeText, place: Place, at: int, text: str, names: Names) -> str:
    """Return the text with a new step before the one that stands at ``at``."""
    return _with_step(recipe, place, at, Step(text, -1), names)


def _with_step(recipe: RecipeText, place: Place, at: int, step: Step, names: Names) -> str:
    Expression(step.text)
    steps = steps_of(recipe, place, names)
    if not 0 <= at <= len(steps):
        raise ExpressionError(f"{place[1]}: has {len(steps)} steps; a step cannot be put in as number {at + 1}")
    steps.insert(at, step)
    return written(recipe, place, steps, names)


def step_at(steps: list[Step], place: Place, at: int) -> Step:
    """Return a step; ExpressionError if there is none, such as after a change of the file."""
    if not 0 <= at < len(steps):
        raise ExpressionError(f"{place[1]}: has no step {at + 1}")
    return steps[at]


def removed(recipe: RecipeText, place: Place, at: int, names: Names) -> str:
    """Return the text without a step."""
    steps = steps_of(recipe, place, names)
    step_at(steps, place, at)
    del steps[at]
    return written(recipe, place, steps, names)


def moved(recipe: RecipeText, place: Place, at: int, to: int, names: Names) -> str:
    """Return the text with the step at ``at`` standing before what stood at ``to``."""
    steps = steps_of(recipe, place, names)
    step = step_at(steps, place, at)
    if not 0 <= to <= len(steps):
        raise ExpressionError(f"{place[1]}: has {len(steps)} steps; none can be moved before number {to + 1}")
    del steps[at]
    steps.insert(to - (to > at), step)
    return written(recipe, place, steps, names)


def switched(recipe: RecipeText, place: Place, at: int, on: bool, names: Names) -> str:
    """Return the text with a step switched on or off."""
    steps = steps_of(recipe, place, names)
    if step_at(steps, place, at).on == on:
        return recipe.text
    steps[at] = replace(steps[at], index=-1 if on else None)
    return written(recipe, place, steps, names)


def carried(recipe: RecipeText, source: Place, at: int, target: Place, to: int, names: Names) -> str:
    """Return the text with a step moved from one entry to another; what is off stays off."""
    step = step_at(steps_of(recipe, source, names), source, at)
    _nothing_off_inside(step)
    text = removed(recipe, source, at, names)
    return _with_step(RecipeText(text), target, to, Step(step.text, -1 if step.on else None), names)


def changed(recipe: RecipeText, place: Place, path: Path, edit: Callable[[Expression], str], names: Names) -> str:
    """Return the text with the step that ``path`` starts with changed; steps that are off can be changed as well.

    ``edit`` gets the step as an expression of its own, so ``path`` goes on from there.
    """
    at = path[0]
    assert isinstance(at, int)
    steps = steps_of(recipe, place, names)
    step = step_at(steps, place, at)
    text = edit(Expression(step.text))
    if step.on:
        return replaced(recipe, place, step.index or 0, text, names)
    steps[at] = replace(step, text=text)
    return written(recipe, place, steps, names)


def replaced(recipe: RecipeText, place: Place, index: int, text: str, names: Names) -> str:
    """Return the text with the step that is on as number ``index`` replaced."""
    entry = recipe.find(*place)
    expression = Expression(entry.expression)
    start, end = expression.step_spans(main_path(expression), _names(names))[index]
    return recipe.with_expression(*place, entry.expression[:start] + closed(text) + entry.expression[end:])
