"""Scores of classes and of counts, as plain functions of NumPy arrays."""

from typing import Any

import numpy as np

from dtmodels.errors import ConfigurationError

Array = np.ndarray[Any, Any]


def confusion_matrix(true: Array, predicted: Array, classes: int | None = None) -> Array:
    """How often class i (row) was taken for class j (column): (classes, classes).

    ``true`` holds whole numbers from 0, of any shape; ``predicted`` the same, or probabilities along one axis more, of
    which the largest counts. ``classes`` is by default what occurs. ConfigurationError when the shapes do not fit, or
    a class is out of range.
    """
    labels, guesses = np.asarray(true), np.asarray(predicted)
    if guesses.ndim == labels.ndim + 1:
        classes = guesses.shape[-1] if classes is None else classes
        guesses = guesses.argmax(axis=-1)
    if labels.shape != guesses.shape:
        raise ConfigurationError(f"predicted: shape {guesses.shape}; true has {labels.shape}")
    count = int(max(labels.max(initial=-1), guesses.max(initial=-1))) + 1 if classes is None else classes
    for name, values in (("true", labels), ("predicted", guesses)):
        if values.size and not (values.min() >= 0 and values.max() < count and (values == np.rint(values)).all()):
            raise ConfigurationError(
                f"{name}: classes {values.min()} to {values.max()}; must be whole, in 0 .. {count - 1}"
            )
    places = labels.astype(np.int64).ravel() * count + guesses.astype(np.int64).ravel()
    return np.bincount(places, minlength=count * count).reshape(count, count)


def accuracy(matrix: Array) -> float:
    """Share of the examples on the diagonal of a confusion matrix."""
    return float(np.trace(matrix) / np.sum(matrix)) if np.sum(matrix) else np.nan


def counting_scores(true: Array, predicted: Array) -> dict[str, float]:
    """Errors of counts, one count per image: ``mae``, ``rmse``, ``bias``, and ``relative_error``.

    ``relative_error`` is the mean of the error over the true count, over the images in which there is something.
    """
    counts, guesses = (np.asarray(values, float).ravel() for values in (true, predicted))
    if counts.shape != guesses.shape:
        raise ConfigurationError(f"predicted: {guesses.size} counts; true has {counts.size}")
    error = guesses - counts
    there = counts > 0
    relative = float((np.abs(error[there]) / counts[there]).mean()) if there.any() else np.nan
    summary = {"mae": np.abs(error).mean(), "rmse": np.sqrt((error**2).mean()), "bias": error.mean()}
    return {key: float(value) for key, value in summary.items()} | {"relative_error": relative}
