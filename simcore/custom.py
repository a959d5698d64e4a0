"""Features and draws that users write themselves: compiled by Numba, no compiler needed. The only importer of numba.

A function sees its arguments, its locals, ``np`` and ``math``, nothing else, so its source says all there is to know: the
recipe stores it and is equal by it.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import math
import textwrap
from collections.abc import Callable, Sequence
from functools import cache
from types import FunctionType
from typing import Any, ClassVar

import attrs
import numpy as np

from simcore.draws import Draw
from simcore.errors import RecipeError
from simcore.features import Applied, Feature, Flow
from simcore.parameters import Value, parameter
from simcore.streams import Array, Lanes, name_word
from simcore.values import Plan

MODULES = {"np": np, "math": math}
BUILTINS = ("abs", "bool", "complex", "enumerate", "float", "int", "len", "max", "min", "range", "round", "zip")


class UserFeature(Feature):
    """An operation on images that a user wrote; made by `feature`."""

    source: ClassVar[str]
    function: ClassVar[Any]

    @classmethod
    def kind(cls) -> str:
        return cls.__name__

    def refuse(self, flow: Flow) -> None:
        super().refuse(flow)
        if len(flow.shape) != 3:
            raise RecipeError(f"{self.title()} takes images of (y, x, channel); not of shape {flow.shape}")

    def apply(self, plan: Plan, data: Array, flow: Applied) -> Array:
        values = self.values(plan)
        arguments = [np.ascontiguousarray(values[field]) for field, _ in self.declarations()]
        _over_images(self.function, len(arguments))(data, *arguments)
        return data


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

        def follow(before: Array, now: Array) -> None:
            for i, k in zip(before.ravel(), now.ravel(), strict=True):
                values = [argument[k] for argument in arguments[1:]]
                if self.maker.timed:
                    values.insert(self.maker.timed - 1, time[k] - time[i])
                out[k] = self.maker.function(out[i], generator.at(k), *values)

        out[rows[:, 0, 0]] = arguments[0][rows[:, 0, 0]]
        for frame in range(1, rows.shape[1]):
            follow(rows[:, frame - 1, 0], rows[:, frame, 0])
        for part in range(1, rows.shape[2]):
            if self.maker.timed:
                follow(rows[:, :, part - 1], rows[:, :, part])
            else:  # a rule that does not know of time is one from frame to frame
                out[rows[:, :, part]] = out[rows[:, :, 0]]
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
        self.function = _compiled(function)

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


def feature(function: Callable[..., None]) -> type[UserFeature]:
    """Make a feature of ``function(image, ...)``, which changes one image (y, x, channel) in place.

    It is compiled by Numba and runs without the GIL; the further arguments become parameters, and may be numbers, draws or
    expressions.

    Raises
    ------
    RecipeError
        If the function uses names besides its arguments, its locals, ``np`` and ``math``.
    """
    return _feature(_plain(function), _source_of(function, "feature"))


def draw(function: Callable[..., float]) -> DrawMaker:
    """Make a random property of ``function(rng, ...)``, where ``rng`` is a NumPy Generator of that example's own.

    Raises
    ------
    RecipeError
        If the function uses names besides its arguments, its locals, ``np`` and ``math``.
    """
    return DrawMaker(_plain(function), _source_of(function, "draw"))


def step(function: Callable[..., float]) -> StepMaker:
    """Make a property of a movie of ``function(previous, rng, ...)``, which gives its value from that of the frame before.

    Call the result with the first value, then the further arguments. An argument called ``interval`` gets the seconds since the
    value before; ``rng`` is a NumPy Generator of that moment's own.

    With `MotionBlur` a rule with ``interval`` goes on from each frame's value from part to part of the exposure; it cannot be
    led to the value of the next frame, to which the step is made anew. Without ``interval`` the value holds during the exposure.

    Raises
    ------
    RecipeError
        If the function uses names besides its arguments, its locals, ``np`` and ``math``.
    """
    return StepMaker(_plain(function), _source_of(function, "step"))


def user_function(name: str, source: Any) -> Any:
    """Return what the stored source of a feature or draw makes: code of the recipe's author runs here."""
    try:
        tree = ast.parse(str(source))
    except SyntaxError as error:
        raise RecipeError(f"code.{name}: {error.msg}") from None
    definition = tree.body[0] if len(tree.body) == 1 else None
    decorators = [ast.unparse(d) for d in definition.decorator_list] if isinstance(definition, ast.FunctionDef) else []
    if (
        not isinstance(definition, ast.FunctionDef)
        or definition.name != name
        or decorators not in ([f"sc.{kind}"] for kind in MAKERS)
    ):
        raise RecipeError(f"code.{name}: must be one function {name} under @sc.feature, @sc.draw or @sc.step")
    definition.decorator_list = []
    space: dict[str, Any] = {**MODULES, "__builtins__": {word: getattr(builtins, word) for word in BUILTINS}}
    exec(compile(tree, f"<{name}>", "exec"), space)  # only after the user said that the code is trusted
    function = _plain(space[name])
    return MAKERS[decorators[0].removeprefix("sc.")](function, str(source))


