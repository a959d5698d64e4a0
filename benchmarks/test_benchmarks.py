"""The parts that are timed, as tests: they check what comes out, and with ``--benchmark-enable`` also the clock."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import simcore as sc
from benchmarks import (
    arithmetic,
    case_a,
    coma,
    curves,
    errors,
    floors,
    history,
    measure,
    mie_rows,
    profile,
    random_numbers,
    scaling,
    stages,
    tables,
)
from benchmarks.alone import EVERY
from benchmarks.case_b import recipe
from benchmarks.cases import CASES, DEFAULT
from benchmarks.transforms import Watch
from benchmarks.workers import PEERS, control_worker, installed, peer_worker, simcore_worker
from simcore.plan import plan

SHAPES = {
    "a": [(28, 28, 1), ()],
    "b": [(51, 51, 1)],
    "c": [(64, 64, 2), (2,)],
    "d": [(128, 128, 1), (128, 128, 1)],
    "e128": [(128, 128, 1), (128, 128, 56)],
    "e256": [(256, 256, 1), (256, 256, 56)],
    "f_few": [(256, 256, 1), (256, 256, 1)],
    "f_many": [(256, 256, 1), (256, 256, 1)],
    "hologram64": [(64, 64, 1)],
    "hologram256": [(256, 256, 1)],
    "psf_scalar": [(32, 64, 64, 1)],
    "psf_vectorial": [(32, 64, 64, 1)],
}


@pytest.mark.parametrize("name", CASES)
def test_case(name: str, benchmark: Any) -> None:
    arrays = benchmark(CASES[name].recipe(0.05).render, count=2, seed=1)
    assert [array.shape for array in arrays.values()] == [(2, *shape) for shape in SHAPES[name]]
    assert all(np.isfinite(array).all() and not np.array_equal(array[0], array[1]) for array in arrays.values())


def test_case_a_stretches_as_much_as_it_shrinks() -> None:
    arrays = case_a.recipe().render(count=2048, seed=1)
    images, digits = arrays["image"], np.load(case_a.stand_ins())["x_train"] / 255
    assert images.min() >= 0 and images.max() <= 1
    assert len({image.tobytes() for image in images}) == 2048
    np.testing.assert_allclose(images.mean(), digits.mean(), rtol=0.1)


def test_case_b_is_normalized() -> None:
    images = recipe().render(count=16, seed=1)["image"]
    lowest, highest = images.min(axis=(1, 2, 3)), images.max(axis=(1, 2, 3))
    assert np.all((lowest >= 0) & (lowest < 0.2) & (highest >= 0.8) & (highest <= 1))


def test_case_f_counts_its_cells() -> None:
    label = CASES["f_few"].recipe(0.05).render(count=8, seed=1, outputs=["label"])["label"]
    assert np.all((label.sum(axis=(1, 2, 3)) > 2) & (label.sum(axis=(1, 2, 3)) < 9.001))


def test_draws(benchmark: Any) -> None:
    case = recipe()
    drawn = benchmark(plan, case, 1, np.arange(1024), ["image"])
    particle = next(feature for feature in case.walk(["image"]).features.values() if isinstance(feature, sc.MieSphere))
    radius = drawn.value(particle.radius)
    assert radius.shape == (1024,) and 1 <= radius.min() < 1.01 and 1.99 < radius.max() < 2


def test_mie_coefficients(benchmark: Any) -> None:
    size = np.linspace(5, 15, 256)
    a, b = benchmark(sc.mie.coefficients, size, 1.2)
    np.testing.assert_allclose(np.abs(a - 0.5), 0.5, rtol=0, atol=1e-12, err_msg="without absorption, on a circle")
    assert a.shape == b.shape


def test_mie_amplitudes(benchmark: Any) -> None:
    s1, s2 = benchmark(sc.mie.amplitudes, 10.0, 1.2, np.linspace(-1, 1, 1000))
    assert s1.shape == s2.shape == (1000,) and s1[-1] == pytest.approx(s2[-1])


def test_our_worker_renders_when_told_to() -> None:
    with simcore_worker("b", DEFAULT) as ours:
        assert 0 < ours.seconds(2) < 60 and 0 < ours.seconds(1) < 60


# One case of each script and of each part of it; `make bench` runs them all.
@pytest.mark.parametrize("name", ["d", "hologram64", "psf_scalar"])
def test_a_peer_renders_what_we_render(name: str) -> None:
    case = CASES[name]
    if not installed(case.peer):
        pytest.skip(f"{PEERS[case.peer][0]} is installed by `make bench` only")
    with peer_worker(name) as theirs:
        assert 0 < theirs.seconds(1) < 60
        _, scenes = errors.scenes(case, 1, DEFAULT)
        assert theirs.images(scenes).shape[1:] == SHAPES[name][0]


def test_an_error_is_what_conventions_do_not_explain() -> None:
    image = np.random.default_rng(1).random((4, 4)).repeat(8, axis=0).repeat(8, axis=1)[..., None]
    smooth = sc.kernels.gaussian_blur(image[None].astype(np.float32), np.full(1, 2.0))[0]
    inverted = 5 - 2 * np.roll(smooth, (1, -1), axis=(0, 1))
    assert errors.largest_error(smooth, inverted, lit=True) < 2e-3
    dented = inverted.copy()
    dented[16, 16] += 0.2
    assert errors.largest_error(smooth, dented, lit=True) == pytest.approx(0.1, rel=0.1)


def test_coma_is_as_exact_as_asked() -> None:
    assert coma.largest_error(128, scenes=1) < 5e-4


def test_transforms_are_seen_and_done_again() -> None:
    watch = Watch()
    case = EVERY["f_few"].recipe(0.05)
    with watch.on():
        images = case.render(count=2, seed=1)["image"]
    found = {one.function.__name__: count for one, count in watch.found.items()}
    assert found == {"rfft2": 1, "irfft2": 1} or sum(watch.found.values()) == 4
    assert watch.seconds > 0
    np.testing.assert_array_equal(images, case.render(count=2, seed=1)["image"], "looking on changes nothing")
    spent = watch.seconds
    again = Watch()
    with again.on():
        watch.again()()
    assert again.found == watch.found and watch.seconds == spent


def test_random_numbers_that_a_case_needs() -> None:
    case = recipe()
    poisson, drawn = random_numbers.needs(case, 64)
    assert (poisson.kind, poisson.count, drawn.kind, drawn.count) == ("Poisson", 51 * 51, "uniform", 12)
    assert poisson.rates is not None and poisson.rates.shape == (64, 51 * 51)
    # The largest deviation, of either sign, is snr times the root of the counts of light 1.
    noise = next(f for f in case.walk().features.values() if isinstance(f, sc.PoissonNoise))
    before = next(s.flow for s in case.steps() if getattr(s.flow, "feature", None) is noise).inputs[0]
    seen = sc.Recipe(image=before, snr=noise.snr).render(count=64, seed=random_numbers.SEED)
    largest = abs(seen["image"].astype(float) - 1).max(axis=(1, 2, 3))
    scale = (seen["snr"] / largest) ** 2
    np.testing.assert_allclose(poisson.rates.max(1), seen["image"].max(axis=(1, 2, 3)) * scale, rtol=1e-6)
    normal, _ = random_numbers.needs(EVERY["f_few"].recipe(0.05), 2)
    assert (normal.kind, normal.count) == ("normal", 256 * 256)
    field, _ = random_numbers.needs(EVERY["c"].recipe(0.05), 2)
    assert field.count == pytest.approx(2 * np.pi * (1.07 / 0.635 * 64 * 0.113) ** 2, rel=1e-6)


@pytest.mark.parametrize("name", arithmetic.OPERATIONS)
def test_arithmetic_is_a_floor(name: str) -> None:
    loose, tight = (arithmetic.OPERATIONS[name](tolerance) for tolerance in (0.05, DEFAULT))
    assert 1e3 < loose <= tight < 1e9


def test_pixels_touched_are_those_of_the_airy_pattern() -> None:
    dot = sc.PointEmitter(x=63.5, y=63.5, z=0.0, intensity=1)
    optics = sc.Fluorescence(numerical_aperture=0.7, wavelength=0.5, pixel_size=0.02, shape=(128, 128), model="scalar",
                             apodization="none", tolerance=errors.FINEST)  # fmt: skip
    # Within the half maximum of (2 J1(v) / v)^2, which lies at v = 1.6163.
    radius = 1.6163 * 0.5 / (2 * np.pi * 0.7) / 0.02
    assert arithmetic.touched(dot, optics, 0.5, lit=False) == pytest.approx(np.pi * radius**2, rel=0.1)


def test_stages_share_the_whole() -> None:
    found = stages.shares(EVERY["f_few"].recipe(0.05), 1)
    assert list(found["shares"]) == list(stages.GROUPS) and sum(found["shares"].values()) == pytest.approx(1)
    assert all(found["shares"][name] > 0 for name in ("draws", "fields", "FFT", "noise", "targets", "compress"))


def test_the_control_and_our_worker_answer() -> None:
    with control_worker() as control, simcore_worker("b", DEFAULT) as ours:
        assert control.ask(1000) > 0
        assert all(0 < ours.ask(*line) < 60 for line in (("render", 4, 2), ("generate", 4, 1)))
        assert 20 < ours.ask("memory") < 10_000


def test_mie_differences_allow_for_conventions_and_truncation() -> None:
    a, b = sc.mie.coefficients(np.array([3.0, 8.0]), 1.2)
    longer = np.pad(a.conj(), ((0, 0), (0, 2)))
    assert mie_rows._difference((a, b), (longer, b.conj())) == 0
    assert mie_rows._difference((a, b), (a, 1.5 * b)) == pytest.approx(0.5)


def test_growth_is_fitted() -> None:
    n = np.array([1.0, 4, 16, 64])
    a, b, p, off = scaling.fit(n, 30 + 2 * n**1.25)
    assert (a, b, p) == (pytest.approx(30, rel=1e-3), pytest.approx(2, rel=1e-3), pytest.approx(1.25, rel=1e-3))
    assert off < 1e-4
    assert scaling.row_of(scaling.GROWTHS["wavelengths"], n, 30 + 2 * n)[5] == "1.00"


@pytest.mark.parametrize("name", scaling.GROWTHS)
def test_what_grows_can_be_rendered(name: str) -> None:
    growth = scaling.GROWTHS[name]
    (array,) = growth.recipe(growth.sizes[0]).render(count=1, seed=1).values()
    assert np.isfinite(array).all()


def test_lines_of_a_profile_are_read() -> None:
    line = "    11.16%  _core.cpython-311-x86_64-linux-gnu.so    [.] simcore::(anonymous namespace)::noise_v4          -      -"
    row = profile.LINE.match(line)
    assert row and (row[1], profile._short(row[2]), profile._plain(row[3])) == ("11.16%", "_core", "simcore::noise_v4")


def test_the_history_is_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "FOLDER", tmp_path)
    monkeypatch.setattr(
        history, "commit", lambda: {"commit": "abc", "date": "2026-01-01T00:00:00+00:00", "changed": False}
    )
    at = {"default": {"over": 2.0}, "peer": {"ratio": 123.456789, "over": 1.5}}
    assert history.keep({"cases": {"b": {"title": "B", "at": at}}}) == tmp_path / "abc.json"
    assert history.asked(history.runs()[0]["cases"]["b"]) == {"ratio": 123.5, "over": 1.5}
    history.draw(tmp_path / "history.png")
    curves.draw({"b": {"title": "B", "curve": [[1e-3, 10.0], [1e-2, 20.0]]}}, tmp_path / "curves.png")
    assert all((tmp_path / name).stat().st_size > 1000 for name in ("history.png", "curves.png"))


def test_the_tables_can_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "peer_worker", lambda name: simcore_worker(name, DEFAULT))
    monkeypatch.setattr(errors, "of_the_peer", lambda case, worker: 0.2)
    peer = measure.against_the_peer("c", 2, (16, 16))
    assert [found["tolerance"] for found in peer["at"].values()] == [DEFAULT, 0.1]
    assert [found["target"] for found in peer["at"].values()] == [None, 150]
    assert 0.02 < peer["at"]["default"]["ratio"] < 50
    monkeypatch.setattr(measure, "IMAGES", 1)
    alone = measure.alone("e256_coma", 1)
    assert 0 < alone["at"]["default"]["milliseconds"] <= alone["at"]["default"]["largest"]
    cases = {"c": peer, "e256_coma": alone}
    for name, row in cases.items():
        for found in row["at"].values():
            found["floor"] = floors.floor(name, found["tolerance"], 1, 2)
            found["over"] = found["floor"].pop("over")
            found["stages"] = dict.fromkeys(stages.GROUPS, 1 / len(stages.GROUPS))
        row["two_cores"] = dict.fromkeys(("one_core", "two_cores", "gain", "control", "of_control", "generate", "generate_two", "memory_mib"), 1.0)  # fmt: skip  # noqa: E501
    assert cases["c"]["at"]["peer"]["floor"]["arithmetic"] > 0
    row = {"title": "S1", "microseconds": 1.0, "peer": "p", "peer_microseconds": 2.0, "ratio": 2.0, "smallest_ratio": 2.0,
           "target": 3, "difference": 0.0}  # fmt: skip
    assert [table.row_count for table in tables.all_of(cases, {"mie": row})] == [2, 1, 3, 2, 1, 2]
