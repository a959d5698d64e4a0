"""Training from disk: it learns, goes on after an interruption, and leaves a directory that opens anywhere."""

import json
import math
import runpy
import shutil
import subprocess
import sys

import keras
import numpy as np
import pandas as pd
import pytest

import dtmodels as dm
from dtmodels.callbacks import Keeper, epochs_since_best, learning_rate
from dtmodels.configuration import FitSection, load_configuration
from dtmodels.errors import ConfigurationError, DatasetError, RunError
from dtmodels.export import script
from dtmodels.train import train_from

TRAINING = """
format: dtmodels-training/1
data:   {inputs: image, targets: position, validation: 0.1}
input:  {grey: true, resize: [21, 21], normalize: minmax}
model:  {kind: cnn, convolutions: [4], dense: [8], outputs: 2}
fit:    {loss: mae, optimizer: {adam: {learning_rate: 2e-3}}, schedule: {cosine: {warmup: 1}}, epochs: 3, seed: 4}
"""


def small(data, seed=1):
    return dm.models.cnn(data.input_shape, convolutions=(4,), dense=(8,), outputs=2, seed=seed)


@pytest.fixture(scope="module")
def parts(datasets):
    return dm.open_dataset(datasets[0], inputs="image", targets="position").split(0.1)


def test_the_network_of_the_paper_has_98178_weights():
    model = dm.models.cnn((51, 51, 1), convolutions=(16, 32, 64), dense=(32, 32), outputs=2)
    assert model.count_params() == 98_178
    assert flattened(model) == 6 * 6 * 64
    sizing = dm.models.cnn(
        (64, 64, 2), convolutions=(32, 64, 128), dense=(64, 64), convolutions_per_pooling=2, dropout=0.2
    )
    assert flattened(sizing) == 8 * 8 * 128


def flattened(model):
    return next(layer for layer in model.layers if isinstance(layer, keras.layers.Flatten)).output.shape[1]


def test_equal_seeds_give_equal_weights(parts):
    first, second, other = (small(parts[0], seed).get_weights() for seed in (1, 1, 2))
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)
    assert any((a != b).any() for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"pooling": "min"}, "cnn.pooling"),
        ({"dropout": 1.0}, "cnn.dropout"),
        ({"dense": (0,)}, "cnn.dense"),
        ({"convolutions": (4,) * 6}, "poolings leave nothing"),
        ({"kind": "cnm"}, "known: .*cnn, dense"),
        ({"filters": 3}, "model.filters: unknown"),
    ],
)
def test_networks_that_cannot_be(arguments, message):
    with pytest.raises(ConfigurationError, match=message):
        dm.models.build({"kind": "cnn", **arguments}, (21, 21, 1))


def test_it_learns_where_the_spots_are(run):
    """Far better than the mean position, whose mean error is over 2 pixels."""
    best = run.history["val_euclidean_error"].min()
    assert best < 0.15
    assert run.record["best"]["epoch"] == int(run.history["epoch"][run.history["val_loss"].idxmin()])


def test_the_directory_tells_everything(run, datasets):
    names = {path.name for path in run.directory.iterdir()}
    assert {"model.keras", "run.json", "training.yaml", "history.csv", "checkpoint"} <= names
    assert ("logs" in names) == (keras.backend.backend() == "tensorflow")
    record = json.loads((run.directory / "run.json").read_text())
    data = dm.open_dataset(datasets[0], inputs="image", targets="position")
    assert record["training"]["dataset"] == data.identity
    assert record["training"]["train_ranges"] == [[0, 1980]]
    assert record["training"]["validation_ranges"] == [[1980, 2200]]
    assert record["training"]["seed"] == 1
    assert record["versions"]["keras"] == keras.__version__
    assert record["targets"][0]["axes"] == ["y", "x"]
    low, high = record["input"]["normalize"]["minmax"]
    images = data.numpy(np.arange(256))[0]
    assert low == pytest.approx(images.min(axis=(1, 2, 3)).mean(), abs=1e-4)
    assert high == pytest.approx(images.max(axis=(1, 2, 3)).mean(), abs=1e-4)
    configuration = load_configuration(run.directory / "training.yaml")
    assert configuration.model == {"kind": "cnn", "convolutions": [8, 16], "dense": [32], "outputs": 2, "seed": 1}
    if keras.backend.backend() == "tensorflow":
        assert list((run.directory / "logs" / "train").glob("events.*"))


