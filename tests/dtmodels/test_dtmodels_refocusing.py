"""The layer that refocuses holograms, beside double precision and a wave known in closed form."""

import subprocess
import sys

import keras
import numpy as np
import pytest

import dtmodels as dm
from dtmodels.errors import ConfigurationError
from dtmodels.layer_source import constructor
from dtmodels.models import build
from dtmodels.refocusing import Refocus

LIGHT = {"wavelength": 0.633, "pixel_size": 0.345, "refractive_index_medium": 1.33}
HEIGHTS = np.arange(2.5, 30)  # middles of 28 layers between 2 and 30 um


def refocused(holograms, **arguments):
    layer = Refocus(**{"z": (2, 30), "planes": 28, **LIGHT, **arguments})
    found = keras.ops.convert_to_numpy(layer(holograms[..., None].astype(np.float32)))
    planes = found.shape[-1] // 2
    return found[..., :planes] + 1j * found[..., planes:]


def point(height, y, x, size=128):
    """Contrast of a point that scatters light: a spherical wave over the plane wave, cut where it is narrower than two pixels."""
    along = np.hypot(*np.meshgrid(np.arange(size) - y, np.arange(size) - x, indexing="ij")) * LIGHT["pixel_size"]
    distance = np.hypot(along, height)
    k = 2 * np.pi * LIGHT["refractive_index_medium"] / LIGHT["wavelength"]
    seen = along / distance < LIGHT["wavelength"] / LIGHT["refractive_index_medium"] / (2 * LIGHT["pixel_size"])
    return np.cos(k * (distance - height)) / distance * seen


@pytest.mark.parametrize("shape", [(16, 16), (15, 22)])
def test_it_is_the_angular_spectrum(shape):
    holograms = 3 + np.random.default_rng(1).normal(size=(2, *shape))
    across = LIGHT["refractive_index_medium"] / LIGHT["wavelength"]
    fy, fx = (np.fft.fftfreq(size, LIGHT["pixel_size"]) for size in shape)
    squares = across**2 - fy[:, None] ** 2 - fx**2
    for hologram, found in zip(holograms, refocused(holograms), strict=True):
        spectrum = np.fft.fft2((hologram - hologram.mean()) / hologram.std()) * (squares > 0)
        for plane, height in enumerate(HEIGHTS):
            wave = np.exp(2j * np.pi * height * (np.sqrt(np.abs(squares)) - across))
            np.testing.assert_allclose(found[..., plane], np.fft.ifft2(spectrum * wave), atol=2e-4)


@pytest.mark.parametrize("height", [4.5, 12.5, 20.5])
def test_light_comes_together_where_it_was_scattered(height):
    found = np.abs(refocused(point(height, y=60, x=70)[None])[0]) ** 2
    y, x, plane = np.unravel_index(found.argmax(), found.shape)
    assert (y, x) == (60, 70)
    assert abs(HEIGHTS[plane] - height) < 0.6


def test_brightness_and_gain_do_not_matter():
    hologram = 1 + point(9, 30, 40)[None]
    np.testing.assert_allclose(refocused(400 * hologram + 100), refocused(hologram), atol=5e-3)
    assert np.isfinite(refocused(np.ones((1, 16, 16)))).all()  # nothing to be seen


def test_it_keeps_single_precision_in_a_network_of_half():
    hologram = (1 + 0.05 * point(9, 30, 40)[None])[..., None].astype(np.float32)
    single = keras.ops.convert_to_numpy(Refocus((2, 30), 28, **LIGHT)(hologram))
    half = Refocus((2, 30), 28, **LIGHT, dtype="mixed_bfloat16")(hologram)
    assert keras.backend.standardize_dtype(half.dtype) == "bfloat16"
    error = np.abs(keras.ops.convert_to_numpy(keras.ops.cast(half, "float32")) - single)
    assert error.max() < 2**-8 * np.abs(single).max()  # of the result alone


@pytest.fixture
def section():
    return {
        "kind": "unet",
        "convolutions": [4],
        "base": [4],
        "output_convolutions": [],
        "outputs": 5,
        "refocus": {"z": [2, 30], "planes": 6, **LIGHT},
    }


@pytest.mark.parametrize("shape", [(16, 16, 1), (None, None, 1)])
def test_a_unet_of_it_is_kept_and_written_as_source(section, shape, tmp_path):
    network = build(section, shape, seed=1)
    holograms = np.random.default_rng(1).normal(size=(2, 16, 16, 1)).astype(np.float32)
    said = keras.ops.convert_to_numpy(network(holograms))
    assert said.shape == (2, 16, 16, 5)
    network.save(tmp_path / "a.keras")
    again = keras.models.load_model(tmp_path / "a.keras")
    np.testing.assert_allclose(keras.ops.convert_to_numpy(again(holograms)), said, atol=1e-6)
    layer = next(layer for layer in network.layers if isinstance(layer, Refocus))
    written = eval(constructor(layer), {"dm": dm})
    assert {**written.get_config(), "name": ""} == {**layer.get_config(), "name": ""}
    assert dm.models.section_of(network)["refocus"] == section["refocus"]


@pytest.mark.thorough
def test_a_process_that_has_built_none_opens_it(section, tmp_path):
    build(section, (16, 16, 1), seed=1).save(tmp_path / "a.keras")
    code = "from pathlib import Path; from dtmodels.run import load_network; load_network(Path('a.keras'))"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"z": [30, 2]}, r"refocus.z: \[30, 2\] um; must be a lower and a higher"),
        ({"planes": 0}, "refocus.planes: 0; must be a whole number above 0"),
        ({"wavelength": -1}, "refocus.wavelength: -1 um; must be a number above 0"),
        ({"pixel_size": "small"}, "refocus.pixel_size: 'small' um; must be"),
        ({"refractive_index_medium": 0}, "refocus.refractive_index_medium: 0; must be"),
    ],
)
def test_what_cannot_be_is_refused(section, arguments, said):
    with pytest.raises(ConfigurationError, match=said):
        build(section | {"refocus": section["refocus"] | arguments}, (16, 16, 1))


def test_it_takes_holograms_alone(section):
    with pytest.raises(ConfigurationError, match=r"unet.refocus: of \(16, 16, 3\); must be holograms"):
        build(section, (16, 16, 3))
    with pytest.raises(ConfigurationError, match="missing 1 required positional argument: 'planes'"):
        build(section | {"refocus": {"z": [2, 30], **LIGHT}}, (16, 16, 1))
    with pytest.raises(ConfigurationError, match=r"unet.refocus: .*\{'depth': 3\}"):
        build(section | {"refocus": section["refocus"] | {"depth": 3}}, (16, 16, 1))
