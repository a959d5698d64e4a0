"""Images of emitters against two-dimensional quadrature of the diffraction integrals, and against closed forms."""

from dataclasses import replace

import numpy as np
import pytest
from reference import psf
from reference.psf import Optics
from scipy import integrate, special

from simcore import kernels
from simcore.optics.aberrated import image_aberrated
from simcore.optics.volumes import add_bodies

NAN = float("nan")
LAYERS = {"immersion": 1.515, "coverslip": 1.52}
CASES = {
    "scalar": Optics(0.7, 0.5, 0.1, vectorial=False),
    "no apodization": Optics(0.7, 0.5, 0.1, vectorial=False, aplanatic=False),
    "coarse pixels": Optics(0.9, 0.5, 0.31),
    "vectorial": Optics(1.2, 0.5, 0.1),
    "grazing": Optics(1.45, 0.5, 0.1, immersion=1.515),
    "stop, waist": Optics(1.0, 0.5, 0.1, stop=0.5, waist=0.8),
    "layers": Optics(1.3, 0.5, 0.1, 1.38, coverslip_thickness_nominal=165.0, coverslip_nominal=1.525,
                     immersion_nominal=1.51, focus_depth=3.0, **LAYERS),
    "layers, scalar": Optics(1.3, 0.5, 0.1, focus_depth=3.0, vectorial=False, **LAYERS),
    "evanescent": Optics(1.45, 0.5, 0.1, focus_depth=0.2, **LAYERS),
}  # fmt: skip
PIXELS = np.array([[8, 8], [7, 9], [3, 10], [12, 5], [0, 0], [15, 2]])


def column(value):
    return None if value is None else np.array([float(value)])


def optics_of(o, wavefront=None, wavelength=None, weight=None):
    return kernels.EmissionOptics.of(
        numerical_aperture=column(o.numerical_aperture),
        pixel_size=column(o.pixel_size),
        wavelength=column(o.wavelength) if wavelength is None else np.array([wavelength]),
        weight=None if weight is None else np.array([weight]),
        refractive_index_medium=column(o.medium),
        refractive_index_immersion=column(o.immersion),
        refractive_index_coverslip=column(o.coverslip),
        refractive_index_immersion_nominal=column(o.immersion_nominal),
        refractive_index_coverslip_nominal=column(o.coverslip_nominal),
        coverslip_thickness=column(o.coverslip_thickness),
        coverslip_thickness_nominal=column(o.coverslip_thickness_nominal),
        working_distance=column(o.working_distance),
        focus_depth=column(o.focus_depth),
        stop=column(o.stop),
        waist=column(o.waist),
        wavefront=None if wavefront is None else np.array([wavefront]),
        vectorial=o.vectorial,
        aplanatic=o.aplanatic,
    )


def emitters_at(places, polar=NAN, azimuth=0.0, intensity=1.0):
    x, y, z = np.array(places, float).reshape(-1, 3).T.copy()
    rows = [np.full(len(x), float(value)) for value in (intensity, polar, azimuth)]
    return kernels.Emitters(np.array([0, len(x)]), x, y, z, *rows)


def draw(optics, emitters, shape=(16, 16), tolerance=1e-6, dtype=np.float64):
    out = np.full((1, *shape), np.nan, dtype)
    kernels.image_emitters(out, emitters=emitters, optics=optics, tolerance=tolerance)
    return out[0]


def at_pixels(image):
    return image[PIXELS[:, 0], PIXELS[:, 1]]


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("polar", [NAN, 0.7])
def test_emitters_match_quadrature(name, polar):
    o = CASES[name]
    if not o.vectorial and not np.isnan(polar):
        return
    dipole = None if np.isnan(polar) else psf.direction(polar, 0.4)
    for z in (0.0, 0.6, -0.15):
        place = (8.2, 7.7, z)
        wanted = psf.pixels(o, place, PIXELS, points=6 if o.pixel_size < 0.2 else 10, dipole=dipole, angles=80)
        limits = ((1e-6, 1e-6), (5e-4, 2e-4), (2e-3, 8e-4), (0.02, 4e-3))  # the last two: round pixels
        for tolerance, limit in limits:
            dtype = np.float64 if tolerance < 1e-4 else np.float32
            image = draw(optics_of(o), emitters_at([place], polar, 0.4), tolerance=tolerance, dtype=dtype)
            assert abs(at_pixels(image) - wanted).max() < limit * image.max()


