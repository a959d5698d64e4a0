"""Training, validation and test data that cannot share an example: each split draws from seeds of its own."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

from simcore.datasets.layout import RecipeLike, whole
from simcore.datasets.overlap import shared_examples
from simcore.datasets.view_files import Openable, open_dataset
from simcore.datasets.views import View
from simcore.errors import DatasetError, ParameterError

DOMAIN = 1 << 126  # seeds have 128 bits; the upper two say for which split they are
DOMAINS = {"train": 0, "validation": 1, "test": 2}


def split_seed(seed: int, split: str) -> int:
    """The seed of a split: ``seed`` itself for "train", ``seed + 2**126`` for "validation", ``seed + 2**127`` for "test".

    No seed of one split is that of another, whatever numbers were chosen, so data of two splits never share a random number.

    Args:
        seed: 0 <= seed < 2**126.
        split: "train", "validation" or "test".

    Raises:
        ParameterError: a seed or a split that cannot be.

    """
    if split not in DOMAINS:
        raise ParameterError(f"split: {split!r}; must be one of {', '.join(DOMAINS)}")
    return whole("seed", seed, least=0, below=DOMAIN) + DOMAINS[split] * DOMAIN


def generate_splits(
    recipe: RecipeLike,
    folder: str | os.PathLike[str],
    *,
    train: int,
    validation: int = 0,
    test: int = 0,
    seed: int,
    workers: int = 1,
    progress: bool | None = None,
) -> dict[str, View]:
    """Generate ``train.zarr``, ``validation.zarr`` and ``test.zarr`` in a folder, each from seeds of its own.

    Args:
        recipe: what is rendered; `simcore.split` says in it which split is made.
        folder: a local path, made if it is not there, or a URL.
        train: number of examples to train on.
        validation: number of examples by which training is watched; 0: none are made.
        test: number of examples that are kept for the end; 0: none are made.
        seed: 0 <= seed < 2**126; see `split_seed`.
        workers: units rendered at once.
        progress: False shows nothing.

    Raises:
        ParameterError: a number that cannot be.
        DatasetError: something else lies at one of the paths.

    """
    from simcore.run import generate  # noqa: PLC0415  (slow to import)

    counts = {"train": train, "validation": validation, "test": test}
    checked = {split: whole(split, count, least=split == "train") for split, count in counts.items()}
    seeds = {split: split_seed(seed, split) for split in counts}
    base = os.fspath(folder)
    if "://" not in base:
        Path(base).mkdir(exist_ok=True)
    made = {}
    for split, count in checked.items():
        if count:
            path = f"{base.rstrip('/')}/{split}.zarr"
            dataset = generate(recipe, path, count, seeds[split], split=split, workers=workers, progress=progress)
            made[split] = open_dataset(dataset)
    require_disjoint(*made.values())
    return made


def require_disjoint(*parts: Openable) -> None:
    """Refuse datasets or views of which two could share an example.

    They can where their seeds are equal and their numbers of examples overlap, whatever recipe and split: draws of one
    name are then equal. With other seeds, or other numbers, no random number is shared.

    Raises:
        DatasetError: two of them could; says which, and how many examples.

    """
    views = [open_dataset(part) for part in parts]
    for one, other in itertools.combinations(views, 2):
        shared = shared_examples(one, other)
        if shared:
            raise DatasetError(f"{one.title} and {other.title} share the random numbers of {shared:,} examples "
                               "(one seed, overlapping numbers): give one of them another seed, see split_seed")  # fmt: skip
