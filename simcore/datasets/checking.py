"""What is wrong with a dataset: every object against its checksum, every document against what it follows from."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from simcore.datasets.dataset import Dataset
from simcore.datasets.digests import digest
from simcore.datasets.documents import documents, signed
from simcore.datasets.layout import CHECKSUMS, Layout, object_key
from simcore.datasets.shards import broken, without_checksum
from simcore.datasets.storage import TEMPORARY, Storage
from simcore.datasets.writing import same_array
from simcore.errors import DatasetError, StorageError

_SHARD = re.compile(r"c(\.[0-9]+)+")
GROUP = "zarr.json"


@attrs.frozen
class Fault:
    """One object that is not as it should be.

    Attributes:
        key: of the object.
        what: is wrong with it.
        array: that it belongs to, None for documents of the group.
        unit: that it belongs to, None for documents.

    """

    key: str
    what: str
    array: str | None = None
    unit: int | None = None

    def __str__(self) -> str:
        return f"{self.key}: {self.what}"


@attrs.frozen
class Shard:
    """A stored shard as it was found.

    Attributes:
        array: whose shard it is.
        key: of the object.
        digest: checksum of the object, None where there is none.
        inner: what the checksums within it say against it, None where they fit.
        what: is wrong with it, None where nothing is.
        size: in bytes.

    """

    array: str
    key: str
    digest: bytes | None
    inner: str | None
    what: str | None
    size: int = 0


@attrs.frozen
class UnitCheck:
    """A unit as it was found.

    Attributes:
        unit: its number.
        row: checksum of each shard as the commit record has them, None where the row is not whole.
        stored_row: the row's object as it lies there.
        row_fault: what is wrong with the row, None where nothing is.
        shards: of every array, in their order; none where the unit does not exist.

    """

    unit: int
    row: tuple[bytes, ...] | None
    stored_row: bytes | None
    row_fault: str | None
    shards: tuple[Shard, ...]

    @property
    def faults(self) -> list[Fault]:
        """Of its row and its shards."""
        found = [Fault(s.key, s.what, s.array, self.unit) for s in self.shards if s.what]
        return ([Fault(row_key(self.unit), self.row_fault, CHECKSUMS, self.unit)] if self.row_fault else []) + found


def row_key(unit: int) -> str:
    """Key of the row of a unit."""
    return object_key(CHECKSUMS, 3, unit)


def check_unit(dataset: Dataset, axes: Mapping[str, int], unit: int) -> UnitCheck:
    """Hold every object of a unit against its checksums.

    Args:
        dataset: to which it belongs; in one that is not sealed a unit without a row does not exist.
        axes: how many each array has.
        unit: its number.

    """
    stored, row, fault = _check_row(dataset, unit)
    if row is None and fault is None:
        return UnitCheck(unit, None, stored, None, ())
    chunks = dataset.metadata["unit"] // dataset.metadata["chunk"]
    shards = (
        _check_shard(dataset, name, object_key(name, axes[name], unit), row[place] if row else None, chunks)
        for place, name in enumerate(dataset.arrays)
    )
    return UnitCheck(unit, row, stored, fault, tuple(shards))


def _check_row(dataset: Dataset, unit: int) -> tuple[bytes | None, tuple[bytes, ...] | None, str | None]:
    stored, fault = _read(dataset.storage, row_key(unit))
    data = without_checksum(stored or b"")
    if len(data) == 32 * len(dataset.arrays) and any(data):
        return stored, tuple(data[start : start + 32] for start in range(0, len(data), 32)), None
    if not dataset.complete and (fault == _LOST or (data and not any(data))):
        return stored, None, None
    return stored, None, fault or ("it is all zero" if data and not any(data) else "its crc32c does not fit")


def _check_shard(dataset: Dataset, name: str, key: str, expected: bytes | None, chunks: int) -> Shard:
    data, fault = _read(dataset.storage, key)
    if data is None:
        return Shard(name, key, None, fault, fault)
    checksum, inner = digest(dataset.metadata, data), broken(data, chunks)
    differs = "its checksum is not that of its row" if expected not in (None, checksum) else None
    return Shard(name, key, checksum, inner, "; ".join(filter(None, (differs, inner))) or None, len(data))


_LOST = "it is missing"


def _read(storage: Storage, key: str) -> tuple[bytes | None, str | None]:
    """An object, and why it cannot be had."""
    try:
        data = storage.get(key)
    except DatasetError as error:  # a link, a folder in its place, a broken sector
        return None, f"it cannot be read ({str(error).removeprefix(f'{storage.url}: ')})"
    return data, _LOST if data is None else None


def number_of_axes(dataset: Dataset, layout: Layout | None) -> dict[str, int]:
    """Axes of every array: from the recipe, else from its document, else from the names of its shards."""
    if layout is not None:
        return {output.name: len(output.shape) + 1 for output in layout.outputs}
    return {name: _axes_found(dataset.storage, name) for name in dataset.arrays}


def _axes_found(storage: Storage, name: str) -> int:
    found = (json_or_none(_read(storage, f"{name}/zarr.json")[0]) or {}).get("shape")
    if isinstance(found, list) and 0 < len(found) <= 32:
        return len(found)
    keys = (key for key in storage.sizes(name) if _SHARD.fullmatch(key))
    return next(keys, "c.0").count(".")


def check_documents(dataset: Dataset, layout: Layout | None) -> list[Fault]:
    """Hold every ``zarr.json`` against what it must be; without a layout only against its copy in the group's.

    A dataset that is not sealed may still lack some: generating it makes them.
    """
    group = json_or_none(dataset.storage.get(GROUP)) or {}
    copies = _copies(group)
    wanted = _wanted(dataset, layout)
    faults = [] if layout is None else _check_group(group, wanted[GROUP])
    names = (*dataset.arrays, CHECKSUMS)
    found = {
        name: _check_array(dataset, f"{name}/zarr.json", wanted.get(f"{name}/zarr.json"), copies.get(name))
        for name in names
    }
    faults += [Fault(f"{name}/zarr.json", what, name) for name, what in found.items() if what]
    faults += _check_copies(dataset, copies, [name for name in names if not found[name]]) if dataset.complete else []
    return faults + ([] if _told_truly(dataset.about) else [Fault(GROUP, "its 'about' was changed")])


def _wanted(dataset: Dataset, layout: Layout | None) -> dict[str, Any]:
    if layout is None:
        return {}
    made = documents(layout, dataset.about, (dataset.identity or "") if dataset.complete else None)
    return {key: json.loads(document) for key, document in made.items()}


def _check_array(dataset: Dataset, key: str, wanted: Any, copy: Any) -> str | None:
    document, fault = _read(dataset.storage, key)
    if document is None:
        return None if fault == _LOST and not dataset.complete else fault
    found = json_or_none(document)
    if found is None:
        return "it is not JSON"
    if wanted is None:
        fits = found == copy or not dataset.complete
        return None if fits else "it differs from its copy in the group's zarr.json"
    if found == wanted or (found == copy and _same_but_for_its_writer(found, wanted)):
        return None
    return f"it is not what the recipe asks for: {_where(found, wanted)}"


def _same_but_for_its_writer(found: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Another version of zarr may write more or less than this one."""
    described = all(found.get(field) == wanted[field] for field in ("attributes", "dimension_names"))
    return described and same_array(json.dumps(found).encode(), json.dumps(wanted).encode())


