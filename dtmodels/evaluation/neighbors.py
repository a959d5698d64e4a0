"""How close particles stand to each other."""

from typing import Any

import numpy as np
from scipy.spatial.distance import cdist

Array = np.ndarray[Any, Any]


def neighbor_distance(places: Array) -> Array:
    """Distance of each place (particle, axis) to its nearest neighbour; infinite for one alone."""
    if len(places) < 2:
        return np.full(len(places), np.inf)
    distance = cdist(places, places)
    np.fill_diagonal(distance, np.inf)
    return distance.min(axis=1)
