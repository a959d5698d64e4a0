"""A recipe that costs nothing, for tests of how datasets are stored: its values are a closed form of seed and index."""

import hashlib
from collections.abc import Callable
from typing import Any

import attrs
import numpy as np


@attrs.frozen
class FakeOutput:
    name: str
    shape: tuple[int, ...]
    dtype: np.dtype
    dimensions: tuple[str, ...]
    units: str = "1"
    description: str = ""
    kind: str = "image"
    attributes: dict[str, Any] = attrs.field(factory=dict)


def outputs(height: int, width: int) -> dict[str, FakeOutput]:
    specs = [
        FakeOutput("image", (height, width, 1), np.dtype("float32"), ("y", "x", "image_channel"), description="noise"),
        FakeOutput(
            "position",
            (2,),
            np.dtype("float32"),
            ("position_axis",),
            units="px",
            kind="points",
            attributes={"axes": ["y", "x"], "frame": [height, width]},
        ),
        FakeOutput("nothing", (height, width, 1), np.dtype("float32"), ("y", "x", "nothing_channel")),
        FakeOutput("label", (), np.dtype("int64"), (), kind="property"),
        FakeOutput("inside", (height, width, 1), np.dtype("bool"), ("y", "x", "inside_channel"), kind="mask"),
    ]
    return {spec.name: spec for spec in specs}


class FakeRecipe:
    """``before`` is called with the indices of every render: tests make it count, fail or wait."""

    def __init__(
        self,
        height: int = 6,
        width: int = 5,
        text: str = "fake: 1\n",
        before: Callable[[np.ndarray], None] | None = None,
    ) -> None:
        self.outputs = outputs(height, width)
        self.canonical = text
        self.sha256 = hashlib.sha256(text.encode()).hexdigest()
        self.before = before

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
        out: Any = None,
    ) -> dict[str, np.ndarray]:
        index = np.arange(count) if indices is None else np.asarray(indices)
        if self.before:
            self.before(index)
        found = {
            name: _values(spec, index, seed)
            for name, spec in self.outputs.items()
            if outputs is None or name in outputs
        }
        for name, array in (out or {}).items():
            array[:] = found[name]
        return found


def _values(spec: FakeOutput, index: np.ndarray, seed: int) -> np.ndarray:
    if spec.name == "nothing":
        return np.zeros((len(index), *spec.shape), spec.dtype)
    pixels = np.arange(int(np.prod(spec.shape)), dtype=np.uint64)
    mixed = (index.astype(np.uint64)[:, None] * np.uint64(2654435761) + pixels + np.uint64(seed)) * np.uint64(40503)
    values = (mixed % np.uint64(65536)).reshape(len(index), *spec.shape)
    return values > 32768 if spec.dtype == bool else values.astype(spec.dtype)