def _check_group(found: dict[str, Any], wanted: dict[str, Any]) -> list[Fault]:
    if _copies(found) and "consolidated_metadata" in wanted:  # held against the arrays' own documents
        wanted = {**wanted, "consolidated_metadata": {**wanted["consolidated_metadata"], "metadata": _copies(found)}}
    found, wanted = _without_about(found), _without_about(wanted)
    return [] if found == wanted else [Fault(GROUP, f"it is not what the recipe asks for: {_where(found, wanted)}")]


def _without_about(group: dict[str, Any]) -> dict[str, Any]:
    try:
        attributes = group["attributes"]
        kept = {key: value for key, value in attributes["simcore"].items() if key != "about"}
    except (KeyError, TypeError, AttributeError):
        return group
    return {**group, "attributes": {**attributes, "simcore": kept}}


def _check_copies(dataset: Dataset, copies: Mapping[str, Any], names: Sequence[str]) -> list[Fault]:
    """The group's copies of the arrays' documents, which it has once it is sealed."""
    documents = {name: json_or_none(_read(dataset.storage, f"{name}/zarr.json")[0]) for name in names}
    differing = [name for name in names if copies.get(name) != documents[name]]
    return [Fault(GROUP, f"its copy of {name}/zarr.json differs from that") for name in differing]


def leftovers(dataset: Dataset, axes: Mapping[str, int]) -> list[Fault]:
    """Objects that no reader asks for: shards beyond the grid, and of a sealed dataset temporary files."""
    units = -(-len(dataset) // dataset.metadata["unit"])
    faults = []
    for name in ("", *dataset.arrays, CHECKSUMS):
        keys = {f"c.{unit}" + ".0" * (axes.get(name, 3) - 1) for unit in range(units)} if name else set()
        for entry in _entries(dataset.storage, name):
            temporary = dataset.complete and TEMPORARY.fullmatch(entry)
            if temporary or (name and entry.startswith("c.") and entry not in keys):
                faults.append(Fault(f"{name}/{entry}".lstrip("/"), "it should not be there", name or None))
    return faults


def _entries(storage: Storage, name: str) -> Sequence[str]:
    try:
        return sorted(storage.sizes(name))
    except StorageError:
        raise
    except DatasetError:  # a link; what lies behind it is told of object by object
        return ()


def json_or_none(document: bytes | None) -> Any:
    """A JSON object, None where it is none."""
    try:
        found = json.loads(document or b"")
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _copies(group: Mapping[str, Any]) -> dict[str, Any]:
    found = group.get("consolidated_metadata")
    copies = found.get("metadata") if isinstance(found, dict) else None
    return copies if isinstance(copies, dict) else {}


def _where(found: Any, wanted: Any, path: str = "") -> str:
    """Where two documents differ first."""
    if not isinstance(found, dict) or not isinstance(wanted, dict):
        return path or "everything"
    for key in dict.fromkeys([*wanted, *found]):
        if key not in found or key not in wanted or found[key] != wanted[key]:
            return _where(found.get(key), wanted.get(key), f"{path}.{key}" if path else str(key)[:60])
    return path


def _told_truly(about: Mapping[str, Any]) -> bool:
    """Whether `about` fits its checksum; whoever wrote the dataset may have given none."""
    checksums = [key for key, value in about.items() if isinstance(value, str) and len(value) == 64]
    return not checksums or dict(about) == signed(about)
