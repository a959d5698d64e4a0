"""Expressions of the recipe language as text whose parts have places, so that an edit touches its own part alone.

A part is found by a path from the whole: a number is a step of a chain ``a >> B() >> C()`` or an entry of a list, a word an
argument of a call. The empty path is the whole.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from simcore.reader import STRING
from studio.errors import StudioError

Path = tuple[int | str, ...]
Span = tuple[int, int]
# The parameters of a callable in order; None where it is not known.
Names = Callable[[str], Sequence[str] | None]

# A string of Python, a comment with the space after it, or space.
PIECE = re.compile(STRING + r"|\#[^\r\n]*+\s*|\s+", re.DOTALL)
WIDEST = 120  # characters of a line; a step that would go beyond starts a new one


class ExpressionError(StudioError):
    """Text that is no expression, or a part that it does not have."""


def normal(text: str, comments: bool = True) -> str:
    """Return an expression with one space for any spaces and line breaks; what stands in strings stays as it is.

    A line breaks only after a comment, which would otherwise take in what follows; without ``comments`` there are none.
    """

    def piece(found: re.Match[str]) -> str:
        words = found[0]
        if words.startswith("#"):
            return words.rstrip() + "\n" if comments else " "
        return " " if words.isspace() else words

    return PIECE.sub(piece, text).strip()


def folded(text: str) -> str:
    """Return an expression in one line; ExpressionError if it has none."""
    line = normal(text)
    if "\n" in line or "\r" in line:
        raise ExpressionError(
            f"{line!r} cannot stand in one line; take out the comments and line breaks in strings first"
        )
    return line


def closed(text: str) -> str:
    """Return the text of a part; ExpressionError if it ends in a comment, which would take in what follows the part."""
    pieces = [found for found in PIECE.finditer(text) if found[0].startswith("#") and found.end() == len(text)]
    if pieces and not text.endswith("\n"):
        raise ExpressionError(f"{pieces[0][0]!r}: a comment at the end would hide what follows; take it out")
    return text


@dataclass(frozen=True)
class Argument:
    """An argument of a call: ``name`` is None where the callable's parameters are not known."""

    name: str | None
    node: ast.expr
    keyword: bool


