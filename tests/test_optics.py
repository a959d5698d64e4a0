"""Microscopes under coherent light, as users call them: what they share, and how one follows from another."""

import numpy as np
import pytest

import simcore as sc

OPTICS = {"numerical_aperture": 0.9, "wavelength": 0.6, "pixel_size": 0.15, "shape": (28, 30)}
SPHERE = {"x": 14.3, "y": 13.1, "z": 1.5, "radius": 0.4, "refractive_index": 1.55}


def image(microscope, particle=None, seed=1, **options):
    scene = sc.MieSphere(**SPHERE) if particle is None else particle
    return sc.Recipe(image=scene >> microscope).render(1, seed=seed, **options)["image"][0]


def test_brightfield_with_one_wavelength_is_an_inline_hologram():
    np.testing.assert_array_equal(image(sc.Brightfield(**OPTICS)), image(sc.Holography(**OPTICS)))


@pytest.mark.parametrize("incident", [True, False])
def test_the_intensity_is_that_of_the_field(incident):
    fine = OPTICS | {"pixel_size": 0.01, "shape": (40, 44), "precision": "double"}  # pixels far below the resolution
    at = sc.MieSphere(**(SPHERE | {"x": 20.3, "y": 21.4}))
    along, across = (
        image(sc.ComplexField(**fine, incident=incident, analyzer_angle=angle, polarization_angle=0.0), at)
        for angle in (0.0, np.pi / 2)
    )
    kind = sc.Holography if incident else sc.Darkfield
    wanted = image(kind(**fine), at)
    assert along.dtype == np.complex128
    np.testing.assert_allclose(abs(along) ** 2 + abs(across) ** 2, wanted, rtol=0, atol=2e-4)


def test_unpolarized_light_is_the_mean_of_crossed_states_and_circular_light_too():
    crossed = [image(sc.Holography(**OPTICS, polarization_angle=0.3 + turn)) for turn in (0, np.pi / 2)]
    mean = 0.5 * (crossed[0] + crossed[1])
    np.testing.assert_allclose(image(sc.Holography(**OPTICS, polarization_angle=None)), mean, rtol=0, atol=1e-3)
    for sense in (-1, 1):
        round_ = sc.Holography(**OPTICS, ellipticity_angle=sense * np.pi / 4, polarization_angle=1.0)
        np.testing.assert_allclose(image(round_), mean, rtol=0, atol=1e-3)


def test_a_crossed_analyzer_blocks_what_is_not_scattered():
    crossed = image(sc.Holography(**OPTICS, analyzer_angle=np.pi / 2))
    assert crossed.max() < 0.05 and crossed.min() >= 0
    parallel = image(sc.Holography(**OPTICS, analyzer_angle=0.0))
    np.testing.assert_allclose(crossed + parallel, image(sc.Holography(**OPTICS)), rtol=0, atol=1e-3)


def test_layers_and_tables_image_like_the_sphere_they_describe():
    size = 2 * np.pi * 1.33 * 0.4 / 0.6
    s1, s2 = sc.mie.amplitudes(size, 1.55 / 1.33, np.cos(np.linspace(0, np.pi, 181)))
    rest = {"x": 14.3, "y": 13.1, "z": 1.5}
    plain = sc.MieSphere(**SPHERE)
    layered = sc.LayeredMieSphere(**rest, radii=[0.2, 0.3, 0.4], refractive_indices=[1.55, 1.55, 1.55])
    table = sc.ScatteringTable(**rest, s1=s1, s2=s2)
    hologram = sc.Holography(**OPTICS)
    wanted = image(hologram, plain)
    np.testing.assert_allclose(image(hologram, layered), wanted, rtol=0, atol=1e-5)
    np.testing.assert_allclose(image(hologram, table), wanted, rtol=0, atol=1e-5)
    # Together, repeated or not, each keeps its own scattering.

    def far():
        return {"x": sc.uniform(5, 25), "y": sc.uniform(5, 22)}

    mixed = (
        sc.LayeredMieSphere(**far(), radii=[0.2, 0.3], refractive_indices=[1.4, 1.5 + 0.1j]).repeat(sc.integers(1, 3))
        + sc.ScatteringTable(**far(), s1=s1, s2=s2)
        + sc.MieSphere(**(SPHERE | far())).repeat(2)
    )
    recipe = sc.Recipe(image=mixed >> hologram)
    together = recipe.render(6, seed=2)["image"]
    alone = np.concatenate([recipe.render(indices=[i], seed=2)["image"] for i in range(6)])
    np.testing.assert_array_equal(together, alone)


