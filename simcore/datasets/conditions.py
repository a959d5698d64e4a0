"""Conditions on stored properties, ``"snr > 5 and label == 3"``: read by a whitelisting parser over ``ast``, never by eval."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from simcore.errors import ParameterError

ARITHMETIC: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
LOGIC: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.And: np.logical_and,
    ast.Or: np.logical_or,
    ast.BitAnd: np.logical_and,
    ast.BitOr: np.logical_or,
}
COMPARISONS: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
LONGEST = 10_000  # characters


class Condition:
    """A condition on properties: ``names`` are the arrays that it needs."""

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST:
            raise ParameterError(f"condition: longer than {LONGEST} characters")
        self.text = text
        try:
            self._tree = ast.parse(text.strip(), mode="eval").body
            self.names = sorted({node.id for node in ast.walk(self._tree) if isinstance(node, ast.Name)} - {"abs"})
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise ParameterError(
                f"condition: {text!r} cannot be read; write for instance 'snr > 5 and z < 1'"
            ) from None

    def holds(self, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
        """For which examples the condition holds, bool (example,)."""
        try:
            with np.errstate(all="ignore"):
                found = np.asarray(self._visit(self._tree, arrays))
        except ParameterError:
            raise
        except (TypeError, ValueError, IndexError, OverflowError, RecursionError) as error:
            raise ParameterError(f"condition: {self.text!r}: {error}") from None
        count = len(next(iter(arrays.values()), ()))
        if found.dtype != bool or found.shape != (count,):
            raise ParameterError(f"condition: {self.text!r}; must be true or false for every example, as 'snr > 5' is")
        return found

    def _visit(self, node: ast.AST, arrays: Mapping[str, np.ndarray]) -> Any:
        match node:
            case ast.Constant(value=bool() | int() | float()):
                return node.value
            case ast.Name(id=name) if name in arrays:
                return arrays[name]
            case ast.Subscript(value=ast.Name(id=name), slice=index) if name in arrays:
                array = arrays[name]
                return np.moveaxis(array, 0, -1)[self._index(array.ndim - 1, index)]
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self._visit(operand, arrays)
            case ast.UnaryOp(op=ast.Not() | ast.Invert(), operand=operand):
                return ~self._truth(operand, arrays)
            case ast.BinOp(left=left, op=operation, right=right) if type(operation) in ARITHMETIC:
                return ARITHMETIC[type(operation)](self._visit(left, arrays), self._visit(right, arrays))
            case ast.BinOp(left=left, op=operation, right=right) if type(operation) in LOGIC:
                return LOGIC[type(operation)](self._truth(left, arrays), self._truth(right, arrays))
            case ast.BoolOp(op=operation, values=values):
                return self._all_of(operation, [self._truth(value, arrays) for value in values])
            case ast.Compare(left=left, ops=operations, comparators=right) if {
                *map(type, operations)
            } <= COMPARISONS.keys():
                return self._compared([self._visit(side, arrays) for side in (left, *right)], operations)
            case ast.Call(func=ast.Name(id="abs"), args=[argument], keywords=[]):
                return np.abs(self._visit(argument, arrays))
        raise ParameterError(
            f"condition: {ast.unparse(node)!r} in {self.text!r} is not part of the language of conditions"
        )

    def _truth(self, node: ast.AST, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
        value = np.asarray(self._visit(node, arrays))
        if value.dtype != bool:
            raise ParameterError(f"condition: {ast.unparse(node)!r} in {self.text!r} is neither true nor false; "
                                 "put comparisons in brackets, or write and, or, not")  # fmt: skip
        return value

    def _all_of(self, operation: ast.AST, values: list[np.ndarray]) -> Any:
        result = values[0]
        for value in values[1:]:
            result = LOGIC[type(operation)](result, value)
        return result

    def _compared(self, sides: list[Any], operations: list[ast.cmpop]) -> Any:
        pairs = zip(sides[:-1], operations, sides[1:], strict=True)
        return self._all_of(ast.And(), [np.asarray(COMPARISONS[type(o)](left, right)) for left, o, right in pairs])

    def _index(self, axes: int, node: ast.AST) -> tuple[int, ...]:
        entries = node.elts if isinstance(node, ast.Tuple) else [node]
        numbers = tuple(int(e.value) for e in entries if isinstance(e, ast.Constant) and type(e.value) is int)
        if len(numbers) != len(entries) or len(numbers) != axes:
            raise ParameterError(f"condition: {self.text!r}: in brackets stand whole numbers, one for each axis after the "
                                 "first, as in 'position[0] > 5'")  # fmt: skip
        return numbers
