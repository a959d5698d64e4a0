"""Movies: motion against the closed forms of its statistics, blur, and what frames share."""

import numpy as np
import pytest

import simcore as sc

MICROSCOPE = sc.Brightfield(numerical_aperture=0.8, wavelength=0.6, pixel_size=0.1, shape=(24, 24))


def series(node, frames=5, interval=0.25, count=4000, seed=3):
    """Return the values of a property in the frames of a movie, (example, frame)."""
    still = sc.MieSphere(x=1, y=1, radius=0.1, refractive_index=1.5)
    movie = sc.Movie(frames=frames, interval=interval)
    return sc.Recipe(value=node, movie=sc.positions(still) >> movie).render(count, seed=seed, outputs=["value"])[
        "value"
    ]


def near(values, expected, spread):
    """Whether a mean over examples agrees with its expectation, within five standard errors."""
    np.testing.assert_allclose(values.mean(axis=0), expected, rtol=0, atol=5 * spread / np.sqrt(len(values)))


TIMES = 0.25 * np.arange(5)


def test_diffusion_spreads_as_einstein_says():
    x = series(sc.brownian(10, diffusion=0.3, pixel_size=0.2)).astype(float)
    assert (x[:, 0] == 10).all()
    near((x - 10) ** 2, 2 * 0.3 * TIMES / 0.2**2, spread=30)
    steps = np.diff(x, axis=1)
    near(steps[:, 1] * steps[:, 2], 0, spread=4)


def test_directed_motion_drifts():
    x = series(sc.directed(5, velocity=-2, diffusion=0.1, pixel_size=0.5)).astype(float)
    near(x, 5 - 2 * TIMES / 0.5, spread=1.5)
    np.testing.assert_allclose(x.var(axis=0)[1:], 2 * 0.1 * TIMES[1:] / 0.25, rtol=0.12)


def test_walls_reflect():
    x = series(sc.confined(2, diffusion=0.4, low=0, high=3, pixel_size=0.5), frames=40).astype(float)
    assert x.min() >= 0 and x.max() <= 3
    # Long after the start, uniform between the walls; shortly after, free.
    np.testing.assert_allclose(np.histogram(x[:, -1], bins=6, range=(0, 3))[0] / len(x), 1 / 6, atol=0.03)


def test_a_trap_holds():
    x = series(sc.trapped(7, diffusion=0.2, relaxation_time=0.4, pixel_size=0.1)).astype(float) - 7
    variance = 0.2 * 0.4 / 0.01
    np.testing.assert_allclose(x.var(axis=0), variance, rtol=0.12)
    np.testing.assert_allclose((x[:, :1] * x).mean(axis=0), variance * np.exp(-TIMES / 0.4), atol=0.08 * variance)


@pytest.mark.parametrize("hurst", [0.3, 0.5, 0.8])
def test_fractional_brownian_motion_has_its_covariance(hurst):
    x = series(sc.fractional_brownian(0, diffusion=0.5, hurst=hurst)).astype(float)
    t, s = TIMES[1:, None], TIMES[None, 1:]
    wanted = 0.5 * (t ** (2 * hurst) + s ** (2 * hurst) - abs(t - s) ** (2 * hurst))
    np.testing.assert_allclose(x[:, 1:].T @ x[:, 1:] / len(x), wanted, atol=0.08 * wanted.max())


def test_orientations_forget_where_they_pointed():
    angles = series(sc.orientation(diffusion=0.5), frames=8, interval=0.05).astype(float)
    polar, azimuth = angles[..., 0], angles[..., 1]
    axis = np.stack([np.sin(polar) * np.cos(azimuth), np.sin(polar) * np.sin(azimuth), np.cos(polar)], axis=-1)
    near(axis[:, 0], 0, spread=0.6)
    near(axis[:, 0] ** 2, 1 / 3, spread=0.3)
    near((axis[:, :1] * axis).sum(-1), np.exp(-2 * 0.5 * 0.05 * np.arange(8)), spread=0.3)


def test_emitters_blink_and_bleach():
    on = series(sc.blinking(on_time=0.5, off_time=1.5), frames=6).astype(float)
    near(on, 0.25, spread=0.44)
    together = 0.25 * (0.25 + 0.75 * np.exp(-0.25 * np.arange(6) * (1 / 0.5 + 1 / 1.5)))
    near(on[:, :1] * on, together, spread=0.44)
    alive = series(sc.bleaching(lifetime=0.6)).astype(float)
    near(alive, np.exp(-TIMES / 0.6), spread=0.5)
    assert (np.diff(alive, axis=1) <= 0).all()


@sc.step
def decay(previous, rng, rate, interval):
    return previous * math.exp(-rate * interval) + 0.0 * rng.standard_normal()  # noqa: F821


@sc.step
def walk(previous, rng, width):
    return previous + width * rng.standard_normal()


