"""Metrics that Keras lacks, registered with it."""

from typing import Any

from dtmodels.backend import require_keras
from dtmodels.errors import ConfigurationError

keras: Any = require_keras()
ops = keras.ops


@keras.saving.register_keras_serializable(package="dtmodels")
class EuclideanError(keras.metrics.Mean):
    """Mean distance between predicted and true points, in the unit of the targets (pixels for positions).

    Numbers beyond those of the targets (variances) do not count.
    """

    def __init__(self, name: str = "euclidean_error", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        difference = ops.cast(y_pred[..., : y_true.shape[-1]], self.dtype) - ops.cast(y_true, self.dtype)
        distance = ops.sqrt(ops.sum(ops.square(difference), axis=-1))
        return super().update_state(distance, sample_weight=sample_weight)


@keras.saving.register_keras_serializable(package="dtmodels")
class CountingError(keras.metrics.Mean):
    """Mean over images of how far the sum of the predicted density is from that of the true one: particles per image."""

    def __init__(self, name: str = "counting_error", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        axes = tuple(range(1, len(y_pred.shape)))
        difference = ops.cast(y_pred, self.dtype) - ops.cast(y_true, self.dtype)
        return super().update_state(ops.abs(ops.sum(difference, axis=axes)), sample_weight=sample_weight)


@keras.saving.register_keras_serializable(package="dtmodels")
class StructuralSimilarity(keras.metrics.Mean):
    """Mean structural similarity of predicted and true images (example, y, x, channel) of 11 x 11 pixels or more.

    Means and variances under a Gaussian window of sigma 1.5 px, 11 px wide, where it lies whole within the image;
    channels count alike. ``data_range`` is the largest value less the smallest: 1 for 0..1, 2 for -1..1.

    Z. Wang et al., "Image quality assessment: from error visibility to structural similarity", IEEE Trans. Image
    Processing 13, 600 (2004).
    """

    def __init__(self, data_range: float = 1.0, name: str = "structural_similarity", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        if not isinstance(data_range, (int, float)) or not data_range > 0:
            raise ConfigurationError(f"structural_similarity.data_range: {data_range!r}; must be a number above 0")
        self.data_range = float(data_range)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        true, predicted = (ops.cast(images, self.dtype) for images in (y_true, y_pred))
        similarity = ops.mean(_similarity(true, predicted, self.data_range), axis=(1, 2, 3))
        return super().update_state(similarity, sample_weight=sample_weight)

    def get_config(self) -> dict[str, Any]:
        return {"data_range": self.data_range, "name": self.name, "dtype": self.dtype}


def _similarity(a: Any, b: Any, data_range: float) -> Any:
    """Structural similarity at every place of the window, for each channel."""
    mean_a, mean_b = _windowed(a), _windowed(b)
    variance_a, variance_b = _windowed(a * a) - mean_a**2, _windowed(b * b) - mean_b**2
    covariance = _windowed(a * b) - mean_a * mean_b
    c1, c2 = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2
    upper = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    return upper / ((mean_a**2 + mean_b**2 + c1) * (variance_a + variance_b + c2))


def _windowed(images: Any) -> Any:
    """Weighted mean under the Gaussian window, of each channel: along y, then along x."""
    weights = ops.exp(-ops.square(ops.cast(ops.arange(-5, 6), images.dtype)) / (2 * 1.5**2))
    weights = ops.tile(ops.reshape(weights / ops.sum(weights), (11, 1, 1, 1)), (1, 1, images.shape[-1], 1))
    along_y = ops.depthwise_conv(images, weights, padding="valid", data_format="channels_last")
    return ops.depthwise_conv(
        along_y, ops.transpose(weights, (1, 0, 2, 3)), padding="valid", data_format="channels_last"
    )
