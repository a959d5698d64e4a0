"""Run directories of networks that were never trained, so that what is made of their output can be tested alone."""

import json

import keras
import numpy as np

FIELD = {"name": "mask", "kind": "mask", "shape": [32, 32, 1], "units": "1", "axes": [], "description": ""}
IDENTITY = {
    "identity": "x", "recipe_sha256": "y", "seed": "77", "split": None, "first": 0, "count": 9, "render_version": 1,
}  # fmt: skip


def fake_run(directory, model, *, field=None, fields=None, inputs="image", prepared=None, loss="mae"):
    """A run directory of ``model`` whose target is ``field``."""
    directory.mkdir(parents=True)
    model.save(directory / "model.keras")
    training = {"inputs": inputs, "dataset": IDENTITY, "validation_dataset": IDENTITY, "loss": loss}
    training |= {"train_ranges": [[0, 9]], "validation_ranges": [[9, 10]], "seed": 1}
    targets = [FIELD | one for one in (fields or [field or {}])]
    record = {"format": "dtmodels-run/1", "finished": True, "input": prepared or {}, "training": training}
    record |= {"targets": targets, "weights": int(model.count_params()), "versions": {"keras": keras.__version__}}
    (directory / "run.json").write_text(json.dumps(record))
    return directory


def identity(channels=1, shape=(None, None)):
    """A network that gives its input back."""
    inputs = keras.Input((*shape, channels))
    return keras.Model(inputs, keras.layers.Activation("linear")(inputs))


def convolutions(shape=(None, None), layers=3, size=5, channels=1, outputs=1, pooled=False, seed=3):
    """A random fully convolutional network: ``layers`` convolutions of ``size``, one of them at half the resolution."""
    inputs = keras.Input((*shape, channels))
    flow = inputs
    for k in range(layers):
        if pooled and k == layers - 2:
            flow = keras.layers.MaxPooling2D()(flow)
        initial = keras.initializers.RandomNormal(stddev=0.3, seed=seed + k)
        last = k == layers - 1
        flow = keras.layers.Conv2D(
            outputs if last else 4, size, padding="same", activation="tanh", kernel_initializer=initial
        )(flow)
        if pooled and k == layers - 2:
            flow = keras.layers.UpSampling2D(interpolation="bilinear")(flow)
    return keras.Model(inputs, flow)


def gaussians(positions, shape, sigma=2.0):
    """Gaussian peaks of height 1, sampled at the pixel centres: (y, x) or (y, x, plane)."""
    grids = np.meshgrid(*[np.arange(length) for length in shape], indexing="ij")
    image = np.zeros(shape)
    for position in positions:
        image += np.exp(-sum((g - p) ** 2 for g, p in zip(grids, position, strict=True)) / (2 * sigma**2))
    return image
