"""What a recipe's text is made of: entries, what is switched off in them, and why some of them cannot be edited."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from studio.building.expression import folded
from studio.errors import StudioError

OFF_STEP = re.compile(r"^[ \t]*# off (?:in (\d+) ([A-Za-z_]\w*) )?after (\d+): (.+?)[ \t]*$")
OFF_ENTRY = re.compile(r"^[ \t]*# off: ([^\W\d][\w.]*):(.*)$")
OFF_MORE = re.compile(r"^[ \t]*# off\|(.*)$")

TWICE = "stands there twice; take one away in the file to edit it here"
BRACES = "is written in one line with braces; write an entry on each line to edit it here"


class RecipeTextError(StudioError):
    """Text that is no recipe, or an edit that cannot be written."""


@dataclass(frozen=True)
class Off:
    """A step that is switched off; ``after`` steps of the chain stand before it.

    Or a feature inside step number ``step`` (from 1), after as many of those that its argument ``inside`` lists.
    """

    after: int
    text: str
    step: int = 0
    inside: str = ""

    def line(self) -> str:
        """Return its comment."""
        where = f"in {self.step} {self.inside} " if self.inside else ""
        return f"# off {where}after {self.after}: {folded(self.text)}"


@dataclass(frozen=True)
class Entry:
    """One ``key: expression``.

    ``start`` and ``end`` are where the expression stands in the text, ``first`` is where the key's line starts, ``comment``
    where the comments directly above it do, ``named`` where the key itself does. An entry that is switched off is not ``on``.
    ``hindrance`` says why it cannot be edited, ``shared`` why nothing but its expression can; empty where all can.
    """

    section: str
    key: str
    expression: str
    start: int
    end: int
    first: int
    comment: int
    named: int
    on: bool = True
    plain: bool = True
    off: tuple[Off, ...] = field(default=())
    hindrance: str = ""
    shared: str = ""


def hindrances(text: str, section: yaml.MappingNode, key: Any, value: Any) -> tuple[str, str]:
    """Return why an entry of a section cannot be edited, and why nothing but its expression can."""
    first = text.rfind("\n", 0, key.start_mark.index) + 1
    begins, ends = key.start_mark.index, key.end_mark.index
    hindrance = shared = ""
    if value.start_mark.index < begins:  # the alias of what an anchor names above
        hindrance = "is an alias (*) of something above; write its expression out to edit it here"
    elif isinstance(value, yaml.MappingNode) or (isinstance(value, yaml.SequenceNode) and not value.flow_style):
        hindrance = "is a list or a section, no expression; write a list in brackets to edit it here"
    elif section.flow_style:
        shared = BRACES
    elif text[begins:ends] != key.value or text[first:begins].strip(" \t") or not re.match(r"[ \t]*:", text[ends:]):
        shared = "is no plain name in a line of its own; write it like that in the file to edit it here"
    return hindrance, shared


def check_name(name: str) -> str:
    """Return a name that an entry can have; RecipeTextError if it cannot, such as "on", which YAML reads as true."""
    if not re.fullmatch(r"[A-Za-z_]\w*", name):
        raise RecipeTextError(f"{name!r} is not a name; use letters, digits and _")
    if yaml.safe_load(name) != name:
        raise RecipeTextError(f"{name!r} means {yaml.safe_load(name)} in YAML; choose another name")
    return name


def content_end(text: str, end: int) -> int:
    """Return where the lines that hold something end before a place: YAML counts what follows a block as part of it."""
    while end > 0:
        before = text.rfind("\n", 0, end - 1) + 1
        line = text[before:end].strip()
        if line and not line.startswith("#"):
            break
        end = before
    return end


def in_block(raw: str, expression: str, newline: str) -> str:
    """Return a block of literal lines with other lines in it; its head, its indent and the space after it stay."""
    head, *lines = raw.splitlines()
    indent = next((line[: len(line) - len(line.lstrip())] for line in lines if line.strip()), "  ")
    made = [indent + line if line.strip() else "" for line in expression.strip("\r\n").splitlines()]
    return newline.join([head, *made]) + raw[len(raw.rstrip()) :]


def padding(text: str, entries: list[Entry], width: int) -> str:
    """Return the spaces after a key's colon that line its expression up with others; the key ends at column ``width``."""
    columns = [e.start - e.first for e in entries if e.on and "\n" not in text[e.first : e.start]]
    usual = max(set(columns), key=columns.count) if columns else 0
    return " " * max(1, usual - width - 1)
