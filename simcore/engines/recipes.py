"""Recipes that this process has read: a task brings a recipe's text, and many tasks bring the same."""

import threading

from simcore.datasets.layout import RecipeLike
from simcore.errors import SchedulerError

_recipes: dict[str, RecipeLike] = {}


_recipes_lock = threading.Lock()


def remember(recipe: RecipeLike) -> None:
    """Tasks in this process need not read the recipe again."""
    with _recipes_lock:
        if recipe.sha256 not in _recipes and len(_recipes) >= 8:
            del _recipes[next(iter(_recipes))]
        _recipes[recipe.sha256] = recipe


def recipe_of(text: str, sha256: str) -> RecipeLike:
    """The recipe with this text. Its code may run: whoever started the run has trusted it."""
    found = known(text, sha256, trust=True)
    if found.sha256 != sha256:
        raise SchedulerError("a worker reads the recipe differently: it runs another version of simcore")
    return found


def known(text: str, sha256: str, trust: bool) -> RecipeLike:
    """The recipe with this text, read if this process has not yet; it may then differ from the one with this checksum."""
    found = _recipes.get(sha256)
    if found is None:
        import simcore  # noqa: PLC0415  (a recipe knows how to generate: the import would be a cycle)

        found = simcore.loads(text, trust=trust)
        remember(found)
    return found
