"""Particles from maps: against closed forms and against skimage where it is there."""

import numpy as np
import pandas as pd
import pytest
from fakes import gaussians

from dtmodels.frames import FrameMap
from dtmodels.prediction.outputs import OutputSection, particle_table
from dtmodels.prediction.particles import components, heights, maxima

CENTRES = np.array([[10.3, 12.7], [30.0, 14.5], [22.25, 40.9]])


def sorted_places(columns, names="yx"):
    return np.array(sorted(zip(*(columns[name] for name in names), strict=True)))


def test_maxima_of_gaussian_peaks_are_exact():
    """The logarithm of a Gaussian is a parabola; the neighbours' tails cost less than 1e-6 px at this distance."""
    found = maxima(gaussians(CENTRES, (48, 56)), threshold=0.2, radius=3)
    np.testing.assert_allclose(sorted_places(found), CENTRES[np.lexsort(CENTRES.T[::-1])], atol=1e-6)
    assert (found["signal"] > 0.9).all()
    image = gaussians(CENTRES, (48, 56))
    y, x = np.indices(image.shape)
    for k in range(3):
        at = np.round([found["y"][k], found["x"][k]])
        inside = (np.hypot(y - at[0], x - at[1]) <= 3) & (image > 0.2)
        assert found["area"][k] == inside.sum()
        assert found["mass"][k] == pytest.approx(image[inside].sum())


def test_components_give_the_centroid():
    """Cut at a low level, the centroid of a symmetric peak is its centre, and its mass the integral 2 pi sigma^2."""
    found = components(gaussians(CENTRES, (48, 56)), threshold=1e-3)
    np.testing.assert_allclose(sorted_places(found), CENTRES[np.lexsort(CENTRES.T[::-1])], atol=5e-3)
    np.testing.assert_allclose(found["mass"], 2 * np.pi * 4, rtol=2e-3)


def test_components_agree_with_skimage():
    measure = pytest.importorskip("skimage.measure", reason="scikit-image is not installed")
    values = np.random.default_rng(4).random((60, 50)).astype(np.float32)
    found = components(values, 0.6)
    labels = measure.label(values > 0.6, connectivity=1)
    expected = measure.regionprops_table(
        labels, values, properties=("centroid_weighted", "area", "intensity_max", "intensity_mean")
    )
    np.testing.assert_allclose(found["y"], expected["centroid_weighted-0"], rtol=1e-5)
    np.testing.assert_allclose(found["x"], expected["centroid_weighted-1"], rtol=1e-5)
    np.testing.assert_array_equal(found["area"], expected["area"])
    np.testing.assert_allclose(found["signal"], expected["intensity_max"], rtol=1e-6)
    np.testing.assert_allclose(found["mass"], expected["intensity_mean"] * expected["area"], rtol=1e-5)


def test_maxima_agree_with_skimage():
    feature = pytest.importorskip("skimage.feature", reason="scikit-image is not installed")
    values = np.random.default_rng(4).random((60, 50))
    expected = feature.peak_local_max(values, footprint=disc(3), threshold_abs=0.9, exclude_border=False)
    found = maxima(values, 0.9, 3)
    distance = np.abs(sorted_places(found)[:, None] - expected[None]).max(axis=-1)
    assert len(found["y"]) == len(expected)
    assert distance.min(axis=0).max() <= 0.5


def disc(radius):
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    return y**2 + x**2 <= radius**2


def test_a_plateau_is_one_maximum_at_its_middle():
    values = np.zeros((20, 20))
    values[4:7, 8:12] = 1.0
    found = maxima(values, 0.5, 3)
    np.testing.assert_allclose(sorted_places(found), [[5, 9.5]])


def test_small_components_are_left_out():
    values = np.zeros((20, 20))
    values[4:7, 8:12] = values[15, 15] = 1.0
    assert components(values, 0.5, minimal_area=2)["area"].tolist() == [12]
    assert len(components(values, 2.0)["y"]) == 0 == len(maxima(values, 2.0)["y"])


def test_a_volume_gives_heights_in_micrometres():
    """Simcore's SphereVolume(z=(2, 30), planes=56): plane k is the middle of layer k of half a micrometre."""
    places = np.array([[12.3, 20.1, 16.6], [25.0, 9.4, 40.25]])
    volume = gaussians(places, (36, 34, 56), sigma=1.5)[None].astype(np.float32)
    truth = 2 + (places[:, 2] + 0.5) * 0.5
    np.testing.assert_allclose(heights(places[:, 2], (2, 30), 56), truth)
    for section in (OutputSection(threshold=1e-3), OutputSection(threshold=0.2, method="maxima")):
        table = particle_table(volume, section, (2, 30))
        assert list(table.columns) == ["frame", "y", "x", "z", "mass", "area", "signal"]
        np.testing.assert_allclose(table[["y", "x"]], places[:, :2], atol=5e-3)
        np.testing.assert_allclose(table["z"], truth, atol=5e-3)
    assert "plane" in particle_table(volume, OutputSection(threshold=0.2))


def test_places_go_back_to_the_frame():
    mapping = FrameMap((2.0, 3.0), (10.0, 20.0))
    table = particle_table(gaussians([(7, 9)], (20, 20))[None, ..., None], OutputSection(threshold=0.1), None, mapping)
    np.testing.assert_allclose(table[["y", "x"]].to_numpy(), [[7.5 * 2 - 0.5 + 10, 9.5 * 3 - 0.5 + 20]], atol=1e-9)
    assert isinstance(table, pd.DataFrame)
