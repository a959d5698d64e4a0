"""Measured files that are dropped onto the page."""

from __future__ import annotations

import contextlib
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from studio.errors import StudioError
from studio.project import PICTURES, VIDEOS, Project

FOLDER = "measured"


async def keep_upload(project: Project, file: Any) -> str:
    """Put a file that was uploaded into ``measured/`` and return its path in the project; another of that name is not replaced.

    StudioError if it is of no known kind, or the disk refuses.
    """
    name = PureWindowsPath(PurePosixPath(str(file.name)).name).name.lstrip(".")
    if not name or PurePosixPath(name).suffix.lower() not in (*PICTURES, *VIDEOS):
        raise StudioError(f"{file.name}: is no video, image or stack that can be read here")
    folder = project.inside(FOLDER)
    path = folder / name
    try:
        folder.mkdir(exist_ok=True)
        number = 2
        while path.exists():
            if path.stat().st_size == file.size():
                return project.relative(path)  # dropped twice
            path = folder / f"{PurePosixPath(name).stem}-{number}{PurePosixPath(name).suffix}"
            number += 1
        beside = folder / f".part-{path.name}"
        try:
            await file.save(beside)
            beside.replace(path)
        finally:
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)
    except OSError as error:
        raise StudioError(f"{name}: not kept: {error.strerror or error}") from None
    return project.relative(path)
