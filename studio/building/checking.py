"""Checks of a draft, in the words of the library, and what of them belongs where."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

import simcore as sc
from simcore.reader import Loader
from studio.building.expression import Expression, ExpressionError, called
from studio.recipe_text import RecipeText, RecipeTextError, parsed

PLACE = re.compile(r"^(define|outputs|code)\.([\w.]+): (.*)$", re.DOTALL)
OUTPUT = re.compile(r"^output '(\w+)'(.*)$", re.DOTALL)
PARAMETER = re.compile(r"^([A-Za-z_]\w*)\.(\w+)(?::|$)")
DRAWN = 2000  # numbers in the histogram of a distribution
VALUE = "studio_value"  # the output that `values` asks for


@dataclass(frozen=True)
class Problem:
    """What is wrong with a draft: the entry and the parameter that it is about, where the message says so."""

    message: str
    section: str = ""
    key: str = ""
    owner: str = ""
    parameter: str = ""
    untrusted: bool = False

    def is_of(self, section: str, key: str) -> bool:
        """Return whether it is about that entry."""
        return (self.section, self.key) == (section, key)


def check(text: str, trust: bool = False) -> Problem | None:
    """Return what is wrong with a recipe's text, None if nothing is. Code of the recipe runs only with ``trust``."""
    try:
        sc.loads(text, trust)
    except sc.UntrustedCodeError as error:
        return Problem(str(error), untrusted=True)
    except sc.SimcoreError as error:
        return problem(str(error))
    except Exception as error:  # a draft may be anything; no message of the library's means it did not foresee this one
        return problem(f"{type(error).__name__}: {error}")
    return None


def code_of(text: str, folder: Path) -> str | None:
    """Return the digest of what runs when a recipe is trusted: its code, what it applies, and the project's modules of that.

    It is read as simcore reads it, so that no way of writing hides a part; None of what is no recipe.
    """
    try:
        document = yaml.load(text, Loader)
        sections = [document.get(name) or {} for name in ("code", "define", "outputs")]
        parts = [f"{name}\n{source}" for name, source in sections[0].items()]
        for words in (str(one) for section in sections[1:] for one in section.values() if "Apply" in str(one)):
            parts += _applied(words, folder)
    except (yaml.YAMLError, sc.SimcoreError, ValueError, AttributeError, RecursionError):
        return None
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _applied(text: str, folder: Path) -> list[str]:
    """Return the calls of `Apply` in an expression, and the text of the project's modules that a word of theirs names."""
    try:
        nodes = ast.walk(Expression(text).tree)
        parts = [ast.unparse(node) for node in nodes if isinstance(node, ast.Call) and called(node) == "Apply"]
    except ExpressionError:
        return [text]
    for module in re.findall(r"[\w.]+", " ".join(parts)):
        for path in (f"{module.replace('.', '/')}.py", f"{module.replace('.', '/')}/__init__.py"):
            with contextlib.suppress(OSError, ValueError):
                parts.append((folder / path).read_text(encoding="utf-8", errors="replace"))
    return parts


def problem(message: str) -> Problem:
    """Return a message of the library with the places that it names."""
    section, key, rest = "", "", message
    if match := PLACE.match(message):
        section, key, rest = match.groups()
    elif match := OUTPUT.match(message):
        section, key = "outputs", match[1]
    owner = PARAMETER.match(rest)
    return Problem(rest, section, key, owner[1] if owner else "", owner[2] if owner else "")


def values(text: str, expression: str, trust: bool = False, seed: int = 1) -> np.ndarray:
    """Return what an expression draws, as its recipe has it: the numbers of a histogram.

    Raises SimcoreError in the library's words if it cannot be.
    """
    found = parsed(text)
    base = "\n".join(
        [
            text[: _outputs_start(found)].rstrip(),
            "outputs:",
            "  " + VALUE + ": '" + " ".join(expression.split()).replace("'", "''") + "'",
        ]
    )
    recipe = sc.loads(base + "\n", trust)
    drawn = recipe.render(count=DRAWN, seed=seed, outputs=[VALUE])[VALUE]
    return np.asarray(drawn, float).reshape(-1)


def _outputs_start(found: RecipeText) -> int:
    entries = [entry for entry in found.entries if entry.section == "outputs"]
    if not entries:
        return len(found.text)
    start = found.text.rfind("outputs:", 0, entries[0].first)
    later = [e.first for e in found.entries if e.section != "outputs" and e.first > start]
    if later:
        raise RecipeTextError("outputs: must come after define")
    return start
