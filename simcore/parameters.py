"""Declarations of parameters: unit, range and meaning, from which input is checked and documentation is made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs
import numpy as np

from simcore.errors import ParameterError
from simcore.properties import Array, Constant, Property, as_property

# What a parameter may be given as, and, once inside a feature, the property it has become.
Value = Any


@attrs.frozen
class Declaration:
    """One parameter of a feature.

    ``above``/``below`` exclude the limit, ``least``/``most`` include it. ``plausible`` is the length above which a number is
    taken for nanometres. ``vector`` allows a last axis, ``complex_valued`` complex numbers, ``optional`` None; ``whole``
    asks for whole numbers, ``any_phase`` allows complex numbers with a negative imaginary part.
    """

    doc: str
    unit: str = "1"
    above: float = -np.inf
    least: float = -np.inf
    below: float = np.inf
    most: float = np.inf
    plausible: float = np.inf
    vector: bool = False
    complex_valued: bool = False
    optional: bool = False
    whole: bool = False
    any_phase: bool = False

    def allowed(self) -> str:
        """Return the range in words."""
        words = [f"{sign} {limit:g}" for sign, limit, free in (
            (">", self.above, -np.inf), (">=", self.least, -np.inf), ("<", self.below, np.inf), ("<=", self.most, np.inf),
        ) if limit != free]  # fmt: skip
        if self.whole:
            return " ".join(["must be a whole number", " and ".join(words)]).rstrip()
        return "must be " + " and ".join(words or ["a finite number"])

    def outside(self, values: Array) -> Array:
        """Return which of ``values`` are not allowed."""
        real = values.real
        good = (real > self.above) & (real >= self.least) & (real < self.below) & (real <= self.most)
        good &= np.isfinite(real) & ((real == np.floor(real)) | (not self.whole))
        if values.dtype.kind == "c":
            good &= np.isfinite(values.imag) & ((values.imag >= 0) | self.any_phase)
        return ~good

    def read(self, label: str, value: object) -> Property | None:
        """Return ``value`` as a property, having refused what can be seen to be wrong; ``label`` names it in errors."""
        if value is None and self.optional:
            return None
        try:
            node = as_property(value)
        except ParameterError as error:
            raise ParameterError(f"{label}: {error}") from None
        kinds = "biuf" + "c" * self.complex_valued
        if node.dtype.kind not in kinds:
            raise ParameterError(
                f"{label}: {value!r}; must be a number{'' if self.unit == '1' else ' in ' + self.unit}"
            )
        if node.shape and not (self.vector and len(node.shape) == 1 and node.shape[0]):
            wanted = "a number or a list of numbers" if self.vector else "one number"
            raise ParameterError(f"{label}: array of shape {node.shape}; must be {wanted}")
        self._check_known(label, node)
        return node

    def _check_known(self, label: str, node: Property) -> None:
        if isinstance(node, Constant):
            self._check_constant(label, node.value)
            return
        low, high = node.bounds()
        self._ask_about_unit(label, low)
        for limit in (low, high):
            # The end of a distribution may touch an excluded limit: it is drawn with probability 0.
            touches = limit in (self.above, self.below)
            if np.isfinite(limit) and not touches and self.outside(np.asarray(limit)):
                raise ParameterError(f"{label}: can be {self.number(limit)}; {self.allowed()}")

    def _check_constant(self, label: str, values: Array) -> None:
        for value in values.ravel():
            self._ask_about_unit(label, float(value.real))
        bad = values[self.outside(values)] if values.ndim else values.reshape(1)[self.outside(values.reshape(1))]
        if bad.size:
            raise ParameterError(f"{label}: {self.number(bad.flat[0])}; {self.allowed()}")

    def _ask_about_unit(self, label: str, value: float) -> None:
        """Refuse a length that is only plausible as nanometres."""
        if np.isfinite(value) and abs(value) > self.plausible:
            raise ParameterError(f"{label}: {value:g} um? lengths are in micrometres; {value:g} nm is {value / 1e3:g}")

    def check(self, label: str, values: Array, examples: Array) -> None:
        """Refuse drawn values outside the range."""
        bad = self.outside(values)
        if bad.any():
            where = np.argwhere(bad)[0]
            value = self.number(values[tuple(where)])
            raise ParameterError(f"{label}: {value} in example {examples[where[0]]}; {self.allowed()}")

    def number(self, value: complex) -> str:
        """Return ``value`` with its unit, for messages."""
        shown = f"{value:g}" if np.iscomplexobj(value) and np.imag(value) else f"{np.real(value):g}"
        return shown if self.unit == "1" else f"{shown} {self.unit}"


@attrs.frozen
class Option:
    """A setting that is the same for all examples: a word, a whole number, a shape. ``read`` checks and returns it."""

    doc: str
    read: Callable[[str, Any], Any]
    allowed: str = ""


@attrs.frozen
class Parts:
    """Features that stand inside a feature; ``kind`` names the class that they must be of."""

    doc: str
    kind: str

    def read(self, label: str, value: Any) -> tuple[Any, ...]:
        """Return ``value`` as a tuple of features."""
        entries = tuple(value) if isinstance(value, (list, tuple)) else (value,)
        for entry in entries:
            if self.kind not in (base.__name__ for base in type(entry).__mro__):
                raise ParameterError(f"{label}: {entry!r}; must be a list of features of the kind {self.kind}")
        return entries


def parameter(
    doc: str,
    *,
    default: Any = attrs.NOTHING,
    unit: str = "1",
    above: float = -np.inf,
    least: float = -np.inf,
    below: float = np.inf,
    most: float = np.inf,
    plausible: float = np.inf,
    vector: bool = False,
    complex_valued: bool = False,
    optional: bool = False,
    whole: bool = False,
    any_phase: bool = False,
) -> Any:
    """Declare a parameter that may be a number, a draw or an expression: see `Declaration`."""
    declaration = Declaration(
        doc, unit, above, least, below, most, plausible, vector, complex_valued, optional, whole, any_phase
    )
    return attrs.field(default=default, metadata={"declaration": declaration})


def option(
    doc: str,
    *,
    default: Any = attrs.NOTHING,
    read: Callable[[str, Any], Any],
    allowed: str = "",
    alias: str | None = None,
) -> Any:
    """Declare a setting that is the same for all examples: see `Option`. ``alias`` is its name in the constructor."""
    return attrs.field(default=default, metadata={"option": Option(doc, read, allowed)}, alias=alias)


def parts(doc: str, kind: str, *, default: Any = ()) -> Any:
    """Declare a list of features that stand inside another one; ``kind`` is the name of their class."""
    return attrs.field(default=default, metadata={"parts": Parts(doc, kind)})


def one_of(*choices: Any) -> Callable[[str, Any], Any]:
    """Return a reader that takes one of ``choices``, words or numbers."""

    def read(label: str, value: Any) -> Any:
        if isinstance(value, bool) or value not in choices:
            raise ParameterError(f"{label}: {value!r}; must be one of {', '.join(map(repr, choices))}")
        return value

    return read


def whole_number(least: int, most: int, optional: bool = False) -> Callable[[str, Any], Any]:
    """Return a reader that takes a whole number from ``least`` to ``most``."""

    def read(label: str, value: Any) -> Any:
        if value is None and optional:
            return None
        good = isinstance(value, (int, np.integer)) or (isinstance(value, float) and value.is_integer())
        if isinstance(value, bool) or not good or not least <= value <= most:
            raise ParameterError(f"{label}: {value!r}; must be a whole number from {least} to {most}")
        return int(value)

    return read


def text(optional: bool = True) -> Callable[[str, Any], Any]:
    """Return a reader that takes a word (or None)."""

    def read(label: str, value: Any) -> Any:
        if (value is None and optional) or (isinstance(value, str) and value):
            return value
        raise ParameterError(f"{label}: {value!r}; must be text")

    return read


def switch(label: str, value: Any) -> bool:
    """Read True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise ParameterError(f"{label}: {value!r}; must be True or False")
    return bool(value)


def image_shape(label: str, value: Any) -> tuple[int, int]:
    """Read (height, width) in pixels."""
    good = isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 2
    if not good or not all(isinstance(n, (int, np.integer)) and 1 <= n <= 65536 for n in value):
        raise ParameterError(f"{label}: {value!r} px; must be (height, width), two whole numbers from 1 to 65536")
    return int(value[0]), int(value[1])


def between(low: float, high: float) -> Callable[[str, Any], float]:
    """Return a reader that takes a plain number from ``low`` to ``high``."""

    def read(label: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not low <= value <= high:
            raise ParameterError(f"{label}: {value!r}; must be a number from {low:g} to {high:g}")
        return float(value)

    return read
