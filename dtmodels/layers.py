"""Blocks that networks are made of; the layers that Keras lacks are registered with it."""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from dtmodels.backend import require_keras

keras: Any = require_keras()
ops = keras.ops


class Seeds:
    """A seed of its own for every layer: equal seeds would give equal weights."""

    def __init__(self, seed: int | None, initializer: str = "glorot_uniform", **arguments: Any) -> None:
        # Keras takes seeds of 32 bits; a network has far fewer layers than what is left below them.
        self._numbers: Iterator[int] | None = None if seed is None else itertools.count(1000 * seed % 2**31)
        self._initializer, self._arguments = initializer, arguments

    def next(self) -> int | None:
        return None if self._numbers is None else next(self._numbers)

    def initializer(self, name: str | None = None) -> Any:
        """The initializer of the network, or the one called ``name``, with the next seed."""
        values = self._arguments if name is None else {}
        config = {"class_name": name or self._initializer, "config": {**values, "seed": self.next()}}
        return keras.initializers.get(config)


@dataclass(frozen=True)
class Blocks:
    """The blocks of one network: what its convolutions look like, how it goes down and up between its levels.

    ``rank`` is 2 for images, 3 for volumes; with ``per_frame`` each block works on every frame of a sequence alike.
    ``normalization`` is None, "batch" or "instance"; ``pooling`` "max", "average" or "stride" (a convolution with
    strides); ``upsampling`` "transpose" (a transposed convolution as wide as its strides), "nearest" or "bilinear",
    the last two with a convolution behind them. ``dropout`` drops whole feature maps.
    """

    seeds: Seeds
    rank: int = 2
    kernel_size: int = 3
    activation: str = "relu"
    normalization: str | None = None
    pooling: str = "max"
    pool_size: int | tuple[int, ...] = 2
    upsampling: str = "transpose"
    dropout: float = 0.0
    per_frame: bool = False

    def convolution(self, x: Any, filters: int, strides: int | tuple[int, ...] = 1, kernel_size: int = 0) -> Any:
        """Convolution, normalization, activation; as large as its input over ``strides``."""
        return self._activated(self._linear(x, filters, strides, kernel_size))

    def residual(self, x: Any, filters: int) -> Any:
        """Two convolutions beside a shortcut (1 x 1 where the number of channels changes), added, then activated.

        K. He et al., "Deep residual learning for image recognition", CVPR (2016).
        """
        shortcut = x if x.shape[-1] == filters else self._plain_convolution(x, filters, 1, 1, None)
        inner = self._linear(self.convolution(x, filters), filters, 1, 0, last=True)
        return self._layer("Activation", keras.layers.Add()([shortcut, inner]), self.activation)

    def dropped(self, x: Any) -> Any:
        """Whole feature maps dropped at random during training."""
        if not self.dropout:
            return x
        return self._layer(f"SpatialDropout{self.rank}D", x, self.dropout, seed=self.seeds.next())

    def down(self, x: Any, filters: int) -> Any:
        """To the next level: smaller by ``pool_size``, fractions dropped; a strided convolution gives ``filters``."""
        if self.pooling == "stride":
            return self.convolution(x, filters, strides=self.pool_size)
        name = "MaxPooling" if self.pooling == "max" else "AveragePooling"
        return self._layer(f"{name}{self.rank}D", x, self.pool_size)

    def up(self, x: Any, filters: int) -> Any:
        """To the level above: larger by ``pool_size``, with ``filters`` channels."""
        if self.upsampling == "transpose":
            weights = {"strides": self.pool_size, "padding": "same", "kernel_initializer": self.seeds.initializer()}
            return self._layer(f"Conv{self.rank}DTranspose", x, filters, self.pool_size, **weights)
        smoothly = {"interpolation": "bilinear"} if self.upsampling == "bilinear" else {}
        return self.convolution(self._layer(f"UpSampling{self.rank}D", x, self.pool_size, **smoothly), filters)

    def output(self, x: Any, channels: int, kernel_size: int, activation: str | None) -> Any:
        """The last convolution: no normalization, an activation of its own, single precision whatever the others have."""
        return self._plain_convolution(x, channels, 1, kernel_size, activation, dtype="float32", name="output")

    def _linear(
        self, x: Any, filters: int, strides: int | tuple[int, ...], kernel_size: int, last: bool = False
    ) -> Any:
        inside = None if self.normalization or last else self.activation
        x = self._plain_convolution(x, filters, strides, kernel_size or self.kernel_size, inside)
        if self.normalization == "batch":
            return self._layer("BatchNormalization", x)
        return instance_normalization(x) if self.normalization == "instance" else x

    def _activated(self, x: Any) -> Any:
        return self._layer("Activation", x, self.activation) if self.normalization else x

    def _plain_convolution(
        self,
        x: Any,
        filters: int,
        strides: int | tuple[int, ...],
        kernel_size: int,
        activation: str | None,
        **named: Any,
    ) -> Any:
        named |= {"padding": "same", "kernel_initializer": self.seeds.initializer(), "activation": activation}
        return self._layer(f"Conv{self.rank}D", x, filters, kernel_size, strides=strides, **named)

    def _layer(self, kind: str, x: Any, *arguments: Any, **named: Any) -> Any:
        layer = getattr(keras.layers, kind)(*arguments, **named)
        return (keras.layers.TimeDistributed(layer) if self.per_frame else layer)(x)


