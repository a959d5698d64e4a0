"""Datasets on disk: the only place that knows zarr. FORMAT.md says what lies there."""

from simcore.datasets.codecs import codec_text
from simcore.datasets.dataset import Dataset, describe, open_dataset
from simcore.datasets.documents import documents
from simcore.datasets.entries import StoredArray, identity
from simcore.datasets.finishing import finish, layout_of
from simcore.datasets.writing import create, encode_shard, seal, write_unit

__all__ = [
    "Dataset",
    "StoredArray",
    "codec_text",
    "create",
    "describe",
    "documents",
    "encode_shard",
    "finish",
    "identity",
    "layout_of",
    "open_dataset",
    "seal",
    "write_unit",
]
