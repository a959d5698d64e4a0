"""Whole evaluations of every kind of output, with networks whose answers are known in advance."""

import json

import numpy as np
import pandas as pd
import pytest
from fakes import fake_run, gaussians, identity
from scenes import MASK, POINTS, dense, scenes
from spots import spots
from writer import write_dataset

import dtmodels as dm
from dtmodels.errors import TrainedExamplesError
from dtmodels.evaluation.pictures import structural_similarity

pytestmark = pytest.mark.usefixtures("no_figures")


def test_detections(particles, tmp_path):
    report = dm.evaluate(*particles, ["brightness"], judging={"threshold": 0.05}, bins=3, directory=tmp_path)
    found = report.numbers["network"]
    assert report.numbers["task"] == "detections"
    assert found["precision"] == 1 and found["recall"] == 0.8 and found["jaccard"] == 0.8
    assert found["f1"] == pytest.approx(2 * 0.8 / 1.8)
    assert found["f1_low"] == found["f1_high"] == pytest.approx(found["f1"])  # the same in every example
    assert found["rmse"] < 0.03
    assert len(report.particles) == 150
    assert report.tables["brightness"]["count"].sum() == 30
    text = (tmp_path / "report.html").read_text()
    assert "components above 0.05, paired with position within 3 px" in text


def test_dim_particles_need_not_be_found(particles, tmp_path):
    bright = dm.evaluate(*particles, judging={"threshold": 0.05}, where="particle_snr >= 6", directory=tmp_path)
    assert bright.numbers["network"]["recall"] == 1 and bright.numbers["network"]["precision"] == 1
    assert len(bright.particles) == 120
    alone = dm.evaluate(*particles, judging={"threshold": 0.05}, where="neighbor_distance > 17.5", directory=tmp_path)
    assert 0 < len(alone.particles) < 150
    assert alone.numbers["network"]["precision"] == 1  # what is found of the others is no false alarm


def test_recall_against_a_property_of_particles(particles, tmp_path):
    versus = ["particle_snr", "neighbor_distance"]
    report = dm.evaluate(*particles, versus, judging={"threshold": 0.05}, bins=7, directory=tmp_path)
    table = report.tables["particle_snr"]
    assert table["network_recall"].iloc[0] == 0 and (table["network_recall"].dropna().iloc[1:] == 1).all()
    assert table["count"].tolist() == [30, 0, 0, 0, 30, 30, 60]
    assert report.tables["neighbor_distance"]["count"].sum() == 150


def test_false_alarms_and_far_ones(tmp_path):
    """Truth moved by two pixels: all found within 3 px, with that RMSE; none within 1 px."""
    arrays = scenes(12)
    arrays["position"] = arrays["position"][:, :4] + np.float32([0, 2])
    arrays = {name: arrays[name] for name in ("image", "mask", "position")}
    data = write_dataset(tmp_path / "moved.zarr", arrays, seed="5", attributes={"mask": MASK, "position": POINTS})
    run = fake_run(tmp_path / "run", identity(), field=MASK)
    near = dm.evaluate(run, data, judging={"threshold": 0.05}).numbers["network"]
    assert near["rmse"] == pytest.approx(2, abs=0.02) and near["f1"] == 1
    far = dm.evaluate(run, data, judging={"threshold": 0.05, "match_radius": 1}).numbers["network"]
    assert far["f1"] == 0 and far["precision"] == 0 and np.isnan(far["rmse"])


def test_trackpy_beside_a_network(particles, tmp_path):
    pytest.importorskip("trackpy", reason="trackpy is an optional extra")
    run, data = particles
    contenders = [run, {"trackpy": {"diameter": 9}}]
    report = dm.compare(contenders, data, judging={"threshold": 0.05}, directory=tmp_path)
    assert report.numbers["trackpy"]["recall"] == 0.8
    assert report.numbers["trackpy"]["rmse"] < 0.1
    assert report.numbers["differences"]["trackpy"]["measure"] == "f1"


