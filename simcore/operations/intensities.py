"""Operations on the intensities of each image: gradients, limits, normalisations, grey."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from simcore import kernels
from simcore.errors import ParameterError, RecipeError
from simcore.features import Applied, Feature, Flow
from simcore.operations.base import Operation, floating
from simcore.parameters import Value, option, parameter
from simcore.properties import Array
from simcore.values import Plan


class IlluminationGradient(Operation):
    """A linear gradient: I + x (column - centre) + y (row - centre), clipped at 0; nothing changes at the image's centre."""

    x: Value = parameter("slope to the right, per pixel", default=0.0, unit="1/px")
    y: Value = parameter("slope downwards, per pixel", default=0.0, unit="1/px")

    def apply(self, plan: Plan, data: Array, flow: Applied) -> Array:
        values, data = self.values(plan), floating(data)
        kernels.illumination_gradient(data, values["x"], values["y"])
        return data


class Clip(Operation):
    """Values below ``minimum`` become minimum, those above ``maximum`` maximum; None: no limit."""

    minimum: Value = parameter("smallest value that stays", default=0.0, optional=True)
    maximum: Value = parameter("largest value that stays", default=None, optional=True)

    def check_values(self, values: dict[str, Array], examples: Array) -> None:
        if len(values) == 2:
            refuse_order(self, "minimum", "maximum", values, examples, values["minimum"] > values["maximum"], "<=")

    def apply(self, plan: Plan, data: Array, flow: Applied) -> Array:
        data = floating(data)
        for field, limit in self.values(plan).items():
            bound = limit.astype(data.dtype).reshape(-1, *(1,) * (data.ndim - 1))
            (np.maximum if field == "minimum" else np.minimum)(data, bound, out=data)
        return data


class NormalizeMinMax(Operation):
    """Each image linearly to [minimum, maximum], over all channels; a constant image becomes ``minimum``."""

    minimum: Value = parameter("value of the darkest pixel", default=0.0)
    maximum: Value = parameter("value of the brightest pixel", default=1.0)

    def apply(self, plan: Plan, data: Array, flow: Applied) -> Array:
        values, data = self.values(plan), floating(data)
        kernels.normalize_minmax(data, values["minimum"], values["maximum"])
        return data


class NormalizeStandard(Operation):
    """Each image to mean 0 and standard deviation 1 (that of its own values), over all channels; a constant image to 0."""

    def apply(self, plan: Plan, data: Array, flow: Applied) -> Array:
        data = floating(data)
        kernels.normalize_standard(data)
        return data


class NormalizeQuantile(Operation):
    """Each image linearly, so that its quantiles ``low`` and ``high`` become 0 and 1, over all channels; nothing is clipped.

    Quantiles as NumPy's, interpolated linearly between the sorted values. An image in which both are equal becomes 0.
    """

    low: Value = parameter("share of the values below what becomes 0", default=0.01, least=0, below=1)
    high: Value = parameter("share of the values below what becomes 1", default=0.99, above=0, most=1)

    def check_values(self, values: dict[str, Array], examples: Array) -> None:
        refuse_order(self, "low", "high", values, examples, values["low"] >= values["high"], "<")

    def apply(self, plan: Plan, data: Array, flow: Applied) -> Array:
        values, data = self.values(plan), floating(data)
        kernels.normalize_quantile(data, values["low"], values["high"])
        return data


def channel_weights(label: str, value: Any) -> tuple[float, ...] | None:
    """Read one weight for each channel, or None."""
    if value is None:
        return None
    if not isinstance(value, (Sequence, np.ndarray)) or isinstance(value, str) or not len(value):
        raise ParameterError(f"{label}: {value!r}; must be one number for each channel")
    for weight in value:
        if isinstance(weight, bool) or not isinstance(weight, (int, float, np.number)) or not np.isfinite(weight):
            raise ParameterError(f"{label}: {value!r}; must be one finite number for each channel")
    return tuple(float(weight) for weight in value)


class Grayscale(Operation):
    """One channel of many: the sum of ``weights`` times the channels, or their mean without weights.

    (0.2126, 0.7152, 0.0722) gives the luminance of linear red, green and blue (ITU-R BT.709).
    """

    weights: tuple[float, ...] | None = option(
        "weight of each channel; None: the mean", default=None, read=channel_weights
    )

    def refuse(self, flow: Flow) -> None:
        super().refuse(flow)
        if self.weights is not None and len(self.weights) != flow.shape[2]:
            raise RecipeError(f"Grayscale.weights: {len(self.weights)} for an image of {flow.shape[2]} channels")

    def shape_after(self, flow: Flow) -> tuple[int, ...]:
        return (*flow.shape[:2], 1)

    def apply(self, plan: Plan, data: Array, flow: Applied) -> Array:
        channels = data.shape[-1]
        weights = self.weights or (1.0,) * channels
        total = sum(weight * data[..., c].astype(np.float64) for c, weight in enumerate(weights))
        return np.asarray(total if self.weights else total / channels, flow.dtype)[..., None]


def refuse_order(
    feature: Feature, low: str, high: str, values: dict[str, Array], examples: Array, bad: Array, sign: str
) -> None:
    """Raise ParameterError where ``bad``: ``low`` must stand below ``high``."""
    if bad.any():
        i = int(np.argmax(bad))
        raise ParameterError(
            f"{feature.place_of(low)}: {values[low][i]:g} in example {examples[i]}; must be {sign} {high}, {values[high][i]:g}"
        )
