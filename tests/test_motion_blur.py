"""Motion blur: it changes nothing beside it, and what it averages lies on one path with the frames."""

import numpy as np
import pytest

import simcore as sc

MICROSCOPE = sc.Brightfield(numerical_aperture=0.8, wavelength=0.6, pixel_size=0.1, shape=(24, 24))
INTERVAL = 0.25


@sc.step
def relax(previous, rng, rate, interval):
    return previous * math.exp(-rate * interval) + 0.1 * math.sqrt(interval) * rng.standard_normal()  # noqa: F821


@sc.step
def hop(previous, rng, width):
    return previous + width * rng.standard_normal()


def swelling():
    return 0.1 * (1 + sc.time)


MOVING = {
    "time": lambda: 3 * sc.time,
    "brownian": lambda: sc.brownian(sc.uniform(-2, 2), sc.uniform(0.1, 0.3), 0.3),
    "directed": lambda: sc.directed(1, velocity=sc.normal(0, 1), diffusion=0.1, pixel_size=0.5),
    "confined": lambda: sc.confined(0, diffusion=0.4, low=-1, high=2, pixel_size=0.5),
    "trapped": lambda: sc.trapped(1, diffusion=0.2, relaxation_time=sc.uniform(0.1, 1), pixel_size=0.2),
    "fractional_brownian": lambda: sc.fractional_brownian(0, diffusion=0.5, hurst=sc.uniform(0.2, 0.9)),
    "orientation": lambda: sc.orientation(diffusion=0.5)[0],
    "azimuth": lambda: sc.orientation(diffusion=0.5)[1],
    "blinking": lambda: sc.blinking(on_time=0.5, off_time=0.4),
    "bleaching": lambda: sc.bleaching(lifetime=0.6),
    "step with interval": lambda: relax(sc.uniform(1, 2), rate=2.0),
    "step without interval": lambda: hop(0, 0.5),
    "each frame": lambda: sc.each_frame(sc.uniform(-1, 1)),
    "drawn from what moves": lambda: sc.normal(sc.brownian(0, 0.1), 0.1),
    "changing diffusion": lambda: sc.brownian(0, swelling()),
    "changing velocity": lambda: sc.directed(0, velocity=2 * swelling(), diffusion=sc.each_frame(sc.uniform(0, 1))),
    "moving trap": lambda: sc.trapped(sc.directed(0, 1), diffusion=0.2, relaxation_time=swelling()),
    "changing blinking": lambda: sc.blinking(on_time=swelling(), off_time=0.2),
    "brownian in a brownian trap": lambda: sc.trapped(sc.brownian(0, 0.1), diffusion=0.1, relaxation_time=0.2),
}  # fmt: skip
GOES_ON_ALIKE = [kind for kind in MOVING if kind != "fractional_brownian"]


def outputs(node, frames=4, exposure=0.5, parts=3):
    """Return outputs of frames and, of the same scene, blurred ones."""
    particles = sc.MieSphere(x=12 + node, y=sc.uniform(8, 16), radius=0.2, refractive_index=1.5).repeat(2)
    blur, movie = sc.MotionBlur(exposure=exposure, parts_of_exposure=parts), sc.Movie(frames=frames, interval=INTERVAL)
    image, points = particles >> MICROSCOPE, sc.positions(particles, microscope=MICROSCOPE)
    noise = sc.PoissonNoise(snr=20, background=1, signal="deviation")
    plain = {"image": image >> noise >> movie, "points": points >> movie, "x": sc.properties(particles, "x") >> movie}
    blurred = {
        "blurred_image": image >> blur >> noise >> movie,
        "blurred_points": points >> sc.FlipLeftRight(probability=1) >> blur >> movie,
        "blurred_x": sc.properties(particles, "x") >> blur >> movie,
    }
    return plain, blurred


def same(left, right, names):
    for name in names:
        assert left[name].tobytes() == right[name].tobytes(), name


@pytest.mark.parametrize("kind", MOVING)
def test_a_blurred_output_changes_no_other(kind):
    plain, blurred = outputs(MOVING[kind]())
    without = sc.Recipe(**plain).render(5, seed=4)
    both = sc.Recipe(**plain, **blurred)
    beside = both.render(5, seed=4)
    same(without, beside, plain)
    same(sc.Recipe(**blurred).render(5, seed=4), beside, blurred)
    same(both.render(5, seed=4, outputs=list(plain)), beside, plain)
    for name in blurred:
        same(both.render(5, seed=4, outputs=[name]), beside, [name])
    if kind not in ("step without interval", "each frame"):
        assert (beside["blurred_x"] != beside["x"]).any()


