"""Properties: the values of parameters, as a graph of immutable nodes that compare by identity.

A property is a number, an array, a random draw (``draws.py``) or an expression of other properties. It is evaluated for a
whole block of examples at once; each node's result has the shape (row, *shape of the value): a row is an example or, where
it matters, one of its copies or frames.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from simcore import kernels
from simcore.errors import ParameterError, RecipeError
from simcore.streams import Array, Lanes

Bounds = tuple[float, float]
UNBOUNDED: Bounds = (-np.inf, np.inf)
STORED_VALUES = 1000  # larger arrays belong into a file that the recipe names


class Node:
    """Part of a recipe. Immutable; equal only to itself."""


class Property(Node):
    """A value that each example has: see the module."""

    inputs: tuple[Property, ...] = ()
    shape: tuple[int, ...] = ()
    dtype: np.dtype = np.dtype(np.float64)
    name: str | None = None
    random: bool = False  # draws random numbers of its own
    clocked: bool = False  # changes from moment to moment of a movie
    owner: Any = None  # the feature that it belongs to, and is named after

    def evaluate(self, lanes: Lanes, arguments: Sequence[Array], name: str) -> Array:
        """Return the value for every lane, given those of ``inputs`` and the node's name in the recipe."""
        raise NotImplementedError

    def bounds(self) -> Bounds:
        """Smallest and largest value possible, as far as can be known without drawing."""
        return UNBOUNDED

    def __add__(self, other: object) -> Property:
        return _combine("add", self, other)

    def __radd__(self, other: object) -> Property:
        return _combine("add", other, self)

    def __sub__(self, other: object) -> Property:
        return _combine("subtract", self, other)

    def __rsub__(self, other: object) -> Property:
        return _combine("subtract", other, self)

    def __mul__(self, other: object) -> Property:
        return _combine("multiply", self, other)

    def __rmul__(self, other: object) -> Property:
        return _combine("multiply", other, self)

    def __truediv__(self, other: object) -> Property:
        return _combine("divide", self, other)

    def __rtruediv__(self, other: object) -> Property:
        return _combine("divide", other, self)

    def __floordiv__(self, other: object) -> Property:
        return _combine("floor_divide", self, other)

    def __rfloordiv__(self, other: object) -> Property:
        return _combine("floor_divide", other, self)

    def __rmod__(self, other: object) -> Property:
        return _combine("remainder", other, self)

    def __mod__(self, other: object) -> Property:
        return _combine("remainder", self, other)

    def __pow__(self, other: object) -> Property:
        return _combine("power", self, other)

    def __rpow__(self, other: object) -> Property:
        return _combine("power", other, self)

    def __neg__(self) -> Property:
        return Expression("negative", self)

    def __abs__(self) -> Property:
        return Expression("absolute", self)

    def __lt__(self, other: object) -> Property:
        return _combine("less", self, other)

    def __le__(self, other: object) -> Property:
        return _combine("less_equal", self, other)

    def __gt__(self, other: object) -> Property:
        return _combine("greater", self, other)

    def __ge__(self, other: object) -> Property:
        return _combine("greater_equal", self, other)

    def __and__(self, other: object) -> Property:
        return _combine("logical_and", self, other)

    def __rand__(self, other: object) -> Property:
        return _combine("logical_and", other, self)

    def __or__(self, other: object) -> Property:
        return _combine("logical_or", self, other)

    def __ror__(self, other: object) -> Property:
        return _combine("logical_or", other, self)

    def __invert__(self) -> Property:
        return Expression("logical_not", self)

    def __getitem__(self, index: int) -> Property:
        return Element(self, index)

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        raise RecipeError("== between properties has no value yet; write sc.equal(a, b)")

    def __ne__(self, other: object) -> bool:
        if self is other:
            return False
        raise RecipeError("!= between properties has no value yet; write ~sc.equal(a, b)")

    def __bool__(self) -> bool:
        raise RecipeError(
            "a property has no truth value before it is drawn; write & for and, | for or, ~ for not, sc.where for if, "
            "and split a < b < c into (a < b) & (b < c)"
        )

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: object, **options: object) -> Property:
        if method != "__call__" or options or ufunc.__name__ not in OPERATIONS:
            raise RecipeError(f"np.{ufunc.__name__} does not work on properties; known are {', '.join(OPERATIONS)}")
        return Expression(ufunc.__name__, *inputs)


