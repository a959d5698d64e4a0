"""The numbers behind the tables: rates against the peer, the share of each stage, the floor under them."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.fft

from benchmarks.case_b import SIDE, WAVELENGTHS, recipe
from benchmarks.workers import Worker, deeptrack_worker, simcore_worker
from simcore.bench import bench

PADDED = 128  # what a method of plane waves would transform: 51 pixels, padded, a power of two


def against_the_peer(rounds: int, counts: dict[str, int], case: str = "b") -> dict[str, Any]:
    """Seconds per image of both, taking turns: medians over the rounds and their ratio."""
    with simcore_worker(case) as ours, deeptrack_worker(case) as theirs:
        workers: dict[str, Worker] = {"simcore": ours, "deeptrack": theirs}
        times: dict[str, list[float]] = {name: [] for name in workers}
        for _ in range(rounds):
            for name, worker in workers.items():
                times[name].append(worker.seconds(counts[name]) / counts[name])
    medians = {name: float(np.median(values)) for name, values in times.items()}
    ratios = np.array(times["deeptrack"]) / np.array(times["simcore"])
    return {
        "seconds_per_image": medians,
        "images_per_second": {name: 1 / value for name, value in medians.items()},
        "ratio": float(np.median(ratios)),
        "smallest_ratio": float(ratios.min()),
        "rounds": rounds,
    }


def stages(seconds: float) -> dict[str, Any]:
    """What each stage of case B costs on one core, without storing: microseconds per image and share."""
    measured = bench(recipe(), seconds=seconds)
    rows = [row for row in measured["stages"] if row["stage"].strip("()") != "storing"]
    whole = sum(row["microseconds"] for row in rows)
    for row in rows:
        row["share"] = row["microseconds"] / whole
    return {"rows": rows, "microseconds": whole, "machine": measured["machine"]}


def floor() -> dict[str, float]:
    """Microseconds per image of the whole, and of what no method gets round.

    Its random numbers: NumPy's Poisson draws on Philox at the rates of case B; and, for orientation (a lone sphere without
    aberrations needs none), the transforms of a method of plane waves.
    """
    random = np.random.Generator(np.random.Philox(1))
    rates = random.uniform(2, 60, size=(64, 1, 1)) ** 2 * np.ones((64, SIDE, SIDE))
    spectrum = random.standard_normal((WAVELENGTHS, PADDED, PADDED)).astype(np.complex64)
    case, count = recipe(), 256
    case.render(count=count, seed=1)
    return {
        "whole": 1e6 * typical(lambda: case.render(count=count, seed=1)) / count,
        "random numbers": 1e6 * typical(lambda: random.poisson(rates)) / len(rates),
        "transforms": 1e6 * typical(lambda: scipy.fft.ifft2(spectrum)),
    }


def typical(call: Callable[[], object], seconds: float = 1.0) -> float:
    """Median processor seconds of a call repeated for about a second."""
    times: list[float] = []
    while sum(times) < seconds:
        started = time.process_time()
        call()
        times.append(time.process_time() - started)
    return float(np.median(times))
