"""Random properties: distributions that give each example a value of its own.

A draw is a function of (seed, name of the draw, example, copy): see CONVENTIONS.md for how to repeat one with NumPy alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.special import ndtr, ndtri

from simcore import _draw, kernels
from simcore.errors import ParameterError
from simcore.properties import UNBOUNDED, Bounds, Property, as_property
from simcore.streams import Array, Lanes, name_word

__all__ = [
    "choice",
    "exponential",
    "gamma",
    "integers",
    "log_uniform",
    "lognormal",
    "normal",
    "poisson",
    "truncated_normal",
    "uniform",
]

Number = float | int | Property | Sequence[float] | Array


class Draw(Property):
    """Base of the distributions: parameters are properties, ``shape`` gives vectors drawn one after the other."""

    kind = "draw"
    random = True
    parameters: tuple[str, ...] = ()
    positive: tuple[str, ...] = ()  # parameters that must be >= 0

    def __init__(self, values: Sequence[object], shape: tuple[int, ...] | int = (), name: str | None = None) -> None:
        self.inputs = tuple(as_property(value) for value in values)
        own = (shape,) if isinstance(shape, int) else tuple(shape)
        self.own_shape = own
        self.shape = np.broadcast_shapes(own, *(node.shape for node in self.inputs))
        self.name = name
        self.check()

    def check(self) -> None:
        """Refuse parameters that can be seen to be impossible."""
        for label, node in zip(self.parameters, self.inputs, strict=True):
            low, high = node.bounds()
            if label in self.positive and low < 0 and np.isfinite(low):
                raise ParameterError(f"{self.kind}.{label}: {low:g}; must be >= 0")
            if np.isnan(low) or np.isnan(high):
                raise ParameterError(f"{self.kind}.{label}: nan; must be a number")

    def full(self, arguments: Sequence[Array], n: int) -> list[Array]:
        """Return the parameters as float64 (example, value) arrays, one value for each number drawn."""
        if not self.shape:
            return [np.ascontiguousarray(a, np.float64).reshape(n, 1) for a in arguments]
        target = (n, *self.shape)
        wide = [a.reshape(n, *(1,) * (len(self.shape) - a.ndim + 1), *a.shape[1:]) for a in arguments]
        return [np.ascontiguousarray(np.broadcast_to(a, target).reshape(n, -1), np.float64) for a in wide]

    def floats(self, kind: str, lanes: Lanes, name: str, first: Array, second: Array) -> Array:
        out = np.empty(first.shape)
        _draw.draw_floats(kind, lanes.key, lanes.examples, name_word(name), lanes.places, first, second, out)
        return out

    def numbers(self, kind: str, lanes: Lanes, name: str, first: Array, second: Array) -> Array:
        out = np.empty(first.shape, np.int64)
        _draw.draw_integers(kind, lanes.key, lanes.examples, name_word(name), lanes.places, first, second, out)
        return out

    def evaluate(self, lanes: Lanes, arguments: Sequence[Array], name: str) -> Array:
        values = self.full(arguments, len(lanes))
        self.refuse_negative(dict(zip(self.parameters, values, strict=True)), name)
        return self.draw(lanes, values, name).reshape(len(lanes), *self.shape)

    def refuse_negative(self, values: Mapping[str, Array], name: str) -> None:
        """Refuse drawn parameters that are negative and may not be."""
        for label, value in values.items():
            if label in self.positive and not np.all(value >= 0):
                raise ParameterError(f"{name}: {self.kind}.{label} is {value.min():g}; must be >= 0")

    def draw(self, lanes: Lanes, values: list[Array], name: str) -> Array:
        raise NotImplementedError


def _ordered(kind: str, low: Property, high: Property) -> None:
    (_, low_most), (high_least, _) = low.bounds(), high.bounds()
    if np.isfinite(low_most) and np.isfinite(high_least) and not low_most <= high_least:
        raise ParameterError(f"{kind}: low {low_most:g} is above high {high_least:g}; low must be <= high")


class Uniform(Draw):
    kind = "uniform"
    parameters = ("low", "high")

    def check(self) -> None:
        super().check()
        _ordered(self.kind, *self.inputs)

    def draw(self, lanes: Lanes, values: list[Array], name: str) -> Array:
        return self.floats("uniform", lanes, name, values[0], values[1])

    def bounds(self) -> Bounds:
        return self.inputs[0].bounds()[0], self.inputs[1].bounds()[1]


class LogUniform(Uniform):
    kind = "log_uniform"

    def check(self) -> None:
        super().check()
        for label, node in zip(self.parameters, self.inputs, strict=True):
            if np.isfinite(node.bounds()[0]) and node.bounds()[0] <= 0:
                raise ParameterError(f"log_uniform.{label}: {node.bounds()[0]:g}; must be > 0")

    def draw(self, lanes: Lanes, values: list[Array], name: str) -> Array:
        logarithms = [kernels.elementary("log", value) for value in values]
        return kernels.elementary("exp", self.floats("uniform", lanes, name, *logarithms))


class Normal(Draw):
    kind = "normal"
    parameters = ("mean", "standard_deviation")
    positive = ("standard_deviation",)

    def draw(self, lanes: Lanes, values: list[Array], name: str) -> Array:
        return self.floats("normal", lanes, name, values[0], values[1])


class TruncatedNormal(Draw):
    kind = "truncated_normal"
    parameters = ("mean", "standard_deviation", "low", "high")
    positive = ("standard_deviation",)

    def draw(self, lanes: Lanes, values: list[Array], name: str) -> Array:
        mean, deviation, low, high = values
        safe = np.where(deviation > 0, deviation, 1.0)
        a, b = (low - mean) / safe, (high - mean) / safe
        flip = a > 0  # the upper tail is drawn as the lower one, where the distribution function keeps its digits
        lower, upper = ndtr(np.where(flip, -b, a)), ndtr(np.where(flip, -a, b))
        u = self.floats("uniform", lanes, name, np.zeros_like(mean), np.ones_like(mean))
        x = ndtri(lower + u * (upper - lower))
        return np.clip(mean + deviation * np.where(flip, -x, x), low, high)

    def check(self) -> None:
        super().check()
        _ordered(self.kind, *self.inputs[2:])

    def bounds(self) -> Bounds:
        return self.inputs[2].bounds()[0], self.inputs[3].bounds()[1]


class LogNormal(Draw):
    kind = "lognormal"
    parameters = ("mean", "standard_deviation")
    positive = ("standard_deviation",)

    def draw(self, lanes: Lanes, values: list[Array], name: str) -> Array:
        return self.floats("lognormal", lanes, name, values[0], values[1])

    def bounds(self) -> Bounds:
        return 0.0, np.inf


class Exponential(Draw):
    kind = "exponential"
    parameters = ("scale",)
    positive = ("scale",)

    def draw(self, lanes: Lanes, values: list[Array], name: str) -> Array:
        return self.floats("exponential", lanes, name, values[0], values[0])

    def bounds(self) -> Bounds:
        return 0.0, np.inf


class Gamma(Draw):
    kind = "gamma"
    parameters = ("shape_parameter", "scale")
    positive = ("shape_parameter", "scale")

    def draw(self, lanes: Lanes, values: list[Array], name: str) -> Array:
        return self.floats("gamma", lanes, name, values[0], values[1])

    def bounds(self) -> Bounds:
        return 0.0, np.inf


class Poisson(Draw):
    kind = "poisson"
    parameters = ("mean",)
    positive = ("mean",)
    dtype = np.dtype(np.int64)

    def draw(self, lanes: Lanes, values: list[Array], name: str) -> Array:
        return self.numbers("poisson", lanes, name, values[0], values[0])

    def bounds(self) -> Bounds:
        return 0.0, np.inf


class Integers(Draw):
    kind = "integers"
    parameters = ("low", "high")
    dtype = np.dtype(np.int64)

    def check(self) -> None:
        super().check()
        (_, low), (high, _) = (node.bounds() for node in self.inputs)
        if np.isfinite(low) and np.isfinite(high) and not low < high:
            raise ParameterError(f"integers: low {low:g}, high {high:g}; low must be < high (high is excluded)")

    def draw(self, lanes: Lanes, values: list[Array], name: str) -> Array:
        low, high = np.ceil(values[0]), np.ceil(values[1])
        if not np.all(low < high):
            raise ParameterError(f"{name}: integers from {low.max():g} to {high.min():g}; low must be < high")
        return self.numbers("integers", lanes, name, low, high)

    def bounds(self) -> Bounds:
        return self.inputs[0].bounds()[0], self.inputs[1].bounds()[1] - 1


class Choice(Draw):
    kind = "choice"
    parameters = ("values",)

    def __init__(
        self, values: object, p: Sequence[float] | None, shape: tuple[int, ...] | int, name: str | None
    ) -> None:
        options = as_property(values)
        if len(options.shape) != 1 or not options.shape[0]:
            raise ParameterError(f"choice.values: shape {options.shape}; must be a list of at least one value")
        if p is not None and (len(p) != options.shape[0] or min(p) < 0 or abs(sum(p) - 1) > 1e-8):
            raise ParameterError(f"choice.p: {p!r}; must be {options.shape[0]} probabilities that add up to 1")
        self.p = None if p is None else tuple(float(value) for value in p)
        super().__init__((options,), shape, name)
        self.shape = self.own_shape
        self.dtype = options.dtype

    def evaluate(self, lanes: Lanes, arguments: Sequence[Array], name: str) -> Array:
        n, options = len(lanes), arguments[0]
        zeros = np.zeros((n, max(1, int(np.prod(self.shape)))))
        if self.p is None:
            which = self.numbers("integers", lanes, name, zeros, zeros + options.shape[1])
        else:
            cumulative = np.cumsum(self.p)
            u = self.floats("uniform", lanes, name, zeros, zeros + 1)
            which = np.searchsorted(cumulative / cumulative[-1], u, side="right")
        return np.take_along_axis(options, which, axis=1).reshape(n, *self.shape)

    def bounds(self) -> Bounds:
        return self.inputs[0].bounds() if self.dtype.kind in "biuf" else UNBOUNDED


Shape = tuple[int, ...] | int


def uniform(low: Number, high: Number, shape: Shape = (), name: str | None = None) -> Property:
    """Draw from [low, high)."""
    return Uniform((low, high), shape, name)


def log_uniform(low: Number, high: Number, shape: Shape = (), name: str | None = None) -> Property:
    """Draw a number whose logarithm is uniform between those of ``low`` and ``high``."""
    return LogUniform((low, high), shape, name)


def normal(mean: Number, standard_deviation: Number, shape: Shape = (), name: str | None = None) -> Property:
    """Draw from the normal distribution."""
    return Normal((mean, standard_deviation), shape, name)


def truncated_normal(
    mean: Number, standard_deviation: Number, low: Number, high: Number, shape: Shape = (), name: str | None = None
) -> Property:
    """Draw from the normal distribution of that mean and deviation, given that the value lies in [low, high]."""
    return TruncatedNormal((mean, standard_deviation, low, high), shape, name)


def lognormal(mean: Number, standard_deviation: Number, shape: Shape = (), name: str | None = None) -> Property:
    """Draw a number whose natural logarithm has that mean and standard deviation."""
    return LogNormal((mean, standard_deviation), shape, name)


def exponential(scale: Number, shape: Shape = (), name: str | None = None) -> Property:
    """Draw from the exponential distribution of mean ``scale``."""
    return Exponential((scale,), shape, name)


def gamma(shape_parameter: Number, scale: Number, shape: Shape = (), name: str | None = None) -> Property:
    """Draw from the gamma distribution of mean ``shape_parameter * scale``."""
    return Gamma((shape_parameter, scale), shape, name)


def poisson(mean: Number, shape: Shape = (), name: str | None = None) -> Property:
    """Draw a whole number from the Poisson distribution."""
    return Poisson((mean,), shape, name)


def integers(low: Number, high: Number, shape: Shape = (), name: str | None = None) -> Property:
    """Draw a whole number from low to high - 1: high is excluded, as in NumPy."""
    return Integers((low, high), shape, name)


def choice(values: Number, p: Sequence[float] | None = None, shape: Shape = (), name: str | None = None) -> Property:
    """Draw one of ``values``, with probabilities ``p`` (equal ones without)."""
    return Choice(values, p, shape, name)
