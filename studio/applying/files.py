"""Measured files that are dropped onto the page."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any
from uuid import uuid4

from studio.errors import StudioError
from studio.project import PICTURES, VIDEOS, Project

FOLDER = "measured"


async def keep_upload(project: Project, file: Any) -> str:
    """Put a file that was uploaded into ``measured/`` and return its path in the project; another of that name is not replaced.

    The same file again is not kept twice. StudioError if it is of no known kind, or the disk refuses.
    """
    name = PureWindowsPath(PurePosixPath(str(file.name)).name).name.lstrip(".")
    if not name or PurePosixPath(name).suffix.lower() not in (*PICTURES, *VIDEOS):
        known = ", ".join((*PICTURES, *VIDEOS))
        raise StudioError(f"{file.name}: is no video, image or stack that can be read here; known are {known}")
    folder = project.inside(FOLDER)
    beside = folder / f".part-{uuid4().hex}"  # of its own: two may arrive at once
    try:
        folder.mkdir(exist_ok=True)
        try:
            await file.save(beside)
            path = folder / name
            number = 2
            while path.exists():
                if await asyncio.to_thread(_same, path, beside):
                    return project.relative(path)  # dropped twice
                path = folder / f"{PurePosixPath(name).stem}-{number}{PurePosixPath(name).suffix}"
                number += 1
            beside.replace(path)  # nothing is awaited since it was looked for, so no other upload has taken the name
        finally:
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)
    except OSError as error:
        raise StudioError(f"{name}: not kept: {error.strerror or error}") from None
    return project.relative(path)


def _same(one: Path, other: Path) -> bool:
    """Whether two files hold the same bytes."""
    return one.is_file() and one.stat().st_size == other.stat().st_size and _digest(one) == _digest(other)


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
