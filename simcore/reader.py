"""Read a recipe file: expressions by a whitelisting parser over Python's ``ast``, never by eval."""

from __future__ import annotations

import ast
import cmath
import difflib
import inspect
import operator
import re
from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path
from typing import Any

import yaml

from simcore import units
from simcore.catalogue import CONSTANTS, DRAWS, FEATURES, FUNCTIONS
from simcore.custom import user_function
from simcore.errors import RecipeError, SimcoreError, UntrustedCodeError
from simcore.features import Feature, as_flow
from simcore.properties import OPERATIONS, Expression
from simcore.recipe import Recipe
from simcore.scenes import as_scene
from simcore.text import FORMAT

BINARY: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.RShift: operator.rshift,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
LONGEST = 100_000  # characters of one expression
# A string of Python; one that never ends goes on to the end, so that the search stays linear.
STRING = (
    r"""'{3}(?:[^\\]|\\.)*?(?:'{3}|\Z)|"{3}(?:[^\\]|\\.)*?(?:"{3}|\Z)"""
    r"""|'(?:[^'\\]|\\.)*+'?|"(?:[^"\\]|\\.)*+"?"""
)
STRING_OR_COMMENT = re.compile(STRING + r"|#[^\r\n]*", re.DOTALL)


class Loader(yaml.SafeLoader):
    """YAML's safe loader, but a name stands once: of two, one would be dropped without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise RecipeError(f"{key.value}: stands twice, again in line {key.start_mark.line + 1}; take one away")
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


def load(path: str | Path, trust: bool = False) -> Recipe:
    """Read a recipe file.

    Raises
    ------
    RecipeError
        If the file is missing or is no recipe; the message names the place.
    UntrustedCodeError
        If the recipe holds code and ``trust`` is false.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise RecipeError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise RecipeError(f"{path}: not a text file") from None
    try:
        return loads(text, trust)
    except UntrustedCodeError as error:
        raise UntrustedCodeError(f"{path}: {error}") from None
    except SimcoreError as error:
        raise RecipeError(f"{path}: {error}") from None


def loads(text: str, trust: bool = False) -> Recipe:
    """Read a recipe from text: see `load`."""
    try:
        document = yaml.load(text, Loader)
    except yaml.YAMLError as error:
        raise RecipeError("not YAML: " + " ".join(str(error).split())) from None
    except ValueError as error:  # a date that is none, a number of thousands of digits
        raise RecipeError(f"not YAML: {error}") from None
    except RecursionError:
        raise RecipeError("nested too deeply") from None
    _check_sections(document)
    reader = Reader(_functions(document.get("code") or {}, trust), trust)
    for key, expression in (document.get("define") or {}).items():
        reader.define(key, expression)
    outputs = {key: reader.read(f"outputs.{key}", expression) for key, expression in document["outputs"].items()}
    return Recipe(**outputs)


def _check_sections(document: Any) -> None:
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        found = document.get("format") if isinstance(document, dict) else None
        raise RecipeError(f'format: {found!r}; a recipe starts with "format: {FORMAT}"')
    for section in document:
        if section not in ("format", "code", "define", "outputs"):
            raise RecipeError(f"{section}: unknown section; known are code, define, outputs")
    for section in ("code", "define", "outputs"):
        if not isinstance(document.get(section) or {}, dict):
            raise RecipeError(f"{section}: must be a list of `name: expression`")
    if not document.get("outputs"):
        raise RecipeError("outputs: missing; a recipe needs at least one output")
    for key in document["outputs"]:
        if not isinstance(key, str) or not key.isidentifier():
            raise RecipeError(f"outputs: {key!r} is not a name; use letters, digits and _")


def _functions(code: dict[str, Any], trust: bool) -> dict[str, Callable[..., Any]]:
    if code and not trust:
        raise UntrustedCodeError(
            f"the recipe brings code of its own ({', '.join(map(str, code))}); read it, then load with trust=True or --trust"
        )
    return {str(name): user_function(str(name), source) for name, source in code.items()}


