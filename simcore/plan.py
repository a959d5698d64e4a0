"""(graph, seed, examples) -> the drawn values of all properties, as flat arrays. Pure: no images, no state."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from simcore.errors import ParameterError
from simcore.features import Feature
from simcore.graph import Graph
from simcore.streams import Array, Lanes, seed_key
from simcore.values import Plan

SPLITS = ("train", "validation", "test")


def plan(graph: Graph, seed: int, examples: Array, outputs: Sequence[str], split: str | None = None) -> Plan:
    """Draw all properties that ``outputs`` need, for the examples of those indices.

    Raises
    ------
    ParameterError
        If the seed or the split is none, or a value drawn lies outside its parameter's range.
    """
    if split is not None and split not in SPLITS:
        raise ParameterError(f"split: {split!r}; must be one of {', '.join(SPLITS)}")
    examples = np.ascontiguousarray(examples, np.uint64)
    lanes = Lanes(seed_key(seed), examples, np.zeros(len(examples), np.uint64), split or SPLITS[0])
    drawn: dict[int, Array] = {}
    walk = graph.walk(outputs)
    for node in walk.properties.values():
        name = graph.names.get(id(node), "")
        drawn[id(node)] = node.evaluate(lanes, [drawn[id(parent)] for parent in node.inputs], name)
    result = Plan(lanes, drawn, graph.names, graph.frames)
    for feature in walk.features.values():
        _check(feature, result)
    return result


def _check(feature: Feature, result: Plan) -> None:
    values = feature.values(result)
    for field, declaration in feature.declarations():
        if field in values:
            declaration.check(feature.label(field), values[field], result.lanes.examples)
    feature.check_values(values, result.lanes.examples)
