"""The camera, in place."""

from __future__ import annotations

from dataclasses import dataclass

from simcore import _core
from simcore.kernels.views import flat, rows
from simcore.streams import Array, Stream


@dataclass(frozen=True)
class PixelMaps:
    """One number for each value of an image, or None: gain, offset and deviation of the read noise in counts."""

    gain: Array | None
    offset: Array | None
    deviation: Array | None


def camera(
    image: Array,
    *,
    quantum_efficiency: Array,
    dark: Array,
    em_gain: Array,
    read_noise: Array,
    gain: Array,
    offset: Array,
    full_well: Array,
    maps: PixelMaps,
    ceiling: float,
    stream: Stream,
) -> None:
    """Turn photons into counts, in place; ``dark`` in electrons, ``ceiling`` the largest count or infinite."""
    settings = [flat(a) for a in (quantum_efficiency, dark, em_gain, read_noise, gain, offset, full_well)]
    per_value = [None if a is None else flat(a).ravel() for a in (maps.gain, maps.offset, maps.deviation)]
    _core.camera(rows(image), *settings, *per_value, ceiling, stream.key, stream.counter)
