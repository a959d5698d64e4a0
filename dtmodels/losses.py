"""Losses that Keras lacks, registered with it."""

from typing import Any

from dtmodels.backend import require_keras

keras: Any = require_keras()


@keras.saving.register_keras_serializable(package="dtmodels")
class EuclideanDistance(keras.losses.Loss):
    """Mean distance between predicted and true points: targets (example, coordinate), in their unit."""

    def __init__(self, name: str = "euclidean_distance", reduction: str = "sum_over_batch_size") -> None:
        super().__init__(name=name, reduction=reduction)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        squared = keras.ops.sum(keras.ops.square(y_true - y_pred), axis=-1)
        return keras.ops.sqrt(keras.ops.maximum(squared, 1e-12))
