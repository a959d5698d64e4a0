"""A recipe's text as entries whose places are known: an edit touches what was edited, all else stays byte for byte.

What is switched off stays in the file as a comment above the entry, which the command line does not see::

    # off after 2: PoissonNoise(snr=20, background=1)
    # off in 1 aberrations after 0: ComaVertical(0.05)
    # off: mask: dots >> DiskMask(radius=3)

The first is a step that stood after the second step of the entry below, the second the first of the features inside its
first step, the third a whole entry.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import yaml

from studio.building.expression import ExpressionError, folded, normal
from studio.recipe_entries import (
    BRACES,
    OFF_ENTRY,
    OFF_MORE,
    OFF_STEP,
    TWICE,
    Entry,
    Off,
    RecipeTextError,
    check_name,
    content_end,
    hindrances,
    in_block,
    padding,
)

FORMAT = "simcore-recipe/1"
SECTIONS = ("code", "define", "outputs")


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
        return sorted([*found, *offs], key=lambda entry: entry.named)

    def _entry(self, section: str, key: Any, value: Any) -> Entry:
        node = self.sections[section]
        assert node is not None
        hindrance, shared = hindrances(self.text, node, key, value)
        start, end = value.start_mark.index, value.end_mark.index
        if isinstance(value, yaml.CollectionNode) and not value.flow_style:
            end = content_end(self.text, end)
        raw = self.text[start:end]
        plain, expression = True, raw
        if isinstance(value, yaml.ScalarNode):
            # Else it reads otherwise as it stands: with a comment or a string that goes on in the next line, for instance.
            plain = value.style is None and (raw == value.value or normal(raw) == normal(value.value))
            if not plain:
                expression = value.value
            if value.tag.endswith(":null") and not raw.strip().startswith("None"):
                plain, expression = False, "None"
            elif value.tag.endswith(":bool"):
                plain, expression = False, str(value.value.lower() in ("true", "yes", "on"))
        elif not isinstance(value, yaml.SequenceNode) or not value.flow_style:
            plain = False
        first, named = self._line_start(key.start_mark.index), key.start_mark.index
        if start < named:  # an alias: what it stands for is written above
            start = end = self.text.index("*", key.end_mark.index)
        comment, offs = (first, ()) if node.flow_style else self._above(first)
        return Entry(
            section, str(key.value), expression, start, end, first, comment, named, True, plain, offs, hindrance, shared
        )

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
        keys = [key.end_mark.index for key, value in (self._root.value if self._root else ()) if value is node]
        position = self.text.find("\n", node.end_mark.index if node.flow_style else keys[0]) + 1 or len(self.text)
        end = self._section_end(node)
        taken = [(entry.start, entry.end) for entry in found]
        offs = []
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
                comment, above = self._above(position)
                begins = position + match.start(2) + len(match[2]) - len(match[2].lstrip())
                offs.append(
                    Entry(section, match[1], "\n".join(lines), begins, last, position, comment, position + match.start(1),
                          on=False, off=above, shared=BRACES if node.flow_style else "")
                )  # fmt: skip
                stop = last
            position = stop
        return offs

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

    def editable(self, section: str, key: str, expression_only: bool = False) -> Entry:
        """Return an entry; RecipeTextError, saying why, if an edit would take in more than this entry."""
        entry = self.find(section, key)
        hindrance = entry.hindrance or ("" if expression_only else entry.shared)
        if self.keys(section).count(key) > 1:
            hindrance = TWICE
        if hindrance:
            raise RecipeTextError(f"{section}.{key}: {hindrance}")
        return entry

    # -- edits: each returns the new text --------------------------------------------------------------------------

    def with_expression(self, section: str, key: str, expression: str, off: tuple[Off, ...] | None = None) -> str:
        """Return the text with another expression and, where given, other steps switched off."""
        entry = self.editable(section, key, expression_only=off is None or off == self.find(section, key).off)
        if not entry.on:
            raise RecipeTextError(f"{key} is switched off; switch it on first")
        text = self.text
        if expression != entry.expression:
            text = self._written(entry, expression)
        return text if off is None or off == entry.off else self._with_off(text, entry, off)

    def _written(self, entry: Entry, expression: str) -> str:
        """Return the text with the expression as a plain scalar where that means the same in YAML, else quoted.

        A block that keeps its lines stays one.
        """
        for made in self._ways(entry, expression):
            found = self._same_but(made, entry)
            if found and normal(found.find(entry.section, entry.key).expression) == normal(expression):
                return made
        raise RecipeTextError(f"{entry.key}: {normal(expression)!r} cannot be written into the file")

    def _ways(self, entry: Entry, expression: str) -> Iterator[str]:
        before, after = self.text[: entry.start], self.text[entry.end :]
        raw = self.text[entry.start : entry.end]
        if raw.startswith("|") and not entry.plain:
            yield before + in_block(raw, expression, self.newline) + after
        if before.endswith(":"):
            before += " "
        # A block scalar takes its last line break with it.
        after = self.newline + after if raw.endswith("\n") else after
        line = folded(expression)
        yield before + (expression if entry.plain or "\n" not in expression else line) + after
        yield before + "'" + line.replace("'", "''") + "'" + after

    def _same_but(self, text: str, entry: Entry) -> RecipeText | None:
        """Return a text as a recipe if all entries but this say in it what they say here, else None."""

        def others(recipe: RecipeText) -> dict[tuple[str, str], object]:
            place = (entry.section, entry.key)
            return {
                (e.section, e.key): (normal(e.expression), e.on, e.off)
                for e in recipe.entries
                if (e.section, e.key) != place
            }

        try:
            found = parsed(text)
        except RecipeTextError:
            return None
        return found if others(found) == others(self) else None

    def _checked(self, text: str, entry: Entry, on: bool | None) -> str:
        """Return a text in which an entry is on, off or, with None, gone, if that is so and nothing else has changed."""
        found = self._same_but(text, entry)
        there = [e.on for e in found.entries if (e.section, e.key) == (entry.section, entry.key)] if found else None
        if there != ([] if on is None else [on]):
            raise RecipeTextError(
                f"{entry.section}.{entry.key}: would change others as well, the way the file is written; edit it there"
            )
        return text

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
        if check_name(key) in self.keys(section):
            raise RecipeTextError(f"{section}.{key}: there is one already; choose another name")
        if section not in self.sections or self.sections[section] is None:
            return RecipeText(self._with_section(section, key))._filled(section, key, expression)
        node = self.sections[section]
        assert node is not None
        if node.flow_style:
            raise RecipeTextError(f"{section}: {BRACES}")
        entries = [entry for entry in self.entries if entry.section == section]
        indent = self._indent(entries[0]) if entries else "  "
        pad = padding(self.text, entries, len(indent) + len(key))
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
        entry = self.editable(section, key)
        others = [e.on for e in self.entries if e.section == section and e is not entry]
        if entry.on and others and not any(others):
            raise RecipeTextError(f"{section}.{key}: the only one that is on; switch another one on first")
        kept = "".join(
            line for line in self.text[entry.comment : entry.first].splitlines(keepends=True)
            if not OFF_STEP.match(line.rstrip("\r\n"))
        )  # fmt: skip
        return self._checked(self.text[: entry.comment] + kept + self.text[self._after(entry) :], entry, None)

    def with_entry_moved(self, section: str, key: str, before: str | None) -> str:
        """Return the text with an entry, and the comments above it, before another one of its section, or at the end."""
        entry = self.editable(section, key)
        others = [e for e in self.entries if e.section == section and e is not entry]
        if before == key or not others:
            return self.text
        start, stop = entry.comment, self._after(entry)
        place = self.find(section, before).comment if before else self._after(others[-1])
        ends = [self.text[:start], self.text[start:stop], self.text[stop:]]
        if place <= start:
            ends = [self.text[:place], self.text[start:stop], self.text[place:start], self.text[stop:]]
        elif place >= stop:
            ends = [self.text[:start], self.text[stop:place], self.text[start:stop], self.text[place:]]
        # Only the last line of the file may have no end.
        lines = [part if not part or part.endswith("\n") else part + self.newline for part in ends[:-1]]
        return self._checked("".join(lines) + ends[-1], entry, entry.on)

    def switched(self, section: str, key: str, on: bool) -> str:
        """Return the text with an entry switched on or off; off and on again is as it was, byte for byte."""
        entry = self.editable(section, key)
        if entry.on == on:
            return self.text
        if on:
            return self._checked(self._switched_on(entry), entry, True)
        active = [e for e in self.entries if e.section == section and e.on]
        if len(active) == 1:
            raise RecipeTextError(f"{section}.{key}: the only one that is on")
        indent, stop = self._indent(entry), self._after(entry)
        lines = self.text[entry.first : stop].splitlines(keepends=True)
        head = f"{indent}# off: {lines[0][len(indent) :]}"
        made = head + "".join(f"{indent}# off|{line}" for line in lines[1:])
        return self._checked(self.text[: entry.first] + made + self.text[stop:], entry, False)

    def _switched_on(self, entry: Entry) -> str:
        lines = self.text[entry.first : entry.end].splitlines(keepends=True)
        head = lines[0].replace("# off: ", "", 1)
        rest = [line.split("# off|", 1)[1] for line in lines[1:]]
        return self.text[: entry.first] + head + "".join(rest) + self.text[entry.end :]


@lru_cache(maxsize=8)
def parsed(text: str) -> RecipeText:
    """Return the entries of a text that may just have been read: an edit reads what it made before it is saved and shown."""
    return RecipeText(text)


__all__ = ["Entry", "ExpressionError", "Off", "RecipeText", "RecipeTextError", "parsed"]
