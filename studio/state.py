"""What a page is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from nicegui import ui

from studio.jobs import Jobs
from studio.preview import Preview
from studio.project import Project

Mood = Literal["positive", "negative", "warning", "info"]


@dataclass
class Studio:
    """One project and what runs for it; shared by all windows."""

    project: Project
    jobs: Jobs = field(init=False)
    preview: Preview = field(init=False)

    def __post_init__(self) -> None:
        self.jobs = Jobs(self.project)
        self.preview = Preview(self.project.folder)

    def notify(self, message: str, mood: Mood = "info") -> None:
        """Show a line at the edge of the window that is being served; errors stay until they are closed."""
        lasting = mood in ("negative", "warning")
        ui.notify(
            message,
            type=mood,
            position="bottom",
            timeout=0 if lasting else 3000,
            close_button="Close" if lasting else False,
        )