def test_it_opens_elsewhere_with_keras_alone(run, datasets, tmp_path):
    """A copy of the directory, in a process that has neither dtmodels nor the dataset."""
    shutil.copytree(run.directory, tmp_path / "copied")
    images, targets = dm.open_dataset(datasets[1], inputs="image", targets="position").numpy(np.arange(20))
    np.save(tmp_path / "images.npy", images)
    code = (
        "import sys, keras, numpy; model = keras.models.load_model('copied/model.keras'); "
        "numpy.save('outputs.npy', model.predict(numpy.load('images.npy'), verbose=0)); "
        "assert not any(name.startswith('dtmodels') for name in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True)
    outputs = np.load(tmp_path / "outputs.npy")
    np.testing.assert_allclose(outputs, run.model.predict(images, verbose=0), atol=1e-4)
    assert np.abs(outputs - targets).mean() < 0.2
    assert dm.open_run(tmp_path / "copied").finished


def test_importing_dtmodels_does_not_import_tensorflow():
    code = (
        "import sys, dtmodels; print([m for m in ('keras', 'tensorflow', 'matplotlib', 'simcore') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "[]"


def test_a_training_goes_on_as_if_it_had_not_stopped(parts, tmp_path):
    options = {"epochs": 4, "batch_size": 64, "seed": 3, "schedule": "cosine"}
    whole = dm.fit(small(parts[0]), *parts, directory=tmp_path / "whole", **options)

    stopped = interrupted_fit(2, small(parts[0]), *parts, directory=tmp_path / "parted", **options)
    assert len(stopped.history) == 2
    assert not stopped.finished
    resumed = dm.fit(small(parts[0], seed=9), *parts, directory=tmp_path / "parted", resume=True, **options)
    assert resumed.finished
    columns = ["epoch", "loss", "val_loss", "learning_rate"]
    np.testing.assert_allclose(resumed.history[columns], whole.history[columns], rtol=2e-3)
    again = dm.fit(small(parts[0]), *parts, directory=tmp_path / "parted", resume=True, **options)
    pd.testing.assert_frame_equal(again.history, resumed.history)


def interrupted_fit(after, *arguments, directory, **options):
    """A training that is interrupted in the epoch that follows ``after`` epochs, as by Ctrl-C."""
    kept = Keeper.on_epoch_begin

    def interrupted(self, epoch, logs=None):
        kept(self, epoch, logs)
        if epoch == after:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Keeper, "on_epoch_begin", interrupted)
        dm.fit(*arguments, directory=directory, **options)
    return dm.open_run(directory)


def test_a_run_is_not_overwritten_unasked(run, parts):
    with pytest.raises(RunError, match="holds a run already"):
        dm.fit(small(parts[0]), *parts, directory=run.directory)
    with pytest.raises(RunError, match="cannot be resumed: seed is 2, was 1"):
        dm.fit(
            small(parts[0]), *parts, directory=run.directory, resume=True, seed=2, batch_size=32,
            optimizer={"adam": {"learning_rate": 3e-3}},
        )  # fmt: skip


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"loss": "maee"}, "fit.loss"),
        ({"optimizer": "adamm"}, "fit.optimizer: 'adamm'; unknown; known: .*adam"),
        ({"optimizer": {"adam": {"rate": 1}}}, "fit.optimizer"),
        ({"epochs": 0}, "fit: epochs: 0"),
        ({"schedule": "cosinus"}, "fit: schedule"),
        ({"input": {"size": 3}}, "input: size: unknown key; known: grey, crop, resize, normalize"),
    ],
)
def test_arguments_that_cannot_be(parts, tmp_path, options, message):
    with pytest.raises(ConfigurationError, match=message):
        dm.fit(small(parts[0]), *parts, directory=tmp_path / "run", **options)