@pytest.mark.parametrize("name", ["scalar", "vectorial", "layers", "coarse pixels", "stop, waist", "evanescent"])
@pytest.mark.parametrize("tolerance", [0.02, 5e-4, 1e-5])
def test_a_stack_of_one_place_is_its_images(name, tolerance):
    """Images of one emitter in the same place are drawn some together: to the last bit as they are alone."""
    o, shape = CASES[name], (13, 37)
    for place, count in (((18.2, 5.7), 11), ((4.0, 30.5), 3), ((-900.0, 4.0), 8), ((20.0, 6.0), 2), ((0.0, 0.0), 8)):
        z = np.linspace(-0.19, 3.4, count)  # more and more nodes
        intensity = np.linspace(0.0, 5.0, count)
        images = np.full((count, *shape), np.nan, np.float32)
        rows = (np.full(count, value) for value in (*place,))
        free = np.full(count, NAN)
        stack = kernels.Emitters(np.arange(count + 1), *rows, z, intensity, free, np.zeros(count))
        many = repeat_optics(optics_of(o), count)
        kernels.image_emitters(images, emitters=stack, optics=many, tolerance=tolerance)
        for i in range(count):
            alone = draw(
                optics_of(o), emitters_at([(*place, z[i])], intensity=intensity[i]), shape, tolerance, np.float32
            )
            assert alone.tobytes() == images[i].tobytes()


def repeat_optics(optics, count):
    rows = {
        name: np.repeat(getattr(optics, name), count, axis=0)
        for name in ("optics", "wavefront", "wavelength", "weight")
    }
    return replace(optics, **rows)


def test_layers_are_the_published_scalar_integral():
    """Gibson & Lanni, JOSA A 9, 154 (1992), eq. 8, with the optical path difference of eq. 5, by adaptive quadrature."""
    o = replace(CASES["layers, scalar"], aplanatic=False, pixel_size=0.001, coverslip_thickness_nominal=160.0)
    depth, z = o.focus_depth, 0.8

    def path(rho):
        s = (o.numerical_aperture * rho) ** 2
        nominal = o.immersion * (o.coverslip_thickness_nominal - o.coverslip_thickness) / o.coverslip
        oil = nominal - o.immersion * depth / o.medium
        glass = (o.coverslip_thickness - o.coverslip_thickness_nominal) * np.sqrt(o.coverslip**2 - s)
        return (depth + z) * np.sqrt(o.medium**2 - s) + glass + oil * np.sqrt(o.immersion**2 - s)

    def field(r):
        def part(rho, wave):
            return wave(o.k0 * (path(rho) - path(0.0))) * special.j0(o.k0 * o.numerical_aperture * r * rho) * rho

        return sum(
            abs(integrate.quad(part, 0, 1, (wave,), limit=400, epsabs=1e-11)[0]) ** 2 for wave in (np.cos, np.sin)
        )

    width = 641
    image = draw(optics_of(o), emitters_at([(0.0, 0.0, z)]), (1, width))[0]
    columns = np.arange(0, width, 64)
    wanted = np.array([field(x * o.pixel_size) for x in columns])
    # The pixels are so small that their mean is the value in their middle to 1e-6.
    assert abs(image[columns] / image[0] - wanted / wanted[0]).max() < 1e-5


