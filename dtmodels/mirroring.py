"""Mirrored and transposed images, with the points and masks that belong to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dtmodels.errors import ConfigurationError

if TYPE_CHECKING:
    from dtmodels.examples import Field

Array = np.ndarray[Any, Any]
PLACED = ("px", "rad")  # units of properties that an image turned over and about would no longer have
UP_DOWN, LEFT_RIGHT, TRANSPOSED = 1, 2, 4  # bits of a turn


@dataclass(frozen=True)
class Mirror:
    """The turns of a frame of ``height`` x ``width`` pixels that keep its shape: 8 of a square, else 4.

    ``parts`` says what each stretch of the targets' last axis is: "pixels" (mirrored with the image), "yx" or "zyx" (points, in
    pixels of the frame), or "plain" (numbers that stay).
    """

    height: int
    width: int
    parts: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, input_shape: Sequence[int], fields: Sequence[Field]) -> Mirror:
        """For images of this shape and these targets; ConfigurationError where a target cannot be mirrored with them."""
        if len(input_shape) != 3:
            raise ConfigurationError(f"mirrored: inputs of shape {tuple(input_shape)}; must be images (y, x, channel)")
        height, width = input_shape[:2]
        return cls(height, width, tuple(_part(field, height, width) for field in fields))

    @property
    def turns(self) -> int:
        """How many there are."""
        return 8 if self.height == self.width else 4

    def apply(self, images: Array, targets: Array, turns: Array) -> tuple[Array, Array]:
        """Images (example, y, x, channel) and targets, each turned by its own of ``turns``."""
        images, targets = images.copy(), targets.copy()
        for turn in range(1, self.turns):
            rows = np.flatnonzero(turns == turn)
            if len(rows):
                images[rows] = turned(images[rows], turn)
                targets[rows] = self._targets(targets[rows], turn)
        return images, targets

    def _targets(self, targets: Array, turn: int) -> Array:
        if self.parts and self.parts[0][0] == "pixels":
            return turned(targets, turn)
        start = 0
        for kind, size in self.parts:
            if kind != "plain":
                y, x = targets[..., start + size - 2].copy(), targets[..., start + size - 1].copy()
                y, x = self._point(y, x, turn)
                targets[..., start + size - 2], targets[..., start + size - 1] = y, x
            start += size
        return targets

    def _point(self, y: Array, x: Array, turn: int) -> tuple[Array, Array]:
        if turn & TRANSPOSED:
            y, x = x, y
        return self.height - 1 - y if turn & UP_DOWN else y, self.width - 1 - x if turn & LEFT_RIGHT else x


def turned(images: Array, turn: int) -> Array:
    """Images (example, y, x, ...), transposed first, then mirrored."""
    if turn & TRANSPOSED:
        images = images.swapaxes(1, 2)
    if turn & UP_DOWN:
        images = images[:, ::-1]
    return images[:, :, ::-1] if turn & LEFT_RIGHT else images


def _part(field: Field, height: int, width: int) -> tuple[str, int]:
    last = field.shape[-1] if field.shape else 1
    if field.kind == "points" and field.axes in (("y", "x"), ("z", "y", "x")):
        return "".join(field.axes), last
    if field.kind in ("image", "mask") and field.shape[:2] == (height, width):
        return "pixels", last
    if field.kind == "property" and len(field.shape) <= 1 and field.units not in PLACED:
        return "plain", last
    what = f"{field.name} is {field.kind} {field.shape} in {field.units}"
    raise ConfigurationError(f"mirrored: {what}; cannot be turned with {height} x {width} images")
