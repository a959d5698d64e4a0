"""Spheres through aberrated pupils and under tilted light against quadrature (tests/reference/through_pupil.py)."""

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pytest
from given import axial
from reference import hologram
from reference import through_pupil as reference
from reference.hologram import Scene
from reference.through_pupil import View
from scipy import ndimage, optimize

from simcore import kernels
from simcore.errors import SimcoreWarning
from simcore.optics import aberrations, illumination, through_pupil
from simcore.streams import Lanes, seed_key

ROWS, COLUMNS = [17, 20, 0, 39, 25, 8], [20, 23, 4, 35, 12, 30]
SHAPE = (40, 40)
PRECISIONS = pytest.mark.parametrize(("precision", "tolerance"), [("single", 5e-4), ("double", 1e-6)])
BASE = Scene(
    x=20.3,
    y=17.6,
    z=1.2,
    radius=0.3,
    refractive_index=1.55,
    numerical_aperture=1.07,
    wavelength=0.635,
    pixel_size=0.113,
    refractive_index_medium=1.33,
    polarization_angle=0.4,
)
TWO = [BASE, BASE._replace(x=9.1, y=28.4, z=-2.0, radius=0.2, refractive_index=1.45 + 0.03j)]
COMA = {7: 0.03, 8: -0.02}


def noll(index: int, rho: Any, azimuth: Any) -> Any:
    """Zernike polynomials as Noll's table has them."""
    table = {
        1: lambda: 1 + 0 * rho,
        2: lambda: 2 * rho * np.cos(azimuth),
        3: lambda: 2 * rho * np.sin(azimuth),
        4: lambda: np.sqrt(3) * (2 * rho**2 - 1),
        5: lambda: np.sqrt(6) * rho**2 * np.sin(2 * azimuth),
        6: lambda: np.sqrt(6) * rho**2 * np.cos(2 * azimuth),
        7: lambda: np.sqrt(8) * (3 * rho**3 - 2 * rho) * np.sin(azimuth),
        8: lambda: np.sqrt(8) * (3 * rho**3 - 2 * rho) * np.cos(azimuth),
        9: lambda: np.sqrt(8) * rho**3 * np.sin(3 * azimuth),
        10: lambda: np.sqrt(8) * rho**3 * np.cos(3 * azimuth),
        11: lambda: np.sqrt(5) * (6 * rho**4 - 6 * rho**2 + 1),
    }
    return table[index]()


def wavefront(amounts: dict[int, float], wavelength: float = BASE.wavelength) -> reference.Pupil:
    return reference.wavefront_pupil(lambda r, t: sum(c * noll(j, r, t) for j, c in amounts.items()), wavelength)


def zernikes(amounts: dict[int, float]) -> list[aberrations.Aberration]:
    return [aberrations.Zernike(index, amount) for index, amount in amounts.items()]


def known(features: list[Any], count: int = 1, radial: bool = False) -> kernels.Pupils:
    """The pupils of aberrations whose parameters are numbers."""
    values = [{field: np.full(count, float(node.value)) for field, node in one.properties()} for one in features]
    terms = [one.radial(v) if radial else one.terms(v) for one, v in zip(features, values, strict=True)]
    return kernels.Pupils(**aberrations.together(terms, count))


class Lamp(NamedTuple):
    """Light of one image: waves (wave, 3), states of polarization, analyzer, and the amplitude of what passes."""

    waves: np.ndarray
    jones: np.ndarray
    analyzer: np.ndarray | None = None
    reference: complex = 1.0

    def optics(self, scene: Scene, count: int = 1, **more: Any) -> kernels.CoherentOptics:
        usual = {
            "numerical_aperture": np.full(count, scene.numerical_aperture),
            "pixel_size": np.full(count, scene.pixel_size),
            "refractive_index_medium": np.full(count, scene.refractive_index_medium),
            "wavelength": np.full((count, 1), scene.wavelength),
            "jones": np.tile(self.jones, (count, 1, 1)),
            "analyzer": None if self.analyzer is None else np.tile(self.analyzer, (count, 1)),
        }
        waves = more.get("wavelength", usual["wavelength"]).shape[1]
        return kernels.CoherentOptics(**usual | {"reference": np.full((count, waves), self.reference)} | more)


