"""The training file of a project: each edit is saved at once, and never over what somebody else wrote meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from studio.errors import StudioError
from studio.project import TRAINING, Project
from studio.training import text as texts


class TrainingFile:
    """``training.yaml`` (or another) as it was read; ``error`` is what dtmodels has against it."""

    def __init__(self, project: Project, name: str = TRAINING) -> None:
        self.project, self.name = project, name
        self.text, self.digest = "", None  # type: str, str | None
        self.error: str | None = None
        self.unsaved = False  # whether the disk refused what stands in ``text``
        self.load()

    @property
    def exists(self) -> bool:
        return self.digest is not None

    def load(self) -> None:
        """Read it again; without a file, start from one that is saved with the first edit."""
        found = self.project.read(self.name)
        self.text, self.digest = (found.text, found.digest) if found.digest is not None else (texts.START, None)
        self.unsaved = False
        self._check()

    def changed(self) -> bool:
        """Whether somebody else wrote it since."""
        return self.project.read(self.name).digest != self.digest

    def get(self, *path: str, default: Any = None) -> Any:
        """A value of it; the default where it is not written or the file cannot be read."""
        try:
            return texts.get(self.text, path, default)
        except StudioError:
            return default

    def set(self, path: Sequence[str], value: Any) -> None:
        """Change one value (None takes it away) and save. ConflictError where the file is another one by now: what was
        typed then stands in ``text``, for ``keep_beside``.
        """
        self.set_all({tuple(path): value})

    def set_all(self, values: dict[tuple[str, ...], Any]) -> None:
        """Change several values and save once; what the disk refused is saved with the next edit, or by ``save``."""
        edited = self.text
        for path, value in values.items():
            edited = texts.set_value(edited, path, value)
        if edited != self.text or not self.exists or self.unsaved:
            self.text = edited
            self._check()
            self.save()

    def save(self) -> None:
        """Write what stands here; it counts as unsaved until the disk has taken it."""
        self.unsaved = True
        self.digest = self.project.write(self.name, self.text, self.digest)
        self.unsaved = False

    def keep_beside(self) -> str:
        """Save what is edited here under another name, and read the file anew."""
        name = self.project.write_beside(self.name, self.text)
        self.load()
        return name

    def _check(self) -> None:
        try:
            texts.checked(self.text)
            self.error = None
        except StudioError as error:
            self.error = str(error)
