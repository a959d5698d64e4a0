"""Arrays as pictures that a page can hold: PNG as data, never a path."""

from __future__ import annotations

import base64
from io import BytesIO

import numpy as np
from PIL import Image

MOST_CHANNELS = 4
SIDE = 1024  # pixels; larger images are shown smaller


def grey(image: np.ndarray, low: float | None = None, high: float | None = None) -> np.ndarray:
    """Return an image (y, x) as 8-bit grey between two values, by default its own smallest and largest."""
    values = np.asarray(image, np.float32)
    finite = values[np.isfinite(values)]
    low = float(finite.min()) if low is None and finite.size else (low or 0.0)
    high = float(finite.max()) if high is None and finite.size else (high if high is not None else 1.0)
    span = high - low if high > low else 1.0
    return np.nan_to_num(np.clip((values - low) / span, 0, 1) * 255).astype(np.uint8)


def cyclic(phase: np.ndarray) -> np.ndarray:
    """Return phases (y, x) in radians as colours that meet at the ends."""
    turns = np.asarray(phase, np.float32)[..., None] + np.array([0.0, 2.1, 4.2], np.float32)
    return ((0.5 + 0.42 * np.cos(turns)) * 255).astype(np.uint8)


def labels(mask: np.ndarray) -> np.ndarray:
    """Return an instance mask (y, x) as colours, 0 black."""
    number = np.asarray(mask, np.int64)
    turns = (number * 2.399963)[..., None] + np.array([0.0, 2.1, 4.2])
    return np.where(number[..., None] > 0, (0.6 + 0.4 * np.cos(turns)) * 255, 0).astype(np.uint8)


def data_url(pixels: np.ndarray) -> str:
    """Return 8-bit pixels (y, x) or (y, x, 3) as the address of a PNG."""
    picture = Image.fromarray(pixels)
    if max(picture.size) > SIDE:
        picture.thumbnail((SIDE, SIDE))
    buffer = BytesIO()
    picture.save(buffer, "PNG", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def planes(values: np.ndarray, kind: str, title: str) -> list[tuple[str, np.ndarray, str]]:
    """Return what is drawn of one example's image: (title, (y, x) values, "value", "phase" or "label").

    Of movies the first frame, of fields magnitude and phase, of a few channels each by itself, of many (a volume) the largest
    value along them.
    """
    still = values[0] if values.ndim == 4 else values
    found: list[tuple[str, np.ndarray, str]] = []
    if still.shape[-1] > MOST_CHANNELS:
        return [(f"{title}, largest of {still.shape[-1]}", np.abs(still).max(axis=-1), "value")]
    for channel in range(min(still.shape[-1], MOST_CHANNELS)):
        plane = still[..., channel]
        label = title if still.shape[-1] == 1 else f"{title} [{channel}]"
        if np.iscomplexobj(plane):
            found += [(f"{label}, magnitude", np.abs(plane), "value"), (f"{label}, phase", np.angle(plane), "phase")]
        elif plane.dtype.kind in "iu" and kind == "mask":
            found.append((label, plane, "label"))
        else:
            found.append((label, plane, "value"))
    return found


def url_of(plane: np.ndarray, sort: str, low: float | None = None, high: float | None = None) -> str:
    """Return the address of a plane's picture."""
    if sort == "phase":
        return data_url(cyclic(plane))
    return data_url(labels(plane)) if sort == "label" else data_url(grey(plane, low, high))
