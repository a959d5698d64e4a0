"""Plan: the drawn values of all properties of a block of examples, as flat arrays. Pure: no images, no state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simcore.draws import name_word
from simcore.errors import ParameterError
from simcore.properties import Array, Lanes, Node, Property

if TYPE_CHECKING:
    from simcore.features import Feature, Flow
    from simcore.recipe import Recipe

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Stream:
    """Where the pixel noise of one feature comes from: Philox key and, for each image, (example, name, copy)."""

    key: Array  # uint64 (2,)
    counter: Array  # uint64 (n, 3)


@dataclass(frozen=True)
class Plan:
    """Values of a block of examples; made by `plan`."""

    lanes: Lanes
    drawn: Mapping[int, Array]
    names: Mapping[int, str]
    frames: Mapping[tuple[object, ...], tuple[int, int]]

    def __len__(self) -> int:
        return len(self.lanes)

    def value(self, node: Property) -> Array:
        """Return the values of a property, (example, *shape)."""
        return self.drawn[id(node)]

    def name(self, node: Node) -> str:
        """Return the name that a feature or draw has in the recipe."""
        return self.names[id(node)]

    def frame(self, points: Flow) -> tuple[int, int]:
        """Return (height, width) of the image that points lie in."""
        return self.frames[points.key]

    def stream(self, feature: Feature) -> Stream:
        """Return the random stream of a feature's pixel noise."""
        counter = np.empty((len(self), 3), np.uint64)
        counter[:, 0] = self.lanes.examples
        counter[:, 1] = name_word(self.name(feature))
        counter[:, 2] = self.lanes.copies
        return Stream(self.lanes.key, counter)


def seed_key(seed: int) -> Array:
    """Return the Philox key of a seed (0 <= seed < 2**128): its low and its high 64 bits."""
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**128:
        raise ParameterError(f"seed: {seed!r}; must be a whole number from 0 to 2**128 - 1")
    return np.array([int(seed) & (2**64 - 1), int(seed) >> 64], np.uint64)


def plan(recipe: Recipe, seed: int, examples: Array, outputs: Sequence[str], split: str | None = None) -> Plan:
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
    for node in recipe.properties(outputs):
        name = recipe.names.get(id(node), "")
        drawn[id(node)] = node.evaluate(lanes, [drawn[id(parent)] for parent in node.inputs], name)
    result = Plan(lanes, drawn, recipe.names, recipe.frames)
    for feature in recipe.features(outputs):
        _check(feature, result)
    return result


def _check(feature: Feature, result: Plan) -> None:
    values = feature.values(result)
    for field, declaration in feature.declarations():
        if field in values:
            declaration.check(feature.label(field), values[field], result.lanes.examples)
    feature.check_values(values, result.lanes.examples)
