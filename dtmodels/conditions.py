"""Conditions on stored properties, such as ``snr > 5 and abs(z) < 1``: read by a whitelisting parser, never by eval."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import numpy as np

from dtmodels.errors import ConfigurationError

Array = np.ndarray[Any, Any]
_TWO: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.And: np.logical_and,
    ast.Or: np.logical_or,
}
_ONE: dict[type[ast.AST], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.Not: np.logical_not,
    ast.Invert: np.logical_not,
}
_FUNCTIONS: dict[str, Callable[[Any], Any]] = {"abs": np.abs, "sqrt": np.sqrt, "log": np.log, "isfinite": np.isfinite}
LONGEST = 1000  # characters


class Condition:
    """A condition that was read; ``names`` are the properties that it asks for.

    Raises:
        ConfigurationError: the text is no condition; the message names the part that is not understood.

    """

    def __init__(self, text: str) -> None:
        self.text = text
        try:
            if len(text) > LONGEST:
                raise SyntaxError(f"longer than {LONGEST} characters")
            self._tree = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, RecursionError, MemoryError, ValueError) as error:
            raise ConfigurationError(f"where: {text[:80]!r}; cannot be read: {error}") from None
        self._check(self._tree)
        called = {id(node.func) for node in ast.walk(self._tree) if isinstance(node, ast.Call)}
        found = [n.id for n in ast.walk(self._tree) if isinstance(n, ast.Name) and id(n) not in called]
        self.names = list(dict.fromkeys(found))
        if not self.names:
            raise ConfigurationError(f"where: {text!r}; names no property of the examples")

    def holds(self, values: Mapping[str, Array]) -> Array:
        """For which examples it holds, bool, (example,); ``values`` are the properties, (example,)."""
        with np.errstate(all="ignore"):
            result = np.asarray(self._value(self._tree, values))
        if result.dtype != bool:
            raise ConfigurationError(f"where: {self.text!r}; is a number, must be true or false for each example")
        return result

    def _check(self, node: ast.AST) -> None:
        match node:
            case ast.Constant(value=bool() | int() | float()) | ast.Name():
                return
            case ast.UnaryOp(op=operation, operand=operand) if type(operation) in _ONE:
                self._check(operand)
            case ast.BinOp(op=operation, left=left, right=right) if type(operation) in _TWO:
                self._check(left)
                self._check(right)
            case ast.BoolOp(values=parts):
                for part in parts:
                    self._check(part)
            case ast.Compare(left=left, ops=operations, comparators=others) if all(type(o) in _TWO for o in operations):
                for part in (left, *others):
                    self._check(part)
            case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in _FUNCTIONS:
                self._check(argument)
            case _:
                raise ConfigurationError(f"where: {self.text!r}; {ast.unparse(node)!r} cannot stand in a condition")

    def _value(self, node: ast.AST, values: Mapping[str, Array]) -> Any:
        match node:
            case ast.Constant(value=value):
                return float(value) if isinstance(value, int) and not isinstance(value, bool) else value
            case ast.Name(id=name):
                return values[name]
            case ast.UnaryOp(op=operation, operand=operand):
                return _ONE[type(operation)](self._value(operand, values))
            case ast.BinOp(op=operation, left=left, right=right):
                return _TWO[type(operation)](self._value(left, values), self._value(right, values))
            case ast.BoolOp(op=operation, values=parts):
                return reduce(_TWO[type(operation)], [self._value(part, values) for part in parts])
            case ast.Compare(left=left, ops=operations, comparators=others):
                sides = [self._value(side, values) for side in (left, *others)]
                pairs = zip(operations, sides, sides[1:], strict=False)
                return reduce(np.logical_and, [_TWO[type(operation)](a, b) for operation, a, b in pairs])
            case ast.Call(func=ast.Name(id=name), args=[argument]):
                return _FUNCTIONS[name](self._value(argument, values))
        raise AssertionError(node)
