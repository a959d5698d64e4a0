"""Plan: the drawn values of a block of examples, as features read them. Made by ``plan.plan``; pure data."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike

from simcore.rows import STILL, Block, Domain, Domains
from simcore.streams import Array, Lanes, Stream, place_words

if TYPE_CHECKING:
    from simcore.properties import Node, Property


@dataclass(frozen=True)
class Drawn:
    """All values of a block, each on the rows of its domain."""

    lanes: Lanes  # of the examples
    block: Block
    domains: Domains
    values: Mapping[int, Array]
    names: Mapping[int, str]
    frames: Mapping[Hashable, tuple[int, int]]

    def lanes_of(self, domain: Domain, attempt: Array | None = None) -> Lanes:
        """Return what draws on the rows of ``domain`` depend on; ``attempt`` (row,) counts new tries at a position."""
        if domain == Domain():
            return self.lanes
        rows = self.block.rows(domain)
        copy = None
        if domain.repeat is not None:
            copies = self.block.copies[domain.repeat]
            copy = copies.number[copies.first[rows.example] + rows.rank]
        frame = rows.frame if domain.level > STILL else None
        part = np.where(rows.part > 0, rows.part, -1) if domain.level > STILL else None
        tries = None if attempt is None else np.where(attempt > 0, attempt, -1)
        places = place_words(len(rows), copy=copy, attempt=tries, frame=frame, part=part)
        return Lanes(self.lanes.key, self.lanes.examples[rows.example], places, self.lanes.split)

    def lanes_after(self, repeat: int | None) -> Lanes:
        """Return what draws in the frame after the last depend on, for the example or each copy of a repetition."""
        rows = self.block.rows(Domain(repeat))
        copy = None if repeat is None else self.block.copies[repeat].number
        places = place_words(len(rows), copy=copy, frame=np.full(len(rows), self.block.frames))
        return Lanes(self.lanes.key, self.lanes.examples[rows.example], places, self.lanes.split)


@dataclass(frozen=True)
class Members:
    """The particles of one scatterer in a block of images: ``values`` (particle, ...), and the ``image`` that each is in."""

    scatterer: Any
    values: dict[str, Array]
    image: Array
    streams: Stream


@dataclass(frozen=True)
class Plan:
    """The values that features read, one row for each image of the block."""

    drawn: Drawn
    level: int = STILL
    chosen: Array | None = None  # rows, where a feature works on some only
    room: list[Array] | None = None  # where what is rendered is kept in the end; whoever takes it empties the list

    def __len__(self) -> int:
        return len(self.drawn.block.rows(Domain(None, self.level))) if self.chosen is None else len(self.chosen)

    @property
    def lanes(self) -> Lanes:
        """Seed, example and place of every row."""
        lanes = self.drawn.lanes_of(Domain(None, self.level))
        return lanes if self.chosen is None else lanes.take(self.chosen)

    def value(self, node: Property) -> Array:
        """Return the values of a property, (row, *shape)."""
        values = self._on(node, Domain(None, self.level))
        return values if self.chosen is None else values[self.chosen]

    def frame(self, points: Hashable) -> tuple[int, int]:
        """Return (height, width) of the image that the points of that flow key lie in."""
        return self.drawn.frames[points]

    def stream(self, feature: Node) -> Stream:
        """Return the random stream of a feature's pixel noise, one for each row."""
        return self.lanes.stream(self.drawn.names[id(feature)])

    def still_stream(self, feature: Node) -> Stream:
        """Return the random stream of a feature that does the same in all frames, one for each row."""
        stream = self.drawn.lanes.stream(self.drawn.names[id(feature)])
        rows = self.drawn.block.rows(Domain(None, self.level)).example
        return stream.take(rows if self.chosen is None else rows[self.chosen])

    def take(self, rows: Array) -> Plan:
        """Return the plan of some rows, by their numbers."""
        return replace(self, chosen=rows if self.chosen is None else self.chosen[rows], room=None)

    def empty(self, shape: tuple[int, ...], dtype: DTypeLike) -> Array:
        """Return an array of any values for what is rendered: the one that keeps it, if it has the size, which saves a copy."""
        if self.room and self.room[0].nbytes == prod(shape) * np.dtype(dtype).itemsize:
            return self.room.pop().reshape(-1).view(dtype).reshape(shape)
        return np.empty(shape, dtype)

    def zeros(self, shape: tuple[int, ...], dtype: DTypeLike) -> Array:
        """Return an array of zeros, as `empty`."""
        if not self.room:
            return np.zeros(shape, dtype)
        array = self.empty(shape, dtype)
        array.fill(0)
        return array

    def particles(self, scene: Any) -> list[Members]:
        """Return the particles of a scene, scatterer by scatterer in its order."""
        found: list[Members] = []
        for member in scene.members:
            repeat = id(member) if hasattr(member, "scatterers") else None
            found += [self._members(s, repeat) for s in (member.scatterers if repeat is not None else (member,))]
        return found

    def _members(self, scatterer: Any, repeat: int | None) -> Members:
        domain, block = Domain(repeat, self.level), self.drawn.block
        values = {field: self._on(node, domain) for field, node in scatterer.properties()}
        rows = block.rows(domain)
        image = block.locate(Domain(None, self.level), rows.example, rows.frame, rows.part, rows.rank)
        stream = self.drawn.lanes_of(Domain(repeat)).stream(self.drawn.names[id(scatterer)])
        if self.level != STILL:
            stream = stream.take(block.locate(Domain(repeat), rows.example, rows.frame, rows.part, rows.rank))
        if self.chosen is None:
            return Members(scatterer, values, image, stream)
        order, place = _chosen_rows(image, self.chosen)
        return Members(scatterer, {field: value[order] for field, value in values.items()}, place, stream.take(order))

    def _on(self, node: Property, domain: Domain) -> Array:
        return self.drawn.block.spread(self.drawn.values[id(node)], self.drawn.domains[id(node)], domain)


def _chosen_rows(image: Array, chosen: Array) -> tuple[Array, Array]:
    """Return the particles of the images ``chosen``, and where each image has come to stand."""
    first = np.searchsorted(image, chosen, side="left")
    counts = np.searchsorted(image, chosen, side="right") - first
    place = np.repeat(np.arange(len(chosen)), counts)
    start = np.cumsum(counts) - counts
    return np.repeat(first, counts) + np.arange(len(place)) - np.repeat(start, counts), place


def in_images(members: Sequence[Members], images: int) -> tuple[Array, Array]:
    """Return how to lay the particles of several scatterers image by image.

    ``first`` (image + 1,): those of image i come first[i] to first[i + 1]; ``order``: the places of the particles, taken one
    scatterer after the other, that come there.
    """
    image = np.concatenate([m.image for m in members]) if members else np.zeros(0, np.int64)
    order = np.argsort(image, kind="stable")
    first = np.searchsorted(image[order], np.arange(images + 1)).astype(np.int64)
    return first, order
