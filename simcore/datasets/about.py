"""What people say about a dataset: title, licence, authors, citation. Outside the identity, so it may change."""

from __future__ import annotations

import json
import os

from simcore.datasets.dataset import Dataset, open_dataset
from simcore.datasets.documents import signed
from simcore.errors import ParameterError

FIELDS = ("title", "licence", "authors", "citation")
LONGEST = 10_000  # characters


def set_about(
    path: str | os.PathLike[str],
    *,
    title: str | None = None,
    licence: str | None = None,
    authors: str | None = None,
    citation: str | None = None,
) -> Dataset:
    """Say what a dataset is called and under which licence it may be used; its arrays and its identity stay.

    Args:
        path: a local path or a URL.
        title: one line; here and below, None leaves what was said, "" takes it back.
        licence: for instance "CC BY 4.0".
        authors: as they are to be named.
        citation: how to cite it; may have several lines.

    Raises:
        ParameterError: a text that is too long.
        DatasetError: no dataset there.
        StorageError: the disk or the object store refused.

    """
    dataset = open_dataset(path)
    given = {"title": title, "licence": licence, "authors": authors, "citation": citation}
    for field, text in given.items():
        if text is None:
            continue
        if not isinstance(text, str) or len(text) > LONGEST:
            raise ParameterError(f"{field}: must be a text of at most {LONGEST:,} characters")
        dataset.about.pop(field, None)
        if text.strip():
            dataset.about[field] = text.strip()
    document = json.loads(dataset.storage.get("zarr.json") or b"{}")
    document["attributes"]["simcore"]["about"] = signed(dataset.about)
    dataset.storage.put("zarr.json", json.dumps(document, indent=2).encode())
    return dataset
