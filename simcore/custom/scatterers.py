"""Scatterers that users write themselves: contents as a function of place, amplitudes as a function of the angle."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from types import FunctionType
from typing import Any, ClassVar

import attrs
import numpy as np

from simcore.custom.source import UserMade, arguments_of, compiled, in_words, made, plain, source_of
from simcore.errors import RecipeError
from simcore.parameters import option, parameter, whole_number
from simcore.scatterers.scattering_table import LEAST_ANGLES, GivenAmplitudes, ScatteringTable
from simcore.scatterers.volume import Filled, Volume
from simcore.scenes import Scatterer
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
    sides = {side: parameter(SIDE, unit="um", above=0, plausible=1000) for side in ("size_x", "size_y", "size_z")}
    others = ("z", "rotation", "rotation_x", "rotation_y", "intensity", "refractive_index", "quantity")
    return _scatterer(UserVolume, function, source, 3, _of(Volume, "x", "y") | sides, _of(Volume, *others))


def amplitudes_of(function: FunctionType, source: str) -> type[UserAmplitudes]:
    reader = whole_number(LEAST_ANGLES, MOST_ANGLES)
    angles = {"angles": option("number of equal steps of the angle, and one", default=361, read=reader)}
    rest = _of(ScatteringTable, "z") | angles
    return _scatterer(UserAmplitudes, function, source, 1, _of(ScatteringTable, "x", "y"), rest)


def _of(scatterer: type[Scatterer], *names: str) -> dict[str, Any]:
    """Return parameters as another scatterer declares them."""
    known = attrs.fields_dict(scatterer)
    return {name: attrs.field(default=known[name].default, metadata=known[name].metadata) for name in names}


def _scatterer(
    base: Any, function: FunctionType, source: str, skipped: int, needed: dict[str, Any], rest: dict[str, Any]
) -> Any:
    """Return the class of scatterers: ``needed`` parameters, the function's arguments, and the ``rest``, which have defaults."""
    signature = inspect.signature(function).parameters
    if len(signature) < skipped:
        raise RecipeError(f"{function.__name__}: takes too few arguments; its first {skipped} are places or angles")
    own = arguments_of(function, skipped)
    taken = [name for name in own if name in {"name", *needed, *rest}]
    if taken:
        raise RecipeError(f"{function.__name__}: the argument {taken[0]} has the name of a parameter of the scatterer")
    wanted = {name: field for name, field in own.items() if signature[name].default is inspect.Parameter.empty}
    cls = made(base, function, source, needed | wanted | own | rest)
    cls.arguments = tuple(own)
    return cls


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
