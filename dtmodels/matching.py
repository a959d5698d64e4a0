"""Particles that were found, matched to those that are there: how many are right, missed, false, and how exact."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from dtmodels.errors import ConfigurationError

Array = np.ndarray[Any, Any]
Radius = float | Sequence[float] | Array


@dataclass(frozen=True)
class DetectionScores:
    """Numbers of a detection; shares without anything to divide by, and errors without any match, are NaN.

    ``matched`` particles were found, ``missed`` ones were not, ``false`` ones are not there. ``rmse`` is the root mean
    square distance of the matched ones in the plane (px), ``rmse_z`` along z (um; NaN for positions y, x).
    """

    matched: int
    missed: int
    false: int
    rmse: float
    rmse_z: float

    @property
    def precision(self) -> float:
        """Share of the found particles that are there."""
        return _share(self.matched, self.matched + self.false)

    @property
    def recall(self) -> float:
        """Share of the particles that were found."""
        return _share(self.matched, self.matched + self.missed)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return _share(2 * self.matched, 2 * self.matched + self.missed + self.false)

    @property
    def jaccard(self) -> float:
        """Matched particles over all that are there or were found."""
        return _share(self.matched, self.matched + self.missed + self.false)

    def to_dict(self) -> dict[str, float]:
        """All numbers by name."""
        names = ("matched", "missed", "false", "precision", "recall", "f1", "jaccard", "rmse", "rmse_z")
        return {name: getattr(self, name) for name in names}


def match(true: Array, predicted: Array, radius: Radius) -> tuple[Array, Array]:
    """Pairs of indices into ``true`` and ``predicted``: as many pairs as can be, of these the least total distance.

    Positions are (particle, 2): y, x in px, with ``radius`` in px; or (particle, 3): z in um, y, x in px, with a radius
    for each axis in its unit. A pair is allowed where the squared sum of its differences over the radii is at most 1:
    within a circle, or an ellipsoid. Rows that hold NaN are no particles. ConfigurationError for another shape or radius.

    H. W. Kuhn, "The Hungarian method for the assignment problem", Naval Research Logistics 2, 83 (1955).
    """
    radii = _radii(true, predicted, radius)
    there, found = (np.flatnonzero(np.isfinite(points).all(axis=1)) for points in (true, predicted))
    scaled = (np.asarray(true)[there][:, None] - np.asarray(predicted)[found][None]) / radii
    distance = np.sqrt((scaled**2).sum(axis=-1))
    # A pair too far apart costs more than all allowed ones together: no allowed pair is given up for shorter ones.
    cost = np.where(distance <= 1, distance, min(distance.shape) + 1.0)
    rows, columns = linear_sum_assignment(cost)
    allowed = distance[rows, columns] <= 1
    return there[rows[allowed]], found[columns[allowed]]


def detection_scores(true: Sequence[Array], predicted: Sequence[Array], radius: Radius) -> DetectionScores:
    """Scores over several images: for each of them the positions that are there, and those that were found.

    Positions and ``radius`` as in ``match``. All particles of all images count alike.
    """
    if len(true) != len(predicted):
        raise ConfigurationError(f"predicted: positions of {len(predicted)} images; true has {len(true)}")
    errors, matched, missed, false = [], 0, 0, 0
    for points, found in zip(true, predicted, strict=True):
        rows, columns = match(points, found, radius)
        errors.append(np.asarray(found, float)[columns] - np.asarray(points, float)[rows])
        matched += len(rows)
        missed += _present(points) - len(rows)
        false += _present(found) - len(rows)
    return DetectionScores(matched, missed, false, *_deviations(errors))


def _present(points: Array) -> int:
    return int(np.isfinite(points).all(axis=1).sum())


def _deviations(errors: Sequence[Array]) -> tuple[float, float]:
    joined = np.concatenate(errors) if errors else np.empty((0, 2))
    if not len(joined):
        return np.nan, np.nan
    squares = (joined**2).mean(axis=0)
    return float(np.sqrt(squares[-2:].sum())), float(np.sqrt(squares[0])) if len(squares) == 3 else np.nan


def _radii(true: Array, predicted: Array, radius: Radius) -> Array:
    axes = np.shape(true)[-1]
    for name, points in (("true", true), ("predicted", predicted)):
        if np.ndim(points) != 2 or np.shape(points)[1] != axes or axes not in (2, 3):
            raise ConfigurationError(
                f"{name}: positions of shape {np.shape(points)}; must be (particle, 2) or (particle, 3)"
            )
    radii = np.atleast_1d(np.asarray(radius, float))
    if radii.size not in ({1, 2} if axes == 2 else {3}) or not (radii > 0).all():
        allowed = "a number of pixels above 0" if axes == 2 else "three numbers above 0: z in um, y and x in px"
        raise ConfigurationError(f"radius: {radius!r}; must be {allowed}")
    return np.broadcast_to(radii, (axes,))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else np.nan
