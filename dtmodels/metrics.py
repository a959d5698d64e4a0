"""Metrics that Keras lacks, registered with it."""

from typing import Any

from dtmodels.backend import require_keras

keras: Any = require_keras()


@keras.saving.register_keras_serializable(package="dtmodels")
class EuclideanError(keras.metrics.Mean):
    """Mean distance between predicted and true points, in the unit of the targets (pixels for positions)."""

    def __init__(self, name: str = "euclidean_error", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        difference = keras.ops.cast(y_pred, self.dtype) - keras.ops.cast(y_true, self.dtype)
        distance = keras.ops.sqrt(keras.ops.sum(keras.ops.square(difference), axis=-1))
        return super().update_state(distance, sample_weight=sample_weight)
