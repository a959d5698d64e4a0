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


COMA = {"numerical_aperture": 1.07, "wavelength": 0.635, "pixel_size": 0.113, "shape": (32, 34)}


def test_symmetric_aberrations_are_the_same_on_both_ways():
    """By radial integrals and, with a coma that is drawn as 0, by the pupil on a grid."""
    symmetric = [sc.Spherical(0.04), sc.GaussianApodization(1.2), sc.Refocus(0.7), sc.Defocus(-0.03)]
    at = sc.MieSphere(**(SPHERE | {"radius": 0.3}))
    for kind in (sc.Holography, sc.Darkfield, sc.ISCAT):
        radial = image(kind(**COMA, aberrations=symmetric), at)
        grid = image(kind(**COMA, aberrations=[*symmetric, sc.ComaVertical(sc.uniform(0, 1) * 0)]), at)
        np.testing.assert_allclose(grid, radial, rtol=0, atol=1e-3 * max(1, abs(radial - 1).max()))
    stopped = [sc.CentralStop(0.3)]
    radial = image(sc.Holography(**COMA, aberrations=stopped), at)
    grid = image(sc.Holography(**COMA, aberrations=[*stopped, sc.ComaVertical(0)]), at)
    np.testing.assert_allclose(grid, radial, rtol=0, atol=1e-3)


def test_tilts_move_the_image_and_coma_has_its_axis():
    at = sc.MieSphere(x=16, y=15, radius=0.1, refractive_index=1.6)
    plain = image(sc.Darkfield(**COMA), at)[..., 0]
    # A tilt of W = 2 c rho_x moves the image by -2 c / NA.
    tilt = sc.TiltX(3 * 0.113 * 1.07 / 2)
    moved = image(sc.Darkfield(**COMA, aberrations=[tilt]), at)[..., 0]
    np.testing.assert_allclose(moved[:, 3:-6], plain[:, 6:-3], rtol=0, atol=1e-3 * plain.max())
    spot = image(sc.Darkfield(**COMA, aberrations=[sc.ComaHorizontal(0.06)]), at)[..., 0]
    rows, columns = spot.sum(axis=1), spot.sum(axis=0)
    np.testing.assert_allclose(rows[7:15], rows[16:24][::-1], rtol=2e-2)
    assert abs(columns[8:16] - columns[17:25][::-1]).max() > 0.05 * columns.max()


def test_aberrations_are_drawn_and_written():
    coma = sc.ComaHorizontal(sc.uniform(0.02, 0.05))
    microscope = sc.ComplexField(**COMA, aberrations=[coma, sc.Zernike(7, sc.normal(0, 0.005))], incident=False,
                                 polarization_angle=sc.uniform(0, 6.28), object_noise=sc.uniform(0, 0.02))  # fmt: skip
    particle = sc.MieSphere(x=sc.uniform(14, 18), y=sc.uniform(14, 18), z=sc.normal(0, 0.23), radius=sc.uniform(0.1, 0.4),
                            refractive_index=sc.uniform(1.37, 1.67))  # fmt: skip
    recipe = sc.Recipe(image=particle >> microscope >> sc.RealImaginary(), coma=coma.coefficient)
    assert sc.loads(recipe.canonical) == recipe
    space = {}
    exec(recipe.to_python(), space)
    assert space["recipe"] == recipe
    arrays = recipe.render(5, seed=1)
    assert arrays["image"].shape == (5, 32, 34, 2) and ((arrays["coma"] > 0.02) & (arrays["coma"] < 0.05)).all()
    np.testing.assert_array_equal(recipe.render(indices=[3], seed=1)["image"][0], arrays["image"][3])


def test_noise_before_the_pupil_is_filtered_by_it():
    """White noise of density sigma^2 pixel_size^2: what passes has the variance sigma^2 pixel_size^2 pi (NA / wavelength)^2."""
    fine = COMA | {"pixel_size": 0.1, "shape": (64, 64), "numerical_aperture": 0.6}
    nothing = sc.MieSphere(x=-1000, y=-1000, radius=0.001, refractive_index=1.34)
    noisy = sc.ComplexField(**fine, incident=False, object_noise=0.1)
    fields = sc.Recipe(image=nothing >> noisy).render(40, seed=1)["image"]
    wanted = 0.1**2 * 0.1**2 * np.pi * (0.6 / 0.635) ** 2
    for part in (fields.real, fields.imag):
        assert part.mean() == pytest.approx(0, abs=5 * np.sqrt(wanted / 4000))
        assert part.var() == pytest.approx(wanted, rel=0.06)


