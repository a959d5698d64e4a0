"""What another tolerance would cost: the same recipe, each microscope's tolerance changed, rendered for a moment."""

from __future__ import annotations

import ast
import contextlib
import time
from typing import TYPE_CHECKING, Any

import attrs
import yaml

from simcore.catalogue import FEATURES
from simcore.errors import SimcoreError
from simcore.reader import loads
from simcore.text import dumped

if TYPE_CHECKING:
    from simcore.recipe import Recipe

SECONDS = 2.0  # of all of them, about
ROUNDS = 4
FACTORS = (10.0, 0.1)


def speeds(recipe: Recipe, seed: int, split: str | None) -> dict[float, float]:
    """How many times as fast the recipe renders at 10 and 0.1 times its tolerance; empty where it has none, or cannot have it."""
    if tolerances(recipe) == []:
        return {}
    changed = {1.0: recipe}
    for factor in FACTORS:
        with contextlib.suppress(SimcoreError):  # looser or tighter than a microscope takes
            changed[factor] = with_tolerance(recipe, factor)
    found = _seconds(changed, seed, split)
    return {factor: found[1.0] / seconds for factor, seconds in found.items() if factor != 1}


def tolerances(recipe: Recipe) -> list[float]:
    """The tolerances of the recipe's microscopes."""
    features = recipe.walk().features.values()
    return [float(feature.tolerance) for feature in features if hasattr(feature, "tolerance")]


def with_tolerance(recipe: Recipe, factor: float) -> Recipe:
    """The recipe with ``factor`` times the tolerance in each microscope."""
    document = yaml.safe_load(recipe.canonical)
    for part in ("define", "outputs"):
        document[part] = {name: _changed(text, factor) for name, text in document[part].items()}
    return loads(dumped(document), trust=True)


def _changed(text: Any, factor: float) -> Any:
    if not isinstance(text, str):
        return text
    tree = ast.parse(text, mode="eval")
    for node in ast.walk(tree):
        kind = FEATURES.get(node.func.id) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else None
        if kind is not None and isinstance(node, ast.Call) and "tolerance" in attrs.fields_dict(kind):
            given = {keyword.arg: keyword for keyword in node.keywords}
            kept = given.get("tolerance")
            old: Any = ast.literal_eval(kept.value) if kept else attrs.fields_dict(kind)["tolerance"].default
            node.keywords = [keyword for keyword in node.keywords if keyword is not kept]
            node.keywords.append(ast.keyword("tolerance", ast.Constant(float(old) * factor)))
    return ast.unparse(tree)


def _seconds(recipes: dict[float, Recipe], seed: int, split: str | None) -> dict[float, float]:
    """Processor seconds of the same few examples from each recipe, which take turns; the best of a few."""
    for recipe in recipes.values():
        recipe.render(1, seed=seed, split=split)
    alone = max(1e-6, _spent(recipes[1.0], 1, seed, split))
    count = int(min(256, max(1, SECONDS / ROUNDS / len(recipes) / alone)))
    turns = [{factor: _spent(recipe, count, seed, split) for factor, recipe in recipes.items()} for _ in range(ROUNDS)]
    return {factor: max(1e-9, min(turn[factor] for turn in turns)) for factor in recipes}


def _spent(recipe: Recipe, count: int, seed: int, split: str | None) -> float:
    started = time.process_time()
    recipe.render(count, seed=seed, split=split)
    return time.process_time() - started
