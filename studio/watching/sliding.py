"""Properties of a recipe that a slider can hold: numbers and distributions that stand as parameters of a step."""

from __future__ import annotations

import math
from dataclasses import dataclass

from studio import palette
from studio.building import steps, values
from studio.building.expression import Expression, ExpressionError, Names, arguments, called
from studio.palette import Item, Parameter
from studio.recipe_text import RecipeText

WIDTHS = 3.0  # standard deviations to either side of a normal distribution


@dataclass(frozen=True)
class Slide:
    """A property with the range of its slider; ``start`` is where it begins, ``whole`` whether it goes by whole numbers."""

    label: str
    place: steps.Place
    at: int
    parameter: str
    unit: str
    low: float
    high: float
    start: float
    whole: bool = False


def slides(recipe: RecipeText, names: Names, own: tuple[Item, ...] = ()) -> list[Slide]:
    """Return all properties that can slide, in the recipe's order."""
    found: list[Slide] = []
    for entry in recipe.entries:
        if entry.section != "define" or not entry.on:
            continue
        place = (entry.section, entry.key)
        try:
            chain = steps.steps_of(recipe, place, names)
        except ExpressionError:
            continue
        if len(chain) == 1:
            found += _value(entry.key, place, chain[0].text)
        for at, step in enumerate(chain):
            if step.on:
                found += _parameters(entry.key if len(chain) == 1 else "", place, at, step.text, names, own)
    return found


def _value(key: str, place: steps.Place, text: str) -> list[Slide]:
    """Return a definition that is itself a number or a distribution."""
    span = span_of(text, Parameter("value", ""))
    return [Slide(key, place, 0, "", "1", *span, values.read(text).draw == "integers")] if span else []


def _parameters(key: str, place: steps.Place, at: int, text: str, names: Names, own: tuple[Item, ...]) -> list[Slide]:
    expression = Expression(text)
    item = palette.item(called(expression.tree) or "", own)
    if item is None or item.kind in ("draw", "function"):
        return []
    declared = {p.name: p for p in item.parameters if p.kind == "number"}
    made = []
    for argument in arguments(expression.tree, names):
        parameter = declared.get(argument.name or "")
        span = span_of(expression.source(argument.node), parameter) if parameter else None
        if parameter and span:
            owner = key or item.name
            whole = (
                "whole number" in parameter.allowed or values.read(expression.source(argument.node)).draw == "integers"
            )
            made.append(Slide(f"{owner}.{parameter.name}", place, at, parameter.name, parameter.unit, *span, whole))
    return made


def span_of(text: str, parameter: Parameter) -> tuple[float, float, float] | None:
    """Return (low, high, start) of the slider for a value; None for what is neither a number nor a distribution of numbers."""
    value = values.read(text)
    middle = values.number_in(text)
    if middle is None:
        return None
    if value.mode == "number":
        low, high = sorted((middle / 2, middle * 2)) if middle else (-1.0, 1.0)
    elif value.mode == "draw":
        numbers = [values.number_in(given) for _, given in value.given]
        if len(numbers) < 2 or numbers[0] is None or numbers[1] is None:
            return None
        if value.draw in ("uniform", "log_uniform", "integers"):
            low, high = numbers[0], numbers[1] - (value.draw == "integers")
        elif value.draw in ("normal", "truncated_normal"):
            low, high = numbers[0] - WIDTHS * numbers[1], numbers[0] + WIDTHS * numbers[1]
        else:
            return None
    else:
        return None
    low, high = max(low, parameter.low), min(high, parameter.high)
    return (low, high, min(max(middle, low), high)) if math.isfinite(low + high) and low < high else None


def held(recipe: RecipeText, slide: Slide, value: float, names: Names) -> str:
    """Return the text with the property held at a number."""
    number = f"{round(value)}" if slide.whole else f"{value:.6g}"

    def edit(expression: Expression) -> str:
        return number if not slide.parameter else expression.with_argument((), slide.parameter, number, names)

    return steps.changed(recipe, slide.place, (slide.at,), edit, names)