def test_a_network_of_another_shape_is_refused(parts, tmp_path):
    with pytest.raises(DatasetError, match=r"image has the shape \(21, 21, 1\); the network takes \(20, 20, 1\)"):
        dm.fit(dm.models.cnn((20, 20, 1)), *parts, directory=tmp_path)
    with pytest.raises(DatasetError, match=r"position has the shape \(2,\); the network gives \(3,\)"):
        dm.fit(dm.models.cnn((21, 21, 1), outputs=3), *parts, directory=tmp_path)


def test_any_keras_model_trains_in_the_units_of_the_targets(parts, tmp_path):
    """A linear model that starts at zero: with standardised targets it starts at their mean."""
    model = keras.Sequential(
        [keras.Input((21, 21, 1)), keras.layers.Flatten(), keras.layers.Dense(2, kernel_initializer="zeros")]
    )
    run = dm.fit(
        model, *parts, epochs=1, batch_size=512, loss="euclidean_distance", optimizer={"sgd": {"learning_rate": 1e-9}},
        directory=tmp_path / "keras",
    )  # fmt: skip
    mean = parts[0].numpy()[1].mean(axis=0)
    np.testing.assert_allclose(run.model.predict(parts[1].numpy()[0], verbose=0), np.tile(mean, (220, 1)), atol=1e-3)
    assert run.model.count_params() == model.count_params()
    expected = np.hypot(*(parts[1].numpy()[1] - mean).T).mean()
    assert run.history["val_loss"][0] == pytest.approx(expected, rel=1e-3)
    assert run.history["val_euclidean_error"][0] == pytest.approx(expected, rel=1e-3)
    assert load_error(run).startswith("model.kind: 'keras'; known: ")


def load_error(run):
    with pytest.raises(ConfigurationError) as error:
        load_configuration(run.directory / "training.yaml")
    return str(error.value).split("training.yaml: ")[1]


def test_learning_rates():
    cosine = FitSection.model_validate({"schedule": {"cosine": {"final": 0.1, "warmup": 2}}, "epochs": 12})
    rates = [learning_rate(cosine, 1.0, [{}] * k) for k in range(12)]
    np.testing.assert_allclose(rates[:3], [1 / 3, 2 / 3, 1])
    np.testing.assert_allclose(rates[7], 0.1 + 0.9 * 0.5)
    assert rates[11] == pytest.approx(0.1 + 0.45 * (1 + math.cos(0.9 * math.pi)))
    within = [learning_rate(cosine, 1.0, [{}] * 5, share) for share in (0, 0.25, 1)]
    assert within[0] == rates[5] and within[2] == rates[6]
    assert within[1] == pytest.approx(0.1 + 0.45 * (1 + math.cos(3.25 / 10 * math.pi)))
    plateau = FitSection.model_validate(
        {"schedule": {"reduce_on_plateau": {"factor": 0.1, "patience": 2, "minimum": 5e-3}}}
    )
    losses = [5, 4, 4, 4, 3, 3, 3, 3, 3]
    rows = [{"val_loss": loss} for loss in losses]
    rates = [learning_rate(plateau, 1.0, rows[:k]) for k in range(len(rows) + 1)]
    np.testing.assert_allclose(rates, [1, 1, 1, 1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.005])
    assert epochs_since_best(rows) == 4


