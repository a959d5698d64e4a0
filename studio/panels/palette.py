"""The palette: everything a recipe may name, searchable, to be dragged or added by a key."""

from __future__ import annotations

import html
from collections.abc import Callable

from nicegui import ui

from studio import palette
from studio.building.session import Session
from studio.palette import Item
from studio.panels.dragging import END

ICONS = {"draw": "equalizer", "function": "functions", "own": "code", "repeat": "content_copy"}
# By what an item does to the light, as the chips of the pipeline have it.
HUES = {
    "Scatterers": "scene", "Microscopes": "light", "Aberrations": "light", "Noise and camera": "noise", "Targets": "target",
    "Draws": "value", "Motion": "value", "Functions": "value", "Your own": "own", "Measured images": "scene",
}  # fmt: skip


def hue(item: Item | None) -> str:
    """Return the class of an item's colour."""
    return "hue-" + (HUES.get(item.family, "change") if item else "value")


# One block of HTML instead of an element for each word: the browser goes through all elements at every change.
START = """(e) => { const row = e.target.closest('.palette-item'); if (!row) return;
  e.dataTransfer.setData('application/x-studio', '1'); e.dataTransfer.effectAllowed = 'copyMove';
  document.body.classList.add('dragging'); emit(row.dataset.name); }"""
ADD = "(e) => { const row = e.target.closest('.palette-item'); if (row && !e.target.closest('button')) emit(row.dataset.name); }"
ENTER = """(e) => { if (e.key !== 'Enter' || !e.target.classList.contains('palette-item')) return;
  e.preventDefault(); emit(e.target.dataset.name); }"""
ABOUT = "(e) => { const info = e.target.closest('.palette-info'); if (info) emit(info.closest('.palette-item').dataset.name); }"
# As `Item.matches`.
FILTER = """(value) => {
  const words = (value || '').toLowerCase().split(/\\s+/).filter(Boolean);
  const list = document.querySelector('.palette-list');
  let any = false;
  for (const family of list.querySelectorAll('.palette-group')) {
    let some = false;
    for (const row of family.querySelectorAll('.palette-item')) {
      const seen = words.every(word => row.dataset.words.includes(word));
      row.style.display = seen ? '' : 'none';
      some = some || seen;
    }
    family.style.display = some ? '' : 'none';
    any = any || some;
  }
  document.querySelector('.palette-none').style.display = any ? 'none' : 'block';
}"""


class Palette:
    """Builds the palette; ``add`` is called with an item that is added by key or double click."""

    def __init__(self, session: Session, add: Callable[[Item], None]) -> None:
        self.session, self.add = session, add
        with ui.column().classes("palette"):
            search = ui.input(placeholder="Search features").props(
                'dense outlined clearable aria-label="Search the palette"'
            )
            search.on("update:model-value", js_handler=FILTER)
            with search.add_slot("prepend"):
                ui.icon("search").classes("soft")
            shown = ui.html(self._rows(), sanitize=False).classes("palette-list")
        shown.on("dragstart", lambda e: self._dragged(str(e.args)), js_handler=START)
        shown.on("dragend", js_handler=END)
        shown.on("dblclick", lambda e: self._add(str(e.args)), js_handler=ADD)
        shown.on("keydown", lambda e: self._add(str(e.args)), js_handler=ENTER)
        shown.on("click", lambda e: self._asked(str(e.args)), js_handler=ABOUT)

    def _rows(self) -> str:
        families: dict[str, list[Item]] = {}
        for item in (*self.session.own, *palette.items()):
            families.setdefault(item.family, []).append(item)
        groups = [
            f'<div class="palette-group"><div class="palette-family">{html.escape(family)}</div>{"".join(map(row, found))}</div>'
            for family, found in families.items()
        ]
        return (
            f'{"".join(groups)}<div class="palette-none soft small" style="display:none">Nothing is called that.</div>'
        )

    def _item(self, name: str) -> Item | None:
        return palette.item(name, self.session.own)

    def _dragged(self, name: str) -> None:
        self.session.dragged = self._item(name)

    def _add(self, name: str) -> None:
        item = self._item(name)
        if item is not None:
            self.add(item)

    def _asked(self, name: str) -> None:
        item = self._item(name)
        if item is not None:
            self._about(item)

    def _about(self, item: Item) -> None:
        with ui.dialog(value=True) as dialog, ui.card().classes("about"):
            with ui.row().classes("about-head"):
                ui.html(f'<img src="/studio/thumbnail/{html.escape(item.name)}" alt="">', sanitize=False).classes(
                    "about-picture"
                )
                with ui.column().classes("gap-0"):
                    ui.label(item.name).classes("title")
                    ui.label(item.family).classes("soft small")
            ui.label(item.doc.replace("`", "")).classes("about-doc")
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


def row(item: Item) -> str:
    """Return the HTML of an item's line."""
    name, words = html.escape(item.name, quote=True), html.escape(item.words, quote=True)
    if item.source or item.kind == "function" or item.family == "Motion":
        symbol = ICONS.get("own" if item.source else item.kind, "extension")
        picture = f'<i class="material-icons" aria-hidden="true">{symbol}</i>'
    else:
        picture = f'<img src="/studio/thumbnail/{name}" alt="" loading="lazy" draggable="false">'
    said = f"{name}: drag, or press Enter to add"
    place = f'draggable="true" tabindex="0" role="button" data-name="{name}" data-words="{words}" aria-label="{said}"'
    return (
        f'<div class="palette-item {hue(item)}" {place}><div class="palette-icon">{picture}</div>'
        f'<div class="palette-words"><div class="palette-name">{name}</div>'
        f'<div class="palette-meaning">{html.escape(item.meaning)}</div></div>'
        f'<button class="palette-info" aria-label="About {name}"><i class="material-icons">info_outline</i></button></div>'
    )