def test_a_step_of_ones_own_goes_from_value_to_value():
    values = series(decay(sc.uniform(1, 2), rate=2.0), count=3).astype(float)
    np.testing.assert_allclose(values, values[:, :1] * np.exp(-2 * TIMES), rtol=1e-6)
    x = series(walk(0, 0.5), count=2000).astype(float)
    near(x**2, 0.25 * np.arange(5), spread=1.5)
    particle = sc.MieSphere(x=walk(12, 0.5), y=12, radius=0.2, refractive_index=1.5)
    recipe = sc.Recipe(p=sc.positions(particle.repeat(2)) >> sc.Movie(frames=4))
    again = sc.loads(recipe.canonical, trust=True)
    assert again == recipe
    np.testing.assert_array_equal(again.render(2, seed=1)["p"], recipe.render(2, seed=1)["p"])


def scene():
    particle = sc.MieSphere(x=sc.brownian(sc.uniform(4, 20), 0.5, 0.1), y=sc.brownian(sc.uniform(4, 20), 0.5, 0.1),
                            radius=sc.uniform(0.2, 0.3), refractive_index=1.5)  # fmt: skip
    return particle.repeat(sc.integers(1, 4), min_distance=5)


def film(frames=4, **more):
    particles, movie = scene(), sc.Movie(frames=frames, interval=0.1)
    noisy = particles >> MICROSCOPE >> sc.PoissonNoise(snr=sc.uniform(5, 20), background=1, signal="deviation")
    flip = sc.FlipLeftRight()
    return sc.Recipe(video=noisy >> flip >> movie, tracks=sc.positions(particles) >> flip >> movie,
                     size=sc.properties(particles, "radius") >> movie, **more)  # fmt: skip


def test_a_movie_is_its_frames_and_longer_ones_begin_alike():
    short, long = film(4).render(3, seed=8), film(7).render(3, seed=8)
    assert short["video"].shape == (3, 4, 24, 24, 1) and short["tracks"].shape == (3, 4, 3, 2)
    for name in ("video", "tracks", "size"):
        np.testing.assert_array_equal(short[name], long[name][:, :4])
    np.testing.assert_array_equal(short["size"][:, 0], short["size"][:, 3])
    assert len({frame.tobytes() for frame in short["video"].reshape(12, -1)}) == 12
    recipe = film()
    assert sc.loads(recipe.canonical) == recipe
    np.testing.assert_array_equal(recipe.render(indices=[2], seed=8, block=1)["video"][0], short["video"][2])
    assert recipe.outputs["video"].dimensions == ("frame", "y", "x", "video_channel")
    assert recipe.outputs["tracks"].dimensions == ("frame", "tracks_particle", "tracks_axis")


def test_points_of_a_movie_lie_where_the_images_show_the_particles():
    particle = sc.MieSphere(x=sc.brownian(12, 0.3, 0.1), y=sc.brownian(12, 0.3, 0.1), radius=0.3, refractive_index=1.6)
    movie, flip = sc.Movie(frames=3, interval=0.1), sc.FlipUpDown()
    recipe = sc.Recipe(video=particle >> MICROSCOPE >> flip >> movie, p=sc.positions(particle) >> flip >> movie)
    arrays = recipe.render(6, seed=2)
    for frame, (y, x) in zip(arrays["video"].reshape(-1, 24, 24), arrays["p"].reshape(-1, 2), strict=True):
        weight = np.abs(frame - 1) ** 2
        inside = 8 < x < 15 and 8 < y < 15
        if inside:
            assert abs((weight.sum(0) * np.arange(24)).sum() / weight.sum() - x) < 0.6
            assert abs((weight.sum(1) * np.arange(24)).sum() / weight.sum() - y) < 0.6


def test_blur_is_the_mean_over_the_exposure():
    x = 12 + 20 * sc.time
    particle = sc.MieSphere(x=x, y=12, radius=0.2, refractive_index=1.6)
    movie = sc.Movie(frames=2, interval=0.2)
    blur = sc.MotionBlur(exposure=0.5, parts_of_exposure=4)
    blurred = particle >> MICROSCOPE >> blur >> movie
    points = sc.positions(particle)
    recipe = sc.Recipe(video=blurred, p=points >> blur >> movie, start=points >> movie)
    arrays = recipe.render(1, seed=1)
    for frame in range(2):
        at = [12 + 20 * (0.2 * frame + 0.1 * part / 4) for part in range(4)]
        still = [sc.MieSphere(x=x, y=12, radius=0.2, refractive_index=1.6) >> MICROSCOPE for x in at]
        images = sc.Recipe(a=still[0], b=still[1], c=still[2], d=still[3]).render(1, seed=1)
        wanted = np.mean([images[name][0] for name in "abcd"], axis=0)
        np.testing.assert_allclose(arrays["video"][0, frame], wanted, rtol=0, atol=2e-6)
        np.testing.assert_allclose(arrays["p"][0, frame, 1], np.mean(at), rtol=1e-6)
        np.testing.assert_allclose(arrays["start"][0, frame, 1], at[0], rtol=1e-6)


