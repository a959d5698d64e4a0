"""Multi-slice against what is known in closed form: slabs, Born's and Rytov's approximations, Mie's spheres, and the power."""

import dataclasses

import numpy as np
import pytest
from reference import hologram, rytov

import simcore as sc
from simcore import _core, kernels
from simcore.optics.multislice import Slices, scattered_field, transmitted_field, transmitted_spectrum
from simcore.optics.one_pupil import OnePupil

WAVELENGTH, MEDIUM = 0.6, 1.33
VACUUM = 2 * np.pi / WAVELENGTH
WAVENUMBER = VACUUM * MEDIUM


def sphere(radius, contrast, z=0.0, *, size=128, padding=48, pixel=0.06, step=0.1, **options):
    """A sphere in the middle (between pixels) of the volume."""
    planes = 2 * int(np.ceil(radius / step)) + 3
    first = z - (planes - 1) / 2 * step
    one, middle = np.ones(1), np.array([(size - 1) / 2])
    body = kernels.Bodies(
        np.array([0, 1]), middle, middle, z * one, np.full((1, 3), radius), np.zeros((1, 3)), 0 * one, 0 * one, one,
        np.zeros(2, np.uint64), np.zeros((1, 3), np.uint64),
    )  # fmt: skip
    volume = np.zeros((1, planes, size, size), np.complex64)
    kernels.voxelise(volume, body, [contrast], pixel_size=[pixel], z_first=[first], z_step=[step])
    return Slices(volume[0], first, step, pixel, WAVELENGTH, MEDIUM, padding=padding, **options)


@pytest.mark.parametrize("tilt", [(0.0, 0.0), (0.3, 0.2), (-0.5, 0.4)])
@pytest.mark.parametrize("contrast", [0.1, 0.4 + 0.05j, -0.2])
def test_a_slab_delays_and_absorbs_by_its_index(tilt, contrast):
    volume = np.full((20, 8, 9), contrast, np.complex64)
    slices = Slices(volume, 1.0, 0.05, 0.1, WAVELENGTH, MEDIUM, tilt=tilt, precision="double")
    across = WAVENUMBER**2 * (tilt[0] ** 2 + tilt[1] ** 2)
    index = MEDIUM + complex(volume[0, 0, 0])
    expected = np.exp(1j * (np.sqrt((VACUUM * index) ** 2 - across) - np.sqrt(WAVENUMBER**2 - across)))
    assert np.abs(transmitted_field(slices, 1.2) - expected).max() < 1e-13


@pytest.mark.parametrize("tilt", [(0.0, 0.0), (0.4, -0.2)])
def test_a_weak_sphere_scatters_as_born_says_into_all_directions(tilt):
    """(i / 2 k_z) times the Fourier integral of 2 k0^2 n_m dn over the sphere, at the difference of the wave vectors."""
    radius, contrast, z = 0.6, 1e-4, 0.7
    slices = sphere(radius, contrast, z, padding=0, tilt=tilt, precision="double", step=0.06)
    spectrum = transmitted_spectrum(slices)
    spectrum[0, 0] -= spectrum.size
    frequency = 2 * np.pi * np.fft.fftfreq(128, 0.06)
    incident = np.sqrt(1 - tilt[0] ** 2 - tilt[1] ** 2) * WAVENUMBER
    qx, qy = frequency[None, :], frequency[:, None]
    square = WAVENUMBER**2 - (qx + WAVENUMBER * tilt[0]) ** 2 - (qy + WAVENUMBER * tilt[1]) ** 2
    forward = square > (0.3 * WAVENUMBER) ** 2  # up to 72 degrees
    kz = np.sqrt(np.where(forward, square, 1))
    q = np.sqrt(qx**2 + qy**2 + (kz - incident) ** 2) + 1e-4
    form = 4 * np.pi * (np.sin(q * radius) - q * radius * np.cos(q * radius)) / q**3
    middle = (128 - 1) / 2 * 0.06
    centre = np.exp(1j * ((kz - incident) * z - (qx + qy) * middle))
    expected = 1j / kz * VACUUM**2 * MEDIUM * contrast * form * centre / 0.06**2
    error = np.abs(spectrum - expected)[forward] / np.abs(expected[forward]).max()
    assert error.max() < 6e-3


