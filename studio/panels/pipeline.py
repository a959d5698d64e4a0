"""The pipeline: definitions and outputs as cards, the steps of each as chips that can be dragged."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from studio import palette
from studio.building import adding, naming, steps
from studio.building.expression import Expression, ExpressionError, called
from studio.building.session import Selection, Session
from studio.palette import Item
from studio.panels.dragging import draggable, droppable, on_keys
from studio.panels.palette import hue
from studio.recipe_text import Entry, RecipeText

KEYS = ("Enter", " ", "Delete", "alt+ArrowLeft", "alt+ArrowRight", "ctrl+d", "o")
LONGEST = 34  # characters of an expression on a chip
TITLES = {"define": "Definitions", "outputs": "Outputs"}
HINTS = {
    "define": "Drop features here to define them once and use them in several chains.",
    "outputs": "What is stored: the image and its targets. Drop a microscope or a target here.",
}


class Pipeline:
    """Builds the pipeline of a session and redraws it where it changes."""

    def __init__(self, session: Session, select: Callable[[Selection], None]) -> None:
        self.session, self.select = session, select
        self.signature: object = None
        self.chips: dict[tuple[steps.Place, int], ui.element] = {}
        self.box = ui.column().classes("pipeline")
        self.redraw(force=True)

    def redraw(self, force: bool = False) -> None:
        """Build the cards anew if anything that they show has changed."""
        session = self.session
        signature = self._signature()
        if signature == self.signature and not force:
            return
        self.signature = signature
        self.chips.clear()
        self.box.clear()
        with self.box:
            if session.recipe is None:
                return
            for section in ("define", "outputs"):
                self._section(section)

    def _signature(self) -> object:
        session = self.session
        if session.recipe is None:
            return session.unreadable
        entries = tuple(
            (
                e.section,
                e.key,
                e.on,
                tuple((title(s.text), s.on) for s in session.steps_of((e.section, e.key))) if e.on else (),
            )
            for e in session.recipe.entries
        )
        return entries, session.problem, session.selection

    # -- cards -----------------------------------------------------------------------------------------------------

    def _section(self, section: str) -> None:
        assert self.session.recipe is not None
        entries = [e for e in self.session.recipe.entries if e.section == section]
        with ui.row().classes("section-head"):
            ui.label(TITLES[section]).classes("section-title")
            ui.button(icon="add", on_click=lambda: self._new(section)).props(
                f'flat round dense size=sm aria-label="New entry in {TITLES[section].lower()}"'
            ).tooltip("Write an expression")
        for entry in entries:
            self._card(entry)
        with ui.element("div").classes("drop-new" + ("" if entries else " drop-first")) as zone:
            ui.icon("add")
            ui.label(HINTS[section])
        zone.props(f'data-drop="{section}"')
        droppable(zone, lambda: self._dropped_on_section(section))

    def _card(self, entry: Entry) -> None:
        session, place = self.session, (entry.section, entry.key)
        problem = session.problem if session.problem and session.problem.is_of(*place) else None
        chosen = session.selection is not None and session.selection.place == place
        style = (
            "card"
            + (" card-off" if not entry.on else "")
            + (" card-bad" if problem else "")
            + (" card-here" if chosen else "")
        )
        with ui.element("div").classes(style) as card:
            card.props["data-entry"] = f"{entry.section}.{entry.key}"
            with ui.element("div").classes("card-row"):
                name = ui.label(entry.key).classes("card-name").props('tabindex=0 role=button title="Rename"')
                name.on("click", lambda _: self._rename(entry))
                on_keys(name, ("Enter", "F2"), lambda _: self._rename(entry))
                if entry.on:
                    self._chain(place)
                else:
                    ui.label(" ".join(entry.expression.split())).classes("card-text mono")
                self._menu(entry)
            if problem:
                with ui.element("div").classes("card-problem"):
                    ui.icon("error_outline")
                    ui.label(problem.message)
        draggable(card, lambda: self._drag(entry))
        droppable(card, lambda: self._dropped_on_card(entry))

    def _menu(self, entry: Entry) -> None:
        place = (entry.section, entry.key)
        more = ui.button(icon="more_horiz").props("flat round dense size=sm").classes("card-menu")
        more.props["aria-label"] = f"More for {entry.key}"
        with more, ui.menu():
            ui.menu_item(
                "Switch on" if not entry.on else "Switch off",
                lambda: self._edit(lambda r: r.switched(*place, on=not entry.on)),
            )
            if entry.on:
                ui.menu_item("Rename ...", lambda: self._rename(entry))
                ui.menu_item("Copy", lambda: self._copy(entry))
                ui.menu_item("Edit as text ...", lambda: self._as_text(entry))
            ui.menu_item("Move up", lambda: self._shift(entry, -1))
            ui.menu_item("Move down", lambda: self._shift(entry, 1))
            ui.separator()
            ui.menu_item("Delete", lambda: self._delete(entry))

    # -- chains ----------------------------------------------------------------------------------------------------

    def _chain(self, place: steps.Place) -> None:
        found = self.session.steps_of(place)
        with ui.element("div").classes("chain"):
            for at, step in enumerate(found):
                if at:
                    self._gap(place, at)
                self._chip(place, at, step)
            self._gap(place, len(found), last=True)

    def _gap(self, place: steps.Place, at: int, last: bool = False) -> None:
        with ui.element("div").classes("gap" + (" gap-last" if last else "")) as gap:
            gap.props["data-gap"] = f"{place[0]}.{place[1]}.{at}"
            if not last:
                ui.icon("arrow_right_alt")
        droppable(gap, lambda: self._dropped_in_chain(place, at))

    def _chip(self, place: steps.Place, at: int, step: steps.Step) -> None:
        item, words = self._known(step.text), title(step.text)
        selection = Selection(*place, (at,))
        chosen = (
            self.session.selection is not None
            and self.session.selection.place == place
            and self.session.selection.path[:1] == (at,)
        )
        style = f"chip {hue(item)}" + ("" if step.on else " chip-off") + (" chip-here" if chosen else "")
        style += " chip-name" if step.text.isidentifier() else ""
        with ui.element("div").classes(style).props("tabindex=0 role=button") as chip:
            chip.props["title"] = " ".join(step.text.split())
            chip.props["data-chip"] = f"{place[0]}.{place[1]}.{at}"
            ui.label(words)
            inside = parts_inside(step.text, self.session)
            if inside:
                ui.label(f"+{inside}").classes("chip-count").tooltip("features inside")
        chip.on("click", lambda _: self.select(selection), js_handler="(e) => { e.stopPropagation(); emit(); }")
        draggable(chip, lambda: self._drag((place, at)))
        droppable(chip, lambda: self._dropped_on_chip(place, at))
        on_keys(chip, KEYS, lambda key: self.pressed(key, place, at))
        self.chips[place, at] = chip

    def _known(self, text: str) -> Item | None:
        session = self.session
        if text.isidentifier() and session.recipe is not None and text in session.recipe.keys("define"):
            found = session.steps_of(("define", text))
            text = found[-1].text if found and found[-1].text != text else text
        try:
            return palette.item(called(Expression(text).tree) or "", session.own)
        except ExpressionError:
            return None

    # -- what is done ----------------------------------------------------------------------------------------------

    def _edit(self, make: Callable[[RecipeText], str]) -> bool:
        return self.session.edit(make)

    def pressed(self, key: str, place: steps.Place, at: int) -> None:
        """Do what a key means on a chip."""
        names = self.session.names
        if key in ("Enter", " "):
            self.select(Selection(*place, (at,)))
        elif key == "Delete":
            self._edit(lambda r: steps.removed(r, place, at, names))
        elif key == "ctrl+d":
            self._edit(lambda r: steps.inserted(r, place, at + 1, self.session.steps_of(place)[at].text, names))
        elif key == "o":
            self._edit(lambda r: steps.switched(r, place, at, not self.session.steps_of(place)[at].on, names))
        else:
            to = at - 1 if key == "alt+ArrowLeft" else at + 1
            if 1 <= to < len(self.session.steps_of(place)) and self._edit(
                lambda r: steps.moved(r, place, at, to + (to > at), names)
            ):
                self.focus(place, to)

    def focus(self, place: steps.Place, at: int) -> None:
        """Give the keyboard to a chip."""
        if (place, at) in self.chips:
            ui.run_javascript(f"setTimeout(() => getHtmlElement({self.chips[place, at].id})?.focus(), 50)")

    def _drag(self, what: object) -> None:
        self.session.dragged = what

    def add(self, item: Item) -> None:
        """Put an item where it usually goes: into the selected chain, else where a first one of its kind belongs."""
        session = self.session
        if (
            session.selection
            and session.selection.path
            and item.kind in ("feature", "part", "scatterer", "repeat", "microscope")
        ):
            self._add_in_chain(session.selection.place, int(session.selection.path[0]) + 1, item)
        elif item.kind in ("microscope", "feature") or item.family == "Targets":
            self._add_to_section("outputs", item)
        else:
            self._add_to_section("define", item)

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
        step = self.session.steps_of(place)[at]
        if section != "define" or step.text.isidentifier():
            return
        name = self.session.free_name(naming.snake(called(Expression(step.text).tree) or "value"))

        def make(recipe: RecipeText) -> str:
            text = steps.changed(recipe, place, (at,), lambda _: name, self.session.names)
            before = place[1] if place[0] == "define" else None
            return RecipeText(text).with_entry("define", name, " ".join(step.text.split()), before)

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

    def _shift(self, entry: Entry, by: int) -> None:
        assert self.session.recipe is not None
        keys = self.session.recipe.keys(entry.section)
        to = keys.index(entry.key) + (by if by < 0 else by + 1)
        if 0 <= to <= len(keys):
            before = keys[to] if to < len(keys) else None
            self._edit(lambda r: r.with_entry_moved(entry.section, entry.key, before))

    def _copy(self, entry: Entry) -> None:
        name = self.session.free_name(entry.key)
        self._edit(lambda r: r.with_entry(entry.section, name, " ".join(entry.expression.split())))

    def _delete(self, entry: Entry) -> None:
        self._edit(lambda r: r.without_entry(entry.section, entry.key))

    # -- dialogs ---------------------------------------------------------------------------------------------------

    def _rename(self, entry: Entry) -> None:
        def done(new: str) -> bool:
            return self._edit(lambda r: naming.renamed(r, entry.section, entry.key, new.strip()))

        note = "Random numbers follow names: the draws of what is renamed are others afterwards."
        self._ask(f"Rename {entry.key}", entry.key, done, note)

    def _as_text(self, entry: Entry) -> None:
        def done(new: str) -> bool:
            return self._edit(lambda r: r.with_expression(entry.section, entry.key, checked(new)))

        self._ask(entry.key, entry.expression, done, long=True)

    def _new(self, section: str) -> None:
        name = self.session.free_name("value" if section == "define" else "output")
        word = "definition" if section == "define" else "output"
        self._ask(f"New {word}: name = expression", f"{name} = ", lambda new: self._add_written(section, new))

    def _add_written(self, section: str, written: str) -> bool:
        name, _, text = written.partition("=")
        return self._edit(lambda r: r.with_entry(section, name.strip(), checked(text.strip())))

    def _ask(self, head: str, value: str, done: Callable[[str], bool], note: str = "", long: bool = False) -> None:
        with ui.dialog(value=True) as dialog, ui.card().classes("ask"):
            ui.label(head).classes("title")
            field = (
                (ui.textarea if long else ui.input)(value=value)
                .props("outlined autofocus dense autogrow")
                .classes("mono full")
            )
            if note:
                ui.label(note).classes("soft small")

            def finish() -> None:
                if done(str(field.value)):
                    dialog.close()

            if not long:
                field.on("keydown.enter", finish)
            with ui.row().classes("about-foot"):
                ui.button("Done", on_click=finish).props("no-caps unelevated")
                ui.button("Cancel", on_click=dialog.close).props("no-caps flat")
        dialog.on("hide", dialog.delete)


def checked(text: str) -> str:
    """Return an expression; ExpressionError if it is none."""
    Expression(text)
    return text


def title(text: str) -> str:
    """Return what a chip says."""
    try:
        name = called(Expression(text).tree)
    except ExpressionError:
        name = None
    words = " ".join(text.split())
    if name == "repeat":
        return f"{words.partition('.')[0]}, repeated"
    item = palette.item(name or "")
    if item is not None and item.kind in ("draw", "function") and name != "stored":
        name = None
    return name or (words if len(words) <= LONGEST else words[: LONGEST - 1] + "…")


def parts_inside(text: str, session: Session) -> int:
    """Return how many features stand inside a step."""
    try:
        expression = Expression(text)
        item = palette.item(called(expression.tree) or "", session.own)
        inside = [p.name for p in item.parameters if p.kind == "parts"] if item else []
        count = 0
        for name in inside:
            try:
                node = expression.find((name,), session.names)
            except ExpressionError:
                continue
            count += len(getattr(node, "elts", [node]))
        return count
    except ExpressionError:
        return 0
