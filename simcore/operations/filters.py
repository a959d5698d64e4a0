"""Blurs. Beyond its edges an image is continued by reflection: c b a | a b c | c b a."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from simcore import kernels
from simcore.features import Applied, Flow
from simcore.operations.base import Operation, floating, whole
from simcore.parameters import Value, option, parameter
from simcore.properties import Array
from simcore.values import Plan


class GaussianBlur(Operation):
    """Convolution with the Gaussian exp(-(x^2 + y^2) / (2 sigma^2)), taken at whole pixels and of sum 1.

    Left out is what lies beyond 5.5 sigma (4e-8 of the whole). Edges by reflection (c b a | a b c | c b a).
    """

    takes: ClassVar[tuple[str, ...]] = ("image", "field")
    sigma: Value = parameter("standard deviation of the Gaussian", unit="px", least=0, most=1e4)

    def apply(self, plan: Plan, data: Array, flow: Applied) -> Array:
        return kernels.gaussian_blur(floating(data), plan.value(self.sigma))


class MeanBlur(Operation):
    """The mean over ``size`` x ``size`` pixels around each; edges by reflection (c b a | a b c | c b a)."""

    takes: ClassVar[tuple[str, ...]] = ("image", "field")
    size: int = option("width of the window in pixels, odd", read=whole(1, 9999, odd=True))

    def apply(self, plan: Plan, data: Array, flow: Applied) -> Array:
        return kernels.mean_blur(floating(data), self.size)


class MedianBlur(Operation):
    """The median over ``size`` x ``size`` pixels around each, channel by channel; edges by reflection (c b a | a b c | c b a)."""

    size: int = option("width of the window in pixels, odd", read=whole(1, 99, odd=True))

    def dtype_after(self, flow: Flow) -> np.dtype:
        return flow.dtype

    def apply(self, plan: Plan, data: Array, flow: Applied) -> Array:
        if data.dtype.kind == "f":
            return kernels.median_blur(np.ascontiguousarray(data), self.size)
        return kernels.median_blur(np.ascontiguousarray(data, np.float64), self.size).astype(flow.dtype)
