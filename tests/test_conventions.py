"""Axes, signs and units, each pinned by what one can see in an image."""

import numpy as np
import pytest

import simcore as sc


def brightfield(**changed: object) -> sc.Brightfield:
    settings: dict[str, object] = {
        "numerical_aperture": 1.0,
        "wavelength": 0.55,
        "pixel_size": 0.1,
        "refractive_index_medium": 1.33,
        "shape": (41, 41),
    }
    return sc.Brightfield(**settings | changed)


def image(microscope: sc.Brightfield, **particle: object) -> np.ndarray:
    settings: dict[str, object] = {"x": 20, "y": 20, "z": 0, "radius": 0.15, "refractive_index": 1.6}
    recipe = sc.Recipe(image=sc.MieSphere(**settings | particle) >> microscope)
    return np.asarray(recipe.render(count=1, seed=1)["image"][0, :, :, 0], float)


def brightest(picture: np.ndarray) -> tuple[int, int]:
    row, column = np.unravel_index(np.argmax(picture), picture.shape)
    return int(row), int(column)


def test_arrays_are_example_y_x_channel() -> None:
    recipe = sc.Recipe(image=sc.MieSphere(x=5, y=5, radius=0.2, refractive_index=1.6) >> brightfield(shape=(12, 30)))
    assert recipe.render(count=3, seed=1)["image"].shape == (3, 12, 30, 1)


def test_x_goes_along_columns_and_y_down_the_rows() -> None:
    assert brightest(image(brightfield(shape=(30, 50)), x=40, y=8, z=1.0)) == (8, 40)
    assert brightest(image(brightfield(shape=(30, 50)), x=4, y=25, z=1.0)) == (25, 4)


def test_the_origin_is_the_centre_of_pixel_0_0() -> None:
    picture = image(brightfield(polarization_angle=None), x=0, y=0, z=1.0)
    assert brightest(picture) == (0, 0)
    np.testing.assert_allclose(picture, picture.T, rtol=0, atol=1e-4)
    middle = image(brightfield(), x=20, y=20)
    np.testing.assert_allclose(middle, middle[::-1, ::-1], rtol=0, atol=1e-3)


def test_positions_are_y_x_where_the_particle_is_seen() -> None:
    particle = sc.MieSphere(x=sc.uniform(5, 36), y=sc.uniform(5, 36), z=1.0, radius=0.15, refractive_index=1.6)
    arrays = sc.Recipe(image=particle >> brightfield(), position=sc.positions(particle)).render(count=6, seed=2)
    for picture, position in zip(arrays["image"], arrays["position"], strict=True):
        assert np.abs(np.array(brightest(picture[..., 0])) - position).max() < 1.0


def test_empty_field_is_one() -> None:
    for aperture, pixel_size in ((0.1, 0.05), (0.1, 0.2), (1.0, 0.1), (1.3, 0.2)):
        settings = {"numerical_aperture": aperture, "pixel_size": pixel_size}
        np.testing.assert_allclose(image(brightfield(**settings), refractive_index=1.33), 1, rtol=0, atol=5e-4)
        exact = brightfield(**settings, precision="double")
        np.testing.assert_allclose(image(exact, refractive_index=1.33), 1, rtol=0, atol=1e-6)


def test_light_is_gathered_behind_the_particle() -> None:
    """At z > 0 the particle is farther from the objective than the focal plane, which so lies behind it in the light's way.

    There, a sphere denser than the medium gathers light (bright centre) as a lens does; on the other side its centre is dark.
    """
    for z in (1.0, 2.0):
        assert image(brightfield(), z=z)[20, 20] > 1.05
        assert image(brightfield(), z=-z)[20, 20] < 0.95
        assert image(brightfield(), z=z, refractive_index=1.2)[20, 20] < 0.95


