"""Draws and rules of motion that users write themselves."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any, ClassVar

import numpy as np

from simcore.custom.source import compiled, plain, source_of
from simcore.draws import Draw
from simcore.errors import RecipeError
from simcore.streams import Array, Lanes, name_word


class UserDraw(Draw):
    """A random property that a user wrote; made by `draw`."""

    def __init__(self, maker: DrawMaker, values: Sequence[object], name: str | None) -> None:
        self.maker, self.kind, self.source, self.parameters = maker, maker.__name__, maker.source, maker.parameters
        super().__init__(values, (), name)
        self.shape = ()

    def evaluate(self, lanes: Lanes, arguments: Sequence[Array], name: str) -> Array:
        generator = _Generator(lanes, name)
        out = np.empty(len(lanes))
        for i in range(len(lanes)):
            out[i] = self.maker.function(generator.at(i), *(argument[i] for argument in arguments))
        return out


class UserStep(UserDraw):
    """A property that changes from moment to moment by a rule that a user wrote; made by `step`."""

    clocked = True

    def evaluate(self, lanes: Lanes, arguments: Sequence[Array], name: str) -> Array:
        assert lanes.clock is not None
        generator = _Generator(lanes, name)
        rows, time = lanes.clock.rows, lanes.clock.time
        out = np.empty(len(lanes))
        out[rows[:, 0]] = arguments[0][rows[:, 0]]
        for before, now in zip(rows.T[:-1], rows.T[1:], strict=True):
            for i, k in zip(before, now, strict=True):
                values = [argument[k] for argument in arguments[1:]]
                if self.maker.timed:
                    values.insert(self.maker.timed - 1, time[k] - time[i])
                out[k] = self.maker.function(out[i], generator.at(k), *values)
        return out


class _Generator:
    """NumPy's generator, set to the stream of one row after another."""

    def __init__(self, lanes: Lanes, name: str) -> None:
        self.lanes, self.word = lanes, name_word(name)
        self.philox = np.random.Philox(0)
        self.generator = np.random.Generator(self.philox)
        self.state: Any = self.philox.state
        self.state["state"]["key"] = lanes.key

    def at(self, row: int) -> np.random.Generator:
        counter = [0, self.lanes.examples[row], self.word, self.lanes.places[row]]
        self.state["state"]["counter"] = np.array(counter, np.uint64)
        self.state.update(buffer_pos=4, has_uint32=0, uinteger=0)
        self.philox.state = self.state
        return self.generator


class DrawMaker:
    """What `draw` makes of a function: call it with values, draws or expressions to get a property."""

    makes: ClassVar[type[UserDraw]] = UserDraw
    timed = 0

    def __init__(self, function: FunctionType, source: str) -> None:
        self.__name__, self.__doc__, self.source = function.__name__, function.__doc__, source
        signature = inspect.signature(function)
        self.parameters = tuple(signature.parameters)[1:]
        self._signature = signature.replace(parameters=list(signature.parameters.values())[1:])
        self.function = compiled(function)

    def __call__(self, *values: object, name: str | None = None, **named: object) -> UserDraw:
        try:
            bound = self._signature.bind(*values, **named)
        except TypeError as error:
            raise RecipeError(f"{self.__name__}: {error}; parameters are {', '.join(self.parameters)}") from None
        bound.apply_defaults()
        return self.makes(self, list(bound.arguments.values()), name)


class StepMaker(DrawMaker):
    """What `step` makes of a function: call it with the first value and the further arguments to get a property."""

    makes = UserStep

    def __init__(self, function: FunctionType, source: str) -> None:
        super().__init__(function, source)
        rest = list(inspect.signature(function).parameters)[2:]
        self.timed = rest.index("interval") + 1 if "interval" in rest else 0  # place of the time since the value before
        kept = [p for p in list(self._signature.parameters.values())[1:] if p.name != "interval"]
        first = inspect.Parameter("start", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        self._signature = self._signature.replace(parameters=[first, *kept])
        self.parameters = tuple(self._signature.parameters)


def draw(function: Callable[..., float]) -> DrawMaker:
    """Make a random property of ``function(rng, ...)``, where ``rng`` is a NumPy Generator of that example's own.

    Raises
    ------
    RecipeError
        If the function uses names besides its arguments, its locals, ``np`` and ``math``.
    """
    return DrawMaker(plain(function), source_of(function, "draw"))


def step(function: Callable[..., float]) -> StepMaker:
    """Make a property of a movie of ``function(previous, rng, ...)``, which gives its value from that of the moment before.

    Call the result with the first value, then the further arguments. An argument called ``interval`` gets the seconds since the
    moment before; ``rng`` is a NumPy Generator of that moment's own.

    Raises
    ------
    RecipeError
        If the function uses names besides its arguments, its locals, ``np`` and ``math``.
    """
    return StepMaker(plain(function), source_of(function, "step"))
