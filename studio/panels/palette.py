"""The palette: everything a recipe may name, searchable, to be dragged or added by a key."""

from __future__ import annotations

import html
from collections.abc import Callable

from nicegui import ui

from studio import palette
from studio.building.session import Session
from studio.palette import Item
from studio.panels.dragging import draggable, on_keys

ICONS = {"draw": "equalizer", "function": "functions", "own": "code", "repeat": "content_copy"}
# By what an item does to the light, as the chips of the pipeline have it.
HUES = {
    "Scatterers": "scene", "Microscopes": "light", "Aberrations": "light", "Noise and camera": "noise", "Targets": "target",
    "Draws": "value", "Motion": "value", "Functions": "value", "Your own": "own", "Measured images": "scene",
}  # fmt: skip


def hue(item: Item | None) -> str:
    """Return the class of an item's colour."""
    return "hue-" + (HUES.get(item.family, "change") if item else "value")


class Palette:
    """Builds the palette; ``add`` is called with an item that is added by key or double click."""

    def __init__(self, session: Session, add: Callable[[Item], None]) -> None:
        self.session, self.add = session, add
        self.rows: list[tuple[Item, ui.element]] = []
        self.heads: list[tuple[str, ui.element]] = []
        with ui.column().classes("palette"):
            self.search = ui.input(placeholder="Search features", on_change=self._filter).props(
                'dense outlined clearable debounce=80 aria-label="Search the palette"'
            )
            with self.search.add_slot("prepend"):
                ui.icon("search").classes("soft")
            self.empty = ui.label("Nothing is called that.").classes("soft small")
            self.empty.visible = False
            with ui.column().classes("palette-list"):
                self._build()

    def _build(self) -> None:
        families: dict[str, list[Item]] = {}
        for item in (*self.session.own, *palette.items()):
            families.setdefault(item.family, []).append(item)
        for family, found in families.items():
            head = ui.label(family).classes("palette-family")
            self.heads.append((family, head))
            for item in found:
                self.rows.append((item, self._row(item)))

    def _row(self, item: Item) -> ui.element:
        label = html.escape(item.name)
        with (
            ui.element("div")
            .classes(f"palette-item {hue(item)}")
            .props(f'tabindex=0 role=button aria-label="{label}: drag, or press Enter to add"') as row
        ):
            if item.source or item.kind == "function" or item.family == "Motion":
                ui.icon(ICONS.get("own" if item.source else item.kind, "extension")).classes("palette-icon")
            else:
                ui.html(
                    f'<img src="/studio/thumbnail/{label}" alt="" loading="lazy" draggable="false">', sanitize=False
                ).classes("palette-icon")
            with ui.element("div").classes("palette-words"):
                ui.label(item.name).classes("palette-name")
                ui.label(item.meaning).classes("palette-meaning")
            info = (
                ui.icon("info_outline")
                .classes("palette-info")
                .props(f'tabindex=0 role=button aria-label="About {label}"')
            )
            info.on("click", lambda _, i=item: self._about(i), js_handler="(e) => { e.stopPropagation(); emit(); }")
        draggable(row, lambda: self._dragged(item))
        row.on("dblclick", lambda _: self.add(item))
        on_keys(row, ("Enter",), lambda _: self.add(item))
        on_keys(info, ("Enter", " "), lambda _: self._about(item))
        return row

    def _dragged(self, item: Item) -> None:
        self.session.dragged = item

    def _filter(self) -> None:
        words = self.search.value or ""
        seen: set[str] = set()
        for item, row in self.rows:
            row.visible = item.matches(words)
            if row.visible:
                seen.add(item.family)
        for family, head in self.heads:
            head.visible = family in seen
        self.empty.visible = not seen

    def _about(self, item: Item) -> None:
        with ui.dialog(value=True) as dialog, ui.card().classes("about"):
            with ui.row().classes("about-head"):
                ui.html(f'<img src="/studio/thumbnail/{html.escape(item.name)}" alt="">', sanitize=False).classes(
                    "about-picture"
                )
                with ui.column().classes("gap-0"):
                    ui.label(item.name).classes("title")
                    ui.label(item.family).classes("soft small")
            ui.label(item.doc).classes("about-doc")
            if item.parameters:
                with ui.element("div").classes("about-table"):
                    for word in ("parameter", "meaning", "unit", "range", "default"):
                        ui.label(word).classes("soft small")
                    for p in item.parameters:
                        ui.label(p.name).classes("mono")
                        ui.label(p.meaning)
                        ui.label("" if p.unit in ("1", "") else p.unit)
                        ui.label(p.allowed or ", ".join(p.choices))
                        ui.label("required" if p.default is None else p.default).classes("mono")
            with ui.row().classes("about-foot"):
                ui.button("Add", on_click=lambda: (dialog.close(), self.add(item))).props("no-caps unelevated")
                ui.button("Close", on_click=dialog.close).props("no-caps flat")
        dialog.on("hide", dialog.delete)