def spheres(scenes: list[Scene]) -> kernels.Particles:
    """All in one image."""
    columns = [np.array([getattr(scene, name) for scene in scenes], float) for name in ("x", "y", "z", "radius")]
    index = np.array([scene.refractive_index for scene in scenes], complex)
    return kernels.Particles(np.array([0, len(scenes)]), *columns, index)


def light(view: View, analyzer: float | None = None, transmitted: bool = True) -> Lamp:
    """One wave in the direction of the view."""
    passes = None if analyzer is None else np.array([np.cos(analyzer), np.sin(analyzer)], complex)
    return Lamp(np.array([[*view.tilt, 1.0]]), np.array([view.jones], complex), passes, float(transmitted))


def intensity(scenes: list[Scene], features: list[Any], lamp: Lamp, tolerance: float, **more: Any) -> np.ndarray:
    image, error = rendered(scenes, features, lamp, tolerance, **more)
    assert error == 0
    return image


def rendered(
    scenes: list[Scene], features: list[Any], lamp: Lamp, tolerance: float, shape: tuple[int, int] = SHAPE,
    largest: int = kernels.LARGEST_GRID, **more: Any
) -> tuple[np.ndarray, float]:  # fmt: skip
    image = np.zeros((1, *shape), np.float64 if tolerance < 1e-4 else np.float32)
    error = kernels.add_intensity_through_pupil(
        image,
        particles=spheres(scenes),
        optics=lamp.optics(scenes[0], **more),
        pupils=known(features),
        waves=lamp.waves[None],
        tolerance=tolerance,
        largest=largest,
    )
    return image[0], error[0]


def field(scenes: list[Scene], features: list[Any], lamp: Lamp, tolerance: float, **more: Any) -> np.ndarray:
    optics = lamp.optics(scenes[0], **more)
    components = 2 if lamp.analyzer is None else 1
    result = np.zeros((1, *SHAPE, components), np.complex128 if tolerance < 1e-4 else np.complex64)
    error = kernels.fill_field_through_pupil(
        result,
        particles=spheres(scenes),
        optics=optics,
        pupils=known(features),
        waves=lamp.waves[None],
        tolerance=tolerance,
    )
    assert error[0] == 0
    return result[0]


CASES = {
    "coma": (BASE, COMA, (0.0, 0.0)),
    "astigmatism": (BASE._replace(z=-2.0), {5: 0.05, 6: 0.03}, (0.0, 0.0)),
    "spherical": (BASE._replace(numerical_aperture=1.25, pixel_size=0.1, z=0.5), {11: 0.04, 4: -0.05}, (0.0, 0.0)),
    "low aperture": (
        BASE._replace(numerical_aperture=0.4, radius=1.0, pixel_size=0.4, z=6.0),
        {8: 0.05, 10: 0.04},
        (0.0, 0.0),
    ),
    "tilted": (BASE, {}, (0.35, -0.25)),
    "tilted coma": (BASE._replace(radius=0.6), COMA, (-0.2, 0.5)),
}


@PRECISIONS
@pytest.mark.parametrize("name", CASES)
def test_one_sphere(name: str, precision: str, tolerance: float) -> None:
    scene, amounts, tilt = CASES[name]
    view = View(pupil=wavefront(amounts), tilt=tilt, jones=(np.cos(0.4), 1j * np.sin(0.4)))
    expected = reference.intensity([scene], view, ROWS, COLUMNS)
    got = intensity([scene], zernikes(amounts), light(view), tolerance)
    assert np.abs(got[ROWS, COLUMNS] - expected).max() < tolerance


