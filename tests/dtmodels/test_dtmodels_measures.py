"""Measures and their bands: against closed forms, brute force and scikit-image."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from dtmodels.evaluation.bound import mean_distance
from dtmodels.evaluation.calibration import coverage, reliability, scores, summary
from dtmodels.evaluation.measures import estimate, mean_of, root_mean_square_of
from dtmodels.evaluation.neighbors import neighbor_distance
from dtmodels.evaluation.numbers import Classes, confusion
from dtmodels.evaluation.paired import difference
from dtmodels.evaluation.pictures import Counts, Masks, structural_similarity
from dtmodels.matching import match

MEAN = mean_of("mean", "mean", "px", "error")


def normal(count, seed=1, scale=1.0):
    return np.random.default_rng(seed).normal(3, scale, count)


def test_the_band_of_a_mean_is_that_of_the_central_limit():
    values = normal(2000, scale=2)
    found = estimate(MEAN, pd.DataFrame({"error": values}))
    half = 1.96 * values.std() / np.sqrt(2000)
    assert found.value == pytest.approx(values.mean())
    assert found.low == pytest.approx(values.mean() - half, abs=0.1 * half)
    assert found.high == pytest.approx(values.mean() + half, abs=0.1 * half)
    assert estimate(MEAN, pd.DataFrame({"error": values})) == found


def test_95_of_100_bands_hold_the_truth():
    """Of 300 means of 60 numbers each, a share within four standard errors of what small bootstraps reach."""
    inside = 0
    for seed in range(300):
        found = estimate(MEAN, pd.DataFrame({"error": normal(60, seed)}))
        inside += found.low <= 3 <= found.high
    assert 0.89 <= inside / 300 <= 0.99


def test_the_band_of_a_root_mean_square():
    """For normal numbers of mean 0 the relative deviation of the root mean square is 1 / sqrt(2 n)."""
    values = np.random.default_rng(3).normal(0, 2, 4000)
    found = estimate(root_mean_square_of("rmse", "", "", "error"), pd.DataFrame({"error": values}))
    assert found.value == pytest.approx(np.sqrt((values**2).mean()))
    assert found.high - found.low == pytest.approx(2 * 1.96 * found.value / np.sqrt(8000), rel=0.1)


def test_what_is_not_a_number_does_not_count():
    table = pd.DataFrame({"error": [1.0, np.nan, 3.0, np.nan]})
    found = estimate(MEAN, table)
    assert (found.value, found.count) == (2.0, 2)
    none = estimate(MEAN, table.assign(error=np.nan))
    assert np.isnan([none.value, none.low, none.high]).all() and none.count == 0


def test_rows_of_one_example_are_drawn_together():
    """Fifty copies of each of 40 numbers tell no more than the 40."""
    values = normal(40)
    many = pd.DataFrame({"error": np.repeat(values, 50)})
    alone = estimate(MEAN, pd.DataFrame({"error": values}))
    together = estimate(MEAN, many, np.repeat(np.arange(40), 50))
    assert together.low == pytest.approx(alone.low) and together.high == pytest.approx(alone.high)
    assert estimate(MEAN, many).low > alone.low


def test_a_paired_difference_is_sharper_than_two_bands():
    first = pd.DataFrame({"error": normal(500, scale=5)})
    other = first + 0.1 + 0.01 * np.random.default_rng(2).normal(size=(500, 1))
    found = difference(MEAN, first, other)
    assert found.value == pytest.approx((other - first)["error"].mean())
    assert found.high - found.low == pytest.approx(2 * 1.96 * 0.01 / np.sqrt(500), rel=0.15)


def brute_force(truth, found, radius):
    """Most pairs, then the least sum of distances, over all assignments."""
    distance = np.linalg.norm((truth[:, None] - found[None]) / radius, axis=-1)
    best = (0, 0.0)
    size = max(distance.shape)
    padded = np.full((size, size), np.inf)
    padded[: distance.shape[0], : distance.shape[1]] = distance
    for order in itertools.permutations(range(size)):
        inside = [padded[i, j] for i, j in enumerate(order) if padded[i, j] <= 1]
        best = max(best, (len(inside), -sum(inside)))
    return best


@pytest.mark.parametrize("axes", [2, 3])
@pytest.mark.parametrize("seed", range(6))
def test_pairs_are_the_best_of_all(axes, seed):
    generator = np.random.default_rng(seed)
    truth, found = generator.uniform(0, 6, (5, axes)), generator.uniform(0, 6, (6, axes))
    radius = np.array([0.7, 2.5, 2.5][-axes:])
    rows, columns = match(truth, found, radius)
    distance = np.linalg.norm((truth[rows] - found[columns]) / radius, axis=-1)
    count, least = brute_force(truth, found, radius)
    assert len(rows) == count == len(set(rows)) == len(set(columns))
    assert distance.sum() == pytest.approx(-least)


def test_nothing_pairs_with_nothing():
    assert len(match(np.empty((0, 2)), np.ones((3, 2)), np.ones(2))[0]) == 0
    assert len(match(np.zeros((1, 2)), np.full((1, 2), 9.0), np.ones(2))[0]) == 0
    np.testing.assert_allclose(neighbor_distance(np.array([[0, 0], [3, 4], [3, 5.0]])), [5, 1, 1])
    assert neighbor_distance(np.zeros((1, 2))).tolist() == [np.inf]


@pytest.mark.parametrize("channels", [1, 3])
def test_structural_similarity_is_that_of_skimage(channels):
    metrics = pytest.importorskip("skimage.metrics", reason="scikit-image is not installed")
    generator = np.random.default_rng(7)
    truth = generator.random((40, 33, channels))
    answer = np.clip(truth + 0.2 * generator.normal(size=truth.shape), 0, 1)
    expected = metrics.structural_similarity(
        truth, answer, data_range=np.ptp(truth), channel_axis=-1, gaussian_weights=True, use_sample_covariance=False
    )
    assert structural_similarity(truth, answer) == pytest.approx(expected, rel=1e-9)
    assert structural_similarity(truth, truth) == pytest.approx(1)


def test_masks_overlap_as_sets_do():
    truth = np.zeros((3, 10, 10, 1))
    truth[0, :, :5] = truth[1, :2] = 1
    answer = np.zeros((3, 10, 10, 1))
    answer[0, :, 2:7] = 0.9
    found = Masks(0.5, labelled=False)
    table = found.judge(found.truth(truth, None), found.answer(answer))
    assert table["dice"].tolist() == [0.6, 0, 1]  # 2 * 30 / 100; nothing; both empty
    assert table["iou"].tolist() == pytest.approx([30 / 70, 0, 1])
    classes = Masks(0.5, labelled=True)
    labels = np.array([[0, 1], [2, 2]])[None, :, :, None]
    said = np.eye(3)[np.array([[0, 1], [2, 1]])][None]
    dice = classes.judge(classes.truth(labels, None), classes.answer(said))["dice"]
    assert dice[0] == pytest.approx((2 / 3 + 2 / 3) / 2)


def test_counts():
    generator = np.random.default_rng(2)
    truth = generator.integers(1, 40, 300).astype(float)
    answer = truth + generator.normal(0, 2, 300)
    task = Counts()
    table = task.judge(truth, answer)
    values = {m.name: estimate(m, table) for m in task.measures}
    assert values["mae"].value == pytest.approx(np.abs(answer - truth).mean())
    assert values["relative_error"].value == pytest.approx((np.abs(answer - truth) / truth).mean())
    correlation = stats.pearsonr(truth, answer)
    assert values["correlation"].value == pytest.approx(correlation.statistic)
    band = correlation.confidence_interval(0.95)
    assert values["correlation"].low == pytest.approx(band.low, abs=2e-3)
    assert values["correlation"].high == pytest.approx(band.high, abs=2e-3)


def test_classes():
    task = Classes("label", 3)
    truth = task.truth(np.array([[0], [1], [2], [2]]), None)
    np.testing.assert_array_equal(truth, task.truth(np.eye(3)[[0, 1, 2, 2]], None))
    table = task.judge(truth, task.answer(np.eye(3)[[0, 2, 2, 1]]))
    assert estimate(task.measures[0], table).value == 0.5
    np.testing.assert_array_equal(confusion(table, 3), [[1, 0, 0], [0, 0, 1], [0, 1, 1]])


def test_calibration_of_what_is_calibrated_and_what_is_not():
    generator = np.random.default_rng(5)
    sigma = generator.uniform(0.5, 3, 20_000)
    error = sigma * generator.normal(size=20_000)
    good = scores(pd.DataFrame({"a_difference": error, "a_sigma": sigma}), "a")
    found = summary(good)
    assert found["score_deviation"] == pytest.approx(1, abs=0.02)
    assert found["coverage_68"] == pytest.approx(0.68, abs=0.015)
    assert found["miscalibration"] < 0.01
    table = reliability(good)
    assert (np.abs(table["observed"] - table["expected"]) < 2 * table["two_standard_errors"]).all()
    bold = scores(pd.DataFrame({"a_difference": error, "a_sigma": sigma / 2}), "a")
    levels = np.array([0.5, 0.9])
    np.testing.assert_allclose(
        coverage(bold, levels), 2 * stats.norm.cdf(stats.norm.ppf((1 + levels) / 2) / 2) - 1, atol=0.015
    )


def test_the_mean_distance_of_normal_errors():
    generator = np.random.default_rng(4)
    for a, b in ((1.0, 1.0), (0.3, 2.0), (2.0, 0.3)):
        drawn = np.hypot(a * generator.normal(size=200_000), b * generator.normal(size=200_000)).mean()
        assert mean_distance(np.array([a]), np.array([b]))[0] == pytest.approx(drawn, rel=6e-3)
    assert mean_distance(np.array([1.0]), np.array([1.0]))[0] == pytest.approx(np.sqrt(np.pi / 2))
