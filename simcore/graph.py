"""Graph: what a recipe is made of (outputs, order, names, frames), fixed and checked when it is built."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence

from simcore.errors import ParameterError, RecipeError
from simcore.features import Applied, Feature, Flow, Microscope, Scatterer, Scene
from simcore.geometry import Geometry
from simcore.names import Walk
from simcore.outputs import OutputSpec, specify
from simcore.properties import Property, as_property
from simcore.targets import Positions


class Graph:
    """Named outputs and all that stands behind them; the structure of a `Recipe`.

    ``targets`` are the outputs as given, ``outputs`` what they look like, ``names`` those of features and draws by
    identity, ``frames`` the (height, width) of the images that points lie in, by flow.
    """

    def __init__(self, targets: Mapping[str, object]) -> None:
        if not targets:
            raise RecipeError("a recipe needs at least one output: Recipe(image=...)")
        self.targets: dict[str, Flow | Property] = {name: _target(name, value) for name, value in targets.items()}
        self._walks: dict[tuple[str, ...], Walk] = {}
        self.names: Mapping[int, str] = self.walk().names
        self.frames: dict[Hashable, tuple[int, int]] = {}
        for flow in self.walk().flows.values():
            self._find_frame(flow)
        self.outputs: dict[str, OutputSpec] = specify(self.targets, self.walk(), self.frames)

    def walk(self, outputs: Iterable[str] | None = None) -> Walk:
        """Return the walk through some outputs (all of them without)."""
        chosen = tuple(self.targets) if outputs is None else tuple(outputs)
        if chosen not in self._walks:
            self._walks[chosen] = Walk({name: self.targets[name] for name in chosen})
        return self._walks[chosen]

    def _find_frame(self, flow: Flow) -> None:
        if isinstance(flow, Positions):
            frame = self._microscope_frame(flow)
            if frame:
                self.frames[flow.key] = frame
        elif flow.kind == "points" and isinstance(flow, Applied):
            source, feature = flow.inputs[0], flow.feature
            if source.key not in self.frames:
                raise RecipeError(
                    f"{feature.title()} cannot move these positions: not one microscope in the recipe images their scene; "
                    "write positions(scene, microscope=...)"
                )
            frame = self.frames[source.key]
            self.frames[flow.key] = feature.frame_after(frame) if isinstance(feature, Geometry) else frame

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

    def choose(self, outputs: Sequence[str] | None) -> list[str]:
        """Return the outputs asked for, in the recipe's order; ParameterError if one is unknown."""
        if outputs is None:
            return list(self.targets)
        for name in outputs:
            if name not in self.targets:
                raise ParameterError(f"outputs: {name!r}; the recipe has {', '.join(self.targets)}")
        return [name for name in self.targets if name in outputs]


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