@pytest.mark.parametrize("tolerance", [2e-3, 5e-3, 2e-2])
@pytest.mark.parametrize("name", CASES)
def test_loose_tolerances_hold_with_their_narrow_rims(name: str, tolerance: float) -> None:
    scene, amounts, tilt = CASES[name]
    view = View(pupil=wavefront(amounts), tilt=tilt)
    got = field([scene], zernikes(amounts), light(view, transmitted=False), tolerance)
    assert np.abs(got[ROWS, COLUMNS] - reference.mean_field([scene], view, ROWS, COLUMNS)).max() < tolerance
    seen = intensity([scene], zernikes(amounts), light(view), tolerance)
    assert np.abs(seen[ROWS, COLUMNS] - reference.intensity([scene], view, ROWS, COLUMNS)).max() < tolerance


@PRECISIONS
def test_field_of_two_spheres_along_an_analyser(precision: str, tolerance: float) -> None:
    view = View(pupil=wavefront(COMA), jones=(0.6, 0.8))
    angle = 1.1
    along = np.array([np.cos(angle), np.sin(angle)])
    expected = reference.mean_field(TWO, view, ROWS, COLUMNS) @ along
    got = field(TWO, zernikes(COMA), light(view, angle, transmitted=False), tolerance)
    assert np.abs(got[ROWS, COLUMNS, 0] - expected).max() < tolerance
    whole = field(TWO, zernikes(COMA), light(view, angle), tolerance)
    np.testing.assert_allclose(whole - got, along @ view.jones, rtol=0, atol=1e-6)


@PRECISIONS
def test_crossed_polarisers(precision: str, tolerance: float) -> None:
    view = View(tilt=(0.3, 0.1))
    expected = reference.intensity(TWO, view, ROWS, COLUMNS, analyser=(0, 1))
    got = intensity(TWO, [], light(view, np.pi / 2), tolerance)
    assert np.abs(got[ROWS, COLUMNS] - expected).max() < tolerance


@PRECISIONS
def test_darkfield_with_light_outside_the_aperture(precision: str, tolerance: float) -> None:
    scene = BASE._replace(numerical_aperture=0.8, pixel_size=0.15)
    view = View(tilt=(0.6, 0.55), jones=(0.0, 1.0))
    expected = reference.intensity([scene], view, ROWS, COLUMNS, transmitted=False)
    for transmitted in (True, False):  # what does not pass cannot be transmitted
        got = intensity([scene], [], light(view, transmitted=transmitted), tolerance)
        assert np.abs(got[ROWS, COLUMNS] - expected).max() < tolerance


def test_apodization_and_stop() -> None:
    """A stop is what a narrower aperture lets pass, taken away; the light along the axis does not pass it."""
    waist, radius = 0.9, 0.3
    soft = View(pupil=lambda x, y: np.exp(-(x * x + y * y) / waist**2) + 0j)
    through = View(pupil=lambda x, y: np.exp(-(x * x + y * y) * radius**2 / waist**2) + 0j)
    inner = BASE._replace(numerical_aperture=radius * BASE.numerical_aperture)
    whole = reference.mean_field([BASE], soft, ROWS, COLUMNS)
    expected = whole - reference.mean_field([inner], through, ROWS, COLUMNS)
    features = [aberrations.GaussianApodization(waist)]
    got = field([BASE], features, light(soft, transmitted=False), 1e-6)
    assert np.abs(got[ROWS, COLUMNS] - whole).max() < 3e-6
    stopped = [*features, aberrations.CentralStop(radius)]
    for tolerance, allowed in ((5e-4, 5e-4), (1e-6, 3e-5)):
        got = field([BASE], stopped, light(soft), tolerance)
        assert np.abs(got[ROWS, COLUMNS] - expected).max() < allowed


