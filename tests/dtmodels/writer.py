"""Writes a dataset as FORMAT.md says, with plain zarr: nothing of simcore, nothing of dtmodels."""

import hashlib
import json
from pathlib import Path

import numpy as np
import zarr
from zarr.codecs import BloscCodec, BytesCodec, Crc32cCodec

FORMAT = "simcore-dataset/1"
KINDS = {
    "image": {"kind": "image", "units": "1"},
    "position": {"kind": "points", "units": "px", "axes": ["y", "x"]},
    "place": {"kind": "points", "units": "px", "axes": ["z", "y", "x"]},
    "spots": {"kind": "mask", "units": "1"},
    "orientation": {"kind": "property", "units": "rad"},
}


def write_dataset(
    path,
    arrays,
    *,
    unit=32,
    chunk=8,
    seed="1",
    first=0,
    recipe="format: simcore-recipe/1\n",
    units_written=None,
    attributes=None,
):
    """Write ``arrays`` (name -> values, first axis example) sealed, or as left after ``units_written``.

    ``attributes`` (name -> attributes) says what is not said in KINDS.
    """
    count = len(next(iter(arrays.values())))
    metadata = {"seed": seed, "first": first, "count": count, "unit": unit, "chunk": chunk, "arrays": list(arrays)}
    metadata |= _recipe(recipe)
    digest = hashlib.sha256(_json(metadata).encode()).hexdigest()
    group = zarr.create_group(str(path), zarr_format=3)
    units = -(-count // unit)
    record = group.create_array(
        "shard_checksum", shape=(units, len(arrays), 32), chunks=(1, len(arrays), 32), dtype="uint8",
        compressors=[Crc32cCodec()], fill_value=0, attributes={"metadata_sha256": digest},
    )  # fmt: skip
    written = units if units_written is None else units_written
    for name, values in arrays.items():
        _write_array(group, name, values, metadata, written, (attributes or {}).get(name, {}))
    rows = np.array([[_sha256(path, name, u, values.ndim) for name, values in arrays.items()] for u in range(written)])
    if written:
        record[:written] = rows
    sealed = written == units
    header = {"format": FORMAT, "metadata": metadata, "metadata_sha256": digest, "complete": sealed, "about": {}}
    if sealed:
        header["identity"] = _identity(metadata, rows)
    group.attrs["simcore"] = header
    return path


def _recipe(recipe):
    digest = hashlib.sha256(recipe.encode()).hexdigest()
    versions = {"codec": {"name": "blosc"}, "render_version": 1, "simcore": "0.1.0"}
    return {"recipe": recipe, "recipe_sha256": digest, "split": None, **versions}


def _write_array(group, name, values, metadata, written, more):
    rest, unit = values.shape[1:], metadata["unit"]
    array = group.create_array(
        name, shape=values.shape, chunks=(metadata["chunk"], *rest), shards=(unit, *rest), dtype=values.dtype,
        serializer=BytesCodec(endian="little") if values.dtype.itemsize > 1 else BytesCodec(),
        compressors=[BloscCodec(cname="lz4", clevel=5), Crc32cCodec()], fill_value=0,
        dimension_names=["example", *(f"{name}_{k}" for k in range(len(rest)))],
        attributes={"description": "", **KINDS.get(name, {"kind": "property", "units": "1"}), **more},
        config={"write_empty_chunks": True},
    )  # fmt: skip
    for u in range(written):
        array[u * unit : (u + 1) * unit] = values[u * unit : (u + 1) * unit]


def shard_path(path, name, unit, dimensions):
    """File of one stored shard."""
    return Path(path, name, "c", str(unit), *["0"] * (dimensions - 1))


def _sha256(path, name, unit, dimensions):
    return list(hashlib.sha256(shard_path(path, name, unit, dimensions).read_bytes()).digest())


def _identity(metadata, rows):
    lines = [FORMAT, metadata["recipe_sha256"], metadata["seed"], metadata["split"] or "-", metadata["first"]]
    lines += [metadata["count"], metadata["render_version"]]
    lines += [hashlib.sha256(np.asarray(rows, np.uint8).tobytes()).hexdigest()]
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


def _json(metadata):
    return json.dumps(metadata, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
