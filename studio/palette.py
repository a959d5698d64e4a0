"""All that a recipe may name, from simcore's own declarations: a new feature appears by itself.

The one place that looks into simcore's catalogue and gallery, which are not public: nothing public lists what there is.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from simcore.catalogue import DRAWS, FAMILIES, FEATURES, FUNCTIONS
from simcore.errors import SimcoreError
from simcore.gallery.examples import arguments as usual_arguments
from simcore.gallery.examples import example
from simcore.gallery.page import default as default_in_words
from simcore.gallery.page import span
from simcore.motion import __all__ as motions
from simcore.scenes import Repeat, Scene

Kind = str  # "scatterer", "microscope", "feature", "part", "repeat", "draw", "function", "own"
MAKERS = ("feature", "draw", "step", "volume", "amplitudes")  # the decorators of what users write themselves
STARTS = {"Scatterers": "scatterer", "Microscopes": "microscope", "Aberrations": "part", "Measured images": "source"}
INVISIBLE = ("name",)
# Calls for which no values follow from the declarations: files, tables, branches. What is new goes without a line here.
CALLS = {
    "Source": 'Source("images.npz", image="image")',
    "Folder": 'Folder("measured/*.tif")',
    "Apply": 'Apply("numpy:negative")',
    "Volume": "Volume(x=31.5, y=31.5, voxels=[[[1, 1], [1, 1]], [[1, 1], [1, 1]]], voxel_size=0.5)",
    "ScatteringTable": "ScatteringTable(x=31.5, y=31.5, s1=["
    + ", ".join(["1"] * 16)
    + "], s2=["
    + ", ".join(["1"] * 16)
    + "])",
    "PupilArray": "PupilArray([[1, 1, 1], [1, 1, 1], [1, 1, 1]])",
    "Maybe": "Maybe(FlipLeftRight(1), probability=0.5)",
    "OneOf": "OneOf([FlipLeftRight(1), FlipUpDown(1)])",
    "Conditional": "Conditional(uniform(0, 1) < 0.5, FlipLeftRight(1))",
    "spectrum": 'spectrum("400 nm", "700 nm", count=10)',
}


@dataclass(frozen=True)
class Parameter:
    """One parameter as the form shows it: ``kind`` is "number" (also a draw or an expression), "option" or "parts".

    ``choices`` are the values of an option that takes one of a few; ``default`` is None where it must be given.
    """

    name: str
    meaning: str
    kind: str = "number"
    unit: str = "1"
    allowed: str = ""
    default: str | None = None
    choices: tuple[str, ...] = ()
    low: float = -np.inf
    high: float = np.inf


@dataclass(frozen=True)
class Item:
    """What can be dragged from the palette; ``text`` is the call that is then written."""

    name: str
    family: str
    kind: Kind
    meaning: str
    doc: str
    parameters: tuple[Parameter, ...]
    text: str
    source: str = ""  # of what users wrote: the code that goes into the recipe

    @property
    def words(self) -> str:
        """All that a search looks through, in small letters."""
        said = [self.name, self.family, self.doc, *(f"{p.name} {p.meaning}" for p in self.parameters)]
        return " ".join(" ".join(said).lower().split())

    def matches(self, words: str) -> bool:
        """Return whether all words occur in its name, family, description or parameters."""
        return all(word in self.words for word in words.lower().split())


@cache
def items() -> tuple[Item, ...]:
    """Return all items, families in the catalogue's order."""
    found = [_feature(title, family) for family, modules in FAMILIES.items() for m in modules for title in m.__all__]
    found.insert(sum(item.family == "Scatterers" for item in found), _repeat())
    found += [_called(name, "Motion" if name in motions else "Draws", "draw") for name in DRAWS]
    found += [_called(name, "Targets" if _takes_scene(name) else "Functions", "function") for name in FUNCTIONS]
    return tuple(found)


@cache
def _by_name() -> dict[str, Item]:
    return {item.name: item for item in items()}


def item(name: str, own: Sequence[Item] = ()) -> Item | None:
    """Return what a call of that name means; ``own`` are the user's own."""
    return _by_name().get(name) or next((mine for mine in own if mine.name == name), None)


def names_for(own: Sequence[Item] = ()) -> Callable[[str], Sequence[str] | None]:
    """Return what says the parameters of a callable in order: see `studio.building.expression.Names`."""

    def names(called: str) -> Sequence[str] | None:
        found = item(called, own)
        return None if found is None else [p.name for p in found.parameters]

    return names


# -- features --------------------------------------------------------------------------------------------------------


def _feature(title: str, family: str) -> Item:
    cls: Any = FEATURES[title]
    doc = inspect.cleandoc(cls.__doc__ or "")
    return Item(title, family, STARTS.get(family, "feature"), _first(doc), doc, _parameters(cls), _call(title, cls))


def _parameters(cls: Any) -> tuple[Parameter, ...]:
    fields = {f.name: f for f in attrs.fields(cls)}
    made: dict[str, Parameter] = {}
    for name, declared in cls.declarations():
        alias = fields[name].alias
        low, high = max(declared.above, declared.least), min(declared.below, declared.most)
        made[alias] = Parameter(
            alias,
            declared.doc.replace("`", ""),
            "number",
            declared.unit,
            span(declared),
            _default(fields[name]),
            low=low,
            high=high,
        )
    for name, setting in cls.options():
        alias = fields[name].alias
        made[alias] = Parameter(
            alias,
            setting.doc.replace("`", ""),
            "option",
            "",
            setting.allowed,
            _default(fields[name]),
            _choices(setting),
        )
    for name, field in fields.items():
        if "parts" in field.metadata:
            part = field.metadata["parts"]
            made[name] = Parameter(name, part.doc, "parts", "", f"features of the kind {part.kind}", _default(field))
    order = [name for name in inspect.signature(cls).parameters if name in made]
    return tuple(made[name] for name in order)


