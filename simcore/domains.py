"""Where each property of a recipe lives: one value for an example, for each copy, each frame, or both."""

from __future__ import annotations

from collections.abc import Mapping

from simcore.errors import RecipeError
from simcore.features import Flow
from simcore.properties import EachFrame, Node, Property, Shared
from simcore.rows import FRAME, STILL, Domain
from simcore.scenes import Repeat, Scene

Context = tuple[int | None, int]


class Survey:
    """The domains of all properties, and at which levels each flow is rendered.

    Raises RecipeError where a draw would have to be two things at once.
    """

    def __init__(self, targets: Mapping[str, Flow | Property], names: Mapping[int, str], finest: int) -> None:
        self._names, self._finest = names, finest
        self._contexts: dict[int, set[Context]] = {}
        self._nodes: dict[int, Property] = {}
        self.repeats: dict[int, Repeat] = {}
        self.flows: dict[tuple[object, ...], set[int]] = {}
        self.domains: dict[int, Domain] = {}
        for name, target in targets.items():
            if isinstance(target, Flow):
                self._flow(target, STILL, name)
            else:
                self._property(target, None, STILL)
        for node in self._nodes.values():
            self._domain(node)
        for name, target in targets.items():
            if isinstance(target, Flow):
                self._check_time(target, STILL, name, set())

    # -- who uses what -------------------------------------------------------------------------------------------

    def _flow(self, flow: Flow, level: int, output: str) -> None:
        levels = self.flows.setdefault(flow.key, set())
        if level in levels:
            return
        levels.add(level)
        for source in flow.inputs:
            self._flow(source, flow.level_of_inputs(level), output)
        if isinstance(flow, Scene):
            self._scene(flow)
        else:
            for node in (*flow.properties(), *(node for f in flow.features() for node in f.all_properties())):
                self._property(node, None, STILL)

    def _scene(self, scene: Scene) -> None:
        for member in scene.members:
            if not isinstance(member, Repeat):
                for _, node in member.properties():
                    self._property(node, None, STILL)
                continue
            self.repeats[id(member)] = member
            for scatterer in member.scatterers:
                for _, node in scatterer.properties():
                    self._property(node, id(member), STILL)
            for field, node in member.properties():
                self._property(node, id(member) if field == "min_distance" else None, STILL)

    def _property(self, node: Property, repeat: int | None, level: int) -> None:
        contexts = self._contexts.setdefault(id(node), set())
        if (repeat, level) in contexts:
            return
        contexts.add((repeat, level))
        self._nodes[id(node)] = node
        if isinstance(node, Shared):
            repeat = None
        if isinstance(node, EachFrame):
            level = FRAME
        for child in node.inputs:
            self._property(child, repeat, level)

    # -- what follows --------------------------------------------------------------------------------------------

    def _domain(self, node: Property) -> Domain:
        if id(node) not in self.domains:
            found = [self._domain(child) for child in node.inputs]
            if node.random:
                found.append(self._own(node))
            repeats = {domain.repeat for domain in found if domain.repeat is not None}
            if len(repeats) > 1:
                raise RecipeError(f"{self._title(node)} mixes the copies of two repeated scatterers")
            level = self._finest if node.clocked else max((domain.level for domain in found), default=STILL)
            self.domains[id(node)] = Domain(next(iter(repeats), None), level)
        return self.domains[id(node)]

    def _own(self, node: Property) -> Domain:
        contexts = self._contexts[id(node)]
        repeats = {repeat for repeat, _ in contexts}
        if len(repeats) > 1:
            owners = " and ".join(self._owner(repeat) for repeat in sorted(repeats, key=str))
            together = (
                "" if None in repeats else ", repeat them together, (a + b).repeat(...), where each copy has both"
            )
            raise RecipeError(
                f"{self._title(node)} is drawn for {owners}; write sc.shared(...) around the draw where one value per example "
                f"is meant{together}, or sc.properties(scene, ...) to store what each copy has"
            )
        if len(contexts) > 1:
            raise RecipeError(f"{self._title(node)} is drawn both once per example and in each frame; make two draws")
        repeat, level = next(iter(contexts))
        return Domain(repeat, level)

    def _owner(self, repeat: int | None) -> str:
        if repeat is None:
            return "the whole example"
        return f"each copy of {self._names[id(self.repeats[repeat].scatterers[0])]}"

    def _title(self, node: Node) -> str:
        return self._names.get(id(node), type(node).__name__.lower())

    def _check_time(self, flow: Flow, level: int, output: str, seen: set[object]) -> None:
        if (flow.key, level) in seen:
            return
        seen.add((flow.key, level))
        for source in flow.inputs:
            self._check_time(source, flow.level_of_inputs(level), output, seen)
        if level == STILL:
            for node in flow.properties():
                if self.domains[id(node)].level > STILL:
                    raise RecipeError(
                        f"output {output!r}: {self._title(node)} changes with time; write >> sc.Movie(frames=..., interval=...)"
                    )
