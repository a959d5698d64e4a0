"""Drag and drop, keys and clicks by the browser's own means, listened to where elements stay.

What is dragged, dropped on, clicked carries its address in ``data-chip``, ``data-gap``, ``data-entry``, ``data-name``,
``data-more`` or ``data-drop``; one listener around all of them tells the address. So what is drawn anew between two
events loses none.
"""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui
from nicegui.events import GenericEventArguments

TARGETS = "[data-chip],[data-gap],[data-entry],[data-drop]"
START = """(e) => { const t = e.target.closest('[data-chip],[data-entry]'); if (!t) return;
  e.dataTransfer.setData('application/x-studio', '1'); e.dataTransfer.effectAllowed = 'copyMove';
  document.body.classList.add('dragging');
  emit(t.dataset.chip ? ['chip', t.dataset.chip] : ['entry', t.dataset.entry]); }"""
END = "() => document.body.classList.remove('dragging')"
# Files and selected text are no business of the page's.
OURS = "e.dataTransfer.types.includes('application/x-studio')"
OVER = f"""(e) => {{ const t = e.target.closest('{TARGETS}'); if (!t || !{OURS}) return; e.preventDefault();
  if (window.studioOver === t) return;
  window.studioOver?.classList.remove('over'); t.classList.add('over'); window.studioOver = t; }}"""
LEAVE = """(e) => { if (e.currentTarget.contains(e.relatedTarget)) return;
  window.studioOver?.classList.remove('over'); window.studioOver = null; }"""
DROP = f"""(e) => {{ const t = e.target.closest('{TARGETS}'); document.body.classList.remove('dragging');
  window.studioOver?.classList.remove('over'); window.studioOver = null; if (!t || !{OURS}) return; e.preventDefault();
  const kind = ['chip', 'gap', 'entry', 'drop'].find(k => t.dataset[k]); emit([kind, t.dataset[kind]]); }}"""
CLICK = """(e) => { const t = e.target.closest('[data-chip],[data-name],[data-more]'); if (!t) return;
  const kind = ['chip', 'name', 'more'].find(k => t.dataset[k]); emit([kind, t.dataset[kind]]); }"""
KEYS = """(e) => { const t = e.target; if (!t.dataset || !(t.dataset.chip || t.dataset.name)) return;
  const key = (e.ctrlKey || e.metaKey ? 'ctrl+' : '') + (e.altKey ? 'alt+' : '') + e.key;
  const known = t.dataset.chip ? ['Enter', ' ', 'Delete', 'alt+ArrowLeft', 'alt+ArrowRight', 'ctrl+d', 'o'] : ['Enter', 'F2'];
  if (!known.includes(key)) return;
  e.preventDefault(); e.stopPropagation();
  emit([t.dataset.chip ? 'chip' : 'name', t.dataset.chip || t.dataset.name, key]); }"""


def listen(
    element: ui.element,
    dragged: Callable[[str, str], None],
    dropped: Callable[[str, str], None],
    clicked: Callable[[str, str], None],
    pressed: Callable[[str, str, str], None],
) -> None:
    """Listen around all that carries addresses; each is called with the kind of address and the address."""

    def told(call: Callable[..., None]) -> Callable[[GenericEventArguments], None]:
        return lambda event: call(*map(str, event.args))

    element.on("dragstart", told(dragged), js_handler=START)
    element.on("dragend", js_handler=END)
    element.on("dragover", js_handler=OVER)
    element.on("dragleave", js_handler=LEAVE)
    element.on("drop", told(dropped), js_handler=DROP)
    element.on("click", told(clicked), js_handler=CLICK)
    element.on("keydown", told(pressed), js_handler=KEYS)