def test_a_big_sphere_focuses_like_a_ball_lens() -> None:
    """Radius a, relative index m: paraxial focus at a m / (2 (m - 1)) behind the centre; brightest near it, on that side only."""
    radius, index, medium = 3.0, 1.52, 1.33
    focus = radius * (index / medium) / (2 * (index / medium - 1))
    heights = np.linspace(0.2, 1.4, 25) * focus
    settings = {"numerical_aperture": 0.5, "shape": (3, 3)}
    ball = {"x": 1, "y": 1, "radius": radius, "refractive_index": index}
    behind = [image(brightfield(**settings), z=z, **ball)[1, 1] for z in heights]
    before = [image(brightfield(**settings), z=-z, **ball)[1, 1] for z in heights]
    assert max(behind) > 20 and max(before) < 5
    assert 0.6 * focus < heights[np.argmax(behind)] < focus


def test_absorption_makes_a_sphere_darker() -> None:
    """The index is n + ik with k > 0; gain instead of loss would make the image brighter."""
    clear, absorbing = (image(brightfield(), refractive_index=index, radius=0.3) for index in (1.4, 1.4 + 0.1j))
    assert absorbing[20, 20] < clear[20, 20] - 0.1
    assert absorbing.mean() < clear.mean()
    assert sc.mie.efficiencies(3.0, 1.05 + 0.1j).extinction > sc.mie.efficiencies(3.0, 1.05 + 0.1j).scattering


def test_polarisation_turns_from_x_towards_y() -> None:
    """A small sphere in focus looks longer along the polarisation: clockwise on the screen for growing angles."""

    def spread(angle: float) -> np.ndarray:
        exact = brightfield(numerical_aperture=1.3, polarization_angle=angle, precision="double")
        picture = image(exact, radius=0.05)
        weight = np.abs(1 - picture)[12:29, 12:29]
        y, x = np.mgrid[-8:9, -8:9]
        return np.array([np.sum(weight * x * x), np.sum(weight * x * y), np.sum(weight * y * y)]) / np.sum(weight)

    along_x, along_y = spread(0.0), spread(np.pi / 2)
    downwards, upwards = spread(np.pi / 4), spread(-np.pi / 4)
    assert along_x[0] != pytest.approx(along_x[2], rel=0.02)
    np.testing.assert_allclose(along_x, along_y[::-1], rtol=1e-3, atol=1e-4)
    assert np.sign(downwards[1]) == -np.sign(upwards[1]) == np.sign(along_x[0] - along_x[2]) != 0


def test_polarisation_is_along_x_by_default() -> None:
    np.testing.assert_array_equal(image(brightfield()), image(brightfield(polarization_angle=0.0)))
    turned = image(brightfield(polarization_angle=np.pi / 2))
    np.testing.assert_allclose(turned, image(brightfield()).T, rtol=0, atol=1e-3)
    assert np.abs(turned - turned.T).max() > 5e-3


def test_a_spectrum_has_equal_weights_and_both_ends() -> None:
    several = image(brightfield(wavelength=sc.spectrum(0.4, 0.7, count=4)))
    single = [image(brightfield(wavelength=wavelength)) for wavelength in (0.4, 0.5, 0.6, 0.7)]
    np.testing.assert_allclose(several, np.mean(single, axis=0), rtol=0, atol=1e-3)


def test_a_pixel_is_the_mean_over_its_area_and_its_pitch_is_in_micrometres() -> None:
    """2 x 2 pixels of half the pitch make one; their common centre is half a small pixel from the first one's."""
    coarse = image(brightfield(pixel_size=0.2, shape=(20, 20)), x=9.2, y=11.0)
    fine = image(brightfield(pixel_size=0.1, shape=(40, 40)), x=2 * 9.2 + 0.5, y=2 * 11.0 + 0.5)
    np.testing.assert_allclose(fine.reshape(20, 2, 20, 2).mean(axis=(1, 3)), coarse, rtol=0, atol=1e-3)
    assert sc.units.nm == 1e-3 and sc.units.um == 1
