"""What a dataset offers a training: arrays that can be input or target, and their shapes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import simcore as sc
from simcore.errors import SimcoreError
from studio.errors import StudioError

INPUTS = ("image", "movie", "mask")
TARGETS = ("points", "property", "mask", "image", "table", "boxes")


@dataclass(frozen=True)
class Data:
    """Names of arrays with the shape of one example of each; ``properties`` are stored numbers, one of each example."""

    path: Path
    count: int
    shapes: dict[str, tuple[int, ...]]
    kinds: dict[str, str]

    @property
    def inputs(self) -> list[str]:
        """What a network may be given."""
        return [name for name, kind in self.kinds.items() if kind in INPUTS]

    @property
    def targets(self) -> list[str]:
        """What it may be taught to say."""
        return [name for name, kind in self.kinds.items() if kind in TARGETS and not name.endswith("_count")]

    @property
    def properties(self) -> list[str]:
        """What errors can be drawn against."""
        return [name for name, kind in self.kinds.items() if kind == "property" and not self.shapes[name]]

    def outputs(self, targets: list[str]) -> int | None:
        """Numbers, or channels, that a network must give for these targets; None where that is not known."""
        known = [self.shapes[name] for name in targets if name in self.shapes]
        if len(known) != len(targets) or not known:
            return None
        if len(known) == 1:
            return known[0][-1] if known[0] else 1
        if any(len(shape) > 1 for shape in known):
            return None
        return sum(shape[0] if shape else 1 for shape in known)


def read(path: Path) -> Data:
    """What a sealed dataset offers; StudioError where it cannot be opened."""
    try:
        view = sc.open_dataset(path)
        shapes = {name: tuple(view[name].shape[1:]) for name in view.arrays}
        kinds = {name: str(view[name].attributes.get("kind", "")) for name in view.arrays}
        return Data(path, len(view), shapes, kinds)
    except (SimcoreError, OSError) as error:
        raise StudioError(str(error)) from None
