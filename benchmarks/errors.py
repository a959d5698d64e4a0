"""How far a peer's images are from ours at a tight tolerance, so that ours need be no more exact when speeds are compared.

Conventions are given to the peer: an offset and a factor (of either sign; of complex fields any phase and the conjugate), the
sign of z, and a shift in the image plane are fitted before the rest counts as its error.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import ndimage, optimize

from benchmarks.cases import LARGEST, Case
from benchmarks.workers import Worker

FINEST = 2e-5  # tolerance of the reference
SCENES = 4
SHIFT = 1.5  # px, the largest that is fitted


def scenes(case: Case, count: int, tolerance: float = FINEST) -> tuple[Any, dict[str, Any]]:
    """Return clean images of ours, (scene, ...), and what is drawn for them.

    ``particles`` (scene, particle, field) is filled up with NaN; ``fields`` are its columns, the rest are the optics' values.
    """
    assert case.clean
    values = case.clean(tolerance).render(count=count, seed=7)
    image = values.pop("image")
    particles = values.pop("particles", np.zeros((count, 1, 0)))
    return image, {
        "particles": particles if particles.ndim == 3 else particles[:, None],
        "fields": np.array(case.fields, str),
        **values,
    }


def of_the_peer(case: Case, worker: Worker) -> float:
    """Return the median over scenes of the largest error of the peer's images.

    Relative to the incident light (its amplitude for fields), or to the brightest point where there is none.
    """
    ours, given = scenes(case, SCENES if case.fields else 1)  # a stack has planes enough
    found = [worker.images(given)]
    if "z" in case.fields:
        turned = given["particles"].copy()
        turned[..., case.fields.index("z")] *= -1
        found.append(worker.images(given | {"particles": turned}))
    lit = "radius" in case.fields
    errors = [[largest_error(one, theirs[i], lit) for i, one in enumerate(ours)] for theirs in found]
    return float(min(np.median(one) for one in errors))


def of_ours(case: Case, tolerance: float) -> float:
    """Return the same of ours at a tolerance, with nothing fitted."""
    count = SCENES if case.fields else 1
    exact, ours = (scenes(case, count, asked)[0] for asked in (FINEST, tolerance))
    lit = "radius" in case.fields
    errors = [np.abs(a - b).max() / (1.0 if lit else a.max()) for a, b in zip(exact, ours, strict=True)]
    return float(np.median(errors))


def tolerance(error: float) -> float:
    """Return what our images are asked for beside a peer with that error."""
    return min(error, LARGEST)


def largest_error(ours: Any, theirs: Any, lit: bool) -> float:
    """Return the largest difference of two images (..., y, x, channel) after the conventions have been fitted."""
    ours, theirs = ours.astype(float), theirs[..., 0]
    if ours.shape[-1] == 2:
        field = ours[..., 0] + 1j * ours[..., 1]
        return min(_after_fit(field, one) for one in (theirs, theirs.conj()))
    return _after_fit(ours[..., 0], theirs) / (1.0 if lit else ours.max())


def _after_fit(ours: Any, theirs: Any) -> float:
    edge = int(np.ceil(SHIFT)) + 1
    inner = (..., slice(edge, -edge), slice(edge, -edge))

    def rest(shift: Any) -> Any:
        moved = ndimage.shift(theirs, (0,) * (theirs.ndim - 2) + tuple(shift), order=3, mode="nearest")[inner]
        basis = np.stack([moved.ravel(), np.ones(moved.size)], axis=1)
        target = ours[inner].ravel()
        return target - basis @ np.linalg.lstsq(basis, target, rcond=None)[0]

    def size(shift: Any) -> float:
        return float(np.sum(np.abs(rest(shift)) ** 2))

    start = min(((y, x) for y in (-1, -0.5, 0, 0.5, 1) for x in (-1, -0.5, 0, 0.5, 1)), key=size)
    best = optimize.minimize(size, start, method="Nelder-Mead", options={"maxiter": 60}).x
    return float(np.abs(rest(np.clip(best, -SHIFT, SHIFT))).max())