def test_focus_has_the_closed_form():
    o = Optics(0.1, 0.5, 0.2, vectorial=False, aplanatic=False)
    image = draw(optics_of(o), emitters_at([(0.0, 20.0, 0.0)], intensity=7.0), (41, 30))
    # Airy's pattern, unit integral; the pixels are small: mean = middle + (second derivatives) / 24.
    v = o.k0 * 0.1 * o.pixel_size * np.arange(1, 30)
    airy = 7.0 * (2 * special.j1(v) / v) ** 2 * (o.k0 * 0.1 * o.pixel_size) ** 2 / (4 * np.pi)
    assert abs(image[20, 1:] - airy).max() < 1.1 * (o.k0 * 0.1 * o.pixel_size) ** 2 / 24 * 2 * airy.max()


def test_power_does_not_depend_on_height():
    o = Optics(0.8, 0.5, 0.5)
    for z, lost in ((0.0, 2.5e-3), (3.0, 2.5e-3), (-3.0, 2.5e-3)):
        total = draw(optics_of(o), emitters_at([(150, 150, z)], intensity=100.0), (301, 301)).sum()
        assert 100 * (1 - lost) < total < 100


def test_evanescent_light_falls_with_the_distance_from_the_coverslip():
    o = CASES["evanescent"]
    rho, phi, weight = psf.polar_nodes(o, 60, 4)
    power = [sum((abs(psf.pupil(o, p, z, rho, phi)) ** 2 * weight).sum() for p in np.eye(3)) for z in (-0.2, 0.0, 0.4)]
    images = [draw(optics_of(o), emitters_at([(150, 150, z)]), (301, 301)).sum() for z in (-0.2, 0.0, 0.4)]
    assert np.allclose(np.divide(images, images[1]), np.divide(power, power[1]), rtol=6e-3)
    assert power[0] > 1.2 * power[2]


def test_several_wavelengths_add_and_emitters_add():
    o = CASES["vectorial"]
    one, two = (draw(optics_of(replace(o, wavelength=w)), emitters_at([(8.2, 7.7, 0.3)])) for w in (0.5, 0.62))
    both = draw(optics_of(o, wavelength=(0.5, 0.62), weight=(0.3, 0.7)), emitters_at([(8.2, 7.7, 0.3)]))
    assert abs(0.3 * one + 0.7 * two - both).max() < 1e-6 * both.max()
    places = [(8.2, 7.7, 0.3), (2.0, 3.0, -0.4), (30.0, -5.0, 0.1)]
    many = draw(optics_of(o, wavelength=(0.5, 0.62)), emitters_at(places))
    alone = sum(draw(optics_of(o, wavelength=(0.5, 0.62)), emitters_at([place])) for place in places)
    assert abs(many - alone).max() < 1e-6 * many.max()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_moved_emitter_moves_its_image(dtype):
    o = optics_of(CASES["vectorial"])
    still, moved = (draw(o, emitters_at([(x, 32.0, 0.2)]), (65, 65), dtype=dtype) for x in (32.0, 32.37))
    spectra = [np.fft.fft2(image.astype(float)) for image in (still, moved)]
    phase = np.angle(spectra[1][0, 1] * np.conj(spectra[0][0, 1]))
    assert abs(-phase * 65 / (2 * np.pi) - 0.37) < 1e-3  # the tails leave the frame
    shifted = draw(o, emitters_at([(33.0, 32.0, 0.2)]), (65, 65), dtype=dtype)
    assert abs(shifted[:, 1:] - still[:, :-1]).max() < 1e-6 * still.max()


def coma(x, y):
    square = x * x + y * y
    return 0.05 * np.sqrt(8) * (3 * square - 2) * x + 0.03 * np.sqrt(6) * (x * x - y * y)


