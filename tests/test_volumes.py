"""Contents given place by place: against bodies of the same shape, emitters, Mie's spheres, and SciPy's interpolation."""

import math
import runpy

import numpy as np
import pytest
from scipy.interpolate import RegularGridInterpolator
from test_bodies import image, sum_of

import simcore as sc


@sc.volume
def ellipsoid(x, y, z, a, b, c):
    return 1.0 if (x / a) ** 2 + (y / b) ** 2 + (z / c) ** 2 < 1 else 0.0


@sc.volume
def absorbing(x, y, z, radius):
    inside = x * x + y * y + z * z < radius * radius
    return 1.36 + 0.002j if inside else 0j


@sc.volume
def wrong(x, y, z, value=0.0):
    if value == 0:
        return math.inf
    return 1.0 / (value - 2.0)


@sc.amplitudes
def rayleigh(angle, strength=1.0):
    return -1j * strength, -1j * strength * math.cos(angle)


TURNS = {"rotation": 0.4, "rotation_x": 0.5, "rotation_y": -0.7}


def as_function(a, b, c, **more):
    return ellipsoid(x=20.3, y=19.1, size_x=2 * a, size_y=2 * b, size_z=2 * c, a=a, b=b, c=c, **more)


@pytest.mark.parametrize(("tolerance", "allowed"), [(5e-4, 1.5e-3), (1e-2, 6e-3)])
def test_a_function_shines_as_the_body_that_it_describes(tolerance, allowed):
    seen = image(as_function(1.5, 1.0, 0.6, z=0.3, intensity=20.0, **TURNS), tolerance=tolerance)
    body = sc.Ellipsoid(x=20.3, y=19.1, z=0.3, radius_x=1.5, radius_y=1.0, radius_z=0.6, intensity=20.0, **TURNS)
    exact = image(body, tolerance=3e-4)
    np.testing.assert_allclose(seen, exact, rtol=0, atol=allowed * exact.max())


def test_voxels_shine_as_emitters_spread_over_them(tmp_path):
    """Emitters at Gauss's four points along each axis between voxels, as bright as SciPy's interpolation says there."""
    values = np.random.default_rng(1).uniform(0, 1, (2, 2, 3))
    np.save(tmp_path / "voxels.npy", values)
    size, height = 0.25, 0.3
    nodes, weights = np.polynomial.legendre.leggauss(4)
    volume = sc.Volume(x=21.2, y=18.7, voxels=str(tmp_path / "voxels.npy"), voxel_size=size, voxel_size_z=height, intensity=50.0,
                       z=0.2, rotation=0.4)  # fmt: skip
    seen = image(volume, tolerance=5e-4)
    axes = [(np.arange(n + 2) - (n + 1) / 2) for n in values.shape]
    density = RegularGridInterpolator(axes, np.pad(values, 1))
    places = [(axis[:-1, None] + (nodes + 1) / 2).ravel() for axis in axes]
    k, j, i = (part.ravel() for part in np.meshgrid(*places, indexing="ij"))
    light = density(np.stack([k, j, i], axis=1)) * 50.0 * size * size * height
    each = [np.tile(weights / 2, len(axis) - 1) for axis in axes]
    light *= (each[0][:, None, None] * each[1][:, None] * each[2]).ravel()
    x = 21.2 + (i * np.cos(0.4) - j * np.sin(0.4)) * size / 0.15
    y = 18.7 + (i * np.sin(0.4) + j * np.cos(0.4)) * size / 0.15
    expected = np.zeros_like(seen)
    for plane in np.unique(k):
        here = k == plane
        expected += image(moved(sum_of(x[here], y[here], light[here]), 0.2 + height * plane), tolerance=1e-5)
    np.testing.assert_allclose(seen, expected, rtol=0, atol=1e-3 * expected.max())
    total = sc.Recipe(p=sc.photons(volume)).render(1, seed=1)["p"].item()
    assert total == pytest.approx(50 * values.sum() * size * size * height, rel=1e-6)
    assert total == pytest.approx(light.sum(), rel=1e-6)


def moved(scene, z):
    emitters = [sc.PointEmitter(x=s.x, y=s.y, z=z, intensity=s.intensity) for s in scene.scatterers]
    total = emitters[0].scene
    for one in emitters[1:]:
        total = total + one
    return total