@pytest.mark.parametrize("kind", MOVING)
def test_a_blurred_movie_is_the_same_alone_and_in_any_block(kind):
    plain, blurred = outputs(MOVING[kind]())
    recipe = sc.Recipe(**plain, **blurred)
    together, loaded = recipe.render(5, seed=4, block=2), sc.loads(recipe.canonical, trust=True)
    same(together, loaded.render(5, seed=4, block=5), together)
    for i in range(5):
        alone = recipe.render(indices=[i], seed=4)
        same(alone, {name: array[i : i + 1] for name, array in together.items()}, together)


@pytest.mark.parametrize("kind", MOVING)
def test_a_longer_blurred_movie_begins_alike(kind):
    node = MOVING[kind]()
    (plain, blurred), (longer, longer_blurred) = outputs(node, frames=3), outputs(node, frames=12)
    short, long = (
        sc.Recipe(**plain, **blurred).render(3, seed=4),
        sc.Recipe(**longer, **longer_blurred).render(3, seed=4),
    )
    names = [*plain, *blurred] if kind in GOES_ON_ALIKE else plain
    same(short, {name: long[name][:, :3] for name in names}, names)


def test_the_number_of_parts_and_the_exposure_do_not_change_frames():
    node = MOVING["trapped"]()
    first, second = (
        sc.Recipe(**plain, **blurred).render(3, seed=4)
        for plain, blurred in (outputs(node), outputs(node, exposure=1, parts=7))
    )
    same(first, second, ("image", "points", "x"))


# -- statistics ----------------------------------------------------------------------------------------------------

FRAMES, EXPOSURE = 4, 0.7


def values(node, parts, exposure=EXPOSURE, frames=FRAMES, count=20_000):
    """Return the values of a property when frames start, and its means over their exposures: two (example, frame)."""
    particle = sc.MieSphere(x=node, y=0, radius=0.1, refractive_index=1.5)
    table, blur = sc.properties(particle, "x"), sc.MotionBlur(exposure=exposure, parts_of_exposure=parts)
    movie = sc.Movie(frames=frames, interval=INTERVAL)
    arrays = sc.Recipe(x=table >> movie, mean=table >> blur >> movie).render(count, seed=9)
    return arrays["x"][..., 0].astype(float), arrays["mean"][..., 0].astype(float)


def free(t, s):
    return 2 * 0.3 * np.minimum(t, s)


def held(t, s):
    return 0.2 * 0.4 * np.exp(-abs(t - s) / 0.4)


def fractional(hurst):
    return lambda t, s: 0.5 * (t ** (2 * hurst) + s ** (2 * hurst) - abs(t - s) ** (2 * hurst))


def blinks(t, s):
    return 0.25 * (0.25 + 0.75 * np.exp(-abs(t - s) * (1 / 0.5 + 1 / 1.5)))


PROCESSES = {
    "brownian": (lambda: sc.brownian(0, 0.3), free),
    "directed": (lambda: sc.directed(0, -2, 0.3), lambda t, s: 4 * t * s + free(t, s)),
    "trapped": (lambda: sc.trapped(0, 0.2, 0.4), held),
    "loosely trapped": (lambda: sc.trapped(0, 1e-9, 1e9), lambda t, s: np.exp(-1e-9 * abs(t - s))),
    "rough": (lambda: sc.fractional_brownian(0, 0.5, 0.3), fractional(0.3)),
    "smooth": (lambda: sc.fractional_brownian(0, 0.5, 0.8), fractional(0.8)),
    "blinking": (lambda: sc.blinking(0.5, 1.5), blinks),
}


def moments_of(parts, exposure=EXPOSURE, frames=FRAMES):
    """Return the times of all parts of the exposures, (frame, part)."""
    return INTERVAL * (np.arange(frames)[:, None] + exposure * np.arange(parts) / parts)


@pytest.mark.parametrize("process", PROCESSES)
@pytest.mark.parametrize("parts", [2, 5])
def test_frames_and_means_over_exposures_are_those_of_one_path(process, parts):
    """Second moments of all frame starts and all means, from the process's <x(t) x(s)>, within five standard errors.

    They are told apart by what each adds to those before it: numbers that are made 1 and uncorrelated by the expected moments.
    """
    make, covariance = PROCESSES[process]
    x, means = values(make(), parts)
    found = np.concatenate([x, means], axis=1)
    t = moments_of(parts).ravel()
    starts = np.kron(np.eye(FRAMES), np.eye(parts)[:1])
    weights = np.concatenate([starts, np.kron(np.eye(FRAMES), np.full((1, parts), 1 / parts))])
    wanted = weights @ covariance(t[:, None], t[None]) @ weights.T
    some = np.diag(wanted) > 0  # without the start of a path
    assert not found[:, ~some].any()
    unit = np.linalg.solve(np.linalg.cholesky(wanted[some][:, some]), found[:, some].T).T
    products = unit[:, :, None] * unit[:, None, :]
    error = products.std(axis=0) / np.sqrt(len(found))
    assert (abs(products.mean(axis=0) - np.eye(unit.shape[1])) < 5 * error).all()


