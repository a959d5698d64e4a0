"""Units as multipliers, and the strings ("633 nm") that recipe files and the command line may use for them.

Lengths are micrometres, times seconds, angles radians, all plain floats.
"""

from math import pi

from simcore.errors import ParameterError

nm = 1e-3
um = 1.0
mm = 1e3
s = 1.0
ms = 1e-3
rad = 1.0
deg = pi / 180

# Divisors, because 633 / 1000 is the number that a reader writes as 0.633 and 633 * 1e-3 is not.
_DIVISORS = {
    "um": {"nm": 1e3, "um": 1.0, "µm": 1.0, "mm": 1e-3, "m": 1e-6},
    "s": {"ms": 1e3, "s": 1.0, "us": 1e6},
    "rad": {"rad": 1.0, "deg": 180 / pi},
    "px": {"px": 1.0},
}


def parse(text: str, unit: str) -> float:
    """Return ``text`` such as "633 nm" as a number in ``unit``; ParameterError if it is not a quantity of that kind."""
    words = text.split()
    known = _DIVISORS.get(unit, {})
    try:
        number, suffix = (float(words[0]), words[1]) if len(words) == 2 else (float(text), unit)
    except (ValueError, IndexError):
        raise ParameterError(f'"{text}" is not a quantity; write a number and a unit, for instance "633 nm"') from None
    if suffix == unit:
        return number
    if suffix not in known:
        raise ParameterError(
            f'"{text}": unit {suffix!r} does not fit; expected {" or ".join(known) or "a plain number"}'
        )
    return number / known[suffix]
