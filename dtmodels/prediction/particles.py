"""Particles from a network's map: one probability (or density, brightness) per pixel or voxel."""

from typing import Any, Literal

import numpy as np
from scipy import ndimage

Array = np.ndarray[Any, Any]
Method = Literal["components", "maxima"]


def components(values: Array, threshold: float, minimal_area: int = 1) -> dict[str, Array]:
    """Connected regions above the threshold of an image (y, x) or a volume (y, x, plane); neighbours share a side.

    Columns ``y``, ``x``, of volumes ``plane``: the region's centroid weighted by the values, in pixels; ``mass``, the sum of
    its values; ``area``, its pixels (at least ``minimal_area``); ``signal``, its largest value.
    """
    labels, count = ndimage.label(values > threshold)
    flat = labels.ravel()
    inside = np.flatnonzero(flat)
    weight = values.ravel()[inside].astype(np.float64)
    found = flat[inside] - 1
    area = np.bincount(found, minlength=count)
    mass = np.bincount(found, weight, count)
    places = np.unravel_index(inside, values.shape)
    # A region of which all values are negative (a threshold below 0) has no weights to speak of.
    with np.errstate(invalid="ignore", divide="ignore"):
        centres = [np.bincount(found, weight * place, count) / mass for place in places]
    signal = np.full(count, -np.inf)
    np.maximum.at(signal, found, weight)
    return _table(centres, mass, area, signal, area >= minimal_area)


def maxima(values: Array, threshold: float, radius: float = 3.0) -> dict[str, Array]:
    """Local maxima above the threshold of an image (y, x) or a volume (y, x, plane), none brighter within ``radius`` pixels.

    A maximum is refined along each axis by the parabola through the logarithms of the three values around it, which is
    exact for a Gaussian peak; of a plateau the centroid counts. Columns as of ``components``; ``mass`` and ``area`` are
    those of the pixels above the threshold within ``radius`` of the maximum.
    """
    ball = _ball(radius, values.ndim)
    peaks = (values == ndimage.maximum_filter(values, footprint=ball, mode="nearest")) & (values > threshold)
    labels, count = ndimage.label(peaks, np.ones((3,) * values.ndim))
    numbers = np.arange(1, count + 1)
    centres = np.asarray(ndimage.center_of_mass(peaks, labels, numbers), dtype=float).reshape(count, values.ndim)
    nearest = np.round(centres).astype(int)
    shifts = [_vertex(values, nearest, axis) for axis in range(values.ndim)]
    plateau = np.bincount(labels.ravel(), minlength=count + 1)[1:] > 1
    above = (values > threshold).astype(np.float64)
    mass, area = (ndimage.convolve(image, ball.astype(float), mode="constant") for image in (above * values, above))
    at = tuple(nearest.T)
    refined = [centres[:, k] + np.where(plateau, 0.0, shift) for k, shift in enumerate(shifts)]
    return _table(refined, mass[at], np.round(area[at]).astype(int), values[at], np.ones(count, bool))


def heights(planes: Array, z: tuple[float, float], count: int) -> Array:
    """Height in um of places given in planes: plane k is the middle of layer k of ``count`` between the two of ``z``."""
    return z[0] + (planes + 0.5) * (z[1] - z[0]) / count


def _table(centres: list[Array], mass: Array, area: Array, signal: Array, kept: Array) -> dict[str, Array]:
    columns = dict(zip(("y", "x", "plane"), centres, strict=False))
    columns |= {"mass": mass, "area": area, "signal": signal.astype(np.float64)}
    return {name: values[kept] for name, values in columns.items()}


def _ball(radius: float, dimensions: int) -> Array:
    reach = int(radius)
    grid = np.meshgrid(*[np.arange(-reach, reach + 1)] * dimensions, indexing="ij")
    return sum(axis.astype(float) ** 2 for axis in grid) <= radius**2  # type: ignore[return-value]


def _vertex(values: Array, at: Array, axis: int) -> Array:
    """Distance of the vertex of the parabola from the middle of three, at most half a pixel; 0 at the border."""
    length = values.shape[axis]
    inner = (at[:, axis] > 0) & (at[:, axis] < length - 1)
    triple = []
    for step in (-1, 0, 1):
        place = at.copy()
        place[:, axis] = np.clip(place[:, axis] + step, 0, length - 1)
        triple.append(np.log(np.maximum(values[tuple(place.T)].astype(np.float64), 1e-12)))
    before, here, after = triple
    curvature = before - 2 * here + after
    with np.errstate(invalid="ignore", divide="ignore"):
        shift = (before - after) / (2 * curvature)
    return np.where(inner & (curvature < 0), np.clip(shift, -0.5, 0.5), 0.0)
