"""Large images through a network tile by tile: the same as at one go, without seams."""

import numpy as np
import pytest
from fakes import convolutions, fake_run, identity

import dtmodels as dm
from dtmodels.configuration import InputSection
from dtmodels.errors import ConfigurationError, SourceError
from dtmodels.prediction.network import Applied
from dtmodels.prediction.tiles import coarsest_step, planned

IMAGE = np.random.default_rng(2).random((1, 101, 90, 1), np.float32)


def tiled(model, images, **values):
    return Applied(model, InputSection(**values))(images)


@pytest.mark.parametrize("pooled", [False, True])
@pytest.mark.parametrize(("tile", "overlap"), [((48, 48), 32), ((64, 40), 24), ((96, 96), 16)])
def test_tiles_equal_the_whole_image(tile, overlap, pooled):
    """Three convolutions of 5 see 13 pixels (two of them at half the resolution 23): less than the overlap."""
    model = convolutions(layers=3 if not pooled else 2, size=5 if not pooled else 3, pooled=pooled)
    whole = np.asarray(model(IMAGE[:, :100, :90]))
    found = tiled(model, IMAGE[:, :100, :90], tile=tile, overlap=overlap)
    assert found.shape == whole.shape
    np.testing.assert_allclose(found, whole, atol=2e-6)


def test_the_margin_that_a_tile_spoils_is_measured():
    model = convolutions(layers=3, size=5)  # reaches 6 pixels

    def outputs(images):
        return np.asarray(model(images))

    tiles = planned(model, (200, 200), InputSection(tile=(64, 64), overlap=32), outputs)
    second = tiles.weights[0][1]
    assert (second[:6] == 0).all() and 0 < second[6] < 0.1 and second[31 - 5] == 1
    ramp = second[6:26]
    np.testing.assert_allclose(np.diff(ramp), np.diff(ramp)[0], atol=1e-6)


@pytest.mark.parametrize("overlap", [0, 1, 5, 20, 40])
def test_weights_sum_to_one_everywhere(overlap):
    """The identity comes back exactly, whatever the overlap and the size of the image."""
    for shape in ((101, 90), (48, 48), (30, 200), (49, 47)):
        images = np.random.default_rng(3).random((2, *shape, 1), np.float32)
        np.testing.assert_allclose(tiled(identity(), images, tile=(48, 48), overlap=overlap), images, atol=1e-6)


def test_a_network_that_sees_everything_is_blended_without_a_step():
    """Each tile less its own mean: no margin is free of it, so tiles are faded over all that they share."""
    import keras

    inputs = keras.Input((None, None, 1))
    mean = keras.ops.mean(inputs, axis=(1, 2), keepdims=True)
    model = keras.Model(inputs, keras.layers.Add()([0 * inputs, mean]))
    ramp = np.repeat(np.linspace(0, 1, 200, dtype=np.float32)[None], 64, axis=0)[None, :, :, None]
    found = tiled(model, ramp, tile=(64, 64), overlap=32)[0, 10, :, 0]
    assert np.abs(np.diff(found)).max() < 2 * 32 / 200 / 32  # the step of 32 columns spread over 32 pixels
    assert np.ptp(found) > 0.5


def test_a_network_of_one_size_takes_tiles_of_it():
    model = convolutions(shape=(48, 48), pooled=True, layers=2, size=3)
    free = convolutions(pooled=True, layers=2, size=3)
    free.set_weights(model.get_weights())
    image = IMAGE[:, :100, :90]
    np.testing.assert_allclose(tiled(model, image), np.asarray(free(image)), atol=2e-6)
    assert tiled(model, image[:, :30, :20]).shape == (1, 30, 20, 1)


def test_the_coarsest_step_is_that_of_the_poolings():
    assert coarsest_step(convolutions()) == 1
    assert coarsest_step(convolutions(pooled=True)) == 2
    assert coarsest_step(convolutions(shape=(48, 48), pooled=True)) == 2
    assert dm.models.cnn((64, 64, 1), convolutions=(2, 2, 2)) is not None


def test_an_odd_image_through_poolings():
    """Mirrored to a whole number of steps and cut again; away from that edge nothing changes."""
    model = convolutions(pooled=True, layers=2, size=3)
    whole = np.asarray(model(IMAGE[:, :100, :90]))
    found = tiled(model, IMAGE[:, :101, :90])
    assert found.shape == (1, 101, 90, 1)
    np.testing.assert_allclose(found[:, :90], whole[:, :90], atol=2e-6)


def test_what_cannot_be_tiled_is_one_line(tmp_path):
    with pytest.raises(ConfigurationError, match=r"input: .*overlap 48 px must be less than the tile \[48, 48\]"):
        dm.predict(fake_run(tmp_path / "a", identity()), IMAGE[..., 0], input={"tile": [48, 48], "overlap": 48})
    fixed = fake_run(tmp_path / "b", convolutions(shape=(48, 48)))
    with pytest.raises(ConfigurationError, match=r"input.tile: \[32, 32\] px; the network takes \[48, 48\] only"):
        dm.predict(fixed, IMAGE[..., 0], input={"tile": [32, 32]})
    with pytest.raises(SourceError, match=r"become \(101, 90, 3\) after `input:`, the network takes \(48, 48, 1\)"):
        dm.predict(fixed, np.repeat(IMAGE, 3, axis=-1))
