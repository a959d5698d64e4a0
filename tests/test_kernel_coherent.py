"""The images of spheres against quadrature of the diffraction integrals, conservation of energy and symmetries."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import pytest
from scipy.special import jv

from simcore import _core, kernels

MEDIUM = 1.33
NAN = float("nan")


class Sphere(NamedTuple):
    x: float  # pixels
    y: float
    z: float  # micrometres
    radius: float
    refractive_index: complex


class Image(NamedTuple):
    spheres: tuple[Sphere, ...]
    numerical_aperture: float
    pixel_size: float
    angle: float = 0.0
    wavelengths: tuple[float, ...] = (0.55,)
    weights: tuple[float, ...] = (1.0,)


Field = Callable[[Image, float, np.ndarray, np.ndarray], np.ndarray]


def linear_polarization(angle):
    """Jones vectors and weights of light polarized at each angle; nan: unpolarized."""
    lost = np.isnan(angle)
    turned = np.where(lost, 0.0, angle)
    along = np.stack([np.cos(turned), np.sin(turned)], axis=1)
    if not lost.any():
        return along[:, None].astype(np.complex128), np.ones((len(angle), 1))
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    jones = np.stack([along, across], axis=1).astype(np.complex128)
    return jones, np.where(lost[:, None], 0.5, np.array([1.0, 0.0]))


def particles(images: list[Image]) -> kernels.Particles:
    first = np.cumsum([0] + [len(image.spheres) for image in images])
    spheres = np.array([tuple(sphere) for image in images for sphere in image.spheres], complex).reshape(-1, 5)
    return kernels.Particles(first, *(column.real for column in spheres.T[:4]), spheres[:, 4])


def optics(images: list[Image]) -> kernels.CoherentOptics:
    """The optics of images with equally many wavelengths."""
    jones, jones_weight = linear_polarization(np.array([image.angle for image in images]))
    return kernels.CoherentOptics(
        numerical_aperture=np.array([image.numerical_aperture for image in images]),
        pixel_size=np.array([image.pixel_size for image in images]),
        refractive_index_medium=np.full(len(images), MEDIUM),
        wavelength=np.array([image.wavelengths for image in images]),
        weight=np.array([image.weights for image in images]),
        jones=jones,
        jones_weight=jones_weight,
    )


def draw(images: list[Image], height: int, width: int, tolerance: float = 1e-6, dtype: type = np.float64) -> np.ndarray:
    out: np.ndarray = np.full((len(images), height, width), np.nan, dtype)
    kernels.coherent_intensity(out, particles=particles(images), optics=optics(images), tolerance=tolerance)
    return out


def amplitudes(sphere: Sphere, wavelength: float, cosines: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    size = np.array([2 * np.pi * MEDIUM * sphere.radius / wavelength])
    index = np.array([sphere.refractive_index / MEDIUM], complex)
    a, b = _core.mie_coefficients(size, index, int(_core.mie_terms(size)[0]))
    s1, s2 = _core.mie_amplitudes(a, b, cosines)
    return s1[0], s2[0]


def gauss(count: int) -> tuple[np.ndarray, np.ndarray]:
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return (nodes + 1) / 2, weights / 2


def polar_nodes(image: Image, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Gauss nodes over the polar angle, denser towards the rim."""
    rim = np.arcsin(min(1.0, image.numerical_aperture / MEDIUM))
    v, weights = gauss(count)
    return rim * (1 - v**2), 2 * rim * v * weights


