"""Refusals that several networks share: they name the argument, its value and what is allowed."""

from collections.abc import Sequence
from typing import Any

from dtmodels.backend import require_keras
from dtmodels.errors import ConfigurationError

NORMALIZATIONS = (None, "batch", "instance")
POOLINGS = ("max", "average", "stride")
UPSAMPLINGS = ("transpose", "nearest", "bilinear")


def check_size(kind: str, **sizes: int) -> None:
    """Refuse what is not a whole number above 0."""
    for name, value in sizes.items():
        if not _is_size(value):
            raise ConfigurationError(f"{kind}.{name}: {value!r}; must be a whole number above 0")


def check_sizes(kind: str, **sizes: Sequence[int]) -> None:
    """Refuse what is not a list of whole numbers above 0."""
    for name, value in sizes.items():
        if not isinstance(value, (list, tuple)) or not all(map(_is_size, value)):
            raise ConfigurationError(f"{kind}.{name}: {value!r}; must be a list of whole numbers above 0")


def _is_size(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def check_choice(kind: str, name: str, value: Any, allowed: Sequence[Any]) -> None:
    """Refuse what is not one of the words allowed."""
    if value not in allowed:
        words = ", ".join("null" if word is None else str(word) for word in allowed)
        raise ConfigurationError(f"{kind}.{name}: {value!r}; must be one of {words}")


def check_share(kind: str, **shares: float) -> None:
    """Refuse a probability outside [0, 1)."""
    for name, value in shares.items():
        if not isinstance(value, (int, float)) or not 0 <= value < 1:
            raise ConfigurationError(f"{kind}.{name}: {value!r}; must lie in [0, 1)")


def check_positive(kind: str, **numbers: float) -> None:
    """Refuse what is not a number above 0."""
    for name, value in numbers.items():
        if not isinstance(value, (int, float)) or not value > 0:
            raise ConfigurationError(f"{kind}.{name}: {value!r}; must be a number above 0")


def check_shape(kind: str, input_shape: Sequence[int | None], axes: Sequence[str]) -> None:
    """Refuse an input of other axes than one of ``axes``, such as "y, x, channel"."""
    if len(input_shape) not in {len(text.split(",")) for text in axes}:
        wanted = " or ".join(f"({text})" for text in axes)
        raise ConfigurationError(f"{kind}.input_shape: {tuple(input_shape)}; must be {wanted}")
    if input_shape[-1] is None:
        raise ConfigurationError(f"{kind}.input_shape: {tuple(input_shape)}; the number of channels must be known")


def check_activations(kind: str, **names: str | None) -> None:
    """Refuse an activation that Keras does not know."""
    for name, value in names.items():
        try:
            require_keras().activations.get(value)
        except ValueError:
            raise ConfigurationError(f"{kind}.{name}: {value!r}; must be an activation of Keras, as relu") from None


def check_room(kind: str, sizes: Sequence[int | None], poolings: int, first: int = 1) -> None:
    """Refuse images of unknown size, and such of which one pooling by ``first`` and that many by 2 leave nothing."""
    known = [size for size in sizes if size is not None]
    if len(known) < len(sizes):
        raise ConfigurationError(f"{kind}.input_shape: y and x are {tuple(sizes)}; must be known")
    if min(known) // first < 2**poolings:
        pixels = " x ".join(str(size // first) for size in known)
        raise ConfigurationError(f"{kind}.convolutions: {poolings} poolings leave nothing of {pixels} pixels")
