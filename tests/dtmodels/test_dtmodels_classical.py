"""The radial centre of symmetric spots is their centre."""

import numpy as np
import pytest

import dtmodels as dm
from dtmodels.errors import SourceError


def rings(centres, size=41):
    """Airy-like rings, and Gaussian spots beside them, around each centre (y, x)."""
    y, x = np.mgrid[:size, :size]
    radius = np.hypot(y[None] - centres[:, 0, None, None], x[None] - centres[:, 1, None, None])
    return np.exp(-(radius**2) / 30), np.cos(radius / 2.5) * np.exp(-(radius**2) / 80)


@pytest.fixture(scope="module")
def centres():
    return 20 + np.random.default_rng(1).uniform(-3, 3, (40, 2))


def test_without_noise_spots_and_rings_are_found(centres):
    spots, ringed = rings(centres)
    assert np.abs(dm.radial_center(spots) - centres).max() < 5e-3
    assert np.abs(dm.radial_center(ringed) - centres).max() < 2e-2


def test_a_spot_at_the_centre_is_found_exactly():
    for size in (20, 21):
        centre = (size - 1) / 2
        found = dm.radial_center(rings(np.array([[centre, centre]]), size)[0])
        np.testing.assert_allclose(found, [[centre, centre]], atol=1e-9)


def test_dark_scaled_and_channelled_images_give_the_same(centres):
    spots, _ = rings(centres)
    expected = dm.radial_center(spots)
    np.testing.assert_allclose(dm.radial_center(7 - 3 * spots), expected, atol=1e-9)
    np.testing.assert_allclose(dm.radial_center(spots[..., None]), expected)
    np.testing.assert_allclose(dm.radial_center(spots[4]), expected[4:5])


def test_transposing_and_flipping_follow_the_image(centres):
    spots = rings(centres)[0] + 0.02 * np.random.default_rng(2).normal(size=(40, 41, 41))
    found = dm.radial_center(spots)
    np.testing.assert_allclose(dm.radial_center(spots.transpose(0, 2, 1)), found[:, ::-1], atol=1e-9)
    np.testing.assert_allclose(dm.radial_center(spots[:, ::-1]), [40, 0] + found * [-1, 1], atol=1e-9)


def test_noise_of_five_per_cent_costs_a_tenth_of_a_pixel(centres):
    spots = rings(centres)[0] + 0.05 * np.random.default_rng(3).normal(size=(40, 41, 41))
    errors = np.hypot(*(dm.radial_center(spots) - centres).T)
    assert 0.005 < errors.mean() < 0.2


def test_flat_images_give_nan_and_odd_shapes_are_refused(centres):
    flat = np.concatenate([np.ones((1, 41, 41)), rings(centres[:1])[0]])
    found = dm.radial_center(flat)
    assert np.isnan(found[0]).all()
    assert np.isfinite(found[1]).all()
    with pytest.raises(SourceError, match="must be"):
        dm.radial_center(np.ones((2, 8, 8, 3)))
