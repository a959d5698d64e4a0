"""Losses that change at an epoch, metrics by name, labels as targets, which network is kept."""

import keras
import numpy as np
import pytest
from spots import spots
from test_dtmodels_train import interrupted_fit
from writer import write_dataset

import dtmodels as dm
from dtmodels.callbacks import Keeper, learning_rate, rows_of_stages
from dtmodels.configuration import Configuration, FitSection, load_configuration
from dtmodels.errors import ConfigurationError, DatasetError

STAGES = {"loss": {"weighted_binary_crossentropy": {"positive": 10}}, "loss_schedule": {2: "binary_crossentropy"}}


@pytest.fixture(scope="module")
def masks(tmp_path_factory):
    """Images of 8 x 8 with a bright spot, the mask of its pixels, and in which quarter it lies."""
    arrays = spots(240, 1, size=8)
    mask = (arrays["image"] > 0.6).astype(np.float32)
    middle = arrays["position"] > 3.5
    arrays = {"image": arrays["image"], "mask": mask, "quarter": (2 * middle[:, 0] + middle[:, 1]).astype(np.int64)}
    return write_dataset(tmp_path_factory.mktemp("masks") / "masks.zarr", arrays, unit=64, chunk=16)


@pytest.fixture(scope="module")
def parts(masks):
    return {name: dm.open_dataset(masks, inputs="image", targets=name).split(0.2) for name in ("mask", "quarter")}


def small(seed=1):
    return dm.models.unet((8, 8, 1), convolutions=(4,), base=(4,), output_convolutions=(), seed=seed)


@pytest.fixture(scope="module")
def whole(parts, tmp_path_factory):
    """Two epochs under the first loss, one under the second."""
    folder = tmp_path_factory.mktemp("staged") / "run"
    return dm.fit(small(), *parts["mask"], **STAGES, epochs=3, keep="last", directory=folder)


def test_a_loss_changes_at_its_epoch(parts, whole):
    """The last validation loss is that of the network under the second loss."""
    images, masks = parts["mask"][1].numpy()
    predicted = whole.model.predict(images, verbose=0)
    entropy = -np.where(masks > 0, np.log(predicted), np.log(1 - predicted))
    assert whole.history["val_loss"][2] == pytest.approx(entropy.mean(), rel=1e-3)
    assert whole.history["val_loss"][1] > 1.5 * whole.history["val_loss"][2]
    assert whole.record["best"]["epoch"] == 3


@pytest.mark.thorough
def test_one_loss_given_twice_is_one_training(parts, tmp_path):
    """The optimizer goes on with its state: the same numbers as without a change."""
    plain = dm.fit(small(), *parts["mask"], loss="mse", epochs=2, directory=tmp_path / "plain")
    staged = dm.fit(small(), *parts["mask"], loss="mse", loss_schedule={1: "mse"}, epochs=2, directory=tmp_path / "two")
    columns = ["epoch", "loss", "val_loss"]
    np.testing.assert_allclose(staged.history[columns], plain.history[columns], rtol=1e-6)


@pytest.mark.thorough
@pytest.mark.parametrize("after", [1, 2])
def test_it_goes_on_before_and_at_the_change(parts, whole, tmp_path, after):
    interrupted_fit(after, small(), *parts["mask"], directory=tmp_path / "parted", **STAGES, epochs=3)
    resumed = dm.fit(small(9), *parts["mask"], directory=tmp_path / "parted", resume=True, **STAGES, epochs=3)
    columns = ["epoch", "loss", "val_loss"]
    np.testing.assert_allclose(resumed.history[columns], whole.history[columns], rtol=1e-4)


@pytest.mark.thorough
def test_it_goes_on_within_an_epoch_of_the_second_loss(parts, whole, tmp_path, monkeypatch):
    options = {**STAGES, "epochs": 3, "checkpoint_seconds": 0, "directory": tmp_path / "parted"}
    kept = Keeper.on_train_batch_end

    def interrupted(self, batch, logs=None):
        kept(self, batch, logs)
        if len(self.rows) == 2 and batch == 1:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Keeper, "on_train_batch_end", interrupted)
        dm.fit(small(), *parts["mask"], **options)
    resumed = dm.fit(small(9), *parts["mask"], resume=True, **options)
    columns = ["epoch", "loss", "val_loss"]
    np.testing.assert_allclose(resumed.history[columns], whole.history[columns], rtol=1e-4)


def test_best_early_and_plateaus_count_within_a_stage():
    section = FitSection.model_validate(
        {"loss_schedule": {3: "mse"}, "epochs": 9, "schedule": {"reduce_on_plateau": {"factor": 0.1, "patience": 2}}}
    )
    assert section.stages() == [(0, 3, "mae"), (3, 9, "mse")]
    rows = [{"val_loss": loss} for loss in (1, 2, 2, 30, 20, 20, 20)]
    assert [len(part) for part in rows_of_stages(section, rows)] == [3, 4]
    rates = [learning_rate(section, 1.0, rows[:k]) for k in range(8)]
    np.testing.assert_allclose(rates, [1, 1, 1, 0.1, 0.1, 0.1, 0.1, 0.01])
    assert FitSection.model_validate({"loss_schedule": {30: "mse"}, "epochs": 9}).stages() == [(0, 9, "mae")]


