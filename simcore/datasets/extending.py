"""A dataset made longer, step by step: after each, whatever happens, what was there is there and can be gone on with.

1. The group says that it is not sealed, and in ``extending`` what it shall become. Its metadata stays that of before.
2. A last unit that is short is uncommitted (its row zero): its shard is not that of a whole unit. It stays until that is there.
3. The documents of the arrays and of the commit record grow; what ``extending`` says lets readers know them.
4. The group says the new count. From here on it is a dataset that was begun and not finished.
"""

from simcore.datasets.checking import GROUP, row_key
from simcore.datasets.dataset import Dataset, read_group
from simcore.datasets.documents import documents
from simcore.datasets.layout import CHECKSUMS, Layout
from simcore.datasets.shards import with_checksum
from simcore.datasets.writing import same_array
from simcore.errors import DatasetError


def lengthen(dataset: Dataset, layout: Layout, count: int) -> None:
    """Make a dataset one of more examples, those that are new still missing.

    Args:
        dataset: sealed, or one whose lengthening to this count was interrupted.
        layout: of the dataset as it is.
        count: more than it has.

    Raises:
        DatasetError: not sealed, being extended to another count, or documents that do not fit its metadata.
        StorageError: the disk or the object store refused; running it again goes on.

    """
    _refuse_unfit(dataset, count)
    longer = Layout(layout.outputs, {**layout.metadata, "count": count})
    _refuse_other_documents(dataset, layout, longer)
    for step in (_announce, _uncommit_short_unit, _grow_documents, _tell_new_count):
        now = read_group(dataset.storage)
        if now.metadata["count"] == count:  # another run was faster
            return
        if step is not _announce or not now.extending:
            step(dataset, layout, longer)


def _refuse_unfit(dataset: Dataset, count: int) -> None:
    being = dataset.extending["count"] if dataset.extending else None
    if being not in (None, count):
        raise DatasetError(f"{dataset.path}: is being extended to {being} examples; extend it to that count first")
    if count < len(dataset):
        raise DatasetError(f"{dataset.path}: holds {len(dataset)} examples; count: {count}; it must not become smaller")
    if not dataset.complete and being is None:
        missing = len(dataset.missing())
        raise DatasetError(f"{dataset.path}: is not complete, {missing} units are missing; generate it first")


def _refuse_other_documents(dataset: Dataset, layout: Layout, longer: Layout) -> None:
    grown = documents(longer)
    for key, document in documents(layout).items():
        found = b"" if key == GROUP else dataset.storage.get(key) or b""
        if key != GROUP and not any(same_array(found, wanted) for wanted in (document, grown[key])):
            raise DatasetError(f"{dataset.path}: {key} is missing or was changed; repair it first")


def _announce(dataset: Dataset, layout: Layout, longer: Layout) -> None:
    dataset.storage.put(GROUP, documents(layout, dataset.about, extending=longer)[GROUP])


def _uncommit_short_unit(dataset: Dataset, layout: Layout, longer: Layout) -> None:
    if len(dataset) % layout.metadata["unit"]:  # overwritten rather than deleted: that is for good
        dataset.storage.put(row_key(layout.units - 1), with_checksum(bytes(32 * len(layout.outputs))))


def _grow_documents(dataset: Dataset, layout: Layout, longer: Layout) -> None:
    grown = documents(longer)
    for name in (*dataset.arrays, CHECKSUMS):
        dataset.storage.put(f"{name}/zarr.json", grown[f"{name}/zarr.json"])


def _tell_new_count(dataset: Dataset, layout: Layout, longer: Layout) -> None:
    dataset.storage.put(GROUP, documents(longer, dataset.about)[GROUP])
