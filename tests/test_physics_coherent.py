"""Coherent images against two-dimensional quadrature over the collected directions (tests/reference/hologram.py)."""

from typing import Any

import numpy as np
import pytest
from reference import hologram
from reference.hologram import BASE, Scene

from simcore import kernels

SIDE = 22
ROWS, COLUMNS = [9, 10, 3, 20, 14], [12, 11, 18, 0, 13]
DIAGONAL = (np.cos(0.9), np.sin(0.9))
CIRCULAR = (np.sqrt(0.5), 1j * np.sqrt(0.5))
OTHER = (0.8, 0.6 * np.exp(0.7j))
SCENES = {
    "elliptic": BASE._replace(jones=OTHER),
    "circular": BASE._replace(jones=CIRCULAR),
    "unpolarized": BASE._replace(polarization_angle=None),
    "parallel": BASE._replace(analyzer=(np.cos(0.4), np.sin(0.4))),
    "crossed": BASE._replace(analyzer=(-np.sin(0.4), np.cos(0.4))),
    "elliptic analyzer": BASE._replace(jones=CIRCULAR, analyzer=OTHER),
    "unpolarized analyzed": BASE._replace(polarization_angle=None, analyzer=DIAGONAL),
    "darkfield": BASE._replace(reference=0.0),
    "weak reference": BASE._replace(reference=0.1 - 0.05j),
    "iscat": BASE._replace(backward=True, reflector=-0.7, reference=0.07, z=0.3, radius=0.1),
    "iscat upward": BASE._replace(backward=True, reflector=0.9, reference=-0.1 + 0.02j, z=-0.8, jones=OTHER),
    "iscat large": BASE._replace(backward=True, radius=0.8, z=2.0, refractive_index=1.5 + 0.03j, analyzer=OTHER),
    "spherical": BASE._replace(wavefront=(0.3, -0.9, 0.5)),
    "spherical iscat": BASE._replace(wavefront=(0.1, 0.4), backward=True, reflector=-0.2),
    "apodized": BASE._replace(waist=0.7),
    "stop": BASE._replace(stop=0.35),
    "all of the pupil": BASE._replace(stop=0.2, waist=1.1, wavefront=(0.2, -0.3), jones=OTHER),
    "oil": BASE._replace(refractive_index_immersion=1.515, focus_depth=8.0),
    "oil, wide": BASE._replace(refractive_index_immersion=1.515, focus_depth=5.0, numerical_aperture=1.4, z=-0.4),
    "dry": BASE._replace(refractive_index_immersion=1.0, focus_depth=6.0, numerical_aperture=0.8),
    "dry, at its limit": BASE._replace(refractive_index_immersion=1.0, focus_depth=3.0, numerical_aperture=1.0),
    "oil, stop": BASE._replace(refractive_index_immersion=1.515, focus_depth=3.0, numerical_aperture=1.4, stop=0.5),
    "grazing": BASE._replace(numerical_aperture=1.4, jones=OTHER, reference=0.5j),
    "coarse": BASE._replace(pixel_size=0.35, jones=CIRCULAR, analyzer=DIAGONAL),
}
PRECISIONS = pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 5e-4), (np.float64, 1e-6)])


def optics(scene: Scene) -> kernels.CoherentOptics:
    states = scene.states
    immersion = scene.refractive_index_immersion
    return kernels.CoherentOptics(
        numerical_aperture=np.array([scene.numerical_aperture]),
        pixel_size=np.array([scene.pixel_size]),
        refractive_index_medium=np.array([scene.refractive_index_medium]),
        wavelength=np.array([[scene.wavelength]]),
        jones=np.array([states]),
        analyzer=None if scene.analyzer is None else np.array([scene.analyzer]),
        reference=np.array([[scene.reference]]),
        wavefront=np.array([scene.wavefront]),
        waist=np.array([scene.waist]),
        stop=np.array([scene.stop]),
        refractive_index_immersion=None if immersion is None else np.array([immersion]),
        focus_depth=np.array([scene.focus_depth]),
        reflector=np.array([scene.reflector]),
        backward=scene.backward,
    )