class Constant(Property):
    """A number, a word or an array that is the same for all examples."""

    def __init__(self, value: object) -> None:
        try:
            array = np.asarray(value)
        except (ValueError, RecursionError):  # lists of different lengths
            raise ParameterError(f"{str(value)[:60]}: not an array; its parts must be equally long") from None
        if array.dtype.kind not in "biufcU" or array.dtype.hasobject:
            raise ParameterError(f"{value!r}: neither a number, an array of numbers, nor a property")
        if not array.size:
            raise ParameterError(f"{value!r}: an array must hold at least one value")
        if array.size > STORED_VALUES:
            raise ParameterError(
                f"array of {array.size} values; a recipe holds up to {STORED_VALUES}, name a file instead"
            )
        self.value = array.astype(_wide(array.dtype))
        self.value.setflags(write=False)
        self.shape = self.value.shape
        self.dtype = self.value.dtype

    def evaluate(self, lanes: Lanes, arguments: Sequence[Array], name: str) -> Array:
        if not self.shape:
            return np.full(len(lanes), self.value)
        return np.broadcast_to(self.value, (len(lanes), *self.shape))

    def bounds(self) -> Bounds:
        if self.dtype.kind not in "biuf" or not self.value.size:
            return UNBOUNDED
        return float(self.value.min()), float(self.value.max())


class Split(Property):
    """Which part of the data an example belongs to: "train", "validation" or "test"."""

    dtype = np.dtype("<U10")

    def evaluate(self, lanes: Lanes, arguments: Sequence[Array], name: str) -> Array:
        return np.full(len(lanes), lanes.split, self.dtype)


class Time(Property):
    """The time since the first frame of a movie, in seconds."""

    clocked = True

    def evaluate(self, lanes: Lanes, arguments: Sequence[Array], name: str) -> Array:
        assert lanes.clock is not None
        return lanes.clock.time

    def bounds(self) -> Bounds:
        return 0.0, np.inf


class Wrapped(Property):
    """A property that is drawn elsewhere than where it stands: see `shared` and `each_frame`."""

    word = ""

    def __init__(self, source: object) -> None:
        node = as_property(source)
        self.inputs = (node,)
        self.shape, self.dtype = node.shape, node.dtype

    def evaluate(self, lanes: Lanes, arguments: Sequence[Array], name: str) -> Array:
        return arguments[0]

    def bounds(self) -> Bounds:
        return self.inputs[0].bounds()


class Shared(Wrapped):
    """One value for all copies of a repeated scatterer."""

    word = "shared"


class EachFrame(Wrapped):
    """A value drawn anew in each frame of a movie."""

    word = "each_frame"


class Element(Property):
    """One entry of a vector property."""

    def __init__(self, source: Property, index: int) -> None:
        if not isinstance(index, int) or not source.shape or not -source.shape[0] <= index < source.shape[0]:
            raise RecipeError(f"[{index!r}] of a property of shape {source.shape}")
        self.inputs = (source,)
        self.index = index
        self.shape = source.shape[1:]
        self.dtype = source.dtype

    def evaluate(self, lanes: Lanes, arguments: Sequence[Array], name: str) -> Array:
        return arguments[0][:, self.index]

    def bounds(self) -> Bounds:
        return self.inputs[0].bounds()