def through(scene, kind=sc.Holography, **changes):
    optics = {
        "numerical_aperture": 0.7,
        "wavelength": 0.6,
        "pixel_size": 0.12,
        "shape": (40, 40),
        "refractive_index_medium": 1.33,
    }
    return sc.Recipe(i=scene >> kind(**(optics | changes))).render(1, seed=1)["i"][0, ..., 0]


@pytest.mark.parametrize("kind", [sc.Holography, sc.ComplexField, sc.OffAxisHolography, sc.Brightfield, sc.Darkfield])
def test_a_function_refracts_as_the_body_that_it_describes(kind):
    more = {sc.Darkfield: {"illumination_angle": 0.9}, sc.OffAxisHolography: {"carrier_x": 0.3, "carrier_y": 0.1}}.get(
        kind, {}
    )
    seen = through(as_function(1.5, 1.0, 0.6, z=2.0, refractive_index=1.36, **TURNS), kind, **more)
    body = sc.Ellipsoid(x=20.3, y=19.1, z=2.0, radius_x=1.5, radius_y=1.0, radius_z=0.6, refractive_index=1.36, **TURNS)
    exact = through(body, kind, **more)
    change = np.abs(exact - np.median(exact)).max()
    allowed = 0.04 if kind is sc.Darkfield else 0.01  # at large angles both feel the voxels
    np.testing.assert_allclose(seen, exact, rtol=0, atol=allowed * change)


def test_an_index_given_as_such_refracts_as_a_sphere():
    ball = absorbing(x=20.3, y=19.1, z=2.0, size_x=2, size_y=2, size_z=2, radius=1.0, quantity="refractive_index")
    exact = through(sc.MieSphere(x=20.3, y=19.1, z=2.0, radius=1.0, refractive_index=1.36 + 0.002j))
    np.testing.assert_allclose(through(ball), exact, rtol=0, atol=0.03 * np.abs(exact - 1).max())


@pytest.mark.thorough
def test_voxels_of_an_index_are_a_slab_and_displace_what_was_there():
    """Over the middle of a wide box the field is that of a slab of its thickness."""
    box = sc.Volume(
        x=20,
        y=20,
        z=1.0,
        voxels=np.full((4, 3, 3), 1.345),
        voxel_size=12.0,
        voxel_size_z=0.5,
        quantity="refractive_index",
    )
    under = sc.Ellipsoid(x=20, y=20, z=1.0, radius_x=0.5, radius_y=0.5, radius_z=0.5, refractive_index=1.6)
    for scene in (box, under + box):
        field = through(scene, sc.ComplexField)
        phase = np.angle(field[20, 20])
        assert phase == pytest.approx(2 * np.pi / 0.6 * 2.0 * 0.015, rel=0.02)


def test_amplitudes_given_as_a_function_scatter_as_their_table():
    angle = np.linspace(0, np.pi, 361)
    table = sc.ScatteringTable(x=20, y=19, z=3.0, s1=np.full(361, -0.2j), s2=-0.2j * np.cos(angle))
    given = rayleigh(x=20, y=19, z=3.0, strength=0.2)
    np.testing.assert_array_equal(through(given), through(table))
    assert sc.Recipe(i=given >> sc.Holography(numerical_aperture=0.7, wavelength=0.6, pixel_size=0.1, shape=(8, 8))).render(
        1, seed=1)["i"].std() > 0.001  # fmt: skip


def test_what_users_write_is_kept_in_the_recipe(tmp_path):
    scene = as_function(1.0, 0.8, 0.5, rotation=sc.uniform(0, 3), refractive_index=sc.uniform(1.35, 1.4)).repeat(2)
    scene = scene + rayleigh(x=5, y=6)
    recipe = sc.Recipe(i=scene >> sc.Holography(numerical_aperture=0.7, wavelength=0.6, pixel_size=0.1, shape=(24, 24)))
    recipe.save(tmp_path / "recipe.yaml")
    with pytest.raises(sc.UntrustedCodeError, match="ellipsoid, rayleigh"):
        sc.load(tmp_path / "recipe.yaml")
    loaded = sc.load(tmp_path / "recipe.yaml", trust=True)
    assert loaded == recipe
    together = recipe.render(4, seed=3)["i"]
    np.testing.assert_array_equal(loaded.render(4, seed=3)["i"], together)
    np.testing.assert_array_equal(recipe.render(indices=[2], seed=3)["i"][0], together[2])
    (tmp_path / "recipe.py").write_text(recipe.to_python())
    assert runpy.run_path(str(tmp_path / "recipe.py"))["recipe"] == recipe