def test_a_cosine_falls_from_batch_to_batch(parts, tmp_path):
    """A bias far above its targets moves by half the rate in each batch: mean absolute error of two numbers, plain descent."""
    inputs = keras.Input(parts[0].input_shape)
    last = keras.layers.Dense(2, bias_initializer=keras.initializers.Constant(1000.0))
    model = keras.Model(inputs, last(keras.layers.Flatten()(keras.layers.Rescaling(0.0)(inputs))))
    options = {
        "epochs": 3,
        "batch_size": 100,
        "schedule": {"cosine": {"warmup": 1, "final": 0.1}},
        "standardize_targets": False,
    }
    fitted = dm.fit(model, *parts, optimizer={"sgd": {"learning_rate": 2.0}}, directory=tmp_path / "run", **options)
    section = FitSection.model_validate(options)
    batches = math.ceil(len(parts[0]) / 100)
    rates = [[learning_rate(section, 2.0, [{}] * k, b / batches) for b in range(batches)] for k in range(3)]
    assert batches > 2 and len(set(rates[1])) == batches
    np.testing.assert_allclose(fitted.model.layers[-1].get_weights()[1], 1000 - np.sum(rates) / 2, rtol=1e-6)
    np.testing.assert_allclose(fitted.history["learning_rate"], [each[-1] for each in rates], rtol=1e-6)


@pytest.mark.thorough
def test_overwriting_starts_afresh(parts, tmp_path):
    options = {"epochs": 1, "batch_size": 256, "directory": tmp_path / "run"}
    dm.fit(small(parts[0]), *parts, **options)
    (tmp_path / "run" / "evaluation").mkdir()
    again = dm.fit(small(parts[0], seed=2), *parts, overwrite=True, **options)
    assert len(again.history) == 1
    assert not (tmp_path / "run" / "evaluation").exists()


def test_early_stopping(parts, tmp_path):
    frozen = {"sgd": {"learning_rate": 0.0}}
    run = dm.fit(small(parts[0]), *parts, epochs=50, early_stopping=2, optimizer=frozen, directory=tmp_path / "run")
    assert run.finished
    assert len(run.history) == 3


def test_a_loss_that_explodes_is_told(parts, tmp_path):
    with pytest.raises(RunError, match="not finite in epoch"):
        dm.fit(
            small(parts[0]), *parts, epochs=8, loss="mse", optimizer={"sgd": {"learning_rate": 1e18}},
            directory=tmp_path / "run",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("loss", "outputs"), [("mae", 2), pytest.param("gaussian_likelihood", 4, marks=pytest.mark.thorough)]
)
def test_the_exported_script_trains_the_same(datasets, tmp_path, monkeypatch, loss, outputs):
    text = TRAINING.replace("loss: mae", f"loss: {loss}").replace("outputs: 2", f"outputs: {outputs}")
    (tmp_path / "training.yaml").write_text(text)
    configuration = load_configuration(tmp_path / "training.yaml")
    run = train_from(configuration, datasets[0], tmp_path / "run")
    source = script(configuration, str(datasets[0]))
    (tmp_path / "train.py").write_text(source)
    monkeypatch.chdir(tmp_path)
    trained = runpy.run_path(str(tmp_path / "train.py"))["model"]
    assert trained.history.history["val_loss"] == pytest.approx(run.history["val_loss"].tolist(), rel=2e-3)
    assert trained.count_params() == run.record["weights"]
    assert "dm.fit" not in source
    assert "dm.models" not in source


def test_images_that_are_learned_are_scaled_by_channel(datasets, tmp_path):
    parts = dm.open_dataset(datasets[0], inputs="image", targets="image").split(0.1)
    inputs = keras.Input(parts[0].input_shape)
    model = keras.Model(inputs, keras.layers.Conv2D(1, 1)(inputs))
    run = dm.fit(model, *parts, epochs=1, batch_size=256, directory=tmp_path / "run")
    images, _ = parts[0].numpy()
    assert run.record["target_scale"]["offset"] == pytest.approx([images.mean(dtype=float)], rel=1e-3)
    assert run.record["target_scale"]["scale"] == pytest.approx([images.std(dtype=float)], rel=1e-3)
    expected = images[:4] * model.get_weights()[0].item() + model.get_weights()[1].item()
    found = run.model.predict(images[:4], verbose=0)
    np.testing.assert_allclose(
        found, expected * images.std(dtype=float) + images.mean(dtype=float), rtol=1e-3, atol=1e-4
    )