@pytest.mark.parametrize("name", ["scalar", "vectorial", "layers"])
def test_aberrated_pupils_match_quadrature(name):
    o = replace(CASES[name], wavefront=coma)
    place = (8.2, 7.7, 0.3)
    for polar in (NAN, 0.7) if o.vectorial else (NAN,):
        dipole = None if np.isnan(polar) else psf.direction(polar, 0.4)
        wanted = psf.pixels(o, place, PIXELS, points=6, dipole=dipole, angles=80)
        for dtype, tolerance, limit in ((np.float64, 1e-6, 1e-6), (np.float32, 5e-4, 1e-4)):
            out = np.zeros((1, 16, 16), dtype)
            image_aberrated(
                out, emitters=emitters_at([place], polar, 0.4), optics=optics_of(o), tolerance=tolerance, wavefront=coma
            )
            assert abs(at_pixels(out[0]) - wanted).max() < limit * out.max()


def test_both_ways_to_a_rotational_aberration_agree():
    o = optics_of(CASES["vectorial"])
    places = emitters_at([(20.0, 20.0, 0.4), (5.0, 33.0, -0.5)])
    radial = draw(optics_of(CASES["vectorial"], wavefront=(0.1, -0.15)), places, (40, 40))
    out = np.zeros((1, 40, 40))
    image_aberrated(
        out, emitters=places, optics=o, tolerance=1e-6, amplitude=lambda x, y: 0 * x + 1j,
        wavefront=lambda x, y: 0.1 * (x * x + y * y) - 0.15 * (x * x + y * y) ** 2,
    )  # fmt: skip
    assert abs(out[0] - radial).max() < 2e-6 * radial.max()


def ball_of_emitters(radius, place, count=12):
    """A ball as emitters at the nodes of Gauss and Legendre, which integrate what is smooth: photons per um^3 are 1."""
    r, wr = psf.gauss(count, 0.0, 1.0)
    c, wc = psf.gauss(count)
    phi = 2 * np.pi * (np.arange(2 * count) + 0.5) / (2 * count)
    r, c, phi = (a.ravel() for a in np.meshgrid(r, c, phi, indexing="ij"))
    weight = np.einsum("i,j,k->ijk", wr, wc, np.full(2 * count, np.pi / count)).ravel() * r**2 * np.prod(radius)
    x, y, z = (radius[i] * r * direction for i, direction in enumerate(spread(c, phi)))
    emitters = emitters_at(np.stack([place[0] + x / place[3], place[1] + y / place[3], place[2] + z], 1))
    emitters.intensity[:] = weight
    return emitters


def spread(c, phi):
    sine = np.sqrt(1 - c * c)
    return sine * np.cos(phi), sine * np.sin(phi), c


def bodies_at(radius, places, **changed):
    count = len(places)
    x, y, z = np.array(places, float).T.copy()
    one = np.ones(count)
    values = {
        "rotation": np.zeros((count, 3)),
        "deformation": 0 * one,
        "texture": 0 * one,
        "texture_scale": one,
    } | changed
    return kernels.Bodies(np.array([0, count]), x, y, z, np.tile(np.array(radius, float), (count, 1)), **values,
                          key=np.zeros(2, np.uint64), counter=np.zeros((count, 3), np.uint64))  # fmt: skip


VOLUMES = {
    "air": Optics(0.9, 0.45, 0.24, medium=1.0),
    "coarse": Optics(1.0, 0.45, 0.24, vectorial=False),
    "fine": Optics(1.0, 0.45, 0.12),
    "layers": Optics(1.3, 0.45, 0.24, 1.38, focus_depth=2.0, **LAYERS),
    "layers, waist": Optics(1.3, 0.45, 0.24, 1.38, focus_depth=2.0, waist=0.9, **LAYERS),
    "evanescent": Optics(1.45, 0.5, 0.1, focus_depth=0.7, **LAYERS),
}


@pytest.mark.parametrize("name", VOLUMES)
@pytest.mark.parametrize("radius", [(0.6, 0.6, 0.5), (0.5, 0.7, 0.2)])
def test_bodies_are_as_many_emitters(name, radius):
    """The bodies are little wider than the resolution; the larger tolerance takes whole pixels and few planes."""
    o = VOLUMES[name]
    place = (20.3, 18.6, 0.05, o.pixel_size)
    wanted = draw(optics_of(o), ball_of_emitters(radius, place), (38, 40), 1e-6)
    for tolerance in (5e-4, 5e-3):
        image = np.zeros((1, 38, 40), np.float32)
        bodies = bodies_at(radius, [place[:3]])
        add_bodies(image, bodies=bodies, intensity=np.ones(1), optics=optics_of(o), tolerance=tolerance)
        assert abs(image[0] - wanted).max() < tolerance * wanted.max()


