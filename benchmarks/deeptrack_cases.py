"""Cases A to F in DeepTrack 2.0.2, as the case_*.py beside this file describe them; imported in its own environment only.

Lengths in space are metres, z counts in pixels, positions are (row, column). Differences that are not ours to mend: its noise
knows the peak above background only, its pixels are points, its pupil is a plain grid.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import deeptrack
import numpy as np

RANDOM = np.random.default_rng(1)
Given = dict[str, float] | None


@dataclass(frozen=True)
class Case:
    """A scene and how it is seen; ``None`` draws the values, otherwise they are those of a scene of ours."""

    shape: tuple[int, ...]
    particle: Callable[[Given], Any]
    microscope: Callable[[Given], Any]
    finish: Callable[[Any], Any]
    label: Callable[[Any], Any]
    label_shape: tuple[int, ...]
    count: tuple[int, int] | None = None

    def pipeline(self) -> tuple[Any, Callable[[], Any]]:
        """Return the feature of the image, and a function that gives the label of what was resolved last."""
        particle = self.particle(None)
        scene = particle if self.count is None else particle ^ (lambda: int(RANDOM.integers(*self.count)))
        return self.finish(self.microscope(None)(scene)), self.label(scene)

    def scene(self, particles: list[dict[str, float]], optics: dict[str, float]) -> Any:
        """Return the clean image of given particles."""
        first, *rest = [self.particle(one) for one in particles]
        scene = first
        for other in rest:
            scene = scene & other
        return np.asarray(self.microscope(optics)(scene).update().resolve())


def draw(low: float, high: float) -> Callable[[], float]:
    return lambda: RANDOM.uniform(low, high)


def of(given: Given, name: str, otherwise: Any, unit: float = 1.0) -> Any:
    return otherwise if given is None else given[name] * unit


def sphere(place: Any, z: Any, radius: tuple[float, float], index: tuple[float, float], pixel: float, given: Given,
           **light: Any) -> Any:  # fmt: skip
    return deeptrack.MieSphere(
        position=place if given is None else (given["y"], given["x"]),
        z=of(given, "z", z, 1 / pixel),
        position_unit="pixel",
        radius=of(given, "radius", draw(radius[0] * 1e-6, radius[1] * 1e-6), 1e-6),
        refractive_index=of(given, "refractive_index", draw(*index)),
        **light,
    )


def region(side: int) -> tuple[int, int, int, int]:
    return (0, 0, side, side)


# -- A and B: the image alone -------------------------------------------------------------------------------------


def case_a(path: str) -> Any:
    images = np.load(path)["x_train"][..., None] / np.float32(255)
    return (
        deeptrack.Value(lambda: images[RANDOM.integers(len(images))])
        >> deeptrack.Affine(
            scale=lambda: RANDOM.uniform(0.8, 1.2, 2),
            shear=lambda: RANDOM.uniform(-0.35, 0.35) if RANDOM.uniform() < 0.5 else 0.0,
            rotate=draw(-0.35, 0.35),
            translate=lambda: RANDOM.integers(-2, 3, 2),
            mode="constant",
        )
        >> deeptrack.ElasticTransformation(alpha=draw(0, 40), sigma=draw(5, 7), order=1)
    )


def case_b() -> Case:
    side = 51

    def particle(given: Given) -> Any:
        place = lambda: side // 2 + RANDOM.uniform(-3, 3, 2)  # noqa: E731
        pixel = 1.0 if given is None else given["pixel_size"]
        return sphere(place, lambda: RANDOM.normal(0, 5), (1, 2), (1.5, 1.6), pixel, given)

    def microscope(given: Given) -> Any:
        aperture = deeptrack.Value(of(given, "numerical_aperture", draw(0.15, 0.25)))
        pitch = deeptrack.Value(of(given, "pixel_size", draw(0.2e-6, 0.4e-6), 1.5e-6))

        def through(scene: Any) -> Any:
            images = [
                deeptrack.Brightfield(
                    NA=aperture,
                    wavelength=wavelength,
                    resolution=pitch,
                    magnification=1.5,
                    refractive_index_medium=1.33,
                    output_region=region(side),
                )(scene)
                for wavelength in np.linspace(400e-9, 700e-9, 10)
            ]
            total = images[0]
            for image in images[1:]:
                total = total + image
            return total / len(images)

        return through

    def finish(image: Any) -> Any:
        return (
            image
            >> deeptrack.IlluminationGradient(gradient=lambda: RANDOM.normal(0, 3e-3, 2))
            >> deeptrack.Poisson(snr=draw(2, 60), background=1)
            >> deeptrack.NormalizeMinMax(draw(0, 0.2), draw(0.8, 1))
        )

    return Case((side, side, 1), particle, microscope, finish, lambda scene: lambda: 0, ())


# -- C: the complex field ------------------------------------------------------------------------------------------


def case_c() -> Case:
    side, pixel = 64, 0.113

    def particle(given: Given) -> Any:
        place = lambda: (side - 1) / 2 + RANDOM.uniform(-2, 2, 2)  # noqa: E731
        angle = of(given, "polarization_angle", draw(0, 2 * np.pi))
        seen = {"input_polarization": angle, "output_polarization": lambda input_polarization: input_polarization}
        return sphere(place, lambda: RANDOM.normal(0, 2), (0.1, 0.4), (1.37, 1.67), pixel, given, **seen)

    def microscope(given: Given) -> Any:
        coma = [0.0, 0.0] if given else [lambda: RANDOM.normal(0, 0.05)] * 2
        pupil = deeptrack.VerticalComa(coefficient=coma[0]) >> deeptrack.HorizontalComa(coefficient=coma[1])
        optics = {"wavelength": 0.635e-6, "NA": 1.07, "resolution": pixel * 1e-6, "magnification": 1.0}
        return deeptrack.Brightfield(
            **optics, refractive_index_medium=1.33, output_region=region(side), return_field=True, pupil=pupil
        )

    frequency = np.fft.fftfreq(side, pixel) * 0.635
    passes = (frequency[:, None] ** 2 + frequency**2 < 1.07**2)[..., None]

    def through_pupil(image: Any) -> Any:
        # Noise that comes before the pupil, whose field is there already.
        filtered = np.fft.ifft2(np.fft.fft2(image, axes=(0, 1)) * passes, axes=(0, 1))
        return np.concatenate([filtered.real, filtered.imag], axis=-1)

    def finish(field: Any) -> Any:
        noisy = field - 1 >> deeptrack.ComplexGaussian(sigma=draw(0, 0.02))
        return noisy >> deeptrack.Lambda(lambda: through_pupil)

    def label(scene: Any) -> Any:
        return lambda: np.array([scene.radius(), scene.refractive_index()], float)

    return Case((side, side, 2), particle, microscope, finish, label, (2,))


# -- D: quantum dots -----------------------------------------------------------------------------------------------


def case_d() -> Case:
    side, pixel = 128, 0.1
    y, x = np.mgrid[:7, :7] - 3
    disk = (y * y + x * x <= 9)[..., None]

    def particle(given: Given) -> Any:
        return deeptrack.PointParticle(
            position=(lambda: RANDOM.uniform(0, side, 2)) if given is None else (given["y"], given["x"]),
            z=of(given, "z", lambda: RANDOM.normal(0, 5), 1 / pixel),
            intensity=of(given, "intensity", draw(1, 10)),
        )

    def microscope(given: Given) -> Any:
        optics = {"wavelength": 0.5e-6, "resolution": pixel * 1e-6, "magnification": 1.0}
        aperture = of(given, "numerical_aperture", draw(0.6, 0.8))
        return deeptrack.Fluorescence(NA=aperture, **optics, output_region=region(side))

    def finish(image: Any) -> Any:
        normal = deeptrack.NormalizeMinMax(min=draw(0, 0.4), max=lambda min: min + 0.1 + RANDOM.uniform(0, 0.5))
        return image >> normal >> deeptrack.Poisson(snr=draw(4, 7), background=normal.min)

    def label(scene: Any) -> Any:
        masks = deeptrack.SampleToMasks(lambda: lambda _: disk, output_region=region(side), merge_method="or")
        return scene >> masks

    return Case((side, side, 1), particle, microscope, finish, label, (side, side, 1), (10, 20))


# -- E: holograms --------------------------------------------------------------------------------------------------


def case_e(side: int, count: tuple[int, int]) -> Case:
    pixel, planes, step = 0.345, 56, 0.5
    y, x, z = np.mgrid[:7, :7, :7] - 3
    ball = y * y + x * x + z * z <= 9

    def particle(given: Given) -> Any:
        depth = draw(2 / pixel, 30 / pixel)
        return sphere(lambda: RANDOM.uniform(0, side, 2), depth, (0.19, 0.29), (1.45, 1.55), pixel, given)

    def microscope(given: Given) -> Any:
        optics = {"wavelength": 0.633e-6, "NA": 0.9, "resolution": pixel * 1e-6, "magnification": 1.0}
        return deeptrack.Brightfield(**optics, refractive_index_medium=1.33, output_region=region(side))

    def finish(image: Any) -> Any:
        lowest = deeptrack.NormalizeMinMax(min=draw(0, 0.3), max=lambda min: min + 0.7 + RANDOM.uniform(0, 0.3))
        noisy = image >> deeptrack.Poisson(snr=draw(7, 17), background=1)
        return noisy >> deeptrack.IlluminationGradient(gradient=lambda: RANDOM.normal(0, 1e-4, 2)) >> lowest

    def label(scene: Any) -> Any:
        def volume() -> Any:
            # DeepTrack's own masks need an array for each particle: this is less work.
            found = np.zeros((side + 7, side + 7, planes + 7), bool)
            for one in scene():
                row, column = np.rint(one.properties["position"]).astype(int)
                plane = int((one.properties["z"] * pixel - 2) / step)
                found[row : row + 7, column : column + 7, plane : plane + 7] |= ball
            return found[3:-4, 3:-4, 3:-4]

        return volume

    return Case((side, side, 1), particle, microscope, finish, label, (side, side, planes), count)


# -- F: cells ------------------------------------------------------------------------------------------------------


def case_f(count: tuple[int, int]) -> Case:
    side, pixel, sigma = 256, 0.24, 10
    axis = np.exp(-(np.arange(-40, 41.0) ** 2) / (2 * sigma**2)) / np.sqrt(2 * np.pi * sigma**2)
    density = (axis[:, None] * axis)[..., None]

    def radii() -> Any:
        radius = 0.0
        while not 5.6 < radius < 18:
            radius = RANDOM.normal(14.4, 2.5)
        stretch = np.sqrt(RANDOM.uniform(1, 1.5))
        return radius * pixel * 1e-6 * np.array([stretch, 1 / stretch, RANDOM.uniform(0.2, 0.4)])

    def particle(given: Given) -> Any:
        names = ("radius_x", "radius_y", "radius_z")
        return deeptrack.Ellipsoid(
            position=(lambda: RANDOM.uniform(0, side, 2)) if given is None else (given["y"], given["x"]),
            radius=radii if given is None else np.array([given[name] * 1e-6 for name in names]),
            rotation=of(given, "rotation", draw(0, np.pi)),
            intensity=of(given, "intensity", draw(0.7, 1.3)),
        )

    def microscope(given: Given) -> Any:
        optics = {"wavelength": 0.45e-6, "resolution": pixel * 1e-6, "magnification": 1.0}
        aperture = of(given, "numerical_aperture", draw(0.9, 1.1))
        return deeptrack.Fluorescence(NA=aperture, **optics, output_region=region(side))

    def finish(image: Any) -> Any:
        return image >> deeptrack.Background(offset=draw(0.5, 1.5)) >> deeptrack.Gaussian(sigma=draw(0.05, 0.2))

    def label(scene: Any) -> Any:
        return scene >> deeptrack.SampleToMasks(
            lambda: lambda _: density, output_region=region(side), merge_method="add"
        )

    return Case((side, side, 1), particle, microscope, finish, label, (side, side, 1), count)


CASES: dict[str, Callable[[], Case]] = {
    "b": case_b,
    "c": case_c,
    "d": case_d,
    "e128": lambda: case_e(128, (2, 8)),
    "e256": lambda: case_e(256, (8, 32)),
    "f_few": lambda: case_f((5, 10)),
    "f_many": lambda: case_f((20, 40)),
}
