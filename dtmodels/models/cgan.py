"""A conditional generative adversarial network: images that look like measured ones, from masks."""

from collections.abc import Sequence
from typing import Any

from dtmodels.models.checks import check_positive, check_sizes
from dtmodels.models.levels import Levels
from dtmodels.models.registry import network

LOOK: dict[str, Any] = {
    "kernel_size": 3,
    "output_kernel_size": 1,
    "pooling": "stride",
    "pool_size": 2,
    "upsampling": "bilinear",
    "residual_base": True,
    "normalization": "instance",
    "activation": "leaky_relu",
    "dropout": 0.0,
    "skips": True,
}


@network
def cgan(
    input_shape: Sequence[int | None],
    *,
    convolutions: Sequence[int] = (16, 32, 64, 128, 256, 512),
    base: Sequence[int] = (1024, 1024),
    output_convolutions: Sequence[int] = (16, 16),
    outputs: int = 1,
    convolutions_per_pooling: int = 2,
    discriminator: Sequence[int] = (16, 32, 64, 128, 256),
    output_activation: str | None = "tanh",
    pixel_weight: float = 0.8,
    seed: int | None = None,
) -> Any:
    """Generator from (y, x, channel) to ``outputs`` channels, with the discriminator that trains it: a ConditionalGan.

    The generator is a U-Net: per level ``convolutions_per_pooling`` convolutions, then one with strides 2; residual
    blocks as ``base``; up by bilinear interpolation and a convolution; instance normalization and leaky ReLU (0.2)
    throughout; a 1 x 1 convolution as output, so images in -1..1 by default. The discriminator sees input and image
    side by side and judges patches: for each number in ``discriminator`` a 4 x 4 convolution with strides 2, all but
    the first followed by instance normalization without parameters, then 4 x 4 to one channel: 8 x 8 for 256 x 256.

    The loss given to ``fit`` counts ``pixel_weight`` times in the generator's (see ConditionalGan). Initial weights
    are normal numbers of deviation 0.02, fixed by ``seed``. y and x may be None. ConfigurationError when an argument
    cannot be.

    P. Isola et al., "Image-to-image translation with conditional adversarial networks", CVPR (2017).
    """
    levels = Levels(
        "cgan", convolutions, base, output_convolutions, outputs, convolutions_per_pooling, **LOOK,
        output_activation=output_activation,
    )  # fmt: skip
    check_sizes("cgan", discriminator=discriminator)
    check_positive("cgan", pixel_weight=pixel_weight)
    generator = levels.build(input_shape, seed, "random_normal", stddev=0.02)
    from dtmodels.gan import ConditionalGan  # noqa: PLC0415  (imports Keras)

    judge = _discriminator(input_shape, outputs, discriminator, seed)
    return ConditionalGan(generator, judge, pixel_weight=pixel_weight)


def _discriminator(shape: Sequence[int | None], outputs: int, filters: Sequence[int], seed: int | None) -> Any:
    from dtmodels.layers import Seeds, instance_normalization, keras  # noqa: PLC0415

    seeds = Seeds(None if seed is None else seed + 1_000_000, "random_normal", stddev=0.02)
    layers = keras.layers
    condition = keras.Input(shape=tuple(shape), name="condition")
    image = keras.Input(shape=(*shape[:2], outputs), name="image")
    x = layers.Concatenate()([condition, image])
    for k, number in enumerate(filters):
        weights = {"padding": "same", "kernel_initializer": seeds.initializer()}
        x = layers.Conv2D(number, 4, strides=2, **weights)(x)
        x = instance_normalization(x, parameters=False) if k else x
        x = layers.Activation("leaky_relu")(x)
    x = layers.Conv2D(1, 4, padding="same", kernel_initializer=seeds.initializer(), name="patches")(x)
    return keras.Model([condition, image], x, name="discriminator")
