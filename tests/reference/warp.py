"""Warps written out pixel by pixel, from the formulas."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]


def beyond(image: NDArray[Any], y: int, x: int, edge: str, value: complex) -> NDArray[Any]:
    """The pixel (y, x) of an image (y, x, channel) that goes on for ever."""
    places = []
    for place, size in zip((y, x), image.shape, strict=False):
        here = place
        if edge == "constant" and not 0 <= place < size:
            return np.full(image.shape[2], value, image.dtype)
        if edge == "nearest":
            here = min(max(place, 0), size - 1)
        while edge == "reflect" and not 0 <= here < size:
            here = -1 - here if here < 0 else 2 * size - 1 - here
        places.append(here)
    return np.asarray(image[places[0], places[1]])


def keys(distance: float) -> float:
    """The cubic convolution kernel of Keys (1981), eq. 15: a = -1/2."""
    s = abs(distance)
    if s < 1:
        return 1.5 * s**3 - 2.5 * s**2 + 1
    return -0.5 * s**3 + 2.5 * s**2 - 4 * s + 2 if s < 2 else 0.0


def tent(distance: float) -> float:
    return max(1 - abs(distance), 0.0)


def read(image: NDArray[Any], y: float, x: float, order: int, edge: str, value: complex) -> NDArray[Any]:
    """The value between the pixels."""
    if order == 0:
        return beyond(image, int(np.floor(y + 0.5)), int(np.floor(x + 0.5)), edge, value)
    kernel = keys if order == 3 else tent
    total = np.zeros(image.shape[2], np.result_type(image.dtype, np.float64))
    for row in range(int(np.floor(y)) - 1, int(np.floor(y)) + 3):
        for column in range(int(np.floor(x)) - 1, int(np.floor(x)) + 3):
            total += kernel(y - row) * kernel(x - column) * beyond(image, row, column, edge, value)
    return total


def warp(image: NDArray[Any], y: Real, x: Real, order: int, edge: str, value: complex = 0) -> NDArray[Any]:
    """An image (y, x, channel) whose pixels are taken from the places (y, x)."""
    pixels = [read(image, *place, order, edge, value) for place in zip(y.ravel(), x.ravel(), strict=True)]
    return np.array(pixels).reshape(*y.shape, -1)


def affine_matrix(frame: tuple[int, int], scale: tuple[float, float], shear: float, rotation: float,
                  translation: tuple[float, float]) -> Real:  # fmt: skip
    """Where pixels go: (3, 3) on (x, y, 1); pairs are (x, y)."""

    def to(x: float, y: float) -> Real:
        return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]])

    height, width = frame
    cosine, sine = np.cos(rotation), np.sin(rotation)
    turn = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])
    lean = np.array([[1, np.tan(shear), 0], [0, 1, 0], [0, 0, 1]])
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    return np.asarray(to(*translation) @ to(*centre) @ turn @ lean @ np.diag([*scale, 1]) @ to(*-centre))
