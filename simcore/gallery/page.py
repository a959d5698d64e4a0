"""The catalogue page: markdown made of the declarations that check the input, and the pictures beside it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from simcore.catalogue import DRAWS, FAMILIES, FEATURES, FUNCTIONS
from simcore.features import Feature
from simcore.gallery.examples import function, parts_of
from simcore.gallery.pictures import PICTURED, Picture, picture
from simcore.motion import __all__ as motions
from simcore.parameters import Declaration
from simcore.scenes import Repeat, Scene

LONGEST = 1500  # characters of a recipe that is quoted

HEAD = """# Catalogue

All that a recipe may name, with the declarations by which its input is checked. Written by `simcore catalogue`: do not edit.

A parameter takes a number, a random draw or an expression of other properties; an option is the same for all examples.
Lengths are micrometres, positions in the image pixels: see [CONVENTIONS.md](../CONVENTIONS.md). Beneath each panel stands the
range of its values, from black to white; red crosses are stored positions. The recipe of a picture renders it with seed 1.
"""


def write_catalogue(path: Path) -> list[Path]:
    """Write the page to ``path`` and its pictures into the folder of that name without the ending; return all files."""
    from simcore.gallery.diagrams import diagram  # noqa: PLC0415  (matplotlib is slow to import)
    from simcore.gallery.drawing import draw_curves, draw_picture  # noqa: PLC0415

    folder = path.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(catalogue_text(folder.name), encoding="utf-8")
    made = [path]
    for name, shown in pictures().items():
        made.append(folder / f"{name}.png")
        draw_picture(shown, made[-1])
    for name in diagrams():
        made.append(folder / f"{name}.png")
        draw_curves(diagram(name), made[-1])
    return made


@cache
def pictures() -> dict[str, Picture]:
    """Return the picture of each feature, and of each function that has one."""
    return {name: picture(name) for name in (*FEATURES, *PICTURED)}


def diagrams() -> tuple[str, ...]:
    """Return the draws and motions that are shown by a diagram."""
    return (*DRAWS, "bleaching")


def catalogue_text(folder: str = "catalogue") -> str:
    """Return the page; its pictures lie in ``folder`` beside it."""
    sections: dict[str, Callable[[], Iterator[str]]] = {}
    for family, modules in FAMILIES.items():
        titles = [title for module in modules for title in module.__all__]
        sections[family] = lambda titles=titles: (_feature(title, folder) for title in titles)  # type: ignore[misc]
    sections["Many particles"] = lambda: iter([_repeat(folder)])
    sections["Draws"] = lambda: (_function(n, DRAWS[n], folder) for n in DRAWS if n not in motions)
    sections["Motion"] = lambda: (_function(n, function(n), folder) for n in (*motions, "bleaching"))
    sections["Targets of particles"] = lambda: (_function(n, FUNCTIONS[n], folder) for n in FUNCTIONS if _is_target(n))
    others = [n for n in FUNCTIONS if n != "bleaching" and not _is_target(n)]
    sections["Functions"] = lambda: (_function(n, FUNCTIONS[n], folder) for n in others)
    contents = "\n".join(f"- [{name}](#{_anchor(name)})" for name in sections)
    body = "\n".join(f"## {name}\n\n" + "\n".join(parts()) for name, parts in sections.items())
    return f"{HEAD}\n{contents}\n\n{body}"


def _is_target(name: str) -> bool:
    return "scene" in inspect.signature(FUNCTIONS[name]).parameters


def _anchor(title: str) -> str:
    return re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-")


def _feature(title: str, folder: str) -> str:
    cls = FEATURES[title]
    return _block([f"### {title}", prose(inspect.getdoc(cls) or ""), *_shown(title, folder), *_tables(cls)])


def _repeat(folder: str) -> str:
    text = "`scene.repeat(count, min_distance, ...)`\n\n" + prose(inspect.getdoc(Scene.repeat) or "")
    return _block(["### repeat", text, *_shown("repeat", folder), *_tables(Repeat)])


def _function(name: str, called: Callable[..., Any], folder: str) -> str:
    pictured = name in diagrams() or name in pictures()
    image = [f"![{name}]({folder}/{name}.png)"] if pictured else []
    return _block([f"### {name}", f"`{name}{_signature(called)}`", prose(inspect.getdoc(called) or ""), *image])


def _block(parts: list[str]) -> str:
    return "\n\n".join(parts) + "\n"


def _shown(title: str, folder: str) -> list[str]:
    shown = pictures()[title]
    image = f"![{title}]({folder}/{title}.png)"
    recipe = shown.recipe.canonical if shown.quoted else ""
    if not 0 < len(recipe) <= LONGEST:
        return [image]
    return [image, f"<details><summary>recipe</summary>\n\n```yaml\n{recipe}```\n\n</details>"]


# -- tables ------------------------------------------------------------------------------------------------------------


def _tables(cls: type[Feature]) -> list[str]:
    fields = attrs.fields_dict(cls)
    parameters = [
        [f"`{fields[name].alias}`", declared.doc, declared.unit, span(declared), default(fields[name])]
        for name, declared in cls.declarations()
    ]
    options = [[f"`{fields[name].alias}`", setting.doc, default(fields[name])] for name, setting in cls.options()]
    parts = [[f"`{name}`", part.doc, part.kind] for name, part in parts_of(cls).items()]
    return [
        *_table(["parameter", "meaning", "unit", "range", "default"], parameters),
        *_table(["option", "meaning", "default"], options),
        *_table(["features inside", "meaning", "kind"], parts),
    ]


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    if not rows:
        return []
    lines = [
        head,
        ["---"] * len(head),
        *([cell.replace("``", "`").replace("|", "\\|") for cell in row] for row in rows),
    ]
    return ["\n".join(f"| {' | '.join(line)} |" for line in lines)]


def span(declared: Declaration) -> str:
    """Return the range of a parameter in words."""
    words = [declared.allowed().removeprefix("must be ")]
    words += ["or a list"] if declared.vector else []
    words += ["complex allowed"] if declared.complex_valued else []
    words += ["or None"] if declared.optional else []
    return ", ".join(words)


def default(field: Any) -> str:
    """Return the default of a field in words."""
    if field.default is attrs.NOTHING:
        return "required"
    if isinstance(field.default, float) and np.isfinite(field.default):
        return f"{field.default:g}"
    return f"`{field.default!r}`" if isinstance(field.default, str) else str(field.default)


# -- prose -------------------------------------------------------------------------------------------------------------


def prose(doc: str) -> str:
    """Return a docstring as markdown: words in backquotes, literal blocks, headings of sections."""
    doc = re.sub(r"^([A-Z]\w+)\n-{3,}$", r"**\1**\n", doc, flags=re.MULTILINE)
    doc = re.sub(r"^(\w+)\n    (?=\S)", r"- `\1`: ", doc, flags=re.MULTILINE)
    doc = doc.replace("::\n", ":\n").replace("``", "`")
    return re.sub(r"(?<=`)\n(?=`)", "\n", doc)


def _signature(called: Callable[..., Any]) -> str:
    parameters = inspect.signature(called).parameters.values()
    return f"({', '.join(str(p.replace(annotation=inspect.Parameter.empty)) for p in parameters)})"