def test_the_steps_of_means_are_shorter_than_those_of_frames():
    """Brownian: 2 D (dt - exposure / 3) per axis, with P parts (1 - 1 / P^2) of that loss (Berglund, PRE 82, 011917, 2010)."""
    parts, diffusion = 16, 0.3
    for exposure in (0.5, 1.0):
        starts, means = values(sc.brownian(0, diffusion), parts, exposure)
        loss = exposure * INTERVAL / 3
        for x, span in ((starts, INTERVAL), (means, INTERVAL - loss * (1 - 1 / parts**2))):
            squared = np.diff(x, axis=1) ** 2
            error = squared.std() / np.sqrt(squared.size)
            np.testing.assert_allclose(squared.mean(), 2 * diffusion * span, rtol=0, atol=5 * error)


def test_a_trap_looks_stiffer_when_blurred():
    """Variance D tau 2 (tau / T)^2 (T / tau - 1 + exp(-T / tau)) of means over T (Wong & Halvorsen 2006)."""
    _, means = values(sc.trapped(0, 0.2, 0.1), parts=16, exposure=1.0)
    ratio = INTERVAL / 0.1
    wanted = 0.2 * 0.1 * 2 / ratio**2 * (ratio - 1 + np.exp(-ratio))
    np.testing.assert_allclose(means.var(axis=0), wanted, rtol=0.05)


def part_of(node, frames=FRAMES, exposure=EXPOSURE, count=20_000):
    """Return the values of a property when frames start and in the midst of their exposures."""
    x, mean = values(node, 2, exposure, frames, count)
    return x, 2 * mean - x


def test_walls_reflect_while_the_shutter_is_open():
    x, inside = part_of(sc.confined(0.2, 0.4, 0, 0.5), frames=20, count=4000)
    for seen in (x, inside):
        assert seen.min() >= -1e-6 and seen.max() <= 0.5 + 1e-6
        np.testing.assert_allclose(np.histogram(seen[:, -1], 5, (0, 0.5))[0] / len(seen), 0.2, atol=0.03)
    # Long after the start, eigenmodes of the walls decay as exp(-D (pi k / width)^2 t), to the next frame as from the last one.
    for k in (1, 2):
        modes = [np.cos(np.pi * k * seen / 0.5)[:, 10:] for seen in (x, inside)]
        for a, b, apart in ((modes[0], modes[1], 0.35), (modes[1][:, :-1], modes[0][:, 1:], 0.65)):
            wanted = 0.5 * np.exp(-0.4 * (np.pi * k / 0.5) ** 2 * apart * INTERVAL)
            np.testing.assert_allclose((a * b).mean(), wanted, atol=0.012)


def test_orientations_turn_on_to_the_next_frame():
    """<u(t) . u(s)> = exp(-2 D |t - s|), within an exposure, on to the next frame and between exposures."""
    diffusion, interval = 0.2, INTERVAL
    angles = sc.orientation(diffusion)
    polar, azimuth = angles[0], angles[1]
    parts = [np.sin(polar) * np.cos(azimuth), np.sin(polar) * np.sin(azimuth), np.cos(polar)]
    particle = sc.MieSphere(x=parts[0], y=parts[1], z=parts[2], radius=0.1, refractive_index=1.5)
    table, blur = sc.properties(particle, "x", "y", "z"), sc.MotionBlur(exposure=EXPOSURE, parts_of_exposure=2)
    movie = sc.Movie(frames=FRAMES, interval=interval)
    arrays = sc.Recipe(u=table >> movie, mean=table >> blur >> movie).render(20_000, seed=2)
    start = arrays["u"].astype(float)
    inside = 2 * arrays["mean"] - start
    np.testing.assert_allclose((inside**2).sum(-1), 1, atol=1e-5)
    pairs = ((start, inside, 0.35), (inside[:, :-1], start[:, 1:], 0.65), (inside[:, :-1], inside[:, 1:], 1.0))
    for a, b, apart in pairs:
        cosine = (a * b).sum(-1).mean()
        np.testing.assert_allclose(cosine, np.exp(-2 * diffusion * apart * interval), atol=0.003)


