"""Aberrations: what the pupil does to the light besides the aplanatic projection. A new one is a class here.

The light at rho = n sin t / NA gets the factor exp(2 pi i W / wavelength) of a wavefront W and an amplitude. Signs as in
CONVENTIONS.md: azimuth from +x towards +y, positive tilt moves the image towards -x or -y.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from simcore import files
from simcore.errors import ParameterError, RecipeError
from simcore.features import Feature, Flow
from simcore.optics.zernike import LARGEST_INDEX, cartesian, orders, rotational
from simcore.parameters import Value, option, parameter, whole_number
from simcore.properties import STORED_VALUES, Array

__all__ = [
    "AstigmatismOblique",
    "AstigmatismVertical",
    "CentralStop",
    "ComaHorizontal",
    "ComaVertical",
    "Defocus",
    "GaussianApodization",
    "Piston",
    "PupilArray",
    "Refocus",
    "Spherical",
    "TiltX",
    "TiltY",
    "TrefoilOblique",
    "TrefoilVertical",
    "Zernike",
]

# Arrays that describe a pupil, by what `Aberration.terms` calls them.
Terms = dict[str, Array]


class Aberration(Feature):
    """Base of the aberrations of a microscope; ``microscope(aberrations=[...])`` takes any number of them.

    A subclass gives `terms`; it says with ``symmetric`` whether these have rotational symmetry.
    """

    takes: ClassVar[tuple[str, ...]] = ()

    @property
    def symmetric(self) -> bool:
        """Whether the pupil looks the same from all sides."""
        return True

    def terms(self, values: Mapping[str, Array]) -> Terms:
        """Return what the aberration adds, for drawn values (example,).

        ``wavefront`` (example, i, j): micrometres, coefficients of rho_x^i rho_y^j; ``apodization`` (example,): amplitude
        exp(-apodization rho^2); ``stop`` (example,): rho within which nothing passes; ``refocus`` (example,): micrometres that
        the focal plane moves away from the objective; ``transmission`` (side, side): factor on the square -1 .. 1.
        """
        raise NotImplementedError

    def radial(self, values: Mapping[str, Array]) -> Terms:
        """Return `terms` with ``wavefront`` (example, k): coefficients of rho^(2 k). Only if ``symmetric``."""
        return self.terms(values)

    def after(self, flow: Flow) -> Flow:
        raise RecipeError(f"{self.title()} stands inside a microscope: write aberrations=[{self.title()}(...)]")


class NamedZernike(Aberration):
    """Base of the Zernike polynomials that have a name; ``noll`` is the index."""

    noll: ClassVar[int] = 1
    coefficient: Value = parameter("amount, root mean square over the pupil", unit="um", plausible=20)

    @property
    def symmetric(self) -> bool:
        return orders(self.noll)[1] == 0

    def terms(self, values: Mapping[str, Array]) -> Terms:
        return {"wavefront": values["coefficient"][:, None, None] * cartesian(self.noll)}

    def radial(self, values: Mapping[str, Array]) -> Terms:
        return {"wavefront": values["coefficient"][:, None] * rotational(self.noll)}


class Piston(NamedZernike):
    """Z1: the same delay everywhere; no image shows it."""

    noll: ClassVar[int] = 1


class TiltX(NamedZernike):
    """Z2 = 2 rho cos(azimuth): positive moves the image towards -x."""

    noll: ClassVar[int] = 2


class TiltY(NamedZernike):
    """Z3 = 2 rho sin(azimuth): positive moves the image towards -y (up)."""

    noll: ClassVar[int] = 3


class Defocus(NamedZernike):
    """Z4 = sqrt(3) (2 rho^2 - 1): defocus as a parabola; `Refocus` is exact."""

    noll: ClassVar[int] = 4


class AstigmatismOblique(NamedZernike):
    """Z5 = sqrt(6) rho^2 sin(2 azimuth)."""

    noll: ClassVar[int] = 5


class AstigmatismVertical(NamedZernike):
    """Z6 = sqrt(6) rho^2 cos(2 azimuth)."""

    noll: ClassVar[int] = 6


class ComaVertical(NamedZernike):
    """Z7 = sqrt(8) (3 rho^3 - 2 rho) sin(azimuth)."""

    noll: ClassVar[int] = 7


class ComaHorizontal(NamedZernike):
    """Z8 = sqrt(8) (3 rho^3 - 2 rho) cos(azimuth)."""

    noll: ClassVar[int] = 8


class TrefoilVertical(NamedZernike):
    """Z9 = sqrt(8) rho^3 sin(3 azimuth)."""

    noll: ClassVar[int] = 9


class TrefoilOblique(NamedZernike):
    """Z10 = sqrt(8) rho^3 cos(3 azimuth)."""

    noll: ClassVar[int] = 10


class Spherical(NamedZernike):
    """Z11 = sqrt(5) (6 rho^4 - 6 rho^2 + 1)."""

    noll: ClassVar[int] = 11


class Zernike(NamedZernike):
    """A Zernike polynomial by Noll's index, unit RMS over the pupil (Noll, J. Opt. Soc. Am. 66, 207 (1976))."""

    index: int = option("Noll's index, from 1", read=whole_number(1, LARGEST_INDEX))
    coefficient: Value = parameter("amount, root mean square over the pupil", unit="um", plausible=20)

    @property
    def noll(self) -> int:  # type: ignore[override]
        return self.index