def _default(field: Any) -> str | None:
    if field.default is attrs.NOTHING:
        return None
    words = default_in_words(field)
    return words.strip("`") if field.default is not None else "None"


def _choices(setting: Any) -> tuple[str, ...]:
    """Return the values of an option that takes one of a few: its reader holds them."""
    closure = inspect.getclosurevars(setting.read).nonlocals if inspect.isfunction(setting.read) else {}
    if "choices" in closure:
        return tuple(repr(choice) for choice in closure["choices"])
    return ("True", "False") if getattr(setting.read, "__name__", "") == "switch" else ()


def _call(title: str, cls: Any) -> str:
    """Return a call with what must be given, as the catalogue's picture has it."""
    if title in CALLS:
        return CALLS[title]
    try:
        shown = example(title)
    except SimcoreError:  # no value can be guessed; the form asks for it
        return f"{title}()"
    needed = [f for f in attrs.fields(cls) if f.init and f.default is attrs.NOTHING]
    words = [f"{f.alias}={_written(getattr(shown, f.name))}" for f in needed]
    return f"{title}({', '.join(words)})"


def _written(value: Any) -> str:
    value = getattr(value, "value", value)
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) if not isinstance(value, str) else repr(value).replace("'", '"')


def _repeat() -> Item:
    doc = inspect.cleandoc(Scene.repeat.__doc__ or "")
    declared = {p.name: p for p in _parameters(Repeat)}
    order = [name for name in inspect.signature(Scene.repeat).parameters if name in declared]
    return Item("repeat", "Scatterers", "repeat", "Many particles of one kind, each drawn afresh.", doc,
                tuple(declared[name] for name in order), "repeat(integers(2, 9))")  # fmt: skip


# -- draws and functions ---------------------------------------------------------------------------------------------


def _called(name: str, family: str, kind: Kind) -> Item:
    function = DRAWS.get(name) or FUNCTIONS[name]
    doc = inspect.cleandoc(function.__doc__ or "")
    parameters = tuple(
        Parameter(p.name, "", "number", default=None if p.default is p.empty else repr(p.default))
        for p in inspect.signature(function).parameters.values()
        if p.name not in INVISIBLE
    )
    return Item(name, family, kind, _first(doc), doc, parameters, _usual_call(name, parameters, kind))


def _usual_call(name: str, parameters: Sequence[Parameter], kind: Kind) -> str:
    if name in CALLS:
        return CALLS[name]
    if kind == "draw":
        needed = [p.name for p in parameters if p.default is None]
        words = [_written(v) if k in needed[:2] else f"{k}={_written(v)}" for k, v in usual_arguments(name).items()]
        return f"{name}({', '.join(words)})"
    needed = [p.name for p in parameters if p.default is None]
    return f"{name}({', '.join(needed)})"


def _takes_scene(name: str) -> bool:
    return "scene" in inspect.signature(FUNCTIONS[name]).parameters


def _first(doc: str) -> str:
    return " ".join(doc.partition("\n\n")[0].split()).replace("`", "")


# -- what users wrote ------------------------------------------------------------------------------------------------


def own_items(sources: Sequence[tuple[str, str]]) -> list[Item]:
    """Return what the user's own code offers, by reading it, never by running it.

    ``sources`` are (where it is from, Python text): the recipe's own code, and the Python files of the project.
    """
    found: dict[str, Item] = {}
    for where, text in sources:
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError):
            continue
        for node in tree.body:
            kind = _maker(node)
            if kind and isinstance(node, ast.FunctionDef) and node.name not in found:
                found[node.name] = _own(node, kind, where, text)
    return list(found.values())


def own_sources(folder: Path) -> list[tuple[str, str]]:
    """Return the Python files of a folder that mention one of the decorators."""
    found = []
    for path in sorted(folder.glob("*.py")):
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        if any(f".{maker}" in text for maker in MAKERS):
            found.append((path.name, text))
    return found


def _maker(node: ast.stmt) -> str | None:
    if not isinstance(node, ast.FunctionDef) or len(node.decorator_list) != 1:
        return None
    word = ast.unparse(node.decorator_list[0]).rpartition(".")[2]
    return word if word in MAKERS else None


def _own(node: ast.FunctionDef, kind: str, where: str, text: str) -> Item:
    skipped = {"feature": 1, "draw": 1, "step": 2}.get(kind, 0)
    positional = node.args.args
    given = [None] * (len(positional) - len(node.args.defaults)) + [ast.unparse(d) for d in node.args.defaults]
    parameters = tuple(
        Parameter(a.arg, f"argument of {node.name}", default=value)
        for a, value in list(zip(positional, given, strict=True))[skipped:]
    )
    lines = text.splitlines()[node.lineno - 1 : node.end_lineno]
    source = "\n".join([f"@sc.{kind}", *lines]) + "\n"
    doc = ast.get_docstring(node) or f"From {where}."
    needed = ", ".join(f"{p.name}=1.0" for p in parameters if p.default is None)
    sort = {"draw": "draw", "step": "draw", "feature": "feature"}.get(kind, "scatterer")
    return Item(node.name, "Your own", sort, _first(doc), doc, parameters, f"{node.name}({needed})", source)
