"""Random deformation."""

from __future__ import annotations

import numpy as np

from simcore import kernels
from simcore.geometry.base import Frame, probability_parameter
from simcore.geometry.interpolation import Warp, fill_option, order_option, value_parameter
from simcore.parameters import Value, parameter
from simcore.properties import Array
from simcore.values import Plan


class Elastic(Warp):
    """Elastic distortion: each pixel comes from a random place near it (Simard, Steinkraus, Platt, ICDAR 2003).

    Pixel p is taken from p + d(p). Each component of d is ``alpha`` times white noise, uniform between -1 and 1, after a
    Gaussian filter of standard deviation ``sigma``, whose weights are cut at 4 sigma and add up to 1. There is no noise
    beyond the edge, so d is smaller there; 4 sigma away from it, its standard deviation is alpha / sqrt(3) times the sum of
    the squared weights of one axis, about 0.163 alpha / sigma.

    Points go to where the pixels at them go, to 1e-3 px if sigma is at least 3 px; beyond the edge d is that of the edge.
    Where alpha is so large for sigma that the image folds (from about alpha = 2 sigma^2 somewhere), a point may have several
    places or none, and gets one where it nearly fits. Applied to image, mask and points it is one deformation, if their
    frame is the same; in a movie all frames have it. For ``order``, ``fill`` and ``value`` see `Affine`.
    """

    alpha: Value = parameter("strength: displacement per filtered noise", unit="px", least=0)
    sigma: Value = parameter("standard deviation of the Gaussian filter", unit="px", above=0, most=1000)
    probability: Value = probability_parameter(1.0)
    order: int = order_option()
    fill: str = fill_option()
    value: Value = value_parameter()

    def move_image(self, plan: Plan, image: Array) -> Array:
        field = self.displacement(plan, (image.shape[1], image.shape[2]))
        kernels.warp_displaced(image, field, self.happens(plan), self.order, self.fill, plan.value(self.value))
        return image

    def move_points(self, plan: Plan, points: Array, frame: Frame) -> Array:
        moved = points.astype(np.float64)
        places = np.ascontiguousarray(moved[..., -2:]).reshape(len(points), -1, 2)
        kernels.move_displaced(places, self.displacement(plan, frame), self.happens(plan))
        moved[..., -2:] = places.reshape(*points.shape[:-1], 2)
        return moved.astype(points.dtype)

    def displacement(self, plan: Plan, frame: Frame) -> Array:
        """Return d, float32 (example, 2, y, x): its y and its x component; 0 where nothing happens."""
        alpha, sigma = plan.value(self.alpha), plan.value(self.sigma)
        return kernels.elastic_displacement(frame, alpha, sigma, self.happens(plan), plan.still_stream(self))
