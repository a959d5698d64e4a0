"""Names of features and draws, and the order in which a recipe is walked.

A name is fixed when the recipe is built, by walking the outputs as written: inputs before features, a feature before its
parameters, parameters in declaration order. Random numbers follow names, so this order may never change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from simcore.draws import Draw
from simcore.errors import RecipeError
from simcore.features import Feature, Flow
from simcore.properties import Node, Property


class Walk:
    """One walk through a recipe: ``flows``, ``features`` and ``properties`` in order, each after what it stands on."""

    def __init__(self, outputs: Mapping[str, Flow | Property]) -> None:
        self.flows: dict[tuple[object, ...], Flow] = {}
        self.features: dict[int, Feature] = {}
        self.properties: dict[int, Property] = {}
        self.paths: dict[int, str] = {}  # of draws: where first met
        self._pinned: dict[str, Node] = {}
        self.names: dict[int, str] = {}
        for output in outputs.values():
            self._collect(output, set())
        for name, output in outputs.items():
            if isinstance(output, Flow):
                self._flow(output, name)
            else:
                self._property(output, name)

    def _collect(self, node: Node, seen: set[int]) -> None:
        """Find the names that were given, so that computed ones keep clear of them."""
        if id(node) in seen:
            return
        seen.add(id(node))
        name = getattr(node, "name", None)
        if name is not None:
            if self._pinned.get(name, node) is not node:
                raise RecipeError(f"two parts of the recipe are named {name!r}; names must differ")
            self._pinned[name] = node
        for child in _children(node):
            self._collect(child, seen)

    def _name(self, node: Node, wish: str) -> str:
        given = getattr(node, "name", None)
        if given is None:
            taken = {*self._pinned, *self.names.values()}
            given, number = wish, 1
            while given in taken:
                number += 1
                given = f"{wish}_{number}"
        self.names[id(node)] = given
        return str(given)

    def _flow(self, flow: Flow, path: str) -> None:
        if flow.key in self.flows:
            return
        for source in flow.inputs:
            self._flow(source, path)
        for feature in flow.features():
            self._feature(feature)
        for node in flow.properties():
            self._property(node, path)
        self.flows[flow.key] = flow

    def _feature(self, feature: Feature) -> None:
        if id(feature) in self.features:
            return
        self.features[id(feature)] = feature
        name = self._name(feature, feature.kind())
        for field, node in feature.properties():
            self._property(node, f"{name}.{field}")
        for part in feature.parts():
            self._feature(part)

    def _property(self, node: Property, path: str) -> None:
        if node.owner is not None:
            self._feature(node.owner)
        if id(node) in self.properties:
            return
        if isinstance(node, Draw):
            self._name(node, path)
            self.paths[id(node)] = path
            for label, child in zip(node.parameters, node.inputs, strict=True):
                self._property(child, f"{path}.{label}")
        else:
            for child in node.inputs:
                self._property(child, path)
        self.properties[id(node)] = node


def _children(node: Node) -> Iterable[Node]:
    if isinstance(node, Flow):
        return [*node.inputs, *node.features(), *node.properties()]
    if isinstance(node, Feature):
        return [child for _, child in node.properties()]
    return node.inputs if isinstance(node, Property) else ()
