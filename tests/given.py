"""Images that are what a test says, to put features on."""

from typing import Any

import numpy as np

import simcore as sc
from simcore.features import Flow
from simcore.values import Plan

Array = np.ndarray


class Given(Flow):
    """A flow whose example i is ``array[i]``."""

    def __init__(self, array: Array, kind: str = "image") -> None:
        self.array, self.kind = array, kind
        self.shape, self.dtype = array.shape[1:], array.dtype

    @property
    def key(self) -> tuple[Any, ...]:
        return ("given", id(self))

    def render(self, plan: Plan, arrays: list[Array]) -> Array:
        return self.array[plan.lanes.examples.astype(int)]


def given(array: Array) -> Given:
    """Real arrays (example, y, x, channel) as images, complex ones as fields."""
    return Given(array, "field" if array.dtype.kind == "c" else "image")


def rendered(array: Array, *features: sc.features.Feature, seed: int = 1, block: int | None = None) -> Array:
    """What the features make of ``array``; fields as images of real and imaginary part."""
    flow: Flow = given(array)
    for feature in features:
        flow = flow >> feature
    flow = flow >> sc.RealImaginary() if flow.kind == "field" else flow
    return sc.Recipe(image=flow).render(len(array), seed=seed, block=block)["image"]


def rendered_field(array: Array, *features: sc.features.Feature, seed: int = 1) -> Array:
    """The same, as complex numbers."""
    parts = rendered(array, *features, seed=seed)
    return parts.view(np.result_type(parts.dtype, np.complex64))


def pictures(count: int, height: int, width: int, channels: int = 1, dtype: Any = np.float64) -> Array:
    """Random images, or fields if dtype is complex."""
    rng = np.random.default_rng(count + 10 * height + 100 * width + channels)
    numbers = rng.normal(1, 1, (count, height, width, channels, 2))
    return (numbers[..., 0] + (1j * numbers[..., 1] if np.dtype(dtype).kind == "c" else 0)).astype(dtype)


def axial(count: int) -> Array:
    """Return waves (example, 1, 3) along the axis, of weight 1."""
    return np.tile(np.array([0.0, 0.0, 1.0]), (count, 1, 1))


def addresses(examples: int, name: int = 77) -> Array:
    """Return the counters of examples 0, 1, ... for the draw ``name``, as the kernels take them."""
    counter = np.zeros((examples, 3), np.uint64)
    counter[:, 0] = np.arange(examples)
    counter[:, 1] = name
    return counter
