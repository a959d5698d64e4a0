"""A reader that knows FORMAT.md and nothing of the packages: if it can read a dataset, so can anyone."""

import hashlib
import json
from pathlib import Path

import blake3
import numpy as np
import zarr


def read(path: Path) -> tuple[dict, dict[str, np.ndarray]]:
    """Check everything that FORMAT.md promises of a sealed dataset; return its attributes and its arrays."""
    attributes = zarr.open_group(path, mode="r").attrs["simcore"]
    metadata = attributes["metadata"]
    if attributes["format"] == "simcore-dataset/1":
        assert "checksum" not in metadata
        checksum = hashlib.sha256
    else:
        assert (attributes["format"], metadata["checksum"]) == ("simcore-dataset/2", "blake3")
        checksum = blake3.blake3
    assert attributes["complete"] is True
    assert sha256(canonical_json(metadata)) == attributes["metadata_sha256"]
    assert sha256(metadata["recipe"].encode()) == metadata["recipe_sha256"]
    record = zarr.open_array(path, path="shard_checksum", mode="r")
    assert record.attrs["metadata_sha256"] == attributes["metadata_sha256"]
    rows = record[:]
    count, unit, names = metadata["count"], metadata["unit"], metadata["arrays"]
    assert rows.shape == (-(-count // unit), len(names), 32)
    assert rows.dtype == np.uint8
    arrays = {}
    for column, name in enumerate(names):
        array = zarr.open_array(path, path=name, mode="r")
        assert array.shape[0] == count
        assert array.shards == (unit, *array.shape[1:])
        assert array.chunks == (metadata["chunk"], *array.shape[1:])
        assert array.metadata.dimension_names[0] == "example"
        assert {"units", "description", "kind"} <= set(array.attrs)
        for number in range(len(rows)):
            shard = path / name / ".".join(["c", str(number)] + ["0"] * (array.ndim - 1))
            assert checksum(shard.read_bytes()).digest() == rows[number, column].tobytes()
        arrays[name] = array[:]
    assert identity(attributes["format"], metadata, rows) == attributes["identity"]
    return attributes, arrays


def identity(version: str, metadata: dict, rows: np.ndarray) -> str:
    split = "-" if metadata["split"] is None else metadata["split"]
    lines = [version, metadata["recipe_sha256"], metadata["seed"], split, metadata["first"], metadata["count"]]
    lines += [metadata["render_version"], sha256(rows.tobytes())]
    return sha256("".join(f"{line}\n" for line in lines).encode())


def canonical_json(value: dict) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