def volumes(count):
    generator = np.random.default_rng(8)
    z = generator.uniform(6, 26, (count, 2))
    yx = np.array([(9, 9), (25, 22)]) + generator.uniform(-2, 2, (count, 2, 2))
    plane = (z - 2) / 28 * 28 - 0.5
    places = np.concatenate([yx, plane[..., None]], axis=-1)
    volume = np.array([gaussians(one, (34, 32, 28), 1.5) for one in places], np.float32)
    position = np.concatenate([z[..., None], yx], axis=-1).astype(np.float32)
    return {"image": volume, "volume": volume > 0.5, "position": position}


def test_particles_in_a_volume(tmp_path):
    """Z comes from the attribute of the target, or is said; 28 planes over 28 um."""
    points = {"kind": "points", "units": "px", "axes": ["z", "y", "x"]}
    target = {"kind": "mask", "description": "scene >> SphereVolume", "z": [2.0, 30.0]}
    arrays = volumes(6)
    data = write_dataset(tmp_path / "a.zarr", arrays, seed="5", attributes={"volume": target, "position": points})
    run = fake_run(tmp_path / "run", identity(28), field=target | {"name": "volume", "shape": [34, 32, 28]})
    found = dm.evaluate(run, data, judging={"threshold": 0.02}).numbers["network"]
    assert found["f1"] == 1 and found["rmse"] < 0.02 and found["z_rmse"] < 0.02
    shifted = dm.evaluate(run, data, judging={"threshold": 0.02, "z": (2.5, 30.5)}).numbers["network"]
    assert shifted["z_rmse"] == pytest.approx(0.5, abs=0.02)
    assert dm.evaluate(run, data, judging={"threshold": 0.02, "z": (4, 32)}).numbers["network"]["f1"] == 0


def pixels(count, sigma=0.1, seed=6):
    """Images whose first two pixels are noisy truths and whose third is the logarithm of the noise's variance."""
    generator = np.random.default_rng(seed)
    noise = generator.uniform(0.5, 2, count) * sigma
    truth = generator.uniform(1, 2, (count, 2))
    image = np.zeros((count, 16))
    image[:, :2] = truth + noise[:, None] * generator.normal(size=(count, 2))
    image[:, 2] = np.log(noise**2)
    arrays = {"image": image.reshape(count, 4, 4, 1), "radius": truth[:, 0], "index": truth[:, 1], "noise": noise}
    return {name: values.astype(np.float32) for name, values in arrays.items()}


RADIUS = {"name": "radius", "kind": "property", "shape": [], "units": "um"}
INDEX = {"name": "index", "kind": "property", "shape": [], "units": "1"}


def test_uncertainties_that_are_right(tmp_path, drawn):
    """The network says the two noisy truths, and for both the logarithm of the variance that the noise has."""
    data = write_dataset(tmp_path / "test.zarr", pixels(1500), seed="5", unit=512, chunk=64)
    weights = np.zeros((16, 4))
    weights[0, 0] = weights[1, 1] = weights[2, 2] = weights[2, 3] = 1
    run = fake_run(tmp_path / "run", dense(4, weights=weights), fields=[RADIUS, INDEX])
    report = dm.evaluate(run, data, ["noise"])
    for name in ("radius", "index"):
        found = report.numbers["network"]["calibration"][name]
        assert found["score_deviation"] == pytest.approx(1, abs=0.06)
        assert found["coverage_90"] == pytest.approx(0.9, abs=0.03)
    assert report.numbers["network"]["radius_rmse"] == pytest.approx(
        np.sqrt((pixels(1500)["noise"] ** 2).mean()), rel=0.06
    )
    assert (report.directory / "calibration.png").is_file()
    assert len(pd.read_csv(report.directory / "calibration_network_radius.csv")) == 19
    assert "score deviation" in report.page.read_text()
    table = report.tables["noise"]
    centre = (table["noise_low"] + table["noise_high"]) / 2
    np.testing.assert_allclose(table["network_radius_mae"], np.sqrt(2 / np.pi) * centre, rtol=0.2)


