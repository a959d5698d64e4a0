"""Recipe: named outputs, and all that is needed to render them, fixed and checked when it is built."""

from __future__ import annotations

import hashlib
import operator
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from simcore.errors import ParameterError, RecipeError
from simcore.features import Applied, Feature, Flow, Microscope, Scatterer, Scene
from simcore.names import Walk
from simcore.outputs import OutputSpec, specify
from simcore.properties import Array, Property, as_property
from simcore.targets import Positions

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Recipe:
    """What to render: each keyword is an output, an image, points or a property. Immutable.

    Example i of (recipe, seed) is always the same, whatever else is rendered with it. Recipes are equal, and hash alike,
    if their canonical text is the same.

    Raises
    ------
    RecipeError
        If outputs are missing, are none, or do not fit together.
    """

    def __init__(self, **outputs: Flow | Property | float) -> None:
        if not outputs:
            raise RecipeError("a recipe needs at least one output: Recipe(image=...)")
        self.targets: dict[str, Flow | Property] = {name: _target(name, value) for name, value in outputs.items()}
        self._walks: dict[tuple[str, ...], Walk] = {}
        walk = self.walk()
        self.names: Mapping[int, str] = walk.names
        self.frames: dict[tuple[object, ...], tuple[int, int]] = {}
        for flow in walk.flows.values():
            self._find_frame(flow)
        self.outputs: dict[str, OutputSpec] = specify(self)

    # -- structure -----------------------------------------------------------------------------------------------

    def walk(self, outputs: Iterable[str] | None = None) -> Walk:
        """Return the walk through some outputs (all of them without)."""
        chosen = tuple(self.targets) if outputs is None else tuple(outputs)
        if chosen not in self._walks:
            self._walks[chosen] = Walk({name: self.targets[name] for name in chosen})
        return self._walks[chosen]

    def properties(self, outputs: Iterable[str]) -> Iterable[Property]:
        """Return the properties that ``outputs`` need, each after those it is made of."""
        return self.walk(outputs).properties.values()

    def features(self, outputs: Iterable[str]) -> Iterable[Feature]:
        """Return the features that ``outputs`` need."""
        return self.walk(outputs).features.values()

    def _find_frame(self, flow: Flow) -> None:
        if isinstance(flow, Positions):
            frame = self._microscope_frame(flow)
            if frame:
                self.frames[flow.key] = frame
        elif flow.kind == "points" and isinstance(flow, Applied):
            source = flow.inputs[0]
            if source.key not in self.frames:
                raise RecipeError(
                    f"{flow.feature.title()} cannot move these positions: not one microscope in the recipe images their scene; "
                    "write positions(scene, microscope=...)"
                )
            self.frames[flow.key] = self.frames[source.key]

    def _microscope_frame(self, points: Positions) -> tuple[int, int] | None:
        if points.microscope is not None:
            return points.microscope.shape
        wanted = {id(scatterer) for scatterer in points.scene.scatterers}
        found = {
            id(flow.feature): flow.feature.shape
            for flow in self.walk().flows.values()
            if isinstance(flow, Applied) and isinstance(flow.feature, Microscope) and isinstance(flow.inputs[0], Scene)
            and wanted <= {id(scatterer) for scatterer in flow.inputs[0].scatterers}
        }  # fmt: skip
        return next(iter(found.values())) if len(found) == 1 else None

    # -- identity ------------------------------------------------------------------------------------------------

    @cached_property
    def canonical(self) -> str:
        """The recipe as text: what `save` writes and by which recipes compare."""
        from simcore.text import write  # noqa: PLC0415  (text builds recipes too)

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
        from simcore.text import write_python  # noqa: PLC0415

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
    ) -> dict[str, Array]:
        """Return the first ``count`` examples, or those of ``indices``, as a dict of arrays (example, ...).

        ``block`` examples are rendered at a time (default: what fits the cache); neither it nor ``threads`` nor the
        choice of ``outputs`` changes a byte.

        Raises
        ------
        ParameterError
            If count, seed, indices or outputs cannot be, or a value drawn lies outside its range.
        """
        from simcore.render import render  # noqa: PLC0415  (kernels load when first needed)

        return render(self, seed, example_indices(count, indices), self.choose(outputs), split, threads, block)

    def choose(self, outputs: Sequence[str] | None) -> list[str]:
        """Return the outputs asked for, in the recipe's order; ParameterError if one is unknown."""
        if outputs is None:
            return list(self.targets)
        for name in outputs:
            if name not in self.targets:
                raise ParameterError(f"outputs: {name!r}; the recipe has {', '.join(self.targets)}")
        return [name for name in self.targets if name in outputs]

    def preview(self, count: int = 8, seed: int = 1) -> Figure:
        """Return a matplotlib figure of ``count`` examples."""
        from simcore.preview import preview  # noqa: PLC0415

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
        split: str | None = None,
        unit: int | None = None,
        chunk: int | None = None,
        codec: str | None = None,
        progress: bool | None = None,
    ) -> Any:
        """Render ``count`` examples into a zarr dataset at ``path``: see `simcore.run.generate`."""
        from simcore.run import generate  # noqa: PLC0415

        return generate(self, path, count, seed, workers=workers, processes=processes, scheduler=scheduler, split=split,
                        unit=unit, chunk=chunk, codec=codec, progress=progress)  # fmt: skip

    def dask(self, count: int, seed: int, chunk: int | None = None) -> dict[str, Any]:
        """Return a dict of dask arrays whose chunks are rendered when computed."""
        from simcore.run import lazy  # noqa: PLC0415

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


def _target(name: str, value: object) -> Flow | Property:
    if isinstance(value, (Scatterer, Scene)):
        raise RecipeError(f"output {name!r} is a scene; image it (scene >> microscope) or take positions(scene)")
    if isinstance(value, Feature):
        raise RecipeError(f"output {name!r} is {value.title()}, a feature that is applied to nothing")
    if isinstance(value, Flow):
        return value
    try:
        return as_property(value)
    except ParameterError as error:
        raise RecipeError(f"output {name!r}: {error}") from None
