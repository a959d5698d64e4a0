"""Scaling, shearing, turning and shifting."""

from __future__ import annotations

import numpy as np

from simcore import kernels
from simcore.geometry.base import Frame, probability_parameter
from simcore.geometry.interpolation import Warp, fill_option, order_option, value_parameter
from simcore.parameters import Value, parameter
from simcore.properties import Array
from simcore.values import Plan


class Affine(Warp):
    """Scale, then shear, then turn an image about its centre, then shift it.

    What lies at (x, y) from the centre ((width - 1) / 2, (height - 1) / 2) goes to::

        [x']   [cos r  -sin r] [1  tan s] [scale_x  0      ] [x]   [translation_x]
        [y'] = [sin r   cos r] [0  1    ] [0        scale_y] [y] + [translation_y]

    with r = ``rotation`` from +x towards +y (clockwise on the screen) and s = ``shear``, by which the y axis leans towards
    +x. Points go there exactly, also out of the frame; pixels are taken from where they were. Interpolation is bilinear, or
    as ``order`` says, which may overshoot by a little if it is cubic; nothing is averaged when an image shrinks. Complex
    images are interpolated in both parts; masks and integers take the nearest pixel and are filled with 0, so convert
    integers that are no labels before. For one scale on both axes give the same draw to both.
    """

    scale_x: Value = parameter("magnification along x", default=1.0, above=0)
    scale_y: Value = parameter("magnification along y", default=1.0, above=0)
    shear: Value = parameter("angle by which the y axis leans towards +x", default=0.0, unit="rad",
                             above=-np.pi / 2, below=np.pi / 2)  # fmt: skip
    rotation: Value = parameter("angle from +x towards +y", default=0.0, unit="rad")
    translation_x: Value = parameter("shift to the right", default=0.0, unit="px")
    translation_y: Value = parameter("shift downwards", default=0.0, unit="px")
    probability: Value = probability_parameter(1.0)
    order: int = order_option()
    fill: str = fill_option()
    value: Value = value_parameter()

    def move_image(self, plan: Plan, image: Array) -> Array:
        linear, shift = self._forward(plan, (image.shape[1], image.shape[2]))
        matrix = inverse(linear, shift)
        kernels.warp_affine(image, matrix, self.happens(plan), self.order, self.fill, plan.value(self.value))
        return image

    def move_points(self, plan: Plan, points: Array, frame: Frame) -> Array:
        linear, shift = self._forward(plan, frame)
        n = len(points)
        places = points[..., -2:].astype(np.float64).reshape(n, -1, 2)
        moved = points.astype(np.float64)
        for axis in (0, 1):
            along = linear[:, None, axis, 0] * places[..., 0] + linear[:, None, axis, 1] * places[..., 1]
            moved[..., axis - 2] = (along + shift[:, None, axis]).reshape(points.shape[:-1])
        return self.where_it_happens(plan, moved, points)

    def _forward(self, plan: Plan, frame: Frame) -> tuple[Array, Array]:
        """Return matrix (example, 2, 2) and shift (example, 2) of the map of pixels, axes in the order y, x."""
        v = {field: np.asarray(value, float) for field, value in self.values(plan).items()}
        sine, cosine = kernels.elementary("sin", v["rotation"]), kernels.elementary("cos", v["rotation"])
        lean = kernels.elementary("sin", v["shear"]) / kernels.elementary("cos", v["shear"])
        linear = np.empty((len(plan), 2, 2))
        linear[:, 0, 0] = (sine * lean + cosine) * v["scale_y"]
        linear[:, 0, 1] = sine * v["scale_x"]
        linear[:, 1, 0] = (cosine * lean - sine) * v["scale_y"]
        linear[:, 1, 1] = cosine * v["scale_x"]
        y, x = ((size - 1) / 2 for size in frame)
        shift = np.empty((len(plan), 2))
        shift[:, 0] = y + v["translation_y"] - (linear[:, 0, 0] * y + linear[:, 0, 1] * x)
        shift[:, 1] = x + v["translation_x"] - (linear[:, 1, 0] * y + linear[:, 1, 1] * x)
        return linear, shift


def inverse(linear: Array, shift: Array) -> Array:
    """Return the inverse map as (example, 2, 3): its matrix and, in the last column, its shift."""
    (a, b), (c, d) = np.moveaxis(linear, 0, -1)
    determinant = a * d - b * c
    result = np.empty((len(linear), 2, 3))
    result[:, 0, 0], result[:, 0, 1] = d / determinant, -b / determinant
    result[:, 1, 0], result[:, 1, 1] = -c / determinant, a / determinant
    for axis in (0, 1):
        result[:, axis, 2] = -(result[:, axis, 0] * shift[:, 0] + result[:, axis, 1] * shift[:, 1])
    return result
