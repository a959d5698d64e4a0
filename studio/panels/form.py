"""The form of the selected step: its parameters, the features inside it, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from nicegui import ui

from studio import palette
from studio.building import values
from studio.building.expression import Expression, ExpressionError, Path, arguments, called, entries
from studio.building.inside import Part, parts_of, with_part, with_parts
from studio.building.session import Selection, Session
from studio.palette import Item, Parameter
from studio.panels.cards import title
from studio.panels.field import Field
from studio.panels.palette import hue
from studio.panels.pipeline import Pipeline


class Form:
    """Builds the form of what is selected, anew when that is another part or was changed elsewhere."""

    def __init__(self, session: Session, pipeline: Pipeline) -> None:
        self.session, self.pipeline = session, pipeline
        self.inner: Path = ()  # from the selected step on to a feature inside it
        self.expected: str | None = None
        self.busy = False
        self.fields: dict[str, Field] = {}
        self.box = ui.column().classes("form")
        self.show()

    @property
    def target(self) -> Selection | None:
        """What the form is about: where the selected step only names a definition, that one."""
        chosen = self.session.selection
        if chosen is None:
            return None
        found = self.session.followed(chosen)
        return Selection(found.section, found.key, (*found.path, *self.inner)) if found.path else found

    def select(self, selection: Selection | None) -> None:
        """Show another part."""
        self.session.selection, self.inner = selection, ()
        self.pipeline.redraw()
        self.show()

    def changed(self) -> None:
        """Look whether what is shown was changed elsewhere, or is gone."""
        if self.busy:
            return
        target = self.target
        text = self.session.text_of(target) if target else None
        if text != self.expected:
            if text is None:
                self.session.selection, self.inner = None, ()
            self.show()
        else:
            self._complain()

    # -- building --------------------------------------------------------------------------------------------------

    def show(self) -> None:
        """Build the form."""
        self.box.clear()
        self.fields.clear()
        target = self.target
        self.expected = self.session.text_of(target) if target else None
        with self.box:
            if target is None or self.expected is None:
                self._nothing()
                return
            item = self._item(self.expected)
            self._head(target, item)
            if item is None or values.read(self.expected).mode in ("draw", "split"):
                self._value(target)
            elif item.parameters:
                self._parameters(target, item)
            else:
                ui.label("It has no parameters.").classes("soft small")
        self._complain()

    def _nothing(self) -> None:
        with ui.column().classes("form-empty"):
            ui.icon("touch_app")
            ui.label("Choose a step to see its parameters, or drag a feature from the palette into the pipeline.")

    def _item(self, text: str) -> Item | None:
        try:
            return palette.item(called(Expression(text).tree) or "", self.session.own)
        except ExpressionError:
            return None

    def _head(self, target: Selection, item: Item | None) -> None:
        chosen = self.session.selection
        assert chosen is not None
        with ui.element("div").classes(f"form-head {hue(item)}"):
            with ui.element("div").classes("form-title"):
                if self.inner:
                    ui.button(icon="arrow_back", on_click=self._outwards).props(
                        'flat round dense size=sm aria-label="Back to the step"'
                    )
                ui.label(title(self.expected or "")).classes("title")
                if target.place != chosen.place:
                    ui.label(f"defined as {target.key}").classes("soft small")
                ui.space()
                if chosen.path and not self.inner:
                    self._actions(chosen)
            if item is not None:
                ui.label(item.meaning).classes("soft small")

    def _actions(self, chosen: Selection) -> None:
        at = int(chosen.path[0])
        found = self.session.steps_of(chosen.place)
        on = at >= len(found) or found[at].on
        for key, icon, tip in (
            ("o", "toggle_on" if on else "toggle_off", "Switch off (O)" if on else "Switch on (O)"),
            ("ctrl+d", "content_copy", "Copy (Ctrl+D)"),
            ("alt+ArrowLeft", "arrow_back", "Earlier (Alt+Left)"),
            ("alt+ArrowRight", "arrow_forward", "Later (Alt+Right)"),
            ("Delete", "delete_outline", "Delete"),
        ):
            button = ui.button(icon=icon, on_click=lambda _, k=key: self._act(k, chosen)).props(
                "flat round dense size=sm"
            )
            button.props["aria-label"] = button.props["title"] = tip

    def _act(self, key: str, chosen: Selection) -> None:
        at = int(chosen.path[0])
        count = len(self.session.steps_of(chosen.place))
        self.pipeline.pressed(key, chosen.place, at)
        if key.startswith("alt+"):
            to = at + (-1 if key == "alt+ArrowLeft" else 1)
            if 1 <= to < count:
                self.select(Selection(*chosen.place, (to,)))
        elif key == "Delete":
            self.select(None)
        else:
            self.select(chosen)

    def _parameters(self, target: Selection, item: Item) -> None:
        given = self._given(target)
        shown = [p for p in item.parameters if p.name in given or p.default is None]
        rest = [p for p in item.parameters if p not in shown and p.kind != "parts"]
        for parameter in shown:
            if parameter.kind != "parts":
                self._field(target, parameter, given.get(parameter.name))
        for parameter in item.parameters:
            if parameter.kind == "parts":
                self._parts(target, parameter, given)
        if rest:
            words = f"{len(rest)} more, at their defaults" if shown else f"{len(rest)} parameters, at their defaults"
            more = ui.expansion(words).classes("form-more")
            # Built when it is first opened: a microscope has many parameters that nobody looks at.
            more.on_value_change(lambda e: self._fill(more, target, rest) if e.value else None)
            more.value = not shown

    def _fill(self, more: ui.expansion, target: Selection, rest: list[Parameter]) -> None:
        if more.default_slot.children:
            return
        with more:
            for parameter in rest:
                self._field(target, parameter, None)
        self._complain()

    def _given(self, target: Selection) -> dict[str, str]:
        expression = Expression(self.expected or "")
        return {a.name: expression.source(a.node) for a in arguments(expression.tree, self.session.names) if a.name}

    def _field(self, target: Selection, parameter: Parameter, text: str | None) -> None:
        def commit(value: str | None) -> str:
            def edit(expression: Expression, path: Path) -> str:
                if value is not None:
                    Expression(value)
                return expression.with_argument(path, parameter.name, value, self.session.names)

            return self._tried(target, edit, parameter.name)

        self.fields[parameter.name] = Field(self.session, parameter, text, commit)

    def _value(self, target: Selection) -> None:
        """Build one field for a step that is itself a value or an expression."""

        def commit(value: str | None) -> str:
            def edit(expression: Expression, path: Path) -> str:
                return expression.replaced(path, Expression(value or "").text, self.session.names)

            return self._tried(target, edit, "value")

        whole = Parameter("value", "what flows or is computed here")
        self.fields["value"] = Field(self.session, whole, self.expected, commit)

    def _tried(self, target: Selection, edit: object, name: str) -> str:
        self.busy = True
        try:
            make = self.session.changed(target, edit)  # type: ignore[arg-type]
            said = self.session.tried(make, target, f"{target}.{name}")
            if not said:
                self.expected = self.session.text_of(target)
            return said
        finally:
            self.busy = False

    def _complain(self) -> None:
        problem, target = self.session.problem, self.target
        if problem and target and problem.is_of(*target.place) and problem.parameter in self.fields:
            self.fields[problem.parameter].complain(problem.message)

    # -- features inside -------------------------------------------------------------------------------------------

    def _parts(self, target: Selection, parameter: Parameter, given: dict[str, str]) -> None:
        parts = self._found(target, parameter.name)
        listed = isinstance(getattr(Expression(given.get(parameter.name, "[]")).tree, "elts", None), list)
        with ui.element("div").classes("field parts"):
            with ui.element("div").classes("field-head"):
                ui.label(parameter.name).classes("field-name").tooltip(parameter.meaning)
                ui.space()
                kind = parameter.allowed.rpartition(" ")[2]
                offered = [
                    i
                    for i in palette.items()
                    if (i.kind == "part") == (kind == "Aberration") and i.kind in ("part", "feature")
                ]
                with ui.button("Add", icon="add").props("flat dense size=sm no-caps"), ui.menu():
                    for item in offered:
                        ui.menu_item(item.name, lambda i=item: self._add_part(target, parameter.name, i))
            for k, part in enumerate(parts):
                path: Path = (parameter.name, part.index or 0) if listed else (parameter.name,)
                self._part(part, path, partial(self._made, target, parameter.name), parts, k)
            if not parts:
                ui.label("none").classes("soft small")

    def _part(self, part: Part, path: Path, make: Callable[[list[Part]], None], parts: list[Part], k: int) -> None:
        """Build the line of one feature."""
        on, said = part.index is not None, title(part.text)
        with ui.element("div").classes(f"part {hue(self._item(part.text))}" + ("" if on else " part-off")):
            name = ui.label(said).classes("part-name")
            if on:
                name.props("tabindex=0 role=button")
                name.on("click", lambda: self._inside((*self.inner, *path)))
                name.on("keydown.enter", lambda: self._inside((*self.inner, *path)))
            others = [*parts[:k], *parts[k + 1 :]]
            offers = [
                ("arrow_upward", "Earlier", swapped(parts, k, k - 1)),
                ("arrow_downward", "Later", swapped(parts, k, k + 1)),
                ("close", "Take out", others),
            ]
            if not self.inner:
                turned = [*parts[:k], Part(part.text, None if on else -1), *parts[k + 1 :]]
                offers.insert(0, ("toggle_on" if on else "toggle_off", "Switch off" if on else "Switch on", turned))
            for icon, tip, made in offers:
                button = ui.button(icon=icon, on_click=lambda _, m=made: make(m))
                button.props("flat round dense size=xs").props["aria-label"] = f"{tip}: {said}"

    def _found(self, target: Selection, name: str) -> list[Part]:
        """Return the features that an argument lists; deeper than a step's own, none is switched off."""
        if not self.inner and len(target.path) == 1:
            return parts_of(self.session.steps_of(target.place)[int(target.path[0])], name, self.session.names)
        return [
            Part(text, k) for k, text in enumerate(entries(Expression(self.expected or ""), name, self.session.names))
        ]

    def _made(self, target: Selection, name: str, parts: list[Part]) -> None:
        """Make an argument list these features."""
        names = self.session.names
        if not self.inner and len(target.path) == 1:
            at = int(target.path[0])
            self.session.edit(lambda recipe: with_parts(recipe, target.place, at, name, parts, names))
        else:
            order = [part.index for part in parts if part.index is not None]
            self._ordered(target, name, order)
        self.show()

    def _outwards(self) -> None:
        """Go back to what the feature stands in: past its name, and its number where it is listed."""
        self._inside(self.inner[:-2] if isinstance(self.inner[-1], int) else self.inner[:-1])

    def _inside(self, path: Path) -> None:
        self.inner = path
        self.show()

    def _add_part(self, target: Selection, name: str, item: Item) -> None:
        names = self.session.names
        self.session.edit(self.session.changed(target, lambda e, path: with_part(e, path, name, item.text, names)))

    def _ordered(self, target: Selection, name: str, order: list[int]) -> None:
        names = self.session.names

        def edit(expression: Expression, path: Path) -> str:
            if not order:
                return expression.with_argument(path, name, None, names)
            return expression.with_steps((*path, name), order, names)

        self.session.edit(self.session.changed(target, edit))


def swapped(parts: list[Part], a: int, b: int) -> list[Part]:
    """Return the features with two of them exchanged; as they are where there is no b."""
    order = list(parts)
    if 0 <= b < len(parts):
        order[a], order[b] = order[b], order[a]
    return order
