"""Found particles beside true ones: which belongs to which."""

from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

Array = np.ndarray[Any, Any]


def paired(truth: Array, found: Array, radius: Array) -> tuple[Array, Array]:
    """Rows of ``truth`` and of ``found`` that belong together, each at most once: as many pairs as can be, then the closest.

    Both are (particle, axis); ``radius`` is the largest distance along each axis alone, (axis,), in its unit: places pair
    within the ellipsoid with these half-axes.
    """
    if not len(truth) or not len(found):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    distance = cdist(truth / radius, found / radius)
    # A pair outside the radius costs more than all pairs inside together.
    cost = np.where(distance <= 1, distance, 2.0 * (min(distance.shape) + 1))
    rows, columns = linear_sum_assignment(cost)
    inside = distance[rows, columns] <= 1
    return rows[inside], columns[inside]


def neighbor_distance(places: Array) -> Array:
    """Distance of each place (particle, axis) to its nearest neighbour; infinite for one alone."""
    if len(places) < 2:
        return np.full(len(places), np.inf)
    distance = cdist(places, places)
    np.fill_diagonal(distance, np.inf)
    return distance.min(axis=1)