@pytest.mark.parametrize(("analyzer", "precision", "error"), [(None, "single", 7e-4), (0.7, "double", 1e-4)])
def test_an_off_axis_hologram_is_the_field_on_its_carrier(analyzer, precision, error):
    """Against the intensity on points far below the pixel, added up, and extrapolated to none."""
    amplitude, carrier = 0.8, (0.31, -0.22)
    common = {"analyzer_angle": analyzer, "polarization_angle": 0.3, "precision": precision}
    small = OPTICS | {"shape": (12, 14)}
    at = {"z": 1.0, "radius": 0.3, "refractive_index": 1.5}
    hologram = sc.OffAxisHolography(
        **small, **common, carrier_x=carrier[0], carrier_y=carrier[1], reference_amplitude=amplitude
    )
    seen = image(hologram, sc.MieSphere(x=6.3, y=5.6, **at))[..., 0]

    def summed(fine):
        dense = small | {"pixel_size": 0.15 / fine, "shape": (12 * fine, 14 * fine)}
        moved = sc.MieSphere(x=6.8 * fine - 0.5, y=6.1 * fine - 0.5, **at)
        y, x = ((np.arange(n) + 0.5) / fine - 0.5 for n in dense["shape"])
        wave = amplitude * np.exp(2j * np.pi * (carrier[0] * x[None] + carrier[1] * y[:, None]))
        total = 0
        for angle in [0, np.pi / 2] if analyzer is None else [analyzer]:
            field = image(sc.ComplexField(**dense, **(common | {"analyzer_angle": angle})), moved)[..., 0]
            total = total + abs(field + wave * np.cos(angle - 0.3)) ** 2
        return total.reshape(12, fine, 14, fine).mean((1, 3))

    np.testing.assert_allclose(seen, (4 * summed(16) - summed(8)) / 3, rtol=0, atol=error)


def test_a_condenser_blurs_the_rings_and_a_tilt_moves_them():
    high = sc.MieSphere(**(SPHERE | {"z": 6.0, "x": 14.5, "y": 13.5}))
    plane = image(sc.Brightfield(**OPTICS), high)
    wide = image(sc.Brightfield(**OPTICS, condenser_aperture=0.5, condenser_rings=5), high)
    assert np.abs(np.diff(wide, axis=1)).max() < 0.5 * np.abs(np.diff(plane, axis=1)).max()
    narrow = image(sc.Brightfield(**OPTICS, condenser_aperture=1e-4), high)
    np.testing.assert_allclose(narrow, plane, rtol=0, atol=1e-3)
    # Light that travels towards +x comes to the focal plane further right than the particle that it met before.
    tilted = image(sc.Brightfield(**OPTICS, illumination_angle=0.2), high)
    x = np.arange(30)
    centre = [((abs(a - 1) ** 2).sum((0, 2)) * x).sum() / (abs(a - 1) ** 2).sum() for a in (plane, tilted)]
    assert 1 < centre[1] - centre[0] < 6.0 * np.tan(0.2) / 0.15 + 1


def test_darkfield_under_tilted_light_sees_what_no_direct_light_reaches():
    beyond = {"illumination_angle": 1.0, "tolerance": 1e-3}
    at = sc.MieSphere(x=14.5, y=13, radius=0.1, refractive_index=1.6)
    low = OPTICS | {"numerical_aperture": 0.6, "shape": (27, 30)}
    one = image(sc.Darkfield(**low, **beyond), at)
    ring = image(sc.Darkfield(**low, **beyond, illumination_azimuth=None, illumination_directions=12), at)
    hologram = image(sc.Holography(**low, **beyond), at)
    np.testing.assert_allclose(hologram, one, rtol=0, atol=1e-3 * one.max())  # the reference misses the objective
    np.testing.assert_allclose(ring[..., 0], ring[::-1, :, 0], rtol=0, atol=2e-2 * ring.max())
    assert one.min() >= 0 and 0 < one.max() < 1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: sc.ISCAT(**OPTICS, illumination_angle=0.1), "ISCAT.illumination_angle: must be 0"),
        (lambda: sc.ComplexField(**(OPTICS | {"wavelength": [0.5, 0.6]})), "must be one for a field"),
        (lambda: sc.ComplexField(**OPTICS, illumination_azimuth=None), "fields of many waves do not add"),
        (lambda: sc.Holography(**OPTICS, aberrations=[sc.FlipLeftRight()]), "must be a list of features of the kind Aberration"),
        (lambda: sc.MieSphere(**SPHERE) >> sc.Spherical(0.1), r"write aberrations=\[Spherical"),
        (lambda: sc.Zernike(0, 0.1), "Zernike.index: 0; must be a whole number from 1"),
        (lambda: sc.Spherical(50), "50 um\\? lengths are in micrometres"),
        (lambda: sc.Holography(**(OPTICS | {"numerical_aperture": 1.4})), "must be <= 1.33, the refractive index"),
    ],
)  # fmt: skip
def test_optics_that_cannot_be_are_refused(make, message):
    with pytest.raises(sc.SimcoreError, match=message):
        make()
