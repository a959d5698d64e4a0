"""The floor under a case: what its transforms, its random numbers and writing its bytes take, each alone in the same run.

- transforms: every call of scipy.fft that a block makes, done again on arrays of the same layout; where there is none, the
  arithmetic of arithmetic.py at the processor's measured rate;
- random numbers: as many as it needs, by the best generator here (random_numbers.py);
- writing: its outputs copied into fresh memory.

Rendering, transforms and writing take turns; all is processor time of one core.
"""

from __future__ import annotations

from typing import Any

from benchmarks import arithmetic, random_numbers
from benchmarks.alone import EVERY
from benchmarks.timing import medians
from benchmarks.transforms import Watch

RANDOM_EXAMPLES = 32  # over which needs of random numbers are averaged


def floor(name: str, tolerance: float, multiply_adds: float, rounds: int, count: int | None = None) -> dict[str, Any]:
    """Microseconds of an image: the whole, the parts of the floor, their sum; and how many times the floor the whole is."""
    recipe, count = EVERY[name].recipe(tolerance), count or EVERY[name].counts[0]
    watch = Watch()
    with watch.on():
        arrays = recipe.render(count=count, seed=1)
    times = medians(
        {
            "whole": lambda: recipe.render(count=count, seed=1),
            "transforms": watch.again(),
            "writing": lambda: [array.copy() for array in arrays.values()],
        },
        rounds,
    )
    each = {part: 1e6 * seconds / count for part, seconds in times.items()}
    if not watch.found:
        del each["transforms"]
        each["arithmetic"] = 1e6 * arithmetic.seconds(name, tolerance, multiply_adds)
    found = random_numbers.needs(recipe, min(count, RANDOM_EXAMPLES))
    drawn = [(need, *random_numbers.fastest(need, rounds)) for need in found]
    each["random numbers"] = 1e6 * sum(seconds for _, _, seconds in drawn)
    floor = sum(value for part, value in each.items() if part != "whole")
    return {
        **each,
        "floor": floor,
        "over": each["whole"] / floor,
        "numbers": [{"kind": need.kind, "count": need.count, "by": best} for need, best, _ in drawn],
        "calls": {str(one): number / count for one, number in watch.found.items()},
    }
