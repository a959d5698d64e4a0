"""Networks that come with the package, one for each folder: those of the cases in ``examples/``, trained at their default size.

Each is a run directory without its checkpoints: ``run.json`` says what it was trained on and by what, ``history.csv`` how well.
"""

from pathlib import Path

from dtmodels.errors import RunError
from dtmodels.run import RECORD, Run, open_run

_HERE = Path(__file__).parent


def pretrained_names() -> list[str]:
    """Names of the networks that come with the package."""
    return sorted(path.parent.name for path in _HERE.glob(f"*/{RECORD}"))


def open_pretrained(name: str) -> Run:
    """Open a network that comes with the package, by the name of its example; RunError for another name."""
    if name not in pretrained_names():
        raise RunError(f"pretrained: {name!r}; must be one of {', '.join(pretrained_names())}")
    return open_run(_HERE / name)
