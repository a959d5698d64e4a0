"""Cases without a peer, and all cases together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import simcore as sc
from benchmarks import case_e, case_f, coma
from benchmarks.cases import CASES, DEFAULT, Case


@dataclass(frozen=True)
class Alone:
    """A case without a peer."""

    title: str
    recipe: Callable[[float], sc.Recipe]
    tolerance: float = DEFAULT
    limit: float | None = None  # ms, the longest that an image may take
    error: Callable[[], float] | None = None  # what it is off by, of the incident light
    error_limit: float = 5e-3
    counts: tuple[int, int] = (8, 0)  # images of a round


ALONE = {
    "e128_coma": Alone(
        "E with coma, 128 x 128 x 56",
        partial(case_e.recipe, coma=True),
        error=partial(coma.largest_error, 128),
    ),
    "e256_coma": Alone("E with coma, 256 x 256 x 56", partial(case_e.recipe, side=256, coma=True)),
    "f_full": Alone("F, 5 to 42 cells, outlines, texture, no overlap", case_f.full, tolerance=1e-2, limit=20.0),
}
EVERY: dict[str, Case | Alone] = {**CASES, **ALONE}
