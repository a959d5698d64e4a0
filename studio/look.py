"""How it looks: one sheet of style for all pages, light and dark."""

from __future__ import annotations

from pathlib import Path

from nicegui import ui

# The browser's own undo would turn to the field that was typed in last, wherever the keyboard is now.
KEYS = """<script>document.addEventListener('keydown', (e) => {
  const typing = ['INPUT', 'TEXTAREA'].includes(document.activeElement?.tagName) || document.activeElement?.isContentEditable;
  if ((e.ctrlKey || e.metaKey) && ['z', 'y'].includes(e.key.toLowerCase()) && !typing) e.preventDefault();
});</script>"""
SHEET = Path(__file__).with_name("look.css")


def add_look() -> None:
    """Give the page that is being built the studio's colours and style."""
    ui.colors(primary="#2563a8", secondary="#5b6b7c", accent="#0f8a7e", positive="#1f8a4c", negative="#c0392b", info="#2563a8",
              warning="#b26a00", dark="#1b1f24", dark_page="#14171b")  # fmt: skip
    ui.add_body_html(KEYS)
    ui.add_css(SHEET.read_text(encoding="utf-8"))