def test_an_ensemble_says_how_sure_it_is(tmp_path):
    """Four networks that read four equally noisy pixels: their mean is as wrong as their spread over two says."""
    generator = np.random.default_rng(9)
    truth = generator.uniform(1, 2, 800)
    image = np.zeros((800, 16), np.float32)
    image[:, :4] = truth[:, None] + 0.1 * generator.normal(size=(800, 4))
    arrays = {"image": image.reshape(800, 4, 4, 1), "radius": truth.astype(np.float32)}
    data = write_dataset(tmp_path / "test.zarr", arrays, seed="5", unit=256, chunk=64)
    runs = [fake_run(tmp_path / f"run{k}", dense(1, weights=np.eye(16)[:, [k]]), field=RADIUS) for k in range(4)]
    report = dm.compare([runs[0], runs], data, directory=tmp_path / "report")
    assert report.numbers["contenders"] == ["run0", "ensemble_of_4"]
    assert report.numbers["ensemble_of_4"]["radius_rmse"] == pytest.approx(0.05, rel=0.08)
    assert report.numbers["run0"]["radius_rmse"] == pytest.approx(0.1, rel=0.08)
    # The error of the mean of four over their spread: half of a number of Student's distribution with 3 degrees of freedom.
    assert report.numbers["ensemble_of_4"]["calibration"]["radius"]["score_deviation"] == pytest.approx(
        np.sqrt(3) / 2, rel=0.2
    )
    found = report.numbers["differences"]["ensemble_of_4"]
    assert found["high"] < 0 and found["count"] == 800


def test_classes(tmp_path, drawn):
    image = np.zeros((60, 4, 4, 1), np.float32)
    label = np.arange(60) % 3
    said = np.where(np.arange(60) < 6, (label + 1) % 3, label)
    image[np.arange(60), 0, said, 0] = 1
    data = write_dataset(tmp_path / "test.zarr", {"image": image, "label": label}, seed="5")
    field = {"name": "label", "kind": "property", "shape": []}
    weights = np.eye(16)[:, :3]
    run = fake_run(tmp_path / "run", dense(3, weights=weights), field=field, loss="sparse_categorical_crossentropy")
    report = dm.evaluate(run, data, ["label"])
    assert report.numbers["network"]["accuracy"] == 0.9
    assert report.tables["label"]["count"].tolist() == [20, 20, 20]
    matrix = pd.read_csv(report.directory / "confusion_network.csv").to_numpy()
    np.testing.assert_array_equal(matrix, [[18, 2, 0], [0, 18, 2], [2, 0, 18]])


def test_densities_masks_and_images(tmp_path, drawn):
    """A network that gives its input back, judged by targets that are its input plus what is known."""
    images = scenes(20)["image"] * np.linspace(0.9, 1.1, 20, dtype=np.float32)[:, None, None, None]
    density = {"kind": "image", "description": "scene >> GaussianDensity"}
    arrays = {"image": images, "density": images * 1.25, "mask": images > 0.5, "clean": images + np.float32(0.1)}
    attributes = {
        "density": density,
        "mask": {"kind": "mask", "description": "InstanceMask"},
        "clean": {"kind": "image"},
    }
    data = write_dataset(tmp_path / "test.zarr", arrays, seed="5", attributes=attributes)
    runs = {
        name: fake_run(tmp_path / name, identity(), field=attributes[name] | {"name": name})
        for name in ("density", "mask", "clean")
    }
    counts = dm.evaluate(runs["density"], data).numbers
    assert counts["task"] == "counts"
    assert counts["network"]["relative_error"] == pytest.approx(0.2, abs=1e-5)
    assert counts["network"]["bias"] == pytest.approx(-0.25 * images.sum(axis=(1, 2, 3)).mean(), rel=1e-5)
    assert counts["network"]["correlation"] == pytest.approx(1)
    masks = dm.evaluate(runs["mask"], data, judging={"threshold": 0.5}).numbers
    assert masks["task"] == "masks" and masks["network"]["dice"] == 1
    assert dm.evaluate(runs["mask"], data, judging={"threshold": 0.1}).numbers["network"]["dice"] < 0.7
    clean = dm.evaluate(runs["clean"], data).numbers
    assert clean["task"] == "images" and clean["network"]["mae"] == pytest.approx(0.1, abs=1e-6)
    similar = [structural_similarity(one + np.float32(0.1), one) for one in images]
    assert clean["network"]["ssim"] == pytest.approx(np.mean(similar), rel=1e-6)


