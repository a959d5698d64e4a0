"""Matching of particles against all permutations, scores against counting by hand."""

import itertools

import numpy as np
import pytest

from dtmodels.errors import ConfigurationError
from dtmodels.matching import detection_scores, match
from dtmodels.scores import accuracy, confusion_matrix, counting_scores


def best_by_hand(true, predicted, radii):
    """Most pairs, then least total distance, by trying all."""
    best = (0, 0.0)
    slots = [*range(len(predicted)), *[None] * len(true)]
    for choice in set(itertools.permutations(slots, len(true))):
        scaled = [np.linalg.norm((true[i] - predicted[j]) / radii) for i, j in enumerate(choice) if j is not None]
        if all(distance <= 1 for distance in scaled):
            best = min(best, (-len(scaled), sum(scaled)))
    return -best[0], best[1]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("axes", [2, 3])
def test_the_most_pairs_then_the_nearest(seed, axes):
    generator = np.random.default_rng([seed, axes])
    radii = np.array([0.8, 2.0, 2.0][-axes:])
    true, predicted = (generator.uniform(0, 4, (generator.integers(0, 5), axes)) for _ in range(2))
    rows, columns = match(true, predicted, 2.0 if axes == 2 else radii)
    scaled = np.linalg.norm((true[rows] - predicted[columns]) / radii, axis=1)
    pairs, distance = best_by_hand(true, predicted, radii)
    assert len(rows) == pairs
    assert scaled.sum() == pytest.approx(distance)


def test_no_pair_is_given_up_for_shorter_ones():
    """Both found particles can be matched only if the first takes the farther one."""
    rows, columns = match(np.array([[0.0, 0.0], [0.0, 3.0]]), np.array([[0.0, 1.0], [0.0, -2.9]]), 3.0)
    assert sorted(zip(rows, columns, strict=True)) == [(0, 1), (1, 0)]


def test_scores_of_two_images_counted_by_hand():
    true = [np.array([[10.0, 10.0], [20.0, 20.0], [np.nan, np.nan]]), np.array([[5.0, 5.0]])]
    found = [np.array([[10.0, 13.0], [40.0, 40.0], [20.0, 24.0], [60.0, 1.0]]), np.empty((0, 2))]
    scores = detection_scores(true, found, radius=4)
    assert (scores.matched, scores.missed, scores.false) == (2, 1, 2)
    assert scores.precision == 2 / 4
    assert scores.recall == 2 / 3
    assert scores.f1 == pytest.approx(2 * 0.5 * (2 / 3) / (0.5 + 2 / 3))
    assert scores.jaccard == 2 / 5
    assert scores.rmse == pytest.approx(np.sqrt((9 + 16) / 2))
    assert np.isnan(scores.rmse_z)


def test_volumes_have_a_radius_of_their_own_along_z():
    true = [np.array([[5.0, 10.0, 10.0], [9.0, 30.0, 30.0]])]
    found = [np.array([[5.4, 13.0, 10.0], [11.0, 30.0, 30.0]])]
    scores = detection_scores(true, found, radius=(0.8, 5, 5))
    assert (scores.matched, scores.missed, scores.false) == (1, 1, 1)
    assert (scores.rmse, scores.rmse_z) == (pytest.approx(3.0), pytest.approx(0.4))
    assert detection_scores(true, found, radius=(0.4, 5, 5)).matched == 0  # 0.4 / 0.4 alone fills the ellipsoid
    assert set(scores.to_dict()) >= {"precision", "recall", "f1", "jaccard", "rmse", "rmse_z"}


def test_what_is_not_defined_is_nan():
    nothing = [np.empty((0, 2))]
    scores = detection_scores(nothing, nothing, 3)
    assert np.isnan([scores.precision, scores.recall, scores.f1, scores.jaccard, scores.rmse]).all()


@pytest.mark.parametrize(
    ("true", "found", "radius", "message"),
    [
        (np.zeros((2, 3)), np.zeros((1, 3)), 3.0, "radius: 3.0; must be three numbers above 0: z in um, y and x in px"),
        (np.zeros((2, 2)), np.zeros((1, 2)), -1, "radius: -1; must be a number of pixels above 0"),
        (np.zeros((2, 2)), np.zeros((1, 3)), 1, r"predicted: positions of shape \(1, 3\)"),
        (np.zeros(2), np.zeros((1, 2)), 1, r"true: positions of shape \(2,\)"),
    ],
)
def test_positions_that_cannot_be_matched(true, found, radius, message):
    with pytest.raises(ConfigurationError, match=message):
        match(true, found, radius)


def test_confusion_matrix_by_hand():
    true, predicted = np.array([0, 0, 1, 2, 2, 2]), np.array([0, 1, 1, 2, 0, 2])
    expected = [[1, 1, 0], [0, 1, 0], [1, 0, 2]]
    np.testing.assert_array_equal(confusion_matrix(true, predicted), expected)
    np.testing.assert_array_equal(confusion_matrix(true, np.eye(3)[predicted]), expected)
    assert confusion_matrix(true, predicted, classes=5).shape == (5, 5)
    assert accuracy(np.array(expected)) == pytest.approx(4 / 6)
    images = np.random.default_rng(1).integers(0, 3, (2, 4, 5, 6))
    counted = confusion_matrix(*images, classes=3)
    assert all(counted[i, j] == np.sum((images[0] == i) & (images[1] == j)) for i in range(3) for j in range(3))
    with pytest.raises(ConfigurationError, match="true: classes 0 to 2; must be whole, in 0 .. 1"):
        confusion_matrix(true, predicted, classes=2)
    with pytest.raises(ConfigurationError, match="predicted: shape"):
        confusion_matrix(true, predicted[:4])


def test_counting_scores_by_hand():
    scores = counting_scores(np.array([10, 20, 0, 5]), np.array([11, 18, 1, 5]))
    assert scores["mae"] == pytest.approx(1.0)
    assert scores["bias"] == pytest.approx(0.0)
    assert scores["rmse"] == pytest.approx(np.sqrt(6 / 4))
    assert scores["relative_error"] == pytest.approx((0.1 + 0.1 + 0) / 3)