def test_a_file_that_changed_is_refused(tmp_path):
    path = tmp_path / "voxels.npy"
    np.save(path, np.ones((2, 3, 4)))
    volume = sc.Volume(x=20, y=20, voxels=str(path), voxel_size=0.3)
    recipe = sc.Recipe(
        i=volume >> sc.Fluorescence(numerical_aperture=1.0, wavelength=0.5, pixel_size=0.1, shape=(24, 24))
    )
    recipe.save(tmp_path / "recipe.yaml")
    assert sc.load(tmp_path / "recipe.yaml") == recipe
    np.save(path, np.zeros((2, 3, 4)))
    with pytest.raises(sc.RecipeError, match="has changed"):
        sc.load(tmp_path / "recipe.yaml")


def cube(voxels, **more):
    return sc.Volume(x=1, y=1, voxels=voxels, voxel_size=0.1, **more)


FLUORESCENCE = sc.Fluorescence(numerical_aperture=1.0, wavelength=0.5, pixel_size=0.1, shape=(24, 24))
HOLOGRAPHY = sc.Holography(numerical_aperture=0.7, wavelength=0.6, pixel_size=0.1, shape=(24, 24))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: cube(np.ones((3, 3))), r"Volume.voxels: array of shape \(3, 3\); must be \(z, y, x\)"),
        (lambda: cube(-np.ones((1, 1, 1))), "Volume.voxels: holds densities"),
        (lambda: cube(np.full((1, 1, 1), np.nan)), "Volume.voxels: holds values that are not finite"),
        (lambda: cube(np.ones((11, 11, 11))), "1331 values; a recipe holds up to 1000"),
        (
            lambda: cube(np.zeros((1, 1, 1)), quantity="refractive_index"),
            "Volume.voxels: holds indices that are not > 0",
        ),
        (lambda: sc.Volume(x=1, y=1, voxels=np.ones((1, 1, 1)), voxel_size=100 * 1e3), "lengths are in micrometres"),
        (lambda: wrong(x=1, y=1, size_x=0, size_y=1, size_z=1), "wrong.size_x: 0 um; must be > 0"),
        (lambda: wrong(x=1, y=1, size_x=1, size_y=1), "wrong: missing a required argument: 'size_z'"),
        (lambda: wrong(x=1, y=1, size_x=1, size_y=1, size_z=1) >> HOLOGRAPHY, "wrong.refractive_index: not given"),
        (
            lambda: wrong(x=1, y=1, size_x=1, size_y=1, size_z=1, quantity="refractive_index") >> FLUORESCENCE,
            "wrong.quantity: 'refractive_index'; Fluorescence images a density",
        ),
        (lambda: rayleigh(x=1, y=1, angles=3), "rayleigh.angles: 3; must be a whole number from 16"),
        (lambda: rayleigh(x=1, y=1) >> FLUORESCENCE, "Fluorescence .*rayleigh"),
    ],
)  # fmt: skip
def test_wrong_input_is_refused_in_words(make, words):
    with pytest.raises(sc.SimcoreError, match=words):
        make()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (1.0, "wrong: gives a density of -1; must be >= 0"),
        (0.0, "not finite"),
        (2.0, "wrong: ZeroDivisionError: division by zero"),
    ],
)
def test_contents_that_cannot_be_are_refused_when_rendered(value, words):
    bad = wrong(
        x=10,
        y=10,
        size_x=1,
        size_y=1,
        size_z=1,
        value=value,
    )
    with pytest.raises(sc.SimcoreError, match=words):
        sc.Recipe(i=bad >> FLUORESCENCE).render(1, seed=1)


def test_functions_that_cannot_be_scatterers_are_refused():
    with pytest.raises(sc.RecipeError, match="flat: takes too few arguments; its first 3 are"):

        @sc.volume
        def flat(x, y):
            return x + y

    with pytest.raises(sc.RecipeError, match="the argument rotation has the name of a parameter"):

        @sc.volume
        def turned(x, y, z, rotation):
            return x + rotation


def test_a_function_that_does_not_compile_is_one_line():
    @sc.volume
    def odd(x, y, z):
        return x.foo

    bad = odd(x=10, y=10, size_x=1, size_y=1, size_z=1)
    with pytest.raises(sc.RecipeError, match="^odd: TypingError: Unknown attribute 'foo' of type float64") as caught:
        sc.Recipe(i=bad >> FLUORESCENCE).render(1, seed=1)
    assert "\n" not in str(caught.value)
