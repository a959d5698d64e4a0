"""What is to be exported, and what every format says about it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs

from simcore.datasets.views import StoredArray, View

FORMAT = "simcore-export/1"
DESCRIPTION, RECIPE = "dataset.json", "recipe.yaml"


@attrs.frozen(eq=False)
class Selection:
    """Examples and arrays to export.

    Attributes:
        view: the examples.
        names: of the arrays.
        first: number of the first example, by which examples are named.
        per_file: examples in a file, where a format has several.

    """

    view: View
    names: tuple[str, ...]
    first: int
    per_file: int

    def array(self, name: str) -> StoredArray:
        """One of the arrays."""
        return self.view[name]

    @property
    def pictures(self) -> tuple[str, ...]:
        """Names of the arrays that are images, movies, fields or masks."""
        return tuple(name for name in self.names if self.array(name).is_picture)

    @property
    def numbers(self) -> tuple[str, ...]:
        """Names of all other arrays."""
        return tuple(name for name in self.names if name not in self.pictures)

    def files(self) -> Iterator[tuple[int, View]]:
        """The examples cut into files: the number of the first of each, and its examples."""
        for start in range(0, len(self.view), self.per_file):
            yield self.first + start, self.view.part(start, min(start + self.per_file, len(self.view)))

    def recipes(self) -> dict[str, str]:
        """The recipes by SHA-256."""
        metadata = [member.dataset.metadata for member in self.view.members]
        return {one["recipe_sha256"]: one["recipe"] for one in metadata}

    def description(self) -> dict[str, Any]:
        """From which datasets the examples are, and what their arrays mean."""
        return {
            "format": FORMAT,
            "identity": self.view.identity,
            "first": self.first,
            "count": len(self.view),
            "arrays": {name: describe(self.array(name)) for name in self.names},
            "datasets": [_member(member) for member in self.view.members],
        }

    def write_beside(self, folder: Path) -> None:
        """Write the description, and the recipe if there is one for all."""
        (folder / DESCRIPTION).write_text(
            json.dumps(self.description(), indent=1, ensure_ascii=False), encoding="utf-8"
        )
        recipes = list(self.recipes().values())
        for number, text in enumerate(recipes):
            name = RECIPE if len(recipes) == 1 else f"recipe_{number + 1}.yaml"
            (folder / name).write_text(text, encoding="utf-8")


def describe(array: StoredArray) -> dict[str, Any]:
    """Axes, shape, dtype, units and the rest of an array."""
    return {"dimensions": array.dimensions, "shape": array.shape, "dtype": str(array.dtype), **array.attributes}


def _member(member: Any) -> dict[str, Any]:
    dataset = member.dataset
    fields = ("recipe_sha256", "seed", "split", "first", "count", "render_version", "simcore")
    told = {key: dataset.about[key] for key in ("title", "licence", "authors", "citation") if key in dataset.about}
    return {"identity": dataset.identity, **{key: dataset.metadata[key] for key in fields}, **told}
