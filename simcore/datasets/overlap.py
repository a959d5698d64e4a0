"""Whether datasets can share examples: read from seeds and numbers of examples, without reading a single array."""

from __future__ import annotations

import itertools

import numpy as np

from simcore.datasets.views import Member, View


def shared_examples(one: View, other: View, *, same_recipe: bool = False) -> int:
    """How many examples of ``one`` have random numbers in common with an example of ``other``.

    Every random number is a function of (seed, name of the draw, number of the example), see CONVENTIONS.md. So examples
    of different seeds, or of different numbers, have none in common, whatever recipe and split. With one seed and one
    number, draws of one name are equal even where recipes differ: a recipe with one more output gives the same images.

    Args:
        one: a view of datasets.
        other: another.
        same_recipe: whether to count only examples of one recipe and split, which are equal as a whole.

    """
    return sum(
        _common(mine, theirs)
        for mine, theirs in itertools.product(one.members, other.members)
        if _may_share(mine, theirs, same_recipe)
    )


def _may_share(one: Member, other: Member, same_recipe: bool) -> bool:
    fields = ("seed", "recipe_sha256", "split") if same_recipe else ("seed",)
    return all(one.dataset.metadata[field] == other.dataset.metadata[field] for field in fields)


def _common(one: Member, other: Member) -> int:
    """Length of what two ascending lists of ranges have in common, as numbers of the recipe's examples."""
    mine, theirs = (m.ranges + int(m.dataset.metadata["first"]) for m in (one, other))
    edges = np.unique(np.concatenate([mine.ravel(), theirs.ravel()]))
    shared = _within(mine, edges[:-1]) & _within(theirs, edges[:-1])
    return int(np.diff(edges)[shared].sum())


def _within(ranges: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    return np.searchsorted(ranges[:, 0], numbers, "right") > np.searchsorted(ranges[:, 1], numbers, "right")
