"""Images whose particles are known, and networks on them whose answers are: for evaluations of every kind."""

import keras
import numpy as np
from fakes import gaussians

SHAPE = (40, 44)
POINTS = {"kind": "points", "units": "px", "axes": ["y", "x"]}
MASK = {"kind": "mask", "description": "scene >> DiskMask"}


def scenes(count, seed=3):
    """Five particles each on a grid, jittered, of which one is dim: the image is the map of probability."""
    generator = np.random.default_rng(seed)
    grid = np.array([(8, 8), (8, 32), (20, 20), (32, 8), (32, 34)], float)
    position = grid + generator.uniform(-1.5, 1.5, (count, 5, 2))
    snr = np.tile([9.0, 8, 7, 6, 2], (count, 1)).astype(np.float32)
    images = [gaussians(places[:4], SHAPE, 1.5) for places in position]
    padded = np.concatenate([position, np.full((count, 2, 2), np.nan)], axis=1).astype(np.float32)
    snr = np.concatenate([snr, np.full((count, 2), np.nan, np.float32)], axis=1)
    image = np.array(images, np.float32)[..., None]
    brightness = generator.uniform(1, 2, count).astype(np.float32)
    return {"image": image, "mask": image > 0.5, "position": padded, "particle_snr": snr, "brightness": brightness}


def dense(outputs, seed=1, weights=None):
    """A network that says ``outputs`` numbers of 4 x 4 images: weights times pixels."""
    inputs = keras.Input((4, 4, 1))
    model = keras.Model(inputs, keras.layers.Dense(outputs, use_bias=False)(keras.layers.Flatten()(inputs)))
    if weights is not None:
        model.set_weights([np.asarray(weights, np.float32)])
    return model
