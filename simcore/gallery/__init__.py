"""The catalogue of features as a page of the documentation, with a picture of each: what ``simcore catalogue`` writes."""

from simcore.gallery.page import catalogue_text, write_catalogue

__all__ = ["catalogue_text", "write_catalogue"]