def _feature(function: FunctionType, source: str) -> type[UserFeature]:
    arguments = list(inspect.signature(function).parameters.values())[1:]
    fields: dict[str, Any] = {
        a.name: parameter(
            f"argument of {function.__name__}",
            default=attrs.NOTHING if a.default is a.empty else a.default,
            vector=True,
        )
        for a in arguments
    }
    body = {
        "__annotations__": dict.fromkeys(fields, Value),
        "__doc__": function.__doc__,
        "__module__": __name__,
        "source": source,
        "function": staticmethod(_compiled(function)),
    }
    return type(function.__name__, (UserFeature,), body | fields)


def _plain(function: Callable[..., Any]) -> FunctionType:
    """Return the function rebuilt so that it sees ``np`` and ``math`` alone; refuse other names."""
    if not isinstance(function, FunctionType):
        raise RecipeError(f"{function!r} is not a function")
    code = function.__code__
    outside = [*code.co_freevars, *_globals_of(code)]
    foreign = [name for name in outside if name not in (*MODULES, *BUILTINS)]
    if foreign:
        raise RecipeError(
            f"{function.__name__} uses {', '.join(foreign)}; it may use its arguments, its locals, np and math: "
            "hand over other values as arguments"
        )
    return FunctionType(code, {**MODULES, "__builtins__": builtins}, function.__name__, function.__defaults__)


def _globals_of(code: Any) -> list[str]:
    import dis  # noqa: PLC0415

    found = [
        str(i.argval) for i in dis.get_instructions(code) if i.opname in ("LOAD_GLOBAL", "LOAD_NAME", "IMPORT_NAME")
    ]
    for constant in code.co_consts:
        if inspect.iscode(constant):
            found += _globals_of(constant)
    return list(dict.fromkeys(found))


def _source_of(function: Callable[..., Any], decorator: str) -> str:
    try:
        text = textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError):
        raise RecipeError(
            f"{function.__name__}: its source cannot be read; define it in a file or a notebook cell"
        ) from None
    definition = ast.parse(text).body[0]
    assert isinstance(definition, ast.FunctionDef)
    lines = text.rstrip().splitlines()[definition.lineno - 1 :]
    return "\n".join([f"@sc.{decorator}", *lines]) + "\n"


def _compiled(function: FunctionType) -> Any:
    import numba  # noqa: PLC0415  (half a second that recipes without own code need not wait)

    return numba.njit(nogil=True)(function)


@cache
def _over_images(function: Any, arguments: int) -> Any:
    """Return a compiled loop over the images of a block."""
    names = [f"p{i}" for i in range(arguments)]
    call = ", ".join(["images[i]", *(f"{name}[i]" for name in names)])
    text = f"def block({', '.join(['images', *names])}):\n    for i in range(len(images)):\n        function({call})\n"
    space: dict[str, Any] = {"function": function}
    exec(text, space)
    return _compiled(space["block"])


MAKERS: dict[str, Callable[[FunctionType, str], Any]] = {"feature": _feature, "draw": DrawMaker, "step": StepMaker}
