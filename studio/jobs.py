"""Stand-in until the jobs are written: nothing runs."""

from __future__ import annotations

from studio.project import Project


class Jobs:
    """The programs that run for a project."""

    def __init__(self, project: Project) -> None:
        self.project = project
