"""What one window is doing with the recipe: its document, what is selected, which draw is seen. Build and See share it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from nicegui import Client, context

from studio import palette
from studio.building import checking, naming, steps
from studio.building.checking import Problem
from studio.building.document import Document
from studio.building.expression import Expression, ExpressionError, Names, Path
from studio.errors import StudioError
from studio.project import RECIPE
from studio.recipe_text import RecipeText, RecipeTextError, parsed
from studio.state import Studio
from studio.watching.worker import Request

_sessions: WeakKeyDictionary[Client, Session] = WeakKeyDictionary()


@dataclass(frozen=True)
class Selection:
    """A part of the recipe: an entry, and the path to a part of its chain; the path's first number counts all steps."""

    section: str
    key: str
    path: Path = ()

    @property
    def place(self) -> steps.Place:
        """The entry."""
        return self.section, self.key


@dataclass
class Seen:
    """Which draw is looked at."""

    seed: int = 1
    index: int = 0
    split: str = "train"


def session(studio: Studio) -> Session:
    """Return the session of the window that is being served."""
    client = context.client
    if client not in _sessions:
        _sessions[client] = Session(studio)
    return _sessions[client]


@dataclass
class Session:
    """The recipe as one window edits it. ``draft`` is a text that is looked at but not saved, while a slider moves."""

    studio: Studio
    name: str = RECIPE
    selection: Selection | None = None
    seen: Seen = field(default_factory=Seen)
    trusted: set[str] = field(default_factory=set)  # digests of code that the user let run
    draft: str | None = None
    dragged: object = None
    problem: Problem | None = None
    listeners: list[Callable[[], None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._documents: dict[str, Document] = {}  # by name: what is not saved stays when another recipe is looked at
        self._checked: tuple[str, Problem | None] = ("", None)  # what `tried` found, so that it is not looked for twice
        self.open(self.name)

    def open(self, name: str) -> None:
        """Edit another recipe of the project."""
        self.name = name
        if name not in self._documents:
            self._documents[name] = Document(self.studio.project, name)
            self._documents[name].listeners.append(self._changed)
        self.document = self._documents[name]
        self.document.refresh()
        self.selection, self.draft = None, None
        self._changed()

    def refresh(self) -> None:
        """Take over what changed on disk."""
        self.document.refresh()

    def _changed(self) -> None:
        self.draft = None
        self._read()
        for listener in list(self.listeners):
            listener()

    def _read(self) -> None:
        self.recipe: RecipeText | None = None
        self._steps: dict[steps.Place, list[steps.Step]] = {}
        self.unreadable = ""
        try:
            if self.document.broken:
                raise RecipeTextError(self.document.broken)
            self.recipe = parsed(self.document.text)
        except RecipeTextError as error:
            self.unreadable = str(error)
        code = [(self.name, e.expression) for e in self.recipe.entries if e.section == "code"] if self.recipe else []
        self.own = palette.own_items([*code, *palette.own_sources(self.studio.project.folder)])
        self.names: Names = palette.names_for(self.own)
        text, found = self._checked
        self.problem = found if text == self.document.text else self.check(self.document.text)
        self._checked = ("", None)

    def check(self, text: str) -> Problem | None:
        """Return what is wrong with a text as this window's recipe."""
        if self.recipe is None:
            return Problem(self.unreadable)
        if not self.recipe.entries:
            return None
        return checking.check(text, self.trusts(text))

    @property
    def trust(self) -> bool:
        """Whether the user let the code of the recipe run."""
        return self.trusts(self.document.text)

    def trusts(self, text: str) -> bool:
        """Return whether the user let the code of a text run: code that was read, not what has taken its place since."""
        if not self.trusted:
            return False
        return checking.code_of(text, self.studio.project.folder) in self.trusted

    def let_run(self) -> None:
        """Let the code of the recipe run, as it is now."""
        digest = checking.code_of(self.document.text, self.studio.project.folder)
        if digest is not None:
            self.trusted.add(digest)
            self.document.tell()

    # -- edits -----------------------------------------------------------------------------------------------------

    def edit(self, make: Callable[[RecipeText], str], field: str = "") -> bool:
        """Make an edit and save it; tell the user where it cannot be. Return whether it was made."""
        try:
            if self.recipe is None:
                raise RecipeTextError(f"{self.name}: {self.unreadable}; mend the text first")
            self.document.edit(make(self.recipe), field)
        except (StudioError, RecursionError) as error:
            self.studio.notify(str(error), "negative")
            return False
        return True

    def rewrite(self, base: str, text: str) -> bool:
        """Save a whole text that was written beginning from ``base``; tell the user where that is no longer the file's."""
        if self.document.text != base or self.document.broken:
            message = f"{self.name} was changed meanwhile: not saved. Copy what you wrote, close, and open it again."
            self.studio.notify(message, "negative")
            return False
        self.document.edit(text)
        return True

    def tried(self, make: Callable[[RecipeText], str], selection: Selection, field: str) -> str:
        """Make an edit of a field if the library takes it, and return "", or else what the library says against it.

        A recipe that is wrong elsewhere does not hinder: only what is said about the entry that is edited does.
        """
        if self.recipe is None:
            return self.unreadable
        try:
            text = make(self.recipe)
        except StudioError as error:
            return str(error)
        found = self.check(text)
        if (
            found
            and not found.untrusted
            and found != self.problem
            and (found.is_of(*selection.place) or not self.problem)
        ):
            return found.message
        self._checked = (text, found)
        self.document.edit(text, field)
        return ""

    # -- parts -----------------------------------------------------------------------------------------------------

    def steps_of(self, place: steps.Place) -> list[steps.Step]:
        """Return the steps of an entry; none where it cannot be read or is switched off."""
        if self.recipe is None:
            return []
        if place not in self._steps:
            self._steps[place] = []
            with contextlib.suppress(StudioError):
                self._steps[place] = steps.steps_of(self.recipe, place, self.names)
        return self._steps[place]

    def text_of(self, selection: Selection) -> str | None:
        """Return the text of a part, None if it is gone."""
        try:
            if self.recipe is None:
                return None
            if not selection.path:
                return self.recipe.find(*selection.place).expression
            step = steps.steps_of(self.recipe, selection.place, self.names)[int(selection.path[0])]
            expression = Expression(step.text)
            return expression.source(expression.find(selection.path[1:], self.names))
        except (StudioError, IndexError, ValueError):
            return None

    def changed(self, selection: Selection, edit: Callable[[Expression, Path], str]) -> Callable[[RecipeText], str]:
        """Return the edit of a part: ``edit`` gets its step as an expression and the path that goes on from there."""

        def make(recipe: RecipeText) -> str:
            if not selection.path:
                entry = recipe.find(*selection.place)
                return recipe.with_expression(*selection.place, edit(Expression(entry.expression), ()))
            rest = selection.path[1:]
            return steps.changed(recipe, selection.place, selection.path, lambda e: edit(e, rest), self.names)

        return make

    def followed(self, selection: Selection) -> Selection:
        """Return what a step means: where it only names a definition, the definition's own first step."""
        text = self.text_of(selection)
        if self.recipe is None or text is None or not text.isidentifier() or ("define", text) == selection.place:
            return selection
        entry = next((e for e in self.recipe.entries if (e.section, e.key) == ("define", text) and e.on), None)
        if entry is None:
            return selection
        return Selection("define", text, (0,) if len(self.steps_of(("define", text))) == 1 else ())

    def free_name(self, wish: str) -> str:
        """Return a name for a new definition."""
        return naming.free(self.recipe, wish) if self.recipe else wish

    # -- looking ---------------------------------------------------------------------------------------------------

    @property
    def shown_text(self) -> str:
        """The text that is looked at."""
        return self.document.text if self.draft is None else self.draft

    def request(self, stages: str | None = None, count: int = 1) -> Request:
        """Return the request for what is looked at: ``count`` draws from the one that is seen."""
        indices = tuple(range(self.seen.index, self.seen.index + count))
        return Request(
            self.shown_text, indices, self.seen.seed, self.seen.split, stages, trust=self.trusts(self.shown_text)
        )


__all__ = ["ExpressionError", "Seen", "Selection", "Session", "session"]