def test_refocusing_moves_the_particle() -> None:
    lamp = light(View(tilt=(0.2, 0.1)))
    moved = intensity([BASE], [aberrations.Refocus(3.0)], lamp, 1e-6)
    np.testing.assert_allclose(moved, intensity([BASE._replace(z=BASE.z - 3.0)], [], lamp, 1e-6), rtol=0, atol=1e-12)


def test_an_array_over_the_pupil() -> None:
    rho = np.linspace(-1, 1, 31)
    factor = (0.8 + 0.1 * rho[None, :] + 0.05 * rho[:, None]) * (1 + 0j)
    view = View(pupil=lambda x, y: 0.8 + 0.1 * x + 0.05 * y + 0j)
    got = field([BASE], [aberrations.PupilArray(factor)], light(view, transmitted=False), 5e-4)
    assert np.abs(got[ROWS, COLUMNS] - reference.mean_field([BASE], view, ROWS, COLUMNS)).max() < 5e-4
    twice = aberrations.together([{"transmission": factor}, {"transmission": factor[::2, ::2]}], 1)["transmission"]
    np.testing.assert_allclose(twice, factor**2, rtol=1e-12)


def as_radial(scenes: list[Scene], optics: kernels.CoherentOptics, tolerance: float, **more: Any) -> np.ndarray:
    image = np.zeros((1, *SHAPE), np.float64 if tolerance < 1e-4 else np.float32)
    kernels.coherent_intensity(image, particles=spheres(scenes), optics=replace(optics, **more), tolerance=tolerance)
    return image[0]


SEEN: dict[str, dict[str, Any]] = {
    "two wavelengths": {"wavelength": np.array([[0.5, 0.6]]), "weight": np.array([[0.4, 0.6]])},
    "unpolarized": {"jones": np.eye(2)[None], "jones_weight": np.array([[0.5, 0.5]])},
    "circular, analyzer": {"jones": np.array([[[0.6, 0.8j]]]), "analyzer": np.array([[0.8, -0.6]])},
    "another immersion": {"refractive_index_immersion": np.array([1.518]), "focus_depth": np.array([8.0])},
    "backward": {"backward": True, "reference": np.array([[0.05j - 0.02]]), "reflector": np.array([-0.3])},
    "darkfield": {"reference": np.zeros((1, 1))},
}


@PRECISIONS
@pytest.mark.parametrize("name", SEEN)
def test_without_aberrations_it_is_what_radial_integrals_give(name: str, precision: str, tolerance: float) -> None:
    scenes = [scene._replace(numerical_aperture=0.9, pixel_size=0.2) for scene in TWO]
    expected = as_radial(scenes, light(View()).optics(scenes[0], **SEEN[name]), tolerance)
    got = intensity(scenes, [], light(View()), tolerance, **SEEN[name])
    assert np.abs(got - expected).max() < 2 * tolerance


@PRECISIONS
def test_symmetric_aberrations_are_what_radial_integrals_give(precision: str, tolerance: float) -> None:
    scenes = [scene._replace(numerical_aperture=0.9, pixel_size=0.2) for scene in TWO]
    features = [aberrations.Spherical(0.03), aberrations.Defocus(-0.05), aberrations.GaussianApodization(1.3)]
    radial = known(features, radial=True)
    expected = as_radial(
        scenes,
        light(View()).optics(scenes[0]),
        tolerance,
        wavefront=radial.wavefront[:, 1:],
        waist=radial.apodization**-0.5,
    )
    assert np.abs(intensity(scenes, features, light(View()), tolerance) - expected).max() < 2 * tolerance


