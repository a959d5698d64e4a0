"""Datasets on disk: the only place that knows zarr. FORMAT.md says what lies there."""

from simcore.datasets.codecs import codec_text
from simcore.datasets.dataset import Dataset, describe, open_dataset
from simcore.datasets.documents import documents
from simcore.datasets.writing import create, encode_shard, seal, write_unit

__all__ = [
    "Dataset",
    "codec_text",
    "create",
    "describe",
    "documents",
    "encode_shard",
    "open_dataset",
    "seal",
    "write_unit",
]