def field_over_directions(image: Image, wavelength: float, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(Ex, Ey) as the sum of plane waves over polar and azimuthal angle, light polarised along image.angle."""
    k = 2 * np.pi * MEDIUM / wavelength
    t, weights = polar_nodes(image, 48)
    phi = np.linspace(0, 2 * np.pi, 128, endpoint=False)
    rho, azimuth = np.stack([np.cos(phi), np.sin(phi)]), np.stack([-np.sin(phi), np.cos(phi)])
    field = np.array([np.cos(image.angle), np.sin(image.angle)])[:, None] + np.zeros((2, x.size), complex)
    for sphere in image.spheres:
        s1, s2 = amplitudes(sphere, wavelength, np.cos(t))
        along, across = s2[:, None] * np.cos(phi - image.angle), s1[:, None] * np.sin(phi - image.angle)
        far = along * rho[:, None] - across * azimuth[:, None]
        pupil = weights * np.sqrt(np.cos(t)) * np.sin(t) * np.exp(1j * k * sphere.z * (np.cos(t) - 1)) / phi.size
        far = (far * pupil[:, None]).reshape(2, -1)
        directions = (np.sin(t)[:, None] * rho[:, None]).reshape(2, -1)
        place = np.stack([x - sphere.x * image.pixel_size, y - sphere.y * image.pixel_size])
        field -= far @ np.exp(1j * k * (directions.T @ place))
    return field


def field_by_radius(image: Image, wavelength: float, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The same, the azimuth done by J0 and J2."""
    k = 2 * np.pi * MEDIUM / wavelength
    extent = max(np.hypot(x - s.x * image.pixel_size, y - s.y * image.pixel_size).max() for s in image.spheres)
    depth = max(abs(s.z) + 2 * s.radius for s in image.spheres)
    t, weights = polar_nodes(image, int(0.6 * k * (extent * np.sin(polar_nodes(image, 2)[0].max()) + depth)) + 80)
    field = np.array([np.cos(image.angle), np.sin(image.angle)])[:, None] + np.zeros((2, x.size), complex)
    for sphere in image.spheres:
        s1, s2 = amplitudes(sphere, wavelength, np.cos(t))
        dx, dy = x - sphere.x * image.pixel_size, y - sphere.y * image.pixel_size
        r, turn = np.hypot(dx, dy), 2 * np.arctan2(dy, dx)
        pupil = weights * np.sqrt(np.cos(t)) * np.sin(t) * np.exp(1j * k * sphere.z * (np.cos(t) - 1))
        argument = k * np.outer(r, np.sin(t))
        a, b = jv(0, argument) @ (pupil * (s1 + s2) / 2), jv(2, argument) @ (pupil * (s1 - s2) / 2)
        c, s = np.cos(image.angle), np.sin(image.angle)
        field -= np.stack([a * c + b * np.cos(turn - image.angle), a * s + b * np.sin(turn - image.angle)])
    return field


def reference(image: Image, pixels: np.ndarray, points: int, field: Field = field_by_radius) -> np.ndarray:
    """Intensity averaged over pixels (rows of y, x) by points x points Gauss points."""
    nodes, weights = gauss(points)
    y = (pixels[:, 0, None, None] + nodes[:, None] - 0.5 + 0 * nodes) * image.pixel_size
    x = (pixels[:, 1, None, None] + nodes - 0.5 + 0 * nodes[:, None]) * image.pixel_size
    total = 0.0
    for wavelength, share in zip(image.wavelengths, image.weights, strict=True):
        angles = [0.0, np.pi / 2] if np.isnan(image.angle) else [image.angle]
        for angle in angles:
            waves = field(image._replace(angle=angle), wavelength, x.ravel(), y.ravel())
            total = total + share / len(angles) * (np.abs(waves) ** 2).sum(axis=0)
    return np.einsum("kij,i,j->k", np.reshape(total, x.shape), weights, weights)


def some_pixels(height: int, width: int, count: int = 10) -> np.ndarray:
    random = np.random.Generator(np.random.Philox(1))
    return np.stack([random.integers(0, height, count), random.integers(0, width, count)], axis=1)


def test_an_empty_field_is_one() -> None:
    image = Image((), 0.5, 0.2)
    assert np.all(draw([image], 5, 7) == 1)
    clear = Image((Sphere(2, 2, 0, 1.0, MEDIUM),), 0.5, 0.2)
    np.testing.assert_allclose(draw([clear], 5, 7), 1, atol=1e-13)


@pytest.mark.parametrize("angle", [0.0, 0.6, NAN])
@pytest.mark.parametrize(
    ("numerical_aperture", "pixel_size"), [(0.2, 0.27), (0.9, 0.1), (1.3, 0.12), (1.325, 0.1), (1.4, 0.1)]
)
@pytest.mark.parametrize("count", [1, 2])
def test_images_equal_the_sum_over_directions(
    numerical_aperture: float, pixel_size: float, angle: float, count: int
) -> None:
    spheres = (Sphere(3.3, 5.8, 1.5, 0.7, 1.55), Sphere(7.1, 2.2, -1.0, 0.3, 1.4 + 0.5j))[:count]
    image = Image(spheres, numerical_aperture, pixel_size, angle, (0.45, 0.65), (0.3, 0.7))
    pixels = np.concatenate([some_pixels(9, 11, 5), [[6, 3], [2, 7]]])
    wanted = reference(image, pixels, 6, field_over_directions)
    assert np.abs(wanted - 1).max() > 0.05
    got = draw([image], 9, 11)[0][tuple(pixels.T)]
    np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-6)
    quick = draw([image], 9, 11, 5e-4, np.float32)[0][tuple(pixels.T)]
    np.testing.assert_allclose(quick, wanted, rtol=0, atol=5e-4)


