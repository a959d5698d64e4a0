"""The random numbers that a recipe needs, and how fast the best generator here draws them.

What is needed is read off the recipe's features, not off the code that draws: a Poisson number for every pixel at the very rates,
a normal number for every pixel of white noise, two uniform ones for every pixel of an elastic map, one for every property drawn.
White noise before a pupil needs as many normal numbers as the pupil lets degrees of freedom through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import pi, prod
from typing import Any

import numpy as np

import simcore as sc
from simcore import kernels
from simcore.plan import plan
from simcore.streams import Stream

GENERATORS = {"Philox": np.random.Philox, "SFC64": np.random.SFC64}
SEED = 5
AT_ONCE = 1 << 16  # numbers drawn in one go for timing, where no image needs as many
COPY = "copy"


@dataclass(frozen=True)
class Need:
    """``count`` random numbers for an image; ``rates`` (image, value) of the Poisson ones."""

    kind: str
    count: float
    rates: np.ndarray | None = None


def needs(recipe: sc.Recipe, examples: int) -> list[Need]:
    """Return what an image of the recipe needs, on average over some examples."""
    found = list(_of_features(recipe, examples))
    drawn = plan(recipe, SEED, np.arange(examples, dtype=np.uint64), list(recipe.outputs)).drawn.values
    nodes = recipe.walk().properties.values()
    numbers = sum(drawn[id(node)].size for node in nodes if node.random and id(node) in drawn)
    return [*found, Need("uniform", numbers / examples)]


def _of_features(recipe: sc.Recipe, examples: int) -> Iterator[Need]:
    for step in recipe.steps():
        flow = step.flow
        feature = getattr(flow, "feature", None)
        pixels = prod(flow.shape)
        if isinstance(feature, sc.PoissonNoise):
            rates = _rates(flow, feature, examples)
            yield Need("Poisson", pixels, rates)
        elif isinstance(feature, sc.GaussianNoise):
            yield Need("normal", pixels * (2 if flow.kind == "field" else 1))
        elif isinstance(feature, sc.Elastic):
            yield Need("uniform", 2 * prod(flow.shape[:2]))
        elif isinstance(feature, sc.ComplexField):
            yield from _before_the_pupil(flow, feature, examples)
        elif type(feature).__module__ in ("simcore.noise", "simcore.camera") and not isinstance(feature, sc.Background):
            raise NotImplementedError(f"how many random numbers {type(feature).__name__} needs is not said here")


def _rates(flow: Any, noise: sc.PoissonNoise, examples: int) -> np.ndarray:
    """Return the mean counts (image, value) to which the noise brings its images."""
    before = sc.Recipe(image=flow.inputs[0], snr=noise.snr, background=noise.background)
    values = before.render(count=examples, seed=SEED)
    image = values["image"].reshape(examples, -1).astype(float)
    background = np.broadcast_to(values["background"], examples)[:, None]
    peak = abs(image - background if noise.signal == "deviation" else image.max(1, keepdims=True) - background).max(1)
    return np.clip(image, 0, None) * (np.broadcast_to(values["snr"], examples) / peak)[:, None] ** 2


def _before_the_pupil(flow: Any, optics: sc.ComplexField, examples: int) -> Iterator[Need]:
    asked = sc.Recipe(
        noise=optics.object_noise,
        aperture=optics.numerical_aperture,
        wavelength=optics.wavelength,
        pixel=optics.pixel_size,
    ).render(count=examples, seed=SEED)
    if not asked["noise"].any():
        return
    height, width = flow.shape[:2]
    aperture = float(
        np.mean(asked["aperture"] * asked["pixel"] / np.reshape(asked["wavelength"], (examples, -1))[:, 0])
    )
    yield Need("normal", 2 * min(1.0, pi * aperture**2) * height * width)


@dataclass(frozen=True)
class Drawing:
    """Calls that draw what is needed, by generator; ``share`` of one call's time is that of an image."""

    calls: dict[str, Callable[[], Any]]
    share: float

    @classmethod
    def of(cls, need: Need) -> Drawing:
        count = max(1, int(need.count)) if need.rates is None else need.rates.size
        repeated = max(1, AT_ONCE // count) if need.rates is None else 1
        return cls(_generators(need, count * repeated), need.count / (count * repeated))

    def fastest(self, seconds: Mapping[str, float]) -> tuple[str, float]:
        """Return the fastest generator, and its seconds for an image, from those of each call."""
        times = dict(seconds)
        if COPY in times:  # what our kernel, which works in place, is given to work on
            times["simcore"] -= times.pop(COPY)
        name = min(times, key=times.__getitem__)
        return name, times[name] * self.share


def _generators(need: Need, count: int) -> dict[str, Callable[[], Any]]:
    """Return functions that draw ``count`` numbers of its kind, by generator."""
    known = {name: np.random.Generator(bits(SEED)) for name, bits in GENERATORS.items()}
    stream = Stream(np.array([SEED, 0], np.uint64), np.arange(3 * _rows(need), dtype=np.uint64).reshape(-1, 3))
    if need.kind == "Poisson":
        rates = need.rates
        assert rates is not None
        given = rates.astype(np.float32)
        image = np.empty_like(given)

        def ours() -> None:
            np.copyto(image, given)
            kernels.photon_noise(image, stream)

        calls = {name: lambda draw=draw: draw.poisson(rates) for name, draw in known.items()}
        return {"simcore": ours, COPY: lambda: np.copyto(image, given), **calls}
    if need.kind == "normal":
        calls = {name: lambda draw=draw: draw.standard_normal(count, np.float32) for name, draw in known.items()}
        return {"simcore": lambda: kernels.normal(count, stream), **calls}
    return {name: lambda draw=draw: draw.random(count, np.float32) for name, draw in known.items()}


def _rows(need: Need) -> int:
    return 1 if need.rates is None else len(need.rates)
