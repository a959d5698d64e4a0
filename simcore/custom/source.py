"""What users write as functions: their source, kept in the recipe, and what Numba makes of it. The only importer of numba.

A function sees its arguments, its locals, ``np`` and ``math``, nothing else, so its source says all there is to know: the
recipe stores it and is equal by it.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import math
import re
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FunctionType
from typing import Any, ClassVar

import attrs
import numpy as np

from simcore.errors import RecipeError, SimcoreError
from simcore.parameters import Value, parameter

MODULES = {"np": np, "math": math}
NUMBA_FRAME = re.compile(r"Failed in nopython mode pipeline \(step: [^)]*\) ?")  # says where in Numba, not what
LONGEST = 400  # characters of what a user's function raised
BUILTINS = ("abs", "bool", "complex", "enumerate", "float", "int", "len", "max", "min", "range", "round", "zip")


class UserMade:
    """A feature that a user wrote: its ``source``, and the ``function`` that was compiled from it."""

    source: ClassVar[str]
    function: ClassVar[Any]


def arguments_of(function: FunctionType, skipped: int) -> dict[str, Any]:
    """Return the arguments of a user's function after the first ``skipped`` as declared parameters."""
    return {
        a.name: parameter(
            f"argument of {function.__name__}",
            default=attrs.NOTHING if a.default is a.empty else a.default,
            vector=True,
        )
        for a in list(inspect.signature(function).parameters.values())[skipped:]
    }


def made(base: Any, function: FunctionType, source: str, fields: dict[str, Any]) -> Any:
    """Return the class of features that the function makes: a ``base`` with these fields besides its own."""
    body = {
        "__annotations__": dict.fromkeys(fields, Value),
        "__doc__": function.__doc__,
        "__module__": base.__module__,
        "source": source,
        "function": staticmethod(compiled(function)),
    }
    return type(function.__name__, (base,), body | fields)


@contextmanager
def in_words(name: str) -> Iterator[None]:
    """Say in one line what went wrong inside a user's function: that it does not compile, or what it raised."""
    try:
        yield
    except SimcoreError:
        raise
    except Exception as error:  # whatever users' code may raise
        said = NUMBA_FRAME.sub("", " ".join(str(error).split())).split(" During: ")[0]
        raise RecipeError(f"{name}: {type(error).__name__}: {said[:LONGEST]}") from error


def plain(function: Callable[..., Any]) -> FunctionType:
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


def source_of(function: Callable[..., Any], decorator: str) -> str:
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


def compiled(function: FunctionType) -> Any:
    import numba  # noqa: PLC0415  (half a second that recipes without own code need not wait)

    return numba.njit(nogil=True)(function)
