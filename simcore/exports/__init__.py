"""Datasets in the formats of others: one writer per format, each chunk by chunk."""

from simcore.exports.writing import FORMATS, export

__all__ = ["FORMATS", "export"]
