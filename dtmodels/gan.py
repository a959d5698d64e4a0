"""Training of a generator against a discriminator."""

from typing import Any

from dtmodels.backend import require_keras
from dtmodels.losses import discriminator_loss, generator_loss

keras: Any = require_keras()
ops = keras.ops


@keras.saving.register_keras_serializable(package="dtmodels")
class ConditionalGan(keras.Model):
    """A generator that trains like any Keras model of one input and one output, and its discriminator.

    ``generator`` goes from a condition to an image, ``discriminator`` from [condition, image] to scores: 1 for
    measured, 0 for made. Both learn from each batch at once, with one optimizer whose state is separate for each
    weight: the generator from ``pixel_weight`` times the loss given to ``compile`` plus (1 - D(made))^2 with D held
    fixed, the discriminator from D(made)^2 + (1 - D(measured))^2 with the made image held fixed. Means over all
    patches. Only ``compute_loss`` is its own, so it trains on any backend of Keras (tried: TensorFlow, JAX).

    In training ``loss`` is the sum of all of these, in validation it is the loss given to ``compile`` alone: what a
    discriminator that changes says of two epochs cannot be compared. ``discriminator_loss`` stands beside it: 0.5
    where it cannot tell made from measured.

    X. Mao et al., "Least squares generative adversarial networks", ICCV (2017).
    """

    def __init__(self, generator: Any, discriminator: Any, pixel_weight: float = 0.8, name: str = "cgan") -> None:
        super().__init__(generator.inputs[0], generator.outputs[0], name=name)
        self.generator, self.discriminator, self.pixel_weight = generator, discriminator, pixel_weight
        self._judged = keras.metrics.Mean(name="discriminator_loss")

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        pixel = super().compute_loss(x, y, y_pred, sample_weight, training)
        # PyTorch is handed NumPy's arrays where a single batch is trained on.
        x, y = ops.convert_to_tensor(x), ops.cast(y, y_pred.dtype)
        real = self._exact(self.discriminator([x, y], training=training))
        fake = self._exact(self.discriminator([x, ops.stop_gradient(y_pred)], training=training))
        judge = discriminator_loss(real, fake)
        self._judged.update_state(judge)
        if not training:
            return pixel
        return self.pixel_weight * pixel + generator_loss(self._scores(x, y_pred)) + judge

    def _scores(self, x: Any, image: Any) -> Any:
        """Scores through which a gradient reaches the image, not the discriminator."""
        weights = [
            ops.stop_gradient(ops.convert_to_tensor(weight)) for weight in self.discriminator.trainable_variables
        ]
        state = self.discriminator.non_trainable_variables
        return self._exact(self.discriminator.stateless_call(weights, state, [x, image], training=True)[0])

    @staticmethod
    def _exact(scores: Any) -> Any:
        """Scores of a network in half precision as the loss of the pixels is, to which theirs is added."""
        return ops.cast(scores, "float32")

    def get_config(self) -> dict[str, Any]:
        parts = {"generator": self.generator, "discriminator": self.discriminator}
        serialized = {key: keras.saving.serialize_keras_object(part) for key, part in parts.items()}
        return {**serialized, "pixel_weight": self.pixel_weight, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        parts = {key: keras.saving.deserialize_keras_object(config[key]) for key in ("generator", "discriminator")}
        return cls(**{**config, **parts})