def drawn_image(random: np.random.Generator, size: int) -> Image:
    count = int(random.choice([1, 1, 2, 3]))
    index = MEDIUM * random.uniform(0.8, 1.5) + 1j * random.choice([0.0, 0.0, 1.0]) * random.uniform(0, 2)
    radius = 0.05 * 60 ** random.random()
    depth = random.uniform(-50, 50) * random.choice([0.1, 1.0])
    places = random.uniform(-0.1, 1.1, (count, 2)) * size
    spheres = tuple(Sphere(x, y, depth + 2 * i, radius, index) for i, (x, y) in enumerate(places))
    angle = float(random.choice([NAN, 0.0, 1.1]))
    return Image(spheres, random.uniform(0.1, 1.3), random.uniform(0.05, 0.35), angle, (random.uniform(0.4, 0.7),))


@pytest.mark.parametrize("seed", range(24))
def test_images_over_the_whole_range_equal_radial_quadrature(seed: int) -> None:
    random = np.random.Generator(np.random.Philox(seed))
    size = int(random.choice([31, 101]))
    image = drawn_image(random, size)
    near = np.array([(np.clip(s.y, 0, size - 1), np.clip(s.x, 0, size - 1)) for s in image.spheres]).astype(int)
    pixels = np.concatenate([some_pixels(size, size, 3), near])
    wanted = reference(image, pixels, 12)
    np.testing.assert_allclose(draw([image], size, size)[0][tuple(pixels.T)], wanted, rtol=0, atol=1e-6)
    quick = draw([image], size, size, 5e-4, np.float32)[0][tuple(pixels.T)]
    np.testing.assert_allclose(quick, wanted, rtol=0, atol=5e-4)


def test_a_large_field_equals_radial_quadrature() -> None:
    image = Image((Sphere(31.0, 200.3, 12.0, 0.9, 1.5),), 1.2, 0.3, 0.0, (0.5,))
    pixels = np.array([[200, 31], [201, 60], [3, 250], [255, 255]])
    wanted = reference(image, pixels, 12)
    np.testing.assert_allclose(draw([image], 256, 256)[0][tuple(pixels.T)], wanted, rtol=0, atol=1e-6)
    quick = draw([image], 256, 256, 5e-4, np.float32)[0][tuple(pixels.T)]
    np.testing.assert_allclose(quick, wanted, rtol=0, atol=5e-4)


@pytest.mark.parametrize("angle", [0.0, 0.6, NAN])
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-6), (np.float32, 5e-4)])
def test_one_sphere_equals_one_and_an_invisible_one(dtype: type, tolerance: float, angle: float) -> None:
    sphere = Sphere(11.7, 9.2, 2.0, 1.4, 1.55)
    image = Image((sphere,), 0.25, 0.2, angle, (0.4, 0.5, 0.7), (0.2, 0.3, 0.5))
    hidden = image._replace(spheres=(sphere, Sphere(4, 4, 0, 1.0, MEDIUM)))
    got = draw([image], 23, 21, tolerance, dtype)
    np.testing.assert_allclose(got, draw([hidden], 23, 21, tolerance, dtype), rtol=0, atol=tolerance)


