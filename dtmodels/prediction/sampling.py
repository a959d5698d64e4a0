"""Networks that answer several times with other units dropped: how sure they are."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from dtmodels.backend import require_keras
from dtmodels.errors import ConfigurationError

Array = np.ndarray[Any, Any]


def with_dropout(model: Any, seed: int = 0) -> Any:
    """A copy of a network, with its weights, whose dropout is at work in prediction too; the same numbers for a seed.

    Y. Gal and Z. Ghahramani, "Dropout as a Bayesian approximation", ICML 2016. ConfigurationError when it drops nothing.
    """
    layers = require_keras().layers
    kinds = (layers.Dropout, layers.SpatialDropout1D, layers.SpatialDropout2D, layers.SpatialDropout3D)
    found = []

    def copied(layer: Any) -> Any:
        inner = layer.layer if isinstance(layer, layers.TimeDistributed) else layer
        if not isinstance(inner, kinds) or not inner.rate:
            return layer.__class__.from_config(layer.get_config())
        found.append(inner)
        # Keras' own seed: layers with equal ones would drop the same units.
        dropping = _always(type(inner)).from_config({**inner.get_config(), "seed": seed + len(found)})
        return dropping if inner is layer else layers.TimeDistributed(dropping, name=layer.name)

    copy = require_keras().models.clone_model(model, clone_function=copied)
    if not found:
        raise ConfigurationError("dropout_draws: the network has no dropout: train it with dropout, or an ensemble")
    copy.set_weights(model.get_weights())
    return copy


def _always(kind: type) -> Any:
    def call(self: Any, inputs: Any, training: bool = True) -> Any:
        return kind.call(self, inputs, training=True)  # type: ignore[attr-defined]

    return type(kind.__name__, (kind,), {"call": call})


def combined(outputs: Sequence[Array], count: int) -> Array:
    """Mean of several answers in numbers, and the logarithm of their variance: between them and, if each says one, within.

    B. Lakshminarayanan, A. Pritzel, C. Blundell, "Simple and scalable predictive uncertainty estimation using deep
    ensembles", NeurIPS 2017.
    """
    stacked = np.stack(outputs).astype(np.float64)
    means, rest = stacked[..., :count], stacked[..., count:]
    within = np.exp(rest).mean(axis=0) if rest.shape[-1] == count else 0.0
    variance = means.var(axis=0, ddof=0 if rest.shape[-1] == count else 1) + within
    return np.concatenate([means.mean(axis=0), np.log(np.maximum(variance, 1e-300))], axis=-1)
