"""What goes wrong in the studio, in words that a page can show as they are."""

from __future__ import annotations


class StudioError(Exception):
    """Base of all: the message names what it is about and what can be done."""


class ProjectError(StudioError):
    """A project folder or one of its files that cannot be read or written."""


class OutsideError(ProjectError):
    """A path that leaves the project folder."""


class ConflictError(ProjectError):
    """A file that somebody else changed since it was read; nothing was overwritten.

    ``name`` is the file, ``theirs`` its text now.
    """

    def __init__(self, name: str, theirs: str) -> None:
        super().__init__(
            f"{name}: was changed by another window or program since it was read here; nothing was overwritten"
        )
        self.name, self.theirs = name, theirs
