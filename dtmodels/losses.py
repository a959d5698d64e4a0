"""Losses that Keras lacks, registered with it. Focal cross-entropy and Dice are Keras' own."""

from typing import Any

from dtmodels.backend import require_keras
from dtmodels.errors import ConfigurationError

keras: Any = require_keras()
ops = keras.ops


@keras.saving.register_keras_serializable(package="dtmodels")
class EuclideanDistance(keras.losses.Loss):
    """Mean distance between predicted and true points: targets (example, coordinate), in their unit."""

    def __init__(self, name: str = "euclidean_distance", reduction: str = "sum_over_batch_size") -> None:
        super().__init__(name=name, reduction=reduction)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        squared = ops.sum(ops.square(y_true - y_pred), axis=-1)
        return ops.sqrt(ops.maximum(squared, 1e-12))


@keras.saving.register_keras_serializable(package="dtmodels")
class WeightedBinaryCrossentropy(keras.losses.Loss):
    """Mean over all pixels of -(k t log p + (1 - t) log(1 - p)): targets t in 0..1, predictions p in (0, 1).

    ``positive`` is k: a pixel of the foreground counts k times as much as one of the background. The weights are not
    normalised: with k = 1 it is the binary cross-entropy. p is kept in 1e-30 .. 1 - 1e-7. ConfigurationError when k is
    not above 0.
    """

    def __init__(
        self, positive: float = 1.0, name: str = "weighted_binary_crossentropy", reduction: str = "sum_over_batch_size"
    ) -> None:
        super().__init__(name=name, reduction=reduction)
        if not isinstance(positive, (int, float)) or not positive > 0:
            raise ConfigurationError(f"weighted_binary_crossentropy.positive: {positive!r}; must be a number above 0")
        self.positive = float(positive)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        y_true = ops.cast(y_true, y_pred.dtype)
        # A limit hides the slope beyond it. Foreground is rare: a network that once answers 1e-8 everywhere must find back.
        p = ops.clip(y_pred, 1e-30, 1 - keras.config.epsilon())
        entropy = -(self.positive * y_true * ops.log(p) + (1 - y_true) * ops.log(1 - p))
        return ops.mean(entropy, axis=-1)

    def get_config(self) -> dict[str, Any]:
        return {"positive": self.positive, "name": self.name, "reduction": self.reduction}


@keras.saving.register_keras_serializable(package="dtmodels")
class GaussianLikelihood(keras.losses.Loss):
    """Mean of (s + (t - m)^2 exp(-s)) / 2: the negative logarithm of a normal density, less a constant.

    Targets t (example, n); of the 2 n numbers predicted the first half are the means m, the second the logarithms s of
    the variances: the network says how sure it is of each number. s is kept in -20 .. 20. ConfigurationError when the
    network does not give twice as many numbers as there are targets.

    D. A. Nix and A. S. Weigend, "Estimating the mean and variance of the target probability distribution", ICNN (1994).
    """

    def __init__(self, name: str = "gaussian_likelihood", reduction: str = "sum_over_batch_size") -> None:
        super().__init__(name=name, reduction=reduction)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        count = y_true.shape[-1]
        if y_pred.shape[-1] != 2 * count:
            raise ConfigurationError(
                f"gaussian_likelihood: {y_pred.shape[-1]} outputs for {count} targets; must be twice as many"
            )
        mean, log_variance = y_pred[..., :count], ops.clip(y_pred[..., count:], -20, 20)
        return ops.mean(log_variance + ops.square(y_true - mean) * ops.exp(-log_variance), axis=-1) / 2


@keras.saving.register_keras_serializable(package="dtmodels")
class PerExample(keras.losses.Loss):
    """A loss of images or sequences, averaged within each example, so that weights of examples apply to it.

    Keras multiplies what a loss gives for each pixel or frame by the weights as they come, which for one weight for each
    example is refused, or goes along the wrong axis. Without weights the loss is the same.
    """

    def __init__(self, loss: Any, name: str = "per_example", reduction: str = "sum_over_batch_size") -> None:
        super().__init__(name=name, reduction=reduction)
        self.loss = keras.losses.get(loss)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        call = self.loss.call if isinstance(self.loss, keras.losses.Loss) else self.loss
        values = call(y_true, y_pred)
        return ops.mean(values, axis=tuple(range(1, len(values.shape)))) if len(values.shape) > 1 else values

    def get_config(self) -> dict[str, Any]:
        return {"loss": keras.losses.serialize(self.loss), "name": self.name, "reduction": self.reduction}


def generator_loss(fake: Any) -> Any:
    """Mean of (1 - D(made))^2: small where the discriminator takes what the generator made for measured."""
    return ops.mean(ops.square(1 - fake))


def discriminator_loss(real: Any, fake: Any) -> Any:
    """Mean of D(made)^2 plus mean of (1 - D(measured))^2."""
    return ops.mean(ops.square(fake)) + ops.mean(ops.square(1 - real))
