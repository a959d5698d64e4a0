"""The image of a sphere against two-dimensional quadrature over the collected directions (tests/reference/hologram.py)."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from reference import hologram
from reference.hologram import BASE, Scene
from scipy import integrate, ndimage, optimize, special

import simcore as sc
from simcore.plan import plan

TABLE = json.loads((Path(__file__).parent / "reference" / "holograms.json").read_text(encoding="utf-8"))["cases"]
PRECISIONS = pytest.mark.parametrize(("precision", "tolerance"), [("single", 5e-4), ("double", 1e-6)])


def as_scene(stored: dict[str, Any]) -> Scene:
    return Scene(**stored | {"refractive_index": complex(*stored["refractive_index"])})


def sphere(scene: Scene) -> sc.MieSphere:
    index = complex(scene.refractive_index)
    shown = index if index.imag else index.real
    return sc.MieSphere(x=scene.x, y=scene.y, z=scene.z, radius=scene.radius, refractive_index=shown)


def microscope(scene: Scene, shape: tuple[int, int], precision: str, tolerance: float) -> sc.Brightfield:
    return sc.Brightfield(
        numerical_aperture=scene.numerical_aperture,
        wavelength=scene.wavelength,
        pixel_size=scene.pixel_size,
        refractive_index_medium=scene.refractive_index_medium,
        polarization_angle=scene.polarization_angle,
        shape=shape,
        precision=precision,
        tolerance=tolerance,
    )


def image(scene: Scene, shape: tuple[int, int], precision: str = "double", tolerance: float = 1e-6) -> np.ndarray:
    recipe = sc.Recipe(image=sphere(scene) >> microscope(scene, shape, precision, tolerance))
    return np.asarray(recipe.render(count=1, seed=1)["image"][0, :, :, 0], float)


def test_the_table_is_what_the_reference_gives() -> None:
    for case in TABLE[16:60:8]:
        scene = as_scene(case["scene"])
        if abs(scene.z) + scene.radius < 12:
            values = hologram.intensity(scene, case["rows"], case["columns"])
            np.testing.assert_allclose(values, case["intensity"], rtol=0, atol=1e-10)


def test_the_reference_agrees_with_radial_integrals() -> None:
    """Worked out a second way: the azimuthal integral by hand gives J0 and J2 of S1 and S2."""
    rho, azimuth, k = 1.7, 0.9, BASE.wavenumber
    values = {}
    for order, sign in ((0, 1), (2, -1)):

        def integrand(theta: float, order: int = order, sign: int = sign) -> complex:
            s1, s2 = (s[0] for s in hologram.sphere_amplitudes(BASE, np.cos([theta])))
            phase = np.exp(1j * k * BASE.z * (np.cos(theta) - 1))
            weight = np.sqrt(np.cos(theta)) * np.sin(theta) * special.jv(order, k * rho * np.sin(theta))
            return complex(-0.5 * (s2 + sign * s1) * weight * phase)

        values[order] = integrate.quad_vec(integrand, 0, BASE.largest_angle, epsabs=1e-12)[0]
    expected = [values[0] - values[2] * np.cos(2 * azimuth), -values[2] * np.sin(2 * azimuth)]
    x, y = np.array([rho * np.cos(azimuth)]), np.array([rho * np.sin(azimuth)])
    np.testing.assert_allclose(
        hologram.scattered_field(BASE, hologram.linear(0.0), [x], [y])[0][0, 0], expected, rtol=0, atol=1e-10
    )


@PRECISIONS
@pytest.mark.parametrize("number", range(len(TABLE)))
def test_sphere(number: int, precision: str, tolerance: float) -> None:
    case = TABLE[number]
    got = image(as_scene(case["scene"]), (case["side"],) * 2, precision, tolerance)
    assert np.abs(got[case["rows"], case["columns"]] - case["intensity"]).max() < tolerance


@PRECISIONS
def test_ten_wavelengths(precision: str, tolerance: float) -> None:
    scene = BASE._replace(radius=1.4, refractive_index=1.55, numerical_aperture=0.2, pixel_size=0.2, z=-0.7)
    rows, columns = [10, 9, 0, 23, 14], [12, 11, 0, 23, 20]
    several = microscope(scene._replace(wavelength=sc.spectrum(0.4, 0.7, count=10)), (24, 24), precision, tolerance)
    got = sc.Recipe(image=sphere(scene) >> several).render(count=1, seed=1)["image"][0, :, :, 0]
    expected = hologram.incoherent(scene, [0.4 + 0.3 * i / 9 for i in range(10)], rows, columns)
    assert np.abs(got[rows, columns] - expected).max() < tolerance


@PRECISIONS
def test_a_batch_of_case_b(precision: str, tolerance: float) -> None:
    """Ten wavelengths, drawn optics: each example against the mean of ten quadratures at its own values."""
    particle = sc.MieSphere(
        x=sc.uniform(22, 28),
        y=sc.uniform(22, 28),
        z=sc.normal(0, 1.0),
        radius=sc.uniform(1, 2),
        refractive_index=sc.uniform(1.5, 1.6),
    )
    objective = sc.Brightfield(
        numerical_aperture=sc.uniform(0.15, 0.25),
        wavelength=sc.spectrum(0.4, 0.7, count=10),
        pixel_size=sc.uniform(0.13, 0.27),
        refractive_index_medium=1.33,
        shape=(51, 51),
        precision=precision,
        tolerance=tolerance,
    )
    recipe = sc.Recipe(image=particle >> objective)
    drawn = plan(recipe, 8, np.arange(8), ["image"])
    images = recipe.render(count=8, seed=8)["image"]
    rows, columns = [25, 22, 40, 0], [25, 30, 12, 50]
    for i in range(8):
        values = {name: drawn.value(getattr(particle, name)) for name in ("x", "y", "z", "radius", "refractive_index")}
        values |= {name: drawn.value(getattr(objective, name)) for name in ("numerical_aperture", "pixel_size")}
        scene = BASE._replace(polarization_angle=0.0, **{name: value[i].item() for name, value in values.items()})
        expected = hologram.incoherent(scene, list(np.linspace(0.4, 0.7, 10)), rows, columns)
        assert np.abs(images[i, rows, columns, 0] - expected).max() < tolerance


@PRECISIONS
def test_each_example_of_a_batch_is_exact_for_its_own_draws(precision: str, tolerance: float) -> None:
    """What is shared between examples, or tabulated for them, must not blur the single one."""
    particle = sc.MieSphere(
        x=sc.uniform(8, 16),
        y=sc.uniform(8, 16),
        z=sc.normal(0, 3.0),
        radius=sc.log_uniform(0.05, 2),
        refractive_index=sc.uniform(1.2, 1.8),
    )
    objective = sc.Brightfield(
        numerical_aperture=sc.uniform(0.15, 1.25),
        wavelength=sc.uniform(0.4, 0.7),
        pixel_size=sc.uniform(0.08, 0.25),
        refractive_index_medium=1.33,
        polarization_angle=sc.uniform(0, 2 * np.pi),
        shape=(24, 24),
        precision=precision,
        tolerance=tolerance,
    )
    recipe = sc.Recipe(image=particle >> objective)
    drawn = plan(recipe, 3, np.arange(16), ["image"])
    images = recipe.render(count=16, seed=3)["image"]
    rows, columns = [12, 5, 20, 23], [12, 19, 10, 0]
    worst = []
    for i in range(16):
        values = {name: drawn.value(getattr(particle, name)) for name in ("x", "y", "z", "radius", "refractive_index")}
        for name in ("numerical_aperture", "wavelength", "pixel_size", "polarization_angle"):
            values[name] = drawn.value(getattr(objective, name))
        scene = Scene(refractive_index_medium=1.33, **{name: value[i].item() for name, value in values.items()})
        worst.append(np.abs(images[i, rows, columns, 0] - hologram.intensity(scene, rows, columns)).max())
    assert max(worst) < tolerance


def test_two_spheres_add_their_fields() -> None:
    """Each scatters the incident wave alone; the three waves interfere."""
    other = BASE._replace(x=16.1, y=14.2, z=-2.0, radius=0.25, refractive_index=1.45 + 0.05j)
    both = (sphere(BASE) + sphere(other)) >> microscope(BASE, (24, 24), "double", 1e-6)
    got = sc.Recipe(image=both).render(count=1, seed=1)["image"][0, :, :, 0]
    points, weights = np.polynomial.legendre.leggauss(8)
    angle = BASE.polarization_angle or 0.0
    for row, column in ((10, 12), (14, 16), (12, 14)):
        total: Any = np.array([np.cos(angle), np.sin(angle)])
        for scene in (BASE, other):
            x, y = ((at + points / 2) * scene.pixel_size for at in (column - scene.x, row - scene.y))
            total = total + hologram.scattered_field(scene, hologram.linear(angle), [x], [y])[0]
        mean = np.sum(np.outer(weights, weights) / 4 * np.sum(np.abs(total) ** 2, axis=-1))
        assert got[row, column] == pytest.approx(mean, abs=2e-6)


def flat_top(radius: np.ndarray, edge: float) -> np.ndarray:
    """1 up to half the edge, 0 beyond it, smooth to all orders between."""
    t = np.clip((radius / edge - 0.5) * 2, 1e-9, 1 - 1e-9)
    return 1 / (1 + np.exp(np.clip(1 / (1 - t) - 1 / t, -700, 700)))


def missing_power(scene: Scene, side: int) -> float:
    """The integral of 1 - I over the plane; the part beyond the image, which falls with 1 / edge, is extrapolated."""
    middle = (side - 1) / 2
    deficit = 1 - image(scene._replace(x=middle, y=middle), (side, side))
    radius = np.hypot(*np.meshgrid(*[np.arange(side) - middle] * 2))
    inner, outer = (np.sum(flat_top(radius, edge) * deficit) for edge in (0.85 * middle, middle))
    return float((outer + (outer - inner) * 0.85 / 0.15) * scene.pixel_size**2)


@pytest.mark.parametrize(
    "scene",
    [
        BASE._replace(z=0.0, radius=1.5, pixel_size=0.2, numerical_aperture=1.2),
        BASE._replace(z=2.0, radius=2.0, pixel_size=0.3, numerical_aperture=0.6, refractive_index=1.5),
        BASE._replace(z=3.0, radius=2.0, pixel_size=0.25, numerical_aperture=0.9, refractive_index=1.45 + 0.05j),
    ],
    ids=["focus", "defocus", "absorbing"],
)
def test_missing_power_is_extinction_less_what_the_objective_collects(scene: Scene) -> None:
    """Optical theorem: Int (1 - I) dA = (4 pi / k^2) Re S(0) - (pi / k^2) Int_cone (|S1|^2 + |S2|^2) sin t dt.

    The spheres are large: their cross sections must stand out from 1e-7 times the area of the image.
    """
    extinction = hologram.extinction_cross_section(scene)
    expected = extinction - hologram.collected_cross_section(scene)
    assert missing_power(scene, 256) == pytest.approx(expected, abs=1e-4 * extinction)


def test_a_particle_moved_by_a_fraction_of_a_pixel_moves_its_image_by_that_fraction() -> None:
    """The image is sampled ten times finer than it varies, so that splines shift it without error; the rest is a fit."""
    scene = BASE._replace(numerical_aperture=0.3, pixel_size=0.08, radius=0.5, z=2.0, x=31.0, y=32.0)
    for precision, tolerance in (("single", 5e-4), ("double", 1e-6)):
        here = image(scene, (64, 64), precision, tolerance)
        there = image(scene._replace(x=scene.x + 0.37, y=scene.y - 0.37), (64, 64), precision, tolerance)

        def difference(shift: np.ndarray, here: np.ndarray = here, there: np.ndarray = there) -> np.ndarray:
            return (ndimage.shift(here, shift, order=5, mode="nearest") - there)[8:-8, 8:-8].ravel()

        found = optimize.least_squares(difference, [0.0, 0.0], x_scale=0.1, xtol=1e-12).x
        np.testing.assert_allclose(found, [-0.37, 0.37], rtol=0, atol=1e-4)


def test_a_whole_pixel_moves_the_image_unchanged() -> None:
    scene = BASE._replace(x=20.37, y=17.11)
    here, there = (image(s, (40, 40)) for s in (scene, scene._replace(x=scene.x + 3, y=scene.y - 2)))
    np.testing.assert_allclose(there[:-2, 3:], here[2:, :-3], rtol=0, atol=2e-6)


def test_unpolarised_light_is_the_mean_of_two_orthogonal_states() -> None:
    unpolarised = image(BASE._replace(polarization_angle=None), (24, 24))
    for angle in (0.0, 0.7):
        pair = [image(BASE._replace(polarization_angle=a), (24, 24)) for a in (angle, angle + np.pi / 2)]
        np.testing.assert_allclose(np.mean(pair, axis=0), unpolarised, rtol=0, atol=2e-6)


def test_lengths_scale() -> None:
    """Only lengths over the wavelength matter."""
    scaled = BASE._replace(**{name: 2.5 * getattr(BASE, name) for name in ("z", "radius", "wavelength", "pixel_size")})
    np.testing.assert_allclose(image(scaled, (24, 24)), image(BASE, (24, 24)), rtol=0, atol=2e-6)


def test_the_vacuum_wavelength_is_shortened_by_the_medium() -> None:
    """All indices and the aperture times q are lengths times q: so the wavelength was divided by the medium's index."""
    q = 1.2
    other = BASE._replace(
        refractive_index=q * BASE.refractive_index,
        refractive_index_medium=q * BASE.refractive_index_medium,
        numerical_aperture=q * BASE.numerical_aperture,
        wavelength=q * BASE.wavelength,
    )
    np.testing.assert_allclose(image(other, (24, 24)), image(BASE, (24, 24)), rtol=0, atol=2e-6)
