"""Datasets repaired: what is damaged is rendered again, what is lost of the metadata is made anew from the recipe."""

import functools
import os
import threading
from typing import Any

import attrs

from simcore.datasets.checking import GROUP, Fault, UnitCheck
from simcore.datasets.dataset import Dataset, kept_checksum, read_group
from simcore.datasets.documents import documents
from simcore.datasets.layout import Layout, RecipeLike, identity_of, make_layout, whole
from simcore.datasets.mending import OTHER_BYTES, check_anything_left, rebuilt_layout
from simcore.datasets.storage import Storage, open_storage
from simcore.datasets.writing import refuse_differences, refuse_extending, sweep
from simcore.engines import unit as rendering
from simcore.engines.mending import mend, rendered_digests
from simcore.engines.progress import Report
from simcore.engines.recipes import remember
from simcore.engines.rooms import Rooms
from simcore.engines.threads import on_threads
from simcore.engines.unit import Done, Job, examples
from simcore.errors import DatasetError, StorageError
from simcore.keeping.survey import Survey, check_version, recipe_in, survey


@attrs.frozen
class Repair:
    """What was found and what became of it.

    Attributes:
        dataset: as it is now.
        faults: all that was wrong.
        left: what still is, and why.
        missing: units that do not exist, because the dataset was never finished.

    """

    dataset: Dataset
    faults: tuple[Fault, ...]
    left: tuple[Fault, ...]
    missing: int

    @property
    def good(self) -> bool:
        """Whether nothing is wrong any more."""
        return not self.left


def repair(
    path: str | os.PathLike[str],
    recipe: RecipeLike | None = None,
    count: int | None = None,
    seed: int | None = None,
    *,
    split: str | None = None,
    unit: int | None = None,
    chunk: int | None = None,
    codec: str | None = None,
    workers: int = 1,
    trust: bool = False,
    progress: bool | None = False,
) -> Repair:
    """Make a damaged dataset again what it was, byte for byte; only what is damaged is written.

    A shard is replaced only by bytes that its row names; where another version of simcore or of the compression library
    makes others, it is left as it is and told of. An interrupted repair goes on when it is started again.

    Args:
        path: a local path or an fsspec URL.
        recipe: from which it was made. It lies in the dataset: needed only when the group's ``zarr.json`` is lost,
            then with ``seed``, and whatever of the following the arrays' documents no longer tell.
        count: number of examples.
        seed: 0 <= seed < 2**128.
        split: "train", "validation", "test" or None.
        unit: examples in a unit.
        chunk: examples in a chunk.
        codec: as for generate.
        workers: units rendered at once.
        trust: whether code in its recipe may run.
        progress: False shows nothing.

    Returns:
        what was wrong, and what still is.

    Raises:
        ParameterError: a number that cannot be.
        DatasetError: no dataset there, one of another render version, or arguments other than those it was made with.
        UntrustedCodeError: its recipe holds code that is not trusted.
        StorageError: the disk or the object store refused; nothing is worse than before.

    """
    workers, storage = whole("workers", workers, least=1), open_storage(path)
    options = {"split": split, "unit": unit, "chunk": chunk, "codec": codec}
    dataset, recipe, rebuilt = _begin(storage, recipe, count, seed, options, trust)
    refuse_extending(dataset)
    check_version(dataset, "it can be repaired only with that version")
    remember(recipe)
    mender = _Mender(dataset, Layout(tuple(recipe.outputs.values()), dataset.metadata), rebuilt)
    try:
        return mender.run(workers, progress)
    except StorageError as error:
        raise StorageError(f"{error}; what was repaired is safe, repair again to go on") from error


def _begin(
    storage: Storage,
    recipe: RecipeLike | None,
    count: int | None,
    seed: int | None,
    options: dict[str, Any],
    trust: bool,
) -> tuple[Dataset, RecipeLike, DatasetError | None]:
    """The dataset, its recipe, and what was wrong with its group's document where that has to be made anew."""
    try:
        dataset = read_group(storage)
    except StorageError:
        raise
    except DatasetError as error:
        return (*_rebuilt(storage, recipe, count, seed, options, error), error)
    if recipe is None:
        return dataset, recipe_in(dataset, trust), None
    told = (
        dataset.metadata["count"] if count is None else count,
        int(dataset.metadata["seed"]) if seed is None else seed,
    )
    wanted = make_layout(recipe, *told, render_version=dataset.metadata["render_version"], **options)
    split = {"split": dataset.metadata["split"]} if options["split"] is None else {}
    refuse_differences(
        dataset,
        Layout(wanted.outputs, {**wanted.metadata, **split}),
        **{name: value for name, value in options.items() if name != "split"},
    )
    return dataset, recipe, None


