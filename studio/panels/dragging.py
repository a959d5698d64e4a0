"""Drag and drop by the browser's own means: what can be dragged, and where it may be dropped."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

START = """(e) => { e.stopPropagation(); e.dataTransfer.setData('text/plain', 'studio');
  e.dataTransfer.effectAllowed = 'copyMove'; document.body.classList.add('dragging'); emit(); }"""
END = "() => document.body.classList.remove('dragging')"
OVER = "(e) => { e.preventDefault(); e.stopPropagation(); e.currentTarget.classList.add('over'); }"
LEAVE = "(e) => e.currentTarget.classList.remove('over')"
DROP = """(e) => { e.preventDefault(); e.stopPropagation(); e.currentTarget.classList.remove('over');
  document.body.classList.remove('dragging'); emit(); }"""


def draggable(element: ui.element, started: Callable[[], None]) -> None:
    """Let an element be dragged; ``started`` is called when that begins."""
    element.props("draggable=true")
    element.on("dragstart", lambda _: started(), js_handler=START)
    element.on("dragend", js_handler=END)


def droppable(element: ui.element, dropped: Callable[[], None]) -> None:
    """Let something be dropped on an element."""
    element.on("dragover", js_handler=OVER)
    element.on("dragleave", js_handler=LEAVE)
    element.on("drop", lambda _: dropped(), js_handler=DROP)


def on_keys(element: ui.element, keys: tuple[str, ...], pressed: Callable[[str], None]) -> None:
    """Call ``pressed`` with the key where one of ``keys`` is pressed on an element ("Enter", "alt+ArrowLeft")."""
    listed = ", ".join(f"'{key}'" for key in keys)
    handler = f"""(e) => {{ if (e.target !== e.currentTarget) return;
      const key = (e.ctrlKey || e.metaKey ? 'ctrl+' : '') + (e.altKey ? 'alt+' : '') + e.key;
      if ([{listed}].includes(key)) {{ e.preventDefault(); e.stopPropagation(); emit(key); }} }}"""
    element.on("keydown", lambda event: pressed(str(event.args)), js_handler=handler)
