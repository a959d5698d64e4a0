"""Convolutions and pooling, then dense layers."""

from collections.abc import Sequence
from typing import Any

from dtmodels.backend import require_keras
from dtmodels.models.checks import (
    check_activations,
    check_choice,
    check_room,
    check_shape,
    check_share,
    check_size,
    check_sizes,
)
from dtmodels.models.registry import network


@network
def cnn(
    input_shape: Sequence[int],
    *,
    convolutions: Sequence[int] = (16, 32, 64),
    dense: Sequence[int] = (32, 32),
    outputs: int = 2,
    convolutions_per_pooling: int = 1,
    input_pooling: int = 1,
    kernel_size: int = 3,
    pooling: str = "max",
    activation: str = "relu",
    output_activation: str | None = None,
    dropout: float = 0.0,
    seed: int | None = None,
) -> Any:
    """Network from images (y, x, channel) to ``outputs`` numbers.

    Blocks of ``input_pooling`` x ``input_pooling`` pixels are averaged first: of images sampled more finely than what they show.
    Then for each number of filters in ``convolutions``: ``convolutions_per_pooling`` convolutions with that many filters,
    whole feature maps dropped with probability ``dropout``, then 2 x 2 pooling ("max" or "average"). Then the dense
    layers. ``seed`` fixes the initial weights. ConfigurationError when an argument cannot be.
    """
    check_sizes("cnn", convolutions=convolutions, dense=dense)
    check_size("cnn", convolutions_per_pooling=convolutions_per_pooling, kernel_size=kernel_size, outputs=outputs)
    check_size("cnn", input_pooling=input_pooling)
    check_shape("cnn", input_shape, ["y, x, channel"])
    check_room("cnn", input_shape[:2], len(convolutions), input_pooling)
    check_choice("cnn", "pooling", pooling, ("max", "average"))
    check_share("cnn", dropout=dropout)
    check_activations("cnn", activation=activation, output_activation=output_activation)
    from dtmodels.layers import Blocks, Seeds  # noqa: PLC0415  (imports Keras)

    keras = require_keras()
    seeds = Seeds(seed)
    blocks = Blocks(seeds, kernel_size=kernel_size, activation=activation, pooling=pooling, dropout=dropout)
    inputs = keras.Input(shape=tuple(input_shape), name="input")
    x = keras.layers.AveragePooling2D(input_pooling)(inputs) if input_pooling > 1 else inputs
    for filters in convolutions:
        for _ in range(convolutions_per_pooling):
            x = blocks.convolution(x, filters)
        x = blocks.down(blocks.dropped(x), filters)
    x = keras.layers.Flatten()(x)
    for units in dense:
        x = keras.layers.Dense(units, activation=activation, kernel_initializer=seeds.initializer())(x)
    weights = seeds.initializer()
    last = keras.layers.Dense(
        outputs, activation=output_activation, kernel_initializer=weights, dtype="float32", name="output"
    )
    return keras.Model(inputs, last(x), name="cnn")