@pytest.mark.parametrize("angle", [0.0, 0.7, NAN])
@pytest.mark.parametrize(("pixel_size", "shape"), [(0.06, (40, 5)), (0.09, (3, 70)), (0.12, (33, 16))])
def test_pixels_taken_to_be_round_keep_the_tolerance(pixel_size: float, shape: tuple[int, int], angle: float) -> None:
    """At these tolerances it is one sphere's radial functions that are averaged over a pixel, not the image."""
    spheres = Sphere(2.3, 1.6, 0.4, 0.4, 1.5), Sphere(8.0, 20.0, 3.0, 0.25, 1.59), Sphere(-6.0, 4.0, 6.0, 0.6, 1.45)
    y, x = np.mgrid[: shape[0], : shape[1]]
    for sphere in spheres:
        image = Image((sphere,), 1.1, pixel_size, angle, (0.5, 0.6), (0.4, 0.6))
        exact = reference(image, np.stack([y.ravel(), x.ravel()], axis=1), 5).reshape(shape)
        for tolerance in (5e-4, 4e-3, 0.05):
            got = draw([image], *shape, tolerance, np.float32)[0]
            assert abs(got - exact).max() < 0.3 * tolerance * max(1.0, exact.max() / 10)


@pytest.mark.parametrize("angle", [0.0, NAN])
def test_a_moved_sphere_moves_its_image(angle: float) -> None:
    image = Image((Sphere(9.37, 8.81, 1.0, 1.0, 1.5),), 0.3, 0.2, angle)
    moved = Image((Sphere(12.37, 10.81, 1.0, 1.0, 1.5),), 0.3, 0.2, angle)
    mirrored = Image((Sphere(19 - 9.37, 8.81, 1.0, 1.0, 1.5),), 0.3, 0.2, angle)
    a, b, c = draw([image, moved, mirrored], 20, 20)
    np.testing.assert_allclose(b[2:, 3:], a[:-2, :-3], rtol=0, atol=2e-7)
    np.testing.assert_allclose(c[:, ::-1], a, rtol=0, atol=2e-7)


def test_position_is_exact_below_the_pixel() -> None:
    """A shift of 0.37 px, measured on the deviation's Fourier phase: a Gaussian window moves along with the sphere."""
    centres = 30 + np.array([0.0, 0.37])
    images = draw([Image((Sphere(x, 30.0, 0.0, 0.5, 1.5),), 0.6, 0.15) for x in centres], 61, 61)
    column, row = np.arange(61.0), np.arange(61.0)[:, None]
    for image, centre in zip(images, centres, strict=True):
        window = np.exp(-((column - centre) ** 2 + (row - 30) ** 2) / (2 * 8.0**2))
        wave = ((image - 1) * window * np.exp(-2j * np.pi * (column - centre) / 61)).sum()
        assert abs(np.angle(wave**2)) / 2 * 61 / (2 * np.pi) < 1e-4


def test_quarter_turn_of_polarisation_turns_the_image() -> None:
    along = Image((Sphere(10, 10, 0.5, 0.6, 1.6),), 1.1, 0.1, 0.0)
    across, neither = along._replace(angle=np.pi / 2), along._replace(angle=NAN)
    a, b, mean = draw([along, across, neither], 21, 21)
    np.testing.assert_allclose(b, a.T, rtol=0, atol=1e-9)
    np.testing.assert_allclose(mean, (a + b) / 2, rtol=0, atol=1e-9)
    assert np.abs(a - b).max() > 0.05


