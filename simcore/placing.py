"""Placing copies so that they keep their distance: positions are drawn again until they do, or given up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from simcore import _draw
from simcore.errors import ParameterError, RecipeError
from simcore.properties import Property
from simcore.rows import Copies, Domain
from simcore.streams import Array, Lanes, place_words

if TYPE_CHECKING:
    from simcore.plan import Planner
    from simcore.scenes import Repeat

GROWTH = 8  # each round tries that many times as often as the one before


def place(planner: Planner, repeat: Repeat, distance: Array, pixel_size: Array | None) -> tuple[Copies, set[int]]:
    """Return the copies that found a place, and the draws that were drawn again for it.

    Copy k takes the first of its positions, in the order of its attempts, that is far enough from copies 0 to k - 1; so it
    does not depend on how many copies there are.
    """
    copies = planner.block.copies[id(repeat)]
    axes = [_start(getattr(repeat.scatterers[0], axis)) for axis in ("x", "y", "z")[: repeat.dimensions]]
    tries = Tries(planner, repeat, axes, pixel_size)
    attempt = np.empty(len(copies.number), np.int64)
    counts = np.ones(len(attempt), np.int64)  # how many positions of each copy are known
    positions = tries.positions(np.arange(len(attempt)), 0 * counts)
    while True:
        start = _offsets(counts)
        _draw.choose_places(copies.first, start, positions, distance, attempt)
        # Only those without a place are tried more often: what others have chosen does not depend on it.
        wanted = np.where(attempt < 0, np.minimum(counts * GROWTH, repeat.attempts), counts)
        if np.array_equal(wanted, counts):
            break
        positions, counts = tries.extended(positions, counts, wanted), wanted
    unplaced = attempt < 0
    if unplaced.any() and repeat.crowded == "error":
        row = int(np.argmax(unplaced))
        example = planner.drawn.lanes.examples[copies.example[row]]
        unit = "px" if repeat.dimensions == 2 else "um"
        raise ParameterError(
            f"Repeat.min_distance: {distance[row]:g} {unit}; copy {copies.number[row]} of example {example} found no place in "
            f'{repeat.attempts} attempts; must be smaller, or crowded="fewer"'
        )
    return replace(copies, attempt=attempt).keep(~unplaced), tries.moved


class Tries:
    """The positions that copies have at their first, second, ... attempt."""

    def __init__(self, planner: Planner, repeat: Repeat, axes: Sequence[Property], pixel_size: Array | None) -> None:
        self.planner, self.repeat, self.axes, self.pixel_size = planner, repeat, axes, pixel_size
        self.domain = Domain(id(repeat))
        self.moved: set[int] = set()  # draws that each attempt makes anew
        self.again: set[int] = set()  # all that depends on them
        for node in axes:
            self._survey(node)

    def _survey(self, node: Property) -> bool:
        domain = self.planner.graph.domains[id(node)]
        if domain.level:
            raise RecipeError("Repeat.min_distance: positions that change in each frame cannot keep a distance")
        if domain.repeat is None:
            return False
        changed = [self._survey(child) for child in node.inputs]
        if node.random:
            self.moved.add(id(node))
        if node.random or any(changed):
            self.again.add(id(node))
        return id(node) in self.again

    def extended(self, positions: Array, counts: Array, wanted: Array) -> Array:
        """Return ``positions`` of the first ``counts`` attempts of each copy with those up to ``wanted`` among them."""
        rows, attempt = np.repeat(np.arange(len(wanted)), wanted), _ranks(wanted)
        new = attempt >= counts[rows]
        found = np.empty((len(rows), positions.shape[1]))
        found[~new] = positions
        found[new] = self.positions(rows[new], attempt[new])
        return found

    def positions(self, each: Array, attempt: Array) -> Array:
        """Return positions (row, axis) of copies at their attempts."""
        copies = self.planner.block.copies[id(self.repeat)]
        places = place_words(len(each), copy=copies.number[each], attempt=np.where(attempt > 0, attempt, -1))
        base = self.planner.drawn.lanes
        lanes = Lanes(base.key, base.examples[copies.example[each]], places, base.split)
        known: dict[int, Array] = {}
        axes = [self._value(node, each, lanes, known).astype(float) for node in self.axes]
        if self.pixel_size is not None and self.repeat.dimensions == 3:
            axes[:2] = [axis * self.pixel_size[each] for axis in axes[:2]]
        return np.stack(axes, axis=-1)

    def _value(self, node: Property, rows: Array, lanes: Lanes, known: dict[int, Array]) -> Array:
        if id(node) not in self.again:
            return self.planner.on(node, self.domain)[rows]
        if id(node) not in known:
            arguments = [self._value(child, rows, lanes, known) for child in node.inputs]
            known[id(node)] = node.evaluate(lanes, arguments, self.planner.name(node))
        return known[id(node)]


def _offsets(counts: Array) -> Array:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _ranks(counts: Array) -> Array:
    """Return 0, 1, ... for each of ``counts``, one after the other."""
    return np.arange(counts.sum()) - np.repeat(_offsets(counts)[:-1], counts)


def _start(node: Property) -> Property:
    """Return where something that moves begins."""
    while node.clocked and node.inputs:
        node = node.inputs[0]
    return node