def spheres(*scenes: Scene) -> kernels.Particles:
    x, y, z, radius, index = (
        np.array([getattr(scene, name) for scene in scenes]) for name in ("x", "y", "z", "radius", "refractive_index")
    )
    return kernels.Particles(np.array([0, len(scenes)]), x, y, z, radius, index)


def intensity(particles: kernels.Particles, scene: Scene, dtype: Any, tolerance: float, side: int = SIDE) -> np.ndarray:
    out: np.ndarray = np.empty((1, side, side), dtype)
    kernels.coherent_intensity(out, particles=particles, optics=optics(scene), tolerance=tolerance)
    return out[0]


def field(
    particles: kernels.Particles, scene: Scene, dtype: Any, tolerance: float, incident: bool = True, side: int = SIDE
) -> np.ndarray:
    out = np.empty((1, side, side, 2 if scene.analyzer is None else 1), np.result_type(dtype, np.complex64))
    light = optics(scene)
    kernels.coherent_field(out, particles=particles, optics=light, tolerance=tolerance, incident=incident)
    return out[0]


@PRECISIONS
@pytest.mark.parametrize("name", SCENES)
def test_intensity(name: str, dtype: Any, tolerance: float) -> None:
    """Alone and beside an invisible sphere: two ways through the kernel. Weak light is held to its own size."""
    scene = SCENES[name]
    expected = hologram.intensity(scene, ROWS, COLUMNS)
    hidden = scene._replace(refractive_index=scene.refractive_index_medium + 0j, z=0.0)
    for particles in (spheres(scene), spheres(scene, hidden)):
        got = intensity(particles, scene, dtype, tolerance)[ROWS, COLUMNS]
        np.testing.assert_allclose(got, expected, rtol=0, atol=tolerance * min(1.0, expected.max()))


@PRECISIONS
@pytest.mark.parametrize("name", [name for name, scene in SCENES.items() if len(scene.states) == 1])
def test_field(name: str, dtype: Any, tolerance: float) -> None:
    scene = SCENES[name]
    expected = hologram.pixel_field(scene, ROWS, COLUMNS)
    got = field(spheres(scene), scene, dtype, tolerance)[ROWS, COLUMNS]
    np.testing.assert_allclose(got, expected, rtol=0, atol=tolerance * min(1.0, abs(expected).max()))
    alone = field(spheres(scene), scene, dtype, tolerance, incident=False)[ROWS, COLUMNS]
    incident = hologram.seen(scene, scene.empty * scene.states[0])
    np.testing.assert_allclose(alone, expected - incident, rtol=0, atol=tolerance * min(1.0, abs(expected).max()))


def test_no_particles_leave_the_incident_wave() -> None:
    nothing = kernels.Particles(np.array([0, 0]), *(np.zeros(0),) * 5)
    for name, scene in SCENES.items():
        empty = np.mean([np.sum(np.abs(hologram.seen(scene, scene.empty * jones)) ** 2) for jones in scene.states])
        np.testing.assert_allclose(intensity(nothing, scene, np.float64, 1e-6), empty, rtol=0, atol=1e-14, err_msg=name)
        if len(scene.states) == 1:
            wave = hologram.seen(scene, scene.empty * scene.states[0])
            got = field(nothing, scene, np.float64, 1e-6)
            np.testing.assert_allclose(got, np.broadcast_to(wave, got.shape), rtol=0, atol=1e-14, err_msg=name)


def test_a_stop_as_large_as_what_the_medium_lets_through_leaves_no_light() -> None:
    scene = BASE._replace(numerical_aperture=1.5, refractive_index_immersion=1.515, stop=0.9)
    assert (intensity(spheres(scene), scene, np.float32, 5e-4) == 0).all()
    assert (field(spheres(scene), scene, np.float32, 5e-4) == 0).all()


