"""A recipe's text as entries whose places are known: an edit touches what was edited, all else stays byte for byte.

What is switched off stays in the file as a comment above the entry, which the command line does not see::

    # off after 2: PoissonNoise(snr=20, background=1)
    # off in 1 aberrations after 0: ComaVertical(0.05)
    # off: mask: dots >> DiskMask(radius=3)

The first is a step that stood after the second step of the entry below, the second the first of the features inside its
first step, the third a whole entry.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from studio.building.expression import ExpressionError
from studio.errors import StudioError

FORMAT = "simcore-recipe/1"
SECTIONS = ("code", "define", "outputs")
OFF_STEP = re.compile(r"^[ \t]*# off (?:in (\d+) ([A-Za-z_]\w*) )?after (\d+): (.+?)[ \t]*$")
OFF_ENTRY = re.compile(r"^[ \t]*# off: ([A-Za-z_][\w.]*):(.*)$")
OFF_MORE = re.compile(r"^[ \t]*# off\|(.*)$")


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
        return f"# off {where}after {self.after}: {' '.join(self.text.split())}"


@dataclass(frozen=True)
class Entry:
    """One ``key: expression``.

    ``start`` and ``end`` are where the expression stands in the text, ``first`` is where the key's line starts, ``comment``
    where the comments directly above it do. An entry that is switched off is not ``on``.
    """

    section: str
    key: str
    expression: str
    start: int
    end: int
    first: int
    comment: int
    on: bool = True
    plain: bool = True
    off: tuple[Off, ...] = field(default=())


class RecipeText:
    """The entries of a text. Raises RecipeTextError, naming the line, if it is no YAML or has no sections of a recipe."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.newline = "\r\n" if "\r\n" in text else "\n"
        self.sections: dict[str, yaml.MappingNode | None] = {}
        self._root: yaml.MappingNode | None = None
        self._compose()
        self.entries: list[Entry] = []
        for section in SECTIONS:
            self.entries += self._entries(section)

    def _compose(self) -> None:
        try:
            root = yaml.compose(self.text, Loader=yaml.SafeLoader)
        except yaml.YAMLError as error:
            raise RecipeTextError("not YAML: " + " ".join(str(error).split())) from None
        except (ValueError, RecursionError) as error:
            raise RecipeTextError(f"not YAML: {error}") from None
        if root is None:
            return
        if not isinstance(root, yaml.MappingNode):
            raise RecipeTextError(f'not a recipe; one starts with "format: {FORMAT}"')
        self._root = root
        for key, value in root.value:
            if key.value in SECTIONS:
                self.sections[key.value] = value if isinstance(value, yaml.MappingNode) else None

    # -- reading ---------------------------------------------------------------------------------------------------

    def _entries(self, section: str) -> list[Entry]:
        node = self.sections.get(section)
        if node is None:
            return []
        found = [self._entry(section, key, value) for key, value in node.value]
        offs = self._off_entries(section, found)
        return sorted([*found, *offs], key=lambda entry: entry.first)

    def _entry(self, section: str, key: Any, value: Any) -> Entry:
        start, end = value.start_mark.index, value.end_mark.index
        raw = self.text[start:end]
        plain, expression = True, raw
        if isinstance(value, yaml.ScalarNode):
            plain = value.style is None and raw.split() == value.value.split()
            if not plain:
                expression = value.value
            if value.tag.endswith(":null") and not raw.strip().startswith("None"):
                plain, expression = False, "None"
            elif value.tag.endswith(":bool"):
                plain, expression = False, str(value.value.lower() in ("true", "yes", "on"))
        elif not isinstance(value, yaml.SequenceNode) or not value.flow_style:
            plain = False
        first = self._line_start(key.start_mark.index)
        comment, offs = self._above(first)
        return Entry(section, str(key.value), expression, start, end, first, comment, True, plain, offs)

    def _line_start(self, index: int) -> int:
        return self.text.rfind("\n", 0, index) + 1

    def _above(self, first: int) -> tuple[int, tuple[Off, ...]]:
        """Return where the comments directly above a line start, and the steps switched off in them."""
        offs: list[Off] = []
        while first > 0:
            before = self._line_start(first - 1)
            line = self.text[before:first].rstrip("\r\n")
            if not line.lstrip().startswith("#") or OFF_ENTRY.match(line) or OFF_MORE.match(line):
                break
            match = OFF_STEP.match(line)
            if match:
                offs.insert(0, Off(int(match[3]), match[4], int(match[1] or 0), match[2] or ""))
            first = before
        return first, tuple(offs)

    def _off_entries(self, section: str, found: list[Entry]) -> list[Entry]:
        node = self.sections[section]
        assert node is not None
        start = self._line_start(node.start_mark.index) if node.value else node.start_mark.index
        start = self._upwards(start)
        end = self._section_end(node)
        taken = [(entry.start, entry.end) for entry in found]
        offs, position = [], start
        while position < end:
            stop = self.text.find("\n", position)
            stop = len(self.text) if stop < 0 else stop + 1
            match = OFF_ENTRY.match(self.text[position:stop].rstrip("\r\n"))
            if match and not any(a <= position < b for a, b in taken):
                lines, last = [match[2].strip()], stop
                while last < len(self.text):
                    following = self.text.find("\n", last)
                    following = len(self.text) if following < 0 else following + 1
                    more = OFF_MORE.match(self.text[last:following].rstrip("\r\n"))
                    if not more:
                        break
                    lines.append(more[1])
                    last = following
                offs.append(Entry(section, match[1], "\n".join(lines), position, last, position, position, on=False))
                stop = last
            position = stop
        return offs

    def _upwards(self, start: int) -> int:
        """Return where the comments above a section's first entry start."""
        while start > 0:
            before = self._line_start(start - 1)
            if not self.text[before:start].lstrip().startswith("#"):
                break
            start = before
        return start

    def _section_end(self, node: yaml.MappingNode) -> int:
        later = [
            key.start_mark.index
            for key, _ in (self._root.value if self._root else ())
            if key.start_mark.index > node.start_mark.index
        ]
        return min((self._line_start(index) for index in later), default=len(self.text))

    def find(self, section: str, key: str) -> Entry:
        """Return an entry; RecipeTextError if there is none."""
        for entry in self.entries:
            if (entry.section, entry.key) == (section, key):
                return entry
        raise RecipeTextError(f"{section}.{key}: no such entry")

    def keys(self, section: str) -> list[str]:
        """Return the keys of a section, those switched off too."""
        return [entry.key for entry in self.entries if entry.section == section]

    # -- edits: each returns the new text --------------------------------------------------------------------------

    def with_expression(self, section: str, key: str, expression: str, off: tuple[Off, ...] | None = None) -> str:
        """Return the text with another expression and, where given, other steps switched off."""
        entry = self.find(section, key)
        if not entry.on:
            raise RecipeTextError(f"{key} is switched off; switch it on first")
        text = self.text
        if expression != entry.expression:
            text = self._written(entry, expression)
        return text if off is None or off == entry.off else self._with_off(text, entry, off)

    def _written(self, entry: Entry, expression: str) -> str:
        """Return the text with the expression as a plain scalar where that means the same in YAML, else quoted."""
        before, after = self.text[: entry.start], self.text[entry.end :]
        if before.endswith(":"):
            before += " "
        folded = " ".join(expression.split())
        quoted = "'" + folded.replace("'", "''") + "'"
        tried = [expression if entry.plain or "\n" not in expression else folded, quoted]
        # A block scalar takes its last line break with it.
        after_block = self.newline + after if self.text[entry.start : entry.end].endswith("\n") else after
        for text in tried:
            made = before + text + after_block
            if self._means(made, entry, folded):
                return made
        raise RecipeTextError(f"{entry.key}: {folded!r} cannot be written into the file")

    def _means(self, text: str, entry: Entry, folded: str) -> bool:
        try:
            found = RecipeText(text)
            again = found.find(entry.section, entry.key)
        except RecipeTextError:
            return False
        if [(e.section, e.key) for e in found.entries] != [(e.section, e.key) for e in self.entries]:
            return False
        return " ".join(again.expression.split()) == folded

    def _with_off(self, text: str, entry: Entry, off: tuple[Off, ...]) -> str:
        """Return the text with these steps switched off above the entry, whose key has not moved."""
        above = text[entry.comment : entry.first].splitlines(keepends=True)
        kept = [line for line in above if not OFF_STEP.match(line.rstrip("\r\n"))]
        indent = self._indent(entry)
        lines = [f"{indent}{o.line()}{self.newline}" for o in off]
        return text[: entry.comment] + "".join([*kept, *lines]) + text[entry.first :]

    def _indent(self, entry: Entry) -> str:
        line = self.text[entry.first :]
        return line[: len(line) - len(line.lstrip(" \t"))]

    def with_entry(self, section: str, key: str, expression: str, before: str | None = None) -> str:
        """Return the text with a new entry at the end of a section, or before another one."""
        if not re.fullmatch(r"[A-Za-z_]\w*", key):
            raise RecipeTextError(f"{key!r} is not a name; use letters, digits and _")
        if key in self.keys(section):
            raise RecipeTextError(f"{section}.{key}: there is one already; choose another name")
        if section not in self.sections or self.sections[section] is None:
            return RecipeText(self._with_section(section, key))._filled(section, key, expression)
        node = self.sections[section]
        assert node is not None
        if node.flow_style:
            raise RecipeTextError(
                f"{section}: is written in one line with braces; write an entry on each line to edit it here"
            )
        entries = [entry for entry in self.entries if entry.section == section]
        pad = self._padding(entries, key)
        indent = self._indent(entries[0]) if entries else "  "
        line = f"{indent}{key}:{pad}None{self.newline}"
        place = self.find(section, before).comment if before else self._after(entries[-1])
        head = self.text[:place]
        if head and not head.endswith("\n"):
            head += self.newline
        return RecipeText(head + line + self.text[place:])._filled(section, key, expression)

    def _filled(self, section: str, key: str, expression: str) -> str:
        if section == "code":  # lines of Python, which only a block keeps
            entry = self.find(section, key)
            indent = self.newline + self._indent(entry) + "  "
            block = "|" + "".join(indent + line if line else self.newline for line in expression.rstrip().splitlines())
            return self.text[: entry.start] + block + self.text[entry.end :]
        return self._written(self.find(section, key), expression)

    def _padding(self, entries: list[Entry], key: str) -> str:
        """Return the spaces after the colon that line the expression up with those of the other entries."""
        columns = [e.start - e.first for e in entries if e.on and self.text[e.first : e.start].count("\n") == 0]
        if not columns:
            return " "
        usual = max(set(columns), key=columns.count)
        return " " * max(1, usual - len(self._indent(entries[0])) - len(key) - 1)

    def _after(self, entry: Entry) -> int:
        """Return where the line after an entry starts."""
        if not entry.on or self.text[entry.start : entry.end].endswith("\n"):
            return entry.end
        stop = self.text.find("\n", entry.end)
        return len(self.text) if stop < 0 else stop + 1

    def _with_section(self, section: str, key: str) -> str:
        line = f"{section}:{self.newline}  {key}: None{self.newline}"
        if self._root is None:
            head = self.text if not self.text or self.text.endswith("\n") else self.text + self.newline
            return f"{head}format: {FORMAT}{self.newline}{line}"
        for name, value in self._root.value:
            if name.value == section:  # there, but empty
                start = self._line_start(name.start_mark.index)
                stop = self.text.find("\n", max(name.end_mark.index, value.end_mark.index))
                stop = len(self.text) if stop < 0 else stop + 1
                return self.text[:start] + line + self.text[stop:]
        later = SECTIONS[SECTIONS.index(section) + 1 :]
        for name, _ in self._root.value:
            if name.value in later:
                start = self._line_start(name.start_mark.index)
                return self.text[:start] + line + self.text[start:]
        head = self.text if self.text.endswith("\n") else self.text + self.newline
        return head + line

    def without_entry(self, section: str, key: str) -> str:
        """Return the text without an entry; comments that people wrote above it stay."""
        entry = self.find(section, key)
        kept = "".join(
            line for line in self.text[entry.comment : entry.first].splitlines(keepends=True)
            if not OFF_STEP.match(line.rstrip("\r\n"))
        )  # fmt: skip
        return self.text[: entry.comment] + kept + self.text[self._after(entry) :]

    def with_entry_moved(self, section: str, key: str, before: str | None) -> str:
        """Return the text with an entry, and the comments above it, before another one of its section, or at the end."""
        entry = self.find(section, key)
        if before == key:
            return self.text
        block = self.text[entry.comment : self._after(entry)]
        if not block.endswith("\n"):
            block += self.newline
        rest = RecipeText.__new__(RecipeText)
        rest.__init__(self.text[: entry.comment] + self.text[self._after(entry) :])  # type: ignore[misc]
        others = [e for e in rest.entries if e.section == section]
        if not others:
            return self.text
        place = rest.find(section, before).comment if before else rest._after(others[-1])
        head = rest.text[:place]
        if head and not head.endswith("\n"):
            head += self.newline
        return head + block + rest.text[place:]

    def switched(self, section: str, key: str, on: bool) -> str:
        """Return the text with an entry switched on or off; off and on again is as it was, byte for byte."""
        entry = self.find(section, key)
        if entry.on == on:
            return self.text
        if on:
            return self._switched_on(entry)
        active = [e for e in self.entries if e.section == section and e.on]
        if len(active) == 1:
            raise RecipeTextError(f"{section}.{key}: the only one that is on")
        indent, stop = self._indent(entry), self._after(entry)
        lines = self.text[entry.first : stop].splitlines(keepends=True)
        head = f"{indent}# off: {lines[0][len(indent) :]}"
        return (
            self.text[: entry.first] + head + "".join(f"{indent}# off|{line}" for line in lines[1:]) + self.text[stop:]
        )

    def _switched_on(self, entry: Entry) -> str:
        lines = self.text[entry.first : entry.end].splitlines(keepends=True)
        head = lines[0].replace("# off: ", "", 1)
        rest = [line.split("# off|", 1)[1] for line in lines[1:]]
        return self.text[: entry.first] + head + "".join(rest) + self.text[entry.end :]


__all__ = ["Entry", "ExpressionError", "Off", "RecipeText", "RecipeTextError"]
