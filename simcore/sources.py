"""Measured images as the start of a chain, and functions of the user's own on whole batches."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, ClassVar

import attrs
import numpy as np

from simcore import files
from simcore.draws import Integers
from simcore.errors import ParameterError, RecipeError
from simcore.features import Applied, Feature, Flow
from simcore.parameters import one_of, option, text
from simcore.properties import Array, Bounds, Property
from simcore.streams import Lanes
from simcore.values import Plan

__all__ = ["Apply", "Folder", "Source"]

KEPT = 256  # pictures of folders that are kept in memory


class Cycle(Property):
    """The index of the example, counted round."""

    dtype = np.dtype(np.int64)

    def __init__(self, count: int) -> None:
        self.count = count

    def evaluate(self, lanes: Lanes, arguments: Sequence[Array], name: str) -> Array:
        return (lanes.examples % np.uint64(self.count)).astype(np.int64)

    def bounds(self) -> Bounds:
        return 0.0, self.count - 1.0


class Measured(Feature):
    """Base of what brings measured images in: each example gets the entry ``index``."""

    takes = ()
    drawn: ClassVar[tuple[str, ...]] = ("index",)
    index: Property = attrs.field(init=False, repr=False)

    def after(self, flow: Flow) -> Flow:
        raise RecipeError(f"{self.title()} stands at the start of a chain; write source.image >> ...")

    def entries(self, field: str, index: Array) -> Array:
        """Return the arrays of a field at those indices, (entry, ...)."""
        raise NotImplementedError

    def draw_index(self, count: int, order: str) -> dict[str, Property]:
        return {"index": Integers((0, count)) if order == "random" else Cycle(count)}


class Source(Measured):
    """Images, and values that belong to them, from a file: .npz (fields by name), .npy, the pages of a TIFF; or a dataset.

    ``image`` and ``mask`` are flows, ``label`` is a property: write ``source.image >> ...``. Whole numbers in images become
    float32; those of masks stay whole. Each example takes an entry at ``"random"`` or, with ``"cycle"``, one after the other.
    The recipe holds the file's SHA-256 and refuses another file under that name. Raises RecipeError for a file or a field
    that is missing.

    A dataset made before (a path or URL; fields are its arrays, ``image`` unless told otherwise) gives example i its own
    example i, counted round, unless ``order="random"``; its scales are undone, and only what is asked for is read. The recipe
    holds its identity.
    """

    offers = ("image", "mask", "label")

    path: str = option("file or dataset, seen from the working directory", read=text(optional=False))
    image_field: str | None = option("field of the images", default=None, read=text(), alias="image")
    label_field: str | None = option("field of a value for each image", default=None, read=text(), alias="label")
    mask_field: str | None = option("field of a mask for each image", default=None, read=text(), alias="mask")
    order: str | None = option(
        '"random" or "cycle"; None: random, of a dataset cycle', default=None, read=one_of("random", "cycle", None)
    )
    sha256: str | None = option("of the file; identity of the dataset", default=None, read=text())

    def check(self) -> None:
        if self.order == self.usual_order():  # two ways to write one recipe
            object.__setattr__(self, "order", None)
        object.__setattr__(self, "sha256", files.checked("Source.path", (self.path,), self.sha256))

    def usual_order(self) -> str:
        return "cycle" if files.is_dataset(self.path) else "random"

    def verify(self) -> None:
        files.checked("Source.path", (self.path,), self.sha256, thorough=True)

    def hidden(self) -> dict[str, Property]:
        counts = {len(self.array(field)) for field in self.fields()}
        if len(counts) != 1:
            raise RecipeError(
                f"Source.path: {self.path}: its fields have {sorted(counts)} entries; must be equally many"
            )
        return self.draw_index(counts.pop(), self.order or self.usual_order())

    def fields(self) -> list[str]:
        given = {"image": self.image_field, "label": self.label_field, "mask": self.mask_field}
        return [field for field, name in given.items() if name is not None] or ["image"]

    def array(self, field: str) -> Any:
        """Return all entries of a field: an array, or what is indexed like one."""
        name = getattr(self, f"{field}_field")
        if name is None and field not in self.fields():
            raise RecipeError(f"Source.{field}: not given for {self.path}")
        if name is None and files.is_dataset(self.path):
            name = field
        return files.load_array(f"Source.{field}", self.path, name, str(self.sha256), whole=field == "label")

    def entries(self, field: str, index: Array) -> Array:
        return np.asarray(self.array(field)[index])

    @property
    def image(self) -> Flow:
        """The images, (y, x, channel)."""
        return Entries(self, "image", self.array("image").shape[1:], self.array("image").dtype)

    @property
    def mask(self) -> Flow:
        """The masks, (y, x, channel)."""
        return Entries(self, "mask", self.array("mask").shape[1:], self.array("mask").dtype)

    @property
    def label(self) -> Property:
        """The value that belongs to the image."""
        return Label(self)


class Folder(Measured):
    """Image files that match a pattern, such as "images/*.tif", in the order of their names; all of one shape.

    Write ``folder.image >> ...``. With ``masks``, a second pattern of as many files, ``folder.mask`` is the mask of the same
    number. Raises RecipeError where no file matches, shapes differ, or a file has changed since the recipe was written.
    """

    offers = ("image", "mask")

    pattern: str = option("image files, seen from the working directory", read=text(optional=False))
    masks: str | None = option("mask files, as many as images", default=None, read=text())
    order: str = option('"random" or "cycle"', default="random", read=one_of("random", "cycle"))
    sha256: str | None = option("of all the files", default=None, read=text())

    def check(self) -> None:
        if self.masks is not None and len(self.paths("image")) != len(self.paths("mask")):
            raise RecipeError(
                f"Folder.masks: {len(self.paths('mask'))} files; must be {len(self.paths('image'))}, as many as images"
            )
        object.__setattr__(self, "sha256", files.checked("Folder.pattern", self.all_paths(), self.sha256))

    def verify(self) -> None:
        files.checked("Folder.pattern", self.all_paths(), self.sha256)

    def paths(self, field: str) -> tuple[str, ...]:
        """Return the files of the images or the masks."""
        if field == "image":
            return files.matching("Folder.pattern", self.pattern)
        if self.masks is None:
            raise RecipeError(f"Folder.masks: not given for {self.pattern}")
        return files.matching("Folder.masks", self.masks)

    def all_paths(self) -> tuple[str, ...]:
        return self.paths("image") + (() if self.masks is None else self.paths("mask"))

    def hidden(self) -> dict[str, Property]:
        return self.draw_index(len(self.paths("image")), self.order)

    def entries(self, field: str, index: Array) -> Array:
        paths = self.paths(field)
        first = _picture(paths[0], str(self.sha256))
        pictures = [_picture(paths[i], str(self.sha256)) for i in index]
        for i, picture in zip(index, pictures, strict=True):
            if picture.shape != first.shape:
                raise RecipeError(
                    f"Folder: {paths[i]} is of shape {picture.shape}, {paths[0]} of {first.shape}; must be alike"
                )
        return np.stack(pictures) if pictures else np.empty((0, *first.shape), first.dtype)

    @property
    def image(self) -> Flow:
        """The images, (y, x, channel)."""
        return self._flow("image")

    @property
    def mask(self) -> Flow:
        """The masks, their whole numbers kept, (y, x, channel)."""
        return self._flow("mask")

    def _flow(self, field: str) -> Flow:
        first = _picture(self.paths(field)[0], str(self.sha256))
        return Entries(self, field, first.shape, first.dtype)


@lru_cache(maxsize=KEPT)
def _picture(path: str, sha256: str) -> Array:
    return np.asarray(files.read_picture(path))


class Entries(Flow):
    """The images or masks of a source."""

    def __init__(self, source: Any, field: str, shape: tuple[int, ...], dtype: np.dtype) -> None:
        if len(shape) not in (2, 3):
            raise RecipeError(f"{source.title()}.{field}: entries of shape {shape}; must be (y, x) or (y, x, channel)")
        self.source, self.field = source, field
        self.shape = (*shape, 1) if len(shape) == 2 else tuple(shape)
        self.kind = "field" if dtype.kind == "c" else "image"
        self.dtype = _kept_type(dtype, field)

    @property
    def key(self) -> tuple[Any, ...]:
        return ("source", id(self.source), self.field)

    def features(self) -> tuple[Feature, ...]:
        return (self.source,)

    def properties(self) -> Iterator[Property]:
        yield self.source.index

    def render(self, plan: Plan, arrays: list[Array]) -> Array:
        entries = self.source.entries(self.field, plan.value(self.source.index))
        return np.ascontiguousarray(entries.reshape(len(plan), *self.shape), self.dtype)

    def written(self, write: Callable[[Any], str]) -> str:
        return f"{write(self.source)}.{self.field}"


def _kept_type(dtype: np.dtype, field: str) -> np.dtype:
    if dtype.kind == "c":
        return np.dtype(np.complex64)
    if field == "mask":
        return np.dtype(bool) if dtype.kind == "b" else np.dtype(np.int32)
    return np.dtype(np.float32)


class Label(Property):
    """The value of a source that belongs to its image."""

    def __init__(self, source: Source) -> None:
        table = source.array("label")
        if table.dtype.kind not in "biuf":
            raise RecipeError(f"Source.label: values of type {table.dtype}; must be numbers")
        self.owner, self.inputs = source, (source.index,)
        self.shape = table.shape[1:]
        self.dtype = np.dtype({"b": bool, "f": np.float64}.get(table.dtype.kind, np.int64))

    def evaluate(self, lanes: Lanes, arguments: Sequence[Array], name: str) -> Array:
        return self.owner.entries("label", arguments[0]).astype(self.dtype)

    def bounds(self) -> Bounds:
        table = self.owner.array("label")
        return float(table.min()), float(table.max())

    def written(self, write: Callable[[Any], str]) -> str:
        return f"{write(self.owner)}.label"


class Apply(Feature):
    """A plain callable on batches (example, y, x, channel), for instance a trained network: "module:function".

    With ``path`` the function is called with it once and returns the callable. The result has the shape ``shape`` of one
    image (that of the input without). It runs only for whoever wrote the recipe in Python, or loaded it with ``trust=True``.
    Raises RecipeError if the function cannot be found or gives another shape.
    """

    runs_code: ClassVar[bool] = True

    function: str = option('"module:function"', read=text(optional=False))
    path: str | None = option("what the function is given, to return the callable", default=None, read=text())
    shape: tuple[int, ...] | None = option(
        "shape of the image that comes out", default=None, read=lambda _, value: value
    )

    def check(self) -> None:
        if self.function.count(":") != 1:
            raise ParameterError(f'Apply.function: {self.function!r}; must be "module:function"')

    def shape_after(self, flow: Flow) -> tuple[int, ...]:
        return flow.shape if self.shape is None else tuple(self.shape)

    def apply(self, plan: Plan, data: Array, flow: Applied) -> Array:
        result = np.asarray(_callable(self.function, self.path)(data), flow.dtype)
        if result.shape != (len(plan), *flow.shape):
            raise RecipeError(
                f"Apply.function: {self.function} gives shape {result.shape}; must be {(len(plan), *flow.shape)}"
            )
        return np.ascontiguousarray(result)


@lru_cache(maxsize=16)
def _callable(function: str, path: str | None) -> Any:
    module, name = function.split(":")
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise RecipeError(f"Apply.function: {function}: {error}") from None
    return found if path is None else found(path)