class Spectrum(Property):
    """``count`` equally spaced, equally weighted wavelengths, ends included."""

    def __init__(self, start: object, stop: object, count: int) -> None:
        if not isinstance(count, int) or count < 1:
            raise ParameterError(f"spectrum.count: {count!r}; must be an integer >= 1")
        self.inputs = (as_property(start), as_property(stop))
        self.count = count
        self.shape = (count,)

    def evaluate(self, lanes: Lanes, arguments: Sequence[Array], name: str) -> Array:
        start, stop = (np.asarray(argument, float)[:, None] for argument in arguments)
        if self.count == 1:
            return 0.5 * (start + stop)
        fraction = np.arange(self.count) / (self.count - 1)
        return start * (1 - fraction) + stop * fraction

    def bounds(self) -> Bounds:
        (a, b), (c, d) = (node.bounds() for node in self.inputs)
        return min(a, c), max(b, d)


class Expression(Property):
    """An operation of ``OPERATIONS`` on other properties."""

    def __init__(self, operation: str, *inputs: object) -> None:
        self.operation = operation
        self.inputs = tuple(as_property(value) for value in inputs)
        try:
            self.shape = np.broadcast_shapes(*(node.shape for node in self.inputs))
        except ValueError:
            shapes = ", ".join(str(node.shape) for node in self.inputs)
            raise RecipeError(f"{operation}: values of shapes {shapes} do not fit together") from None
        blanks = [np.ones((1, *node.shape), node.dtype) for node in self.inputs]
        try:
            self.dtype = OPERATIONS[operation].function(*blanks).dtype
        except (TypeError, np.exceptions.DTypePromotionError):
            raise RecipeError(f"{operation} does not work on {', '.join(str(a.dtype) for a in blanks)}") from None

    def evaluate(self, lanes: Lanes, arguments: Sequence[Array], name: str) -> Array:
        axes = len(self.shape)
        aligned = [a.reshape(a.shape[0], *(1,) * (axes - a.ndim + 1), *a.shape[1:]) for a in arguments]
        return OPERATIONS[self.operation].function(*aligned)

    def bounds(self) -> Bounds:
        rule = OPERATIONS[self.operation].bounds
        if rule is None:
            return UNBOUNDED
        with np.errstate(all="ignore"):
            low, high = rule(*(node.bounds() for node in self.inputs))
        return UNBOUNDED if np.isnan(low) or np.isnan(high) else (float(low), float(high))


def as_property(value: object) -> Property:
    """Return ``value`` as a property: itself, or a constant."""
    return value if isinstance(value, Property) else Constant(value)


def where(condition: object, yes: object, no: object) -> Property:
    """Return ``yes`` in the examples in which ``condition`` holds, ``no`` in the others."""
    return Expression("where", condition, yes, no)


def equal(left: object, right: object) -> Property:
    """Return whether two values are equal, example by example."""
    return Expression("equal", left, right)


def spectrum(start: object, stop: object, count: int = 10) -> Property:
    """Return ``count`` wavelengths from ``start`` to ``stop`` (um), ends included, of equal weight.

    A microscope's ``spectral_weights`` give a line its shape, for instance Gauss's of full width w at half maximum around c:
    ``spectral_weights=np.exp(-4 * np.log(2) * ((wavelength - c) / w) ** 2)``. A step between wavelengths makes light coherent
    again at path differences of wavelength^2 / step, which must lie far beyond those in the image.

    Raises
    ------
    ParameterError
        If ``count`` is not a positive integer.
    """
    return Spectrum(start, stop, count)


def shared(draw: object) -> Property:
    """Return ``draw`` as one value per example, where it stands in a repeated scatterer and would be drawn for each copy."""
    return Shared(draw)


def each_frame(draw: object) -> Property:
    """Return ``draw`` as drawn anew in each frame of a movie, not once per example."""
    return EachFrame(draw)


split = Split()
time = Time()


@dataclass(frozen=True)
class Operation:
    """How an operation is computed, written (``{0} + {1}``; empty: as a function) and bounded."""

    function: Callable[..., Array]
    symbol: str = ""
    bounds: Callable[..., Bounds] | None = None


