"""The conditional GAN: its losses and gradients by hand, training, going on, what is kept of it."""

import subprocess
import sys

import keras
import numpy as np
import pytest
from test_dtmodels_train import interrupted_fit
from writer import write_dataset

import dtmodels as dm
from dtmodels.gan import ConditionalGan

ADAM = {"adam": {"learning_rate": 2e-3, "beta_1": 0.5}}
FASTER = {"adam": {"learning_rate": 5e-3, "beta_1": 0.5}}
SMALL = {"convolutions": (4,), "base": (4,), "output_convolutions": (), "convolutions_per_pooling": 1}


def small(seed=1):
    return dm.models.cgan((8, 8, 1), **SMALL, discriminator=(4,), seed=seed)


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """Masks and images that follow from them: the inverted mask, darker where it is set."""
    generator = np.random.default_rng(1)
    mask = (generator.uniform(size=(160, 4, 4, 1)) < 0.4).repeat(2, axis=1).repeat(2, axis=2).astype(np.float32)
    image = (0.5 - mask + 0.05 * generator.normal(size=mask.shape)).astype(np.float32)
    path = write_dataset(
        tmp_path_factory.mktemp("pairs") / "pairs.zarr", {"mask": mask, "image": image}, unit=64, chunk=16
    )
    return dm.open_dataset(path, inputs="mask", targets="image").split(0.2)


def test_one_step_moves_each_network_along_its_own_loss(parts, on_tensorflow):
    """One step of plain descent against gradients of the two losses taken one by one."""
    import tensorflow

    masks, images = (keras.ops.convert_to_tensor(array[:4]) for array in parts[0].numpy())
    model = small()
    generator, judge = model.generator, model.discriminator
    with tensorflow.GradientTape() as tape:
        made = generator(masks)
        loss = 0.8 * keras.ops.mean(abs(made - images)) + keras.ops.mean((1 - judge([masks, made])) ** 2)
    wanted = tape.gradient(loss, generator.trainable_variables)
    with tensorflow.GradientTape() as tape:
        loss = keras.ops.mean(judge([masks, made]) ** 2) + keras.ops.mean((1 - judge([masks, images])) ** 2)
    wanted += tape.gradient(loss, judge.trainable_variables)
    before = [variable.numpy() for variable in (*generator.trainable_variables, *judge.trainable_variables)]
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mae")
    model.train_on_batch(masks, images)
    after = [variable.numpy() for variable in (*generator.trainable_variables, *judge.trainable_variables)]
    assert len(before) == len(model.trainable_variables)
    for old, new, gradient in zip(before, after, wanted, strict=True):
        np.testing.assert_allclose(old - new, 0.1 * gradient.numpy(), atol=1e-6)


def test_the_losses_that_are_told(parts):
    masks, images = (array[:8] for array in parts[0].numpy())
    model = small()
    made = model.predict(masks, verbose=0)
    real, fake = (model.discriminator.predict([masks, shown], verbose=0) for shown in (images, made))
    model.compile(loss="mae")
    told = model.evaluate(masks, images, verbose=0, return_dict=True)
    assert told["loss"] == pytest.approx(np.abs(made - images).mean(), rel=1e-5)
    judged = (fake**2).mean() + ((1 - real) ** 2).mean()
    assert told["discriminator_loss"] == pytest.approx(judged, rel=1e-5)
    model.compile(loss="mae", optimizer=keras.optimizers.SGD(0.0))
    told = model.train_on_batch(masks, images, return_dict=True)
    expected = 0.8 * np.abs(made - images).mean() + ((1 - fake) ** 2).mean() + judged
    assert told["loss"] == pytest.approx(expected, rel=1e-5)


def test_half_precision_judges_alike(parts):
    """The losses of scores and pixels are added in single precision; those of a network in half are nearly the same."""
    masks, images = (array[:8] for array in parts[0].numpy())
    exact = small()
    told = {}
    for policy in ("float32", "mixed_bfloat16"):
        keras.config.set_dtype_policy(policy)
        try:
            model = small()
        finally:
            keras.config.set_dtype_policy("float32")
        model.set_weights(exact.get_weights())
        model.compile(loss="mae", optimizer=keras.optimizers.SGD(0.0))
        told[policy] = model.train_on_batch(masks, images, return_dict=True)["loss"]
    assert told["mixed_bfloat16"] == pytest.approx(told["float32"], rel=0.02)


@pytest.mark.thorough
def test_it_learns_to_make_images(parts, tmp_path):
    run = dm.fit(small(), *parts, loss="mae", epochs=12, batch_size=8, optimizer=FASTER, directory=tmp_path / "run")
    assert run.history["val_loss"].min() < 0.5 * run.history["val_loss"][0]
    assert {"discriminator_loss", "val_discriminator_loss"} <= set(run.history.columns)
    masks, images = parts[1].numpy()
    assert np.abs(run.model.predict(masks, verbose=0) - images).mean() < 0.3
    assert run.model.count_params() == small().generator.count_params()
    code = "import keras, sys; keras.models.load_model('model.keras'); assert 'dtmodels' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=run.directory, check=True, capture_output=True)


@pytest.mark.thorough
def test_a_training_goes_on_as_if_it_had_not_stopped(parts, tmp_path):
    """Weights and optimizer state of both networks come back."""
    options = {"epochs": 2, "batch_size": 32, "optimizer": ADAM}
    whole = dm.fit(small(), *parts, directory=tmp_path / "whole", **options)
    interrupted_fit(1, small(), *parts, directory=tmp_path / "parted", **options)
    resumed = dm.fit(small(seed=7), *parts, directory=tmp_path / "parted", resume=True, **options)
    columns = ["loss", "val_loss", "discriminator_loss", "val_discriminator_loss"]
    np.testing.assert_allclose(resumed.history[columns], whole.history[columns], rtol=1e-4)


@pytest.mark.thorough
def test_the_whole_model_comes_back_from_its_file(tmp_path):
    model = small()
    model.compile(optimizer="adam", loss="mae")
    masks, images = np.random.default_rng(2).normal(size=(2, 4, 8, 8, 1)).astype(np.float32)
    model.train_on_batch(masks, images)
    model.save(tmp_path / "whole.keras")
    loaded = keras.models.load_model(tmp_path / "whole.keras")
    assert isinstance(loaded, ConditionalGan)
    for ours, theirs in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    both = [each.evaluate(masks, images, verbose=0, return_dict=True) for each in (model, loaded)]
    assert both[0] == pytest.approx(both[1], rel=1e-6)
    again = [each.train_on_batch(masks, images, return_dict=True) for each in (model, loaded)]
    assert again[0]["loss"] == pytest.approx(again[1]["loss"], rel=1e-5)