class Reader:
    """Turns expressions into nodes; ``names`` are the definitions so far."""

    def __init__(self, functions: dict[str, Callable[..., Any]], trust: bool) -> None:
        self.functions, self.trust = functions, trust
        self.names: dict[str, Any] = {}

    def define(self, key: Any, expression: Any) -> None:
        if not isinstance(key, str) or not all(word.isidentifier() for word in key.split(".")):
            raise RecipeError(f"define: {key!r} is not a name; use letters, digits and _")
        self.names[key] = self.read(f"define.{key}", expression, key)

    def read(self, place: str, expression: Any, name: str | None = None) -> Any:
        """Return what an expression means; a feature or draw called at its top is named ``name``."""
        text = expression if isinstance(expression, str) else repr(expression)
        if len(text) > LONGEST:
            raise RecipeError(f"{place}: longer than {LONGEST} characters")
        try:
            tree = ast.parse(_one_line(text), mode="eval").body
            value = self.visit(tree, None, name)
            return as_flow(value) if place.startswith("outputs.") else value
        except SyntaxError as error:
            raise RecipeError(f"{place}: cannot be read: {error.msg}: {text!r}") from None
        except SimcoreError as error:
            raise type(error)(f"{place}: {error}") from None
        except (TypeError, ValueError, ZeroDivisionError, OverflowError) as error:
            raise RecipeError(f"{place}: {error}") from None
        except (RecursionError, MemoryError):
            raise RecipeError(f"{place}: nested too deeply") from None

    def visit(self, node: ast.AST, unit: str | None, name: str | None = None) -> Any:
        """Return the meaning of ``node``; ``unit`` is that of the parameter it stands in, for strings such as "633 nm"."""
        match node:
            case ast.Constant(value=str(text)):
                return units.parse(text, unit) if unit not in (None, "1") else text
            case ast.Constant(value=bool() | int() | float() | complex() | None):
                return _finite(node.value)
            case ast.Name(id=label):
                return self.look_up(label)
            case ast.Attribute():
                return self.attribute(node)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self.visit(operand, unit)
            case ast.UnaryOp(op=ast.Invert(), operand=operand):
                return ~self.visit(operand, unit)
            case ast.BinOp(left=left, op=operation, right=right) if type(operation) in BINARY:
                return self.combine(operation, self.visit(left, unit), self.visit(right, unit))
            case ast.Compare(left=left, ops=[operation], comparators=[right]) if type(operation) in BINARY:
                return self.combine(operation, self.visit(left, unit), self.visit(right, unit))
            case ast.Subscript(value=value, slice=index):
                return self.visit(value, None)[self.visit(index, None)]
            case ast.List(elts=entries) | ast.Tuple(elts=entries):
                values = [self.visit(entry, unit) for entry in entries]
                return tuple(values) if isinstance(node, ast.Tuple) else values
            case ast.Call(func=ast.Name(id=function), args=arguments, keywords=keywords):
                return self.call(function, arguments, keywords, unit, name)
            case ast.Call(func=ast.Attribute(value=scene, attr="repeat"), args=arguments, keywords=keywords):
                return self.repeat(self.visit(scene, None), arguments, keywords, name)
        raise RecipeError(f"{ast.unparse(node)!r} is not part of the recipe language")

    def combine(self, operation: ast.AST, left: Any, right: Any) -> Any:
        numbers = all(isinstance(value, (int, float, complex)) for value in (left, right))
        if numbers and isinstance(operation, ast.Pow):
            left = float(left)
        return BINARY[type(operation)](as_flow(left), right)

    def look_up(self, label: str) -> Any:
        if label in self.names:
            return self.names[label]
        if label in CONSTANTS:
            return CONSTANTS[label]
        close = difflib.get_close_matches(label, [*self.names, *CONSTANTS], 1)
        raise RecipeError(f"{label!r} is not defined" + (f"; did you mean {close[0]}?" if close else " above"))

    def attribute(self, node: ast.Attribute) -> Any:
        dotted = ast.unparse(node)
        if dotted in self.names:
            return self.names[dotted]
        owner = self.visit(node.value, None)
        if isinstance(owner, Feature) and node.attr in dict(owner.declarations()):
            return getattr(owner, node.attr)
        if node.attr in getattr(owner, "offers", ()):
            return getattr(owner, node.attr)
        known = ", ".join(dict(owner.declarations())) if isinstance(owner, Feature) else "none"
        raise RecipeError(f"{dotted!r}: no such property; known are {known}")

    def call(self, function: str, arguments: list[ast.expr], keywords: list[ast.keyword], unit: str | None,
             name: str | None) -> Any:  # fmt: skip
        if any(keyword.arg is None for keyword in keywords) or any(isinstance(a, ast.Starred) for a in arguments):
            raise RecipeError(f"{function}: * and ** are not part of the recipe language")
        if function in FEATURES or function in self.functions:
            maker = FEATURES.get(function) or self.functions[function]
            names = {} if name is None else {"name": name}
            return self.feature(maker, arguments, keywords, names)
        inner = {"spectrum": "um", "equal": None}.get(function, unit)
        values = [self.visit(argument, inner) for argument in arguments]
        named = {str(keyword.arg): self.visit(keyword.value, inner) for keyword in keywords}
        if function in DRAWS:
            return DRAWS[function](*values, **named, **({} if name is None else {"name": name}))
        if function in FUNCTIONS:
            return FUNCTIONS[function](*values, **named)
        if function in OPERATIONS and not named:
            return Expression(function, *values)
        known = [*FEATURES, *DRAWS, *FUNCTIONS, *OPERATIONS, *self.functions]
        close = difflib.get_close_matches(function, known, 1)
        raise RecipeError(f"{function}: unknown" + (f"; did you mean {close[0]}?" if close else ""))

    def repeat(self, scene: Any, arguments: list[ast.expr], keywords: list[ast.keyword], name: str | None) -> Any:
        flow = as_scene(scene, "repeat")
        values = [self.visit(argument, None) for argument in arguments]
        named = {str(k.arg): self.visit(k.value, "um" if k.arg == "pixel_size" else None) for k in keywords}
        return flow.repeat(*values, **({"name": name} | named))

    def feature(self, maker: Any, arguments: list[ast.expr], keywords: list[ast.keyword], names: dict[str, str]) -> Any:
        if getattr(maker, "runs_code", False) and not self.trust:
            raise UntrustedCodeError(f"{maker.title()} runs code; read it, then load with trust=True or --trust")
        declared = dict(maker.declarations()) if hasattr(maker, "declarations") else {}
        order = list(inspect.signature(maker).parameters)
        values = [self.visit(a, _unit(declared, label)) for a, label in zip_longest(arguments, order[: len(arguments)])]
        named = {str(k.arg): self.visit(k.value, _unit(declared, k.arg)) for k in keywords}
        return maker(*values, **(names | named))


def _finite(value: Any) -> Any:
    if isinstance(value, float | complex) and not cmath.isfinite(value):
        raise RecipeError("a number beyond 1.8e308")
    return value


def _one_line(text: str) -> str:
    """Return an expression without line breaks; a comment ends with its line, what follows it still counts."""
    bare = STRING_OR_COMMENT.sub(lambda found: "" if found[0].startswith("#") else found[0], text)
    return bare.strip().replace("\n", " ")


def _unit(declared: dict[str, Any], label: str | None) -> str | None:
    return declared[label].unit if label in declared else None