def test_the_gaussian_fit_reaches_the_bound(run, tmp_path):
    """Spots of height 1 and sigma 2 px: each coordinate varies by 2 / pi times the noise's variance at least."""
    arrays = spots(400, 11)
    arrays["position_bound"] = (np.sqrt(2 / np.pi) / arrays["snr"]).astype(np.float32)
    data = write_dataset(tmp_path / "test.zarr", arrays, seed="12", unit=128, chunk=32)
    report = dm.compare([run, "radial_center", "gaussian_fit"], data, ["snr"], bins=4, directory=tmp_path / "report")
    fitted, least = report.numbers["gaussian_fit"]["mean_error"], report.examples["bound_error"].mean()
    assert fitted == pytest.approx(least, rel=0.06)
    assert report.numbers["radial_center"]["mean_error"] > 1.05 * least
    assert report.numbers["differences"]["gaussian_fit"]["high"] < 0
    assert "bound_mean_error" in report.tables["snr"]
    assert json.loads((tmp_path / "report" / "numbers.json").read_text()) == report.numbers


def test_the_gaussian_fit_finds_dark_spots_and_gives_up_on_none(tmp_path):
    arrays = spots(20, 12, noise=0.02)
    np.testing.assert_allclose(dm.gaussian_fit(5 - 3 * arrays["image"]), arrays["position"], atol=0.05)
    assert np.isnan(dm.gaussian_fit(np.ones((2, 9, 9)))).all()


def test_where_keeps_examples(run, datasets, tmp_path):
    report = dm.evaluate(run, datasets[1], ["snr"], where="snr > 50", directory=tmp_path)
    snr = dm.open_dataset(datasets[1], "image").properties(["snr"])["snr"]
    assert report.numbers["examples"] == (snr > 50).sum() == len(report.examples)
    assert (report.examples["snr"] > 50).all()
    assert "snr &gt; 50" in (tmp_path / "report.html").read_text()


def test_members_of_a_mixture_are_known(run, datasets, tmp_path):
    """A network trained on a mixture is not judged by examples of either member; nor a mixture that holds some of them."""
    other = write_dataset(tmp_path / "other.zarr", spots(100, 21), seed="21")
    opened = [dm.open_dataset(path, inputs="image", targets="position") for path in (datasets[0], other)]
    with pytest.raises(TrainedExamplesError, match="trained on 1980 of these 2300"):
        dm.evaluate(run, dm.mix(opened))
    trained = dm.mix([opened[0][:50], opened[1]])
    record = json.loads((run.directory / "run.json").read_text())
    identity = json.loads(json.dumps(trained.identity))
    record["training"] |= {"dataset": identity, "train_ranges": trained.ranges, "validation_dataset": identity}
    record["training"]["validation_ranges"] = []
    mixed = tmp_path / "mixed"
    mixed.mkdir()
    (mixed / "model.keras").write_bytes((run.directory / "model.keras").read_bytes())
    (mixed / "run.json").write_text(json.dumps(record))
    with pytest.raises(TrainedExamplesError, match="trained on 100 of these 100"):
        dm.evaluate(mixed, other)
    with pytest.raises(TrainedExamplesError, match="trained on 50 of these 2200"):
        dm.evaluate(mixed, datasets[0])
    assert dm.evaluate(mixed, datasets[1]).numbers["examples"] == 300
