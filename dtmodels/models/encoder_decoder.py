"""A U-Net without the passages between its halves: all goes through the bottom."""

from collections.abc import Sequence
from typing import Any

from dtmodels.models.levels import Levels
from dtmodels.models.registry import network


@network
def encoder_decoder(
    input_shape: Sequence[int | None],
    *,
    convolutions: Sequence[int] = (16, 32, 64),
    base: Sequence[int] = (128, 128),
    output_convolutions: Sequence[int] = (16, 16),
    outputs: int = 1,
    convolutions_per_pooling: int = 1,
    kernel_size: int = 3,
    output_kernel_size: int = 3,
    pooling: str = "max",
    pool_size: int | Sequence[int] = 2,
    upsampling: str = "transpose",
    residual_base: bool = False,
    normalization: str | None = None,
    activation: str = "relu",
    output_activation: str | None = None,
    dropout: float = 0.0,
    seed: int | None = None,
) -> Any:
    """Network from images (y, x, channel), or volumes, to ``outputs`` channels of the same size, through a bottleneck.

    As ``unet``, without what a level passes across: for denoising and compression. Its output is linear by default.
    """
    levels = Levels(
        "encoder_decoder", convolutions, base, output_convolutions, outputs, convolutions_per_pooling, kernel_size,
        output_kernel_size, pooling, pool_size, upsampling, residual_base, normalization, activation, output_activation,
        dropout, skips=False,
    )  # fmt: skip
    return levels.build(input_shape, seed, "glorot_uniform")
