"""Down through the levels of a network and up again: what U-Net, encoder-decoder and generator have in common."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dtmodels.errors import ConfigurationError
from dtmodels.models.checks import (
    NORMALIZATIONS,
    POOLINGS,
    UPSAMPLINGS,
    check_activations,
    check_choice,
    check_shape,
    check_share,
    check_size,
    check_sizes,
)

if TYPE_CHECKING:
    from dtmodels.layers import Blocks


@dataclass(frozen=True)
class Levels:
    """The sizes of a network from images (y, x, channel) or volumes (z, y, x, channel) to such of the same size."""

    kind: str
    convolutions: Sequence[int]
    base: Sequence[int]
    output_convolutions: Sequence[int]
    outputs: int
    convolutions_per_pooling: int
    kernel_size: int
    output_kernel_size: int
    pooling: str
    pool_size: int | Sequence[int]
    upsampling: str
    residual_base: bool
    normalization: str | None
    activation: str
    output_activation: str | None
    dropout: float
    skips: bool
    refocus: Mapping[str, Any] | None = None

    def build(self, input_shape: Sequence[int | None], seed: int | None, initializer: str, **arguments: Any) -> Any:
        """The network, with initial weights fixed by ``seed``."""
        self._check(input_shape)
        from dtmodels.layers import Blocks, Seeds, cropped, keras, padded  # noqa: PLC0415  (imports Keras)

        rank = len(input_shape) - 1
        pool_size = self._pool_sizes(rank)
        alike = ("kernel_size", "activation", "normalization", "pooling", "upsampling", "dropout")
        look = {name: getattr(self, name) for name in alike}
        blocks = Blocks(Seeds(seed, initializer, **arguments), rank, pool_size=pool_size, **look)
        multiple = [size ** len(self.convolutions) for size in pool_size]
        inputs = keras.Input(shape=tuple(input_shape), name="input")
        x = self._down_and_up(blocks, padded(self._refocused(inputs), multiple))
        for filters in self.output_convolutions:
            x = blocks.convolution(x, filters)
        x = blocks.output(x, self.outputs, self.output_kernel_size, self.output_activation)
        return keras.Model(inputs, cropped(x, inputs, multiple), name=self.kind)

    def _refocused(self, inputs: Any) -> Any:
        if self.refocus is None:
            return inputs
        from dtmodels.refocusing import Refocus  # noqa: PLC0415  (imports Keras)

        if len(inputs.shape) != 4 or inputs.shape[-1] != 1:
            raise ConfigurationError(
                f"{self.kind}.refocus: of {tuple(inputs.shape[1:])}; must be holograms (y, x, channel) of one channel"
            )
        try:
            return Refocus(**{"name": "refocus", **self.refocus})(inputs)
        except ConfigurationError:
            raise
        except (TypeError, ValueError) as error:  # an argument too few or too many
            raise ConfigurationError(f"{self.kind}.refocus: {error}") from None

    def _down_and_up(self, blocks: "Blocks", x: Any) -> Any:
        passed = []
        for filters in self.convolutions:
            x = self._convolutions(blocks, x, filters)
            passed.append(x)
            x = blocks.down(blocks.dropped(x), filters)
        for filters in self.base:
            x = blocks.residual(x, filters) if self.residual_base else blocks.convolution(x, filters)
        for filters, skip in zip(reversed(self.convolutions), reversed(passed), strict=True):
            x = blocks.up(x, filters)
            x = self._joined(x, skip) if self.skips else x
            x = self._convolutions(blocks, x, filters)
        return x

    def _convolutions(self, blocks: "Blocks", x: Any, filters: int) -> Any:
        for _ in range(self.convolutions_per_pooling):
            x = blocks.convolution(x, filters)
        return x

    def _joined(self, x: Any, skip: Any) -> Any:
        from dtmodels.layers import keras  # noqa: PLC0415

        return keras.layers.Concatenate()([x, skip])

    def _pool_sizes(self, rank: int) -> tuple[Any, ...]:
        return tuple(self.pool_size) if isinstance(self.pool_size, (list, tuple)) else (self.pool_size,) * rank

    def _check(self, input_shape: Sequence[int | None]) -> None:
        kind = self.kind
        check_shape(kind, input_shape, ["y, x, channel", "z, y, x, channel"])
        check_sizes(kind, **{name: getattr(self, name) for name in ("convolutions", "base", "output_convolutions")})
        sizes = ("outputs", "convolutions_per_pooling", "kernel_size", "output_kernel_size")
        check_size(kind, **{name: getattr(self, name) for name in sizes})
        check_sizes(kind, pool_size=self._pool_sizes(len(input_shape) - 1))
        check_choice(kind, "pooling", self.pooling, POOLINGS)
        check_choice(kind, "upsampling", self.upsampling, UPSAMPLINGS[: 3 if len(input_shape) == 3 else 2])
        check_choice(kind, "normalization", self.normalization, NORMALIZATIONS)
        check_share(kind, dropout=self.dropout)
        check_activations(kind, activation=self.activation, output_activation=self.output_activation)
        if len(self._pool_sizes(len(input_shape) - 1)) != len(input_shape) - 1:
            axes = "y, x" if len(input_shape) == 3 else "z, y, x"
            raise ConfigurationError(
                f"{kind}.pool_size: {self.pool_size!r}; must be one number, or one for each of {axes}"
            )