def _rebuilt(
    storage: Storage,
    recipe: RecipeLike | None,
    count: int | None,
    seed: int | None,
    options: dict[str, Any],
    reason: DatasetError,
) -> tuple[Dataset, RecipeLike]:
    if recipe is None or seed is None:
        how = f"simcore repair {storage.url} --recipe recipe.yaml --count N --seed N"
        raise DatasetError(f"{reason}; if it was one, its zarr.json is made again by: {how}") from reason
    check_anything_left(storage, list(recipe.outputs))
    layout = rebuilt_layout(storage, recipe, count, seed, render_version=rendering.render_version(), **options)
    return Dataset(storage, layout.metadata, {}, complete=True, identity=None), recipe


class _Mender:
    """A repair: looks at everything, proves that the metadata belongs to it, mends, and seals again."""

    def __init__(self, dataset: Dataset, layout: Layout, rebuilt: DatasetError | None) -> None:
        self.dataset, self.layout, self.rebuilt = dataset, layout, rebuilt
        self.storage, self.job = dataset.storage, Job(dataset.path, dataset.metadata)
        self.left: list[Fault] = []
        self.unsure: list[int] = []
        self.lock = threading.Lock()

    def run(self, workers: int, progress: bool | None) -> Repair:
        with Report(len(self.dataset), 0, progress) as report:
            found = survey(self.dataset, self.layout, workers, report)
        self._note_group(found)
        self._prove(found)
        if self.rebuilt:  # readers refuse it until all is well
            self.storage.put(GROUP, documents(self.layout)[GROUP])
        for fault in found.documents:
            if fault.key != GROUP:
                self.storage.put(fault.key, documents(self.layout)[fault.key])
        self._mend_units(found.units, workers, progress)
        missing = self._finish(found)
        return Repair(read_group(self.storage), tuple(found.faults), tuple(sorted(self.left, key=str)), missing)

    def _note_group(self, found: Survey) -> None:
        if self.rebuilt:
            what = str(self.rebuilt).removeprefix(f"{self.storage.url}: ")
            found.documents = [Fault(GROUP, what), *(fault for fault in found.documents if fault.key != GROUP)]

    def _prove(self, found: Survey) -> None:
        """Metadata that the commit record does not vouch for must give what lies there: the first and the last that is whole."""
        nothing_there = not (self.rebuilt or found.units or found.good)
        if nothing_there or kept_checksum(self.storage) == self.layout.sha256:
            return
        witnesses = sorted([*found.good, *(unit for unit, check in found.units.items() if any(_vouched(check)))])
        beyond = any(fault.key.startswith("shard_checksum/c.") for fault in found.leftovers)
        if not witnesses:
            raise DatasetError(f"{self.storage.url}: nothing that lies there is whole; delete it and generate it")
        if beyond or not all(self._gives(unit, found) for unit in {witnesses[0], witnesses[-1]}):
            raise DatasetError(
                f"{self.storage.url}: recipe, count, seed and options (unit, chunk, codec, split) do not give what lies "
                "there; nothing was changed"
            )

    def _gives(self, unit: int, found: Survey) -> bool:
        """Whether a unit, rendered, is what lies there, as far as that is whole."""
        digests = rendered_digests(self.job, unit)
        if unit not in found.units:
            return b"".join(digests) == found.rows[unit].tobytes()
        check = found.units[unit]
        triples = zip(check.shards, _vouched(check), digests, strict=True)
        return all(shard.digest == digest for shard, vouched, digest in triples if vouched)

    def _mend_units(self, units: dict[int, UnitCheck], workers: int, progress: bool | None) -> None:
        if not units:
            return
        total = examples(self.job, list(units))
        with Report(total, 0, progress) as report:
            on_threads(self.job, list(units), report, workers, functools.partial(self._mend_one, units))

    def _mend_one(self, units: dict[int, UnitCheck], job: Job, unit: int, stop: threading.Event, rooms: Rooms) -> Done:
        done, mended = mend(job, units[unit], stop, rooms)
        with self.lock:
            self.left += mended.left
            self.unsure += [] if mended.witnessed else [unit]
        return done

    def _finish(self, found: Survey) -> int:
        """Seal it, once all is there; the number of units that are missing."""
        made = attrs.evolve(self.dataset, complete=False)
        missing = len(made.missing())
        identity = None if missing else identity_of(self.dataset.metadata, made.rows())
        if identity and self.dataset.identity not in (None, identity) and self.unsure:
            what = f"its identity would be {identity} with unit {self.unsure[0]} as it is rendered again: {OTHER_BYTES}"
            self.left.append(Fault(GROUP, what))
        if not self.left and (found.documents or (identity and not self.dataset.complete)):
            self._write_group(identity)
        if found.leftovers and not missing:
            sweep(made, self.layout)
        return missing

    def _write_group(self, identity: str | None) -> None:
        about = None if self.rebuilt else self.dataset.about
        document = documents(self.layout, about, identity)[GROUP]
        if document != self.storage.get(GROUP):
            self.storage.put(GROUP, document)


def _vouched(check: UnitCheck) -> list[bool]:
    """Which shards of a unit are what was once stored: their row says so, or their own checksums."""
    rows = check.row or (None,) * len(check.shards)
    pairs = zip(check.shards, rows, strict=True)
    return [shard.digest is not None and (shard.digest == row or not shard.inner) for shard, row in pairs]
