"""Whether a network's own uncertainties hold."""

from typing import Any

import numpy as np
import pandas as pd
from scipy import special

Array = np.ndarray[Any, Any]
LEVELS = np.linspace(0.05, 0.95, 19)
QUOTED = (0.5, 0.68, 0.9, 0.95)


def scores(table: pd.DataFrame, name: str) -> Array:
    """Errors of a target over the uncertainties that the network said: normal with deviation 1 if these are right."""
    difference, sigma = (table[f"{name}_{key}"].to_numpy(dtype=float) for key in ("difference", "sigma"))
    with np.errstate(invalid="ignore", divide="ignore"):
        z = difference / sigma
    return z[np.isfinite(z)]


def coverage(z: Array, levels: Array) -> Array:
    """Share of the truths that lie in the central interval of each nominal probability, of a normal distribution."""
    half_width = np.sqrt(2) * special.erfinv(np.asarray(levels))
    return np.array([(np.abs(z) <= half).mean() for half in half_width])


def reliability(z: Array) -> pd.DataFrame:
    """Nominal against seen coverage, with the two standard errors within which a calibrated network's would lie."""
    error = 2 * np.sqrt(LEVELS * (1 - LEVELS) / max(1, len(z)))
    return pd.DataFrame({"expected": LEVELS, "observed": coverage(z, LEVELS), "two_standard_errors": error})


def summary(z: Array) -> dict[str, float]:
    """Mean and deviation of the scores (0 and 1 if calibrated), seen coverage at some levels, mean miscalibration."""
    if not len(z):
        return {}
    seen = dict(
        zip([f"coverage_{level:.0%}".rstrip("%") for level in QUOTED], coverage(z, np.array(QUOTED)), strict=True)
    )
    off = float(np.abs(coverage(z, LEVELS) - LEVELS).mean())
    found = {"score_mean": z.mean(), "score_deviation": z.std(), **seen, "miscalibration": off}
    return {key: float(value) for key, value in found.items()}
