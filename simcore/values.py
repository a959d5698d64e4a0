"""Plan: the drawn values of a block of examples, as features read them. Made by ``plan.plan``; pure data."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from simcore.properties import Node, Property
from simcore.streams import Array, Lanes, Stream


@dataclass(frozen=True)
class Plan:
    """Values of a block of examples."""

    lanes: Lanes
    drawn: Mapping[int, Array]
    names: Mapping[int, str]
    frames: Mapping[Hashable, tuple[int, int]]

    def __len__(self) -> int:
        return len(self.lanes)

    def value(self, node: Property) -> Array:
        """Return the values of a property, (example, *shape)."""
        return self.drawn[id(node)]

    def frame(self, points: Hashable) -> tuple[int, int]:
        """Return (height, width) of the image that the points of that flow key lie in."""
        return self.frames[points]

    def stream(self, feature: Node) -> Stream:
        """Return the random stream of a feature's pixel noise."""
        return self.lanes.stream(self.names[id(feature)])
