"""Other programs of ours, run to their end: exports, and another studio for another project."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path

from studio.errors import StudioError

LONGEST = 120.0  # seconds
_others: list[asyncio.subprocess.Process] = []


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

    Raises StudioError if it does not start.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "studio.cli", str(folder), "--no-browser",
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None and process.stderr is not None
    try:
        address = (await asyncio.wait_for(process.stdout.readline(), LONGEST)).decode().strip()
    except TimeoutError:
        address = ""
    if not address.startswith("http://127.0.0.1:"):
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        said = (await process.stderr.read()).decode(errors="replace").strip().splitlines()
        raise StudioError(said[-1] if said else f"{folder}: no studio could be started there")
    _others.append(process)
    return address


def close_others() -> None:
    """End the studios that were opened from this one."""
    for process in _others:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
