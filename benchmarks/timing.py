"""How times are taken: processor time of calls that take turns, so that what slows the machine down slows all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Call = Callable[[], Any]


def processor_seconds(call: Call) -> float:
    """Processor time of one call, all threads together."""
    started = time.process_time()
    call()
    return time.process_time() - started


def wall_seconds(call: Call) -> float:
    """The clock's time of one call."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def medians(
    calls: Mapping[str, Call], rounds: int, once: Callable[[Call], float] = processor_seconds
) -> dict[str, float]:
    """Median seconds of each of several calls that take turns, after one of each that does not count."""
    for call in calls.values():
        call()
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            times[name].append(once(call))
    return {name: float(np.median(found)) for name, found in times.items()}


def typical(call: Call, seconds: float = 1.0) -> float:
    """Median processor seconds of a call repeated for about ``seconds``."""
    times: list[float] = []
    while sum(times) < seconds:
        times.append(processor_seconds(call))
    return float(np.median(times))
