"""Exported scripts build the same network with the same initial weights, and train the same."""

import runpy
from pathlib import Path

import keras
import numpy as np
import pytest
import yaml
from spots import spots
from test_dtmodels_networks import TINY
from writer import write_dataset

import dtmodels as dm
from dtmodels.configuration import load_configuration
from dtmodels.export import script
from dtmodels.machine import prepared
from dtmodels.train import train_from


class Described:
    """Stands for a dataset in a script that is run up to its training."""

    def __init__(self, model):
        self.input_shape = tuple(model.input_shape[1:])
        self.target_shape = tuple(model.output_shape[1:])

    def split(self, validation, seed=None):
        return self, self

    def target_statistics(self):
        return np.zeros(self.target_shape), np.ones(self.target_shape)

    def batches(self, *_, **__):
        return None


def configuration(tmp_path, **sections):
    path = tmp_path / "training.yaml"
    path.write_text(yaml.safe_dump({"format": "dtmodels-training/1", **sections}))
    return load_configuration(path)


@pytest.mark.parametrize("name", [*TINY, "unet_of_any_size"])
def test_every_kind_is_written_as_it_is_built(name, tmp_path, monkeypatch):
    """Of any size where no dataset says otherwise; the layers of the script are Keras' and ours, the builders are not."""
    shape, arguments = TINY.get(name, ((9, 10, 1), {"convolutions": [4], "base": [4]}))
    kind = name if name in dm.models.KINDS else "unet"
    section = {"kind": kind, **{key: list(v) if isinstance(v, tuple) else v for key, v in arguments.items()}}
    model = dm.models.build(section, shape, seed=5)
    read = configuration(tmp_path, model=section, fit={"seed": 5})
    if name != "unet_of_any_size":
        monkeypatch.setattr("dtmodels.export._input_shape", lambda *_: shape)
    source = script(read, "nowhere.zarr")
    monkeypatch.setattr(dm, "open_dataset", lambda *_, **__: Described(model))
    built = {}
    exec(source[: source.index("batches = ")], built)  # what follows is the training
    assert built["model"].count_params() == model.count_params()
    for ours, theirs in zip(model.get_weights(), built["model"].get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    images = np.random.default_rng(1).normal(size=(2, *shape)).astype(np.float32)
    outputs = [keras.ops.convert_to_numpy(each(images)) for each in (model, built["model"])]
    np.testing.assert_allclose(*outputs, atol=1e-6)
    assert "dm.models" not in source
    assert ("dm.layers" in source) == (name == "unet_of_any_size")


@pytest.mark.parametrize("name", TINY)
def test_in_half_precision_the_output_is_exact(name, tmp_path, monkeypatch):
    """Eight bits of a refractive index are too few: the last layer has single precision, in the script too."""
    shape, arguments = TINY[name]
    kind = name if name in dm.models.KINDS else "unet"
    section = {"kind": kind, **{key: list(v) if isinstance(v, tuple) else v for key, v in arguments.items()}}
    read = configuration(tmp_path, model=section, fit={"seed": 5}, machine={"precision": "mixed_bfloat16"})
    monkeypatch.setattr("dtmodels.export._input_shape", lambda *_: shape)
    source = script(read, "nowhere.zarr")
    assert keras.config.dtype_policy().name == "float32"
    with prepared(read.machine):
        model = dm.models.build(section, shape, seed=5)
        monkeypatch.setattr(dm, "open_dataset", lambda *_, **__: Described(model))
        built = {}
        exec(source[: source.index("batches = ")], built)
        for each in (model, built["model"]):
            network = getattr(each, "generator", each)
            half = [layer for layer in network.layers if layer.compute_dtype == "bfloat16"]
            assert len(half) > 1 and network.outputs[0].dtype == "float32"
            answer = keras.ops.convert_to_numpy(network(np.ones((2, *shape), np.float32)))
            assert answer.dtype == np.float32


@pytest.mark.thorough
@pytest.mark.parametrize("kind", ["unet", "cgan"])
def test_the_script_trains_the_same(kind, tmp_path, monkeypatch):
    """A mask from an image, the loss changing, metrics; and a conditional GAN."""
    arrays = spots(96, 1, size=8)
    arrays = {"image": arrays["image"], "mask": (arrays["image"] > 0.6).astype(np.float32)}
    write_dataset(tmp_path / "masks.zarr", arrays, unit=64, chunk=16)
    model = {"kind": kind, "convolutions": [4], "base": [4], "output_convolutions": []}
    fit = {"epochs": 2, "batch_size": 16, "seed": 3, "early_stopping": 5}
    if kind == "unet":
        fit |= {"loss": {"weighted_binary_crossentropy": {"positive": 10}}, "loss_schedule": {1: "binary_crossentropy"}}
        fit |= {"metrics": ["counting_error", "accuracy"], "schedule": {"cosine": {"warmup": 1}}}
    else:
        model |= {"discriminator": [4], "convolutions_per_pooling": 1}
        fit |= {"optimizer": {"adam": {"learning_rate": 2e-4, "beta_1": 0.5}}, "keep": "last"}
    read = configuration(tmp_path, data={"inputs": "image", "targets": "mask"}, model=model, fit=fit)
    run = train_from(read, tmp_path / "masks.zarr", tmp_path / "run")
    (tmp_path / "train.py").write_text(script(read, str(tmp_path / "masks.zarr")))
    monkeypatch.chdir(tmp_path)
    trained = runpy.run_path(str(tmp_path / "train.py"))["model"]
    last = {key: values[-1] for key, values in trained.history.history.items()}
    assert set(last) == set(run.history.columns) - {"epoch", "seconds", "learning_rate"}
    for key, value in last.items():
        assert value == pytest.approx(run.history[key].iloc[-1], rel=2e-3), key
    assert Path("model.keras").exists()
