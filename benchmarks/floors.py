"""The floor under a case: what its transforms, its random numbers and writing its bytes take, each alone in the same run.

- transforms: every call of scipy.fft that a block makes, done again on arrays of the same layout; where there is none, the
  arithmetic of arithmetic.py at the processor's measured rate;
- random numbers: as many as it needs, by the best generator here (random_numbers.py);
- writing: its outputs copied into fresh memory.

Rendering and all parts take turns; all is processor time of one core.
"""

from __future__ import annotations

from typing import Any

from benchmarks import arithmetic, random_numbers
from benchmarks.alone import EVERY
from benchmarks.timing import medians
from benchmarks.transforms import Watch

RANDOM_EXAMPLES = 32  # over which needs of random numbers are averaged
PRODUCT = "product of matrices"


def floor(name: str, tolerance: float, rounds: int, count: int | None = None) -> dict[str, Any]:
    """Microseconds of an image: the whole, the parts of the floor, their sum; and how many times the floor the whole is."""
    recipe, count = EVERY[name].recipe(tolerance), count or EVERY[name].counts[0]
    watch = Watch()
    with watch.on():
        arrays = recipe.render(count=count, seed=1)
    needs = random_numbers.needs(recipe, min(count, RANDOM_EXAMPLES))
    drawings = [random_numbers.Drawing.of(need) for need in needs]
    parts = {"transforms": watch.again()} if watch.found else {PRODUCT: arithmetic.product()}
    numbers = {f"{i} {by}": call for i, drawing in enumerate(drawings) for by, call in drawing.calls.items()}
    times = medians(
        {
            "whole": lambda: recipe.render(count=count, seed=1),
            **parts,
            "writing": lambda: [array.copy() for array in arrays.values()],
            **numbers,
        },
        rounds,
    )
    each = {part: 1e6 * times[part] / count for part in ("whole", "writing", *parts)}
    if PRODUCT in each:
        del each[PRODUCT]
        each["arithmetic"] = 1e6 * times[PRODUCT] * arithmetic.products(name, tolerance)
    drawn = [drawing.fastest({by: times[f"{i} {by}"] for by in drawing.calls}) for i, drawing in enumerate(drawings)]
    each["random numbers"] = 1e6 * sum(seconds for _, seconds in drawn)
    floor = sum(value for part, value in each.items() if part != "whole")
    return {
        **each,
        "floor": floor,
        "over": each["whole"] / floor,
        "numbers": [
            {"kind": need.kind, "count": need.count, "by": best} for need, (best, _) in zip(needs, drawn, strict=True)
        ],
        "calls": {str(one): number / count for one, number in watch.found.items()},
    }
