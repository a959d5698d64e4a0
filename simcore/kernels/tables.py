"""Tables that radial integrals share."""

from functools import cache

from simcore import _core


@cache
def tables() -> object:
    """Return the Bessel functions on the nodes of the radial integrals, filled as images need them, shared by all threads."""
    return _core.RadialTables()
