"""Datasets on disk: the only place that knows zarr. FORMAT.md says what lies there."""

from simcore.datasets.dataset import Dataset, describe, open_dataset
from simcore.datasets.finishing import finish, layout_of
from simcore.datasets.writing import create, encode_shard, seal, write_unit

__all__ = ["Dataset", "create", "describe", "encode_shard", "finish", "layout_of", "open_dataset", "seal", "write_unit"]
