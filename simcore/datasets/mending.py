"""A dataset mended: shards and rows put back where they are not what they must be, lost metadata found again."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import attrs
import numpy as np

from simcore.datasets.checking import Fault, UnitCheck, json_or_none, row_key
from simcore.datasets.codecs import codec_text, is_codec
from simcore.datasets.dataset import kept_checksum
from simcore.datasets.digests import digest
from simcore.datasets.layout import CHECKSUMS, Layout, RecipeLike, make_layout
from simcore.datasets.shards import with_checksum
from simcore.datasets.storage import Storage
from simcore.datasets.writing import encode_shard, store
from simcore.errors import DatasetError, ParameterError

OTHER_BYTES = "made by another version of simcore or of the compression library; it is left as it is"


@attrs.define
class Mended:
    """What became of a damaged unit.

    Attributes:
        stored: bytes written.
        left: what could not be mended.
        witnessed: whether anything that lay there agrees with what was rendered again.

    """

    stored: int = 0
    left: list[Fault] = attrs.field(factory=list)
    witnessed: bool = False


def mend_row(storage: Storage, check: UnitCheck) -> bool:
    """Write the row of a unit again where it names the shards as they are and only its own checksum was harmed."""
    named = b"".join(shard.digest or b"" for shard in check.shards)
    fits = check.stored_row is not None and len(named) == 32 * len(check.shards) > 0
    if check.row is not None or not fits or (check.stored_row or b"")[: len(named)] != named:
        return False
    storage.put(row_key(check.unit), with_checksum(named))
    return True


def mend_unit(storage: Storage, layout: Layout, check: UnitCheck, arrays: Mapping[str, np.ndarray]) -> Mended:
    """Put back what is not as it was, from the unit rendered again; what is whole stays untouched.

    Nothing is written over that could have been made differently: a shard that its row or its own checksums vouch for.
    """
    mended, digests = Mended(), []
    found = {shard.array: shard for shard in check.shards}
    for place, output in enumerate(layout.outputs):
        key, shard = encode_shard(layout, output, check.unit, arrays[output.name])
        checksum = digest(layout.metadata, shard)
        digests.append(checksum)
        lies = found.get(output.name)
        agrees = lies is not None and lies.digest == checksum
        vouched = check.row is not None and check.row[place] == checksum
        mended.witnessed |= agrees or vouched
        if lies is not None and lies.what is None and check.row is not None:
            continue
        if check.row is not None and not vouched:
            mended.left.append(
                _other_bytes(key, check, output.name, "what is rendered again is not what its row names")
            )
        elif check.row is None and lies is not None and not agrees and lies.digest and not lies.inner:
            mended.left.append(_other_bytes(key, check, output.name, "it is whole, but not what is rendered again"))
        elif not agrees:
            mended.stored += store(storage, key, shard)
    if check.row is None and not mended.left:
        storage.put(row_key(check.unit), with_checksum(b"".join(digests)))
    return mended


def _other_bytes(key: str, check: UnitCheck, name: str, what: str) -> Fault:
    return Fault(key, f"{what}: {OTHER_BYTES}", name, check.unit)


def rebuilt_layout(
    storage: Storage, recipe: RecipeLike, count: int | None, seed: int, *, render_version: int, **options: Any
) -> Layout:
    """The layout of a dataset whose group's document was lost.

    Args:
        storage: of the dataset.
        recipe: from which it was made.
        count: number of examples; None: as the arrays' documents say.
        seed: of the dataset.
        render_version: of the code that renders.
        options: split, unit, chunk, codec as given; where None, as the documents that are left say.

    Raises:
        ParameterError: a number that cannot be, or a count that nothing tells.

    """
    known = kept_checksum(storage)
    found = _candidates(storage, recipe, count, seed, render_version, options)
    candidates = [layout for new in found for layout in (new, _older(new))]
    if not candidates:
        raise ParameterError("count: not given, and no array is left that tells it; give --count")
    return next((layout for layout in candidates if layout.sha256 == known), candidates[0])


def _candidates(
    storage: Storage, recipe: RecipeLike, count: int | None, seed: int, version: int, given: Mapping[str, Any]
) -> Iterator[Layout]:
    """Layouts that fit the documents that are left, those first that most of them agree on; then the one without them."""
    documents = (json_or_none(storage.get(f"{name}/zarr.json")) for name in recipe.outputs)
    told = Counter(cut for cut in map(_cut, documents) if cut)
    for number, *rest in [cut for cut, _ in told.most_common()]:
        left = dict(zip(("unit", "chunk", "codec"), rest, strict=True))
        options = {**left, **{name: value for name, value in given.items() if value is not None}}
        try:
            yield make_layout(recipe, count or number, seed, render_version=version, **options)
        except ParameterError:  # a document that was harmed
            continue
    if count is not None:
        yield make_layout(recipe, count, seed, render_version=version, **given)


def _older(layout: Layout) -> Layout:
    """The same of the first format, which had one kind of checksum."""
    return Layout(layout.outputs, {key: value for key, value in layout.metadata.items() if key != "checksum"})


def _cut(document: Any) -> tuple[int, int, int, str] | None:
    """Count, unit, chunk and codec, as the document of an array tells them."""
    try:
        (sharding,) = document["codecs"]
        inner = [codec for codec in sharding["configuration"]["codecs"] if codec["name"] == "blosc"]
        known = {key: inner[0]["configuration"][key] for key in ("cname", "clevel", "shuffle")} if inner else {}
        codec = {"name": "blosc", **known} if inner else {"name": "none"}
        unit = document["chunk_grid"]["configuration"]["chunk_shape"][0]
        found = (document["shape"][0], unit, sharding["configuration"]["chunk_shape"][0])
    except (KeyError, TypeError, IndexError, ValueError):
        return None
    good = is_codec(codec) and all(isinstance(number, int) for number in found)
    return (*found, codec_text(codec)) if good else None


def check_anything_left(storage: Storage, names: list[str]) -> None:
    """Refuse a place at which no dataset of these arrays can have been."""
    group_there = storage.get("zarr.json") is not None
    places = [CHECKSUMS] if group_there else [CHECKSUMS, *names]
    if not any(entry.startswith("c.") for name in places for entry in storage.sizes(name)):
        raise DatasetError(f"{storage.url}: no dataset there, nor anything that is left of one")
