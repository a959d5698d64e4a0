"""Graph: what a recipe is made of (outputs, order, names, frames), fixed and checked when it is built."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simcore.domains import Survey
from simcore.errors import ParameterError, RecipeError
from simcore.features import Applied, Feature, Flow
from simcore.movies import MotionBlur, Movie
from simcore.names import Walk
from simcore.outputs import OutputSpec, count_name, specify
from simcore.properties import Expression, Property, as_property
from simcore.rows import FRAME, PART, STILL, Domain
from simcore.scenes import Microscope, Repeat, Scatterer, Scene
from simcore.streams import Array
from simcore.targets import SceneTarget
from simcore.values import Plan

Place = tuple[tuple[object, ...], int]


@dataclass(frozen=True)
class Step:
    """One operation: a flow on a level, and the places of what it is made of."""

    flow: Flow
    level: int
    sources: tuple[Place, ...]


class Graph:
    """Named outputs and all that stands behind them; the structure of a `Recipe`.

    ``targets`` are the outputs as given, ``all_targets`` also the counts stored beside some, ``outputs`` what they look
    like, ``names`` those of features and draws by identity, ``domains`` where properties live, ``frames`` the
    (height, width) of the images that points lie in, by flow.
    """

    def __init__(self, targets: Mapping[str, object]) -> None:
        if not targets:
            raise RecipeError("a recipe needs at least one output: Recipe(image=...)")
        self.targets: dict[str, Flow | Property] = {name: _target(name, value) for name, value in targets.items()}
        self.all_targets = self._with_counts()
        self._walks: dict[tuple[str, ...], Walk] = {}
        self._steps: dict[tuple[str, ...], list[Step]] = {}
        walk = self.walk()
        self.names: Mapping[int, str] = walk.names
        self.movie = _only(Movie, walk)
        self.blur = _only(MotionBlur, walk)
        survey = Survey(self.all_targets, self.names, FRAME if self.blur is None else PART)
        self.domains = survey.domains
        self.repeats = survey.repeats
        self._check_outputs()
        self._check_exposure()
        self.frames: dict[Hashable, tuple[int, int]] = {}
        for flow in walk.flows.values():
            self._find_frame(flow)
        self.outputs: dict[str, OutputSpec] = specify(
            self.all_targets,
            walk,
            self.frames,
            {name: self.moments_of(node) for name, node in self.all_targets.items() if isinstance(node, Property)},
        )

    def walk(self, outputs: Iterable[str] | None = None) -> Walk:
        """Return the walk through some outputs (all of them without)."""
        chosen = tuple(self.all_targets) if outputs is None else tuple(outputs)
        if chosen not in self._walks:
            self._walks[chosen] = Walk({name: self.all_targets[name] for name in chosen})
        return self._walks[chosen]

    def steps(self, outputs: Iterable[str] | None = None) -> list[Step]:
        """Return the operations that some outputs need, each after what it is made of."""
        chosen = tuple(self.all_targets) if outputs is None else tuple(outputs)
        if chosen not in self._steps:
            found: dict[Place, Step] = {}
            for name in chosen:
                target = self.all_targets[name]
                if isinstance(target, Flow):
                    _collect(target, STILL, found)
            self._steps[chosen] = list(found.values())
        return self._steps[chosen]

    def moments(self, level: int) -> int:
        """Return how many images of each example a level has."""
        frames = 1 if self.movie is None else self.movie.frames
        return (1, frames, frames * (1 if self.blur is None else self.blur.parts_of_exposure))[level]

    def moments_of(self, node: Property) -> int | None:
        """Return the number of frames in which a property has values of its own; None if it is one for the example."""
        return None if self.domains[id(node)].level == STILL else self.moments(FRAME)

    def property_values(self, plan: Plan, node: Property) -> Array:
        """Return the values of an output that is a property: (example, [frame,] ...)."""
        frames = self.moments_of(node)
        if frames is None:
            return plan.value(node)
        values = Plan(plan.drawn, FRAME).value(node)
        return values.reshape(-1, frames, *node.shape)

    def _with_counts(self) -> dict[str, Flow | Property]:
        """Return the outputs and, after those of a number of particles that varies, that number."""
        found: dict[str, Flow | Property] = {}
        for name, target in self.targets.items():
            found[name] = target
            count = particle_count(target)
            if count is not None:
                beside = count_name(name)
                if beside in self.targets:
                    raise RecipeError(
                        f"output {beside!r}: that name is taken by the count beside {name!r}; choose another"
                    )
                found[beside] = count
        return found

    def _check_outputs(self) -> None:
        for name, target in self.targets.items():
            timed = isinstance(target, Property) and self.domains[id(target)] != Domain()
            if timed and self.movie is None:
                raise RecipeError(f"output {name!r} changes with time; an output must go through >> sc.Movie(...)")

    def _check_exposure(self) -> None:
        if self.blur is not None and self.domains[id(self.blur.exposure)].level == PART:
            raise RecipeError(
                "MotionBlur.exposure: changes with time; must be one value for each frame: a number, a draw, sc.each_frame(draw)"
            )

    def _find_frame(self, flow: Flow) -> None:
        if isinstance(flow, SceneTarget):
            frame = flow.frame or self._microscope_frame(flow)
            if frame:
                self.frames[flow.key] = frame
        elif flow.kind in ("points", "boxes") and isinstance(flow, Applied):
            source = flow.inputs[0]
            if source.key not in self.frames and isinstance(flow.feature, (Movie, MotionBlur)):
                return
            if source.key not in self.frames:
                raise RecipeError(
                    f"{flow.feature.title()} cannot move these {flow.kind}: not one microscope in the recipe images their scene; "
                    "write positions(scene, microscope=...)"
                )
            self.frames[flow.key] = flow.feature.frame_after(self.frames[source.key])

    def _microscope_frame(self, points: SceneTarget) -> tuple[int, int] | None:
        if points.microscope is not None:
            return points.microscope.shape
        if points.kind != "points":
            return None
        wanted = {id(scatterer) for scatterer in points.scene.scatterers}
        found = {
            id(flow.feature): flow.feature.shape
            for flow in self.walk().flows.values()
            if isinstance(flow, Applied) and isinstance(flow.feature, Microscope) and isinstance(flow.inputs[0], Scene)
            and wanted <= {id(scatterer) for scatterer in flow.inputs[0].scatterers}
        }  # fmt: skip
        return next(iter(found.values())) if len(found) == 1 else None

    def choose(self, outputs: Sequence[str] | None) -> list[str]:
        """Return the outputs asked for, in the recipe's order, with the counts beside them; ParameterError if one is unknown."""
        if outputs is None:
            return list(self.all_targets)
        for name in outputs:
            if name not in self.all_targets:
                raise ParameterError(f"outputs: {name!r}; the recipe has {', '.join(self.all_targets)}")
        wanted = {*outputs, *({count_name(name) for name in outputs} - self.targets.keys())}
        return [name for name in self.all_targets if name in wanted]


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


