"""How a dataset is cut into units and chunks, and the metadata that follows from it; pure, without a file."""

import hashlib
import json
import math
import re
from collections.abc import Mapping
from typing import Any, Protocol

import attrs
import numpy as np

from simcore.datasets.codecs import DEFAULT, codec_of, is_codec
from simcore.datasets.digests import FORMATS, USUAL, format_of, way
from simcore.errors import DatasetError, ParameterError

CHECKSUMS = "shard_checksum"
SPLITS = ("train", "validation", "test", None)
MOST = 1 << 63  # examples, as zarr counts them
MOST_UNITS = 1 << 24
CHUNK_BYTES = 1 << 20
UNIT_BYTES = 64 << 20
# A small dataset still falls into this many units and chunks: enough for all workers to have something to do.
LEAST_UNITS = 16
LEAST_CHUNKS = 8
_SEED = re.compile(r"[0-9]{1,39}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class OutputLike(Protocol):
    """One array to store, as a recipe describes it."""

    @property
    def name(self) -> str: ...
    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def dtype(self) -> np.dtype[Any]: ...
    @property
    def dimensions(self) -> tuple[str, ...]: ...
    @property
    def units(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def attributes(self) -> Mapping[str, Any]: ...


class RecipeLike(Protocol):
    """What storing needs of a recipe."""

    @property
    def outputs(self) -> Mapping[str, OutputLike]: ...
    @property
    def canonical(self) -> str: ...
    @property
    def sha256(self) -> str: ...

    def render(
        self,
        count: int | None = None,
        *,
        indices: Any = None,
        seed: int,
        outputs: Any = None,
        split: str | None = None,
        threads: int = 1,
        block: int | None = None,
        out: Mapping[str, np.ndarray] | None = None,
    ) -> dict[str, np.ndarray]: ...


@attrs.frozen
class Layout:
    """The arrays of a dataset and its metadata; all that lies on the disk before the first example follows from it.

    Attributes:
        outputs: the arrays, in the order of ``metadata["arrays"]``.
        metadata: see FORMAT.md.

    """

    outputs: tuple[OutputLike, ...]
    metadata: dict[str, Any]

    @property
    def units(self) -> int:
        """Number of units."""
        return unit_count(self.metadata)

    @property
    def sha256(self) -> str:
        """Checksum of the metadata."""
        return metadata_sha256(self.metadata)


def make_layout(
    recipe: RecipeLike,
    count: int,
    seed: int,
    *,
    render_version: int,
    split: str | None = None,
    unit: int | None = None,
    chunk: int | None = None,
    codec: str | None = None,
) -> Layout:
    """The layout for ``count`` examples; whatever is None is chosen from the sizes of the arrays.

    Args:
        recipe: what is rendered.
        count: number of examples.
        seed: 0 <= seed < 2**128.
        render_version: of the code that renders.
        split: "train", "validation", "test" or None.
        unit: examples in a unit, a multiple of ``chunk``.
        chunk: examples in a chunk.
        codec: "none", "lz4" or "zstd", with a level and a shuffle if need be ("zstd:5", "lz4:5:byte").

    Raises:
        ParameterError: a number that cannot be, an unknown codec.
        DatasetError: arrays that cannot lie in one dataset.

    """
    count = whole("count", count, least=1)
    seed = whole("seed", seed, least=0, below=2**128)
    chosen = codec_of(DEFAULT if codec is None else codec)
    if split not in SPLITS:
        raise ParameterError(f"split: {split!r}; must be one of {', '.join(map(repr, SPLITS))}")
    outputs = tuple(recipe.outputs.values())
    _check_outputs(outputs)
    unit, chunk = choose_sizes(outputs, count, unit, chunk)
    metadata = {
        "recipe": recipe.canonical,
        "recipe_sha256": recipe.sha256,
        "seed": str(seed),
        "split": split,
        "first": 0,
        "count": count,
        "unit": unit,
        "chunk": chunk,
        "arrays": [output.name for output in outputs],
        "codec": chosen,
        "checksum": USUAL,
        "render_version": render_version,
        "simcore": _version(),
    }
    return Layout(outputs, metadata)


def choose_sizes(outputs: tuple[OutputLike, ...], count: int, unit: int | None, chunk: int | None) -> tuple[int, int]:
    """Examples in a unit and in a chunk.

    A chunk of the largest array is at most 1 MiB, a unit of all arrays together at most 64 MiB, both before
    compression, and a small count is still cut into enough of both.
    """
    sizes = [max(1, math.prod(output.shape) * np.dtype(output.dtype).itemsize) for output in outputs]
    if unit is not None:
        unit = whole("unit", unit, least=1)
    if chunk is None:
        chunk = _power_of_two(min(CHUNK_BYTES // max(sizes), count // LEAST_CHUNKS, 4096))
        chunk = chunk if unit is None else math.gcd(chunk, unit)
    chunk = whole("chunk", chunk, least=1)
    if unit is None:
        fitting, wanted = UNIT_BYTES // sum(sizes), -(-count // LEAST_UNITS)
        unit = max(1, min(fitting // chunk, -(-wanted // chunk))) * chunk
    if unit % chunk:
        raise ParameterError(f"unit: {unit} examples; must be a multiple of the chunk ({chunk} examples)")
    if count > MOST_UNITS * unit or unit > MOST_UNITS * chunk:
        raise ParameterError(f"unit: {unit} examples; must make at most {MOST_UNITS:,} units and chunks in a unit")
    return unit, chunk


def unit_count(metadata: Mapping[str, Any]) -> int:
    """Number of units of a dataset."""
    return -(-int(metadata["count"]) // int(metadata["unit"]))


def unit_bounds(metadata: Mapping[str, Any], unit: int) -> tuple[int, int]:
    """First example of a unit, and the one after its last."""
    start = unit * int(metadata["unit"])
    return start, min(start + int(metadata["unit"]), int(metadata["count"]))


def object_key(name: str, axes: int, unit: int) -> str:
    """Key of the object that holds a unit of an array with so many axes."""
    return f"{name}/" + ".".join(["c", str(unit), *["0"] * (axes - 1)])


def metadata_sha256(metadata: Mapping[str, Any]) -> str:
    """Checksum of the metadata as compact JSON with sorted keys."""
    text = json.dumps(metadata, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def identity_of(metadata: Mapping[str, Any], rows: np.ndarray) -> str:
    """Identity of a sealed dataset: a checksum of what it was made from and of all its shards."""
    fields = ("recipe_sha256", "seed", "split", "first", "count", "render_version")
    values = ["-" if metadata[field] is None else str(metadata[field]) for field in fields]
    lines = [format_of(metadata), *values, hashlib.sha256(np.ascontiguousarray(rows).tobytes()).hexdigest()]
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


def check_metadata(metadata: Any, checksum: Any) -> dict[str, Any]:
    """The metadata, once it is known to be whole and to lead nowhere else; a DatasetError says what is wrong."""
    texts, numbers = (
        ("recipe", "recipe_sha256", "seed", "simcore"),
        ("first", "count", "unit", "chunk", "render_version"),
    )
    if not isinstance(metadata, dict) or not _fits(metadata, checksum):
        raise DatasetError("its metadata was changed (metadata_sha256 does not fit)")
    for name in texts:
        if not isinstance(metadata.get(name), str):
            raise DatasetError(f"its metadata lacks {name!r}")
    for name in numbers:
        value = metadata.get(name)
        least = name in ("count", "unit", "chunk")
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value < MOST:
            raise DatasetError(f"its metadata has no sensible {name!r}: {value!r}")
    _check_sizes(metadata)
    if not _SEED.fullmatch(metadata["seed"]) or int(metadata["seed"]) >= 2**128 or metadata.get("split") not in SPLITS:
        raise DatasetError("its metadata has no sensible 'seed' or 'split'")
    if hashlib.sha256(metadata["recipe"].encode()).hexdigest() != metadata["recipe_sha256"]:
        raise DatasetError("its recipe was changed (recipe_sha256 does not fit)")
    names = metadata.get("arrays")
    if not isinstance(names, list) or not names or len({str(name) for name in names}) != len(names):
        raise DatasetError("its metadata has no sensible 'arrays'")
    for name in names:
        check_name(name)
    if not is_codec(metadata.get("codec")):
        raise DatasetError(f"its codec is unknown: {metadata.get('codec')!r}")
    if way(metadata) not in FORMATS:
        raise DatasetError(f"its checksum is unknown: {metadata['checksum']!r}")
    return metadata


def _check_sizes(metadata: Mapping[str, Any]) -> None:
    if metadata["unit"] % metadata["chunk"]:
        raise DatasetError("its unit is not a multiple of its chunk")
    for what, number in (("units", unit_count(metadata)), ("chunks in a unit", metadata["unit"] // metadata["chunk"])):
        if number > MOST_UNITS:
            raise DatasetError(f"its metadata speaks of {number:,} {what}; at most {MOST_UNITS:,} can be read")


def _fits(metadata: dict[str, Any], checksum: Any) -> bool:
    try:
        return metadata_sha256(metadata) == checksum
    except (UnicodeEncodeError, RecursionError):  # half a character; JSON within JSON without end
        return False


def check_extending(metadata: dict[str, Any], extending: Any) -> dict[str, Any] | None:
    """What a dataset shall become, None without; a DatasetError where that does not follow from its metadata."""
    if extending is None:
        return None
    count = extending.get("count") if isinstance(extending, dict) else None
    if not isinstance(count, int) or not metadata["count"] < count < MOST:
        raise DatasetError(f"its 'extending' makes no sense: {str(extending)[:60]}")
    if extending != {"count": count, "metadata_sha256": metadata_sha256({**metadata, "count": count})}:
        raise DatasetError("its 'extending' was changed (metadata_sha256 does not fit)")
    return dict(extending)


def check_name(name: Any) -> None:
    """Refuse a name of an array that could be anything but a plain folder."""
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name == CHECKSUMS:
        raise DatasetError(f"{name!r} cannot be the name of an array")


def whole(name: str, value: Any, *, least: int, below: int | None = None) -> int:
    """An integer argument within its range, or a ParameterError that names it."""
    allowed = f"a whole number >= {least}" + (f" and < {below}" if below else "")
    try:
        number = int(value)
        good = number == value and not isinstance(value, bool)
    except (TypeError, ValueError, OverflowError):
        good = False
    if not good or number < least or (below is not None and number >= below):
        raise ParameterError(f"{name}: {value!r}; must be {allowed}")
    return number


def _check_outputs(outputs: tuple[OutputLike, ...]) -> None:
    if not outputs:
        raise DatasetError("the recipe has no outputs to store")
    lengths: dict[str, tuple[int, str]] = {}
    for output in outputs:
        check_name(output.name)
        for dimension, length in zip(output.dimensions, output.shape, strict=True):
            first, owner = lengths.setdefault(dimension, (length, output.name))
            if first != length:
                raise DatasetError(f"dimension {dimension!r} is {first} in {owner!r} but {length} in {output.name!r}")


def _power_of_two(number: int) -> int:
    return 1 << max(0, int(number).bit_length() - 1)


def _version() -> str:
    from simcore import __version__  # noqa: PLC0415  (the package is whole only after this module)

    return __version__
