"""The U-Net: images to images of the same size."""

from collections.abc import Mapping, Sequence
from typing import Any

from dtmodels.models.levels import Levels
from dtmodels.models.registry import network


@network
def unet(
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
    output_activation: str | None = "sigmoid",
    dropout: float = 0.0,
    refocus: Mapping[str, Any] | None = None,
    seed: int | None = None,
) -> Any:
    """U-Net from images (y, x, channel), or volumes (z, y, x, channel), to ``outputs`` channels of the same size.

    For each number of filters in ``convolutions``, a level: ``convolutions_per_pooling`` convolutions, whole feature
    maps dropped with probability ``dropout``, then pooling ("max", "average", or "stride": a convolution). At the
    bottom the ``base`` convolutions (residual blocks with ``residual_base``). On the way up, for each level,
    ``upsampling`` ("transpose", "nearest" or "bilinear"), what the level held beside it, convolutions again. Then the
    ``output_convolutions`` and the output. Planes of a volume as channels: ``outputs=56``.

    ``refocus`` takes in-line holograms back to planes in the specimen first, by physics alone: ``{z: [2, 30], planes:
    28, wavelength: 0.633, pixel_size: 0.345, refractive_index_medium: 1.33}`` in um, see ``dtmodels.refocusing``.

    y and x may be None: images of any size. Sizes that ``pool_size`` ** levels does not divide are padded with zeros
    inside, and cropped again. ``normalization`` is None, "batch" or "instance". ``seed`` fixes the initial weights.
    ConfigurationError when an argument cannot be.

    O. Ronneberger et al., "U-Net", MICCAI 234 (2015).
    """
    levels = Levels(
        "unet", convolutions, base, output_convolutions, outputs, convolutions_per_pooling, kernel_size,
        output_kernel_size, pooling, pool_size, upsampling, residual_base, normalization, activation, output_activation,
        dropout, skips=True, refocus=refocus,
    )  # fmt: skip
    return levels.build(input_shape, seed, "glorot_uniform")
