"""Code to be read."""

from __future__ import annotations

import html

from nicegui import ui


def code(text: str) -> ui.html:
    """Show a text as it is: what it says cannot hide a part of it, as Markdown could."""
    return ui.html(f"<pre>{html.escape(text)}</pre>", sanitize=False).classes("code-read")