def test_particles_of_every_kind() -> None:
    """A sphere, the same by its multipoles and by a table of its amplitudes."""
    scene = TWO[1]
    size = np.array([scene.wavenumber * scene.radius])
    a, b = kernels.mie_coefficients(size, np.array([scene.refractive_index]) / scene.refractive_index_medium, 16)
    s1, s2 = kernels.mie_amplitudes(a, b, np.cos(np.linspace(0, np.pi, 200)))
    one = spheres([scene])
    kinds = [
        one,
        replace(one, source=np.array([0]), multipoles=(a[:, None], b[:, None])),
        replace(one, source=np.array([0]), amplitudes=(s1[:, None], s2[:, None])),
        replace(one, source=np.array([1]), multipoles=(0 * a[:, None],) * 2, amplitudes=(s1[:, None], s2[:, None])),
    ]
    for backward in (False, True):
        images = np.zeros((4, 1, *SHAPE))
        for particles, image in zip(kinds, images, strict=True):
            kernels.add_intensity_through_pupil(
                image, particles=particles, optics=light(View()).optics(scene, backward=backward), pupils=known(zernikes(COMA)),
                waves=axial(1), tolerance=1e-6
            )  # fmt: skip
        np.testing.assert_allclose(images[1:], images[:1].repeat(3, axis=0), rtol=0, atol=1e-6)


def test_a_particle_moved_by_a_fraction_of_a_pixel_moves_its_image_by_that_fraction() -> None:
    scene = BASE._replace(numerical_aperture=0.3, pixel_size=0.08, radius=0.5, z=2.0, x=31.0, y=32.0)
    lamp = light(View())
    for tolerance in (5e-4, 1e-6):
        here, there = (
            np.asarray(intensity([s], zernikes(COMA), lamp, tolerance, shape=(64, 64)), float)
            for s in (scene, scene._replace(x=scene.x + 0.37, y=scene.y - 0.37))
        )

        def difference(shift: np.ndarray, here: np.ndarray = here, there: np.ndarray = there) -> np.ndarray:
            return (ndimage.shift(here, shift, order=5, mode="nearest") - there)[8:-8, 8:-8].ravel()

        found = optimize.least_squares(difference, [0.0, 0.0], x_scale=0.1, xtol=1e-12).x
        np.testing.assert_allclose(found, [-0.37, 0.37], rtol=0, atol=1e-4)


def test_tilt_moves_the_image_against_its_sign() -> None:
    """W = c 2 rho cos(azimuth) shifts by 2 c / NA towards -x."""
    pixels = 3
    coefficient = pixels * BASE.pixel_size * BASE.numerical_aperture / 2
    lamp = light(View(), transmitted=False)
    moved = field([BASE], [aberrations.TiltX(coefficient), aberrations.TiltY(-coefficient)], lamp, 1e-6)
    np.testing.assert_allclose(
        moved[pixels:, :-pixels], field([BASE], [], lamp, 1e-6)[:-pixels, pixels:], rtol=0, atol=3e-6
    )


def test_scattered_power_is_that_of_the_collected_cone() -> None:
    """What falls beyond the image falls with 1 / edge and is extrapolated."""
    scene = BASE._replace(z=0.0, pixel_size=0.25)
    lamp = light(View(), transmitted=False)
    powers = []
    for side in (128, 256):
        middle = (side - 1) / 2
        image = intensity([scene._replace(x=middle, y=middle)], zernikes(COMA), lamp, 1e-6, shape=(side, side))
        powers.append(float(image.sum()) * scene.pixel_size**2)
    assert 2 * powers[1] - powers[0] == pytest.approx(hologram.collected_cross_section(scene), rel=1e-4)


def test_a_condenser_adds_the_intensities_of_its_directions() -> None:
    waves = illumination.condenser(np.array([0.5]), 1)[0]
    got = intensity([BASE], zernikes(COMA), light(View())._replace(waves=waves), 1e-6)
    views = [View(pupil=wavefront(COMA), tilt=(wave[0], wave[1])) for wave in waves]
    expected = np.mean([reference.intensity([BASE], view, ROWS, COLUMNS) for view in views], axis=0)
    assert np.abs(got[ROWS, COLUMNS] - expected).max() < 3e-6


def test_few_rings_fill_a_condenser() -> None:
    scene = BASE._replace(numerical_aperture=0.8, pixel_size=0.2, z=0.5)
    few, many = (
        intensity([scene], [], light(View())._replace(waves=illumination.condenser(np.array([0.3]), rings)[0]), 5e-4)
        for rings in (6, 9)
    )
    assert np.abs(few - many).max() < 5e-4


