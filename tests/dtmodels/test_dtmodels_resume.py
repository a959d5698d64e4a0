"""Trainings that are killed go on as if they had not been: the same loss curve, to the last digits."""

import os
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pandas as pd
import pytest

import dtmodels as dm
from dtmodels.batches import Remainder
from dtmodels.checkpoints import last_place
from dtmodels.errors import ConfigurationError

# With dropout, whose random numbers go on too; a checkpoint after every batch.
TRAINING = """
format: dtmodels-training/1
data:    {inputs: image, targets: position, validation: 0.1, mirror: true}
model:   {kind: cnn, convolutions: [4], dense: [8], outputs: 2, dropout: 0.2}
fit:     {loss: mae, optimizer: {adam: {learning_rate: 2e-3, clipnorm: 1.0}}, schedule: cosine, epochs: 3, batch_size: 32,
          seed: 4, checkpoint_seconds: 0}
machine: {deterministic: true}
"""
CODE = """
import sys
from dtmodels.configuration import load_configuration
from dtmodels.train import train_from
train_from(load_configuration("training.yaml"), sys.argv[1], sys.argv[2], resume=len(sys.argv) > 3)
"""


def train(folder, data, *arguments):
    command = [sys.executable, "-c", CODE, str(data), *arguments]
    return subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)


def finish(process):
    error = process.communicate()[1]
    assert process.returncode == 0, error


@pytest.mark.thorough
@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_killed_within_an_epoch_it_goes_on_there(datasets, tmp_path):
    (tmp_path / "training.yaml").write_text(TRAINING)
    finish(train(tmp_path, datasets[0], "whole"))
    process = train(tmp_path, datasets[0], "killed")
    wait_until(lambda: (place := last_place(tmp_path / "killed")) and place.epoch == 1 and place.batch >= 5, process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    place = last_place(tmp_path / "killed")
    assert place.epoch in (1, 2) and place.batch
    finish(train(tmp_path, datasets[0], "killed", "resume"))
    whole, killed = (
        pd.read_csv(tmp_path / name / "history.csv").drop(columns="seconds") for name in ("whole", "killed")
    )
    pd.testing.assert_frame_equal(killed, whole, rtol=1e-6)
    first, second = (keras.models.load_model(tmp_path / name / "model.keras") for name in ("whole", "killed"))
    for a, b in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-7)
    assert not list((tmp_path / "killed" / "checkpoint").glob("within_*"))


def wait_until(done, process, seconds=120):
    over = time.monotonic() + seconds
    while not done():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < over
        time.sleep(0.005)


@pytest.mark.thorough
def test_interrupted_while_it_is_validated_it_goes_on(datasets, tmp_path, monkeypatch):
    """Every batch of the epoch is done then, and nothing of it is left to go on with."""
    from dtmodels.callbacks import Keeper

    train, validation = dm.open_dataset(datasets[0], inputs="image", targets="position").split(0.1)
    options = {"epochs": 2, "batch_size": 256, "checkpoint_seconds": 0}

    def fit(name, **more):
        model = dm.models.cnn(train.input_shape, convolutions=(4,), dense=(8,), outputs=2, seed=1)
        return dm.fit(model, train, validation, directory=tmp_path / name, **options, **more)

    def interrupted(self, logs=None):
        if len(self.rows) == 1:
            raise KeyboardInterrupt

    whole = fit("whole")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Keeper, "on_test_begin", interrupted)
        fit("stopped")
    assert last_place(tmp_path / "stopped").batch == len(train.batches(256)) - 1
    found = fit("stopped", resume=True)
    columns = ["epoch", "loss", "val_loss"]
    np.testing.assert_allclose(found.history[columns], whole.history[columns], rtol=2e-3)


def test_what_is_left_of_an_epoch(datasets):
    batches = dm.open_dataset(datasets[0], inputs="image", targets="position").batches(100, seed=2)
    batches.epoch = 3
    rest = Remainder(batches, 20)
    assert len(rest) == len(batches) - 20 == 2
    np.testing.assert_array_equal(rest[1][0], batches[21][0])


def test_a_checkpoint_that_was_cut_is_not_gone_on_from(tmp_path):
    folder = tmp_path / "checkpoint"
    folder.mkdir()
    for name in (
        "epoch_00002.weights.h5",
        "epoch_00002.npz",
        "within_00002_000000007.npz",
        "within_00001_000000009.weights.h5",
    ):
        (folder / name).write_bytes(b"")
    place = last_place(tmp_path)
    assert (place.epoch, place.batch, place.weights.name) == (2, 0, "epoch_00002.weights.h5")
    (folder / "within_00002_000000007.weights.h5").write_bytes(b"")
    assert last_place(tmp_path).batch == 7
    assert last_place(tmp_path / "nowhere") is None


def test_mixed_precision_ends_where_it_began(datasets, tmp_path):
    from dtmodels.configuration import Configuration
    from dtmodels.train import train_from

    configuration = Configuration.model_validate(
        {
            "format": "dtmodels-training/1",
            "model": {"kind": "cnn", "convolutions": [4], "dense": [8], "outputs": 2},
            "fit": {"epochs": 1, "batch_size": 256},
            "machine": {"precision": "mixed_bfloat16"},
        }
    )
    run = train_from(configuration, datasets[0], tmp_path / "run")
    convolution = next(layer for layer in run.model.layers if isinstance(layer, keras.layers.Conv2D))
    assert convolution.compute_dtype == "bfloat16" and convolution.variable_dtype == "float32"
    assert keras.config.dtype_policy().name == "float32"
    assert np.isfinite(run.history["val_loss"]).all()


def test_what_this_backend_cannot_do(datasets, tmp_path):
    from dtmodels.configuration import MachineSection
    from dtmodels.machine import prepared

    backend = keras.backend.backend()
    section, key = (MachineSection(deterministic=True), "deterministic: true; needs KERAS_BACKEND=tensorflow")
    if backend != "jax":
        section, key = (MachineSection(devices="all"), "devices: 'all'; needs KERAS_BACKEND=jax")
    with pytest.raises(ConfigurationError, match=f"machine.{key}, is {backend}"), prepared(section):
        pass
    assert keras.distribution.distribution() is None


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"where": "snr >"}, "where: 'snr >'"),
        ({"weights": "snr", "balance": "snr"}, "exclude each other"),
        ({"where": "depth > 1"}, "no array 'depth'"),
    ],
)
def test_views_that_cannot_be(datasets, tmp_path, data, message):
    from dtmodels.configuration import load_configuration
    from dtmodels.errors import DtmodelsError
    from dtmodels.train import train_from

    lines = "".join(f"  {key}: {value!r}\n" for key, value in data.items())
    (tmp_path / "t.yaml").write_text(
        f"format: dtmodels-training/1\ndata:\n  validation: 0.1\n{lines}model: {{kind: cnn}}\n"
    )
    with pytest.raises(DtmodelsError, match=message):
        train_from(load_configuration(tmp_path / "t.yaml"), datasets[0], tmp_path / "run")