def behind(delay, contrast):
    """The field a wavelength behind a sphere that delays the light on its axis by ``delay`` rad, along a diagonal.

    By multi-slice, by Born's and Rytov's approximations, and by partial waves, which solve the scalar wave equation.
    """
    radius = delay / (2 * VACUUM * contrast)
    distance, pixel = radius + WAVELENGTH, 0.15
    half, padding = int(1.5 * radius / pixel), 32
    slices = sphere(radius, contrast, distance, size=2 * half, padding=padding, pixel=pixel)
    field = np.fft.ifft2(transmitted_spectrum(slices))[padding:-padding, padding:-padding]
    steps = np.arange(half - 2)
    scene = (np.sqrt(2) * (steps + 0.5) * pixel, distance, radius, MEDIUM + contrast, MEDIUM, WAVELENGTH)
    found = field[half + steps, half + steps]
    return found, 1 + rytov.born(*scene), rytov.rytov(*scene), rytov.partial_waves(*scene)


def root_mean_square(values):
    return np.sqrt(np.mean(np.abs(values) ** 2))


@pytest.mark.parametrize("delay", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("contrast", [0.02, 0.01])
def test_a_weak_sphere_that_delays_by_more_than_a_radian_is_rytovs(delay, contrast):
    """Within 2.2 delay contrast of the incident field, which is Rytov's own second order: partial waves are four times nearer.

    Born's approximation is no longer one: it is off by a quarter to the whole of the incident field.
    """
    found, born, rytov_, exact = behind(delay, contrast)
    assert root_mean_square(found - rytov_) < 2.2 * delay * contrast
    assert root_mean_square(found - exact) < min(0.008, 0.25 * root_mean_square(rytov_ - exact))
    assert root_mean_square(found - born) > 0.23 * delay**2 > 5 * root_mean_square(found - rytov_)


def test_a_sphere_becomes_rytovs_as_its_contrast_falls_and_never_borns():
    """The same delay of 1.5 rad by contrasts of 0.04, 0.02 and 0.01: half the error each time."""
    fields = [behind(1.5, contrast) for contrast in (0.04, 0.02, 0.01)]
    far, nearer, nearest = (root_mean_square(found - rytov_) for found, _, rytov_, _ in fields)
    assert nearer < 0.5 * far and nearest < 0.52 * nearer
    assert all(root_mean_square(found - born) > 0.5 for found, born, _, _ in fields)


@pytest.mark.parametrize(
    ("radius", "contrast", "z", "aperture", "allowed"),
    [
        (0.5, 0.01, 0.0, 0.4, 0.012),
        (1.0, 0.01, 3.0, 0.8, 0.02),
        (1.0, 0.2, 2.0, 0.8, 0.03),
        (1.5, 0.05, -3.0, 0.8, 0.02),
        (0.5, 0.01, 0.0, 1.2, 0.06),
    ],
)
def test_spheres_are_those_of_mie(radius, contrast, z, aperture, allowed):
    """The field along the polarization, of which a scalar theory knows nothing: the rest grows with the aperture."""
    field = transmitted_field(sphere(radius, contrast, z), aperture)
    scene = hologram.Scene(0, 0, z, radius, MEDIUM + contrast, aperture, WAVELENGTH, 0.06, MEDIUM)
    steps = np.array([0, 4, 9, 18, 30])
    places = (steps + 0.5) * 0.06
    expected = hologram.scattered_field(scene, hologram.linear(0.0), [places], [places])[0][..., 0]
    found = field[np.ix_(64 + steps, 64 + steps)] - 1
    assert np.abs(found - expected).max() < allowed * np.abs(expected).max()


@pytest.mark.parametrize("z", [3.0, -3.0])
def test_the_image_is_that_of_brightfield(z):
    field = transmitted_field(sphere(1.0, 0.05, z), 0.5)
    microscope = sc.Brightfield(
        numerical_aperture=0.5, wavelength=WAVELENGTH, pixel_size=0.06, refractive_index_medium=MEDIUM, shape=(128, 128)
    )
    particle = sc.MieSphere(x=63.5, y=63.5, z=z, radius=1.0, refractive_index=MEDIUM + 0.05)
    expected = sc.Recipe(image=particle >> microscope).render(count=1, seed=1)["image"][0, ..., 0]
    assert np.abs(np.abs(field) ** 2 - expected).max() < 0.03 * np.abs(expected - 1).max()


def grating(periods=3, tilt=(0.0, 0.0), amount=1e-4):
    """One thin slice of index 1.33 + amount cos(q x), the plane 0.7 um in front of the focus, and q."""
    size, pixel = 60, 0.1
    wave = 2 * np.pi * periods / (size * pixel)
    contrast = amount * np.cos(wave * pixel * np.arange(size)) * np.ones((1, 12, 1))
    return Slices(contrast.astype(np.complex64), 0.7, 0.02, pixel, WAVELENGTH, MEDIUM, tilt, precision="double"), wave


def order_of_a_grating(slices, wave, sign, aperture, pupil, refocus=0.0):
    """Born: i k0^2 n dn dz / (2 k_z), then sqrt(k_z / k_z0), the pupil at k_perp / (k0 NA), and the way to the focus."""
    kx, ky = WAVENUMBER * slices.tilt[0] + sign * wave, WAVENUMBER * slices.tilt[1]
    kz0 = WAVENUMBER * np.sqrt(1 - slices.tilt[0] ** 2 - slices.tilt[1] ** 2)
    kz = np.sqrt(WAVENUMBER**2 - kx**2 - ky**2)
    born = 0.5j * VACUUM**2 * MEDIUM * abs(slices.contrast).max() * slices.z_step / kz
    focus = np.exp(1j * (kz - kz0) * (slices.z_first - refocus))
    return born * np.sqrt(kz / kz0) * focus * pupil(kx / VACUUM / aperture, ky / VACUUM / aperture)


@pytest.mark.parametrize("tilt", [(0.0, 0.0), (0.2, -0.1)])
def test_orders_of_a_grating_pass_an_aberrated_pupil_each_at_its_own_place(tilt):
    """Coma, tilt, a Gaussian, an array, another focus: relative to the incident wave, which passes it at its tilt."""
    aperture, slope = 0.8, 0.04
    wavefront = np.zeros((4, 4))
    wavefront[1, 0], wavefront[3, 0], wavefront[1, 2], wavefront[0, 1] = (
        0.05,
        -0.12,
        -0.12,
        slope,
    )  # um of x, x^3, x y^2, y
    rho = np.linspace(-1, 1, 21)
    array = 0.9 + 0.2j * rho[:, None] + 0.3 * rho[None, :]

    def pupil(x, y):
        wave = 0.05 * x - 0.12 * (x**2 + y**2) * x + slope * y
        return np.exp(2j * np.pi * wave / WAVELENGTH - 0.7 * (x**2 + y**2)) * (0.9 + 0.2j * y + 0.3 * x)

    slices, wave = grating(tilt=tilt)
    seen = dataclasses.replace(OnePupil.clear(aperture, WAVELENGTH, MEDIUM), wavefront=wavefront, apodization=0.7,
                               refocus=2.0, transmission=array)  # fmt: skip
    found = np.fft.fft(scattered_field(slices, seen)[0]) / 60
    incident = pupil(*(MEDIUM * np.array(tilt) / aperture))
    for sign in (1, -1):
        expected = order_of_a_grating(slices, wave, sign, aperture, pupil, refocus=2.0) / incident
        assert abs(found[3 * sign] - expected) < 1e-3 * abs(
            expected
        )  # of second order in the contrast and the thickness


def test_a_wave_that_does_not_pass_leaves_what_it_scatters_into_the_pupil():
    """Light at 51 degrees, outside; a stop that blocks the wave along the axis, and one that blocks the orders too."""
    slices, wave = grating(periods=-6, tilt=(0.78, 0.0))
    found = np.fft.fft(scattered_field(slices, OnePupil.clear(0.6, WAVELENGTH, MEDIUM))[0]) / 60
    expected = order_of_a_grating(slices, wave, 1, 0.6, lambda x, y: 1)
    assert abs(found[-6] - expected) < 2e-3 * abs(expected) and abs(found[6]) < 1e-4 * abs(expected)
    slices, wave = grating(periods=4)
    for stop, passes in ((0.2, True), (0.8, False)):
        seen = dataclasses.replace(OnePupil.clear(0.8, WAVELENGTH, MEDIUM), stop=stop)
        found = np.fft.fft(scattered_field(slices, seen)[0]) / 60
        expected = order_of_a_grating(slices, wave, 1, 0.8, lambda x, y: 1)
        assert abs(found[4] - passes * expected) < 2e-3 * abs(expected)
        assert seen.passes(0.0, 0.0) == 0


def test_immersion_and_medium_are_the_path_of_a_ray():
    """Wavefront n D (cos t - 1) - n_i D n_i / n (cos t_i - 1), Snell's law between them; its slope moves rays."""
    seen = dataclasses.replace(OnePupil.clear(0.8, WAVELENGTH, MEDIUM), immersion=1.515, focus_depth=9.0)
    rho = np.array([0.0, 0.3, 0.9])
    here, under = np.arcsin(0.8 * rho / MEDIUM), np.arcsin(0.8 * rho / 1.515)
    path = 9.0 * (MEDIUM * (np.cos(here) - 1) - 1.515**2 / MEDIUM * (np.cos(under) - 1))
    np.testing.assert_allclose(seen.path(0.6 * rho, 0.8 * rho), path, rtol=0, atol=1e-13)
    shift = 9.0 * (np.tan(np.arcsin(0.8 / MEDIUM)) - 1.515 / MEDIUM * np.tan(np.arcsin(0.8 / 1.515)))
    assert seen.shift() == pytest.approx(abs(shift), rel=0.01)


def test_light_that_the_wavefront_moves_finds_room():
    """A wavefront that tilts by rho_x moves the image by 1 / NA um: by 50 pixels, or out of it, not in again from behind."""
    aperture, slices = 0.8, sphere(0.5, 0.02, 0.5, size=65, padding=24)

    def moved(pixels, room):
        wavefront = np.array([[0, 0], [pixels * 0.06 * aperture, 0]])
        seen = dataclasses.replace(OnePupil.clear(aperture, WAVELENGTH, MEDIUM), wavefront=wavefront)
        return scattered_field(slices, seen, room=room)

    scale = np.abs(moved(0, 0)).max()
    np.testing.assert_allclose(moved(50, 60)[:, : 65 - 50], moved(0, 60)[:, 50:], rtol=0, atol=1e-5 * scale)
    assert np.abs(moved(85, 60)).max() < 0.02 * scale < 0.5 * scale < np.abs(moved(85, 0)).max()


def test_finer_points_hold_the_same_field():
    slices = sphere(0.5, 0.05, 1.0, size=47, padding=20, tilt=(0.2, -0.1))
    seen = OnePupil.clear(0.8, WAVELENGTH, MEDIUM)
    coarse, fine = scattered_field(slices, seen), scattered_field(slices, seen, finer=3)
    assert fine.shape == (3 * 47, 3 * 47)
    np.testing.assert_allclose(fine[::3, ::3], coarse, rtol=0, atol=1e-5)
    half = scattered_field(dataclasses.replace(slices, contrast=np.roll(slices.contrast, 1, axis=2)), seen, finer=3)
    np.testing.assert_allclose(half[20:120, 23:123], fine[20:120, 20:120], rtol=0, atol=1e-3 * np.abs(fine).max())


def power(slices):
    """What flows through the plane over what flows in: the sum of |v|^2 k_z / k_z0 over plane waves."""
    spectrum = transmitted_spectrum(slices) / slices.shape[0] / slices.shape[1]
    k = 2 * np.pi * np.fft.fftfreq(slices.shape[0], slices.pixel_size)
    square = WAVENUMBER**2 - k[:, None] ** 2 - k[None, :] ** 2
    return float(np.sum(np.abs(spectrum) ** 2 * np.sqrt(np.maximum(square, 0))) / WAVENUMBER)


def test_a_transparent_body_keeps_the_power_and_finer_slices_keep_it_better():
    errors = [abs(power(sphere(1.0, 0.05, padding=0, step=step)) - 1) for step in (0.2, 0.1, 0.05)]
    assert errors[2] < errors[1] < errors[0] < 3e-3 and errors[2] < 1e-3


def test_an_absorbing_body_takes_the_power_that_mie_says():
    """Absorption cross section over the area of the volume; weak, so that the body does not shade itself twice over."""
    lost = 1 - power(sphere(1.0, 0.01j, padding=0, step=0.05))
    q = sc.mie.efficiencies(WAVENUMBER * 1.0, (MEDIUM + 0.01j) / MEDIUM)
    expected = (q.extinction - q.scattering) * np.pi * 1.0**2 / (128 * 0.06) ** 2
    assert lost == pytest.approx(expected, rel=0.02)


def test_the_padding_absorbs_what_leaves_the_volume():
    """A sphere at the far end of a thick volume, against a volume three times as wide."""

    def field(size, padding):
        slices = sphere(0.5, 0.1, 9.0, size=size, padding=padding)
        empty = np.zeros((84, size, size), np.complex64)
        volume = np.concatenate([empty, slices.contrast])
        thick = dataclasses.replace(slices, contrast=volume, z_first=slices.z_first - 8.4)
        inner = (size - 64) // 2
        return transmitted_field(thick, 0.8)[inner : inner + 64, inner : inner + 64]

    free = field(384, 0)
    assert np.abs(field(64, 0) - free).max() > 0.2
    assert np.abs(field(64, 48) - free).max() < 0.02


def test_single_precision_is_enough():
    single = transmitted_field(sphere(1.0, 0.1, 1.0), 0.8)
    double = transmitted_field(sphere(1.0, 0.1, 1.0, precision="double"), 0.8)
    assert single.dtype == np.complex64 and double.dtype == np.complex128
    assert np.abs(single - double).max() < 2e-5


def test_same_bytes_on_every_instruction_level(restore_level):
    results = []
    for level in (4, 3, 0):
        _core.set_instruction_level(level)
        results.append(
            transmitted_field(sphere(0.5, 0.05 + 0.01j, 1.0, size=47, padding=9, tilt=(0.1, 0.2)), 0.8).tobytes()
        )
    assert len(set(results)) == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"z_step": 0.0}, "z_step: 0; must be > 0"),
        ({"wavelength": np.nan}, "wavelength: nan; must be > 0"),
        ({"contrast": np.zeros((3, 4), np.complex64)}, "contrast: shape"),
        ({"contrast": np.full((3, 4, 4), -0.1j, np.complex64)}, "its imaginary part >= 0"),
        ({"contrast": np.full((3, 4, 4), -2, np.complex64)}, "the index must be > 0"),
        ({"tilt": (0.8, 0.8)}, "tilt: .*shorter than 1"),
        ({"padding": -1}, "padding: -1 px"),
    ],
)
def test_refusals(change, words):
    with pytest.raises(sc.ParameterError, match=words):
        dataclasses.replace(Slices(np.zeros((3, 4, 4), np.complex64), 0, 0.1, 0.1, 0.6, 1.33), **change)


def test_an_aperture_that_does_not_fit_is_refused():
    slices = Slices(np.zeros((3, 4, 4), np.complex64), 0, 0.1, 0.25, 0.6, 1.33)
    for aperture, refused in (
        (1.4, slices),
        (0.0, slices),
        (1.25, slices),
        (0.2, dataclasses.replace(slices, tilt=(0.3, 0))),
    ):
        with pytest.raises(sc.ParameterError, match=r"numerical_aperture|misses"):
            transmitted_field(refused, aperture)