@pytest.mark.parametrize("index", [1.5, 1.5 + 0.2j])
def test_the_light_missing_is_extinction_less_what_is_collected(index: complex) -> None:
    """Optical theorem. What a Gaussian window of width s misses at the rim of the pupil falls as 1 / s."""
    size, pixel, wavelength = 601, 0.15, 0.55
    image = Image((Sphere(300, 300, 0.0, 0.25, index),), 0.8, pixel, NAN, (wavelength,))
    place = (np.arange(size) - 300) * pixel
    absent = 1 - draw([image], size, size)[0]
    near, far = (
        np.exp(-(place**2) / (2 * s**2)) @ absent @ np.exp(-(place**2) / (2 * s**2)) * pixel**2 for s in (5.0, 10.0)
    )
    k = 2 * np.pi * MEDIUM / wavelength
    t, weights = polar_nodes(image, 60)
    s1, s2 = amplitudes(image.spheres[0], wavelength, np.cos(t))
    forward = amplitudes(image.spheres[0], wavelength, np.array([1.0]))[0][0]
    collected = np.pi / k**2 * (weights * np.sin(t) * (np.abs(s1) ** 2 + np.abs(s2) ** 2)).sum()
    extinction = 4 * np.pi / k**2 * forward.real
    assert 2 * far - near == pytest.approx(extinction - collected, abs=3e-4 * extinction)


def many_images() -> list[Image]:
    random = np.random.Generator(np.random.Philox(11))
    images = []
    for i in range(12):
        spheres = tuple(
            Sphere(x, y, random.normal(), random.uniform(0.1, 1.5), random.uniform(1.4, 1.6))
            for x, y in random.uniform(5, 20, (i % 4, 2))
        )
        aperture = float(random.choice([0.2, 0.8, 1.4]))
        images.append(Image(spheres, aperture, 0.15, [0.4, NAN][i % 2], (0.5, 0.6), (0.5, 0.5)))
    return images


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_image_depends_on_nothing_but_itself(dtype: type) -> None:
    images = many_images()
    together = draw(images, 24, 25, 1e-4, dtype)
    for i in reversed(range(len(images))):
        assert draw([images[i]], 24, 25, 1e-4, dtype)[0].tobytes() == together[i].tobytes()


def test_threads_share_tables() -> None:
    images = many_images()

    def one(image: Image) -> bytes:
        return draw([image], 24, 25, 5e-4, np.float32).tobytes()

    with ThreadPoolExecutor(4) as pool:
        got = list(pool.map(one, images * 4))
    assert got == [image.tobytes() for image in draw(images, 24, 25, 5e-4, np.float32)] * 4


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_all_instruction_levels_give_the_same_bytes(dtype: type) -> None:
    before = _core.instruction_level()
    results = set()
    try:
        for level in (0, 3, 4):
            _core.set_instruction_level(level)
            results.add(draw(many_images(), 24, 25, 5e-4, dtype).tobytes())
    finally:
        _core.set_instruction_level(before)
    assert len(results) == 1


NAMES = ["first", "x", "y", "z", "radius", "index", "source", "a", "b", "s1", "s2", "optics", "wavefront", "wavelength"]
NAMES += ["weight", "reference", "jones", "jones_weight", "analyzer"]
OPTICS = ["numerical_aperture", "pixel_size", "refractive_index_medium", "refractive_index_immersion", "focus_depth"]
OPTICS += ["waist", "stop", "reflector"]


def refused(error: type[Exception], match: str | None = None, **changes: object) -> None:
    """One sphere in one image, but for the changes."""
    good = [Image((Sphere(3, 3, 0, 1.0, 1.5),), 0.5, 0.2)]
    values: dict[str, object] = {"out": np.empty((1, 7, 7)), "tolerance": 1e-4, "backward": False}
    values |= dict(zip(NAMES, particles(good).arguments(1) + optics(good).arguments(), strict=True))
    row = np.array(values["optics"])
    for name in OPTICS:
        if name in changes:
            row[:, OPTICS.index(name)] = changes.pop(name)
    with pytest.raises(error, match=match):
        _core.coherent_image(_core.RadialTables(), **values | {"optics": row} | changes)


