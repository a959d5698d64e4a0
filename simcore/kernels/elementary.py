"""Elementary functions that are the same on every machine, and the instruction level."""

from __future__ import annotations

from simcore import _core
from simcore.kernels.views import flat
from simcore.streams import Array


def elementary(name: str, argument: Array) -> Array:
    """Return sin, cos, exp, log or erf of ``argument`` (float64), the same bytes on every machine."""
    return _core.elementary(name, flat(argument))


def instruction_level() -> int:
    """Return the instruction level in force: 4 (AVX-512), 3 (AVX2) or 0."""
    return int(_core.instruction_level())


def set_instruction_level(level: int) -> int:
    """Lower the instruction level, never above the machine's; return the one in force. It changes no byte."""
    return int(_core.set_instruction_level(level))