class GaussianApodization(Aberration):
    """A pupil that is darker towards its edge: amplitude exp(-(rho / waist)^2)."""

    waist: Value = parameter("rho at which the amplitude is 1/e", above=0)

    def terms(self, values: Mapping[str, Array]) -> Terms:
        return {"apodization": 1 / values["waist"] ** 2}


class CentralStop(Aberration):
    """An opaque disk in the middle of the pupil. Light along the axis does not pass: what is left is scattered."""

    radius: Value = parameter("rho of the edge of the disk", least=0, below=1)

    def terms(self, values: Mapping[str, Array]) -> Terms:
        return {"stop": values["radius"]}


class Refocus(Aberration):
    """The focal plane moved away from the objective: a particle at z appears at z - distance."""

    distance: Value = parameter("how far the focal plane is moved", unit="um", plausible=1000)

    def terms(self, values: Mapping[str, Array]) -> Terms:
        return {"refocus": values["distance"]}


def _read_array(label: str, value: Any) -> Any:
    if isinstance(value, str):
        return value
    array = _square(label, value)
    if array.size > STORED_VALUES:
        raise ParameterError(f"{label}: {array.size} values; a recipe holds up to {STORED_VALUES}, save it as .npy")
    return tuple(tuple(complex(entry) for entry in row) for row in array)


def _square(label: str, value: Any) -> Array:
    try:
        array = np.asarray(value, complex)
    except (TypeError, ValueError):
        raise ParameterError(f"{label}: {value!r}; must be numbers, or the path of a .npy file") from None
    if array.ndim != 2 or array.shape[0] != array.shape[1] or array.shape[0] < 2 or not np.isfinite(array).all():
        raise ParameterError(
            f"{label}: array of shape {array.shape}; must be square, at least 2 x 2, of finite numbers"
        )
    return array