def test_what_bleaches_stays_dark():
    x, inside = part_of(sc.bleaching(0.6))
    t = moments_of(2)
    for seen, time in ((x, t[:, 0]), (inside, t[:, 1])):
        np.testing.assert_allclose(seen.mean(axis=0), np.exp(-time / 0.6), atol=0.02)
    assert (inside <= x).all() and (x[:, 1:] <= inside[:, :-1]).all()


def test_a_step_goes_on_from_the_frame_and_holds_without_an_interval():
    x, inside = part_of(relax(1.0, rate=2.0))
    lag = 0.5 * EXPOSURE * INTERVAL
    moved = inside - x * np.exp(-2 * lag)
    np.testing.assert_allclose(moved.std(axis=0), 0.1 * np.sqrt(lag), rtol=0.03)
    x, inside = part_of(hop(0.0, 0.5))
    np.testing.assert_array_equal(x, inside)


# -- where it stands -----------------------------------------------------------------------------------------------


def test_points_and_tables_are_means_where_they_are_blurred_and_instants_elsewhere():
    x = 12 + 20 * sc.time
    particles = sc.MieSphere(x=x, y=12, radius=0.2, refractive_index=1.6).repeat(sc.integers(1, 4))
    blur, movie = sc.MotionBlur(exposure=0.5, parts_of_exposure=4), sc.Movie(frames=3, interval=0.2)
    recipe = sc.Recipe(
        video=particles >> MICROSCOPE >> blur >> movie, tracks=sc.tracks(particles) >> blur >> movie,
        at=sc.tracks(particles) >> movie, x=x, table=sc.properties(particles, "x") >> blur >> movie)  # fmt: skip
    arrays = recipe.render(6, seed=1)
    start, late = 12 + 4 * np.arange(3), 20 * 0.1 * (0 + 1 + 2 + 3) / 4 / 4
    present = np.arange(3) < arrays["at_count"][:, None]
    for name, wanted in (("at", start), ("tracks", start + late)):
        found = arrays[name].transpose(0, 2, 1, 3)[present]
        np.testing.assert_allclose(found[..., 2], np.broadcast_to(wanted, found.shape[:2]), rtol=1e-6)
        np.testing.assert_array_equal(arrays[name][..., 0], arrays["at"][..., 0])
        assert np.isnan(arrays[name].transpose(0, 2, 1, 3)[~present]).all()
    np.testing.assert_array_equal(arrays["table"][..., 0], arrays["tracks"][..., 2])
    np.testing.assert_allclose(arrays["x"], np.broadcast_to(start, (6, 3)))
    assert recipe.outputs["tracks"].dimensions == ("frame", "tracks_particle", "tracks_axis")
    assert recipe.outputs["tracks"].attributes == recipe.outputs["at"].attributes


def test_an_exposure_may_differ_from_frame_to_frame_but_not_move_itself():
    exposure = sc.each_frame(sc.uniform(0.1, 1))
    x = 20 * sc.time
    plain, blurred = outputs(x, exposure=exposure, parts=2)
    arrays = sc.Recipe(**plain, **blurred, exposure=exposure).render(3, seed=4)
    moved = (arrays["blurred_x"] - arrays["x"])[..., 0, 0]
    np.testing.assert_allclose(moved, 20 * INTERVAL * arrays["exposure"] / 4, rtol=1e-4)
    with pytest.raises(sc.RecipeError, match=r"MotionBlur\.exposure: changes with time.*each_frame"):
        sc.Recipe(**outputs(x, exposure=0.1 + 0.1 * sc.time)[1])


def test_what_is_no_number_has_no_mean():
    particle = sc.MieSphere(x=12 + sc.time, y=12, radius=0.5, refractive_index=1.5)
    with pytest.raises(sc.RecipeError, match="MotionBlur.*bool"):
        particle >> sc.DiskMask(radius=3, shape=(24, 24)) >> sc.MotionBlur()


def test_the_exponent_of_fractional_motion_is_that_of_a_path():
    x, _ = values(sc.fractional_brownian(0, 0.5, 1.0), 2, count=200)  # a straight line of random velocity
    np.testing.assert_allclose(x, x[:, 1:2] * np.arange(FRAMES), rtol=1e-5, atol=1e-6)
    with pytest.raises(sc.ParameterError, match=r"fractional_brownian\.hurst: 1\.2; must be > 0 and <= 1"):
        sc.fractional_brownian(0, 0.5, 1.2)
    with pytest.raises(sc.ParameterError, match=r"fractional_brownian\.hurst is 1\.\d+; must be > 0 and <= 1"):
        values(sc.fractional_brownian(0, 0.5, 1 + sc.exponential(0.3)), 2, count=5)
