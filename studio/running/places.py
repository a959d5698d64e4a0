"""Where runs and datasets may lie, so that the studio lists them again."""

from __future__ import annotations

from studio.errors import StudioError
from studio.project import Project

RESULTS = "results"  # what was found on measured frames, a folder for each file of them


def apart(path: str, usual: str = "") -> str:
    """A name for results of what lies there: with its folder, unless it lies where such things usually do."""
    return path.rstrip("/").removeprefix("./").removeprefix(usual).lstrip("/").replace("/", "_")


def results_of(measured: str) -> str:
    """The folder of what was found on measured frames: of each file its own, also where two folders hold one of that name."""
    return f"{RESULTS}/{apart(measured)}"


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
