"""What is kept for the user beyond a project: recent projects and the theme. Nothing is lost where it cannot be kept."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

from studio.project import replace

MOST_RECENT = 12


def _path() -> Path:
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config") / "simcore-studio" / "settings.json"


def load() -> dict[str, Any]:
    """Return the settings; none where they cannot be read."""
    try:
        found = json.loads(_path().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def keep(name: str, value: Any) -> None:
    """Keep one setting."""
    path = _path()
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(path, json.dumps(load() | {name: value}, indent=1).encode())


def recent() -> list[str]:
    """Return the folders of recent projects that are still there, the last one first."""
    found = load().get("recent", [])
    return [f for f in found if isinstance(f, str) and _is_there(f)] if isinstance(found, list) else []


def _is_there(folder: str) -> bool:
    try:
        return Path(folder).is_dir()
    except (OSError, ValueError):  # a path that is too long, a mount that is gone
        return False


def remember(folder: Path) -> None:
    """Put a project at the head of the recent ones."""
    keep("recent", [str(folder), *(f for f in recent() if f != str(folder))][:MOST_RECENT])
