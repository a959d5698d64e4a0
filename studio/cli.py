"""The command: ``simcore-studio [FOLDER]``. Errors are one line."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import Annotated

import typer

from studio.errors import StudioError

USUAL_PORT = 8765
FAILED, MISUSED, INTERRUPTED = 1, 2, 130

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@app.command()
def open_studio(
    folder: Annotated[Path, typer.Argument(help="The project: a folder, made if it is not there.")] = Path(),
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: the usual one, or any that is free.")] = 0,
    browser: Annotated[bool, typer.Option(help="Open the browser at the address.")] = True,
) -> None:
    """Open a project in the browser; only this machine can connect, and only with the address that is printed."""
    from studio.app import serve  # noqa: PLC0415  (so that --help does not wait for it)
    from studio.project import Project  # noqa: PLC0415

    project = Project(folder)
    os.chdir(project.folder)  # recipes name files relative to where they lie
    chosen = port or _free_port()
    try:
        serve(project, chosen, browser)
    except SystemExit:
        if port or chosen != USUAL_PORT:
            raise StudioError(f"port {chosen} is taken; --port chooses another") from None
        # Another studio took the usual port while this one was starting; a server that failed cannot be started again.
        again = [str(project.folder), "--port", str(_free_port(0)), "--browser" if browser else "--no-browser"]
        os.execv(sys.executable, [sys.executable, "-P", "-m", "studio.cli", *again])


def _free_port(*wishes: int) -> int:
    """Return the usual port, or a free one where that is taken."""
    for wanted in wishes or (USUAL_PORT, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise StudioError("no port of this machine is free")


def main() -> None:
    """Run the command; never a traceback, unless ``SIMCORE_TRACEBACK`` is set."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run the command with these arguments; return 0, 1 (it failed), 2 (called wrongly) or 130 (interrupted)."""
    try:
        return int(app(arguments, prog_name="simcore-studio", standalone_mode=False) or 0)
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except SystemExit as error:  # the server could not start; it has said why
        return int(error.code or 0) if isinstance(error.code, int | None) else FAILED
    except Exception as error:
        if os.environ.get("SIMCORE_TRACEBACK"):
            raise
        told = getattr(error, "format_message", None)  # of the parser of the command line
        text = f"{told()} (see simcore-studio --help)" if told else str(error) or type(error).__name__
        print(f"simcore-studio: {' '.join(text.split())}", file=sys.stderr)
        return MISUSED if told else FAILED


if __name__ == "__main__":
    main()
