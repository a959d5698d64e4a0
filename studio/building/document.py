"""A file being edited: what it says, what it said before, and how that agrees with the disk."""

from __future__ import annotations

import time
from collections.abc import Callable

from studio.errors import ConflictError, ProjectError
from studio.project import Project

TOGETHER = 1.5  # seconds within which edits of one field are undone together
MOST_STEPS = 500  # that can be undone


class Document:
    """One text file of a project in one window. Every edit is saved at once.

    ``conflict`` is set where somebody else changed the file meanwhile, ``failure`` where the disk refused; the edit stays
    here, and nothing on disk is overwritten, until one of `take_theirs`, `keep_mine`, `overwrite` and `save` is called.
    """

    def __init__(self, project: Project, name: str) -> None:
        self.project, self.name = project, name
        self.text, self.digest = "", None
        self.broken = ""  # why the file cannot be read as text; nothing is written then
        try:
            found = project.read(name)
            self.text, self.digest = found.text, found.digest
        except ProjectError as error:
            self.broken = str(error)
        self._past: list[str] = []
        self._future: list[str] = []
        self._last: tuple[str, float] = ("", 0.0)
        self.conflict: ConflictError | None = None
        self.failure: str = ""
        self.listeners: list[Callable[[], None]] = []

    @property
    def unsaved(self) -> bool:
        """Whether what is here is not on disk."""
        return bool(self.conflict or self.failure)

    @property
    def can_undo(self) -> bool:
        """Whether there is something to undo."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether something was undone."""
        return bool(self._future)

    def edit(self, text: str, field: str = "") -> None:
        """Change the text and save it; edits of one ``field`` that follow each other closely are undone together."""
        if text == self.text or self.broken:
            return
        now = time.monotonic()
        if not (field and self._past and self._last[0] == field and now - self._last[1] < TOGETHER):
            self._past = [*self._past[-MOST_STEPS:], self.text]
        self._last, self._future = (field, now), []
        self._become(text)

    def undo(self) -> None:
        """Take the last edit back."""
        if self._past and not self.broken:
            self._future.append(self.text)
            self._last = ("", 0.0)
            self._become(self._past.pop())

    def redo(self) -> None:
        """Do again what was undone."""
        if self._future and not self.broken:
            self._past.append(self.text)
            self._last = ("", 0.0)
            self._become(self._future.pop())

    def _become(self, text: str) -> None:
        self.text = text
        self.save()
        self.tell()

    def tell(self) -> None:
        """Tell the listeners that something changed."""
        for listener in list(self.listeners):
            listener()

    # -- the disk --------------------------------------------------------------------------------------------------

    def save(self) -> None:
        """Write the text; what hinders that is kept in ``conflict`` or ``failure``."""
        if self.conflict:
            return
        try:
            self.digest, self.failure = self.project.write(self.name, self.text, self.digest), ""
        except ConflictError as error:
            if error.theirs == self.text:  # the same edit from both sides
                self.digest = self.project.read(self.name).digest
            else:
                self.conflict, self.failure = error, ""
        except ProjectError as error:
            self.failure = str(error)

    def retry(self) -> None:
        """Write again what the disk refused."""
        self.save()
        self.tell()

    def refresh(self) -> bool:
        """Take over what changed on disk, if nothing here is unsaved; return whether something did. It can be undone."""
        if self.unsaved:
            if self.failure:
                before = self.failure
                self.save()
                if self.failure != before or self.conflict:
                    self.tell()
            return False
        try:
            found = self.project.read(self.name)
        except ProjectError as error:
            if self.broken != str(error):
                self.broken = str(error)
                self.tell()
            return False
        if self.broken:
            self.broken = ""
            if self.digest is None:  # it never was read: there is no text to go back to
                self.text = found.text
            self._adopt(found.text, found.digest)
            return True
        if found.digest == self.digest:
            return False
        if found.digest is None and not self.project.folder.is_dir():
            self.failure = f"{self.project.folder}: the project folder is gone"
            self.tell()
            return False
        self._adopt(found.text, found.digest)
        return True

    def _adopt(self, text: str, digest: str | None) -> None:
        if text != self.text:
            self._past, self._future = [*self._past[-MOST_STEPS:], self.text], []
        self.text, self.digest = text, digest
        self.conflict, self.failure, self._last = None, "", ("", 0.0)
        self.tell()

    def take_theirs(self) -> None:
        """End a conflict with what lies on disk; mine can be had back by undoing."""
        found = self.project.read(self.name)
        self._adopt(found.text, found.digest)

    def keep_mine(self) -> str:
        """End a conflict: mine goes to a file of another name, which is returned; theirs is shown here."""
        name = self.project.write_beside(self.name, self.text)
        self.take_theirs()
        return name

    def overwrite(self) -> None:
        """End a conflict with mine; theirs can be had back by undoing."""
        found = self.project.read(self.name)
        mine = self.text
        self._past = [*self._past[-MOST_STEPS:], found.text]
        self.conflict, self.digest, self._last = None, found.digest, ("", 0.0)
        self._become(mine)