class Expression:
    """One expression. Raises ExpressionError if it is none."""

    def __init__(self, text: str) -> None:
        self.text = text
        source = f"({text}\n)"  # lines may be broken anywhere within parentheses
        try:
            self.tree = ast.parse(source, mode="eval").body
        except (SyntaxError, ValueError) as error:
            said = error.msg if isinstance(error, SyntaxError) else str(error)
            raise ExpressionError(f"cannot be read: {said}") from None
        except (RecursionError, MemoryError):
            raise ExpressionError("nested too deeply") from None
        lines = source.splitlines(keepends=True)
        self._starts = [0]
        for line in lines:
            self._starts.append(self._starts[-1] + len(line))
        self._lines = lines
        # What begins with the parentheses that were put around it is a tuple without its own, or no expression: "1) + (2".
        if (self.tree.lineno, self.tree.col_offset) == (1, 0):
            try:
                ast.parse(normal(text, comments=False), mode="eval")
            except SyntaxError as error:
                raise ExpressionError(f"cannot be read: {error.msg}") from None

    # -- places ----------------------------------------------------------------------------------------------------

    def _index(self, line: int, column: int) -> int:
        within = self._lines[line - 1].encode()[:column].decode()  # the parser counts bytes
        return self._starts[line - 1] + len(within) - 1

    def span(self, node: ast.AST) -> Span:
        """Return where a part stands, parentheses around it not included."""
        assert isinstance(node, ast.expr | ast.keyword)
        start, end = (
            self._index(node.lineno, node.col_offset),
            self._index(node.end_lineno or 0, node.end_col_offset or 0),
        )
        return max(0, start), min(end, len(self.text))  # a tuple may have no parentheses but those put around it

    def source(self, node: ast.AST) -> str:
        """Return the text of a part."""
        start, end = self.span(node)
        return self.text[start:end]

    def _with_parentheses(self, node: ast.AST) -> Span:
        start, end = self.span(node)
        while True:
            before, after = self.text[:start].rstrip(), self.text[end:].lstrip()
            called = before[:-1].rstrip()[-1:]
            if before[-1:] != "(" or after[:1] != ")" or called.isalnum() or called in ("_", ")", "]"):
                return start, end
            start, end = len(before) - 1, len(self.text) - len(after) + 1

    def grouped(self) -> str:
        """Return the text so that ``.`` can follow it: in parentheses unless it holds together by itself."""
        whole = isinstance(self.tree, ast.Name | ast.Call | ast.Attribute)
        return self.text if whole or self._with_parentheses(self.tree) != self.span(self.tree) else f"({self.text})"

    # -- parts -----------------------------------------------------------------------------------------------------

    def steps(self, path: Path = (), names: Names = lambda _: None) -> list[ast.expr]:
        """Return the steps of the chain at ``path``, what flows first; what is no chain is one step."""
        return chain(self.find(path, names))

    def step_spans(self, path: Path, names: Names) -> list[Span]:
        """Return the places of these steps, with the parentheses around them."""
        return [self._with_parentheses(node) for node in self.steps(path, names)]

    def find(self, path: Path, names: Names) -> ast.expr:
        """Return the part at ``path``; ExpressionError if there is none."""
        node = self.tree
        for place in path:
            found = self._below(node, place, names)
            if found is None:
                raise ExpressionError(f"{'/'.join(map(str, path))}: no such part of {self.text!r}")
            node = found
        return node

    def _below(self, node: ast.expr, place: int | str, names: Names) -> ast.expr | None:
        if isinstance(place, str):
            found = [a.node for a in arguments(node, names) if a.name == place] if isinstance(node, ast.Call) else []
            return found[0] if found else None
        parts = node.elts if isinstance(node, ast.List | ast.Tuple) else chain(node)
        return parts[place] if 0 <= place < len(parts) else None

    # -- edits: each returns the new text --------------------------------------------------------------------------

    def listed(self, name: str, names: Names) -> str:
        """Return the text of a call with an argument that is there, and a list: what is no list is put into one."""
        given = [a for a in arguments(self.tree, names) if a.name == name]
        if not given:
            return self.with_argument((), name, "[]", names)
        node = given[0].node
        return (
            self.text
            if isinstance(node, ast.List | ast.Tuple)
            else self.replaced((name,), f"[{self.source(node)}]", names)
        )

    def replaced(self, path: Path, text: str, names: Names) -> str:
        """Return the text with the part at ``path`` replaced."""
        start, end = self.span(self.find(path, names))
        return self.text[:start] + text + self.text[end:]

    def with_argument(self, path: Path, name: str, value: str | None, names: Names) -> str:
        """Return the text with an argument of the call at ``path`` set, or, with None, taken away so that its default holds."""
        call = self.find(path, names)
        if not isinstance(call, ast.Call):
            raise ExpressionError(f"{self.source(call)}: has no parameters")
        given = arguments(call, names)
        for place, argument in enumerate(given):
            if argument.name == name:
                if value is None:
                    return self._without_argument(call, given, place)
                start, end = self._with_parentheses(argument.node) if argument.keyword else self.span(argument.node)
                return self.text[:start] + value + self.text[end:]
        if value is None:
            return self.text
        start, close = self.span(call)
        inner = self.text[:close].rstrip()[:-1].rstrip()
        comma = "" if inner.endswith(("(", ",")) else ","
        gap = "" if inner.endswith("(") else " "
        last = inner.rpartition("\n")[2]
        if gap and "\n" in self.text and len(last) + len(name) + len(value) + 3 > WIDEST:
            gap = "\n" + " " * (len(last) - len(last.lstrip()))
        return f"{inner}{comma}{gap}{name}={value}{self.text[close - 1 :]}"

    def _without_argument(self, call: ast.Call, given: list[Argument], place: int) -> str:
        if not given[place].keyword and any(not a.keyword for a in given[place + 1 :]):
            raise ExpressionError(
                f"{given[place].name}: stands before others without a name; it cannot go back to its default"
            )
        spans = [self._argument_span(call, a) for a in given]
        if len(spans) == 1:
            start, end = spans[0][0], spans[0][1]
            after = self.text[end:]
            end += len(after) - len(after.lstrip(", \n"))
        elif place:
            start, end = spans[place - 1][1], spans[place][1]
        else:
            start, end = spans[0][0], spans[1][0]
        return self.text[:start] + self.text[end:]

    def _argument_span(self, call: ast.Call, argument: Argument) -> Span:
        keyword = next((k for k in call.keywords if k.value is argument.node), None)
        start, end = self._with_parentheses(argument.node)
        return (self.span(keyword)[0], max(end, self.span(keyword)[1])) if keyword else (start, end)

    def with_steps(self, path: Path, order: Sequence[int | str], names: Names) -> str:
        """Return the text with the chain or list at ``path`` made of these: numbers are parts as they stand, texts new ones.

        What stands between the parts (spaces, line breaks) stays where it is.
        """
        node = self.find(path, names)
        listed = isinstance(node, ast.List | ast.Tuple)
        parts = node.elts if isinstance(node, ast.List | ast.Tuple) else chain(node)
        spans = [self._with_parentheses(part) for part in parts]
        whole = self.span(node) if listed or not spans else (spans[0][0], spans[-1][1])
        if not order and not listed:
            raise ExpressionError("a chain needs at least one step")
        usual = ", " if listed else " >> "
        texts = [closed(part) if isinstance(part, str) else self.text[slice(*spans[part])] for part in order]
        gaps = [self.text[a[1] : b[0]] for a, b in itertools.pairwise(spans)]
        if [_bare(gap) for gap in gaps] != gaps:  # parentheses around some of the steps, which would be left open
            gaps, whole = [_bare(gap) for gap in gaps], self.span(node)
        kept = [part for part in order if not isinstance(part, str)]
        if len(order) < len(spans) and kept == sorted(kept):
            gaps = [gaps[b - 1] for b in kept[1:]]  # what stood before a step goes with it
        elif len(order) > len(spans) and kept == list(range(len(spans))):
            new = next(place for place, part in enumerate(order) if isinstance(part, str))
            gaps.insert(max(0, new - 1) if new else 0, self._gap(texts, new, gaps, usual))
        gaps += [usual] * (len(texts) - 1 - len(gaps))
        joined = "".join(text + gap for text, gap in zip(texts, [*gaps[: len(texts) - 1], ""], strict=False))
        if listed:
            opening, closing = ("[", "]") if isinstance(node, ast.List) else ("(", ",)" if len(texts) == 1 else ")")
            joined = f"{opening}{joined}{closing}"
        return self._checked(self.text[: whole[0]] + joined + self.text[whole[1] :], path, len(texts), names)

    def _checked(self, text: str, path: Path, count: int, names: Names) -> str:
        """Return a text with at least so many parts at ``path``; ExpressionError if it is none."""
        try:
            node = Expression(text).find(path, names)
        except ExpressionError:
            node = None
        parts = [] if node is None else node.elts if isinstance(node, ast.List | ast.Tuple) else chain(node)
        if node is None or len(parts) < count:
            raise ExpressionError(
                f"{normal(text)!r}: cannot be read; put parentheses around the steps in the text first"
            )
        return text

    def _gap(self, texts: list[str], new: int, gaps: list[str], usual: str) -> str:
        broken = [gap for gap in gaps if "\n" in gap]
        line = max((len(part) for part in self.text.split("\n")), default=0)
        return broken[0] if broken and line + len(texts[new]) > WIDEST else usual