def test_several_wavelengths_of_a_volume_add():
    o, bodies = VOLUMES["fine"], bodies_at((0.5, 0.5, 0.3), [(15, 16, 0.4)])
    images = np.zeros((3, 32, 32), np.float32)
    for image, wavelength in zip(images, ([0.45], [0.6], [0.45, 0.6]), strict=True):
        optics = optics_of(o, wavelength=wavelength)
        add_bodies(image[None], bodies=bodies, intensity=np.ones(1), optics=optics, tolerance=5e-4)
    assert abs(images[2] - images[:2].mean(0)).max() < 1e-3 * images[2].max()


def test_volumes_of_a_block_do_not_see_each_other_and_keep_their_light():
    rng = np.random.default_rng(3)
    many = [optics_of(replace(VOLUMES["fine"], numerical_aperture=a)) for a in (0.6, 0.8, 1.1)]
    block = kernels.EmissionOptics(
        *(np.concatenate([getattr(o, name) for o in many]) for name in ("optics", "wavelength", "weight", "wavefront"))
    )
    places = np.column_stack([rng.uniform(20, 40, (5, 2)), rng.uniform(-0.5, 0.5, 5)])
    bodies = bodies_at((0.5, 0.4, 0.3), places, deformation=np.full(5, 0.1), texture=np.full(5, 0.4))
    bodies = replace(bodies, first=np.array([0, 2, 2, 5]), counter=np.arange(15, dtype=np.uint64).reshape(5, 3))
    light = np.arange(1.0, 6.0)
    together = np.zeros((3, 60, 64), np.float32)
    add_bodies(together, bodies=bodies, intensity=light, optics=block, tolerance=2e-3)
    assert not together[1].any()
    for i, (o, part) in enumerate(zip(many, (slice(0, 2), slice(2, 2), slice(2, 5)), strict=True)):
        alone = np.zeros((1, 60, 64), np.float32)
        arrays = {name: getattr(bodies, name)[part] for name in ("x", "y", "z", "radius", "rotation", "deformation", "texture",
                                                                 "texture_scale", "counter")}  # fmt: skip
        one = kernels.Bodies(np.array([0, part.stop - part.start]), **arrays, key=bodies.key)
        add_bodies(alone, bodies=one, intensity=light[part], optics=o, tolerance=2e-3)
        assert alone.tobytes() == together[i].tobytes()


def test_bytes_do_not_depend_on_the_machine_or_the_block():
    o = optics_of(CASES["layers"])
    places, full = emitters_at([(3.1, 4.2, 0.2), (9.0, 8.0, -0.3)]), kernels.instruction_level()
    cells = bodies_at(
        (1.0, 0.7, 0.4), [(7.3, 8.2, 0.1), (9, 4, -0.2)], deformation=np.full(2, 0.1), texture=np.full(2, 0.3)
    )
    found = []
    try:
        for level in (4, 3, 0):
            kernels.set_instruction_level(level)
            aberrated = np.zeros((1, 16, 16), np.float32)
            image_aberrated(aberrated, emitters=places, optics=o, tolerance=5e-4, wavefront=coma)
            tilted = draw(o, emitters_at([(3.1, 4.2, 0.2)], 0.5, 0.6), tolerance=5e-4, dtype=np.float32)
            images = [draw(o, places, tolerance=5e-4, dtype=np.float32), draw(o, places), aberrated, tilted]
            glow = np.zeros((1, 16, 16), np.float32)
            for division_by_tolerance in (5e-4, 5e-3):
                add_bodies(glow, bodies=cells, intensity=np.ones(2), optics=o, tolerance=division_by_tolerance)
            found.append(b"".join(image.tobytes() for image in [*images, glow]))
    finally:
        kernels.set_instruction_level(full)
    assert found[0] == found[1] == found[2]


