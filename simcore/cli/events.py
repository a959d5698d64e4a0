"""What ``generate`` shows while it runs: the options, and errors as JSON."""

import contextlib
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from simcore.engines.progress import Shown


def chosen_progress(quiet: bool, per_worker: bool, as_json: bool) -> "Shown":
    """What the options mean; two of them at once mean nothing."""
    if quiet + per_worker + as_json > 1:
        raise typer.BadParameter("--quiet, --per-worker and --json: one of them at most")
    return False if quiet else "workers" if per_worker else "json" if as_json else None


@contextlib.contextmanager
def told_as_json(wanted: bool) -> Iterator[None]:
    """An error is told on standard output too, before the line on standard error."""
    try:
        yield
    except BaseException as error:
        if wanted:
            text = " ".join(str(error).split()) or type(error).__name__
            print(json.dumps({"event": "error", "error": text}), flush=True)
        raise
