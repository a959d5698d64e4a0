"""Noise, in place. Random numbers come from the stream of the feature that asks."""

from __future__ import annotations

import numpy as np

from simcore import _core
from simcore.kernels.views import flat, rows
from simcore.streams import Array, Stream


def poisson_snr(image: Array, snr: Array, background: Array, deviation: bool, stream: Stream) -> None:
    """Put Poisson noise of a signal-to-noise ratio on each image, in place."""
    _core.poisson_snr(rows(image), flat(snr), flat(background), deviation, stream.key, stream.counter)


def photon_noise(image: Array, stream: Stream) -> None:
    """Replace each value, a mean number of photons, by a Poisson number, in place."""
    _core.photon_noise(rows(image), stream.key, stream.counter)


def normal(values: int, stream: Stream) -> Array:
    """Return standard normal numbers, (image, value)."""
    out = np.empty((len(stream.counter), values))
    _core.normal(out, stream.key, stream.counter)
    return out


def gaussian_noise(image: Array, sigma: Array, stream: Stream) -> None:
    """Add sigma times standard normal numbers to each value, in place; to both parts of complex ones."""
    values = rows(image)
    if values.dtype.kind == "c":
        values = values.view(values.real.dtype)
    _core.gaussian_noise(values, flat(sigma), stream.key, stream.counter)


def speckle(image: Array, looks: Array, correlation_length: Array, stream: Stream) -> None:
    """Multiply images (image, y, x, channel) by speckle of mean 1, in place."""
    _core.speckle(image, flat(looks), flat(correlation_length), stream.key, stream.counter)