def test_the_best_of_a_later_stage_is_kept_though_its_loss_is_higher(parts, tmp_path):
    run = dm.fit(small(), *parts["mask"], loss="mse", loss_schedule={1: "bce"}, epochs=2, directory=tmp_path / "run")
    assert run.history["val_loss"][1] > run.history["val_loss"][0]
    assert run.record["best"]["epoch"] == 2
    images, masks = parts["mask"][1].numpy()
    predicted = run.model.predict(images, verbose=0)
    expected = -np.where(masks > 0, np.log(predicted), np.log(1 - predicted)).mean()
    assert run.history["val_loss"][1] == pytest.approx(expected, rel=1e-3)


def test_stages_stand_in_the_training_file(tmp_path):
    path = tmp_path / "training.yaml"
    path.write_text(
        "format: dtmodels-training/1\nmodel: {kind: unet}\n"
        "fit: {loss: {weighted_binary_crossentropy: {positive: 10}}, loss_schedule: {10: binary_crossentropy}, epochs: 110}"
    )
    read = load_configuration(path)
    assert read.fit.stages()[1] == (10, 110, "binary_crossentropy")
    path.write_text(read.to_yaml())
    assert load_configuration(path) == read
    assert isinstance(read, Configuration)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"loss_schedule": {0: "mse"}}, "fit: loss_schedule: .*numbers of epochs done, from 1"),
        ({"loss_schedule": {1: "msee"}}, "fit.loss: 'msee'; unknown"),
        ({"metrics": ["dicee"]}, "fit.metrics: 'dicee'"),
        ({"keep": "first"}, "fit: keep: 'first'"),
    ],
)
def test_stages_that_cannot_be(parts, tmp_path, options, message):
    with pytest.raises(ConfigurationError, match=message):
        dm.fit(small(), *parts["mask"], directory=tmp_path / "run", **options)
    assert not (tmp_path / "run").exists()


def test_metrics_by_name_stand_in_the_history(parts, tmp_path):
    metrics = ["counting_error", {"binary_accuracy": {"threshold": 0.3}}]
    run = dm.fit(small(), *parts["mask"], loss="bce", metrics=metrics, epochs=1, directory=tmp_path / "run")
    images, masks = parts["mask"][1].numpy()
    predicted = run.model.predict(images, verbose=0)
    counted = np.abs((predicted - masks).sum(axis=(1, 2, 3))).mean()
    assert run.history["val_counting_error"][0] == pytest.approx(counted, rel=1e-3)
    assert run.history["val_binary_accuracy"][0] == pytest.approx(((predicted > 0.3) == masks).mean(), rel=1e-3)


def test_weights_of_examples_apply_to_masks(masks, tmp_path):
    """One epoch without any change of the network: its loss is the weighted mean of the losses of the examples."""
    train, validation = dm.open_dataset(masks, inputs="image", targets="mask").balanced("quarter").split(0.2)
    still = {"sgd": {"learning_rate": 0.0}}
    run = dm.fit(small(), train, validation, loss="bce", epochs=1, optimizer=still, directory=tmp_path / "run")
    images, targets = train.numpy()
    predicted = run.model.predict(images, verbose=0)
    each = -np.where(targets > 0, np.log(predicted), np.log(1 - predicted)).mean(axis=(1, 2, 3))
    assert run.history["loss"][0] == pytest.approx(np.mean(train.weights() * each), rel=1e-4)


@pytest.mark.thorough
def test_classes_may_be_whole_numbers(parts, tmp_path):
    model = dm.models.dense((8, 8, 1), dense=(16,), outputs=4, dropout=0.0, seed=1)
    options = {"epochs": 10, "batch_size": 16, "optimizer": {"adam": {"learning_rate": 1e-2}}, "metrics": ["accuracy"]}
    with pytest.raises(DatasetError, match=r"quarter has the shape \(1,\); the network gives \(4,\)"):
        dm.fit(model, *parts["quarter"], loss="categorical_crossentropy", directory=tmp_path / "run", **options)
    run = dm.fit(
        model, *parts["quarter"], loss="sparse_categorical_crossentropy", directory=tmp_path / "run", **options
    )
    images, labels = parts["quarter"][1].numpy()
    right = (run.model.predict(images, verbose=0).argmax(axis=1) == labels[:, 0]).mean()
    assert right > 0.85
    assert run.history["val_accuracy"].max() > 0.85


def test_a_model_that_trains_in_its_own_way_keeps_it(parts, tmp_path):
    class Doubled(keras.Model):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            return 2 * super().compute_loss(x, y, y_pred, sample_weight, training)

    plain, inner = small(), small()
    model = Doubled(inner.inputs, inner.outputs[0])
    single, double = (
        dm.fit(each, *parts["mask"], loss="mse", epochs=1, optimizer={"sgd": {"learning_rate": 0.0}}, directory=path)
        for each, path in ((plain, tmp_path / "plain"), (model, tmp_path / "doubled"))
    )
    assert double.history["val_loss"][0] == pytest.approx(2 * single.history["val_loss"][0], rel=1e-5)
    with pytest.raises(ConfigurationError, match="would lose its way of training"):
        dm.fit(model, *parts["mask"], standardize_targets=True, directory=tmp_path / "scaled")
