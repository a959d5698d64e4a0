"""Networks: the weight counts of the paper, seeds, plain Keras opens them, and each learns a tiny task."""

import subprocess
import sys

import keras
import numpy as np
import pytest

import dtmodels as dm
from dtmodels.errors import ConfigurationError
from dtmodels.layers import CropLike, PadToMultiple

SMALL = {"convolutions": (4, 8), "base": (8,), "output_convolutions": (4,)}
ONE = {**SMALL, "convolutions": (4,)}
TINY = {
    "dense": ((6, 6, 1), {"dense": (32,), "dropout": 0.0, "outputs": 3}),
    "cnn": ((8, 8, 1), {"convolutions": (8,), "dense": (16,)}),
    "encoder_decoder": ((8, 8, 1), ONE),
    "unet": ((9, 8, 1), ONE),
    "volume": ((4, 6, 6, 1), {**ONE, "pool_size": (1, 2, 2)}),
    "planes": ((8, 8, 1), {**ONE, "outputs": 5}),
    "residual": (
        (8, 8, 1),
        {**ONE, "residual_base": True, "normalization": "batch", "pooling": "stride", "upsampling": "bilinear"},
    ),
    "recurrent": ((5, 8, 8, 1), {"convolutions": (4,), "lstm": (8,), "dense": (8,), "returns": "frames"}),
    "cgan": ((8, 8, 1), {**ONE, "discriminator": (4, 8)}),
}


def outputs_of(model, images):
    return keras.ops.convert_to_numpy(model(images))


def tiny(name, seed=1):
    shape, arguments = TINY[name]
    kind = name if name in dm.models.KINDS else "unet"
    return dm.models.build({"kind": kind, **arguments}, shape, seed=seed)


@pytest.mark.parametrize(
    ("kind", "shape", "arguments", "weights"),
    [
        ("dense", (28, 28, 1), {}, 6_578_010),
        ("cnn", (51, 51, 1), {}, 98_178),
        ("cnn", (64, 64, 2), {"outputs": 5}, 815_557),
        ("cnn", (64, 64, 2), {"outputs": 2}, 815_362),
        ("unet", (None, None, 1), {"convolutions": (16, 32, 64), "base": (128, 128)}, 389_521),
        (
            "unet",
            (128, 128, 1),
            {"convolutions": (32, 64, 128), "base": (128, 128), "output_convolutions": (64, 64), "outputs": 56},
            969_592,
        ),
    ],
)
def test_the_networks_of_the_paper(kind, shape, arguments, weights):
    if shape == (64, 64, 2):
        sizing = {"convolutions": (32, 64, 128), "convolutions_per_pooling": 2, "dense": (64, 64), "dropout": 0.2}
        arguments = {**sizing, **arguments}
    assert getattr(dm.models, kind)(shape, **arguments).count_params() == weights


def test_pixels_are_averaged_before_the_network():
    """The same weights on means of blocks, and on images whose every pixel stands for a block."""
    fine = dm.models.cnn((36, 24, 2), convolutions=(3, 4), input_pooling=3, seed=1)
    coarse = dm.models.cnn((12, 8, 2), convolutions=(3, 4), seed=1)
    images = np.random.default_rng(1).normal(size=(5, 36, 24, 2)).astype(np.float32)
    means = images.reshape(5, 12, 3, 8, 3, 2).mean(axis=(2, 4))
    np.testing.assert_allclose(fine.predict(images, verbose=0), coarse.predict(means, verbose=0), atol=1e-5)
    with pytest.raises(ConfigurationError, match="3 poolings leave nothing of 7 x 8 pixels"):
        dm.models.cnn((15, 16, 2), convolutions=(3, 4, 5), input_pooling=2)


def test_the_digits_network_drops_after_its_first_two_layers():
    layers = [type(layer).__name__ for layer in dm.models.dense((28, 28, 1)).layers]
    assert layers == ["InputLayer", "Flatten", "Dense", "Dropout", "Dense", "Dropout", "Dense", "Dense", "Dense"]


def convolution_weights(inputs, filters, size, parameters=0):
    """Weights of a convolution, and of the normalization behind it."""
    return size**2 * inputs * filters + filters + parameters * filters


def test_the_generator_and_its_discriminator_by_arithmetic():
    """Counted from the description: every 3 x 3 convolution has an instance norm, two numbers for each channel."""
    sizes = (4, 8, 16)
    model = dm.models.cgan((32, 32, 2), convolutions=sizes[:2], base=(16, 16), discriminator=(4, 8, 16), seed=1)
    three = [(2, 4), (4, 4), (4, 4), (4, 8), (8, 8), (8, 8)]  # two convolutions a level, one with strides
    three += [(8, 16), (16, 16), (16, 16), (16, 16)]  # two residual blocks
    three += [(16, 8), (16, 8), (8, 8), (8, 4), (8, 4), (4, 4)]  # up: one convolution, then two beside the skip
    three += [(4, 16), (16, 16)]
    expected = sum(convolution_weights(*pair, 3, parameters=2) for pair in three)
    expected += convolution_weights(8, 16, 1) + convolution_weights(16, 1, 1)  # the first shortcut; the output
    assert model.generator.count_params() == expected
    four = [(3, 4), (4, 8), (8, 16), (16, 1)]
    assert model.discriminator.count_params() == sum(convolution_weights(*pair, 4) for pair in four)
    assert model.count_params() == model.generator.count_params() + model.discriminator.count_params()
    assert model.discriminator.output_shape == (None, 4, 4, 1)


