"""Recipe: named outputs, and all that is needed to render them, fixed and checked when it is built."""

from __future__ import annotations

import hashlib
import operator
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from simcore.errors import ParameterError
from simcore.features import Flow
from simcore.graph import Graph
from simcore.properties import Property
from simcore.render import render
from simcore.streams import Array
from simcore.text import write, write_python

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from simcore.engines.progress import Shown
    from simcore.planning import Forecast


class Recipe(Graph):
    """What to render: each keyword is an output, an image, points or a property. Immutable.

    Example i of (recipe, seed) is always the same, whatever else is rendered with it. Recipes are equal, and hash alike,
    if their canonical text is the same.

    Raises
    ------
    RecipeError
        If outputs are missing, are none, or do not fit together.
    """

    def __init__(self, **outputs: Flow | Property | float) -> None:
        super().__init__(outputs)

    # -- identity ------------------------------------------------------------------------------------------------

    @cached_property
    def canonical(self) -> str:
        """The recipe as text: what `save` writes and by which recipes compare."""
        return write(self)

    @property
    def sha256(self) -> str:
        """SHA-256 of the canonical text."""
        return hashlib.sha256(self.canonical.encode()).hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Recipe) and self.canonical == other.canonical

    def __hash__(self) -> int:
        return hash(self.canonical)

    def __repr__(self) -> str:
        outputs = ", ".join(f"{name} {spec.shape}" for name, spec in self.outputs.items())
        return f"<Recipe: {outputs}>"

    def save(self, path: str | Path) -> None:
        """Write the recipe as YAML; `simcore.load` reads it back."""
        Path(path).write_text(self.canonical, encoding="utf-8")

    def to_python(self) -> str:
        """Return Python source that rebuilds the same recipe."""
        return write_python(self)

    # -- rendering -----------------------------------------------------------------------------------------------

    def render(
        self,
        count: int | None = None,
        *,
        seed: int,
        indices: Sequence[int] | Array | None = None,
        outputs: Sequence[str] | None = None,
        split: str | None = None,
        threads: int = 1,
        block: int | None = None,
        out: Mapping[str, Array] | None = None,
    ) -> dict[str, Array]:
        """Return the first ``count`` examples, or those of ``indices``, as a dict of arrays (example, ...).

        ``block`` examples are rendered at a time (default: what fits the cache); neither it nor ``threads`` nor the
        choice of ``outputs`` changes a byte. ``out``: arrays to be filled and returned, where new memory would cost too much.

        Raises
        ------
        ParameterError
            If count, seed, indices, outputs or out cannot be, or a value drawn lies outside its range.
        """
        return render(self, seed, example_indices(count, indices), self.choose(outputs), split, threads, block, out)

    def preview(self, count: int = 8, seed: int = 1) -> Figure:
        """Return a matplotlib figure of ``count`` examples."""
        from simcore.preview import preview  # noqa: PLC0415  (matplotlib is slow to import)

        return preview(self, count, seed)

    def generate(
        self,
        path: str | Path,
        count: int,
        seed: int,
        *,
        workers: int = 1,
        processes: bool = False,
        scheduler: str | None = None,
        cluster: str | Path | None = None,
        part: str | None = None,
        split: str | None = None,
        unit: int | None = None,
        chunk: int | None = None,
        codec: str | None = None,
        progress: Shown = None,
    ) -> Any:
        """Render ``count`` examples into a zarr dataset at ``path``: see `simcore.run.generate`."""
        from simcore.run import generate  # noqa: PLC0415  (dask is slow to import)

        self.verify()

        return generate(self, path, count, seed, workers=workers, processes=processes, scheduler=scheduler, cluster=cluster,
                        part=part, split=split, unit=unit, chunk=chunk, codec=codec, progress=progress)  # fmt: skip

    def plan(
        self,
        count: int,
        path: str | Path | None = None,
        *,
        seed: int = 1,
        workers: int = 1,
        processes: bool = False,
        split: str | None = None,
        unit: int | None = None,
        chunk: int | None = None,
        codec: str | None = None,
    ) -> Forecast:
        """Return what `generate` with these arguments will take, from a short trial: see `simcore.planning.forecast`."""
        from simcore.planning import forecast  # noqa: PLC0415  (as above)

        return forecast(self, count, path, seed=seed, workers=workers, processes=processes, split=split, unit=unit,
                        chunk=chunk, codec=codec)  # fmt: skip

    def verify(self) -> None:
        """Refuse, with RecipeError, when a file that the recipe names is missing or has changed."""
        for feature in self.walk().features.values():
            feature.verify()

    def dask(self, count: int, seed: int, chunk: int | None = None) -> dict[str, Any]:
        """Return a dict of dask arrays whose chunks are rendered when computed."""
        from simcore.lazy import lazy  # noqa: PLC0415  (as above)

        return lazy(self, count, seed, chunk=chunk)


def example_indices(count: int | None, indices: Sequence[int] | Array | None) -> Array:
    """Return the indices of the examples asked for, as uint64."""
    if (count is None) == (indices is None):
        raise ParameterError("give either count or indices")
    if indices is not None:
        chosen = [operator.index(index) if _whole(index) else -1 for index in indices]
        if not all(0 <= index < 2**64 for index in chosen):
            raise ParameterError(f"indices: {indices!r}; must be a list of whole numbers from 0 to 2**64 - 1")
        return np.array(chosen, np.uint64)
    if count is None or not _whole(count) or count < 0:
        raise ParameterError(f"count: {count!r}; must be a whole number >= 0")
    return np.arange(count, dtype=np.uint64)


def _whole(value: object) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)
