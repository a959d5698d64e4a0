"""What a form was filled with, kept in the project's own folder so that it is there again after a reload."""

from __future__ import annotations

import contextlib
import json
import math
from typing import Any

from studio.project import Project, replace


class Remembered:
    """Plain values by name, in ``<project>/.studio/<name>.json``; nothing is lost but comfort where it cannot be kept."""

    def __init__(self, project: Project, name: str) -> None:
        self._project, self._name = project, f"{name}.json"
        try:
            found = json.loads((project.own / self._name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            found = {}
        self._values: dict[str, Any] = found if isinstance(found, dict) else {}

    def get(self, name: str, default: Any) -> Any:
        """What was kept, if it is of the kind of the default."""
        found = self._values.get(name, default)
        if _is_number(default) and _is_number(found):  # a field gives 50000.0 where it was given 50000
            return (int(found) if found.is_integer() else found) if isinstance(found, float) else found
        return found if default is None or isinstance(found, type(default)) else default

    def keep(self, name: str, value: Any) -> None:
        """Keep a value."""
        if self._values.get(name) == value:
            return
        self._values[name] = value
        with contextlib.suppress(OSError):
            replace(self._project.own / self._name, json.dumps(self._values, indent=1).encode())


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
