"""Scatterers that users write themselves: contents as a function of place, amplitudes as a function of the angle."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from types import FunctionType
from typing import Any, ClassVar

import attrs
import numpy as np

from simcore.custom.source import UserMade, arguments_of, compiled, in_words, plain, source_of
from simcore.errors import RecipeError
from simcore.parameters import Value, one_of, option, parameter, whole_number
from simcore.scatterers.bodies import X, Y, Z
from simcore.scatterers.scattering_table import LEAST_ANGLES, GivenAmplitudes
from simcore.scatterers.volume import FILLED, INTENSITY, QUANTITIES, QUANTITY, Filled
from simcore.streams import Array

MOST_ANGLES = 100_000
SIDE = "side of the box outside of which nothing is"


class UserVolume(UserMade, Filled):
    """Contents that a user wrote as a function of place; made by `volume`."""

    arguments: ClassVar[tuple[str, ...]]

    def half_sides(self, values: dict[str, Array]) -> Array:
        return 0.5 * np.stack([values[side] for side in ("size_x", "size_y", "size_z")], axis=1)

    def spacing(self, values: dict[str, Array]) -> Array:
        return np.full(len(values["x"]), np.inf)

    def fill(self, out: Array, values: dict[str, Array], row: int, first: Array, steps: Array) -> None:
        given = [np.ascontiguousarray(values[name])[row] for name in self.arguments]
        with in_words(self.title()):
            _over_places(self.function, len(given))(out, self.half_sides(values)[row], first, steps, *given)


class UserAmplitudes(UserMade, GivenAmplitudes):
    """Amplitudes that a user wrote as a function of the scattering angle; made by `amplitudes`."""

    arguments: ClassVar[tuple[str, ...]]
    angles: int

    def amplitudes(self, values: dict[str, Array], particles: int) -> Array:
        out = np.empty((2, particles, self.angles), np.complex128)
        given = [np.ascontiguousarray(values[name]) for name in self.arguments]
        with in_words(self.title()):
            _over_angles(self.function, len(given))(out, np.linspace(0, np.pi, self.angles), *given)
        return out


def volume(function: Callable[..., complex]) -> type[UserVolume]:
    """Make a scatterer of ``function(x, y, z, ...)``: what is at a place in um from the centre, along the scatterer's own axes.

    It is compiled by Numba. The scatterer takes x, y (px), the sides of a box outside of which nothing is, ``size_x``,
    ``size_y``, ``size_z`` (um), the further arguments of the function, and what `Volume` takes: z, rotation, rotation_x,
    rotation_y, intensity, refractive_index, quantity.

    Raises
    ------
    RecipeError
        If the function uses names besides its arguments, its locals, ``np`` and ``math``, or an argument's name is taken.
    """
    return volume_of(plain(function), source_of(function, "volume"))


def amplitudes(function: Callable[..., tuple[complex, complex]]) -> type[UserAmplitudes]:
    """Make a scatterer of ``function(angle, ...)``, which gives the amplitudes S1, S2 at an angle from 0 to pi.

    It is compiled by Numba and tabulated at ``angles`` equal steps: see `ScatteringTable`. The scatterer takes x, y (px), the
    further arguments of the function, z (um) and ``angles``.

    Raises
    ------
    RecipeError
        If the function uses names besides its arguments, its locals, ``np`` and ``math``, or an argument's name is taken.
    """
    return amplitudes_of(plain(function), source_of(function, "amplitudes"))


def volume_of(function: FunctionType, source: str) -> type[UserVolume]:
    fields = {
        **{side: parameter(SIDE, unit="um", above=0, plausible=1000) for side in ("size_x", "size_y", "size_z")},
        "z": parameter(Z, default=0.0, unit="um"),
        "rotation": parameter("angle about z, from +x towards +y", default=0.0, unit="rad"),
        "rotation_x": parameter("angle about x, from +y towards +z", default=0.0, unit="rad"),
        "rotation_y": parameter("angle about y, from +z towards +x", default=0.0, unit="rad"),
        "intensity": parameter(INTENSITY, default=1.0, unit="photons/um^3", least=0),
        "refractive_index": parameter(FILLED, default=None, above=0, complex_valued=True, optional=True),
        "quantity": option(QUANTITY, default="density", read=one_of(*QUANTITIES)),
    }
    return _scatterer(UserVolume, function, source, 3, fields)


def amplitudes_of(function: FunctionType, source: str) -> type[UserAmplitudes]:
    fields = {
        "z": parameter(Z, default=0.0, unit="um"),
        "angles": option(
            "number of equal steps of the angle, and one", default=361, read=whole_number(LEAST_ANGLES, MOST_ANGLES)
        ),
    }
    return _scatterer(UserAmplitudes, function, source, 1, fields)


def _scatterer(base: Any, function: FunctionType, source: str, skipped: int, fields: dict[str, Any]) -> Any:
    if len(inspect.signature(function).parameters) < skipped:
        raise RecipeError(f"{function.__name__}: takes too few arguments; its first {skipped} are places or angles")
    own = arguments_of(function, skipped)
    taken = [name for name in own if name in {"x", "y", "name", *fields}]
    if taken:
        raise RecipeError(f"{function.__name__}: the argument {taken[0]} has the name of a parameter of the scatterer")
    places = {"x": parameter(X, unit="px"), "y": parameter(Y, unit="px")}
    every = places | own | fields
    needed = {name: field for name, field in every.items() if _default(field) is attrs.NOTHING}
    every = needed | every
    body = {
        "__annotations__": dict.fromkeys(every, Value),
        "__doc__": function.__doc__,
        "__module__": __name__,
        "source": source,
        "function": staticmethod(compiled(function)),
        "arguments": tuple(own),
    }
    return type(function.__name__, (base,), body | every)


def _default(field: Any) -> Any:
    return field._default  # what attrs keeps of a field before the class is made


@cache
def _over_places(function: Any, arguments: int) -> Any:
    """Return a compiled loop over the places of a box."""
    names = [f"p{i}" for i in range(arguments)]
    text = f"""
def fill({", ".join(["out", "half", "first", "steps", *names])}):
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            for k in range(out.shape[2]):
                x = first[0] + i * steps[0, 0] + j * steps[1, 0] + k * steps[2, 0]
                y = first[1] + i * steps[0, 1] + j * steps[1, 1] + k * steps[2, 1]
                z = first[2] + i * steps[0, 2] + j * steps[1, 2] + k * steps[2, 2]
                if abs(x) <= half[0] and abs(y) <= half[1] and abs(z) <= half[2]:
                    out[i, j, k] = function({", ".join(["x", "y", "z", *names])})
                else:
                    out[i, j, k] = 0
"""
    space: dict[str, Any] = {"function": function}
    exec(text, space)
    return compiled(space["fill"])


@cache
def _over_angles(function: Any, arguments: int) -> Any:
    """Return a compiled loop over particles and angles."""
    names = [f"p{i}" for i in range(arguments)]
    call = ", ".join(["angle[j]", *(f"{name}[i]" for name in names)])
    text = f"""
def fill({", ".join(["out", "angle", *names])}):
    for i in range(out.shape[1]):
        for j in range(out.shape[2]):
            out[0, i, j], out[1, i, j] = function({call})
"""
    space: dict[str, Any] = {"function": function}
    exec(text, space)
    return compiled(space["fill"])