def _combine(operation: str, left: object, right: object) -> Property:
    if not all(
        isinstance(value, (Property, int, float, complex, str, list, tuple, np.ndarray, np.generic))
        for value in (left, right)
    ):
        return NotImplemented
    return Expression(operation, left, right)


def _wide(dtype: np.dtype) -> np.dtype:
    return {"b": np.dtype(bool), "i": np.dtype(np.int64), "u": np.dtype(np.int64), "f": np.dtype(np.float64),
            "c": np.dtype(np.complex128)}.get(dtype.kind, dtype)  # fmt: skip


def _corners(function: Callable[[float, float], float]) -> Callable[[Bounds, Bounds], Bounds]:
    def rule(left: Bounds, right: Bounds) -> Bounds:
        values = [function(np.float64(a), np.float64(b)) for a in left for b in right]
        return min(values), max(values)

    return rule


def _quotient(left: Bounds, right: Bounds) -> Bounds:
    return UNBOUNDED if right[0] <= 0 <= right[1] else _corners(lambda a, b: a / b)(left, right)


def _magnitude(value: Bounds) -> Bounds:
    low, high = abs(value[0]), abs(value[1])
    return (0.0 if value[0] <= 0 <= value[1] else min(low, high)), max(low, high)


def _pinned(name: str) -> Callable[[Array], Array]:
    def function(argument: Array) -> Array:
        return kernels.elementary(name, argument)

    return function


def _power(base: Array, exponent: Array) -> Array:
    # Small whole powers by multiplication, the rest by pinned exp and log: NumPy's pow differs between processors.
    base, exponent = np.broadcast_arrays(np.asarray(base, float), np.asarray(exponent, float))
    result = kernels.elementary("exp", exponent * kernels.elementary("log", base))
    product = np.ones_like(base)
    for whole in range(5):
        result = np.where(exponent == whole, product, result)
        product = product * base
    return result


OPERATIONS: dict[str, Operation] = {
    "add": Operation(np.add, "+", lambda a, b: (a[0] + b[0], a[1] + b[1])),
    "subtract": Operation(np.subtract, "-", lambda a, b: (a[0] - b[1], a[1] - b[0])),
    "multiply": Operation(np.multiply, "*", _corners(lambda a, b: a * b)),
    "divide": Operation(np.true_divide, "/", _quotient),
    "floor_divide": Operation(np.floor_divide, "//"),
    "remainder": Operation(np.remainder, "%"),
    "power": Operation(_power, "**"),
    "less": Operation(np.less, "<"),
    "less_equal": Operation(np.less_equal, "<="),
    "greater": Operation(np.greater, ">"),
    "greater_equal": Operation(np.greater_equal, ">="),
    "logical_and": Operation(np.logical_and, "&"),
    "logical_or": Operation(np.logical_or, "|"),
    "negative": Operation(np.negative, "", lambda a: (-a[1], -a[0])),
    "logical_not": Operation(np.logical_not),
    "absolute": Operation(np.absolute, "", _magnitude),
    "equal": Operation(np.equal),
    "not_equal": Operation(np.not_equal),
    "where": Operation(np.where, "", lambda c, a, b: (min(a[0], b[0]), max(a[1], b[1]))),
    "minimum": Operation(np.minimum, "", lambda a, b: (min(a[0], b[0]), min(a[1], b[1]))),
    "maximum": Operation(np.maximum, "", lambda a, b: (max(a[0], b[0]), max(a[1], b[1]))),
    "sqrt": Operation(np.sqrt, "", lambda a: (np.sqrt(max(a[0], 0.0)), np.sqrt(max(a[1], 0.0)))),
    "floor": Operation(np.floor),
    "ceil": Operation(np.ceil),
    "rint": Operation(np.rint),
    "exp": Operation(_pinned("exp")),
    "log": Operation(_pinned("log")),
    "sin": Operation(_pinned("sin"), "", lambda a: (-1.0, 1.0)),
    "cos": Operation(_pinned("cos"), "", lambda a: (-1.0, 1.0)),
}
