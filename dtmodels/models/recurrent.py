"""Convolutions on every frame, then a memory that runs along the sequence."""

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

RETURNS = ("last", "frames")


@network
def recurrent(
    input_shape: Sequence[int | None],
    *,
    convolutions: Sequence[int] = (16, 32, 64),
    lstm: Sequence[int] = (64,),
    dense: Sequence[int] = (32,),
    outputs: int = 2,
    returns: str = "last",
    convolutions_per_pooling: int = 1,
    kernel_size: int = 3,
    pooling: str = "max",
    activation: str = "relu",
    output_activation: str | None = None,
    dropout: float = 0.0,
    seed: int | None = None,
) -> Any:
    """Network from sequences (frame, y, x, channel) to ``outputs`` numbers of the sequence, or of each frame.

    Every frame goes through the same convolutions (as in ``cnn``), their result along the frames through the ``lstm``
    layers (long short-term memory), then through the dense layers. ``returns`` is "last": (outputs,), what is known
    after the last frame; or "frames": (frame, outputs), each from the frames until then. The number of frames may be
    None. ``seed`` fixes the initial weights. ConfigurationError when an argument cannot be.

    S. Hochreiter and J. Schmidhuber, "Long short-term memory", Neural Computation 9, 1735 (1997).
    """
    check_sizes("recurrent", convolutions=convolutions, lstm=lstm, dense=dense)
    check_size("recurrent", convolutions_per_pooling=convolutions_per_pooling, kernel_size=kernel_size, outputs=outputs)
    check_shape("recurrent", input_shape, ["frame, y, x, channel"])
    check_room("recurrent", input_shape[1:3], len(convolutions))
    check_choice("recurrent", "returns", returns, RETURNS)
    check_choice("recurrent", "pooling", pooling, ("max", "average"))
    check_share("recurrent", dropout=dropout)
    check_activations("recurrent", activation=activation, output_activation=output_activation)
    from dtmodels.layers import Blocks, Seeds  # noqa: PLC0415  (imports Keras)

    layers, seeds = require_keras().layers, Seeds(seed)
    look: dict[str, Any] = {
        "kernel_size": kernel_size,
        "activation": activation,
        "pooling": pooling,
        "dropout": dropout,
    }
    blocks = Blocks(seeds, per_frame=True, **look)
    inputs = require_keras().Input(shape=tuple(input_shape), name="input")
    x = inputs
    for filters in convolutions:
        for _ in range(convolutions_per_pooling):
            x = blocks.convolution(x, filters)
        x = blocks.down(blocks.dropped(x), filters)
    x = layers.TimeDistributed(layers.Flatten())(x)
    for k, units in enumerate(lstm):
        x = layers.LSTM(units, return_sequences=k + 1 < len(lstm) or returns == "frames", **_lstm_weights(seeds))(x)
    for units in dense:
        x = layers.Dense(units, activation=activation, kernel_initializer=seeds.initializer())(x)
    weights = seeds.initializer()
    last = layers.Dense(
        outputs, activation=output_activation, kernel_initializer=weights, dtype="float32", name="output"
    )
    return require_keras().Model(inputs, last(x), name="recurrent")


def _lstm_weights(seeds: Any) -> dict[str, Any]:
    return {"kernel_initializer": seeds.initializer(), "recurrent_initializer": seeds.initializer("orthogonal")}
