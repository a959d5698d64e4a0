"""The command line: the whole road, and one line for everything that goes wrong."""

import numpy as np
import pandas as pd
import pytest
from spots import spots
from writer import write_dataset

from dtmodels.cli import main

TRAINING = """
format: dtmodels-training/1
data:   {inputs: image, targets: position, validation: 0.1}
input:  {grey: true, resize: [21, 21], normalize: minmax}
model:  {kind: cnn, convolutions: [4], dense: [8], outputs: 2}
fit:    {loss: mae, optimizer: {adam: {learning_rate: 1e-3}}, epochs: 2, batch_size: 64, seed: 1}
"""


def call(*arguments):
    """Exit code of the command line."""
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return ended.value.code


@pytest.fixture
def training(tmp_path):
    path = tmp_path / "training.yaml"
    path.write_text(TRAINING)
    return path


@pytest.mark.thorough
def test_the_whole_road(training, datasets, tmp_path, capsys):
    out = tmp_path / "runs" / "spots"
    assert call("train", training, "--data", datasets[0], "--out", out) == 0
    assert "best of 2 epochs" in capsys.readouterr().out
    assert call("train", training, "--data", datasets[0], "--out", out, "--epochs", 3, "--resume") == 0
    assert "best of 3 epochs" in capsys.readouterr().out
    assert call("evaluate", out, "--data", datasets[1], "--versus", "snr") == 0
    assert "network" in capsys.readouterr().out
    np.save(tmp_path / "frames.npy", spots(4, 3)["image"])
    assert call("predict", out, tmp_path / "frames.npy", "--out", tmp_path / "tracks.csv") == 0
    assert pd.read_csv(tmp_path / "tracks.csv").columns.tolist() == ["frame", "y", "x"]
    assert call("info", out) == 0
    assert "1980 examples, validated on 220" in capsys.readouterr().out
    assert call("export-model", out, tmp_path / "spots.savedmodel") == 0
    assert "savedmodel, the same outputs as with Keras" in capsys.readouterr().out
    assert call("export", training) == 0
    compile(capsys.readouterr().out, "train.py", "exec")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("epochs: 2", "epoch: 2"), "fit.epoch: unknown key; known: loss, loss_schedule"),
        (("kind: cnn", "kind: cnm"), "model.kind: 'cnm'; known: cgan, cnn, dense"),
        (("dense", "denze"), "model.denze: unknown"),
        (("minmax", "maxmin"), "input.normalize: 'maxmin'"),
        (("validation: 0.1", "validation: 2"), "data.validation: 2"),
        (("training/1", "training/7"), "format: 'dtmodels-training/7'"),
        (("fit:", "fitt:"), "fitt: unknown key; known: format, data, input, model, fit"),
        (("seed: 1", "seed: 1, seed: 2"), "the key 'seed' stands twice"),
        (("{loss", "{{loss"), "not YAML"),
    ],
)
def test_a_wrong_training_file_is_one_line(training, capsys, change, message):
    training.write_text(TRAINING.replace(*change))
    assert call("train", training, "--data", "x.zarr", "--out", "y") == 1
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert line.startswith("dtmodels: ")
    assert message in line


@pytest.fixture
def places(run, datasets, training):
    return {"RUN": run.directory, "TRAIN": datasets[0], "TEST": datasets[1], "TRAINING": training}


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["info", "nowhere"], 1, "nowhere: no run here"),
        (["train", "nowhere.yaml", "--data", "x", "--out", "y"], 1, "nowhere.yaml: no such file"),
        (["train", "TRAINING", "--data", "nowhere.zarr", "--out", "y"], 1, "nowhere.zarr: no dataset here"),
        (["predict", "RUN", "nowhere.mp4"], 1, "nowhere.mp4: no such file"),
        (["evaluate", "RUN", "--data", "TRAIN"], 1, "the network was trained on 1980"),
        (["evaluate", "RUN", "--data", "TEST", "--versus", "zz"], 1, "no property 'zz'; there are snr, y, x"),
        (["export-model", "RUN", "TRAINING"], 1, "exists already; choose another name"),
        (["export-model", "RUN", "out", "--format", "h5"], 1, "format: 'h5'; must be one of savedmodel, onnx"),
        (["train"], 2, "Missing"),
        (["fly"], 2, "fly"),
        (["info", "x", "--wrong"], 2, "--wrong"),
    ],
)
def test_errors_are_one_line(places, capsys, arguments, code, message):
    assert call(*(places.get(argument, argument) for argument in arguments)) == code
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert message in line


def test_an_interruption_says_how_to_go_on(training, datasets, tmp_path, capsys, monkeypatch):
    def interrupted(self, epoch, logs=None):
        raise KeyboardInterrupt

    from dtmodels.callbacks import Keeper

    monkeypatch.setattr(Keeper, "on_epoch_begin", interrupted)
    assert call("train", training, "--data", datasets[0], "--out", tmp_path / "run") == 130
    assert "--resume` goes on after the last whole epoch" in capsys.readouterr().err


def test_warnings_are_one_line(run, tmp_path, capsys):
    later = write_dataset(tmp_path / "later.zarr", spots(40, 5), unit=256, chunk=32, seed="1", first=2200)
    assert call("evaluate", run.directory, "--data", later, "--out", tmp_path / "out") == 0
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("dtmodels: warning: ")
