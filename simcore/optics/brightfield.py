"""Brightfield: the light that a scene lets pass and scatters, interfering behind the objective."""

from typing import Any, ClassVar

import numpy as np

from simcore import kernels
from simcore.errors import ParameterError
from simcore.features import Applied, Flow
from simcore.parameters import Value, between, image_shape, one_of, option, parameter
from simcore.properties import Array
from simcore.scatterers import MieSphere
from simcore.scenes import Microscope, Scatterer, Scene
from simcore.values import Plan


class Brightfield(Microscope):
    """Transmitted light under a plane wave along the optical axis, seen through an aplanatic objective.

    The light scattered into the objective (Debye-Wolf, without aberrations) interferes with the wave that passes; the
    intensities of the wavelengths add. Image: (height, width, 1), relative to the empty field, integrated over each pixel.
    Source: Leahy et al., Opt. Express 28, 1061 (2020); Novotny & Hecht, Principles of Nano-Optics, ch. 3.

    Raises ParameterError for values out of range, for instance an aperture above the immersion's index.
    """

    images: ClassVar[tuple[type[Scatterer], ...]] = (MieSphere,)

    numerical_aperture: Value = parameter("numerical aperture of the objective", above=0, most=2)
    wavelength: Value = parameter(
        "vacuum wavelength, or several of equal weight", unit="um", above=0, plausible=20, vector=True
    )
    pixel_size: Value = parameter(
        "pixel pitch in the object: camera pitch / magnification", unit="um", above=0, plausible=100
    )
    shape: tuple[int, int] = option("height and width of the image in pixels", read=image_shape)
    refractive_index_medium: Value = parameter("refractive index around the specimen", default=1.33, least=1, most=4)
    refractive_index_immersion: Value = parameter("refractive index under the objective; the medium's unless given", default=None,
                                                  least=1, most=4, optional=True)  # fmt: skip
    polarization_angle: Value = parameter("angle of the light's polarization from +x towards +y; None: unpolarized", default=0.0,
                                          unit="rad", optional=True)  # fmt: skip
    tolerance: float = option(
        "largest error of the intensity, relative to the empty field", default=5e-4, read=between(1e-6, 0.1)
    )
    precision: str = option('"single" or "double": errors of at most 1e-6, float64 images', default="single",
                            read=one_of("single", "double"))  # fmt: skip

    def check(self) -> None:
        limit = self._immersion.bounds()
        low, high = self.numerical_aperture.bounds()
        if limit[0] == limit[1] and high > limit[1] and np.isfinite(high):
            raise ParameterError(_too_wide(high, limit[1]))
        if low == high and low > limit[0] and np.isfinite(limit[0]):
            raise ParameterError(_too_wide(low, limit[0]))

    def check_values(self, values: dict[str, Array], examples: Array) -> None:
        immersion = values.get("refractive_index_immersion", values["refractive_index_medium"])
        bad = values["numerical_aperture"] > immersion
        if bad.any():
            i = int(np.argmax(bad))
            raise ParameterError(f"{_too_wide(values['numerical_aperture'][i], immersion[i])} (example {examples[i]})")

    @property
    def _immersion(self) -> Any:
        return (
            self.refractive_index_medium if self.refractive_index_immersion is None else self.refractive_index_immersion
        )

    def shape_after(self, flow: Flow) -> tuple[int, ...]:
        return (*self.shape, 1)

    def dtype_after(self, flow: Flow) -> np.dtype:
        return np.dtype(np.float64 if self.precision == "double" else np.float32)

    def apply(self, plan: Plan, data: Array, flow: Applied) -> Array:
        scene = flow.inputs[0]
        assert isinstance(scene, Scene)
        values = self.values(plan)
        angle = values.get("polarization_angle", np.full(len(plan), np.nan))
        wavelength = values["wavelength"].reshape(len(plan), -1)
        image = np.empty((len(plan), *self.shape), flow.dtype)
        kernels.image_spheres(
            image,
            spheres=kernels.Spheres.of(plan.particles(scene), len(plan)),
            numerical_aperture=values["numerical_aperture"],
            pixel_size=values["pixel_size"],
            refractive_index_medium=values["refractive_index_medium"],
            polarization_angle=angle,
            wavelength=wavelength,
            weight=np.full(wavelength.shape, 1 / wavelength.shape[1]),
            tolerance=1e-6 if self.precision == "double" else self.tolerance,
        )
        return image[..., None]


def _too_wide(aperture: float, limit: float) -> str:
    return f"Brightfield.numerical_aperture: {aperture:g}; must be <= {limit:g}, the refractive index of the immersion"