def test_a_table_can_be_a_file(tmp_path):
    s1, s2 = sc.mie.amplitudes(3.0, 1.2, np.cos(np.linspace(0, np.pi, 181)))
    np.save(tmp_path / "table.npy", np.stack([s1, s2]))
    rest = {"x": 14.3, "y": 13.1}
    stored = sc.ScatteringTable(**rest, path=str(tmp_path / "table.npy"))
    hologram = sc.Holography(**OPTICS)
    np.testing.assert_array_equal(image(hologram, stored), image(hologram, sc.ScatteringTable(**rest, s1=s1, s2=s2)))
    text = sc.Recipe(image=stored >> hologram).canonical
    assert sc.loads(text).canonical == text
    np.save(tmp_path / "table.npy", np.stack([s2, s1]))
    with pytest.raises(sc.RecipeError, match="table.npy has changed"):
        sc.loads(text)
    with pytest.raises(sc.ParameterError, match="must be given both, or path instead"):
        sc.ScatteringTable(**rest, s1=s1)
    with pytest.raises(sc.ParameterError, match="lists of equally many angles, at least 16"):
        sc.ScatteringTable(**rest, s1=s1[:9], s2=s2[:9])


def test_a_defocused_iscat_spot_is_the_interference_of_two_waves():
    """Against Taylor & Sandoghdar's picture: contrast changes sign every quarter of a wavelength of height."""
    particle = {"x": 15, "y": 14, "radius": 0.02, "refractive_index": 1.6}
    microscope = sc.ISCAT(**(OPTICS | {"shape": (29, 31), "numerical_aperture": 0.3, "tolerance": 1e-5}))
    heights = np.arange(12) * 0.6 / (1.33 * 2) / 12
    centre = np.array([image(microscope, sc.MieSphere(z=z, **particle))[14, 15, 0] - 1 for z in heights])
    phase = 2 * np.pi * np.arange(12) / 12
    first = 2 * abs((centre * np.exp(1j * phase)).mean())
    assert first > 5 * abs(centre.mean())  # a full period over half a wavelength in the medium
    np.testing.assert_allclose(
        centre, (2 * (centre * np.exp(1j * phase)).mean() * np.exp(-1j * phase)).real, atol=0.2 * first
    )
    no_particle = image(microscope, sc.MieSphere(**(particle | {"radius": 1e-4})))
    np.testing.assert_allclose(no_particle, 1, rtol=0, atol=1e-6)


def test_the_interface_reflects_by_fresnel_unless_told():
    particle = sc.MieSphere(x=15, y=14, radius=0.03, refractive_index=1.6)
    fresnel = (1.518 - 1.33) / (1.518 + 1.33)
    passed = 4 * 1.518 * 1.33 / (1.518 + 1.33) ** 2
    plain = image(sc.ISCAT(**OPTICS), particle)
    weak = image(sc.ISCAT(**OPTICS, reflectance=0.1 * fresnel), particle)
    assert abs(weak - 1).max() > 5 * abs(plain - 1).max()
    dark = image(sc.ISCAT(**OPTICS, reflectance=0), particle)
    assert dark.min() >= 0 and dark.max() < 0.1 and passed > 0.99
