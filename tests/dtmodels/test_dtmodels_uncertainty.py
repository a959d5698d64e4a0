"""Networks that say how sure they are: variances that are learned, and answers with other units dropped each time."""

import keras
import numpy as np
import pytest
from fakes import fake_run
from scenes import dense
from scipy.stats import norm
from writer import write_dataset

import dtmodels as dm
from dtmodels.errors import ConfigurationError, DatasetError
from dtmodels.named import loss_of
from dtmodels.prediction.sampling import with_dropout

POSITION = {"name": "position", "kind": "points", "shape": [2], "units": "px", "axes": ["y", "x"]}


def test_the_likelihood_is_that_of_a_normal_distribution():
    generator = np.random.default_rng(1)
    true, mean, log_variance = generator.normal(size=(3, 6, 2))
    loss = float(loss_of("gaussian_likelihood")(true, np.concatenate([mean, log_variance], axis=1)))
    expected = -norm(mean, np.exp(log_variance / 2)).logpdf(true).mean() - np.log(2 * np.pi) / 2
    assert loss == pytest.approx(expected, rel=1e-5)
    with pytest.raises(ConfigurationError, match="3 outputs for 2 targets"):
        loss_of("gaussian_likelihood")(true, generator.normal(size=(6, 3)))


def noisy(count, seed=3):
    """Truths of mean 50 that the first pixel tells with an error of deviation 1 or 6, as the second says."""
    generator = np.random.default_rng(seed)
    truth, wide = generator.normal(50, 20, count), generator.integers(0, 2, count)
    image = np.zeros((count, 16), np.float32)
    image[:, 0] = (truth + np.where(wide, 6, 1) * generator.normal(size=count) - 50) / 20
    image[:, 1], image[:, 2] = 2 * wide - 1, 1  # whose weights are a difference and a mean
    return {"image": image.reshape(count, 4, 4, 1), "radius": truth.astype(np.float32), "wide": wide.astype(np.float32)}


@pytest.mark.thorough
def test_variances_are_learned_in_the_units_of_the_targets(tmp_path):
    train = write_dataset(tmp_path / "train.zarr", noisy(3000), unit=512, chunk=64)
    test = write_dataset(tmp_path / "test.zarr", noisy(2000, seed=4), seed="5", unit=512, chunk=64)
    parts = dm.open_dataset(train, inputs="image", targets="radius").split(0.1)
    options = {"loss": "gaussian_likelihood", "optimizer": {"adam": {"learning_rate": 3e-2}}, "batch_size": 64}
    run = dm.fit(dense(2, weights=np.zeros((16, 2))), *parts, epochs=25, directory=tmp_path / "run", **options)
    report = dm.evaluate(run, test, ["wide"], bins=2)
    calibration = report.numbers["network"]["calibration"]["radius"]
    assert calibration["score_deviation"] == pytest.approx(1, abs=0.1)
    predicted = dm.predict(run, noisy(2000, seed=4)["image"])
    wide = noisy(2000, seed=4)["wide"] > 0
    assert list(predicted) == ["frame", "radius", "radius_sigma"]
    assert predicted["radius_sigma"][wide].median() == pytest.approx(6, rel=0.2)
    assert predicted["radius_sigma"][~wide].median() == pytest.approx(1, rel=0.3)
    with pytest.raises(DatasetError, match="must be twice as many"):
        dm.fit(dense(1), *parts, directory=tmp_path / "one", **options)
    with pytest.raises(ConfigurationError, match="needs twice the outputs"):
        dm.fit(dense(2), *parts, directory=tmp_path / "two", loss_schedule={2: "mse"}, **options)


def dropping(rate, spatial=False):
    inputs = keras.Input((4, 4, 1))
    layer = keras.layers.SpatialDropout2D if spatial else keras.layers.Dropout
    flat = keras.layers.Flatten()(layer(rate)(inputs))
    return keras.Model(inputs, keras.layers.Dense(2, use_bias=False)(flat))


