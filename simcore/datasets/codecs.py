"""How chunks are compressed: ``lz4``, ``zstd:5``, ``lz4:5:byte`` in options, a mapping in metadata (FORMAT.md)."""

import re
from collections.abc import Mapping
from typing import Any

from simcore.errors import ParameterError

# Measured by benchmarks/codecs.py: docs/storage.md has the table.
CODECS: dict[str, dict[str, Any]] = {
    "lz4": {"name": "blosc", "cname": "lz4", "clevel": 1, "shuffle": "bitshuffle"},
    "zstd": {"name": "blosc", "cname": "zstd", "clevel": 3, "shuffle": "bitshuffle"},
    "none": {"name": "none"},
}
DEFAULT = "lz4"
LEVELS = range(1, 10)
SHUFFLES = {"bit": "bitshuffle", "byte": "shuffle"}
_TEXT = re.compile(r"(lz4|zstd)(?::([1-9]))?(?::(bit|byte))?")


def codec_of(text: str) -> dict[str, Any]:
    """The codec that an option means, as it stands in metadata.

    Raises:
        ParameterError: it means none.

    """
    found = _TEXT.fullmatch(text) if isinstance(text, str) else None
    if found is None and text != "none":
        allowed = "none, lz4 or zstd, with a level from 1 to 9 (zstd:5) and a shuffle, bit or byte (lz4:5:byte)"
        raise ParameterError(f"codec: {text!r}; must be {allowed}")
    name, level, shuffle = found.groups() if found else ("none", None, None)
    codec = dict(CODECS[name])
    if level:
        codec["clevel"] = int(level)
    if shuffle:
        codec["shuffle"] = SHUFFLES[shuffle]
    return codec


def codec_text(codec: Mapping[str, Any]) -> str:
    """The option that means a codec, written in full."""
    if codec["name"] == "none":
        return "none"
    shuffle = next(short for short, long in SHUFFLES.items() if long == codec["shuffle"])
    return f"{codec['cname']}:{codec['clevel']}:{shuffle}"


def is_codec(value: Any) -> bool:
    """Whether something read from metadata is a codec that this version knows, and nothing besides."""
    try:
        known = codec_of(codec_text(value))
        return isinstance(value, dict) and value == known and all(type(value[key]) is type(known[key]) for key in known)
    except (ParameterError, KeyError, TypeError, AttributeError, StopIteration):
        return False