def test_a_block_gives_what_its_images_give_alone():
    apertures = np.array([0.5, 0.8, 1.1])
    optics = kernels.EmissionOptics.of(
        numerical_aperture=apertures, pixel_size=np.full(3, 0.1), wavelength=np.full(3, 0.5),
        refractive_index_medium=np.full(3, 1.33),
    )  # fmt: skip
    rng = np.random.default_rng(0)
    first = np.array([0, 2, 2, 5])
    emitters = kernels.Emitters(
        first, *rng.uniform(0, 20, (2, 5)), rng.uniform(-1, 1, 5), np.ones(5), np.full(5, NAN), np.zeros(5)
    )
    out, bent = np.empty((3, 20, 20), np.float32), np.empty((3, 20, 20), np.float32)
    kernels.image_emitters(out, emitters=emitters, optics=optics, tolerance=5e-4)
    image_aberrated(bent, emitters=emitters, optics=optics, tolerance=5e-4, wavefront=coma)
    assert not out[1].any() and not bent[1].any()
    for i in range(3):
        one = np.array([i])
        alone = draw(optics.part(one), emitters.part(one), (20, 20), 5e-4, np.float32)
        assert alone.tobytes() == out[i].tobytes()
        again = np.empty((1, 20, 20), np.float32)
        image_aberrated(again, emitters=emitters.part(one), optics=optics.part(one), tolerance=5e-4, wavefront=coma)
        assert again.tobytes() == bent[i].tobytes()


def test_the_disc_is_integrated():
    x, y, weight = kernels.pupil_nodes(12)
    assert abs(weight.sum() - np.pi) < 1e-12
    for i, j in ((2, 0), (4, 2), (6, 6)):
        radial = 1 / (i + j + 2)
        angular = integrate.quad(lambda t, i=i, j=j: np.cos(t) ** i * np.sin(t) ** j, 0, 2 * np.pi)[0]
        assert abs((weight * x**i * y**j).sum() - radial * angular) < 1e-12


def test_bad_values_are_refused():
    good = optics_of(CASES["layers"])
    with pytest.raises(ValueError, match="below the coverslip"):
        draw(good, emitters_at([(1, 1, -3.5)]))
    for name, value in (
        ("immersion", 1.2),
        ("pixel_size", 0.0),
        ("stop", 1.0),
        ("waist", 0.0),
        ("working_distance", -1.0),
    ):
        bad = good.part(np.array([0]))
        bad.column(name)[:] = value
        with pytest.raises(ValueError, match="optics"):
            draw(bad, emitters_at([(1, 1, 0)]))
    for field, value in (("x", NAN), ("intensity", -1.0), ("polar", np.inf)):
        emitters = emitters_at([(1, 1, 0)], 0.3)
        getattr(emitters, field)[:] = value
        with pytest.raises(ValueError, match=field):
            draw(good, emitters)
    with pytest.raises(ValueError, match="tolerance"):
        draw(good, emitters_at([(1, 1, 0)]), tolerance=1.0)
    with pytest.raises(ValueError, match="directions"):
        draw(good, emitters_at([(1, 1, 1e5)]))
    with pytest.raises(ValueError, match="central stop"):
        kernels.EmissionPlanes(optics=optics_of(CASES["stop, waist"]), low=0.0, high=1.0, division=1, tolerance=1e-3)
    lumps = np.array([[0.0, 1.0, 0.0, 1.0]])
    for name, value in (("low", -4.0), ("high", -1.0), ("division", 0), ("tolerance", 1.0), ("lumps", lumps)):
        with pytest.raises(ValueError, match=name):
            kernels.EmissionPlanes(
                optics=good, **({"low": 0.0, "high": 1.0, "division": 1, "tolerance": 1e-3} | {name: value})
            )