def test_diffusion_goes_on_while_the_shutter_is_open():
    """Mean positions over exposures: their steps have the variance that the covariance 2 D min(t, s) gives (Berglund 2010)."""
    parts, frames, exposure = 4, 3, 0.5
    particle = sc.MieSphere(x=sc.brownian(12, 0.3, 0.1), y=12, radius=0.2, refractive_index=1.6)
    movie, blur = sc.Movie(frames=frames, interval=0.1), sc.MotionBlur(exposure=exposure, parts_of_exposure=parts)
    recipe = sc.Recipe(p=sc.positions(particle) >> blur >> movie, video=particle >> MICROSCOPE >> blur >> movie)
    x = recipe.render(4000, seed=6, outputs=["p"])["p"][..., 1].astype(float)
    alone = sc.Recipe(p=sc.positions(particle) >> movie).render(4000, seed=6)["p"][..., 1].astype(float)
    time = np.array([0.1 * (f + exposure * p / parts) for f in range(frames) for p in range(parts)])
    covariance = 2 * 0.3 / 0.1**2 * np.minimum(time[:, None], time[None])
    means = np.kron(np.eye(frames), np.full((1, parts), 1 / parts))
    wanted = means @ covariance @ means.T
    np.testing.assert_allclose((x - 12).T @ (x - 12) / len(x), wanted, atol=0.08 * wanted.max())
    np.testing.assert_allclose(alone.var(axis=0)[1:], 2 * 0.3 * 0.1 * np.arange(1, frames) / 0.1**2, rtol=0.12)


def test_each_frame_draws_anew():
    gain = sc.each_frame(sc.uniform(1, 2))
    particle = sc.MieSphere(x=12, y=12, radius=0.2, refractive_index=1.6)
    recipe = sc.Recipe(video=(particle >> MICROSCOPE) * gain >> sc.Movie(frames=3), gain=gain)
    arrays = recipe.render(2, seed=1)
    assert arrays["gain"].shape == (2, 3) and len(np.unique(arrays["gain"])) == 6
    ratio = arrays["video"][:, :, 0, 0, 0] / arrays["video"][:, :1, 0, 0, 0]
    np.testing.assert_allclose(ratio, arrays["gain"] / arrays["gain"][:, :1], rtol=1e-6)


def test_a_moving_thing_needs_a_movie():
    particles = scene()
    with pytest.raises(sc.RecipeError, match=r"output 'image': .* changes with time; write >> sc\.Movie"):
        sc.Recipe(image=particles >> MICROSCOPE)
    with pytest.raises(sc.RecipeError, match="a recipe has one time"):
        sc.Recipe(a=sc.positions(particles) >> sc.Movie(frames=2), b=sc.positions(particles) >> sc.Movie(frames=3))
    with pytest.raises(sc.RecipeError, match="MotionBlur works on the frames of a movie"):
        sc.Recipe(a=scene() >> MICROSCOPE >> sc.MotionBlur())
    with pytest.raises(sc.RecipeError, match="drawn for each copy of mie_sphere and the whole example"):
        once = sc.MieSphere(x=1, y=1, radius=sc.uniform(0.1, 0.2), refractive_index=1.5)
        sc.Recipe(p=sc.properties(once.repeat(2), "radius"), radius=sc.where(True, once.radius, 1))


def test_preview_shows_the_first_frame_and_fields_as_magnitude_and_phase():
    particle = sc.MieSphere(x=12 + 30 * sc.time, y=12, radius=0.3, refractive_index=1.6)
    movie = sc.Movie(frames=3, interval=0.1)
    still = sc.MieSphere(x=12, y=12, radius=0.3, refractive_index=1.6)
    field = sc.ComplexField(numerical_aperture=0.8, wavelength=0.6, pixel_size=0.1, shape=(24, 24))
    recipe = sc.Recipe(video=particle >> MICROSCOPE >> movie, p=sc.positions(particle) >> movie, field=still >> field)
    arrays, figure = recipe.render(2, seed=1), recipe.preview(count=2, seed=1)
    shown = [axis.images[0].get_array() for axis in figure.axes]
    wanted = [arrays["video"][:, 0, ..., 0], abs(arrays["field"][..., 0]), np.angle(arrays["field"][..., 0])]
    for picture, expected in zip(shown, [a[i] for a in wanted for i in range(2)], strict=True):
        np.testing.assert_allclose(picture, expected, rtol=1e-6)
    np.testing.assert_allclose(figure.axes[0].lines[0].get_xydata(), [[12, 12]])
