"""Arrays that a recipe holds: small ones stand in it, larger ones in files (.npy, .npz, TIFF) that it names."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from simcore import files
from simcore.errors import ParameterError, RecipeError
from simcore.properties import STORED_VALUES, Array


class GivenArray:
    """An array and what the recipe says of it: its values, or (path, SHA-256) of a file.

    A subclass names the ``axes`` that it may have and the ``dtype`` of its numbers, real or complex.

    Raises
    ------
    ParameterError
        If the values are no finite numbers of that shape.
    RecipeError
        If the file cannot be read, or is not the one that the recipe was made with.
    """

    axes: ClassVar[tuple[str, ...]] = ()
    dtype: ClassVar[Any] = np.float64

    def __init__(self, label: str, value: Any) -> None:
        source, array = _file(label, value) if _names_a_file(value) else _values(label, value)
        self.label, self.source = label, source
        if array.dtype.kind not in "biuf" + "c" * (np.dtype(self.dtype).kind == "c"):
            raise ParameterError(f"{label}: holds values of type {array.dtype}; must be real numbers")
        if array.ndim not in [len(axes.split(",")) for axes in self.axes] or not array.size:
            raise ParameterError(f"{label}: array of shape {array.shape}; must be {' or '.join(self.axes)}")
        if not np.isfinite(array).all():
            raise ParameterError(f"{label}: holds values that are not finite")
        self.array: Array = array.astype(self.dtype)
        self.array.setflags(write=False)

    def __repr__(self) -> str:
        return repr(self.source)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.source == other.source

    def __hash__(self) -> int:
        return hash(repr(self))

    def verify(self) -> None:
        """Raise RecipeError when the file is missing or has changed."""
        if isinstance(self.source, tuple):
            files.checked(self.label, self.source[:1], self.source[1])


def _names_a_file(value: Any) -> bool:
    pair = isinstance(value, tuple) and len(value) == 2 and all(isinstance(word, str) for word in value)
    return pair or isinstance(value, (str, Path))


def _values(label: str, value: Any) -> tuple[Any, Array]:
    try:
        array = np.asarray(value, float if np.isrealobj(np.asarray(value)) else complex)
    except (TypeError, ValueError):
        raise ParameterError(
            f"{label}: {value!r}; must be an array, or the path of a .npy, .npz or TIFF file"
        ) from None
    if array.size > STORED_VALUES:
        raise ParameterError(
            f"{label}: array of {array.size} values; a recipe holds up to {STORED_VALUES}: save it with np.save and give the path"
        )
    return array.tolist(), array


def _file(label: str, value: Any) -> tuple[Any, Array]:
    path, known = value if isinstance(value, tuple) else (str(value), None)
    sha256 = files.checked(label, (path,), known)
    array = np.asarray(files.load_array(label, path, _field(label, path), sha256))
    return (path, sha256), array


def _field(label: str, path: str) -> str | None:
    """Return the name of the one array of an .npz file."""
    if not path.endswith(".npz"):
        return None
    try:
        with np.load(path, allow_pickle=False) as arrays:
            names = list(arrays.files)
    except (OSError, ValueError) as error:
        raise RecipeError(f"{label}: {path}: {error}") from None
    if len(names) != 1:
        raise RecipeError(f"{label}: {path} holds {len(names)} arrays; must be one")
    return names[0]
