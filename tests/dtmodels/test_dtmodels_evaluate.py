"""Evaluation: right numbers, beside the radial centre, and never on examples of the training."""

import json

import numpy as np
import pandas as pd
import pytest
from spots import spots
from writer import write_dataset

import dtmodels as dm
from dtmodels.errors import DatasetError, EqualSeedWarning, TrainedExamplesError
from dtmodels.evaluation.bins import binned
from dtmodels.evaluation.measures import mean_of


@pytest.fixture(scope="module")
def report(run, datasets):
    return dm.evaluate(run.directory, datasets[1], versus=["snr"], bins=5)


def test_the_numbers_are_those_of_the_images(report, run, datasets):
    data = dm.open_dataset(datasets[1], inputs="image", targets="position")
    images, truth = data.numpy()
    network = np.hypot(*(run.model.predict(images, verbose=0) - truth).T)
    classical = np.hypot(*(dm.radial_center(images) - truth).T)
    numbers = report.numbers
    assert numbers["examples"] == 300
    assert numbers["network"]["mean_error"] == pytest.approx(network.mean(), rel=1e-4)
    assert numbers["network"]["p95"] == pytest.approx(np.percentile(network, 95), rel=1e-4)
    assert numbers["radial_center"]["mean_error"] == pytest.approx(classical.mean(), rel=1e-6)
    difference = run.model.predict(images, verbose=0) - truth
    assert numbers["network"]["x_mae"] == pytest.approx(np.abs(difference[:, 1]).mean(), rel=1e-4)
    assert numbers["columns"]["y"]["bias"] == pytest.approx(difference[:, 0].mean(), abs=1e-5)
    assert numbers["columns"]["x"]["rmse"] == pytest.approx(np.sqrt((difference[:, 1] ** 2).mean()), rel=1e-4)
    np.testing.assert_array_equal(report.examples["snr"], data.properties(["snr"])["snr"])
    np.testing.assert_array_equal(report.examples["example"], np.arange(300))


def test_files_are_written(report, run):
    folder = run.directory / "evaluation" / "test"
    assert report.directory == folder
    assert json.loads((folder / "numbers.json").read_text()) == report.numbers
    assert len(pd.read_csv(folder / "examples.csv")) == 300
    assert pd.read_csv(folder / "error_versus_snr.csv")["count"].sum() == 300
    assert report.page == folder / "report.html"
    assert (folder / "error_versus_snr.png").read_bytes().startswith(b"\x89PNG")


def test_bins():
    table, z = pd.DataFrame({"error": [1, 2, 3, 4, 5.0]}), np.array([0, 1, 2, 3, 10.0])
    error = [mean_of("mean_error", "mean error", "px", "error")]
    found = binned({"network": table}, z, "z", error, 5)
    assert found["count"].tolist() == [2, 2, 0, 0, 1]
    assert found["network_mean_error"].tolist()[:2] == [1.5, 3.5]
    assert found["network_median"].tolist()[:2] == [1.5, 3.5]
    assert np.isnan(found["network_mean_error"][2])
    assert found["z_high"].iloc[-1] == 10
    assert binned({"network": table}, np.full(5, 4.0), "z", error, 3)["count"].tolist() == [5, 0, 0]
    whole = binned({"network": table}, np.array([2, 2, 3, 4, 4]), "n", error, 10)
    assert whole["count"].tolist() == [2, 1, 2]
    assert whole["n_low"].tolist() == [1.5, 2.5, 3.5]


def test_trained_examples_are_refused(run, datasets, tmp_path):
    with pytest.raises(TrainedExamplesError, match="trained on 1980 of these 2200"):
        dm.evaluate(run, datasets[0])
    extended = write_dataset(tmp_path / "more.zarr", spots(300, 1), unit=256, chunk=32, seed="1", first=2100)
    with pytest.raises(TrainedExamplesError, match=r"chosen \(validation\) on 100 of these 300"):
        dm.evaluate(run, extended)


def test_an_equal_seed_is_warned_of(run, tmp_path):
    later = write_dataset(tmp_path / "later.zarr", spots(40, 5), unit=256, chunk=32, seed="1", first=2200)
    with pytest.warns(EqualSeedWarning, match="has the seed of the training set"):
        dm.evaluate(run, later)
    other = write_dataset(tmp_path / "other.zarr", spots(40, 5), unit=256, chunk=32, seed="1", recipe="another")
    with pytest.warns(EqualSeedWarning):
        dm.evaluate(run, other)


def test_what_does_not_fit_is_refused(run, datasets, tmp_path):
    with pytest.raises(DatasetError, match="versus: no property 'zz'; there are snr, y, x"):
        dm.evaluate(run, datasets[1], versus=["zz"])
    with pytest.raises(DatasetError, match="versus takes one"):
        dm.evaluate(run, datasets[1], versus=["position"])
    larger = write_dataset(tmp_path / "larger.zarr", spots(40, 5, size=25), unit=256, chunk=32, seed="5")
    with pytest.raises(DatasetError, match=r"inputs \(25, 25, 1\).*takes \(21, 21, 1\)"):
        dm.evaluate(run, larger)


def test_the_views_of_a_dataset_are_evaluated_alone(run, datasets, tmp_path):
    part = dm.open_dataset(datasets[1], inputs="image", targets="position")[100:160]
    found = dm.evaluate(run, part, directory=tmp_path / "part")
    assert found.examples["example"].tolist() == list(range(100, 160))
    assert found.directory == tmp_path / "part"


def test_properties_as_targets_have_no_rival(datasets, tmp_path):
    data = dm.open_dataset(datasets[0], inputs="image", targets=["snr", "position"])
    train, validation = data.split(0.1)
    model = dm.models.cnn(data.input_shape, convolutions=(4,), dense=(8,), outputs=3)
    sized = dm.fit(model, train, validation, epochs=1, directory=tmp_path / "run")
    found = dm.evaluate(sized, datasets[1], versus=["snr"])
    assert "radial_center" not in found.numbers
    assert set(found.numbers["columns"]) == {"snr", "y", "x"}
    table = dm.predict(sized, spots(3, 4)["image"])
    assert list(table.columns) == ["frame", "y", "x", "snr"]
