"""What all microscopes share: an objective, a camera's pixels, and the media between them."""

from __future__ import annotations

from typing import Any

import numpy as np

from simcore.errors import ParameterError
from simcore.features import Flow
from simcore.parameters import Value, image_shape, option, parameter
from simcore.properties import Array, Constant
from simcore.scenes import Microscope

FINEST = 1e-6  # tolerance of double precision
_NO_LIGHT = "all 0; at least one must be > 0"


class Objective(Microscope):
    """Base of microscopes with an objective, whose aperture may not exceed the index of what lies under it.

    Stationary light of a broad spectrum is partly coherent in time: the image is the sum of those of its wavelengths, each with
    its share of ``spectral_weights``, which say what the camera sees of it (Goodman, Statistical Optics, ch. 5). A subclass
    declares ``tolerance`` and ``precision``.
    """

    numerical_aperture: Value = parameter("numerical aperture of the objective", above=0, most=2)
    wavelength: Value = parameter(
        "vacuum wavelength, or several, whose intensities add", unit="um", above=0, plausible=20, vector=True
    )
    pixel_size: Value = parameter(
        "pixel pitch in the object: camera pitch / magnification", unit="um", above=0, plausible=100
    )
    shape: tuple[int, int] = option("height and width of the image in pixels", read=image_shape)
    refractive_index_medium: Value = parameter("refractive index around the specimen", default=1.33, least=1, most=4)
    refractive_index_immersion: Value = parameter("refractive index under the objective; the medium's unless given", default=None,
                                                  least=1, most=4, optional=True)  # fmt: skip
    spectral_weights: Value = parameter("relative intensities of the wavelengths, one for each; equal unless given", default=None,
                                        least=0, vector=True, optional=True)  # fmt: skip

    def limits(self) -> list[str]:
        """Return the parameters, refractive indices, that the aperture may not exceed."""
        return ["refractive_index_medium" if self.refractive_index_immersion is None else "refractive_index_immersion"]

    def check(self) -> None:
        self._check_apertures()
        self._check_weights()

    def _check_apertures(self) -> None:
        low, high = self.numerical_aperture.bounds()
        for name in self.limits():
            limit = getattr(self, name).bounds()
            if limit[0] == limit[1] and high > limit[1] and np.isfinite(high):
                raise ParameterError(self._too_wide(high, limit[1], name))
            if low == high and low > limit[0] and np.isfinite(limit[0]):
                raise ParameterError(self._too_wide(low, limit[0], name))

    def _check_weights(self) -> None:
        given, place = self.spectral_weights, self.place_of("spectral_weights")
        if given is None:
            return
        weights, waves = (node.shape[0] if node.shape else 1 for node in (given, self.wavelength))
        if weights != waves:
            raise ParameterError(f"{place}: {weights} of them; must be as many as there are wavelengths, {waves}")
        if isinstance(given, Constant) and not given.value.any():
            raise ParameterError(f"{place}: {_NO_LIGHT}")

    def check_values(self, values: dict[str, Array], examples: Array) -> None:
        for name in self.limits():
            bad = values["numerical_aperture"] > values[name]
            if bad.any():
                i = int(np.argmax(bad))
                words = self._too_wide(values["numerical_aperture"][i], values[name][i], name)
                raise ParameterError(f"{words} (example {examples[i]})")
        weights = self.shares(values)
        if weights is not None and np.isnan(weights).any():
            i = int(np.argmax(np.isnan(weights).any(axis=1)))
            raise ParameterError(f"{self.place_of('spectral_weights')}: {_NO_LIGHT} (example {examples[i]})")

    def shares(self, values: dict[str, Array]) -> Array | None:
        """Return what each wavelength has of the light (image, wavelength), nan without light; None for equal shares."""
        weights = values.get("spectral_weights")
        if weights is None:
            return None
        weights = weights.reshape(len(weights), -1).astype(float)
        with np.errstate(invalid="ignore"):
            return weights / weights.sum(axis=1, keepdims=True)

    def _too_wide(self, aperture: float, limit: float, name: str) -> str:
        which = name.removeprefix("refractive_index_").replace("_", ", ")
        which = "immersion" if which == "medium" else which
        place = self.place_of("numerical_aperture")
        return f"{place}: {aperture:g}; must be <= {limit:g}, the refractive index of the {which}"

    def shape_after(self, flow: Flow) -> tuple[int, ...]:
        return (*self.shape, 1)

    def dtype_after(self, flow: Flow) -> np.dtype:
        real, field = ("float64", "complex128") if self.double else ("float32", "complex64")
        return np.dtype(field if self.gives == "field" else real)

    @property
    def double(self) -> bool:
        """Whether images have double precision."""
        declared: Any = self
        return bool(declared.precision == "double")

    @property
    def accuracy(self) -> float:
        """The tolerance that the kernels are to keep."""
        declared: Any = self
        return FINEST if self.double else float(declared.tolerance)
