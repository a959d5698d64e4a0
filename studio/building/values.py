"""Values of parameters as the form shows them: a number, a distribution, values for each split, or an expression."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from studio import palette
from studio.building.expression import Expression, ExpressionError, arguments, called

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Value:
    """What an expression is: ``draw`` and its ``given`` arguments for a distribution, three ``texts`` for splits."""

    text: str
    mode: str
    draw: str = ""
    given: tuple[tuple[str, str], ...] = ()
    texts: tuple[str, ...] = ()


def read(text: str) -> Value:
    """Return what an expression is; what cannot be read is an expression."""
    try:
        expression = Expression(text)
    except ExpressionError:
        return Value(text, "expression")
    tree = expression.tree
    if _constant(tree):
        return Value(text, "number")
    found = by_split(expression)
    if found:
        return Value(text, "split", texts=found)
    name = called(tree)
    known = palette.item(name) if name else None
    if known is not None and known.kind == "draw" and known.family == "Draws":
        given = arguments(tree, palette.names_for())
        if all(a.name for a in given):
            return Value(text, "draw", known.name, tuple((a.name or "", expression.source(a.node)) for a in given))
    return Value(text, "expression")


def _constant(node: ast.expr) -> bool:
    match node:
        case ast.Constant():
            return True
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _constant(operand)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=ast.Constant(value=complex())):
            return _constant(left)
        case ast.List(elts=entries) | ast.Tuple(elts=entries):
            return all(_constant(entry) for entry in entries)
    return False


def by_split(expression: Expression) -> tuple[str, str, str] | None:
    """Return the values for training, validation and test if that is what an expression chooses between."""
    found: dict[str, str] = {}
    node = expression.tree
    while True:
        match node:
            case ast.Call(
                func=ast.Name(id="where"),
                args=[
                    ast.Call(func=ast.Name(id="equal"), args=[ast.Name(id="split"), ast.Constant(value=str(split))]),
                    yes,
                    no,
                ],
                keywords=[],
            ) if split in SPLITS and split not in found:
                found[split] = expression.source(yes)
                node = no
            case _:
                break
    if not found:
        return None
    rest = expression.source(node)
    return found.get("train", rest), found.get("validation", rest), found.get("test", rest)


def for_splits(train: str, validation: str, test: str) -> str:
    """Return an expression with these values; one value for all if they are the same."""
    if train == validation == test:
        return train
    if validation == test:
        return f'where(equal(split, "train"), {train}, {validation})'
    return f'where(equal(split, "train"), {train}, where(equal(split, "test"), {test}, {validation}))'


def draw_text(name: str, given: dict[str, str]) -> str:
    """Return a call of a distribution; arguments that are empty are left out, those that must be given come first."""
    known = palette.item(name)
    assert known is not None
    words, positional = [], True
    for parameter in known.parameters:
        value = given.get(parameter.name, "").strip()
        if not value or (parameter.default is not None and value == parameter.default):
            positional = False
            continue
        words.append(value if positional and parameter.default is None else f"{parameter.name}={value}")
    return f"{name}({', '.join(words)})"


def usual_draw(name: str, middle: float | None, low: float, high: float) -> str:
    """Return a distribution around a number, within the range of the parameter as far as it can be; else the palette's."""
    known = palette.item(name)
    assert known is not None
    if middle is None or name not in ("uniform", "normal", "log_uniform", "truncated_normal", "integers"):
        return known.text
    width = 0.1 * abs(middle) or 1.0
    a, b = max(low, middle - width), min(high, middle + width)
    if name == "integers":
        return f"integers({int(max(low, round(middle) - 1))}, {round(middle) + 2})"
    if name == "normal":
        return f"normal({middle:g}, {width:g})"
    if name == "truncated_normal":
        return f"truncated_normal({middle:g}, {width:g}, {a:g}, {b:g})"
    if name == "log_uniform" and a <= 0:
        return known.text
    return f"{name}({a:g}, {b:g})"


def number_in(text: str) -> float | None:
    """Return the number that a text is, or that stands for the middle of a distribution; None if there is none."""
    value = read(text)
    try:
        if value.mode == "number":
            return float(ast.literal_eval(text.strip()))
        if value.mode == "draw":
            numbers = [float(ast.literal_eval(given)) for _, given in value.given[:2]]
            return numbers[0] if value.draw in ("normal", "truncated_normal") else sum(numbers) / len(numbers)
        if value.mode == "split":
            return number_in(value.texts[1])
    except (ValueError, TypeError, SyntaxError, ZeroDivisionError):
        return None
    return None
