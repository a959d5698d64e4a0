"""The numbers behind the tables: rates against the peer, the share of each stage, the floor under them."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import scipy.fft

from benchmarks import case_e, case_f, coma, errors
from benchmarks.case_b import SIDE, WAVELENGTHS, recipe
from benchmarks.cases import CASES, DEFAULT
from benchmarks.workers import PEERS, peer_worker, simcore_worker
from simcore.bench import bench


@dataclass(frozen=True)
class Alone:
    """A case without a peer."""

    title: str
    recipe: Callable[[float], Any]
    tolerance: float = DEFAULT
    limit: float | None = None  # ms, the longest that an image may take
    error: Callable[[], float] | None = None  # what it is off by, of the incident light
    error_limit: float = 5e-3


ALONE = {
    "e128_coma": Alone(
        "E with coma, 128 x 128 x 56",
        partial(case_e.recipe, coma=True),
        error=partial(coma.largest_error, 128),
    ),
    "e256_coma": Alone("E with coma, 256 x 256 x 56", partial(case_e.recipe, side=256, coma=True)),
    "f_full": Alone("F, 5 to 42 cells, outlines, texture, no overlap", case_f.full, tolerance=1e-2, limit=20.0),
}
IMAGES = 8  # of them in a round
REPEATED = 8  # each as often, in a block as when a dataset is made: what a call costs by itself is spread
PADDED = 128  # what a method of plane waves would transform: 51 pixels, padded, a power of two


def against_the_peer(name: str, rounds: int, counts: tuple[int, int] | None = None) -> dict[str, Any]:
    """Seconds per image of ours and of the peer's, taking turns: medians over the rounds and their ratio.

    Ours at the default tolerance and, where the peer's error is known, at one that is no tighter than it.
    """
    case = CASES[name]
    ours, theirs = counts or case.counts
    with peer_worker(name) as peer, ExitStack() as stack:
        error = errors.of_the_peer(case, peer) if case.clean else None
        tolerances = {"default": DEFAULT} if error is None else {"default": DEFAULT, "peer": errors.tolerance(error)}
        workers = {kind: stack.enter_context(simcore_worker(name, tolerance)) for kind, tolerance in tolerances.items()}
        times: dict[str, list[float]] = {kind: [] for kind in (*workers, case.peer)}
        for _ in range(rounds):
            for kind, worker in workers.items():
                times[kind].append(worker.seconds(ours) / ours)
            times[case.peer].append(peer.seconds(theirs) / theirs)
    at = {kind: compared(times[kind], times[case.peer]) for kind in workers}
    return {
        "title": case.title,
        "peer": PEERS[case.peer][0],
        "peer_images_per_second": 1 / float(np.median(times[case.peer])),
        "peer_error": error,
        "tolerance": tolerances,
        "error": {kind: errors.of_ours(case, asked) for kind, asked in tolerances.items()} if case.clean else {},
        "at": at,
        "rounds": rounds,
        "target": case.target,
    }


def compared(ours: list[float], theirs: list[float]) -> dict[str, float]:
    """Images per second of ours, and how many times those of the peer they are."""
    ratios = np.array(theirs) / np.array(ours)
    rate = 1 / float(np.median(ours))
    return {"images_per_second": rate, "ratio": float(np.median(ratios)), "smallest_ratio": float(ratios.min())}


def alone(name: str, rounds: int) -> dict[str, Any]:
    """Milliseconds of an image that no peer makes, and of the longest of them; its error."""
    row = ALONE[name]
    recipe, times = row.recipe(row.tolerance), []
    recipe.render(count=2, seed=1)
    for example in range(IMAGES * rounds):
        started = time.process_time()
        recipe.render(indices=[example] * REPEATED, seed=1)
        times.append(1e3 * (time.process_time() - started) / REPEATED)
    error = None if row.error is None else row.error()
    found = {
        "title": row.title,
        "milliseconds": float(np.median(times)),
        "largest": float(max(times)),
        "tolerance": row.tolerance,
    }
    return found | {"limit": row.limit, "error": error, "error_limit": row.error_limit}


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
