"""The command line: ``simcore generate recipe.yaml train.zarr --count 1e6 --seed 1``. Errors are one line."""

import os
import sys

import typer
import yaml

from simcore.cli import about_datasets, about_recipes, keeping, planning, sharing
from simcore.cli.app import app
from simcore.errors import SimcoreError

FAILED, MISUSED, INTERRUPTED = 1, 2, 130
STAYS = "interrupted; what is stored stays"

__all__ = ["about_datasets", "about_recipes", "keeping", "main", "planning", "run", "sharing"]


def main() -> None:
    """Run the command line; never a traceback, unless ``SIMCORE_TRACEBACK`` is set."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run the command line with these arguments.

    Returns:
        0, 1 (it failed), 2 (it was called wrongly) or 130 (interrupted).

    """
    try:
        status = app(arguments, prog_name="simcore", standalone_mode=False) or 0
        return _fail(STAYS, status) if status == INTERRUPTED else status
    except (KeyboardInterrupt, typer.Abort):
        return _fail(STAYS, INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read has had enough
        return FAILED
    except Exception as error:
        if os.environ.get("SIMCORE_TRACEBACK"):
            raise
        return _fail(*_explain(error))


def _explain(error: Exception) -> tuple[str, int]:
    if hasattr(error, "format_message"):  # of the parser of the command line
        return f"{error.format_message()} (see simcore --help)", MISUSED
    if isinstance(error, SimcoreError):
        text = str(error)
    elif isinstance(error, yaml.YAMLError):
        text = f"not YAML: {error}"
    elif isinstance(error, OSError):
        text = f"{error.filename}: {error.strerror}" if error.filename else error.strerror or str(error)
    elif isinstance(error, MemoryError):
        text = f"not enough memory: {error}"
    elif isinstance(error, UnicodeDecodeError):
        text = f"not a text file: {error}"
    else:
        text = f"{type(error).__name__}: {error} (SIMCORE_TRACEBACK=1 shows where)"
    return text, FAILED


def _fail(message: str, status: int) -> int:
    print(f"simcore: {' '.join(message.split())}", file=sys.stderr)
    return status