def instance_normalization(x: Any, parameters: bool = True) -> Any:
    """Each channel of each example brought to mean 0 and deviation 1, then scaled and shifted by learned numbers.

    D. Ulyanov et al., "Instance normalization", arXiv:1607.08022 (2016): group normalization with one channel a group.
    """
    return keras.layers.GroupNormalization(groups=-1, epsilon=1e-5, center=parameters, scale=parameters)(x)


def padded(x: Any, multiple: Sequence[int]) -> Any:
    """Zeros around images until their sizes are multiples: what a network with several levels needs.

    Sizes that are known take a layer of Keras; unknown ones PadToMultiple.
    """
    sizes = x.shape[1:-1]
    if None in sizes:
        return PadToMultiple(multiple)(x) if max(multiple) > 1 else x
    amounts = [_padding(size, m) for size, m in zip(sizes, multiple, strict=True)]
    return getattr(keras.layers, f"ZeroPadding{len(sizes)}D")(tuple(amounts))(x) if sum(map(sum, amounts)) else x


def cropped(x: Any, before: Any, multiple: Sequence[int]) -> Any:
    """What ``padded`` added to ``before`` taken away again."""
    sizes = before.shape[1:-1]
    if None in sizes:
        return CropLike(dtype="float32")([x, before]) if max(multiple) > 1 else x
    amounts = [_padding(size, m) for size, m in zip(sizes, multiple, strict=True)]
    cropping = getattr(keras.layers, f"Cropping{len(sizes)}D")
    return cropping(tuple(amounts), dtype="float32")(x) if sum(map(sum, amounts)) else x


def _padding(size: int, multiple: int) -> tuple[int, int]:
    missing = -size % multiple
    return missing // 2, missing - missing // 2


@keras.saving.register_keras_serializable(package="dtmodels")
class PadToMultiple(keras.layers.Layer):
    """Zeros around (example, y, x, channel) or (example, z, y, x, channel) until each size is a multiple.

    ``multiple`` holds one number for each axis between example and channel.
    """

    def __init__(self, multiple: Sequence[int], **settings: Any) -> None:
        super().__init__(**settings)
        self.multiple = tuple(multiple)

    def call(self, x: Any) -> Any:
        for axis, multiple in enumerate(self.multiple, start=1):
            missing = (multiple - ops.shape(x)[axis] % multiple) % multiple  # ONNX takes the sign of what is divided
            x = _with_zeros(x, axis, missing // 2, missing - missing // 2)
        return x

    def compute_output_shape(self, shape: Sequence[int | None]) -> tuple[int | None, ...]:
        sizes = zip(shape[1:-1], self.multiple, strict=True)
        return shape[0], *(s and math.ceil(s / m) * m for s, m in sizes), shape[-1]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "multiple": list(self.multiple)}


def _with_zeros(x: Any, axis: int, before: Any, after: Any) -> Any:
    shape = ops.shape(x)
    parts = [ops.zeros((*shape[:axis], amount, *shape[axis + 1 :]), x.dtype) for amount in (before, after)]
    return ops.concatenate([parts[0], x, parts[1]], axis=axis)


@keras.saving.register_keras_serializable(package="dtmodels")
class CropLike(keras.layers.Layer):
    """The middle of the first image, as large as the second: undoes PadToMultiple."""

    def call(self, images: Sequence[Any]) -> Any:
        x, like = images
        for axis in range(1, len(x.shape) - 1):
            size = ops.shape(like)[axis]
            first = (ops.shape(x)[axis] - size) // 2
            x = x[(slice(None),) * axis + (slice(first, first + size),)]
        return x

    def compute_output_shape(self, shapes: Sequence[Sequence[int | None]]) -> tuple[int | None, ...]:
        return shapes[0][0], *shapes[1][1:-1], shapes[0][-1]
