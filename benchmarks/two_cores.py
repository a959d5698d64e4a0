"""What a second core gains, beside what it gains two processes of plain arithmetic; and what storing costs by the clock.

In every round the control (one process, then two at once) and rendering on one thread and on two take turns, so that the
machine's other work meets all of them. Then rendering takes turns with `generate`, which makes a few units of the size that a
large dataset has, with one worker and with two: the first unit waits for no other, and nothing stands beside the last one's
writing, so they tell less than a large dataset would.
"""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np

from benchmarks.alone import EVERY
from benchmarks.workers import Worker, control_worker, simcore_worker
from simcore.datasets.layout import choose_sizes
from simcore.render import block_size

AIM = 0.6  # seconds of each part of a round
TRIAL = 20_000  # counts of the control
UNITS, TURNS = 8, 3  # of the dataset that is made, and how often
STORED = 1_000_000  # examples of the dataset that gives them their size


def gains(name: str, tolerance: float, rounds: int) -> dict[str, Any]:
    """Images per second by the clock on one core and two, gains, the control's gain, peak memory, storing over rendering."""
    recipe = EVERY[name].recipe(tolerance)
    block = block_size(recipe, list(recipe.outputs))
    with simcore_worker(name, tolerance) as ours, control_worker() as one, control_worker() as other:
        once = ours.ask("render", block, 1)
        memory = ours.ask("memory")
        count = 2 * block * max(1, ceil(0.5 * AIM / once))
        turns = max(1, int(TRIAL * AIM / one.ask(TRIAL)))
        found = [_round(ours, one, other, count, turns) for _ in range(rounds)]
        rates = {part: count / float(np.median([times[part] for times in found])) for part in ("one", "two")}
        stored = UNITS * choose_sizes(tuple(recipe.outputs.values()), STORED, None, None)[0]
        ours.ask("generate", 2, 1)  # what is imported and compiled first
        made = [_stored(ours, count, stored) for _ in range(TURNS)]
    gain = np.array([times["one"] / times["two"] for times in found])
    control = np.array([2 * times["alone"] / times["both"] for times in found])
    return {
        "one_core": rates["one"],
        "two_cores": rates["two"],
        "gain": float(np.median(gain)),
        "control": float(np.median(control)),
        "of_control": float(np.median(gain / control)),
        "generate": float(np.median([turn["one"] for turn in made])),
        "generate_two": float(np.median([turn["two"] for turn in made])),
        "images": count,
        "stored": stored,
        "memory_mib": memory,
    }


def _stored(ours: Worker, count: int, stored: int) -> dict[str, float]:
    """Rates of generating over those of rendering, with one worker and with two."""
    return {
        part: ours.ask("render", count, workers) / count / (ours.ask("generate", stored, workers) / stored)
        for workers, part in ((1, "one"), (2, "two"))
    }


def _round(ours: Worker, one: Worker, other: Worker, count: int, turns: int) -> dict[str, float]:
    """Seconds by the clock of each part."""
    alone = one.ask(turns)
    for worker in (one, other):
        worker.tell(turns)
    both = max(worker.hear() for worker in (one, other))
    return {
        "alone": alone,
        "both": both,
        "one": ours.ask("render", count, 1),
        "two": ours.ask("render", count, 2),
    }
