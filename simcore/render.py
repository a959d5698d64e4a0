"""Render: plan -> arrays, block by block."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from math import ceil, prod

import numpy as np

from simcore.errors import ParameterError, SimcoreError
from simcore.features import Flow, describe
from simcore.graph import Graph, Place, Step
from simcore.plan import plan
from simcore.streams import Array
from simcore.values import Plan

RENDER_VERSION = 5  # raised whenever the bytes of any output change
BLOCK_BYTES = 16 << 20  # of the largest flow of a block: measured, calls cost more than the cache saves
LEAST_BLOCK = 64  # examples over which drawing and calling spread, while the largest flow stays below MOST_BYTES
MOST_BYTES = 32 << 20
LEAST_SHARE = 16  # examples below which a block is not divided among threads


def render(
    graph: Graph,
    seed: int,
    examples: Array,
    outputs: Sequence[str],
    split: str | None = None,
    threads: int = 1,
    block: int | None = None,
    out: Mapping[str, Array] | None = None,
) -> dict[str, Array]:
    """Return the arrays of ``outputs`` for the examples of those indices: see `Recipe.render`."""
    if threads < 1:
        raise ParameterError(f"threads: {threads}; must be >= 1")
    size = even_blocks(len(examples), block_size(graph, outputs), threads) if block is None else block
    if size < 1:
        raise ParameterError(f"block: {size}; must be >= 1")
    specs = [graph.outputs[name] for name in outputs]
    zeros = {name for name in outputs if getattr(graph.all_targets[name], "drawn_on_zeros", False)}
    shapes = {spec.name: (len(examples), *spec.shape) for spec in specs}
    if out is None:
        results = {
            spec.name: (np.zeros if spec.name in zeros else np.empty)(shapes[spec.name], spec.dtype) for spec in specs
        }
    else:
        results = _given(out, {spec.name: (shapes[spec.name], spec.dtype) for spec in specs})

    def fill(start: int) -> None:
        part = slice(start, start + size)
        rooms = {name: results[name][part] for name in outputs}
        if out is not None:
            for name in zeros:
                rooms[name].fill(0)
        for name, array in render_plan(
            graph, plan(graph, seed, examples[part], outputs, split), outputs, rooms
        ).items():
            if _is(array, rooms[name]):
                continue
            if (
                out is None and len(examples) <= size and isinstance(graph.all_targets[name], Flow)
            ):  # nobody else holds it
                results[name] = np.require(array, results[name].dtype, ["C", "W"])
            else:
                results[name][part] = array

    starts = range(0, len(examples), size)
    if threads == 1:
        for start in starts:
            fill(start)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(fill, starts))
    return results


def even_blocks(count: int, most: int, threads: int) -> int:
    """Return the examples of a block: at most ``most``, and as many blocks for each thread unless they are few."""
    rounds = ceil(count / (most * threads))
    return max(ceil(count / max(rounds * threads, 1)), min(most, LEAST_SHARE))


def _is(array: Array, room: Array) -> bool:
    """Whether ``array`` is the memory of ``room``, laid out as it is."""
    same = array.shape == room.shape and array.dtype == room.dtype and array.flags.c_contiguous
    return same and array.ctypes.data == room.ctypes.data


def _given(out: Mapping[str, Array], wanted: Mapping[str, tuple[tuple[int, ...], np.dtype]]) -> dict[str, Array]:
    """Return the arrays that are to be filled, once they are what is wanted."""
    for name, (shape, dtype) in wanted.items():
        if name not in out:
            raise ParameterError(f"out: lacks {name!r}")
        array = out[name]
        if array.shape != shape or array.dtype != dtype or not array.flags.c_contiguous or not array.flags.writeable:
            raise ParameterError(f"out[{name!r}]: must be {dtype} {shape}, contiguous and writeable")
    return {name: out[name] for name in wanted}


def block_size(graph: Graph, outputs: Sequence[str]) -> int:
    """Return how many examples are rendered at a time."""
    steps = graph.steps(outputs)
    sizes = (prod(step.flow.shape) * step.flow.dtype.itemsize * graph.moments(step.level) for step in steps)
    largest = max(*sizes, 1, 1)
    return int(min(max(BLOCK_BYTES // largest, min(LEAST_BLOCK, MOST_BYTES // largest), 1), 1024))


def render_plan(
    graph: Graph,
    plan: Plan,
    outputs: Sequence[str],
    rooms: Mapping[str, Array] | None = None,
    watch: Callable[[Flow, Callable[[], Array]], Array] | None = None,
) -> dict[str, Array]:
    """Walk the operations of ``outputs`` once for the block of examples that ``plan`` holds.

    ``rooms`` are arrays that keep the outputs (zeros for those that are drawn on zeros). Which of them hold their output
    already when this returns is up to the features: it saves a copy. ``watch`` may take over each operation, to time it.
    """
    steps = graph.steps(outputs)
    wanted = dict.fromkeys(((step.flow.key, step.level) for step in steps), 0)
    for step in steps:
        for source in step.sources:
            wanted[source] += 1
    targets = {name: graph.all_targets[name] for name in outputs}
    for target in targets.values():
        if isinstance(target, Flow):
            wanted[target.key, 0] += 1
    done: dict[tuple[object, int], Array] = {}
    kept: dict[tuple[object, int], Array] = {}
    for name, array in (rooms or {}).items():
        target = targets[name]
        if isinstance(target, Flow):
            origin = _origin(steps, (target.key, 0), wanted)
            if origin is not None:
                kept[origin] = array

    def take(place: tuple[tuple[object, ...], int]) -> Array:
        """Hand out a flow's block: itself to the last that wants it, since features work in place, else a copy."""
        wanted[place] -= 1
        return done[place].copy() if wanted[place] else done.pop(place)

    for step in steps:
        arrays = [take(source) for source in step.sources]
        room = kept.get((step.flow.key, step.level))
        view = Plan(plan.drawn, step.level, room=None if room is None else [room])

        def made(step: Step = step, view: Plan = view, arrays: list[Array] = arrays) -> Array:
            return _rendered(step.flow, view, arrays)

        done[step.flow.key, step.level] = made() if watch is None else watch(step.flow, made)
    return {
        name: take((target.key, 0)) if isinstance(target, Flow) else graph.property_values(plan, target)
        for name, target in targets.items()
    }


def _origin(steps: Sequence[Step], target: Place, wanted: Mapping[Place, int]) -> Place | None:
    """Return what first makes the array that features up to ``target`` may hand on, each to the next alone."""
    found = {(step.flow.key, step.level): step for step in steps}
    place = target
    while len(found[place].sources) == 1:
        (source,) = found[place].sources
        if wanted[source] > 1 or found[source].flow.kind == "scene":
            break
        place = source
    return place if place == target or not found[place].flow.drawn_on_zeros else None


def _rendered(flow: Flow, plan: Plan, arrays: list[Array]) -> Array:
    try:
        if plan.room and flow.drawn_on_zeros:
            room = plan.room.pop()
            flow.render_onto(plan, room)
            return room
        return flow.render(plan, arrays)
    except SimcoreError:
        raise
    except ValueError as error:  # a kernel's: what it was asked cannot be
        raise ParameterError(f"{describe(flow)}: {error}") from None
