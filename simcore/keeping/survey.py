"""All that is wrong with a dataset, found once, for those who tell of it and those who mend it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import attrs
import numpy as np

from simcore.datasets.checking import (
    GROUP,
    Fault,
    UnitCheck,
    check_documents,
    check_unit,
    leftovers,
    number_of_axes,
)
from simcore.datasets.dataset import Dataset
from simcore.datasets.layout import Layout, RecipeLike, identity_of, unit_count
from simcore.engines import unit as rendering
from simcore.engines.progress import Report
from simcore.engines.recipes import known
from simcore.engines.unit import Done, Job, examples
from simcore.errors import DatasetError, UntrustedCodeError


@attrs.define
class Survey:
    """What was found.

    Attributes:
        documents: faults of ``zarr.json`` objects.
        leftovers: objects that should not be there.
        units: those that are damaged.
        absent: units that do not exist, in a dataset that is not sealed.
        good: units of which nothing is wrong.
        rows: the commit record, zero where a row is not whole.

    """

    documents: list[Fault]
    leftovers: list[Fault]
    units: dict[int, UnitCheck]
    absent: list[int]
    good: list[int]
    rows: np.ndarray

    @property
    def faults(self) -> list[Fault]:
        """All of them, documents first."""
        return [*self.documents, *(fault for check in self.units.values() for fault in check.faults), *self.leftovers]


def survey(
    dataset: Dataset,
    layout: Layout | None,
    workers: int,
    report: Report,
    look: Callable[[UnitCheck], None] | None = None,
) -> Survey:
    """Hold every object of a dataset against its checksums; ``look`` sees every unit that exists meanwhile."""
    axes, job = number_of_axes(dataset, layout), Job(dataset.path, dataset.metadata)
    units = unit_count(dataset.metadata)
    found = Survey([], leftovers(dataset, axes), {}, [], [], np.zeros((units, len(dataset.arrays), 32), np.uint8))
    found.documents += [] if dataset.extending else check_documents(dataset, layout)

    def check_one(unit: int) -> UnitCheck:
        check = check_unit(dataset, axes, unit)
        if look and check.shards:
            look(check)
        return check

    with ThreadPoolExecutor(workers) as pool:
        for check in pool.map(check_one, range(units)):
            _enter(found, check)
            report.advance(Done(check.unit, examples(job, [check.unit]), sum(s.size for s in check.shards), 0.0))
    found.documents += _check_identity(dataset, found)
    return found


def _enter(found: Survey, check: UnitCheck) -> None:
    if check.row:
        found.rows[check.unit] = np.frombuffer(b"".join(check.row), np.uint8).reshape(-1, 32)
    if check.faults:
        found.units[check.unit] = check
    else:
        (found.good if check.row else found.absent).append(check.unit)


def _check_identity(dataset: Dataset, found: Survey) -> list[Fault]:
    whole = found.rows.any(axis=2).all()
    if not dataset.complete or not whole or identity_of(dataset.metadata, found.rows) == dataset.identity:
        return []
    return [Fault(GROUP, "its identity is not that of its commit record")]


def recipe_in(dataset: Dataset, trust: bool) -> RecipeLike:
    """The recipe that a dataset holds; its code may run only with ``trust``.

    Raises:
        UntrustedCodeError: it holds code, and was not trusted.
        RecipeError: it cannot be read here, or a file that it names is missing or was changed.
        DatasetError: it is not what the dataset was made from.

    """
    text, checksum = dataset.metadata["recipe"], dataset.metadata["recipe_sha256"]
    try:
        recipe = known(text, checksum, trust)
    except UntrustedCodeError as error:
        raise UntrustedCodeError(
            f"{dataset.path}: its recipe holds code, which runs only with --trust (trust=True)"
        ) from error
    if recipe.sha256 != checksum:
        raise DatasetError(f"{dataset.path}: its recipe reads differently here: it is of another version of simcore")
    if tuple(recipe.outputs) != dataset.arrays:
        raise DatasetError(f"{dataset.path}: its recipe makes other arrays than its metadata names")
    return recipe


def check_version(dataset: Dataset, action: str) -> None:
    """Refuse to render again what another version rendered."""
    installed, made = rendering.render_version(), dataset.metadata["render_version"]
    if made != installed:
        raise DatasetError(
            f"{dataset.path}: render version {made}, but {installed} is installed, which gives other bytes; {action}"
        )
