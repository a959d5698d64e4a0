"""Shards against zarr's own: byte for byte, for every codec, kind of number and length of the last unit."""

import numpy as np
import pytest
import zarr
from zarr.codecs import BloscCodec, Crc32cCodec
from zarr.storage import MemoryStore

from simcore.datasets import shards
from simcore.datasets.codecs import CODECS, codec_of

UNIT, CHUNK = 12, 4
OLD = {"name": "blosc", "cname": "lz4", "clevel": 5, "shuffle": "bitshuffle"}  # what "lz4" once meant
ALL = {**CODECS, "old": OLD, **{text: codec_of(text) for text in ("zstd:1", "lz4:9:byte", "zstd:5:byte", "lz4:3:bit")}}


def written_by_zarr(data, codec, count):
    """The objects of an array of ``count`` examples whose first ones are ``data``."""
    objects = {}
    compress = [BloscCodec(**{k: v for k, v in codec.items() if k != "name"})] if codec["name"] == "blosc" else []
    array = zarr.create_array(
        MemoryStore(objects),
        name="x",
        shape=(count, *data.shape[1:]),
        dtype=data.dtype,
        chunks=(CHUNK, *data.shape[1:]),
        shards=(UNIT, *data.shape[1:]),
        compressors=[*compress, Crc32cCodec()],
        fill_value=0,
        config={"write_empty_chunks": True},
    )
    array[: len(data)] = data
    return objects["x/c/" + "/".join("0" for _ in data.shape)].to_bytes()


def values(dtype, shape, seed=1):
    rng = np.random.default_rng(seed)
    if np.dtype(dtype) == bool:
        return rng.uniform(size=shape) < 0.2
    found = np.round(100 * rng.standard_normal(shape))
    return (
        found.astype(dtype) if np.dtype(dtype).kind != "c" else (found + 1j * rng.standard_normal(shape)).astype(dtype)
    )


@pytest.mark.parametrize("codec", ALL.values(), ids=ALL)
@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "int64", "uint16", "uint8", "float16", "bool"])
@pytest.mark.parametrize("count", [12, 9, 8, 1])
@pytest.mark.parametrize("shape", [(), (2,), (33, 17, 1)])
def test_the_bytes_are_zarrs(codec, dtype, count, shape):
    data = values(dtype, (count, *shape))
    assert bytes(shards.encode(codec, data, CHUNK, UNIT)) == written_by_zarr(data, codec, count)


def test_empty_chunks_are_written():
    data = np.zeros((12, 50), np.float32)
    assert bytes(shards.encode(CODECS["lz4"], data, CHUNK, UNIT)) == written_by_zarr(data, CODECS["lz4"], 12)


def test_numbers_of_another_byte_order_and_strided_ones_are_stored_little_endian():
    data = values("float32", (12, 6, 5))
    expected = bytes(shards.encode(CODECS["lz4"], data, CHUNK, UNIT))
    assert bytes(shards.encode(CODECS["lz4"], data.astype(">f4"), CHUNK, UNIT)) == expected
    assert bytes(shards.encode(CODECS["lz4"], np.asfortranarray(data), CHUNK, UNIT)) == expected


def test_places_keep_their_bytes_apart():
    first, second = values("float32", (12, 40)), values("float32", (12, 40), seed=2)
    kept = shards.encode(CODECS["lz4"], first, CHUNK, UNIT, place=0)
    other = shards.encode(CODECS["lz4"], second, CHUNK, UNIT, place=1)
    assert bytes(kept) == written_by_zarr(first, CODECS["lz4"], 12)
    assert bytes(other) == written_by_zarr(second, CODECS["lz4"], 12)
