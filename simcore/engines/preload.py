"""For workers that dask starts, ``dask worker --preload simcore.engines.preload``: each renders one unit at a time."""

from typing import Any

from simcore.engines.rooms import take_turns


def dask_setup(worker: Any) -> None:
    """Called by dask once the worker is there."""
    take_turns()
