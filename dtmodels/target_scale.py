"""Targets brought to mean 0 and deviation 1 for the network, by a layer behind it."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from dtmodels.backend import require_keras
from dtmodels.configuration import FitSection
from dtmodels.errors import ConfigurationError
from dtmodels.examples import Examples
from dtmodels.named import says_variances

SCALED = ("points", "property", "image", "field")


def with_target_scale(model: Any, scale: Mapping[str, Any] | None) -> Any:
    """The model with a Rescaling layer behind it, whose numbers lie in its configuration: no weights, plain Keras."""
    if scale is None:
        return model
    keras = require_keras()
    layer = keras.layers.Rescaling(
        scale=list(scale["scale"]), offset=list(scale["offset"]), dtype="float32", name="target_scale"
    )
    return keras.Model(model.inputs[0], layer(model.outputs[0]), name=model.name)


def target_scale(model: Any, train: Examples, section: FitSection) -> dict[str, Any] | None:
    """``offset`` and ``scale`` of the layer, None for none.

    By default there is one where the network ends linearly, and its targets are no masks.
    """
    wanted = section.standardize_targets
    if _trains_in_its_own_way(model):
        if wanted:
            raise ConfigurationError(
                "fit: standardize_targets: a layer behind this model would lose its way of training"
            )
        return None
    if wanted is None:
        wanted = ends_linearly(model) and all(field.kind in SCALED for field in train.fields)
    if not wanted:
        return None
    mean, deviation = train.target_statistics()
    offset, scale = np.asarray(mean, np.float32), np.asarray(deviation, np.float32)
    if says_variances(section.loss):
        # The logarithm of a variance grows by twice that of the scale.
        offset, scale = np.append(offset, 2 * np.log(scale)), np.append(scale, np.ones_like(scale))
    return {"offset": offset.tolist(), "scale": scale.tolist()}


def _trains_in_its_own_way(model: Any) -> bool:
    plain = require_keras().Model
    return any(getattr(type(model), name) is not getattr(plain, name) for name in ("train_step", "compute_loss"))


def ends_linearly(model: Any) -> bool:
    """Whether the last layer of a model has no activation."""
    return getattr(model.layers[-1], "activation", None) is require_keras().activations.linear