def _bare(gap: str) -> str:
    """Return what stands between two steps without parentheses; comments stay."""
    return re.sub(r"(#[^\r\n]*)|[()]", lambda found: found[1] or "", gap)


def chain(node: ast.expr) -> list[ast.expr]:
    """Return the steps of ``a >> b >> c``."""
    steps: list[ast.expr] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.RShift):
        steps.append(node.right)
        node = node.left
    return [node, *reversed(steps)]


def entries(expression: Expression, name: str, names: Names) -> list[str]:
    """Return the texts of what an argument of a call lists; of one that is no list, its own; none where it is not given."""
    given = [a.node for a in arguments(expression.tree, names) if a.name == name]
    return [expression.source(node) for one in given for node in getattr(one, "elts", [one])]


def called(node: ast.expr) -> str | None:
    """Return the name of what a call calls; "repeat" for ``scene.repeat(...)``; None for what is no call."""
    match node:
        case ast.Call(func=ast.Name(id=name)) | ast.Call(func=ast.Attribute(attr=name)):
            return name
    return None


def checked(text: str) -> str:
    """Return an expression's text; ExpressionError if it is none."""
    Expression(text)
    return text


@lru_cache(maxsize=4096)
def name_called(text: str) -> str | None:
    """Return the name of what a text calls; None for what is no call or cannot be read."""
    try:
        return called(Expression(text).tree)
    except ExpressionError:
        return None


def arguments(call: ast.expr, names: Names) -> list[Argument]:
    """Return the arguments of a call, those without a name named after the callable's parameters."""
    if not isinstance(call, ast.Call):
        return []
    known = list(names(called(call) or "") or ())
    named = [*known[: len(call.args)], *([None] * (len(call.args) - len(known)))]
    return [Argument(name, node, False) for name, node in zip(named, call.args, strict=False)] + [
        Argument(keyword.arg, keyword.value, True) for keyword in call.keywords
    ]