def test_the_condenser_is_a_cubature_of_the_disk() -> None:
    waves = illumination.condenser(np.array([1.0, 0.5]), 4)
    for scale, wave in zip((1.0, 0.5), waves, strict=True):
        x, y, weight = wave.T / np.array([[scale], [scale], [1.0]])
        for i, j, mean in ((0, 0, 1), (2, 0, 1 / 4), (2, 2, 1 / 24), (4, 6, 1 / 512), (14, 0, 429 / 16384), (3, 2, 0)):
            assert (weight * x**i * y**j).sum() == pytest.approx(mean, abs=1e-14)


def test_a_condenser_partly_outside_the_aperture_is_held_to_what_passes() -> None:
    scene = BASE._replace(numerical_aperture=0.5, pixel_size=0.25, radius=1e-3)
    waves = illumination.condenser(np.array([0.6]), 3)[0]
    assert np.hypot(waves[:, 0], waves[:, 1]).max() > 0.5 / 1.33
    image = intensity([scene], zernikes(COMA), light(View())._replace(waves=waves), 5e-4)
    np.testing.assert_allclose(image, 1, atol=1e-5)


def stream(count: int) -> Any:
    return Lanes(seed_key(1), np.arange(count, dtype=np.uint64), np.zeros(count, np.uint64), "train").stream("noise")


def test_noise_before_the_pupil_has_the_power_that_the_pupil_lets_pass() -> None:
    """Density sigma^2 p^2 per quadrature, times |P|^2 and the square of the mean over a pixel, over the pupil."""
    count, sigma, scene = 60, 0.02, BASE._replace(radius=1e-3)
    columns = (np.full(count, value) for value in (20.0, 20.0, 0.0, 1e-3))
    many = kernels.Particles(np.arange(count + 1), *columns, np.full(count, 1.34 + 0j))
    fields = np.zeros((count, *SHAPE, 1), np.complex64)
    kernels.fill_field_through_pupil(
        fields, particles=many, optics=light(View(), 0.0).optics(scene, count), waves=axial(count), tolerance=5e-4,
        pupils=known([aberrations.GaussianApodization(1.2), *zernikes(COMA)], count), noise=np.full(count, sigma),
        stream=stream(count)
    )  # fmt: skip
    edge = scene.numerical_aperture / scene.wavelength * scene.pixel_size  # cycles per pixel
    u, v = np.meshgrid(*[np.linspace(-edge, edge, 801)] * 2)
    inside = np.hypot(u, v) <= edge
    passes = inside * np.exp(-2 * (u * u + v * v) / edge**2 / 1.2**2) * (np.sinc(u) * np.sinc(v)) ** 2
    expected = sigma**2 * passes.sum() * (2 * edge / 800) ** 2
    noise = fields[..., 0] - 1
    for part in (noise.real, noise.imag):
        assert part.var() == pytest.approx(expected, rel=0.03)
        assert abs(part.mean()) < 4 * np.sqrt(expected / (count * 1600 * expected / sigma**2))
    assert abs((noise.real * noise.imag).mean()) < 0.02 * expected
    spectrum = (np.abs(np.fft.fft2(noise)) ** 2).mean(axis=0)
    outside = np.hypot(*np.meshgrid(*[np.fft.fftfreq(40)] * 2)) > 1.3 * edge
    assert spectrum[outside].mean() < 0.03 * spectrum[~outside].mean()