@pytest.mark.parametrize("spatial", [False, True])
def test_dropout_spreads_as_its_variance_says(tmp_path, spatial):
    """Units kept with probability 1 - p and divided by it: variance p / (1 - p) times the sum of (w x)^2."""
    run = fake_run(tmp_path / "run", dropping(0.3, spatial), field=POSITION)
    model = dm.open_run(run).model
    frames = np.random.default_rng(2).uniform(size=(3, 4, 4, 1)).astype(np.float32)
    products = frames.reshape(3, 16, 1) * model.get_weights()[0]
    expected = products.sum(axis=1)
    sigma = np.sqrt(0.3 / 0.7 * (products.sum(axis=1) ** 2 if spatial else (products**2).sum(axis=1)))
    table = dm.predict(run, frames, dropout_draws=600)
    assert list(table) == ["frame", "y", "x", "y_sigma", "x_sigma"]
    np.testing.assert_allclose(table[["y_sigma", "x_sigma"]], sigma, rtol=0.12)
    assert (np.abs(table[["y", "x"]] - expected) < 5 * sigma / np.sqrt(600)).all(axis=None)
    again = dm.predict(run, frames, dropout_draws=600)
    np.testing.assert_array_equal(table, again)
    plain = dm.predict(run, frames)
    np.testing.assert_allclose(plain[["y", "x"]], expected, rtol=1e-5, atol=1e-6)  # terms of about 1 may nearly cancel


def test_standard_deviations_are_in_pixels_of_the_frame(tmp_path):
    run = fake_run(tmp_path / "run", dropping(0.3), field=POSITION, prepared={"resize": [4, 4]})
    frames = np.kron(np.random.default_rng(2).uniform(size=(3, 4, 4)), np.ones((1, 5, 5))).astype(np.float32)[..., None]
    small = dm.predict(run, frames[:, 2::5, 2::5], dropout_draws=200)
    large = dm.predict(run, frames, dropout_draws=200)
    np.testing.assert_allclose(large[["y_sigma", "x_sigma"]], 5 * small[["y_sigma", "x_sigma"]], rtol=0.05)


@pytest.mark.thorough
def test_dropout_of_frames_in_a_sequence_and_of_volumes_is_at_work():
    recurrent = dm.models.recurrent((3, 8, 8, 1), convolutions=(8,), lstm=(8,), dense=(8,), dropout=0.5, seed=1)
    volume = dm.models.unet((8, 8, 8, 1), convolutions=(2,), base=(4,), output_convolutions=(4,), dropout=0.5, seed=1)
    for model in (recurrent, volume):
        images = np.random.default_rng(0).normal(size=(2, *model.input_shape[1:])).astype(np.float32)
        copy = with_dropout(model)
        first, second = (copy.predict(images, verbose=0) for _ in range(2))
        assert np.abs(first - second).max() > 0
        np.testing.assert_array_equal(with_dropout(model).predict(images, verbose=0), first)
        plain = keras.ops.convert_to_numpy(model(images, training=False))
        np.testing.assert_allclose(model.predict(images, verbose=0), plain, atol=1e-6)


@pytest.mark.parametrize(("draws", "message"), [(1, "dropout_draws: 1; must be at least 2"), (9, "has no dropout")])
def test_what_cannot_be(tmp_path, draws, message):
    run = fake_run(tmp_path / "run", dense(2), field=POSITION)
    with pytest.raises(ConfigurationError, match=message):
        dm.predict(run, np.zeros((2, 4, 4)), dropout_draws=draws)


def test_dropout_is_judged(tmp_path, no_figures):
    data = write_dataset(tmp_path / "test.zarr", noisy(100), seed="5", unit=512, chunk=64)
    field = {"name": "radius", "kind": "property", "shape": [], "units": "um"}
    inputs = keras.Input((4, 4, 1))
    flat = keras.layers.Flatten()(keras.layers.Dropout(0.5)(inputs))
    run = fake_run(tmp_path / "run", keras.Model(inputs, keras.layers.Dense(1)(flat)), field=field)
    report = dm.evaluate(run, data, dropout_draws=20)
    assert report.numbers["network"]["calibration"]["radius"]["score_deviation"] > 0
    with pytest.raises(ConfigurationError, match="must be at least 2"):
        dm.compare([run], data, dropout_draws=1)