def made_up(cosine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Amplitudes of no sphere, of order 4 in the angle, with S1 = S2 ahead and S1 = -S2 behind as symmetry demands."""
    even, odd = (0.7 + 0.2j) * (1 + cosine**3), (0.3 - 0.4j) * cosine * (1 + 0.5 * cosine**2)
    return even * (1 + cosine) + odd * (1 - 0.2j + (1 - cosine**2)), even * (1 + cosine) * cosine**2 + odd * (
        1 - 0.2j
    ) * cosine


def with_table(scene: Scene, amplitudes: Any, angles: int) -> kernels.Particles:
    s1, s2 = amplitudes(np.cos(np.linspace(0, np.pi, angles)))
    particle = spheres(scene._replace(radius=np.nan, refractive_index=np.nan))
    return kernels.Particles(
        **vars(particle) | {"source": np.array([0]), "amplitudes": (s1[None, None], s2[None, None])}
    )


@PRECISIONS
@pytest.mark.parametrize("backward", [False, True])
def test_amplitudes_of_ones_own(backward: bool, dtype: Any, tolerance: float) -> None:
    scene = BASE._replace(backward=backward, jones=OTHER, reflector=0.2)
    expected = hologram.intensity(scene, ROWS, COLUMNS, amplitudes=made_up)
    got = intensity(with_table(scene, made_up, 61), scene, dtype, tolerance)[ROWS, COLUMNS]
    assert abs(expected - 1).max() > 0.05
    np.testing.assert_allclose(got, expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("backward", [False, True])
def test_a_table_with_two_pi_steps_for_each_order_is_the_sphere(backward: bool) -> None:
    scene = BASE._replace(backward=backward, radius=1.0, numerical_aperture=1.32)

    def amplitudes(cosine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return hologram.sphere_amplitudes(scene, cosine)

    order = kernels.mie_terms(np.array([scene.wavenumber * scene.radius]))[0]
    table = with_table(scene, amplitudes, int(2 * np.pi * order))
    largest = abs(amplitudes(np.array([1.0]))[0][0]) / (scene.wavenumber * scene.radius) ** 2
    sphere = field(spheres(scene), scene, np.float64, 1e-8)
    np.testing.assert_allclose(field(table, scene, np.float64, 1e-8), sphere, rtol=0, atol=1e-6 * max(1.0, largest))


def test_sources_of_all_kinds_add_their_fields() -> None:
    """Spheres, multipoles and tables in one image, in any order, at two wavelengths; the second image has one particle."""
    kinds = [BASE, BASE._replace(x=4.0, y=17.2, z=-1.0, radius=0.6), BASE._replace(x=17.0, y=4.4, z=0.3, radius=0.2)]
    waves = [0.53, 0.61]
    k = np.array([2 * np.pi * 1.33 / wave for wave in waves])
    a, b = kernels.mie_coefficients(k * 0.6, np.full(2, 1.59 / 1.33, complex), 40)
    cosines = np.cos(np.linspace(0, np.pi, 121))
    tables = [hologram.sphere_amplitudes(kinds[2]._replace(wavelength=wave), cosines) for wave in waves]
    s1, s2 = (np.array([[table[i] for table in tables]]) for i in (0, 1))
    extra = {"multipoles": (a[None], b[None]), "amplitudes": (s1, s2)}
    plain, mixed = spheres(*kinds, kinds[2]), spheres(*kinds, kinds[2])
    mixed = kernels.Particles(**vars(mixed) | extra | {"first": np.array([0, 3, 4]), "source": np.array([-1, 0, 1, 1])})
    plain = kernels.Particles(**vars(plain) | {"first": np.array([0, 3, 4])})
    light = kernels.CoherentOptics(
        numerical_aperture=np.full(2, 1.1),
        pixel_size=np.full(2, 0.1),
        refractive_index_medium=np.full(2, 1.33),
        wavelength=np.array([waves, waves]),
        weight=np.array([[0.4, 0.6], [1.0, 0.5]]),
        jones=np.array([[OTHER], [CIRCULAR]]),
        reference=np.array([[1, 0.5j], [0.2, 1]]),
    )
    images = np.empty((2, 2, SIDE, SIDE))
    for out, particles in zip(images, (plain, mixed), strict=True):
        kernels.coherent_intensity(out, particles=particles, optics=light, tolerance=1e-8)
    np.testing.assert_allclose(images[1], images[0], rtol=0, atol=1e-7)


def intensity_of_many(scenes: list[Scene], rows: list[int], columns: list[int], nodes: int) -> np.ndarray:
    """Polarized light through spheres, each field by quadrature, at some pixels."""
    (jones,) = scenes[0].states
    fields: Any = [jones] * len(rows)
    for one in scenes:
        x, y, mean = hologram.pixel_points(one, rows, columns, nodes)
        fields = [f + g for f, g in zip(fields, hologram.scattered_field(one, jones, x, y), strict=True)]
    return np.array([np.sum(mean * np.sum(np.abs(f) ** 2, axis=-1)) for f in fields])


@PRECISIONS
def test_many_spheres_in_a_coarse_image(dtype: Any, tolerance: float) -> None:
    """Nine overlapping spheres: the sum of fields, each by quadrature, in pixels larger than what the objective resolves."""
    scene = BASE._replace(pixel_size=0.3, numerical_aperture=0.9, wavelength=0.633)
    random = np.random.Generator(np.random.Philox(4))
    scenes = [
        scene._replace(x=x, y=y, z=random.uniform(-4, 4), radius=random.uniform(0.1, 0.5))
        for x, y in random.uniform(0, SIDE, (9, 2))
    ]
    got = intensity(spheres(*scenes), scene, dtype, tolerance)[ROWS, COLUMNS]
    np.testing.assert_allclose(got, intensity_of_many(scenes, ROWS, COLUMNS, 8), rtol=0, atol=tolerance)


@pytest.mark.parametrize("tolerance", [0.1, 0.03, 0.01, 0.002])
def test_a_loose_tolerance_is_kept(tolerance: float) -> None:
    random = np.random.Generator(np.random.Philox(5))
    for _ in range(12):
        scene = BASE._replace(
            z=random.choice([0, 1, 10]) * random.uniform(-1, 1),
            radius=np.exp(random.uniform(-3, 0.3)),
            numerical_aperture=random.uniform(0.3, 1.2),
            pixel_size=random.uniform(0.08, 0.35),
            refractive_index=random.uniform(1.4, 1.65) + 0j,
        )
        for particles in (spheres(scene), spheres(scene, scene._replace(x=3.0, z=2.5))):
            exact = intensity(particles, scene, np.float64, 1e-7)
            got = intensity(particles, scene, np.float32, tolerance)
            # Ten times the incident intensity is as much as it promises for; beyond, errors grow with it.
            assert abs(got - exact).max() < tolerance * max(1.0, exact.max() / 10)


@pytest.mark.parametrize("backward", [False, True])
def test_power_in_the_image_is_what_the_cone_holds(backward: bool) -> None:
    """Int |E|^2 dA = (pi / k^2) Int (|S1|^2 + |S2|^2) T^2 sin t dt; a pupil T that fades sends no light out of the image."""
    scene = BASE._replace(
        x=127.3, y=127.6, z=-1.5, radius=0.5, waist=0.28, reference=0.0, backward=backward, jones=OTHER, pixel_size=0.09
    )
    power = intensity(spheres(scene), scene, np.float64, 1e-8, 256).sum() * scene.pixel_size**2
    nodes, weights = np.polynomial.legendre.leggauss(300)
    theta = scene.largest_angle / 2 * (nodes + 1)
    s1, s2 = hologram.sphere_amplitudes(scene, (-1 if backward else 1) * np.cos(theta))
    passed = np.exp(-2 * (1.33 * np.sin(theta) / scene.numerical_aperture / scene.waist) ** 2)
    held = np.sum(weights * (np.abs(s1) ** 2 + np.abs(s2) ** 2) * passed * np.sin(theta)) * scene.largest_angle / 2
    assert power == pytest.approx(np.pi / scene.wavenumber**2 * held, rel=1e-6)
    single = intensity(spheres(scene), scene, np.float32, 5e-4, 256).sum(dtype=float) * scene.pixel_size**2
    assert single == pytest.approx(power, rel=1e-4)


def test_images_depend_on_nothing_but_themselves_and_have_the_same_bytes_everywhere() -> None:
    scenes = list(SCENES.values())
    before = kernels.instruction_level()
    for dtype, tolerance in ((np.float32, 0.03), (np.float32, 5e-4), (np.float64, 1e-6)):
        found = set()
        try:
            for level in (0, 3, 4):
                kernels.set_instruction_level(level)
                images = []
                for i in (0, 5, 9, 16, 21):
                    scene = scenes[i]
                    images += [intensity(spheres(scene), scene, dtype, tolerance)]
                    images += [field(spheres(scene, scene._replace(x=2.0)), scene, dtype, tolerance)]
                found.add(b"".join(image.tobytes() for image in images))
        finally:
            kernels.set_instruction_level(before)
        assert len(found) == 1


DEFOCUSED = BASE._replace(numerical_aperture=0.9, wavelength=0.633, pixel_size=0.345)


def many_depths(seed: int, count: int, side: int) -> list[Scene]:
    """Spheres like those of case E, some of them beside the field of view, and a few strong ones among them."""
    random = np.random.default_rng(seed)
    return [
        DEFOCUSED._replace(
            x=random.uniform(-20, side + 20),
            y=random.uniform(-20, side + 20),
            z=random.uniform(-30, 30),
            radius=random.uniform(0.15, 0.3) if i % 4 else random.uniform(0.5, 1.5),
            refractive_index=random.uniform(1.4, 1.6) if i % 4 else random.uniform(1.5, 2.2),
        )
        for i in range(count)
    ]


@pytest.mark.parametrize("tolerance", [5e-4, 3e-3, 0.03, 0.1])
@pytest.mark.parametrize(
    "light",
    [
        DEFOCUSED,
        DEFOCUSED._replace(jones=OTHER, numerical_aperture=1.25),
        DEFOCUSED._replace(polarization_angle=None),
        DEFOCUSED._replace(reference=0.0),
        DEFOCUSED._replace(reference=0.1 - 0.05j, backward=True, reflector=-0.7),
    ],
    ids=["in-line", "wide elliptic", "unpolarized", "darkfield", "iscat"],
)
def test_light_left_out_far_from_many_spheres_keeps_the_tolerance(light: Scene, tolerance: float) -> None:
    side, count = 160, 24
    for seed in range(2):
        particles = spheres(*many_depths(seed, count, side))
        exact = intensity(particles, light, np.float32, 1e-5, side)  # nothing is left out
        found = intensity(particles, light, np.float32, tolerance, side)
        allowed = tolerance * np.maximum(1.0, exact / 10)  # where light adds up to more, it is relative to that
        assert np.all(np.abs(found - exact) <= allowed)


@pytest.mark.parametrize("tolerance", [5e-4, pytest.param(0.03, marks=pytest.mark.thorough)])
def test_light_of_defocused_spheres_far_from_their_axes(tolerance: float) -> None:
    side, rows, columns = 160, [0, 8, 80, 80, 150, 90], [0, 80, 90, 152, 20, 78]
    scenes = [
        DEFOCUSED._replace(x=80.2, y=79.7, z=25.0, radius=0.25, refractive_index=1.5),
        DEFOCUSED._replace(x=10.4, y=120.3, z=4.0, radius=0.29, refractive_index=1.55),
    ]
    expected = intensity_of_many(scenes, rows, columns, 8)
    found = intensity(spheres(*scenes), DEFOCUSED, np.float32, tolerance, side)[rows, columns]
    np.testing.assert_allclose(found, expected, atol=tolerance, rtol=0)
