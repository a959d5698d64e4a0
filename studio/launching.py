"""Other programs of ours, run to their end: exports, and another studio for another project."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from dataclasses import dataclass
from pathlib import Path

from studio.errors import StudioError
from studio.project import Project

LONGEST = 120.0  # seconds
STUDIO = ("-P", "-m", "studio.cli")


@dataclass(frozen=True)
class _Other:
    """A studio that was opened from this one; ``reader`` keeps its output flowing."""

    process: asyncio.subprocess.Process
    address: str
    reader: asyncio.Task[None]


_others: dict[Path, _Other] = {}
_one_by_one = asyncio.Lock()


async def output_of(module: str, *arguments: str, folder: Path) -> str:
    """Return what ``python -m module arguments`` prints, run in a folder.

    Raises StudioError with its last line of errors if it fails.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", module, *arguments, cwd=folder,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        told, errors = await asyncio.wait_for(process.communicate(), LONGEST)
    except TimeoutError:
        process.kill()
        raise StudioError(f"{module} {arguments[0]}: took longer than {LONGEST:g} s") from None
    if process.returncode:
        lines = errors.decode(errors="replace").strip().splitlines()
        raise StudioError(lines[-1] if lines else f"{module} {arguments[0]}: failed with code {process.returncode}")
    return told.decode()


async def recipe_as_python(folder: Path, name: str, trust: bool = False) -> str:
    """Return what ``simcore export`` prints."""
    return await output_of("simcore.cli", "export", name, *(["--trust"] if trust else []), folder=folder)


async def training_as_python(folder: Path, name: str, data: str) -> str:
    """Return what ``dtmodels export`` prints; ``data`` is the dataset that the script shall open."""
    return await output_of("dtmodels.cli", "export", name, "--data", data, folder=folder)


async def another_studio(folder: Path) -> str:
    """Open a project in a studio of its own and return its address; it ends with this one.

    The one that was opened for the folder before is taken if it still runs. Raises StudioError if none can be started.
    """
    project = Project(folder)
    async with _one_by_one:  # so that two clicks start one
        other = _others.get(project.folder)
        if other is None or other.process.returncode is not None:
            try:
                other = await _started(project)
            except OSError as error:
                raise StudioError(f"{folder}: no studio could be started there: {error.strerror or error}") from None
            _others[project.folder] = other
        return other.address


async def _started(project: Project) -> _Other:
    path = project.own / "started.log"
    with path.open("wb") as errors:  # no pipe: one that nobody reads is full one day, and its writer hangs
        process = await asyncio.create_subprocess_exec(
            sys.executable, *STUDIO, str(project.folder), "--no-browser",
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=errors,
        )  # fmt: skip
    assert process.stdout is not None
    try:
        address = (await asyncio.wait_for(process.stdout.readline(), LONGEST)).decode(errors="replace").strip()
    except (TimeoutError, ValueError):  # a ValueError is that of a line that does not end
        address = ""
    if not address.startswith("http://127.0.0.1:"):
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        said = _end_of(path).strip().splitlines()
        raise StudioError(said[-1] if said else f"{project.folder}: no studio could be started there")
    return _Other(process, address, asyncio.create_task(_drain(process.stdout)))


async def _drain(stream: asyncio.StreamReader) -> None:
    """Read, and forget, what is written until the end."""
    while await stream.read(2**16):
        pass


def _end_of(path: Path, most: int = 2**16) -> str:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - most))
        return file.read().decode(errors="replace")


def close_others() -> None:
    """End the studios that were opened from this one."""
    for other in _others.values():
        with contextlib.suppress(ProcessLookupError):
            other.process.terminate()