def test_images_do_not_depend_on_their_company_or_the_instruction_level() -> None:
    scenes = [BASE, TWO[1]._replace(z=4.0), BASE._replace(radius=0.6)]
    waves = illumination.tilted(np.array([0.0, 0.1, 0.2]), np.array([0.0, 1.0, 2.0]))

    def render(part: slice) -> bytes:
        these = scenes[part]
        particles = replace(spheres(these), first=np.arange(len(these) + 1))
        noise = stream(3)
        out = np.zeros((len(these), *SHAPE, 2), np.complex64)
        kernels.fill_field_through_pupil(
            out, particles=particles, optics=light(View()).optics(BASE, len(these)), pupils=known(zernikes(COMA), len(these)),
            waves=waves[part], noise=np.full(len(these), 0.01), tolerance=5e-4,
            stream=replace(noise, counter=np.ascontiguousarray(noise.counter[part])),
        )  # fmt: skip
        return out.tobytes()

    together = render(slice(0, 3))
    assert b"".join(render(slice(i, i + 1)) for i in range(3)) == together
    level = kernels.instruction_level()
    try:
        for lower in (3, 0):
            kernels.set_instruction_level(lower)
            assert render(slice(0, 3)) == together
    finally:
        kernels.set_instruction_level(level)


def test_grids_that_would_be_too_large_are_reported() -> None:
    scene = BASE._replace(z=15.0)
    image, error = rendered([scene], [], light(View()), 5e-4, largest=256)
    expected = reference.intensity([scene], View(), ROWS, COLUMNS)
    assert 5e-4 < np.abs(image[ROWS, COLUMNS] - expected).max() < 10 * error
    with pytest.warns(SimcoreWarning, match=r"Brightfield: .* example 7 is uncertain"):
        through_pupil.report("Brightfield", np.array([error]), 5e-4, np.array([7]))


@pytest.mark.parametrize("aperture", [1.31, 1.33, 1.4])
def test_apertures_up_to_grazing_light_are_reported(aperture: float) -> None:
    scene = BASE._replace(numerical_aperture=aperture, z=0.3, pixel_size=0.1)
    view = View(pupil=wavefront(COMA))
    expected = reference.intensity([scene], view, ROWS, COLUMNS)
    image, error = rendered([scene], zernikes(COMA), light(view), 5e-4)
    assert np.abs(image[ROWS, COLUMNS] - expected).max() < error < 1e-2


def test_an_empty_scene_is_the_empty_field() -> None:
    nothing = kernels.Particles(np.array([0, 0]), *(np.zeros(0),) * 4, np.zeros(0, complex))
    image = np.zeros((1, 6, 7))
    shared: dict[str, Any] = {"particles": nothing, "pupils": known(zernikes(COMA)), "waves": axial(1)}
    shared["tolerance"] = 5e-4
    kernels.add_intensity_through_pupil(image, optics=light(View()).optics(BASE), **shared)
    np.testing.assert_array_equal(image, 1)
    fields = np.zeros((1, 6, 7, 2), complex)
    kernels.fill_field_through_pupil(fields, optics=light(View(jones=(0.6, 0.8j))).optics(BASE), **shared)
    np.testing.assert_allclose(fields, np.broadcast_to([0.6, 0.8j], fields.shape), rtol=0, atol=1e-14)


def test_wrong_arguments_are_refused() -> None:
    lamp = light(View())
    for changes, message in (
        ({"waves": np.array([[0.8, 0.8, 1.0]])}, "unit disk"),
        ({"waves": np.zeros((2, 2))}, "waves"),
        ({"jones": np.full((1, 2), np.nan + 0j)}, "states: must be finite"),
    ):
        with pytest.raises(ValueError, match=message):
            intensity([BASE], [], lamp._replace(**changes), 5e-4)
    with pytest.raises(ValueError, match="straight back"):
        intensity([BASE._replace(numerical_aperture=1.33)], [], light(View(tilt=(0.999, 0.0))), 5e-4)
    with pytest.raises(ValueError, match="along the axis"):
        intensity([BASE], [], light(View(tilt=(0.1, 0.0))), 5e-4, backward=True)
    with pytest.raises(ValueError, match="belong to the pupils"):
        intensity([BASE], [], lamp, 5e-4, stop=np.array([0.1]))