def particle_count(target: Flow | Property) -> Property | None:
    """Return the number of particles that rows of ``target`` stand for; None where it is the same in all examples."""
    flow = target
    while isinstance(flow, Applied) and flow.kind in ("points", "table", "boxes"):
        flow = flow.inputs[0]
    if not isinstance(flow, SceneTarget):
        return None
    repeats = [member for member in flow.scene.members if isinstance(member, Repeat)]
    if not repeats:
        return None
    total, single = repeats[0].placed, len(flow.scene.members) - len(repeats)
    for repeat in repeats[1:]:
        total = Expression("add", total, repeat.placed)
    return Expression("add", total, single) if single else total


def _collect(flow: Flow, level: int, found: dict[Place, Step]) -> None:
    if (flow.key, level) in found:
        return
    below = flow.level_of_inputs(level)
    for source in flow.inputs:
        _collect(source, below, found)
    found[flow.key, level] = Step(flow, level, tuple((source.key, below) for source in flow.inputs))


def _only(kind: type[Feature], walk: Walk) -> Any:
    found = [feature for feature in walk.features.values() if isinstance(feature, kind)]
    if len(found) > 1:
        raise RecipeError(
            f"{len(found)} features {kind.__name__}: a recipe has one time; use the same one for all outputs"
        )
    return found[0] if found else None