def test_patches_of_the_papers_discriminator():
    model = dm.models.cgan((256, 256, 1), convolutions=(4,), base=(4,))
    assert model.discriminator.output_shape == (None, 8, 8, 1)
    assert model.output_shape == (None, 256, 256, 1)


@pytest.mark.parametrize("name", TINY)
def test_the_seed_fixes_the_initial_weights(name):
    first, second, other = (tiny(name, seed).get_weights() for seed in (1, 1, 2))
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)
    kernels = [(a, b) for a, b in zip(first, other, strict=True) if a.ndim > 1]
    assert all((a != b).any() for a, b in kernels)
    shapes = [a.shape for a, _ in kernels]
    for k, shape in enumerate(shapes):
        assert not any((kernels[k][0] == kernels[j][0]).all() for j in range(k) if shapes[j] == shape)


def test_large_seeds_fix_the_weights_too():
    first, second = (tiny("cnn", seed).get_weights()[0] for seed in (2**40 + 1, 2**40 + 2))
    assert (first != second).all()


def test_plain_keras_opens_every_kind(tmp_path):
    """In a process that has never imported dtmodels, with the same outputs."""
    generator = np.random.default_rng(1)
    for name in TINY:
        model = tiny(name)
        model = model.generator if name == "cgan" else model
        model.save(tmp_path / f"{name}.keras")
        images = generator.normal(size=(2, *model.input_shape[1:])).astype(np.float32)
        np.savez(tmp_path / f"{name}.npz", images=images, outputs=outputs_of(model, images))
    code = (
        "import keras, numpy, pathlib, sys\n"
        "for path in pathlib.Path('.').glob('*.keras'):\n"
        "    arrays = numpy.load(path.with_suffix('.npz'))\n"
        "    outputs = keras.ops.convert_to_numpy(keras.models.load_model(path)(arrays['images']))\n"
        "    numpy.testing.assert_allclose(outputs, arrays['outputs'], atol=1e-5)\n"
        "assert not any(name.startswith('dtmodels') for name in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True)


@pytest.mark.parametrize(
    "name",
    [
        "cnn",
        "unet",
        *(pytest.param(n, marks=pytest.mark.thorough) for n in ("dense", "encoder_decoder", "volume", "recurrent")),
    ],
)
def test_it_learns_eight_examples_by_heart(name):
    model = tiny(name)
    generator = np.random.default_rng(2)
    images = generator.normal(size=(8, *model.input_shape[1:])).astype(np.float32)
    shape = (8, *model.output_shape[1:])
    binary = model.get_layer("output").activation is keras.activations.sigmoid
    if name == "dense":
        targets, loss, enough = np.eye(3)[np.arange(8) % 3], "categorical_crossentropy", 0.05
    elif binary:  # what a convolution can say: is the pixel bright
        targets, loss, enough = np.broadcast_to(images > 0, shape).astype(np.float32), "binary_crossentropy", 0.2
    elif name == "encoder_decoder":
        targets, loss, enough = np.broadcast_to(images.mean(axis=(1, 2), keepdims=True), shape), "mse", 0.005
    else:
        targets, loss, enough = generator.normal(size=shape), "mse", 0.1
    model.compile(optimizer=keras.optimizers.Adam(1e-2), loss=loss)
    steps = 100
    images, targets = (np.concatenate([array] * steps) for array in (images, targets))
    history = model.fit(images, targets, batch_size=8, epochs=1, verbose=0, shuffle=False)
    assert np.isfinite(history.history["loss"][0])
    assert model.evaluate(images[:8], targets[:8], verbose=0) < enough


def test_sizes_that_the_poolings_do_not_divide_change_only_the_border():
    """Padded with zeros inside: with padding known or not, and equal to padding by hand."""
    fixed = dm.models.unet((11, 14, 1), **SMALL, seed=1)
    free = dm.models.unet((None, None, 1), **SMALL, seed=1)
    divisible = dm.models.unet((12, 16, 1), **SMALL, seed=1)
    images = np.random.default_rng(3).normal(size=(2, 11, 14, 1)).astype(np.float32)
    by_hand = outputs_of(divisible, np.pad(images, ((0, 0), (0, 1), (1, 1), (0, 0))))[:, :11, 1:15]
    np.testing.assert_allclose(outputs_of(fixed, images), by_hand, atol=1e-6)
    np.testing.assert_allclose(outputs_of(free, images), by_hand, atol=1e-6)
    np.testing.assert_allclose(free.predict(images, verbose=0), by_hand, atol=1e-6)
    assert [type(layer).__name__ for layer in fixed.layers if "Pad" in type(layer).__name__] == ["ZeroPadding2D"]


def test_padding_layers_come_back_from_a_file(tmp_path):
    free = dm.models.unet((None, None, 1), **SMALL, seed=1)
    free.save(tmp_path / "free.keras")
    loaded = keras.models.load_model(tmp_path / "free.keras")
    images = np.random.default_rng(3).normal(size=(1, 9, 10, 1)).astype(np.float32)
    np.testing.assert_array_equal(outputs_of(loaded, images), outputs_of(free, images))
    assert {type(layer) for layer in loaded.layers} >= {PadToMultiple, CropLike}


def test_the_skips_are_what_sets_a_unet_apart():
    """With everything above the base silenced, only the U-Net still sees its input."""
    images = np.random.default_rng(4).normal(size=(2, 8, 8, 1)).astype(np.float32)
    for build, sees in ((dm.models.unet, True), (dm.models.encoder_decoder, False)):
        model = build((8, 8, 1), **SMALL, output_activation=None, seed=1)
        for layer in model.layers:
            if isinstance(layer, keras.layers.Conv2DTranspose):
                layer.set_weights([0 * weights for weights in layer.get_weights()])
        first, second = outputs_of(model, images)
        assert (np.abs(first - second).max() > 1e-3) == sees


def test_a_recurrent_network_knows_only_the_past():
    model = tiny("recurrent")
    sequence = np.random.default_rng(5).normal(size=(1, 5, 8, 8, 1)).astype(np.float32)
    changed = sequence.copy()
    changed[0, 3] += 1
    before, after = (outputs_of(model, images)[0] for images in (sequence, changed))
    np.testing.assert_array_equal(before[:3], after[:3])
    assert (before[3:] != after[3:]).all()
    shape, arguments = TINY["recurrent"]
    last = dm.models.recurrent((None, *shape[1:]), **{**arguments, "returns": "last"}, seed=1)
    np.testing.assert_allclose(outputs_of(last, sequence), before[None, -1], atol=1e-6)


def test_instance_normalization_against_numpy():
    from dtmodels.layers import instance_normalization

    inputs = keras.Input((6, 5, 3))
    model = keras.Model(inputs, instance_normalization(inputs, parameters=False))
    images = np.random.default_rng(6).normal(2, 3, (4, 6, 5, 3)).astype(np.float32)
    mean, variance = (f(images, axis=(1, 2), keepdims=True) for f in (np.mean, np.var))
    np.testing.assert_allclose(outputs_of(model, images), (images - mean) / np.sqrt(variance + 1e-5), atol=1e-5)
    assert model.count_params() == 0


@pytest.mark.parametrize(
    ("kind", "shape", "arguments", "message"),
    [
        ("unet", (32, 32), {}, r"unet.input_shape: \(32, 32\); must be \(y, x, channel\) or \(z, y, x, channel\)"),
        ("unet", (32, 32, None), {}, "number of channels must be known"),
        ("unet", (32, 32, 1), {"pooling": "mean"}, "unet.pooling: 'mean'; must be one of max, average, stride"),
        (
            "unet",
            (8, 32, 32, 1),
            {"upsampling": "bilinear"},
            "unet.upsampling: 'bilinear'; must be one of transpose, n",
        ),
        ("unet", (8, 32, 32, 1), {"pool_size": (2, 2)}, "one for each of z, y, x"),
        ("unet", (32, 32, 1), {"normalization": "layer"}, "must be one of null, batch, instance"),
        ("unet", (32, 32, 1), {"activation": "rellu"}, "unet.activation: 'rellu'; must be an activation of Keras"),
        ("encoder_decoder", (32, 32, 1), {"outputs": 0}, "encoder_decoder.outputs: 0; must be a whole number above 0"),
        ("unet", (32, 32, 1), {"convolutions": 16}, "unet.convolutions: 16; must be a list of whole numbers above 0"),
        ("unet", (32, 32, 1), {"pool_size": "2"}, "unet.pool_size: .*must be a list of whole numbers above 0"),
        ("cnn", (None, 32, 1), {}, r"cnn.input_shape: y and x are \(None, 32\); must be known"),
        ("cnn", (32, 32, 1), {"seed": -1}, "cnn.seed: -1; must be a whole number from 0"),
        ("dense", (None, 28), {}, "every size must be known"),
        ("dense", (28, 28), {"dropout": 1.5}, "dense.dropout: 1.5; must lie in"),
        ("recurrent", (8, 8, 1), {}, r"must be \(frame, y, x, channel\)"),
        ("recurrent", (5, 8, 8, 1), {"returns": "all"}, "recurrent.returns: 'all'; must be one of last, frames"),
        ("cgan", (32, 32, 1), {"discriminator": (4, 0)}, "cgan.discriminator"),
        ("cgan", (32, 32, 1), {"pixel_weight": -1}, "cgan.pixel_weight: -1; must be a number above 0"),
    ],
)
def test_networks_that_cannot_be(kind, shape, arguments, message):
    with pytest.raises(ConfigurationError, match=message):
        dm.models.build({"kind": kind, **arguments}, shape)
