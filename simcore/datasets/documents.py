"""Every ``zarr.json`` of a dataset, as zarr writes it; arrays opened by zarr to be read."""

import platform
import threading
import warnings
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib import metadata as packages
from typing import Any

import numpy as np
import zarr
from zarr.codecs import BloscCodec, Crc32cCodec
from zarr.storage import FsspecStore, LocalStore, MemoryStore

from simcore.datasets.digests import format_of
from simcore.datasets.layout import CHECKSUMS, Layout, OutputLike, metadata_sha256
from simcore.datasets.storage import Folder, ObjectStore, Storage
from simcore.errors import DatasetError
from simcore.kernels import instruction_level

_SEPARATOR = {"name": "default", "separator": "."}  # all objects of an array in one folder


def documents(
    layout: Layout, about: dict[str, Any] | None = None, identity: str | None = None, extending: Layout | None = None
) -> dict[str, bytes]:
    """Every ``zarr.json`` by its key; that of the group is sealed when an identity is given, or says what it shall become."""
    objects = dict(_in_memory(layout))
    attributes: dict[str, Any] = {
        "format": format_of(layout.metadata),
        "metadata": layout.metadata,
        "metadata_sha256": layout.sha256,
        "complete": identity is not None,
    }
    if identity is not None:
        attributes["identity"] = identity
    if extending is not None:
        attributes["extending"] = {"count": extending.metadata["count"], "metadata_sha256": extending.sha256}
    group = zarr.open_group(MemoryStore(objects), mode="r+")
    group.update_attributes({"simcore": {**attributes, "about": signed(_about() if about is None else about)}})
    if identity is not None:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Consolidated metadata is currently not part")
            zarr.consolidate_metadata(group.store)
    return {key: value.to_bytes() for key, value in objects.items()}


def open_array(storage: Storage, name: str) -> zarr.Array:
    if isinstance(storage, ObjectStore):
        store: Any = FsspecStore.from_url(storage.url, storage_options=storage.options, read_only=True)
    else:
        store = _InsideStore(storage.url, read_only=True)
    try:
        return zarr.open_array(store, path=name, mode="r")
    except Exception as error:  # missing, cut or foreign: zarr has an exception for each
        raise DatasetError(f"{storage.url}: the array {name!r} cannot be opened ({error})") from error


class _InsideStore(LocalStore):
    """A folder whose links are not followed: they could lead anywhere."""

    async def get(self, key: str, *arguments: Any, **named: Any) -> Any:
        Folder(str(self.root)).inside(key)
        return await super().get(key, *arguments, **named)


def signed(about: Mapping[str, Any]) -> dict[str, Any]:
    """What is told of a dataset's making, with a checksum of it."""
    told = {key: value for key, value in about.items() if key != "sha256"}
    return {**told, "sha256": metadata_sha256(told)}


def made_alike(about: Mapping[str, Any]) -> bool:
    """Whether a dataset was made by what is installed here, as far as that can change the last bits of an example."""
    ours, packages_there = _about(), about.get("packages")
    if not isinstance(packages_there, dict) or about.get("instruction_level") != ours["instruction_level"]:
        return False
    return all(packages_there.get(name) == ours["packages"][name] for name in ("numpy", "scipy", "numba"))


def _in_memory(layout: Layout) -> dict[str, Any]:
    """The documents of a dataset without examples, as zarr writes them; kept, for every shard needs one."""
    checksum = layout.sha256
    with _KEPT_LOCK:
        if checksum not in _KEPT:
            if len(_KEPT) >= 4:
                del _KEPT[next(iter(_KEPT))]
            _KEPT[checksum] = _build_in_memory(layout, checksum)
        return _KEPT[checksum]


_KEPT: dict[str, dict[str, Any]] = {}
_KEPT_LOCK = threading.Lock()


def _build_in_memory(layout: Layout, checksum: str) -> dict[str, Any]:
    objects: dict[str, Any] = {}
    group = zarr.create_group(MemoryStore(objects))
    for output in layout.outputs:
        _create_array(group, layout, output)
    group.create_array(
        CHECKSUMS,
        shape=(layout.units, len(layout.outputs), 32),
        dtype="uint8",
        chunks=(1, len(layout.outputs), 32),
        compressors=[Crc32cCodec()],
        fill_value=0,
        chunk_key_encoding=_SEPARATOR,
        dimension_names=(f"{CHECKSUMS}_unit", f"{CHECKSUMS}_array", f"{CHECKSUMS}_byte"),
        attributes={"metadata_sha256": checksum, "description": "checksum of every stored shard"},
    )
    return objects


def _create_array(group: zarr.Group, layout: Layout, output: OutputLike) -> None:
    metadata = layout.metadata
    described = {"units": output.units, "description": output.description, "kind": output.kind}
    group.create_array(
        output.name,
        shape=(metadata["count"], *output.shape),
        dtype=np.dtype(output.dtype),
        chunks=(metadata["chunk"], *output.shape),
        shards=(metadata["unit"], *output.shape),
        compressors=list(_codecs(metadata["codec"])),
        fill_value=0,
        chunk_key_encoding=_SEPARATOR,
        dimension_names=("example", *output.dimensions),
        attributes={**described, **output.attributes},
    )


def _codecs(codec: Mapping[str, Any]) -> Iterator[Any]:
    if codec["name"] == "blosc":
        yield BloscCodec(cname=codec["cname"], clevel=codec["clevel"], shuffle=codec["shuffle"])
    yield Crc32cCodec()  # last: it is checked before anything is decoded


def _about() -> dict[str, Any]:
    versions = {name: packages.version(name) for name in ("numpy", "scipy", "numba", "zarr", "numcodecs")}
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "host": platform.node(),
        "python": platform.python_version(),
        "packages": versions,
        "instruction_level": instruction_level(),
    }
