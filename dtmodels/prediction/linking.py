"""Tracks from particles, by trackpy."""

import numpy as np
import pandas as pd

from dtmodels.errors import ConfigurationError, MissingPackageError


def link(table: pd.DataFrame, search_range: float, memory: int = 0) -> pd.DataFrame:
    """The table with trackpy's column ``particle``: rows of one number are one particle in several frames.

    ``search_range`` is the largest step between two frames in pixels, in y and x; ``memory`` the frames for which a particle
    may be lost. MissingPackageError without trackpy; ConfigurationError for a table without places, or where trackpy
    gives up because too many particles lie within the range.
    """
    check_linkable(list(table.columns), search_range)
    if not len(table):
        return table.assign(particle=np.empty(0, np.int64))
    import trackpy  # noqa: PLC0415

    trackpy.quiet()
    try:
        return trackpy.link(table, search_range=search_range, memory=memory, pos_columns=["y", "x"])
    except trackpy.SubnetOversizeException as error:
        raise ConfigurationError(f"link: {search_range} px; too large for so many particles: {error}") from None


def check_linkable(columns: list[str], search_range: float) -> None:
    """Refuse what cannot be linked before hours are spent on it."""
    if search_range <= 0:
        raise ConfigurationError(f"link: {search_range} px; must be above 0")
    if not {"y", "x"} <= set(columns):
        raise ConfigurationError("link: needs particles or positions; this output has no y and x")
    try:
        import trackpy  # noqa: F401, PLC0415
    except ImportError:
        raise MissingPackageError("linking needs trackpy: pip install 'dtmodels[tracking]'") from None
