"""Convolutions and pooling, then dense layers."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

from dtmodels.backend import require_keras
from dtmodels.errors import ConfigurationError
from dtmodels.models.registry import network

POOLINGS = ("max", "average")


@network
def cnn(
    input_shape: Sequence[int],
    *,
    convolutions: Sequence[int] = (16, 32, 64),
    dense: Sequence[int] = (32, 32),
    outputs: int = 2,
    convolutions_per_pooling: int = 1,
    kernel_size: int = 3,
    pooling: str = "max",
    activation: str = "relu",
    output_activation: str | None = None,
    dropout: float = 0.0,
    seed: int | None = None,
) -> Any:
    """Network from images (y, x, channel) to ``outputs`` numbers.

    For each number of filters in ``convolutions``: ``convolutions_per_pooling`` convolutions with that many filters,
    whole feature maps dropped with probability ``dropout``, then 2 x 2 pooling ("max" or "average"). Then the dense
    layers. ``seed`` fixes the initial weights. ConfigurationError when an argument cannot be.
    """
    _check_sizes(convolutions=convolutions, dense=dense, outputs=[outputs], kernel_size=[kernel_size])
    _check_sizes(convolutions_per_pooling=[convolutions_per_pooling])
    _check_image(input_shape, len(convolutions))
    _check_choices(pooling, dropout)
    keras = require_keras()
    layers, seeds = keras.layers, _Seeds(seed)
    inputs = keras.Input(shape=tuple(input_shape), name="input")
    x = inputs
    for filters in convolutions:
        for _ in range(convolutions_per_pooling):
            weights = {"kernel_initializer": seeds.initializer(), "activation": activation}
            x = layers.Conv2D(filters, kernel_size, padding="same", **weights)(x)
        if dropout:
            x = layers.SpatialDropout2D(dropout, seed=seeds.next())(x)
        x = (layers.MaxPooling2D if pooling == "max" else layers.AveragePooling2D)(2)(x)
    x = layers.Flatten()(x)
    for units in dense:
        x = layers.Dense(units, activation=activation, kernel_initializer=seeds.initializer())(x)
    last = layers.Dense(outputs, activation=output_activation, kernel_initializer=seeds.initializer(), name="output")
    return keras.Model(inputs, last(x), name="cnn")


class _Seeds:
    """A seed of its own for every layer: equal seeds would give equal weights."""

    def __init__(self, seed: int | None) -> None:
        self._numbers: Iterator[int] | None = None if seed is None else itertools.count(1000 * seed)

    def next(self) -> int | None:
        return None if self._numbers is None else next(self._numbers)

    def initializer(self) -> Any:
        return require_keras().initializers.GlorotUniform(seed=self.next())


def _check_sizes(**sizes: Sequence[int]) -> None:
    for name, numbers in sizes.items():
        if not all(isinstance(number, int) and number > 0 for number in numbers):
            raise ConfigurationError(f"cnn.{name}: {list(numbers)}; must be whole numbers above 0")


def _check_image(input_shape: Sequence[int], poolings: int) -> None:
    if len(input_shape) != 3:
        raise ConfigurationError(f"cnn.input_shape: {tuple(input_shape)}; must be (y, x, channel)")
    if min(input_shape[:2]) < 2**poolings:
        raise ConfigurationError(
            f"cnn.convolutions: {poolings} poolings leave nothing of {input_shape[0]} x {input_shape[1]} pixels"
        )


def _check_choices(pooling: str, dropout: float) -> None:
    if pooling not in POOLINGS:
        raise ConfigurationError(f"cnn.pooling: {pooling!r}; must be one of {', '.join(POOLINGS)}")
    if not 0 <= dropout < 1:
        raise ConfigurationError(f"cnn.dropout: {dropout}; must lie in [0, 1)")
