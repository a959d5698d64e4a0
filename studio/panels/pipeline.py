"""The pipeline: definitions and outputs as cards, the steps of each as chips that can be dragged."""

from __future__ import annotations

import html
import json
from collections.abc import Callable

from nicegui import ui

from studio import palette
from studio.building import adding, naming, steps
from studio.building.expression import Expression, called, checked, folded, name_called, normal
from studio.building.session import Selection, Session
from studio.palette import Item
from studio.panels.asking import ask
from studio.panels.card_menu import CardMenu
from studio.panels.cards import Card, address, addressed, gap, parts_inside, title
from studio.panels.dragging import listen
from studio.panels.palette import hue
from studio.recipe_text import Entry, RecipeText

TITLES = {"define": "Definitions", "outputs": "Outputs"}
HINTS = {
    "define": "Drop features here to define them once and use them in several chains.",
    "outputs": "What is stored: the image and its targets. Drop a microscope or a target here.",
}


class Pipeline:
    """Builds the pipeline of a session; a card is drawn anew only where it has changed."""

    def __init__(self, session: Session, select: Callable[[Selection], None]) -> None:
        self.session, self.select = session, select
        self.cards: dict[steps.Place, Card] = {}
        self.lists: dict[str, ui.element] = {}
        self.zones: dict[str, ui.element] = {}
        with ui.column().classes("pipeline") as self.box:
            for section in TITLES:
                self._section(section)
            self.menu = CardMenu(session)
        listen(self.box, self._dragged, self._dropped, self._clicked, self._pressed)
        self.redraw()

    def _section(self, section: str) -> None:
        with ui.row().classes("section-head"):
            ui.label(TITLES[section]).classes("section-title")
            ui.button(icon="add", on_click=lambda: self._new(section)).props(
                f'flat round dense size=sm aria-label="New entry in {TITLES[section].lower()}"'
            ).tooltip("Write an expression")
            if section == "outputs":
                store = ui.button("Store a property", icon="data_object").props("flat dense no-caps size=sm")
                with store:
                    menu = ui.menu()
                store.on("click", lambda: self._offer(menu))
        self.lists[section] = ui.element("div").classes("cards")
        with ui.element("div").classes("drop-new") as zone:
            ui.icon("add")
            ui.label(HINTS[section])
        zone.props["data-drop"] = section
        self.zones[section] = zone

    def _offer(self, menu: ui.menu) -> None:
        """List the properties that an output can store."""
        recipe = self.session.recipe
        menu.clear()
        with menu:
            for text in adding.properties(recipe, self.session.names) if recipe else []:
                ui.menu_item(text, lambda t=text: self._store(t)).classes("mono")
            if not menu.default_slot.children:
                ui.menu_item("No property yet: define a feature first").props("disable")

    def _store(self, text: str) -> None:
        self._edit(lambda r: r.with_entry("outputs", naming.free_output(r, text.rpartition(".")[2]), text))

    def redraw(self) -> None:
        """Draw anew what has changed."""
        recipe = self.session.recipe
        self.box.visible = recipe is not None
        if recipe is None:
            return
        for section, cards in self.lists.items():
            entries = [e for e in recipe.entries if e.section == section]
            self.zones[section].classes(**{"remove" if entries else "add": "drop-first"})
            gone = [place for place in self.cards if place[0] == section and place[1] not in {e.key for e in entries}]
            for place in gone:
                self.cards.pop(place).box.delete()
            for number, entry in enumerate(entries):
                self._put(cards, number, entry)
        # Which text is shown: tests wait for it.
        self.box.props["data-digest"] = (self.session.document.digest or "")[:12]

    def _put(self, cards: ui.element, number: int, entry: Entry) -> None:
        place = (entry.section, entry.key)
        if place not in self.cards:
            with cards:
                self.cards[place] = Card(place)
        card = self.cards[place]
        if cards.default_slot.children.index(card.box) != number:
            card.box.move(target_index=number)
        problem = self.session.problem if self.session.problem and self.session.problem.is_of(*place) else None
        chosen = self.session.selection is not None and self.session.selection.place == place
        body = (
            self._chain(place)
            if entry.on
            else f'<div class="card-text mono">{html.escape(" ".join(entry.expression.split()))}</div>'
        )
        card.show(entry.on, chosen, body, problem.message if problem else "")

    def _entry(self, place: steps.Place) -> Entry | None:
        entries = self.session.recipe.entries if self.session.recipe else []
        return next((e for e in entries if (e.section, e.key) == place), None)

    # -- chains as HTML --------------------------------------------------------------------------------------------

    def _chain(self, place: steps.Place) -> str:
        found = self.session.steps_of(place)
        parts = []
        for at, step in enumerate(found):
            if at:
                parts.append(gap(place, at))
            parts.append(self._chip(place, at, step))
        return f'<div class="chain">{"".join(parts)}{gap(place, len(found), last=True)}</div>'

    def _chip(self, place: steps.Place, at: int, step: steps.Step) -> str:
        chosen = self.session.selection
        here = chosen is not None and chosen.place == place and chosen.path[:1] == (at,)
        style = (
            f"chip {hue(self._known(step.text))}" + ("" if step.on else " chip-off") + (" chip-here" if here else "")
        )
        style += " chip-name" if step.text.isidentifier() else ""
        inside = parts_inside(step.text, self.session)
        count = f'<span class="chip-count" title="features inside">+{inside}</span>' if inside else ""
        tip = html.escape(normal(step.text), quote=True)
        return (
            f'<div class="{style}" tabindex="0" role="button" draggable="true" title="{tip}" data-chip="{address(place, at)}">'
            f"<span>{html.escape(title(step.text))}</span>{count}</div>"
        )

    # -- what the browser tells ------------------------------------------------------------------------------------

    def _dragged(self, kind: str, where: str) -> None:
        place, at = addressed(where)
        self.session.dragged = (place, at) if kind == "chip" else self._entry(place)

    def _dropped(self, kind: str, where: str) -> None:
        self._dropped_at(kind, where)
        self.session.dragged = None

    def _dropped_at(self, kind: str, where: str) -> None:
        place, at = addressed(where)
        if kind == "drop":
            self._dropped_on_section(where)
        elif kind == "gap":
            self._dropped_in_chain(place, at)
        elif kind == "chip":
            self._dropped_on_chip(place, at)
        else:
            entry = self._entry(place)
            if entry is not None:
                self._dropped_on_card(entry)

    def _clicked(self, kind: str, where: str) -> None:
        place, at = addressed(where)
        if kind == "chip":
            self.select(Selection(*place, (at,)))
        elif kind == "more":
            self.menu.open(self._entry(place))
        else:
            self._named(place)

    def _pressed(self, kind: str, where: str, key: str) -> None:
        place, at = addressed(where)
        if kind == "chip":
            self.pressed(key, place, at)
        else:
            self._named(place)

    def _named(self, place: steps.Place) -> None:
        entry = self._entry(place)
        if entry is not None and entry.on:
            self.menu.rename(entry)

    def _known(self, text: str) -> Item | None:
        session = self.session
        if text.isidentifier() and session.recipe is not None and text in session.recipe.keys("define"):
            found = session.steps_of(("define", text))
            text = found[-1].text if found and found[-1].text != text else text
        return palette.item(name_called(text) or "", session.own)

    # -- what is done ----------------------------------------------------------------------------------------------

    def _edit(self, make: Callable[[RecipeText], str]) -> bool:
        return self.session.edit(make)

    def pressed(self, key: str, place: steps.Place, at: int) -> None:
        """Do what a key means on a chip, and leave the keyboard there."""
        names, found = self.session.names, self.session.steps_of(place)
        if at >= len(found):
            return
        if key in ("Enter", " "):
            self.select(Selection(*place, (at,)))
        elif key == "Delete":
            if self._edit(lambda r: steps.removed(r, place, at, names)):
                self.focus(place, min(at, len(found) - 2))
        elif key == "ctrl+d":
            if self._edit(lambda r: steps.inserted(r, place, at + 1, found[at].text, names)):
                self.focus(place, at + 1)
        elif key == "o":
            if self._edit(lambda r: steps.switched(r, place, at, not found[at].on, names)):
                self.focus(place, at)
        else:
            to = at - 1 if key == "alt+ArrowLeft" else at + 1
            if 1 <= to < len(found) and self._edit(lambda r: steps.moved(r, place, at, to + (to > at), names)):
                self.focus(place, to)

    def focus(self, place: steps.Place, at: int) -> None:
        """Give the keyboard to a chip."""
        where = json.dumps(f'[data-chip="{address(place, at)}"]')
        # Only where it was lost as the chip was drawn anew.
        lost = "document.activeElement === document.body"
        with self.box:
            ui.run_javascript(f"setTimeout(() => {{ if ({lost}) document.querySelector({where})?.focus(); }}, 0)")

    def add(self, item: Item) -> None:
        """Put an item where it usually goes: operations and parts into the chain that is selected, or the first image's."""
        chosen = self.session.selection
        if item.kind == "microscope" or item.family == "Targets":
            self._add_to_section("outputs", item)
        elif item.kind == "part" and chosen is not None and chosen.path:
            self._edit(lambda r: adding.in_step(r, chosen.place, int(chosen.path[0]), item, self.session.names))
        elif item.kind == "feature":
            chain = self._chain_to_extend()
            if chain is None:
                self._add_to_section("outputs", item)
            else:
                self._add_in_chain(*chain, item)
        else:
            self._add_to_section("define", item)

    def _chain_to_extend(self) -> tuple[steps.Place, int] | None:
        """Return the selected chain, and after which step; else the end of the first image's."""
        chosen, recipe = self.session.selection, self.session.recipe
        if chosen is not None and chosen.path and len(self.session.steps_of(chosen.place)) > 1:
            return chosen.place, int(chosen.path[0]) + 1
        for entry in recipe.entries if recipe else ():
            place = (entry.section, entry.key)
            found = self.session.steps_of(place) if entry.on and entry.section == "outputs" else []
            if len(found) > 1 and not found[0].text.startswith("positions("):
                return place, len(found)
        return None

    def _dropped_on_section(self, section: str) -> None:
        dragged = self.session.dragged
        if isinstance(dragged, Item):
            self._add_to_section(section, dragged)
        elif isinstance(dragged, Entry):
            entry = dragged
            if entry.section == section:
                self._edit(lambda r: r.with_entry_moved(section, entry.key, None))
            elif section == "outputs":
                self._edit(
                    lambda r: r.with_entry("outputs", naming.free(r, entry.key), entry.key) if entry.on else r.text
                )
        elif isinstance(dragged, tuple):
            self._step_out(dragged, section)

    def _step_out(self, dragged: tuple[steps.Place, int], section: str) -> None:
        """Make a step that is dropped outside of its chain a definition, which the chain then names."""
        place, at = dragged
        found = self.session.steps_of(place)
        if section != "define" or at >= len(found) or found[at].text.isidentifier():
            return
        step = found[at]
        if step.inside:
            self.session.studio.notify(
                "Features inside it are off; switch them on, or take them out, first", "negative"
            )
            return
        name = self.session.free_name(naming.snake(called(Expression(step.text).tree) or "value"))

        def make(recipe: RecipeText) -> str:
            text = steps.changed(recipe, place, (at,), lambda _: name, self.session.names)
            before = place[1] if place[0] == "define" else None
            return RecipeText(text).with_entry("define", name, folded(step.text), before)

        self._edit(make)

    def _add_to_section(self, section: str, item: Item) -> None:
        made: list[str] = []

        def make(recipe: RecipeText) -> str:
            put = adding.defined if section == "define" else adding.as_output
            text, name = put(recipe, item, self.session.names)
            made.append(name)
            return text

        if self._edit(make):
            self.select(Selection(section, made[-1], (len(self.session.steps_of((section, made[-1]))) - 1,)))

    def _dropped_in_chain(self, place: steps.Place, at: int) -> None:
        dragged = self.session.dragged
        names = self.session.names
        if isinstance(dragged, Item):
            self._add_in_chain(place, at, dragged)
        elif isinstance(dragged, Entry) and dragged.section == "define" and dragged.key != place[1]:
            key = dragged.key
            self._edit(lambda r: steps.inserted(r, place, max(1, at), key, names))
        elif isinstance(dragged, tuple):
            source, start = dragged
            if source == place:
                self._edit(lambda r: steps.moved(r, place, start, at, names))
            else:
                self._edit(lambda r: steps.carried(r, source, start, place, max(1, at), names))

    def _add_in_chain(self, place: steps.Place, at: int, item: Item) -> None:
        if self._edit(lambda r: adding.in_chain(r, place, at, item, self.session.names)) and item.kind in (
            "feature",
            "microscope",
        ):
            self.select(Selection(*place, (max(1, at),)))

    def _dropped_on_chip(self, place: steps.Place, at: int) -> None:
        dragged = self.session.dragged
        if isinstance(dragged, Item) and dragged.kind == "part":
            self._edit(lambda r: adding.in_step(r, place, at, dragged, self.session.names))
        else:
            self._dropped_in_chain(place, at + 1)

    def _dropped_on_card(self, entry: Entry) -> None:
        dragged = self.session.dragged
        if isinstance(dragged, Entry) and dragged.section == entry.section:
            self._edit(lambda r: r.with_entry_moved(entry.section, dragged.key, entry.key))
        elif entry.on:
            place = (entry.section, entry.key)
            self._dropped_in_chain(place, len(self.session.steps_of(place)))

    # -- dialogs ---------------------------------------------------------------------------------------------------

    def _new(self, section: str) -> None:
        name = self.session.free_name("value" if section == "define" else "output")
        word = "definition" if section == "define" else "output"
        ask(f"New {word}: name = expression", f"{name} = ", lambda new: self._add_written(section, new))

    def _add_written(self, section: str, written: str) -> bool:
        name, _, text = written.partition("=")
        return self._edit(lambda r: r.with_entry(section, name.strip(), checked(text.strip())))
