"""(graph, seed, examples) -> the drawn values of all properties, as flat arrays. Pure: no images, no state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from simcore.errors import ParameterError, RecipeError
from simcore.features import Feature
from simcore.graph import Graph
from simcore.placing import place
from simcore.properties import Constant, Property
from simcore.rows import PART, STILL, Block, Copies, Domain
from simcore.scenes import Placed, Repeat
from simcore.streams import Array, Clock, Lanes, seed_key
from simcore.values import Drawn, Plan

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
    planner = Planner(graph, lanes)
    walk = graph.walk(outputs)
    for node in walk.properties.values():
        planner.value(node)
    for feature in walk.features.values():
        planner.check(feature)
    return Plan(planner.drawn)


class Planner:
    """Evaluates properties on demand: a value waits for those it is made of, and for the places of its copies."""

    def __init__(self, graph: Graph, lanes: Lanes) -> None:
        self.graph = graph
        frames = 1 if graph.movie is None else graph.movie.frames
        parts = 1 if graph.blur is None else graph.blur.parts_of_exposure
        self.block = Block(len(lanes), frames, parts)
        self.values: dict[int, Array] = {}
        self.drawn = Drawn(lanes, self.block, graph.domains, self.values, graph.names, graph.frames)
        self._lanes: dict[Domain, Lanes] = {}
        self._moved: dict[int, set[int]] = {}  # of each repetition: the draws that its positions depend on

    def value(self, node: Property) -> Array:
        """Return the values of a property on the rows of its domain."""
        if id(node) not in self.values:
            domain = self.graph.domains[id(node)]
            if isinstance(node, Placed):
                self.place(node.repeat)
                self.values[id(node)] = np.diff(self.block.copies[id(node.repeat)].first)
                return self.values[id(node)]
            if domain.repeat is not None:
                self.place(self.graph.repeats[domain.repeat])
            arguments = [self.on(child, domain) for child in node.inputs]
            self.values[id(node)] = node.evaluate(self.lanes(node, domain), arguments, self.name(node))
        return self.values[id(node)]

    def on(self, node: Property, domain: Domain) -> Array:
        """Return the values of a property on the rows of ``domain``."""
        return self.block.spread(self.value(node), self.graph.domains[id(node)], domain)

    def name(self, node: Property) -> str:
        return self.graph.names.get(id(node), "")

    def lanes(self, node: Property, domain: Domain) -> Lanes:
        """Return what a property may depend on."""
        if node.random and id(node) in self._moved.get(domain.repeat or 0, ()):
            assert domain.repeat is not None
            return self.drawn.lanes_of(domain, self.block.copies[domain.repeat].attempt)
        if domain not in self._lanes:
            self._lanes[domain] = self.drawn.lanes_of(domain)
            if domain.level > STILL:
                self._lanes[domain] = replace(self._lanes[domain], clock=self.clock(domain))
        return self._lanes[domain]

    def clock(self, domain: Domain) -> Clock:
        """Return the moments of the rows of ``domain``."""
        movie, blur, rows = self.graph.movie, self.graph.blur, self.block.rows(domain)
        assert movie is not None
        interval = self.value(movie.interval)[rows.example]
        time = interval * rows.frame
        if domain.level == PART and blur is not None:
            time = time + interval * self.on(blur.exposure, domain) * (rows.part / blur.parts_of_exposure)
        series = self.block.series(domain)
        after = self.drawn.lanes_after(domain.repeat) if series.shape[2] > 1 else None
        return Clock(series, time, interval[series[:, 0, 0]] * self.block.frames, after)

    # -- copies --------------------------------------------------------------------------------------------------

    def place(self, repeat: Repeat) -> None:
        """Decide which copies each example holds."""
        if id(repeat) in self.block.copies:
            return
        if self.graph.domains[id(repeat.count)] != Domain():
            raise RecipeError("Repeat.count: must be one number for the example")
        self.check_field(repeat, "count")
        counts = self.value(repeat.count).astype(np.int64)
        repeat.check_values({"count": counts}, self.drawn.lanes.examples)
        self.block.copies[id(repeat)] = Copies.of(counts)
        if repeat.min_distance is None:
            return
        domain = Domain(id(repeat))
        distance = self.on(repeat.min_distance, domain).astype(float)
        pixel_size = None if repeat.pixel_size is None else self.on(repeat.pixel_size, domain)
        copies, moved = place(self, repeat, distance, pixel_size)
        self._moved[id(repeat)] = moved
        self.block.copies[id(repeat)] = copies
        self.forget(domain)

    def forget(self, domain: Domain) -> None:
        """Forget what was drawn for copies before they were placed."""
        for node, known in self.graph.domains.items():
            if known.repeat == domain.repeat:
                self.values.pop(node, None)
        self._lanes = {known: lanes for known, lanes in self._lanes.items() if known.repeat != domain.repeat}
        self.block.forget(domain)

    # -- checks --------------------------------------------------------------------------------------------------

    def check(self, feature: Feature) -> None:
        """Refuse values outside their ranges."""
        domains = [self.graph.domains[id(node)] for _, node in feature.properties()]
        for field, _ in feature.declarations():
            self.check_field(feature, field)
        repeats = [domain.repeat for domain in domains if domain.repeat is not None]
        common = Domain(repeats[0] if repeats else None, max((domain.level for domain in domains), default=STILL))
        values = {field: self.on(node, common) for field, node in feature.properties()}
        feature.check_values(values, self.drawn.lanes.examples[self.block.rows(common).example])

    def check_field(self, feature: Feature, field: str) -> None:
        node = getattr(feature, field)
        if node is None or isinstance(node, Constant):  # numbers were checked when they were written
            return
        declaration, values = dict(feature.declarations())[field], self.value(node)
        rows = self.block.rows(self.graph.domains[id(node)])
        if declaration.outside(values).any():
            declaration.check(feature.place_of(field), values, self.drawn.lanes.examples[rows.example])
