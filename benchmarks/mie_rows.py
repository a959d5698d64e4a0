"""Mie's coefficients and amplitudes beside miepython's, whose functions Numba has compiled; both take turns."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import simcore as sc
from benchmarks.timing import processor_seconds
from benchmarks.workers import PEERS, mie_worker

SPHERES, ANGLES = 10_000, 1000
RANDOM = np.random.default_rng(4)
Results = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class MieRow:
    """What is computed, by whom, for which spheres, and how many times as fast it is to be."""

    title: str
    word: str  # of mie_worker.py
    ours: Callable[[dict[str, np.ndarray]], Results]
    given: dict[str, np.ndarray]
    target: float
    repeated: int  # ours in a round


ROWS = {
    "mie_coefficients": MieRow(
        f"a_n, b_n of {SPHERES:,} spheres, size parameter 1 to 20",
        "coefficients",
        lambda given: sc.mie.coefficients(given["size"], given["index"]),
        {"size": RANDOM.uniform(1, 20, SPHERES), "index": RANDOM.uniform(1.05, 1.3, SPHERES)},
        3,
        1,
    ),
    "mie_amplitudes": MieRow(
        f"S1, S2 at {ANGLES:,} angles, size parameter 10",
        "amplitudes",
        lambda given: sc.mie.amplitudes(given["size"][0], given["index"][0], given["cosine"]),
        {"size": np.array([10.0]), "index": np.array([1.2]), "cosine": np.cos(np.linspace(0, np.pi, ANGLES))},
        5,
        20,
    ),
}


def compare(name: str, rounds: int) -> dict[str, Any]:
    """Seconds of both, the ratio, and the largest difference relative to the largest value."""
    row = ROWS[name]
    ours, theirs = [], []
    with mie_worker() as peer, tempfile.TemporaryDirectory(prefix="simcore-mie-") as folder:
        path = Path(folder) / "spheres.npz"
        for _ in range(rounds + 1):
            np.savez(path, **row.given)
            theirs.append(peer.ask(row.word, path))
            ours.append(processor_seconds(lambda: [row.ours(row.given) for _ in range(row.repeated)]) / row.repeated)
        with np.load(path) as found:
            difference = _difference(row.ours(row.given), (found["first"], found["second"]))
    ratios = np.array(theirs[1:]) / np.array(ours[1:])  # the first round warms up
    return {
        "title": row.title,
        "peer": PEERS["miepython"][0],
        "microseconds": 1e6 * float(np.median(ours[1:])),
        "peer_microseconds": 1e6 * float(np.median(theirs[1:])),
        "ratio": float(np.median(ratios)),
        "smallest_ratio": float(ratios.min()),
        "target": row.target,
        "difference": difference,
    }


def _difference(ours: Results, theirs: Results) -> float:
    """Return the largest difference over the terms that both have, in the convention of either sign of time."""
    found = []
    for convention in (np.asarray, np.conj):
        pairs = [(a[..., : b.shape[-1]], convention(b)[..., : a.shape[-1]]) for a, b in zip(ours, theirs, strict=True)]
        found.append(max(float(abs(a - b).max() / abs(a).max()) for a, b in pairs))
    return min(found)
