"""Masks, images and densities: judged pixel by pixel, or by their integral."""

from typing import Any

import numpy as np
import pandas as pd
from scipy import ndimage

from dtmodels.evaluation.measures import Measure, mean_of

Array = np.ndarray[Any, Any]
SIGMA, TRUNCATE = 1.5, 3.5  # px; the window of Wang et al., 11 pixels across


class Masks:
    """Masks: Dice coefficient and intersection over union of each example; of several classes their mean over those there.

    Two empty masks agree fully.
    """

    name, unit = "masks", "1"
    measures: tuple[Measure, ...] = (
        mean_of("dice", "Dice coefficient", "1", "dice", better="higher", plotted=True),
        mean_of("iou", "intersection over union", "1", "iou", better="higher"),
    )

    def __init__(self, threshold: float, labelled: bool) -> None:
        self.threshold, self.labelled = threshold, labelled

    def truth(self, targets: Array, places: Array) -> Array:
        return targets.round().astype(np.int64) if self.labelled else targets > 0.5

    def answer(self, outputs: Array) -> Array:
        return outputs.argmax(axis=-1)[..., None] if self.labelled else outputs > self.threshold

    def judge(self, truth: Array, answer: Array) -> pd.DataFrame:
        pairs = [_overlaps(t, a) for t, a in zip(truth, answer, strict=True)]
        return pd.DataFrame(pairs, columns=["dice", "iou"])


def _overlaps(truth: Array, answer: Array) -> tuple[float, float]:
    classes = [True] if truth.dtype == bool else sorted((set(np.unique(truth)) | set(np.unique(answer))) - {0})
    dice, iou = [], []
    for one in classes:
        a, b = truth == one, answer == one
        both, total = int((a & b).sum()), int(a.sum() + b.sum())
        dice.append(2 * both / total if total else 1.0)
        iou.append(both / (total - both) if total else 1.0)
    return (float(np.mean(dice)), float(np.mean(iou))) if classes else (1.0, 1.0)


class Images:
    """Images: structural similarity and mean absolute difference of each example."""

    name = "images"

    def __init__(self, unit: str) -> None:
        self.unit = unit
        self.measures: tuple[Measure, ...] = (
            mean_of("ssim", "structural similarity", "1", "ssim", better="higher", plotted=True),
            mean_of("mae", "mean absolute error", unit, "error", plotted=True),
        )

    def truth(self, targets: Array, places: Array) -> Array:
        return targets

    def answer(self, outputs: Array) -> Array:
        return outputs

    def judge(self, truth: Array, answer: Array) -> pd.DataFrame:
        error = np.abs(answer.astype(np.float64) - truth).mean(axis=(1, 2, 3))
        similar = [structural_similarity(t, a) for t, a in zip(truth, answer, strict=True)]
        return pd.DataFrame({"error": error, "ssim": similar})


def structural_similarity(truth: Array, answer: Array, data_range: float | None = None) -> float:
    """Mean structural similarity of two images (y, x, channel), over pixels whose window lies inside and over channels.

    Gaussian window of 1.5 px, K1 = 0.01, K2 = 0.03; ``data_range`` is by default that of ``truth`` (1 if it is flat).
    Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli, IEEE Trans. Image Process. 13, 600 (2004).
    """
    a, b = truth.astype(np.float64), answer.astype(np.float64)
    extent = (float(np.ptp(a)) or 1.0) if data_range is None else data_range
    c1, c2 = (0.01 * extent) ** 2, (0.03 * extent) ** 2
    mean_a, mean_b = _blurred(a), _blurred(b)
    var_a, var_b = _blurred(a * a) - mean_a**2, _blurred(b * b) - mean_b**2
    covariance = _blurred(a * b) - mean_a * mean_b
    map_ = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    map_ /= (mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2)
    edge = min(int(TRUNCATE * SIGMA + 0.5), (min(a.shape[:2]) - 1) // 2)
    return float(map_[edge : a.shape[0] - edge, edge : a.shape[1] - edge].mean())


def _blurred(image: Array) -> Array:
    return np.asarray(ndimage.gaussian_filter(image, (SIGMA, SIGMA, 0), truncate=TRUNCATE, mode="reflect"))


class Counts:
    """Densities: their integrals are counts, judged by absolute and relative error and by correlation with the truth."""

    name, unit = "counts", "particles"

    def __init__(self) -> None:
        correlation = Measure("correlation", "correlation with the truth", "1", _moments, _pearson, better="higher")
        self.measures: tuple[Measure, ...] = (
            mean_of("mae", "mean absolute error", "particles", "error", plotted=True),
            mean_of("relative_error", "mean relative error", "1", "relative", plotted=True),
            mean_of("bias", "bias", "particles", "count_difference", better="zero"),
            correlation,
        )

    def truth(self, targets: Array, places: Array) -> Array:
        return targets.sum(axis=(1, 2, 3), dtype=np.float64)

    def answer(self, outputs: Array) -> Array:
        return outputs.sum(axis=(1, 2, 3), dtype=np.float64)

    def judge(self, truth: Array, answer: Array) -> pd.DataFrame:
        difference = answer - truth
        with np.errstate(invalid="ignore", divide="ignore"):
            relative = np.where(truth > 0, np.abs(difference) / truth, np.nan)
        columns = {"error": np.abs(difference), "relative": relative, "count_difference": difference}
        return pd.DataFrame(columns | {"count_true": truth, "count": answer})


def _moments(table: pd.DataFrame) -> Array:
    truth, found = (table[name].to_numpy(dtype=float) for name in ("count_true", "count"))
    truth, found = truth - truth.mean(), found - found.mean()  # changes no correlation, and keeps its digits
    return np.stack([np.ones(len(truth)), truth, found, truth**2, found**2, truth * found], axis=1)


def _pearson(sums: Array) -> Array:
    n, a, b, aa, bb, ab = sums.T
    with np.errstate(invalid="ignore", divide="ignore"):
        return (n * ab - a * b) / np.sqrt((n * aa - a * a) * (n * bb - b * b))