class PupilArray(Aberration):
    """A complex factor over the pupil, given on a square of points.

    ``array``: (side, side) numbers, rows along y, on the square rho = -1 .. 1 with both ends, up to 1000 values in the recipe
    itself; or the path of a .npy file, held to its SHA-256. Between the points it is interpolated linearly.

    Raises ParameterError for an array that is not square, RecipeError for a file that is missing or has changed.
    """

    array: Any = option("the factor, or the path of a .npy file", read=_read_array)
    sha256: str | None = option("of the file", default=None, read=lambda label, value: value)

    def check(self) -> None:
        if isinstance(self.array, str):
            object.__setattr__(self, "sha256", files.checked("PupilArray.array", (self.array,), self.sha256))
        self.factor()

    def verify(self) -> None:
        if isinstance(self.array, str):
            files.checked("PupilArray.array", (self.array,), self.sha256)

    @property
    def symmetric(self) -> bool:
        return False

    def factor(self) -> Array:
        """Return the array, complex (side, side)."""
        if not isinstance(self.array, str):
            return np.asarray(self.array, complex)
        return _square("PupilArray.array", files.load_array("PupilArray.array", self.array, None, str(self.sha256)))

    def terms(self, values: Mapping[str, Array]) -> Terms:
        return {"transmission": self.factor()}


def rows_of(terms: Terms, rows: Array) -> Terms:
    """Return the terms of some examples, or of examples over again."""
    return {name: values if name == "transmission" else values[rows] for name, values in terms.items()}


def wavefront_at(coefficients: Array, x: Array, y: Array) -> Array:
    """Return the wavefront (example, point) of coefficients (example, i, j) of x^i y^j, um."""
    size = coefficients.shape[1]
    across = [np.ones_like(x)]
    down = [np.ones_like(y)]
    for _ in range(size - 1):
        across.append(across[-1] * x)
        down.append(down[-1] * y)
    total = np.zeros((len(coefficients), len(x)))
    for i in range(size):
        for j in range(size):
            if coefficients[:, i, j].any():
                total += coefficients[:, i, j, None] * (across[i] * down[j])
    return total


def together(terms: Sequence[Terms], count: int) -> Terms:
    """Return the terms of several aberrations as one pupil, all names present; ``count``: examples."""
    size = max((t["wavefront"].shape[1] for t in terms if "wavefront" in t), default=0)
    axes = next((t["wavefront"].ndim - 1 for t in terms if "wavefront" in t), 2)
    result = {"wavefront": np.zeros((count, *(size,) * axes)), "transmission": np.zeros((0, 0), complex)}
    result |= {name: np.zeros(count) for name in ("apodization", "stop", "refocus")}
    for term in terms:
        if "wavefront" in term:
            result["wavefront"][(slice(None), *(slice(0, term["wavefront"].shape[1]),) * axes)] += term["wavefront"]
        for name in ("apodization", "refocus"):
            result[name] = result[name] + term.get(name, 0.0)
        result["stop"] = np.maximum(result["stop"], term.get("stop", 0.0))
        if "transmission" in term:
            result["transmission"] = _product(result["transmission"], term["transmission"])
    return result


def _product(left: Array, right: Array) -> Array:
    """Multiply two arrays over the square, on the finer of their grids."""
    if not left.size:
        return right
    side = max(len(left), len(right))
    return resampled(left, side) * resampled(right, side)


def interpolated(array: Array, x: Array, y: Array) -> Array:
    """Return an array over the square -1 .. 1, rows along y, linearly between its points, at (x, y) (point,)."""
    last = len(array) - 1
    column, row = (np.clip((place + 1) * 0.5 * last, 0, last) for place in (x, y))
    left, top = (np.minimum(at.astype(int), last - 1) for at in (column, row))
    u, v = column - left, row - top
    upper = array[top, left] * (1 - u) + array[top, left + 1] * u
    lower = array[top + 1, left] * (1 - u) + array[top + 1, left + 1] * u
    return upper * (1 - v) + lower * v


def resampled(array: Array, side: int) -> Array:
    """Return an array over the square on side x side points, linearly between those given."""
    at = np.arange(side) * ((len(array) - 1) / (side - 1))
    base = np.minimum(at.astype(int), len(array) - 2)
    part = at - base
    rows = array[base] * (1 - part)[:, None] + array[base + 1] * part[:, None]
    return rows[:, base] * (1 - part) + rows[:, base + 1] * part
