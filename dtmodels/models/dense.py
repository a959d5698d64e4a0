"""Dense layers only."""

from collections.abc import Sequence
from typing import Any

from dtmodels.backend import require_keras
from dtmodels.errors import ConfigurationError
from dtmodels.models.checks import check_activations, check_share, check_size, check_sizes
from dtmodels.models.registry import network


@network
def dense(
    input_shape: Sequence[int],
    *,
    dense: Sequence[int] = (2000, 1500, 1000, 500),
    outputs: int = 10,
    activation: str = "tanh",
    output_activation: str | None = "softmax",
    dropout: float = 0.25,
    dropout_layers: int = 2,
    seed: int | None = None,
) -> Any:
    """Network from arrays of any fixed shape to ``outputs`` numbers; by default the paper's for handwritten digits.

    Numbers are dropped with probability ``dropout`` after each of the first ``dropout_layers`` dense layers. ``seed``
    fixes the initial weights. ConfigurationError when an argument cannot be.
    """
    check_sizes("dense", dense=dense)
    check_size("dense", outputs=outputs, dropout_layers=dropout_layers)
    check_share("dense", dropout=dropout)
    check_activations("dense", activation=activation, output_activation=output_activation)
    if not all(input_shape):
        raise ConfigurationError(f"dense.input_shape: {tuple(input_shape)}; every size must be known")
    from dtmodels.layers import Seeds  # noqa: PLC0415  (imports Keras)

    keras = require_keras()
    layers, seeds = keras.layers, Seeds(seed)
    inputs = keras.Input(shape=tuple(input_shape), name="input")
    x = layers.Flatten()(inputs)
    for k, units in enumerate(dense):
        x = layers.Dense(units, activation=activation, kernel_initializer=seeds.initializer())(x)
        if dropout and k < dropout_layers:
            x = layers.Dropout(dropout, seed=seeds.next())(x)
    last = layers.Dense(
        outputs, activation=output_activation, kernel_initializer=seeds.initializer(), dtype="float32", name="output"
    )
    return keras.Model(inputs, last(x), name="dense")
