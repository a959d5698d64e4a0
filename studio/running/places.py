"""Where runs and datasets may lie, so that the studio lists them again."""

from __future__ import annotations

from studio.errors import StudioError
from studio.project import Project


def place(project: Project, name: str, what: str, example: str) -> str:
    """The path of a new run or dataset as the project calls it. StudioError where it would not be found again."""
    name = name.strip()
    if not name:
        raise StudioError(f"{what}: has no name; such as {example}")
    found = project.relative(name)
    parts = [] if found == "." else found.split("/")
    if not parts:
        raise StudioError(
            f"{what}: {name!r}; is the project folder itself, whose files it would take away; such as {example}"
        )
    if parts[0].startswith("."):
        raise StudioError(f"{what}: {name!r}; begins with a dot, and what is hidden is not listed; such as {example}")
    if len(parts) > 2:
        raise StudioError(
            f"{what}: {name!r}; lies too deep: in the project folder, or one folder deeper, such as {example}"
        )
    return found
