"""Noise and operations on intensities, in place."""

from __future__ import annotations

from simcore import _core
from simcore.kernels.views import flat, rows
from simcore.streams import Array, Stream


def poisson_snr(image: Array, snr: Array, background: Array, deviation: bool, stream: Stream) -> None:
    """Put Poisson noise of a signal-to-noise ratio on each image, in place."""
    _core.poisson_snr(rows(image), flat(snr), flat(background), deviation, stream.key, stream.counter)


def normalize_minmax(image: Array, minimum: Array, maximum: Array) -> None:
    """Bring each image to [minimum, maximum], in place."""
    _core.normalize_minmax(rows(image), flat(minimum), flat(maximum))


def illumination_gradient(image: Array, x: Array, y: Array) -> None:
    """Add a linear gradient to each image (image, y, x, channel), in place."""
    _core.illumination_gradient(image, flat(x), flat(y))
