"""The numbers of a case: rates against the peer or alone, and at each tolerance the floor and the shares of the stages."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import numpy as np

from benchmarks import curves, errors, floors, stages, two_cores
from benchmarks.alone import ALONE, EVERY
from benchmarks.cases import CASES, DEFAULT, Case
from benchmarks.timing import processor_seconds
from benchmarks.workers import PEERS, peer_worker, simcore_worker

IMAGES = 8  # of a case without a peer in a round
REPEATED = 8  # each as often, in a block as when a dataset is made: what a call costs by itself is spread
FEW = 3  # rounds, at most, of what is no ratio of its own


def everything(name: str, rounds: int, peer: bool = True) -> dict[str, Any]:
    """All numbers of a case but the curve; ``at`` holds those of each tolerance, "peer" that of the peer's error."""
    rates = alone if name in ALONE else against_the_peer if peer else unaccompanied
    row = rates(name, rounds)
    for found in row["at"].values():
        found |= {"floor": floors.floor(name, found["tolerance"], min(rounds, FEW))}
        found |= {"over": found["floor"].pop("over")}
        found |= {"stages": stages.shares(EVERY[name].recipe(found["tolerance"]), min(rounds, FEW))["shares"]}
    asked = row["at"].get("peer", row["at"]["default"])["tolerance"]
    row["two_cores"] = two_cores.gains(name, asked, min(rounds, FEW))
    row["curve"] = curves.curve(name, min(rounds, FEW))
    return row


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
    return {
        "title": case.title,
        "peer": PEERS[case.peer][0],
        "peer_images_per_second": 1 / float(np.median(times[case.peer])),
        "peer_error": error,
        "at": {
            kind: {
                "tolerance": asked,
                "error": errors.of_ours(case, asked) if case.clean else None,
                **compared(times[kind], times[case.peer]),
                "target": target(case, kind, len(tolerances)),
            }
            for kind, asked in tolerances.items()
        },
        "rounds": rounds,
    }


def target(case: Case, kind: str, kinds: int) -> float | None:
    """Return the ratio that is asked for at a tolerance."""
    return case.target_default if kind == "default" and kinds > 1 else case.target


def compared(ours: list[float], theirs: list[float]) -> dict[str, float]:
    """Images per second of ours, and how many times those of the peer they are."""
    ratios = np.array(theirs) / np.array(ours)
    rate = 1 / float(np.median(ours))
    return {"images_per_second": rate, "ratio": float(np.median(ratios)), "smallest_ratio": float(ratios.min())}


def unaccompanied(name: str, rounds: int) -> dict[str, Any]:
    """Images per second of a case whose peer is left out."""
    count = CASES[name].counts[0]
    with simcore_worker(name) as worker:
        rate = count / float(np.median([worker.seconds(count) for _ in range(rounds)]))
    at = {"default": {"tolerance": DEFAULT, "images_per_second": rate, "target": None}}
    return {"title": CASES[name].title, "at": at, "rounds": rounds}


def alone(name: str, rounds: int) -> dict[str, Any]:
    """Milliseconds of an image that no peer makes, and of the longest of them; its error."""
    row = ALONE[name]
    recipe, times = row.recipe(row.tolerance), []
    recipe.render(count=2, seed=1)
    for example in range(IMAGES * rounds):
        spent = processor_seconds(lambda example=example: recipe.render(indices=[example] * REPEATED, seed=1))
        times.append(1e3 * spent / REPEATED)
    typical = float(np.median(times))
    found = {
        "tolerance": row.tolerance,
        "images_per_second": 1e3 / float(np.mean(times)),
        "milliseconds": typical,
        "largest": float(max(times)),
        "limit": row.limit,
        "error": None if row.error is None else row.error(),
        "error_limit": row.error_limit,
        "target": None,
    }
    return {"title": row.title, "at": {"default": found}, "rounds": rounds}