def test_bad_particles_are_refused() -> None:
    for bad in (0.0, -1.0, NAN, np.inf):
        refused(ValueError, "^radius: ", radius=np.array([bad]))
    for name in ("x", "y", "z", "radius"):
        refused(ValueError, f"^{name}: ", **{name: np.array([NAN])})
        refused(ValueError, None, **{name: np.ones(2)})
        refused(TypeError, None, **{name: np.ones(1, np.float32)})
    refused(ValueError, "^index: ", index=np.array([1.5 - 0.1j]))
    refused(ValueError, "^index: ", refractive_index_medium=1e-6)
    refused(ValueError, "^radius: ", radius=np.array([1e5]))
    refused(ValueError, "^first: ", first=np.array([0, 2]))
    refused(ValueError, "^first: ", first=np.array([0, 1, 1]))
    refused(ValueError, "^source: ", source=np.array([0]))
    refused(ValueError, "^b: ", a=np.ones((1, 1, 3), complex), b=np.ones((1, 1, 2), complex))
    refused(ValueError, "^a: ", a=np.ones((1, 2, 3), complex), b=np.ones((1, 2, 3), complex))
    refused(ValueError, "^a: ", a=np.full((1, 1, 3), NAN, complex), b=np.ones((1, 1, 3), complex))
    for shape in ((1, 2, 20), (1, 1, 15)):
        refused(ValueError, "^s1: ", s1=np.ones(shape, complex), s2=np.ones(shape, complex))


def test_bad_optics_are_refused() -> None:
    for name in ("numerical_aperture", "pixel_size", "refractive_index_medium", "refractive_index_immersion"):
        for bad in (0.0, -1.0, NAN, np.inf):
            refused(ValueError, f"^{name}: ", **{name: bad})
    for name, bads in {"focus_depth": (-1.0, NAN), "waist": (0.0, 0.01, NAN), "stop": (-0.1, 1.0, NAN)}.items():
        for bad in bads:
            refused(ValueError, f"^{name}: ", **{name: bad})
    refused(ValueError, "^reflector: ", reflector=NAN)
    refused(
        ValueError, "^numerical_aperture: ", numerical_aperture=1.4, refractive_index_immersion=1.2, focus_depth=1.0
    )
    refused(ValueError, "^pixel_size: ", pixel_size=1e3)
    refused(ValueError, "^wavefront: ", wavefront=np.array([[NAN]]))
    refused(ValueError, "^wavelength: ", wavelength=np.ones((1, 0)), weight=np.ones((1, 0)))
    refused(ValueError, "^weight: ", weight=np.ones((1, 2)))
    refused(ValueError, "^jones: ", jones=np.ones((1, 0, 2), complex))
    refused(ValueError, "^jones: ", jones=np.full((1, 1, 2), NAN, complex))
    refused(ValueError, "^jones_weight: ", jones_weight=np.array([[-1.0]]))
    refused(ValueError, "^analyzer: ", analyzer=np.ones((1, 2, 2), complex))
    refused(ValueError, "^tolerance: ", tolerance=0.0)
    for far in (1e5, -1e300):
        refused(ValueError, "directions", z=np.array([far]))
        refused(ValueError, "directions", x=np.array([far]))
    refused(ValueError, "directions", wavefront=np.array([[1e6]]))
    refused(ValueError, "directions", refractive_index_immersion=1.5, focus_depth=1e9)


def test_bad_arrays_to_fill_are_refused() -> None:
    refused(TypeError, None, out=np.empty((1, 7, 14))[:, :, ::2])
    refused(TypeError, None, out=np.empty((1, 7, 7), np.float16))
    refused(ValueError, "^out: ", out=np.empty((1, 7, 7), complex))
    refused(ValueError, "^out: ", out=np.empty((1, 7, 7, 1), complex))
    two = np.ones((1, 2))
    refused(
        ValueError, "^jones: ", out=np.empty((1, 7, 7, 2), complex), jones=np.ones((1, 2, 2), complex), jones_weight=two
    )
    read_only = np.empty((1, 7, 7))
    read_only.flags.writeable = False
    refused(ValueError, None, out=read_only)
