"""The menu of a card: what can be done with an entry of a recipe."""

from __future__ import annotations

import json
from collections.abc import Callable

from nicegui import ui

from studio.building import naming
from studio.building.expression import checked
from studio.building.session import Session
from studio.panels.asking import ask
from studio.panels.cards import reference
from studio.recipe_text import Entry, RecipeText, RecipeTextError


class CardMenu:
    """One menu for all cards, written as it is opened."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.menu = ui.menu().props("no-parent-event")

    def open(self, entry: Entry | None) -> None:
        """Open it beside the card of an entry."""
        self.menu.clear()
        if entry is None:
            return
        place = (entry.section, entry.key)
        self.menu.props["target"] = f"[data-more={json.dumps(reference(place))}]"
        with self.menu:
            word = "Switch off" if entry.on else "Switch on"
            ui.menu_item(word, lambda: self._edit(lambda r: r.switched(*place, on=not entry.on)))
            if entry.on:
                ui.menu_item("Rename ...", lambda: self.rename(entry))
                ui.menu_item("Copy", lambda: self._copy(entry))
                ui.menu_item("Edit as text ...", lambda: self._as_text(entry))
            ui.menu_item("Move up", lambda: self._shift(entry, -1))
            ui.menu_item("Move down", lambda: self._shift(entry, 1))
            ui.separator()
            ui.menu_item("Delete", lambda: self._edit(lambda r: r.without_entry(*place)))
        self.menu.open()

    def _edit(self, make: Callable[[RecipeText], str]) -> bool:
        return self.session.edit(make)

    def rename(self, entry: Entry) -> None:
        """Ask for another name, everywhere it is meant."""

        def done(new: str) -> bool:
            return self._edit(lambda r: naming.renamed(r, entry.section, entry.key, new.strip()))

        note = "Random numbers follow names: the draws of what is renamed are others afterwards."
        ask(f"Rename {entry.key}", entry.key, done, note)

    def _as_text(self, entry: Entry) -> None:
        def done(new: str) -> bool:
            def make(recipe: RecipeText) -> str:
                if recipe.find(entry.section, entry.key).expression != entry.expression:
                    raise RecipeTextError(
                        f"{entry.key} was changed meanwhile: not saved. Copy what you wrote, and open it again."
                    )
                return recipe.with_expression(entry.section, entry.key, checked(new))

            return self._edit(make)

        ask(entry.key, entry.expression, done, long=True)

    def _shift(self, entry: Entry, by: int) -> None:
        assert self.session.recipe is not None
        keys = self.session.recipe.keys(entry.section)
        to = keys.index(entry.key) + (by if by < 0 else by + 1)
        if 0 <= to <= len(keys):
            before = keys[to] if to < len(keys) else None
            self._edit(lambda r: r.with_entry_moved(entry.section, entry.key, before))

    def _copy(self, entry: Entry) -> None:
        name = self.session.free_name(entry.key)
        self._edit(lambda r: r.with_entry(entry.section, name, entry.expression))
