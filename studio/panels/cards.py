"""One entry of a recipe as a card: its name, its chain as HTML, its menu; and how the page calls its parts."""

from __future__ import annotations

import contextlib
import html

from nicegui import ui

from studio import palette
from studio.building import steps
from studio.building.expression import Expression, ExpressionError, name_called
from studio.building.session import Session

LONGEST = 34  # characters of an expression on a chip


class Card:
    """One entry: its name, its chain and the button of its menu, all as HTML.

    A page is told every element anew with each change, so that a card of several would slow a long recipe.
    """

    def __init__(self, place: steps.Place) -> None:
        self.place = place
        self.shown: object = None
        self.box = ui.html("", sanitize=False).classes("card").props("draggable=true")
        self.box.props["data-entry"] = reference(place)

    def show(self, on: bool, chosen: bool, body: str, problem: str) -> None:
        """Show the entry as it is now."""
        if self.shown == (on, chosen, body, problem):
            return
        self.shown = (on, chosen, body, problem)
        for style, wanted in (("card-off", not on), ("card-here", chosen), ("card-bad", bool(problem))):
            self.box.classes(**{"add" if wanted else "remove": style})
        key = html.escape(self.place[1], quote=True)
        place = address(self.place)
        name = f'<div class="card-name" tabindex="0" role="button" title="Rename {key}" data-name="{place}">{key}</div>'
        wrong = f'<div class="card-problem" role="alert"><i class="material-icons">error_outline</i>{html.escape(problem)}</div>'
        dots = '<i class="material-icons">more_horiz</i>'
        more = f'<button class="card-menu" aria-label="More for {key}" aria-haspopup="menu" data-more="{place}">{dots}</button>'
        self.box.content = f'<div class="card-row">{name}{body}{more}</div>{wrong if problem else ""}'


def reference(place: steps.Place, at: int = 0) -> str:
    """Return how the page calls a step."""
    return f"{place[0]}.{place[1]}.{at}"


def address(place: steps.Place, at: int = 0) -> str:
    """Return how the page calls a step, for an attribute in double quotes."""
    return html.escape(reference(place, at), quote=True)


def addressed(where: str) -> tuple[steps.Place, int]:
    """Return what an address stands for; keys may hold points themselves."""
    section, _, rest = where.partition(".")
    key, _, at = rest.rpartition(".")
    return (section, key), int(at) if at.isdigit() else 0


def gap(place: steps.Place, at: int, last: bool = False) -> str:
    """Return the HTML of where a step can be dropped."""
    arrow = "" if last else '<i class="material-icons" aria-hidden="true">arrow_right_alt</i>'
    return f'<div class="gap{" gap-last" if last else ""}" data-gap="{address(place, at)}">{arrow}</div>'


def title(text: str) -> str:
    """Return what a chip says."""
    name = name_called(text)
    words = " ".join(text.split())
    if name == "repeat":
        expression = Expression(text)
        scene = getattr(getattr(expression.tree, "func", None), "value", None)
        return f"{title(expression.source(scene))}, repeated" if scene else words
    item = palette.item(name or "")
    if item is not None and item.kind in ("draw", "function") and name != "stored":
        name = None
    return name or (words if len(words) <= LONGEST else words[: LONGEST - 1] + "…")


def parts_inside(text: str, session: Session) -> int:
    """Return how many features stand inside a step."""
    item = palette.item(name_called(text) or "", session.own)
    inside = [p.name for p in item.parameters if p.kind == "parts"] if item else []
    if not inside:
        return 0
    expression, count = Expression(text), 0
    for name in inside:
        with contextlib.suppress(ExpressionError):
            node = expression.find((name,), session.names)
            count += len(getattr(node, "elts", [node]))
    return count
