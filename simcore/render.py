"""Render: plan -> arrays, block by block."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from math import prod

import numpy as np

from simcore.errors import ParameterError
from simcore.features import Flow
from simcore.graph import Graph
from simcore.names import Walk
from simcore.plan import plan
from simcore.properties import Property
from simcore.streams import Array
from simcore.values import Plan

RENDER_VERSION = 2  # raised whenever the bytes of any output change
BLOCK_BYTES = 1 << 20  # of the largest flow of a block: what stays in a core's own cache


def render(
    graph: Graph,
    seed: int,
    examples: Array,
    outputs: Sequence[str],
    split: str | None = None,
    threads: int = 1,
    block: int | None = None,
) -> dict[str, Array]:
    """Return the arrays of ``outputs`` for the examples of those indices: see `Recipe.render`."""
    if threads < 1:
        raise ParameterError(f"threads: {threads}; must be >= 1")
    walk = graph.walk(outputs)
    size = block_size(walk) if block is None else block
    if size < 1:
        raise ParameterError(f"block: {size}; must be >= 1")
    specs = [graph.outputs[name] for name in outputs]
    results = {spec.name: np.empty((len(examples), *spec.shape), spec.dtype) for spec in specs}

    def fill(start: int) -> None:
        part = slice(start, start + size)
        for name, array in render_plan(graph, plan(graph, seed, examples[part], outputs, split), outputs).items():
            results[name][part] = array

    starts = range(0, len(examples), size)
    if threads == 1:
        for start in starts:
            fill(start)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(fill, starts))
    return results


def block_size(walk: Walk) -> int:
    """Return how many examples are rendered at a time."""
    largest = max((prod(flow.shape) * flow.dtype.itemsize for flow in walk.flows.values()), default=1)
    return int(min(max(BLOCK_BYTES // max(largest, 1), 1), 1024))


def render_plan(graph: Graph, plan: Plan, outputs: Sequence[str]) -> dict[str, Array]:
    """Walk the operations of ``outputs`` once for the block of examples that ``plan`` holds."""
    targets = {name: graph.targets[name] for name in outputs}
    flows = graph.walk(outputs).flows
    wanted = Counter(source.key for flow in flows.values() for source in flow.inputs)
    wanted.update(target.key for target in targets.values() if isinstance(target, Flow))
    done: dict[tuple[object, ...], Array] = {}

    def take(flow: Flow) -> Array:
        """Hand out a flow's block: itself to the last that wants it, since features work in place, else a copy."""
        wanted[flow.key] -= 1
        return done[flow.key].copy() if wanted[flow.key] else done.pop(flow.key)

    for key, flow in flows.items():
        done[key] = flow.render(plan, [take(source) for source in flow.inputs])
    return {
        name: plan.value(target) if isinstance(target, Property) else take(target) for name, target in targets.items()
    }
